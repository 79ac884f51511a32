"""requirements.txt: pip's "Requirements File Format", with uv's words where it goes further.

Each file is read on its own, to the end, with all its faults: which file an `-r` means, and what lies at a path, is
for `siteroot.project.requirements_files` to say. Accepted is what pip or uv accept, and where the two read a line
differently it means what it means to uv: an editable is a local folder, nested files of a constraints file constrain.
"""

import re
from collections.abc import Iterable, Iterator, Mapping

from packaging.markers import InvalidMarker, Marker
from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement as ParsedRequirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from siteroot.model.digest import HEX_LENGTHS, Digest, read_digest
from siteroot.model.requirements import (
    FileOption,
    IncludeLine,
    OptionLine,
    RequirementLine,
    Statement,
    WrittenRequirement,
)
from siteroot.model.value import replace

from .distribution_names import ARCHIVE_ENDINGS
from .reading import Faults
from .requirements_lines import (
    Line,
    UnreadableTextError,
    decode_text,
    read_lines,
    split_options,
    split_words,
)
from .settings_table import near

_SWITCHES = ("--no-index", "--require-hashes", "--pre", "--prefer-binary")
_INCLUDES = {"--requirement": False, "--constraint": True}
_OF_REQUIREMENTS = ("--hash", "--config-settings")
_OPTIONS = (*_INCLUDES, *_OF_REQUIREMENTS, "--editable", *(option.value for option in FileOption))
_SHORT = {
    "-r": "--requirement",
    "-c": "--constraint",
    "-i": "--index-url",
    "-f": "--find-links",
    "-C": "--config-settings",
}
_OLDER = {"--pypi-url": "--index-url", "--config-setting": "--config-settings"}

_EDITABLE = re.compile(r"(?:--editable|-e)(?:=|\s+|$)|-e(?=[^-\s])")
_LONGEST = 64 << 10  # characters of a requirement without its options
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:(?!\\)")
_NAMED_PLACE = re.compile(r"[\w.-]+\s*(?:\[[^/@]*)?@\s", re.ASCII)
_EXTRAS = re.compile(r"(.*?[^\s\[])\s*\[([^\[\]]*)\]")
_NAME = re.compile(r"[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?", re.ASCII)
_URL_MARKER = re.compile(r"\s+;|;\s")


def parse_requirements_txt(
    content: bytes, where: str, variables: Mapping[str, str], faults: Faults
) -> tuple[Statement, ...]:
    """Return what a file says, in its order. What is wrong with it is added to `faults`, with its line.

    `variables` are put in for `${NAME}`.
    """
    try:
        text = decode_text(content)
    except UnreadableTextError as error:
        faults.add(f"{where}:{error.line}", str(error))
        return ()
    statements: list[Statement] = []
    for line in read_lines(text, variables):
        try:
            found = _statements(line.number, line.text)
            statements += found if line.written == line.text else _unfilled(found, line)
        except ValueError as error:
            faults.add(f"{where}:{line.number}", str(error))
    return tuple(statements)


def parse_requirement(text: str, *, editable: bool = False) -> WrittenRequirement:
    """Return one requirement: a PEP 508 one, a URL, or a path. Raises ValueError with the reason.

    An editable is a path even where it could be a name.
    """
    if len(text) > _LONGEST:
        raise ValueError(f"a requirement has at most {_LONGEST >> 10} KiB")
    try:
        parsed = ParsedRequirement(text)
    except RecursionError:
        raise ValueError("is nested too deeply") from None
    except InvalidRequirement as error:
        if not _is_located(text):
            raise ValueError(_explain(text, error)) from None
        return _parse_located(text)
    if parsed.url is None and parsed.name.endswith(".txt"):
        raise ValueError("looks like a requirements file: `-r` has to stand before it")
    if parsed.url is None and (
        (editable and not parsed.specifier)
        or text.partition(";")[0].strip().endswith(ARCHIVE_ENDINGS)
    ):
        return _parse_located(text)
    return WrittenRequirement(
        name=canonicalize_name(parsed.name),
        extras=_normalised(parsed.extras),
        specifier=parsed.specifier,
        marker=parsed.marker,
        location=parsed.url,
    )


def _statements(number: int, text: str) -> tuple[Statement, ...]:
    if text.startswith("-"):
        return tuple(_option_statements(number, text))
    return (_requirement_line(number, text, editable=False),)


def _unfilled(statements: Iterable[Statement], line: Line) -> Iterator[Statement]:
    """Yield what a line says, with the place of its requirement as it is written, for whoever repeats it."""
    for found in statements:
        if isinstance(found, RequirementLine) and found.written.location is not None:
            try:
                (bare,) = _statements(line.number, line.written)
            except ValueError:  # only with its variables put in it is a requirement
                bare = found
            place = bare.written.location if isinstance(bare, RequirementLine) else None
            yield replace(found, place=place)
        else:
            yield found


def _option_statements(number: int, line: str) -> Iterator[Statement]:
    """Yield what a line of options says; pip lets several stand on one."""
    match = _EDITABLE.match(line)
    if match is not None:
        text = line[match.end() :].strip()
        unquoted = split_words(text)[0] if text[:1] in ("'", '"') else text
        yield _requirement_line(number, unquoted, editable=True)
        return
    for name, value in _options(split_words(line)):
        if name in _INCLUDES:
            yield IncludeLine(line=number, file=value, constraint=_INCLUDES[name])
        elif name in _OF_REQUIREMENTS:
            raise ValueError(f"`{name}` belongs behind a requirement, on the same line")
        else:
            yield OptionLine(line=number, option=FileOption(name), value=value)


def _requirement_line(number: int, text: str, *, editable: bool) -> RequirementLine:
    requirement, words = split_options(text)
    if not requirement:
        raise ValueError("`--editable` needs a value")
    digests, settings = [], []
    for name, value in _options(words):
        if name == "--hash":
            digests.append(_parse_digest(value))
        elif name == "--config-settings":
            key, mark, setting = value.partition("=")
            if not mark or not key:
                raise ValueError(f"`{name}` wants KEY=VALUE")
            settings.append((key, setting))
        else:
            raise ValueError(
                f"`{name}` speaks of no single requirement: write it on a line of its own"
            )
    return RequirementLine(
        line=number,
        written=parse_requirement(requirement, editable=editable),
        editable=editable,
        digests=tuple(digests),
        settings=tuple(settings),
    )


def _options(words: list[str]) -> Iterator[tuple[str, str]]:
    """Yield each option by its long name, with its value."""
    while words:
        word = words.pop(0)
        if word.startswith("--"):
            name, mark, value = word.partition("=")
            name = _OLDER.get(name, name)
        elif word.startswith("-"):
            name, value = _SHORT.get(word[:2], word), word[2:].removeprefix("=")
            mark = value
        else:
            raise ValueError("words stand after an option's value: a path with spaces wants quotes")
        if name not in _OPTIONS:
            raise ValueError(f"there is no option `{name}` here{_why(name)}")
        if name in _SWITCHES:
            if mark:
                raise ValueError(f"`{name}` takes no value")
        elif not mark:
            value = words.pop(0) if words else ""
        if not value and name not in _SWITCHES:
            raise ValueError(f"`{name}` needs a value")
        yield name, value


def _why(name: str) -> str:
    if name in ("--global-option", "--install-option", "--build-option"):
        return ": it was for calls of setup.py; `--config-settings KEY=VALUE` speaks to backends"
    return near(name, _OPTIONS) if name.startswith("--") else ""


def _parse_digest(text: str) -> Digest:
    algorithm, _, hexadecimal = text.lower().partition(":")
    if algorithm not in HEX_LENGTHS:
        raise ValueError("`--hash` wants ALGORITHM:HEXADECIMAL, as in sha256:2c26…")
    try:
        return read_digest(algorithm, hexadecimal)
    except ValueError as error:
        raise ValueError(f"`--hash` {error}") from None


# -- requirements that PEP 508 does not know: URLs and paths without a name ------------------------------------------


def _is_located(text: str) -> bool:
    """Whether a text that is no PEP 508 requirement may be a URL or path: it has a scheme, a slash, or an ending."""
    place = _split_marker(text)[0]
    if _NAMED_PLACE.match(place):  # NAME @ something that is wrong
        return False
    place = _split_extras(place)[0]
    return (
        bool(_SCHEME.match(place))
        or "/" in place
        or place in (".", "..")
        or place.endswith(ARCHIVE_ENDINGS)
    )


def _parse_located(text: str) -> WrittenRequirement:
    place, condition = _split_marker(text)
    place, extras = _split_extras(place)
    if " " in place and _SCHEME.match(place):
        raise ValueError("a URL holds no spaces")
    try:
        marker = Marker(condition) if condition else None
    except (InvalidMarker, RecursionError):
        raise ValueError("what stands after `;` is no marker") from None
    return WrittenRequirement(
        name=None, extras=extras, specifier=SpecifierSet(), marker=marker, location=place
    )


def _split_marker(text: str) -> tuple[str, str]:
    """Return what stands before and after the `;`, which a URL may hold too: there a space is beside it."""
    if _SCHEME.match(text):
        parts = _URL_MARKER.split(text, maxsplit=1)
        place, condition = parts[0], parts[1] if len(parts) > 1 else ""
    else:
        place, _, condition = text.partition(";")
    return place.strip(), condition.strip()


def _split_extras(place: str) -> tuple[str, tuple[str, ...]]:
    match = _EXTRAS.fullmatch(place)
    if match is None:
        return place, ()
    names = [name.strip() for name in match[2].split(",")]
    if any(name and not _NAME.fullmatch(name) for name in names):
        raise ValueError(f"`[{match[2]}]` are no extras")
    return match[1], _normalised(filter(None, names))


def _normalised(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({canonicalize_name(name) for name in names}))


def _explain(text: str, error: InvalidRequirement) -> str:
    """Tell in one line why a text is no requirement; the line itself may hold a password."""
    if text.endswith((".txt", ".in")):
        return "looks like a requirements file: `-r` has to stand before it"
    name = _NAME.match(text)
    if name is None:
        return "is neither a requirement, nor a URL or path, nor an option"
    reason = str(error).partition("\n")[0].rstrip(".:")
    return f"the requirement on `{name[0]}` cannot be read: {reason[:1].lower()}{reason[1:]}"
