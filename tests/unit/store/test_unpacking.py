"""Streams of members: the same content and the same refusals from every zlib that may be there."""

import importlib
import zlib
from contextlib import suppress
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siteroot.store.unpacking import DEFLATED, PIECE, UnpackingError, unpack
from support.wheels import deflate

ENGINES = [zlib]
with suppress(ImportError):
    ENGINES.append(importlib.import_module("isal.isal_zlib"))

engines = pytest.mark.parametrize("engine", ENGINES, ids=lambda engine: engine.__name__)


def read(packed: bytes, size: int, engine: ModuleType) -> bytes:
    return b"".join(unpack(memoryview(packed), DEFLATED, size, inflate=engine))


@engines
@given(content=st.binary(max_size=2000))
def test_what_zlib_packed_is_unpacked(engine: ModuleType, content: bytes) -> None:
    assert read(deflate(content), len(content), engine) == content


@engines
@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE])
@pytest.mark.parametrize("compressible", [True, False])
def test_around_the_edges_of_a_piece(engine: ModuleType, size: int, *, compressible: bool) -> None:
    block = b"\0" if compressible else zlib.compress(bytes(range(256)) * 64, 9)
    content = (block * (size // len(block) + 1))[:size]
    pieces = list(unpack(memoryview(deflate(content)), DEFLATED, size, inflate=engine))
    assert b"".join(pieces) == content
    assert all(0 < len(piece) <= PIECE for piece in pieces)


@engines
@given(content=st.binary(min_size=1, max_size=300), lie=st.integers(-300, 300).filter(bool))
def test_a_size_that_lies_is_found_out(engine: ModuleType, content: bytes, lie: int) -> None:
    with pytest.raises(UnpackingError, match="unpacks to"):
        read(deflate(content), max(len(content) + lie, 0), engine)


@engines
@given(content=st.binary(max_size=300), data=st.data())
def test_cut_or_followed_by_more(engine: ModuleType, content: bytes, data: st.DataObject) -> None:
    packed = deflate(content)
    with pytest.raises(UnpackingError):
        read(packed[: data.draw(st.integers(0, len(packed) - 1))], len(content), engine)
    with pytest.raises(UnpackingError, match="bytes after the end"):
        read(packed + data.draw(st.binary(min_size=1, max_size=9)), len(content), engine)


@engines
def test_bytes_after_a_large_stream_are_found_wherever_the_pieces_end(engine: ModuleType) -> None:
    content = bytes(3 * PIECE)
    with pytest.raises(UnpackingError, match="bytes after the end"):
        read(deflate(content) + bytes(2 * PIECE), len(content), engine)
