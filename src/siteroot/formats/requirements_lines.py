"""The lines of a requirements file: its encoding, continued lines, comments, variables, and where options begin.

As pip reads it ("Requirements File Format"), in pip's order: lines are joined, then comments go, then variables are
put in. A line ends as editors count it (LF, CR, CR LF) and not, as pip's do, at a form feed too.
"""

import codecs
import re
import shlex
from collections.abc import Iterator, Mapping
from typing import NamedTuple

_BOMS = (  # the longer ones first: UTF-32's begins with UTF-16's
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CODING = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")  # PEP 263
_LINE_END = re.compile(r"\r\n|\r|\n")
_COMMENT = re.compile(r"(?:^|\s+)#.*$")
_VARIABLE = re.compile(r"\$\{([A-Z0-9_]+)\}")
_OPTION = re.compile(r"\s+(?=--[a-zA-Z]|-C)")
_OPTION_VALUE = re.compile(r"(-[^\s=]+)(=|\s+)(.+)")
_LATER_OPTION = re.compile(r"\s-{1,2}[a-zA-Z]")


class UnreadableTextError(ValueError):
    """The bytes are no text in the encoding that they name. `line` is the first that cannot be read."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


class Line(NamedTuple):
    """A whole line, with the number of the first one that it was joined from; `text` has its variables put in."""

    number: int
    text: str
    written: str


def decode_text(content: bytes) -> str:
    """Return a file's text: by its byte order mark, by `# -*- coding: X -*-` in its first two lines, else as UTF-8.

    Raises UnreadableTextError.
    """
    for mark, encoding in _BOMS:
        if content.startswith(mark):
            return _decoded(content[len(mark) :], encoding)
    for line in content.splitlines()[:2]:
        match = _CODING.match(line)
        if match is not None:
            return _decoded(content, match[1].decode())
    return _decoded(content, "utf-8")


def _decoded(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        before = content[: error.start].decode(encoding, "replace")
        line = len(_LINE_END.findall(before)) + 1
        raise UnreadableTextError(f"is no {encoding} text", line) from None
    except (LookupError, UnicodeError):  # of no such name, or one for bytes ("hex")
        raise UnreadableTextError(f"there is no encoding {encoding[:40]!r}", 1) from None


def read_lines(text: str, variables: Mapping[str, str]) -> Iterator[Line]:
    """Yield the lines that say something. Variables that are not set, or empty, stay as they are written."""
    for number, joined in _joined(text):
        line = _COMMENT.sub("", joined).strip()
        if line:
            text = _VARIABLE.sub(lambda match: variables.get(match[1]) or match[0], line)
            yield Line(number, text, line)


def _joined(text: str) -> Iterator[tuple[int, str]]:
    """Join lines that end with a backslash with the next; a comment is continued by none, and ends what it follows."""
    first, parts = 0, list[str]()
    for number, line in enumerate(_LINE_END.split(text), 1):
        is_comment = line.lstrip().startswith("#")
        if line.endswith("\\") and not is_comment:
            first = first or number
            parts.append(line.strip("\\"))
            continue
        yield first or number, "".join([*parts, f" {line}" if is_comment else line])
        first, parts = 0, []
    if parts:
        yield first, "".join(parts)


def split_options(text: str) -> tuple[str, list[str]]:
    """Return a requirement and the words of the options after it. Raises ValueError for a quote that is not closed."""
    parts = _OPTION.split(text, maxsplit=1)
    return parts[0].strip(), _shell_words(parts[1]) if len(parts) > 1 else []


def split_words(text: str) -> list[str]:
    """Return the words of a line of options, the option first.

    Where one option stands alone its value is the rest of the line, spaces included, as uv has it. Raises ValueError
    for a quote that is not closed.
    """
    match = _OPTION_VALUE.fullmatch(text)
    if match is None or _LATER_OPTION.search(f" {match[3]}"):
        return _shell_words(text)
    option, mark, value = match[1], match[2].strip(), match[3].strip()
    values = _shell_words(value) if value[:1] in ("'", '"') else [value]
    return [f"{option}={values[0]}", *values[1:]] if mark else [option, *values]


def _shell_words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        raise ValueError("a quote is not closed") from None
