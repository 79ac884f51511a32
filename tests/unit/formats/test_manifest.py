"""The manifest: everything of a stored wheel, and nothing where a byte of it is wrong."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siteroot.formats.manifest import MAGIC, parse_manifest, render_manifest
from siteroot.model.digest import Digest
from siteroot.model.wheel import EntryPoint, StoredFile, StoredScheme, StoredWheel


def wheel_of(files: tuple[StoredFile, ...], bytecode: tuple[StoredFile, ...] = ()) -> StoredWheel:
    return StoredWheel(
        name="demo",
        version="1.0",
        digest=Digest("sha256", "ab" * 32),
        folder="/store/ab",
        dist_info="Demo-1.0.dist-info",
        purelib=False,
        schemes=(
            StoredScheme(scheme="platlib", folders=(("", ("a",)),), files=files, bytecode=bytecode),
        ),
        entry_points=(EntryPoint(name="x", module="m", attribute="a.b", gui=True),),
        python_scripts=("s",),
        pth=("p.pth",),
        warnings=("told",),
    )


rows = st.lists(
    st.tuples(
        st.text(max_size=9),
        st.integers(0, 2**50),
        st.sampled_from([0o644, 0o755]),
        st.integers(0, 2**31),
        st.binary(min_size=32, max_size=32),
    ),
    max_size=5,
).map(tuple)


@given(rows, rows)
def test_what_is_written_is_read_back(
    files: tuple[StoredFile, ...], bytecode: tuple[StoredFile, ...]
) -> None:
    wheel = wheel_of(files, bytecode)
    assert parse_manifest(render_manifest(wheel), "/store/ab") == wheel


def test_the_folder_is_where_it_was_read_from() -> None:
    found = parse_manifest(render_manifest(wheel_of(())), "/elsewhere")
    assert found is not None
    assert found.folder == "/elsewhere"


def test_every_changed_byte_and_every_cut_is_noticed() -> None:
    content = render_manifest(wheel_of((("a", 1, 0o644, 2, b"d" * 32),)))
    for at in range(len(content)):
        changed = bytearray(content)
        changed[at] ^= 0x41
        assert parse_manifest(bytes(changed), "/f") is None, at
        assert parse_manifest(content[:at], "/f") is None, at


@pytest.mark.parametrize("content", [b"", MAGIC, b"another format"])
def test_what_is_no_manifest_is_none(content: bytes) -> None:
    assert parse_manifest(content, "/f") is None


def test_a_thousand_files_load_in_about_a_millisecond() -> None:
    files = tuple((f"pkg/m{n}.py", n, 0o644, n, n.to_bytes(32, "big")) for n in range(1000))
    content = render_manifest(wheel_of(files))
    best = 1.0
    for _ in range(20):
        start = time.perf_counter()
        parse_manifest(content, "/f")
        best = min(best, time.perf_counter() - start)
    assert best < 0.005  # 0.4 ms on an idle machine
