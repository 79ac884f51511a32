"""Where a locked package comes from, and its files, as `uv.lock` writes them."""

import posixpath
import re
from collections.abc import Callable
from functools import cache
from urllib.parse import parse_qsl, unquote

from packaging.markers import Marker
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from siteroot.model.digest import HEX_LENGTHS, Digest
from siteroot.model.lock import (
    DirectorySource,
    EditableSource,
    FlatSource,
    GitSource,
    LockedFile,
    PathSource,
    RegistrySource,
    Source,
    UrlSource,
    VirtualSource,
)
from siteroot.model.value import dataclass

from .reading import Table, parse_name, parse_specifiers

#: The hash names that a uv.lock may use.
_ALGORITHMS = ("md5", "sha256", "sha384", "sha512", "blake2b")
_COMMIT = re.compile(r"[0-9a-fA-F]{40}")
_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://([^/?#]*)")
_KNOWN_SCHEMES = ("http", "https", "file")
_WHEEL_PARTS = (5, 6)  # name, version, maybe a build tag, Python tag, ABI tag, platform tag


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsers:
    """Parsers of what a lock repeats again and again. Each raises ValueError, and remembers its answers."""

    name: Callable[[str], str]
    version: Callable[[str], Version]
    marker: Callable[[str], Marker]
    specifiers: Callable[[str], SpecifierSet]


def new_parsers() -> Parsers:
    """Return parsers that remember within one reading of one lock."""
    return Parsers(
        name=cache(parse_name),
        version=cache(Version),
        marker=cache(Marker),
        specifiers=cache(parse_specifiers),
    )


def read_source(table: Table) -> Source | None:
    """Return the source that `source` names; None with a fault noted.

    Of several kinds in one table the first counts, in this order: uv does so too.
    """
    source = table.table("source")
    if source is None:
        if "source" not in table.values:
            table.fault("source", "is missing")
        return None
    for kind, make in _SOURCES.items():
        if kind in source.values:
            return source.parsed(kind, make(source))
    table.fault("source", f"names none of {', '.join(_SOURCES)}")
    return None


def parse_registry(text: str) -> RegistrySource | FlatSource:
    """Return an index, or a local folder where the text has no known URL scheme."""
    scheme, separator, _ = text.partition(":")
    if separator and (scheme in _KNOWN_SCHEMES or scheme.startswith("git+")):
        return RegistrySource(parse_url(text))
    return FlatSource(parse_path(text))


def parse_git(text: str) -> GitSource:
    """Return the commit behind `URL?subdirectory=…&path=…&lfs=true&branch|tag|rev=…#SHA`."""
    url, _, commit = parse_url(text).partition("#")
    url, _, query = url.partition("?")
    if not _COMMIT.fullmatch(commit):
        raise ValueError("does not end in # and a full commit of 40 hexadecimal digits")
    asked = dict(parse_qsl(query, keep_blank_values=True))
    revision = asked.get("rev", "")
    if _COMMIT.fullmatch(revision) and revision.lower() != commit.lower():
        raise ValueError("asks for one commit with rev= and is locked to another")
    return GitSource(
        url=url,
        commit=commit.lower(),
        subdirectory=asked.get("subdirectory"),
        requested=asked.get("branch") or asked.get("tag") or asked.get("rev"),
        path=asked.get("path"),
        lfs=asked.get("lfs", "").lower() == "true",
    )


def parse_url(text: str) -> str:
    """Return the URL as it stands. Raises ValueError, without the URL, if it is none or holds a password or token."""
    match = _URL.match(text)
    if match is None:
        raise ValueError("is not an absolute URL")
    scheme, authority = match.groups()
    user, at, _ = authority.rpartition("@")
    # a login name alone is no secret where logging in takes a key (ssh), nor is the customary "git"
    if at and (":" in user or not (user == "git" or scheme.endswith("ssh"))):
        raise ValueError("has a user name or password in it: put them into netrc and lock again")
    _, colon, port = authority.rpartition(":")
    if colon and port and not port.isdecimal() and not port.endswith("]"):
        raise ValueError(
            "is no URL: its port is not a number"
        )  # or it is half a password with a "/" in it
    return text


def without_user(text: str) -> str:
    """Return a URL as two of them are compared: without user name and password; any other text as it is.

    What is shown or written goes through `siteroot.formats.credentials`.
    """
    match = _URL.match(text)
    if match is None or "@" not in match[2]:
        return text
    return text[: match.start(2)] + match[2].rpartition("@")[2] + text[match.end(2) :]


def parse_path(text: str) -> str:
    """Return a path. Raises ValueError if no file system can hold it."""
    if not text or "\0" in text:
        raise ValueError("is not a path")
    return text


def parse_digest(text: str) -> Digest:
    """Return the digest that "ALGORITHM:HEXADECIMAL" names."""
    algorithm, _, hexadecimal = text.partition(":")
    if algorithm not in _ALGORITHMS:
        raise ValueError(f"does not begin with one of {', '.join(_ALGORITHMS)} and a colon")
    length = HEX_LENGTHS[algorithm]
    try:
        right = len(hexadecimal) == length and len(bytes.fromhex(hexadecimal)) * 2 == length
    except ValueError:
        right = False
    if not right:
        raise ValueError(f"does not hold the {length} hexadecimal digits of {algorithm}")
    return Digest(algorithm, hexadecimal.lower())


def _url_source(table: Table) -> Callable[[str], Source]:
    def parse(text: str) -> Source:
        url = parse_url(text).partition("#")[0]
        return UrlSource(url=url, subdirectory=table.parsed("subdirectory", parse_path))

    return parse


_SOURCES: dict[str, Callable[[Table], Callable[[str], Source]]] = {
    "registry": lambda _: parse_registry,
    "git": lambda _: parse_git,
    "url": _url_source,
    "path": lambda _: lambda text: PathSource(parse_path(text)),
    "directory": lambda _: lambda text: DirectorySource(parse_path(text)),
    "editable": lambda _: lambda text: EditableSource(parse_path(text)),
    "virtual": lambda _: lambda text: VirtualSource(parse_path(text)),
}


def read_sdist(table: Table, source: Source) -> LockedFile | None:
    """Return the `sdist` of a package, None where there is none or a fault was noted."""
    sdist = table.table("sdist")
    return None if sdist is None else _read_file(sdist, source)


def read_wheels(
    table: Table, source: Source, name: str, version: Version | None, parsers: Parsers
) -> tuple[LockedFile, ...]:
    """Return the `wheels` of a package. Those of another name or version are faults: uv lets another name pass."""
    wheels = []
    hash_expected = _hash_expected(source)
    for row in table.tables("wheels"):
        if hash_expected is not None and hash_expected != ("hash" in row.values):
            row.fault("hash", "is missing" if hash_expected else "is given for a source tree")
        file = _read_file(row, source)
        if file is not None:
            try:
                _check_wheel(file.filename, name, version, parsers)
            except ValueError as error:
                row.fault("", str(error))
            wheels.append(file)
    return tuple(wheels)


def _hash_expected(source: Source) -> bool | None:
    """Whether a wheel of such a source must (True), must not (False) or may (None) have a hash, as uv has it."""
    match source:
        case RegistrySource() | FlatSource():
            return None
        case UrlSource() | PathSource():
            return True
        case GitSource():
            return source.path is not None
        case DirectorySource() | EditableSource() | VirtualSource():
            return False


def _read_file(row: Table, source: Source) -> LockedFile | None:
    """Return one file; None where a fault was noted, or where the source is a tree, which has none."""
    digest = row.parsed("hash", parse_digest)
    size = row.integer("size")
    named = row.text("filename") if "filename" in row.values else None
    location: str | None
    match source:
        case RegistrySource():
            location = row.required("url", parse_url)
        case FlatSource():
            location = row.parsed("url", parse_url)
            if "url" not in row.values:
                path = row.required("path", parse_path)
                location = posixpath.join(source.path, path) if path else None
        case UrlSource():
            location = source.url
            named = named or filename_of(row.parsed("url", parse_url) or "")
        case PathSource():
            location = source.path
        case GitSource():
            location = source.path
        case DirectorySource() | EditableSource() | VirtualSource():
            return None
    if not location:
        return None
    filename = named or filename_of(location)
    if not filename:
        row.fault("", "has no file's name")
        return None
    return LockedFile(
        filename=filename,
        location=location,
        digests=() if digest is None else (digest,),
        size=size,
    )


def filename_of(location: str) -> str:
    """Return the name at the end of a URL (decoded) or path, "" where it has none that a file can have."""
    _, scheme, rest = location.partition("://")
    if scheme:
        _, _, path = rest.partition("?")[0].partition("#")[0].partition("/")
        name = path.rpartition("/")[2]
        if "%" in name:
            name = unquote(name)
    else:
        name = location.rpartition("/")[2]
    return "" if "/" in name or "\\" in name or name in {".", ".."} else name


def _check_wheel(filename: str, name: str, version: Version | None, parsers: Parsers) -> None:
    """Raise ValueError where the name is not one of a wheel of this name and version.

    A local version (+cpu) is allowed where the package has none: flat indexes rename so, and uv allows it. The tags
    are judged when a wheel is selected.
    """
    parts = filename.removesuffix(".whl").split("-")
    if not filename.endswith(".whl") or len(parts) not in _WHEEL_PARTS:
        raise ValueError(f"is {filename}, which is not the name of a wheel")
    try:
        same_name = parsers.name(parts[0]) == name
        found = parsers.version(parts[1])
    except ValueError:
        raise ValueError(f"is {filename}, which is not the name of a wheel") from None
    if not same_name:
        raise ValueError(f"is {filename}, a wheel of another distribution")
    if version is None or found is version or found == version:
        return
    if found.local is None or Version(found.public) != version:
        raise ValueError(f"is {filename}, a wheel of another version")
