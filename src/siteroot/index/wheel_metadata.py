"""METADATA out of a wheel: the central directory at its end, then that one member, wherever its bytes lie.

Nothing of it enters the store: a wheel that is installed is fetched whole and checked by `store/`, which believes no
central directory. Here a wrong one leads to metadata that the wheel, once it is built in, contradicts.
"""

import io
import re
import zipfile
import zlib
from collections.abc import Callable
from typing import IO

from packaging.utils import canonicalize_name

from siteroot.model.metadata import InvalidMetadataError

#: How many bytes of the end are asked for at first: the directory of most wheels, and often METADATA too.
TAIL = 1 << 16

#: How many bytes before those are asked for at least.
_BLOCK = 1 << 14

_MOST = 16 << 20
_METADATA = re.compile(r"([^/]+?)-[^/-]+\.dist-info/METADATA")

#: Returns the bytes of a file from one place up to another.
Read = Callable[[int, int], bytes]


class PartialFile(io.RawIOBase):
    """A file of which only parts are there: its end at first, others when they are read."""

    def __init__(self, tail: bytes, size: int, read: Read) -> None:
        super().__init__()
        self._size = size
        self._place = 0
        self._start, self._part = size - len(tail), tail
        self._tail = self._start, tail
        self._read = read

    def seekable(self) -> bool:
        """Whether `seek` works."""
        return True

    def readable(self) -> bool:
        """Whether `read` works."""
        return True

    def tell(self) -> int:
        """Return the place of the next read."""
        return self._place

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move the place of the next read."""
        origin = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._size}[whence]
        if origin + offset < 0:
            raise OSError("before the file's start")
        self._place = origin + offset
        return self._place

    def read(self, count: int | None = -1) -> bytes:
        """Return the next bytes, fetched where they are lacking."""
        stop = self._size if count is None or count < 0 else min(self._size, self._place + count)
        start, self._place = self._place, max(self._place, stop)
        if start >= stop:
            return b""
        for first, part in ((self._start, self._part), self._tail):
            if first <= start and stop <= first + len(part):
                return part[start - first : stop - first]
        self._start, self._part = (
            start,
            self._read(start, max(stop, min(self._size, start + _BLOCK))),
        )
        return self._part[: stop - start]


def read_wheel_metadata(file: IO[bytes] | PartialFile, project: str) -> bytes:
    """Return a wheel's METADATA. Raises InvalidMetadataError; faults of the network go through."""
    try:
        with zipfile.ZipFile(file) as archive:
            name = _choose(archive.namelist(), project)
            if archive.getinfo(name).file_size > _MOST:
                raise InvalidMetadataError(f"its METADATA is larger than {_MOST >> 20} MiB")
            with archive.open(name) as member:
                return member.read(_MOST)
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        RuntimeError,  # encrypted
        NotImplementedError,  # a compression that this Python lacks
        ValueError,
        IndexError,
        OSError,
    ) as error:
        raise InvalidMetadataError(
            f"it is no archive that can be read: {str(error)[:120]!r}"
        ) from None


def _choose(names: list[str], project: str) -> str:
    """Return the METADATA that is the project's. Raises InvalidMetadataError where it is not one."""
    found = [match for name in names if (match := _METADATA.fullmatch(name))]
    own = [match[0] for match in found if canonicalize_name(match[1]) == project]
    if len(own) != 1:
        raise InvalidMetadataError(
            f"the wheel has {len(own)} METADATA of {project}"
            if own
            else "the wheel has no METADATA"
        )
    return own[0]
