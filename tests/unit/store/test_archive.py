"""The archive reader: what zipfile reads it reads alike, and what can be read in two ways it refuses."""

import io
import zipfile
import zlib
from collections.abc import Callable
from contextlib import suppress
from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siteroot.errors import SiterootError
from siteroot.model.wheel import Limits
from siteroot.store.archive import Archive, HostileWheelError
from support.wheels import (
    DEFLATED,
    STORED,
    UTF8_NAME,
    Member,
    deflate,
    render_archive,
)

TEXT = b"content " * 50


def read_all(content: bytes, limits: Limits | None = None) -> dict[str, bytes]:
    archive = Archive(content, where="demo.whl", limits=limits)
    return {member.name: b"".join(archive.read(member)) for member in archive.members}


def member(name: str = "a", content: bytes = TEXT) -> Member:
    return Member(name=name, content=content)


# -- what is read -------------------------------------------------------------------------------------------------------


plain_names = st.from_regex(r"[a-zé]{1,4}(/[a-z0-9_]{1,4}){0,2}\.py", fullmatch=True)


@given(
    st.dictionaries(plain_names, st.binary(max_size=300), min_size=1, max_size=6),
    st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]),
    st.booleans(),
)
def test_random_archives_of_zipfile_are_read_as_zipfile_reads_them(
    files: dict[str, bytes], method: int, unseekable: bool
) -> None:
    class Pipe(io.RawIOBase):
        """Makes zipfile write data descriptors, as builders do that stream."""

        def __init__(self) -> None:
            self.content = bytearray()

        def writable(self) -> bool:
            return True

        def write(self, piece: object) -> int:
            self.content += memoryview(piece)  # type: ignore[arg-type]
            return memoryview(piece).nbytes  # type: ignore[arg-type]

    pipe, buffer = Pipe(), io.BytesIO()
    with zipfile.ZipFile(pipe if unseekable else buffer, "w", method) as written:
        for name, body in files.items():
            written.writestr(name, body)
    content = bytes(pipe.content) if unseekable else buffer.getvalue()
    with zipfile.ZipFile(io.BytesIO(content)) as oracle:
        expected = {info.filename: oracle.read(info) for info in oracle.infolist()}
    assert read_all(content) == expected == files


@pytest.mark.parametrize("descriptor", ["", "signed", "bare", "zip64"])
@pytest.mark.parametrize("method", [STORED, DEFLATED])
@pytest.mark.parametrize("zip64", [False, True])
def test_well_formed_kinds(descriptor: str, method: int, *, zip64: bool) -> None:
    members = [
        Member(name=name, content=body, method=method, descriptor=descriptor)
        for name, body in (("a", TEXT), ("b/c", b""), ("é", b"x"))
    ]
    content = render_archive(members, zip64=zip64, comment=b"a comment")
    assert read_all(content) == {"a": TEXT, "b/c": b"", "é": b"x"}


def test_zip64_sizes_of_one_member_are_taken_from_its_field() -> None:
    packed = deflate(TEXT)
    extra = pack("<HHQQ", 1, 16, len(TEXT), len(packed))
    full = 0xFFFFFFFF
    content = render_archive(
        [Member(name="a", content=TEXT, packed=packed, packed_size=full, size=full, extra=extra)]
    )
    assert read_all(content) == {"a": TEXT}


def test_zip64_sizes_that_only_repeat_the_headers_are_fine() -> None:
    # As Bazel writes them (protobuf 7.36): in the member's own header, though all fits without.
    packed = deflate(TEXT)
    both = pack("<HHQQ", 1, 16, len(TEXT), len(packed))
    for repeating in (
        Member(name="a", content=TEXT, local_extra=both),
        Member(name="a", content=TEXT, extra=both),
        Member(name="a", content=TEXT, extra=both, size=0xFFFFFFFF),
    ):
        assert read_all(render_archive([repeating])) == {"a": TEXT}


def test_zstd_is_read_where_python_can() -> None:
    zstd = pytest.importorskip("backports.zstd", reason="neither Python 3.14 nor backports.zstd")
    content = render_archive(
        [Member(name="a", content=TEXT, packed=zstd.compress(TEXT), method=93)]
    )
    assert read_all(content) == {"a": TEXT}


def test_x_bits_and_folders_are_told() -> None:
    archive = Archive(
        render_archive(
            [
                Member(name="d/", mode=0o40755),
                Member(name="d/x", mode=0o100654),
                Member(name="d/y", mode=0o104644),
                Member(name="d/z", mode=0),
            ]
        ),
        where="",
    )
    assert [(m.name, m.folder, m.executable) for m in archive.members] == [
        ("d/", True, False),
        ("d/x", False, True),
        ("d/y", False, False),
        ("d/z", False, False),
    ]


def test_a_large_member_comes_in_pieces() -> None:
    body = bytes(5 << 20)
    archive = Archive(render_archive([Member(name="a", content=body)]), where="")
    pieces = list(archive.read(archive.members[0]))
    assert max(map(len, pieces)) <= 1 << 20
    assert b"".join(pieces) == body


# -- what is refused ----------------------------------------------------------------------------------------------------


def with_name(name: str | bytes, **claims: int) -> bytes:
    return render_archive([Member(name=name, content=TEXT, **claims)])  # type: ignore[arg-type]


def overlapping() -> bytes:
    """Two directory entries for one local header: a bomb's usual form."""
    first = member("a")
    second = Member(name="a", content=TEXT, offset=0)
    return render_archive([first, second])


def nested() -> bytes:
    """A member inside another one's content."""
    inner = render_archive([member("b")])
    start = inner.index(b"PK\1\2")
    outer = Member(name="a", content=inner[:start], method=STORED)
    hidden = Member(name="b", content=TEXT, offset=30 + 1)
    return render_archive([outer, hidden])


def cut(content: bytes, count: int) -> bytes:
    return content[:-count]


GOOD = render_archive([member("a"), member("b")])
NARROW = pack("<HHQQ", 1, 16, len(TEXT), 1)
WIDE = pack("<HHQ", 1, 8, len(TEXT))

REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    # names
    "an absolute path": (lambda: with_name("/etc/x"), "'/etc/x' is an absolute path"),
    "a drive": (lambda: with_name("C:x"), "is an absolute path"),
    "a parent": (lambda: with_name("../x"), "leads out of its folder"),
    "a parent inside": (lambda: with_name("a/../../x"), "leads out of its folder"),
    "a parent that stays inside": (lambda: with_name("a/../x"), "leads out of its folder"),
    "a backslash": (lambda: with_name("..\\x"), "holds a backslash"),
    "a NUL": (lambda: with_name("a\0b"), "holds a control character"),
    "a control character": (lambda: with_name("a\x1b[1m"), "holds a control character"),
    "a C1 control character": (lambda: with_name("a\x9bm"), "holds a control character"),
    "an empty part": (lambda: with_name("a//b"), "empty part"),
    "a dot": (lambda: with_name("./a"), "empty part"),
    "no name": (lambda: with_name(""), "empty part"),
    "a long part": (lambda: with_name("a" * 256), "too long or too deep"),
    "a long part in UTF-8": (lambda: with_name("é" * 130), "too long or too deep"),
    "a deep path": (lambda: with_name("a/" * 101 + "b"), "too long or too deep"),
    "a name that is not UTF-8": (lambda: with_name(b"\xff", flags=UTF8_NAME), "is not UTF-8"),
    "a second name": (
        lambda: render_archive([Member(name="a", extra=pack("<HHBL", 0x7075, 6, 1, 0) + b"b")]),
        "has a second name",
    ),
    # kinds
    "a symlink": (lambda: render_archive([Member(name="a", mode=0o120777)]), "symbolic link"),
    "a device": (lambda: render_archive([Member(name="a", mode=0o020644)]), "a device"),
    "a pipe": (lambda: render_archive([Member(name="a", mode=0o010644)]), "another special file"),
    "a folder without a slash": (
        lambda: render_archive([Member(name="a", mode=0o040755)]),
        "both a file and a folder",
    ),
    "a folder with content": (
        lambda: render_archive([Member(name="a/", content=b"x", mode=0)]),
        "is a folder that has content",
    ),
    "an encrypted member": (lambda: with_name("a", flags=1), "is encrypted"),
    "bzip2": (lambda: with_name("a", method=12), "compressed with bzip2"),
    "lzma": (lambda: with_name("a", method=14), "compressed with lzma"),
    "an unknown compression": (lambda: with_name("a", method=77), "method 77"),
    # the tree
    "a duplicate": (lambda: render_archive([member("a"), member("a", b"other")]), "there twice"),
    "a file where a folder is": (
        lambda: render_archive([member("a/b"), member("a")]),
        "'a' is both a file and a folder",
    ),
    "a file where a folder entry is": (
        lambda: render_archive([Member(name="a/", mode=0), member("a")]),
        "'a' is both a file and a folder",
    ),
    # the two headers
    "another local name": (
        lambda: render_archive([Member(name="a", content=TEXT, local_name=b"b")]),
        "another name in its own header",
    ),
    "another local method": (
        lambda: render_archive([Member(name="a", content=TEXT, local_method=0)]),
        "other flags in its own header",
    ),
    "another local flag": (
        lambda: render_archive([Member(name="a", content=TEXT, local_flags=8)]),
        "other flags in its own header",
    ),
    "another local checksum": (
        lambda: render_archive([Member(name="a", content=TEXT, local_crc=7)]),
        "other sizes in its own header",
    ),
    "another local size": (
        lambda: render_archive([Member(name="a", content=TEXT, local_size=7)]),
        "other sizes in its own header",
    ),
    "another local packed size": (
        lambda: render_archive([Member(name="a", content=TEXT, local_packed_size=7)]),
        "other sizes in its own header",
    ),
    "no local header": (lambda: GOOD.replace(b"PK\3\4", b"PK\3\5", 1), "is not where"),
    # contents
    "a wrong checksum": (lambda: with_name("a", crc=7), "has not the checksum"),
    "a size that is too small": (lambda: with_name("a", size=7), "more than the 7 bytes"),
    "a size that is too large": (lambda: with_name("a", size=7000), "and says 7000"),
    "a stored size that lies": (
        lambda: with_name("a", method=STORED, size=7),
        "is stored in 400 bytes and says 7",
    ),
    "a broken stream": (
        lambda: render_archive([Member(name="a", content=TEXT, packed=b"\xff" * 9)]),
        "is not what its compression says",
    ),
    "a stream that is cut": (
        lambda: render_archive([Member(name="a", content=TEXT, packed=deflate(TEXT)[:-2])]),
        "(?:is cut short|is not what|unpacks to)",
    ),
    "bytes after a stream": (
        lambda: render_archive([Member(name="a", content=TEXT, packed=deflate(TEXT) + b"x")]),
        "bytes after the end of its compressed content",
    ),
    # where things lie
    "overlapping members": (overlapping, "overlaps another member"),
    "a member in another": (nested, "overlaps another member"),
    "bytes before": (
        lambda: render_archive([member("a")], before=b"#!/bin/sh\n"),
        "10 bytes stand before it",
    ),
    "bytes between": (
        lambda: render_archive([member("a"), Member(name="b", gap=b"gap")]),
        "3 bytes after the member 'a' belong to no member",
    ),
    "bytes before the directory": (
        lambda: render_archive([member("a")], between=b"gap"),
        "3 bytes after the member 'a' belong to no member",
    ),
    "bytes after": (lambda: GOOD + b"more", "4 bytes stand after the archive"),
    "a second archive after": (lambda: GOOD + GOOD, "stand before it|not where"),
    "truncation by one": (lambda: cut(GOOD, 1), "cut short"),
    "truncation by many": (lambda: cut(GOOD, 60), "cut short"),
    "nothing": (lambda: b"", "cut short"),
    "no archive": (lambda: b"<html>" * 100, "no zip archive"),
    "no members": (lambda: render_archive([]), "is empty"),
    # the end
    "too few members counted": (
        lambda: render_archive([member("a"), member("b")], count=1),
        "more than",
    ),
    "too many members counted": (lambda: render_archive([member("a")], count=2), "too short"),
    "a directory that ends early": (
        lambda: render_archive([member("a")], directory_size=20),
        "is not where its end record says",
    ),
    "a directory elsewhere": (
        lambda: render_archive([member("a")], directory_offset=3),
        "is not where its end record says",
    ),
    "a part of several archives": (
        lambda: GOOD[:-18] + b"\1\0" + GOOD[-16:],
        "a part of several",
    ),
    "a member in another archive": (
        lambda: render_archive([Member(name="a", disk=1)]),
        "lies in another archive",
    ),
    "no zip64 record": (
        lambda: render_archive([member("a")], directory_size=0xFFFFFFFF),
        "zip64 record that is not there",
    ),
    "two ends that differ": (
        lambda: (
            render_archive([member("a"), member("b")], zip64=True)[:-14]
            + pack("<HH", 1, 1)[:2]
            + render_archive([member("a"), member("b")], zip64=True)[-12:]
        ),
        "two end records say different things",
    ),
    "a zip64 field that is too short": (
        lambda: render_archive([Member(name="a", content=TEXT, size=0xFFFFFFFF)]),
        "zip64 field of 'a' is missing",
    ),
    "a zip64 field that says something else": (
        lambda: render_archive([Member(name="a", content=TEXT, extra=NARROW)]),
        "zip64 field of 'a' is missing, too short or wrong",
    ),
    "a zip64 field that says something else, locally": (
        lambda: render_archive([Member(name="a", content=TEXT, local_extra=NARROW)]),
        "zip64 field of 'a' is missing, too short or wrong",
    ),
    "a zip64 field that the member's own header lacks": (
        lambda: render_archive(
            [Member(name="a", content=TEXT, size=0xFFFFFFFF, extra=WIDE, local_extra=b"")]
        ),
        "zip64 field of 'a' is missing",
    ),
    "a zip64 field that nobody asked for": (
        lambda: render_archive([Member(name="a", content=TEXT, extra=pack("<HHQ", 1, 8, 400))]),
        "nobody asked for",
    ),
    "two zip64 fields": (
        lambda: render_archive([Member(name="a", content=TEXT, extra=NARROW * 2)]),
        "extra fields of 'a' are broken",
    ),
    "extra fields that end early": (
        lambda: render_archive([Member(name="a", content=TEXT, extra=b"\1\0\xff\0")]),
        "extra fields of 'a' are broken",
    ),
    # data descriptors
    "a descriptor that is missing": (
        lambda: with_name("a", flags=8),
        "data descriptor of the member 'a' is wrong",
    ),
    "a descriptor with another checksum": (
        lambda: render_archive([Member(name="a", content=TEXT, descriptor="signed")]).replace(
            pack("<4sL", b"PK\7\x08", zlib.crc32(TEXT)), pack("<4sL", b"PK\7\x08", 7)
        ),
        "data descriptor of the member 'a' is wrong",
    ),
    "bytes after a descriptor": (
        lambda: render_archive(
            [Member(name="a", content=TEXT, descriptor="signed"), Member(name="b", gap=b"xy")]
        ),
        "data descriptor of the member 'a' is wrong",
    ),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_refused(kind: str) -> None:
    build, reason = REFUSED[kind]
    with pytest.raises(HostileWheelError, match=reason) as caught:
        read_all(build())
    assert str(caught.value).startswith("demo.whl: ")
    assert str(caught.value).isprintable()


def test_limits_are_asked_before_anything_is_unpacked() -> None:
    with pytest.raises(HostileWheelError, match="2 members, and the limit is 1"):
        read_all(GOOD, Limits(members=1))
    with pytest.raises(HostileWheelError, match="unpacks to 800 bytes, and the limit is 500"):
        read_all(GOOD, Limits(size=500))


def test_a_bomb_is_not_unpacked_beyond_the_size_that_it_says() -> None:
    bomb = render_archive([Member(name="a", content=b"", packed=deflate(bytes(50 << 20)), size=10)])
    archive = Archive(bomb, where="")
    taken: list[bytes] = []
    with pytest.raises(HostileWheelError, match="more than the 10 bytes"):
        taken.extend(archive.read(archive.members[0]))
    assert sum(map(len, taken)) <= 10


# -- whatever comes -----------------------------------------------------------------------------------------------------


@given(st.data())
def test_no_changed_byte_brings_out_anything_but_our_own_error(data: st.DataObject) -> None:
    content = bytearray(
        render_archive(
            [member("a"), Member(name="b/é", content=b"xyz", descriptor="signed")],
            zip64=data.draw(st.booleans()),
        )
    )
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at] = data.draw(st.integers(0, 255))
    with suppress(SiterootError):
        read_all(bytes(content))


def test_every_cut_is_refused() -> None:
    for length in range(len(GOOD)):
        with pytest.raises(HostileWheelError):
            read_all(GOOD[:length])


def test_whatever_is_still_read_after_one_bit_flipped_is_what_zipfile_reads() -> None:
    for at in range(len(GOOD)):
        changed = bytearray(GOOD)
        changed[at] ^= 1
        try:
            ours = read_all(bytes(changed))
        except HostileWheelError:
            continue
        with zipfile.ZipFile(io.BytesIO(changed)) as oracle:
            assert ours == {info.filename: oracle.read(info) for info in oracle.infolist()}, at
