"""Whatever a file holds: what it says, or one of siteroot's own errors, and soon. Each reader gets right files, altered.

The slow run tries the same with far more examples.
"""

import io
import random
import shutil
import tarfile
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.version import Version

from siteroot.errors import SiterootError
from siteroot.formats.core_metadata import parse_core_metadata
from siteroot.formats.entry_points import parse_entry_points
from siteroot.formats.journal_log import Journal, parse_journal, render_journal
from siteroot.formats.manifest import (
    parse_bytecode_manifest,
    parse_manifest,
    render_bytecode_manifest,
    render_manifest,
)
from siteroot.formats.pylock import parse_pylock
from siteroot.formats.pyproject import parse_pyproject
from siteroot.formats.record import parse_record
from siteroot.formats.releases import PageFiles, sort_listing
from siteroot.formats.resolution_metadata import parse_metadata, parse_pkg_info, read_static_project
from siteroot.formats.root_state import parse_root_state, render_root_state
from siteroot.formats.simple_api import parse_simple_page
from siteroot.formats.uv_lock import parse_uv_lock
from siteroot.formats.uv_toml import parse_uv_toml
from siteroot.formats.wheel_file import parse_wheel_file
from siteroot.index.caching import Validity
from siteroot.index.page_cache import KeptPage, PageCache
from siteroot.index.sdist_metadata import read_sdist_metadata
from siteroot.index.wheel_metadata import read_wheel_metadata
from siteroot.model.digest import Digest
from siteroot.model.root import RootEntry, RootState
from siteroot.model.wheel import EntryPoint, Limits, StoredScheme, StoredWheel
from siteroot.root.fingerprint import (
    find_fingerprint,
    fingerprint_name,
    keep_fingerprint,
    take_fingerprint,
)
from siteroot.store.admit import Admission, unpack_wheel
from siteroot.store.archive import Archive
from siteroot.workflows.memo import Memo, MemoPlace, read_memo, read_plan, render_memo, still_so
from support.pages import HTML, JSON, PageFile, render_html, render_json
from support.stores import pin_of
from support.uv_locks import CASES
from support.wheels import Member, record_of, render_archive, wheel_members

BOUND = 5  # seconds of this processor for one file of some kilobytes; each takes milliseconds

Read = Callable[[bytes], object]

_ENTRY = RootEntry(
    name="demo",
    version="1.0",
    dist_info="demo-1.0.dist-info",
    digests=(Digest("sha256", "ab" * 32),),
    record="cd" * 32,
    direct=True,
)
_STATE = RootState(
    implementation="cpython",
    python="3.12",
    distributions={"demo": _ENTRY},
    winners={"a/b.py": "demo"},
    files={"sitecustomize.py": "ef" * 32},
)
_STORED = StoredWheel(
    name="demo",
    version="1.0",
    digest=Digest("sha256", "ab" * 32),
    folder="/store/ab",
    dist_info="demo-1.0.dist-info",
    purelib=True,
    schemes=(
        StoredScheme(
            scheme="purelib",
            folders=(("", ("a",)),),
            files=(("a.py", 1, 0o644, 2, b"x" * 32),),
            bytecode=(),
        ),
    ),
    entry_points=(EntryPoint(name="x", module="m", attribute="a", gui=False),),
    python_scripts=(),
    pth=(),
    warnings=(),
)
_JOURNAL = Journal(
    pid=42,
    areas=(("", 10**18),),
    entries=(("make", "a", "made"), ("place", "a/b.py", ""), ("drop", "c", "755:0:0")),
    times=(("a", 5),),
    kept_times=(("", 6),),
)
_PYPROJECT = b"""\
[project]
name = "app"
version = "1.0"
requires-python = ">=3.8,<4"
dependencies = ["demo[fast]>=1; python_version < '3.12'", "other @ https://h.test/o-1-py3-none-any.whl"]
optional-dependencies = { fast = ["quick"] }
[dependency-groups]
dev = ["lint", { include-group = "test" }]
test = []
[tool.uv]
default-groups = ["dev"]
environments = ["sys_platform == 'linux'"]
conflicts = [[{ extra = "a" }, { group = "b" }]]
concurrent-downloads = 5
sources = { demo = { index = "main", marker = "os_name == 'nt'" } }
index = [{ name = "main", url = "https://index.test/simple", default = true }]
[tool.siteroot]
target = "pkgs"
http-timeout = 1.5
limit-size = 100
"""
_PYLOCK = b"""\
lock-version = "1.0"
created-by = "x"
requires-python = ">=3.8"
environments = ["sys_platform == 'linux'"]
[[packages]]
name = "a"
version = "1"
marker = "os_name == 'posix'"
index = "https://index.test/simple"
wheels = [{ name = "a-1-py3-none-any.whl", url = "https://h.test/a-1-py3-none-any.whl", size = 3, hashes = { sha256 = "00" } }]
"""


def _in_text(parse: Callable[[str], object]) -> Read:
    return lambda content: parse(content.decode("utf-8", "surrogateescape"))


def _read_archive(content: bytes) -> None:
    archive = Archive(content, where="demo.whl", limits=Limits(members=1000, size=1 << 20))
    for member in archive.members:
        archive.read_whole(member)


def _unpack(content: bytes) -> None:
    folder = Path(tempfile.mkdtemp())
    try:
        path = folder / "demo-1.0-py3-none-any.whl"
        path.write_bytes(content)
        pin = pin_of(path)
        admission = Admission(
            pin=pin, limits=Limits(members=1000, size=1 << 20), tolerate_record=len(content) % 2 > 0
        )
        (folder / "new").mkdir()
        unpack_wheel(str(path), str(folder / "new"), admission, pin.artifact.file.digests[0])
    finally:
        assert {each.name for each in folder.iterdir()} <= {"new", path.name}
        shutil.rmtree(folder)


#: Members of a wheel: name, content, name, content...; what is altered there comes with right sums and a RECORD.
_MEMBERS = b"\x1e".join(
    part
    for name, content in (
        (b"demo/__init__.py", b"x = 1\n"),
        (b"demo-1.0.data/scripts/x", b"#!python\n"),
        (b"demo-1.0.data/data/share/x", b"x"),
        (b"demo-1.0.dist-info/METADATA", b"Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n"),
        (b"demo-1.0.dist-info/WHEEL", b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\n"),
        (b"demo-1.0.dist-info/entry_points.txt", b"[console_scripts]\na = demo:b\n"),
    )
    for part in (name, content)
)


def _unpack_members(content: bytes) -> None:
    parts = content.split(b"\x1e")
    members = [
        Member(name=name[:60_000], content=text)
        for name, text in zip(parts[::2], parts[1::2], strict=False)
    ]
    with suppress(UnicodeDecodeError):
        record = record_of(members, "demo-1.0.dist-info/RECORD")
        members.append(Member(name="demo-1.0.dist-info/RECORD", content=record))
    _unpack(render_archive(members))


def _read_memo(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as cache:
        place = MemoPlace(cache, b"key")
        Path(place.path).parent.mkdir()
        Path(place.path).write_bytes(content)
        Path(f"{place.path}.plan").write_bytes(content)
        memo = read_memo(place)
        if memo is not None:
            still_so(memo.looks, {})
            read_plan(place, memo)


def _read_page(kind: str) -> Read:
    def read(content: bytes) -> None:
        listing = parse_simple_page(content, kind, "https://index.test/simple/demo/")
        for file in sort_listing(listing, "demo"):
            assert file.filename.isprintable()
        assert "".join(listing.notes).isprintable()

    return read


def _kept_page() -> bytes:
    """Return a page as the cache has it."""
    with tempfile.TemporaryDirectory() as cache:
        listing = parse_simple_page(_PAGE, JSON, "https://index.test/simple/demo/")
        validity = Validity(since=0.0, until=9.0, etag='"a"', last_modified="")
        page = KeptPage(validity=validity, files=sort_listing(listing, "demo"))
        PageCache(cache).write("https://index.test/simple", "demo", page)
        (path,) = [path for path in Path(cache).rglob("*") if path.is_file()]
        return path.read_bytes()


def _read_kept_page(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as cache:
        PageCache(cache).write("i", "demo", _NO_PAGE)
        (path,) = [path for path in Path(cache).rglob("*") if path.is_file()]
        path.write_bytes(content)
        page = PageCache(cache).read("i", "demo")
        assert page is None or list(page.files) is not None


def _read_sdist(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "demo-1.0.tar.gz")
        path.write_bytes(content)
        read_sdist_metadata(str(path), Version("1.0"))


def _sdist() -> bytes:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w:gz") as archive:
        for name, text in (("setup.py", b"x"), ("PKG-INFO", _METADATA)):
            member = tarfile.TarInfo(f"demo-1.0/{name}")
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text))
    return written.getvalue()


def _memo() -> bytes:
    memo = Memo(
        speech=(0, "auto", True),
        looks=(("exists", "/absent", False), ("variable", "X", None)),
        root="/r",
        how="",
        link_mode="copy",
        state=b"{}",
        count=1,
    )
    return render_memo(MemoPlace("/c", b"key"), memo)


def _fingerprint() -> bytes:
    with tempfile.TemporaryDirectory() as root:
        taken = take_fingerprint(root, ("",), (), now=2**62)
        keep_fingerprint(f"{root}/kept", root, "how", taken, now=2**62)
        return Path(root, "kept", fingerprint_name(root)).read_bytes()


def _find_fingerprint(content: bytes) -> object:
    with tempfile.TemporaryDirectory() as root:
        Path(root, fingerprint_name(root)).write_bytes(content)
        return find_fingerprint(root, root, "how", now=2**62)


def _wheels() -> list[bytes]:
    more = {"data": {"scripts/x": b"#!python\n"}, "entry_points": "[console_scripts]\na = demo:b\n"}
    members = wheel_members("demo", "1.0", {"demo/__init__.py": b"x = 1\n" * 40}, **more)  # type: ignore[arg-type]
    for member in members[::2]:
        member.method = 8
    return [
        render_archive(members),
        render_archive(members, zip64=True, comment=b"a comment"),
        render_archive(wheel_members("demo", "1.0")),
    ]


_WHEELS = _wheels()
_LOCKS = [case.text.encode() for case in CASES.values() if case.fault is None]

_METADATA = (
    b"Metadata-Version: 2.2\nName: demo\nVersion: 1.0\nRequires-Dist: a[b]>=1,!=2.0*; os_name == 'd'\n"
    b"Requires-Python: >=3\nProvides-Extra: e\nDynamic: Summary\n\nbody"
)
_FILE = PageFile(
    filename="demo-1.0.tar.gz",
    url="../../demo-1.0.tar.gz",
    hashes={"sha256": "ab" * 32},
    size=3,
    upload_time=9.0,
    requires_python=">=3",
    yanked="why",
    core_metadata={"sha256": "cd" * 32},
)
_PAGE = render_json([_FILE])
_NO_PAGE = KeptPage(
    validity=Validity(since=0.0, until=9.0, etag="", last_modified=""),
    files=PageFiles(("", "", b"", b"", b"", b"", b"", b""), b""),
)

#: Right files, and what reads them.
READERS: Mapping[str, tuple[list[bytes], Read]] = {
    "archive": (_WHEELS, _read_archive),
    "wheel": (_WHEELS, _unpack),
    "members": ([_MEMBERS], _unpack_members),
    "RECORD": (
        [b'a.py,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,12\n"b,c",,\n'],
        _in_text(parse_record),
    ),
    "entry_points.txt": (
        [b"[console_scripts]\na = b.c:d.e [x]\n# no\n[gui_scripts]\nf=g:h\n"],
        _in_text(parse_entry_points),
    ),
    "WHEEL": (
        [b"Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n"],
        _in_text(parse_wheel_file),
    ),
    "METADATA": (
        [b"Metadata-Version: 2.1\nName: demo\nVersion: 1.0+x.1\nRequires-Dist: a\n b\n\nbody"],
        _in_text(parse_core_metadata),
    ),
    "uv.lock": (_LOCKS, lambda content: parse_uv_lock(content, "uv.lock")),
    "pylock.toml": ([_PYLOCK], lambda content: parse_pylock(content, "pylock.toml")),
    "pyproject.toml": ([_PYPROJECT], lambda content: parse_pyproject(content, "/p/pyproject.toml")),
    "uv.toml": (
        [b'offline = true\nno-proxy = ["a"]\nconcurrent-downloads = 5\nlink-mode = "copy"\n'],
        lambda content: parse_uv_toml(content, "/p/uv.toml"),
    ),
    "manifest": ([render_manifest(_STORED)], lambda content: parse_manifest(content, "/s")),
    "bytecode manifest": (
        [render_bytecode_manifest("demo", (("purelib", (), ()),))],
        parse_bytecode_manifest,
    ),
    "journal": ([render_journal(_JOURNAL)], lambda content: parse_journal(content, "/r")),
    "root state": ([render_root_state(_STATE)], parse_root_state),
    "memo": ([_memo()], _read_memo),
    "page in JSON": ([_PAGE], _read_page(JSON)),
    "page in HTML": ([render_html([_FILE], head='<base href="/x/">')], _read_page(HTML)),
    "kept page": ([_kept_page()], _read_kept_page),
    "METADATA to resolve by": ([_METADATA], parse_metadata),
    "PKG-INFO": ([_METADATA], parse_pkg_info),
    "[project]": ([_PYPROJECT], lambda content: read_static_project(content, Version("1.0"))),
    "parts of a wheel": (
        _WHEELS,
        lambda content: read_wheel_metadata(io.BytesIO(content), "demo"),
    ),
    "sdist": ([_sdist()], _read_sdist),
    "fingerprint": ([_fingerprint()], _find_fingerprint),
}

#: Bytes that readers trip over.
TOKENS = (
    *(b"", b"\0", b"\n", b"\r", b'"', b"'", b",", b"=", b":", b"[", b"]", b"{", b"}", b"..", b"/"),
    *(b"-1", b"0", b"9" * 30, b"9" * 5000, b"1e999", b"nan", b"true", b"null", b"\xff\xfe"),
    *(b"\xef\xbb\xbf", b"\xed\xb2\x80", b"\xc2\x85", b"\xe2\x80\xa8", b"PK\5\6", b"PK\1\2"),
    *(b"(" * 4000, b"[" * 4000, b"{a=" * 2000, b"," * 4000, b" " * 4000, b"\xff\xff\xff\xff"),
    *(b"python_version < ", b"os_name in 'a'", b"http://[::1", b"file:///", b"../../x", b"C:\\x"),
    *(b"name", b"version", b"\nName: x", b"[[package]]\n", b"sha256=", b"1970-01-01"),
)


def alter(content: bytes, draw: random.Random) -> bytes:
    """Return the bytes with up to four things done to them, most often one: it goes the deeper."""
    for _ in range(draw.choice((1, 1, 1, 2, 4))):
        start = draw.randint(0, len(content))
        end = min(len(content), start + int(draw.expovariate(0.1)))
        match draw.randint(0, 5):
            case 0:
                new = draw.choice(TOKENS)
            case 1:
                new = draw.randbytes(end - start)
            case 2:
                new = b""
            case 3:
                new = content[start:end] * draw.randint(2, 40)
            case 4:
                at = draw.randint(0, len(content))
                new = content[at : at + end - start]
            case _:
                end = min(len(content), start + 1)
                new = bytes([content[start] ^ 1 << draw.randint(0, 7)]) if end > start else b"\1"
        content = content[:start] + new + content[end:]
    return content


def read_altered(name: str, draw: random.Random) -> None:
    contents, read = READERS[name]
    content = alter(draw.choice(contents), draw)
    began = time.process_time()
    told = ""
    try:
        read(content)
    except SiterootError as error:
        told = str(error)
    assert time.process_time() - began < BOUND
    assert told.replace("\n", "").isprintable(), told  # nothing that a terminal would obey


@pytest.mark.parametrize("name", READERS)
@settings(max_examples=200)
@given(st.integers(0, 2**64))
def test_an_altered_file(name: str, seed: int) -> None:
    read_altered(name, random.Random(seed))


@pytest.mark.slow
@pytest.mark.parametrize("name", READERS)
@settings(max_examples=1000)
@given(st.integers(0, 2**64))
def test_many_altered_files(name: str, seed: int) -> None:
    read_altered(name, random.Random(seed))


@pytest.mark.parametrize("name", READERS)
def test_the_right_files_are_read(name: str) -> None:
    contents, read = READERS[name]
    for content in contents:
        read(content)
