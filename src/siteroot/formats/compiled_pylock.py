"""A resolution -> pylock.toml (PEP 751) for one target, in the layout of `uv pip compile --format pylock.toml`."""

import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeVar
from urllib.parse import unquote, urlsplit

from packaging.pylock import (
    Package,
    PackageArchive,
    PackageDirectory,
    PackageSdist,
    PackageVcs,
    PackageWheel,
    Pylock,
)
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from siteroot.model.lock import (
    DirectorySource,
    EditableSource,
    GitSource,
    PathSource,
    UrlSource,
    VirtualSource,
)
from siteroot.model.release import ListedFile
from siteroot.model.value import dataclass

from .compiled_requirements import CompiledDistribution
from .credentials import without_credentials
from .distribution_names import is_wheel
from .wheel_tags import WheelTags

#: The keys of an inline table in the order that uv has.
_KEYS = (
    "type", "name", "url", "path", "editable", "requested-revision", "commit-id", "upload-time",
    "size", "subdirectory", "hashes",
)  # fmt: skip
_File = TypeVar("_File", PackageSdist, PackageWheel)
_ESCAPES = {'"': '\\"', "\\": "\\\\", **{chr(code): f"\\u{code:04x}" for code in (*range(32), 127)}}


@dataclass(frozen=True, slots=True, kw_only=True)
class PylockPlace:
    """What a pylock is for: its folder, that relative paths in it start from, the oldest Python, and which files fit."""

    folder: str
    python: str
    tags: WheelTags


def render_pylock(distributions: Sequence[CompiledDistribution], place: PylockPlace) -> str:
    """Return the text of the file."""
    lock = Pylock(
        lock_version=Version("1.0"),
        created_by="siteroot",
        requires_python=SpecifierSet(f">={place.python}"),
        packages=sorted((_package(one, place) for one in distributions), key=lambda one: one.name),
    )
    return "".join(f"{line}\n" for line in _document(lock.to_dict()))


def _package(one: CompiledDistribution, place: PylockPlace) -> Package:
    pin = one.pin
    name, version = canonicalize_name(pin.name), pin.version
    match pin.source:
        case DirectorySource(path=path) | EditableSource(path=path) | VirtualSource(path=path):
            # a tree may say another version tomorrow, so PEP 751 lets nobody write one
            directory = PackageDirectory(
                path=_near(path, one, place), editable=one.editable or None
            )
            return Package(name=name, directory=directory)
        case GitSource(url=url, commit=commit, requested=requested, subdirectory=subdirectory):
            vcs = PackageVcs(
                type="git",
                url=without_credentials(url),
                requested_revision=requested,
                commit_id=commit,
                subdirectory=subdirectory,
            )
            return Package(name=name, version=version, vcs=vcs)
        case UrlSource(url=url, subdirectory=subdirectory):
            archive = PackageArchive(
                url=without_credentials(url), subdirectory=subdirectory, hashes=_hashes(pin.files)
            )
            return Package(name=name, version=version, archive=archive)
        case PathSource(path=path):
            archive = PackageArchive(path=_near(path, one, place), hashes=_hashes(pin.files))
            return Package(name=name, version=version, archive=archive)
        case _:
            wheels = [file for file in pin.files if _fits(file, place.tags)]
            sdist = next((file for file in pin.files if not is_wheel(file.filename)), None)
            return Package(
                name=name,
                version=version,
                sdist=None if sdist is None else _listed(PackageSdist, sdist),
                wheels=[_listed(PackageWheel, file) for file in wheels] or None,
            )


def _fits(file: ListedFile, tags: WheelTags) -> bool:
    return (
        is_wheel(file.filename)
        and tags.rank("-".join(file.filename[:-4].split("-")[-3:])) is not None
    )


def _listed(kind: type[_File], file: ListedFile) -> _File:
    """Return what a lock says of an index's file; its name only where its URL does not end with it."""
    url = without_credentials(file.location)
    moment = file.upload_time
    return kind(
        name=None if _ending(url) == file.filename else file.filename,
        url=url,
        upload_time=None if moment is None else datetime.fromtimestamp(int(moment), UTC),
        size=file.size,
        hashes=_hashes((file,)),
    )


def _ending(url: str) -> str:
    return posixpath.basename(unquote(urlsplit(url).path))


def _hashes(files: Iterable[ListedFile]) -> dict[str, str]:
    return {digest.algorithm: digest.hexadecimal for file in files for digest in file.digests}


def _near(path: str, one: CompiledDistribution, place: PylockPlace) -> str:
    """Return a path from the lock's folder, or as it is where it was written as an absolute one."""
    if one.written is not None and one.written.startswith(("/", "file:")):
        return path
    return posixpath.relpath(path, place.folder)


# -- TOML, of the few kinds of values that a lock has ------------------------------------------------------------------


def _document(lock: Mapping[str, object]) -> Iterator[str]:
    packages = lock["packages"]
    assert isinstance(packages, list)
    for key in ("lock-version", "created-by", "requires-python"):
        yield f"{key} = {_value(lock[key])}"
    if not packages:
        yield "packages = []"
    for package in packages:
        yield ""
        yield "[[packages]]"
        for key, value in package.items():
            if isinstance(value, list) and len(value) > 1:
                yield f"{key} = ["
                yield from (f"    {_value(each)}," for each in value)
                yield "]"
            else:
                yield f"{key} = {_value(value)}"


def _value(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case datetime():
            return value.isoformat().replace("+00:00", "Z")
        case list():
            return f"[{', '.join(map(_value, value))}]"
        case Mapping():
            keys = sorted(value, key=lambda key: _KEYS.index(key) if key in _KEYS else len(_KEYS))
            return f"{{ {', '.join(f'{key} = {_value(value[key])}' for key in keys)} }}"
        case _:
            return f'"{"".join(_ESCAPES.get(sign, sign) for sign in str(value))}"'
