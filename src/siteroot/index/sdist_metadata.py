"""What an sdist says of itself without being built: its PKG-INFO, else the [project] of its pyproject.toml.

Nothing is unpacked: two small members are read where they lie, in memory. What is built is unpacked, with all checks,
elsewhere.
"""

import gzip
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Iterator

from packaging.version import Version

from siteroot.formats.resolution_metadata import parse_pkg_info, read_static_project
from siteroot.model.metadata import DistributionMetadata, InvalidMetadataError

_WANTED = ("PKG-INFO", "pyproject.toml")
_MOST = 16 << 20

#: An archive in which so many members, or so many bytes, come before what is sought is not read on.
_MOST_MEMBERS = 100_000
_FARTHEST = 4 << 30


def read_sdist_metadata(path: str, version: Version | None) -> DistributionMetadata | None:
    """Return what the archive at a path says, None where it has to be built. Raises InvalidMetadataError, OSError.

    `version` is the one that its name says, if any.
    """
    members = _read_members(path)
    if (pkg_info := members.get("PKG-INFO")) is not None:
        metadata = parse_pkg_info(pkg_info)
        if metadata is not None:
            return metadata
    if (pyproject := members.get("pyproject.toml")) is not None:
        return read_static_project(pyproject, version)
    return None


def _read_members(path: str) -> dict[str, bytes]:
    """Return the wanted members of the archive's one folder, by their names in it."""
    read = _zip_members if path.endswith(".zip") else _tar_members
    found: dict[str, bytes] = {}
    try:
        for name, content in read(path):
            found.setdefault(name, content)
            if len(found) == len(_WANTED):
                break
    except (
        tarfile.TarError,
        zipfile.BadZipFile,
        lzma.LZMAError,
        zlib.error,
        EOFError,
        ValueError,
        RuntimeError,
        NotImplementedError,
        gzip.BadGzipFile,
    ) as error:
        raise InvalidMetadataError(
            f"it is no archive that can be read: {str(error)[:120]!r}"
        ) from None
    return found


def _zip_members(path: str) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            name = _wanted(member.filename)
            if name is not None and member.file_size <= _MOST:
                with archive.open(member) as file:
                    yield name, file.read(_MOST)


def _tar_members(path: str) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(path, "r:*") as archive:
        for count, member in enumerate(archive):
            if count > _MOST_MEMBERS or member.offset > _FARTHEST:
                return
            name = _wanted(member.name)
            if name is not None and member.isreg() and member.size <= _MOST:
                file = archive.extractfile(member)
                if file is not None:
                    yield name, file.read(_MOST)


def _wanted(path: str) -> str | None:
    """Return the name in the archive's one folder, None for what is not wanted or lies deeper."""
    folder, _, name = path.removeprefix("./").partition("/")
    return name if folder and name in _WANTED else None
