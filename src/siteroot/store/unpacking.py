"""The compressions that a member may have, as streams of bounded memory: stored, deflate, zstd.

isal inflates in half of zlib's time where it is installed; zstd comes with Python 3.14, or as backports.zstd.
"""

import zlib
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType
from typing import Protocol


def _first_present(*names: str) -> ModuleType | None:
    for name in names:
        try:
            return import_module(name)
        except ImportError:
            continue
    return None


isal_zlib: ModuleType = _first_present("isal.isal_zlib") or zlib
zstd: ModuleType | None = _first_present("compression.zstd", "backports.zstd")

STORED, DEFLATED, ZSTANDARD = 0, 8, 93

#: What zip calls other compressions, for messages.
METHODS = {
    1: "shrink",
    6: "implode",
    9: "deflate64",
    12: "bzip2",
    14: "lzma",
    20: "old zstd",
    95: "xz",
    98: "PPMd",
}

#: How much of a member is held at a time.
PIECE = 1 << 20
_WINDOW = 27  # 128 MB: what the zstd tool itself allows without being told

FAULTS: tuple[type[Exception], ...] = (
    zlib.error,
    isal_zlib.error,
    *((zstd.ZstdError,) if zstd is not None else ()),
)

#: The checksum of zip, of whichever zlib is the faster.
crc32 = isal_zlib.crc32


class UnpackingError(Exception):
    """A stream is broken, or ends too early or too late. Its text continues the words "the member ...". Internal."""


class _Stream(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: memoryview | bytes, max_length: int = ..., /) -> bytes: ...


def zstd_present() -> bool:
    """Whether zstd streams can be read."""
    return zstd is not None


def unpack(
    packed: memoryview, method: int, size: int, *, inflate: ModuleType = isal_zlib
) -> Iterator[bytes]:
    """Yield the content in pieces; together they are exactly `size` bytes and took all of `packed`.

    Never asks for more than one byte beyond `size`. Raises UnpackingError, maybe after some pieces.
    """
    if method == STORED:
        if len(packed) != size:
            raise UnpackingError(f"is stored in {len(packed)} bytes and says {size}")
        for start in range(0, size, PIECE):
            yield bytes(packed[start : start + PIECE])
        return
    stream: _Stream
    if method == ZSTANDARD:
        if zstd is None:
            raise UnpackingError("is compressed with zstd, which this Python cannot read")
        stream = zstd.ZstdDecompressor(
            options={zstd.DecompressionParameter.window_log_max: _WINDOW}
        )
    else:
        stream = inflate.decompressobj(-15)
    try:
        yield from _pieces(stream, packed, size)
    except FAULTS as error:
        raise UnpackingError(f"is not what its compression says: {error}") from None


def unpack_at_once(
    packed: memoryview, method: int, size: int, *, inflate: ModuleType = isal_zlib
) -> bytes | None:
    """Return the content in one piece, None where `unpack` would say what is wrong with it, or is needed (zstd)."""
    if method == STORED:
        return bytes(packed) if len(packed) == size else None
    if method != DEFLATED or len(packed) > 2 * PIECE:  # what is left over of it would be copied
        return None
    stream = inflate.decompressobj(-15)
    try:
        content: bytes = stream.decompress(packed, size + 1)
    except FAULTS:
        return None
    whole = stream.eof and len(content) == size and not stream.unused_data
    return content if whole else None


def _pieces(stream: _Stream, packed: memoryview, size: int) -> Iterator[bytes]:
    left = size
    for start in range(0, len(packed), PIECE):
        given: memoryview | bytes = packed[start : start + PIECE]
        while not stream.eof:
            # One byte more than is due, so that a member which lies about its size is found out.
            wanted = min(left + 1, PIECE)
            piece = stream.decompress(given, wanted)
            if len(piece) > left:
                raise UnpackingError(f"unpacks to more than the {size} bytes that it says")
            left -= len(piece)
            if piece:
                yield piece
            # zlib hands back what it did not take; isal and zstd may keep some of it for themselves.
            given = getattr(stream, "unconsumed_tail", b"")
            if not given and len(piece) < wanted:
                break
        if stream.eof and (stream.unused_data or start + PIECE < len(packed)):
            raise UnpackingError("has bytes after the end of its compressed content")
    if not stream.eof:
        raise UnpackingError("is cut short")
    if left:
        raise UnpackingError(f"unpacks to {size - left} bytes and says {size}")
