"""What a URL or path of a requirement leads to: a source, and what its own words say of the name and the bytes."""

import posixpath
import re
from collections.abc import Callable, Iterator
from urllib.parse import SplitResult, unquote, urlsplit

from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)

from siteroot.formats.credentials import without_credentials
from siteroot.formats.distribution_names import ARCHIVE_ENDINGS
from siteroot.formats.requirement_urls import NO_GIT_URL, parse_git_url, split_fragment
from siteroot.model.digest import HEX_LENGTHS, Digest, read_digest
from siteroot.model.file_url import unquoted_path
from siteroot.model.lock import (
    DirectorySource,
    EditableSource,
    PathSource,
    Source,
    UrlSource,
)
from siteroot.model.value import dataclass

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):(?!\\)")
_FRAGMENT_KEYS = {"egg", "subdirectory", "path", "lfs", *HEX_LENGTHS}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceOfRequirement:
    """Where a requirement leads. `name` is normalised, None where neither file name nor `#egg=` says it."""

    source: Source
    name: str | None
    extras: tuple[str, ...] = ()
    digests: tuple[Digest, ...] = ()


def place_requirement(
    location: str, folder: str, is_folder: Callable[[str], bool], *, editable: bool
) -> PlaceOfRequirement:
    """Return where a location leads; paths start in `folder`. Raises ValueError with the reason.

    What is no folder and no archive by its ending is taken as a source tree that may be missing.
    """
    if "\0" in unquote(location):
        raise ValueError("no path or URL holds a NUL character")
    scheme = _SCHEME.match(location)
    if scheme is None:
        if location.startswith("git+"):
            raise ValueError(NO_GIT_URL)
        path, words = split_fragment(location)
        if not words.keys() & _FRAGMENT_KEYS:
            path, words = location, {}
        return _local(path, words, folder, is_folder, editable=editable)
    address, words = split_fragment(location)
    kind = scheme[1].lower()
    try:
        parts = urlsplit(address)
    except ValueError:
        raise ValueError(f"`{without_credentials(address)}` is no URL") from None
    if kind in ("file", "git+file") and parts.netloc not in ("", "localhost"):
        raise ValueError(f"`{address}` is on another host: a file URL has three slashes")
    if kind == "file":
        return _local(unquoted_path(parts.path), words, folder, is_folder, editable=editable)
    if editable:
        raise ValueError("an editable has to be a folder of this machine")
    if kind.startswith("git+"):
        git = parse_git_url(location)
        return _named(git, words, None if git.path is None else posixpath.basename(git.path))
    return _archive(address, parts, words)


def _archive(address: str, parts: SplitResult, words: dict[str, str]) -> PlaceOfRequirement:
    kind = parts.scheme
    if kind not in ("http", "https"):
        reason = "only git is understood" if "+" in kind else "http, https, file and git+… are"
        raise ValueError(f"`{kind}:` is not understood: {reason}")
    filename = posixpath.basename(unquote(parts.path))
    if not filename.endswith(ARCHIVE_ENDINGS):
        raise ValueError(f"`{without_credentials(address)}` ends as no wheel or archive does")
    source = UrlSource(url=address, subdirectory=words.get("subdirectory") or None)
    return _named(source, words, filename)


def _local(
    path: str,
    words: dict[str, str],
    folder: str,
    is_folder: Callable[[str], bool],
    *,
    editable: bool,
) -> PlaceOfRequirement:
    absolute = posixpath.normpath(posixpath.join(folder, path))
    if path.endswith(ARCHIVE_ENDINGS) and not is_folder(absolute):
        if editable:
            raise ValueError(f"an editable has to be a folder, and `{path}` is an archive")
        return _named(PathSource(path=absolute), words, posixpath.basename(absolute))
    inner = posixpath.normpath(posixpath.join(absolute, words.get("subdirectory", "")))
    source = EditableSource(path=inner) if editable else DirectorySource(path=inner)
    return _named(source, words, None)


def _named(source: Source, words: dict[str, str], filename: str | None) -> PlaceOfRequirement:
    """Return the place with what file name and fragment say."""
    egg, _, extras = words.get("egg", "").removesuffix("]").partition("[")
    name = _name_of(filename) if filename else None
    return PlaceOfRequirement(
        source=source,
        name=name or (canonicalize_name(egg) if egg else None),
        extras=tuple(
            sorted({canonicalize_name(each.strip()) for each in extras.split(",") if each})
        ),
        digests=tuple(_digests(words)),
    )


def _digests(words: dict[str, str]) -> Iterator[Digest]:
    """Yield the digests of a fragment. Raises ValueError for one that is none: nobody means it to be passed over."""
    for algorithm in filter(words.__contains__, HEX_LENGTHS):
        try:
            yield read_digest(algorithm, words[algorithm])
        except ValueError as error:
            raise ValueError(f"`#{algorithm}={words[algorithm][:80]}` {error}") from None


def _name_of(filename: str) -> str | None:
    try:
        if filename.endswith(".whl"):
            return parse_wheel_filename(filename)[0]
        return parse_sdist_filename(filename)[0]
    except (InvalidWheelFilename, InvalidSdistFilename):
        return None
