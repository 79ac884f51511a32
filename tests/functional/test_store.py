"""The store: a wheel goes in once, whole, as a root will have it; what is damaged is made anew."""

import errno
import hashlib
import os
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from siteroot.errors import IntegrityError, StoreError
from siteroot.fs import Writer
from siteroot.model.digest import Digest
from siteroot.model.event import Warned
from siteroot.model.times import derive_mtime
from siteroot.model.wheel import StoredWheel
from siteroot.store.admit import BadRecordError
from siteroot.store.faults import WrongArchiveError
from siteroot.store.store import Store
from support.ports import InstantClock, RecordingReporter
from support.stores import open_store, pin_of
from support.trees import snapshot
from support.wheels import build_wheel

BIG = bytes(range(256)) * (3 << 12)  # 3 MB, more than one piece


@pytest.fixture
def wheel_path(tmp_path: Path) -> Path:
    return build_wheel(
        tmp_path,
        "Demo.Pkg",
        "1.0",
        {
            "demo/__init__.py": "x = 1\n",
            "demo/tool": "#!/bin/sh\n",
            "demo/big.bin": BIG,
            "demo/empty": "",
            "demo.pth": "import demo\n",
        },
        entry_points="[console_scripts]\ndemo = demo:main\n[gui_scripts]\ngdemo = demo:gui.main\n",
        data={
            "scripts/run": "#!python -E\nprint(1)\n",
            "scripts/plain": "#!/bin/sh\n",
            "platlib/demo/native.so": b"\x7fELF",
            "data/share/x": "x",
            "headers/demo.h": "",
        },
        executable={"demo/tool"},
        dist_info_files={"INSTALLER": "evil", "REQUESTED": "", "direct_url.json": "{}"},
    )


def admit(folder: Path, path: Path, store: Store | None = None) -> StoredWheel:
    return (store or open_store(folder)).admit(str(path), pin_of(path))


# -- what goes in -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_files_have_a_roots_modes_and_times_whatever_the_umask(
    tmp_path: Path, wheel_path: Path, umask: int
) -> None:
    before = os.umask(umask)
    try:
        wheel = admit(tmp_path, wheel_path)
    finally:
        os.umask(before)
    seen = {}
    for part in wheel.schemes:
        for path, size, mode, mtime, sha256 in part.files:
            file = Path(wheel.folder, part.scheme, path)
            status, content = file.stat(), file.read_bytes()
            assert (size, mode) == (len(content), stat.S_IMODE(status.st_mode))
            assert sha256 == hashlib.sha256(content).digest()
            assert mtime * 10**9 == status.st_mtime_ns == derive_mtime(sha256) * 10**9
            seen[f"{part.scheme}/{path}"] = mode
    assert seen == {
        "data/share/x": 0o644,
        "headers/demo.h": 0o644,
        "platlib/demo/native.so": 0o644,
        "purelib/Demo.Pkg-1.0.dist-info/METADATA": 0o644,
        "purelib/Demo.Pkg-1.0.dist-info/WHEEL": 0o644,
        "purelib/Demo.Pkg-1.0.dist-info/entry_points.txt": 0o644,
        "purelib/demo.pth": 0o644,
        "purelib/demo/__init__.py": 0o644,
        "purelib/demo/big.bin": 0o644,
        "purelib/demo/empty": 0o644,
        "purelib/demo/tool": 0o755,
        "scripts/plain": 0o755,
        "scripts/run": 0o755,
    }


def test_nothing_lies_in_the_entry_but_what_its_manifest_names(
    tmp_path: Path, wheel_path: Path
) -> None:
    wheel = admit(tmp_path, wheel_path)
    expected = {".", "manifest"}
    for part in wheel.schemes:
        prefix = part.scheme
        expected |= {f"{prefix}/{folder}".rstrip("/") for folder, _ in part.folders}
        expected |= {f"{prefix}/{row[0]}" for row in part.files}
        for folder, names in part.folders:
            assert sorted(os.listdir(Path(wheel.folder, prefix, folder))) == list(names)
    assert snapshot(wheel.folder).keys() == expected


def test_what_the_manifest_says_beside_the_files(tmp_path: Path, wheel_path: Path) -> None:
    wheel = admit(tmp_path, wheel_path)
    assert (wheel.name, wheel.version) == ("demo-pkg", "1.0")
    assert wheel.digest.hexadecimal == hashlib.sha256(wheel_path.read_bytes()).hexdigest()
    assert wheel.dist_info == "Demo.Pkg-1.0.dist-info"
    assert wheel.purelib
    assert [(e.name, e.module, e.attribute, e.gui) for e in wheel.entry_points] == [
        ("demo", "demo", "main", False),
        ("gdemo", "demo", "gui.main", True),
    ]
    assert wheel.python_scripts == ("run",)
    assert wheel.pth == ("demo.pth",)
    assert wheel.warnings == ()


def test_the_same_wheel_gives_the_same_entry_in_every_store(
    tmp_path: Path, wheel_path: Path
) -> None:
    one = admit(tmp_path / "a", wheel_path)
    other = admit(tmp_path / "b", wheel_path)

    def files(wheel: StoredWheel) -> dict[str, tuple[str, int, int, str]]:
        seen = snapshot(wheel.folder)
        return {p: s for p, s in seen.items() if s[0] == "file" and p != "manifest"}

    assert files(one) == files(other)
    manifests = [Path(wheel.folder, "manifest").read_bytes() for wheel in (one, other)]
    assert manifests[0] == manifests[1]


def test_a_found_wheel_equals_the_admitted_one_and_no_work_is_left(
    tmp_path: Path, wheel_path: Path
) -> None:
    wheel = admit(tmp_path, wheel_path)
    assert open_store(tmp_path).find(pin_of(wheel_path)) == wheel
    assert os.listdir(tmp_path / "cache/tmp-v1") == []
    assert os.listdir(tmp_path / "cache/locks-v1") == []


def test_finding_writes_nothing(tmp_path: Path, wheel_path: Path) -> None:
    assert open_store(tmp_path).find(pin_of(wheel_path)) is None
    assert not (tmp_path / "cache").exists()


def test_an_entry_that_is_there_is_taken_as_it_is(tmp_path: Path, wheel_path: Path) -> None:
    first = snapshot(admit(tmp_path, wheel_path).folder)
    assert snapshot(admit(tmp_path, wheel_path).folder) == first


def test_warnings_are_kept_and_told_at_each_use(tmp_path: Path) -> None:
    path = build_wheel(
        tmp_path,
        "demo",
        "1.0",
        {"a.py": "", "A.py": "", "caf\xe9": "", "cafe\u0301": ""},
        wheel="Wheel-Version: 1.9\nRoot-Is-Purelib: true\n",
    )
    wheel = admit(tmp_path, path)
    assert wheel.warnings == (
        "its Wheel-Version 1.9 is newer than siteroot knows",
        "a disk that is blind to case takes names in it for one: 'A.py' and 'a.py'; 'cafe\\u0301' and 'caf\\xe9'",
    )
    assert open_store(tmp_path).find(pin_of(path)) == wheel


# -- by which names -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "algorithms", [("sha512",), ("sha384",), ("sha256", "sha512"), ("md5", "sha256"), ()]
)
def test_a_wheel_is_found_by_whatever_the_lock_names(
    tmp_path: Path, wheel_path: Path, algorithms: tuple[str, ...]
) -> None:
    pin = pin_of(wheel_path, algorithms=algorithms)
    store = open_store(tmp_path)
    assert store.find(pin) is None
    wheel = store.admit(str(wheel_path), pin)
    assert open_store(tmp_path).find(pin) == wheel


def test_a_digest_that_was_never_checked_is_not_taken_for_checked(
    tmp_path: Path, wheel_path: Path
) -> None:
    admit(tmp_path, wheel_path)
    assert open_store(tmp_path).find(pin_of(wheel_path, algorithms=("sha256", "sha512"))) is None


def test_a_file_without_digests_is_found_by_its_url_and_size_alone(
    tmp_path: Path, wheel_path: Path
) -> None:
    store = open_store(tmp_path)
    pin = pin_of(wheel_path, algorithms=(), location="https://me:secret@files.example/x.whl")
    store.admit(str(wheel_path), pin)
    same = pin_of(wheel_path, algorithms=(), location="https://files.example/x.whl")
    assert store.find(same) is not None
    assert store.find(pin_of(wheel_path, algorithms=(), location="https://a.example/")) is None
    assert store.find(pin_of(wheel_path, algorithms=(), location=str(wheel_path))) is None


@pytest.mark.parametrize("hexadecimal", ["../../../etc", "ab", "Z" * 64, ""])
def test_a_senseless_digest_is_no_path(tmp_path: Path, wheel_path: Path, hexadecimal: str) -> None:
    pin = pin_of(wheel_path)
    file = replace(pin.artifact.file, digests=(Digest("sha512", hexadecimal),))
    bad = replace(pin, artifact=replace(pin.artifact, file=file))
    store = open_store(tmp_path)
    assert store.find(bad) is None
    with store.reserve(bad) as reservation:
        assert reservation.archive.startswith(str(tmp_path / "cache/tmp-v1/"))
    assert sorted(os.listdir(tmp_path / "cache")) == ["CACHEDIR.TAG", "locks-v1", "tmp-v1"]


# -- what is refused ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"name": "other"}, "other 1.0 is asked for"),
        ({"version": "2.0"}, "demo-pkg 2.0 is asked for"),
    ],
)
def test_another_name_or_version_than_the_locks(
    tmp_path: Path, wheel_path: Path, changes: dict[str, str], reason: str
) -> None:
    wrong = pin_of(wheel_path, **changes)  # type: ignore[arg-type]
    with pytest.raises(WrongArchiveError, match=reason):
        open_store(tmp_path).admit(str(wheel_path), wrong)
    assert not (tmp_path / "cache/wheels-v1").exists()
    admit(tmp_path, wheel_path)
    with pytest.raises(WrongArchiveError, match=reason):
        open_store(tmp_path).find(wrong)


def test_other_bytes_or_another_size_than_the_locks(tmp_path: Path, wheel_path: Path) -> None:
    pin = pin_of(wheel_path, algorithms=("sha256", "sha512"))
    content = bytearray(wheel_path.read_bytes())
    content[40] ^= 1
    wheel_path.write_bytes(content)
    with pytest.raises(WrongArchiveError, match=r"has the sha256 .* is asked for"):
        open_store(tmp_path).admit(str(wheel_path), pin)
    wheel_path.write_bytes(content + b"x")
    with pytest.raises(WrongArchiveError, match=r"bytes, and .* are asked for"):
        open_store(tmp_path).admit(str(wheel_path), pin)


def test_a_wrong_record_is_refused_and_let_in_where_the_user_says_so(tmp_path: Path) -> None:
    record = "demo.py,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0\ngone.py,,\n"
    path = build_wheel(tmp_path, "demo", "1.0", record=record)
    store, pin = open_store(tmp_path), pin_of(path)
    with pytest.raises(BadRecordError, match=r"RECORD is wrong: 'demo\.py'") as caught:
        store.admit(str(path), pin)
    assert caught.value.hints == (
        "If you trust this wheel all the same, say --tolerate-record demo.",
    )
    assert store.find(pin, tolerate_record=True) is None
    wheel = store.admit(str(path), pin, tolerate_record=True)
    assert "RECORD was replaced" in wheel.warnings[0]
    rows = {row[0]: row[4] for part in wheel.schemes for row in part.files}
    assert (
        rows["demo.py"]
        == hashlib.sha256(Path(wheel.folder, "purelib/demo.py").read_bytes()).digest()
    )
    # Tolerance is the command's, not the store's.
    assert store.find(pin) is None
    with pytest.raises(BadRecordError):
        store.admit(str(path), pin)
    assert store.find(pin, tolerate_record=True) == wheel


def test_tolerance_is_not_needed_by_a_right_wheel(tmp_path: Path, wheel_path: Path) -> None:
    store, pin = open_store(tmp_path), pin_of(wheel_path)
    wheel = store.admit(str(wheel_path), pin, tolerate_record=True)
    assert wheel.warnings == ()
    assert store.find(pin) == wheel


# -- damage -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("damage", ["no manifest", "empty", "cut", "changed", "another wheel's"])
def test_a_damaged_entry_is_not_found_and_is_made_anew(
    tmp_path: Path, wheel_path: Path, damage: str
) -> None:
    wheel = admit(tmp_path, wheel_path)
    whole = snapshot(wheel.folder, times=False)
    manifest = Path(wheel.folder, "manifest")
    content = manifest.read_bytes()
    if damage == "no manifest":
        manifest.unlink()
    elif damage == "empty":
        manifest.write_bytes(b"")
    elif damage == "cut":
        manifest.write_bytes(content[:-1])
    elif damage == "changed":
        manifest.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    else:
        other = build_wheel(tmp_path, "other", "1.0")
        manifest.write_bytes(Path(admit(tmp_path, other).folder, "manifest").read_bytes())
    assert open_store(tmp_path).find(pin_of(wheel_path)) is None
    assert admit(tmp_path, wheel_path) == wheel
    assert snapshot(wheel.folder, times=False) == whole
    assert os.listdir(tmp_path / "cache/tmp-v1") == []


def test_a_half_written_entry_of_a_killed_process_is_in_nobodys_way(
    tmp_path: Path, wheel_path: Path
) -> None:
    (tmp_path / "cache/tmp-v1/1-dead/entry/purelib").mkdir(parents=True)
    assert open_store(tmp_path).find(pin_of(wheel_path)) is None
    assert open_store(tmp_path).find(pin_of(wheel_path)) is None
    admit(tmp_path, wheel_path)


def test_a_discarded_wheel_is_gone_and_can_come_back(tmp_path: Path, wheel_path: Path) -> None:
    store = open_store(tmp_path)
    wheel = admit(tmp_path, wheel_path, store)
    store.discard(wheel)
    assert store.find(pin_of(wheel_path)) is None
    assert not Path(wheel.folder).exists()
    store.discard(wheel)
    assert admit(tmp_path, wheel_path, store) == wheel


class FullDisk(Writer):
    """A disk that has room for a few calls only, be it a new file or more bytes of one."""

    __slots__ = ("_left",)

    def __init__(self, room: int) -> None:
        self._left = room

    def _take(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def create(self, *args: Any, **named: Any) -> int:
        self._take()
        return os.open(*args, **named)

    def write(self, *args: Any) -> int:
        self._take()
        return os.write(*args)


def test_a_full_disk_leaves_nothing_in_the_store_and_is_told_in_words(
    tmp_path: Path, wheel_path: Path
) -> None:
    pin = pin_of(wheel_path)
    told: list[StoreError] = []
    for room in range(2, 80):
        store = Store(
            str(tmp_path / f"full{room}"),
            temporary="",
            clock=InstantClock(),
            reporter=RecordingReporter(),
            writer=FullDisk(room),
        )
        try:
            store.admit(str(wheel_path), pin)
        except StoreError as error:
            told.append(error)
        else:
            break
        assert store.find(pin) is None
        assert os.listdir(tmp_path / f"full{room}/tmp-v1") == []
    assert 25 < len(told) < 78
    assert {error.message for error in told} == {
        "the cache cannot be written: No space left on device"
    }
    assert all("--cache-dir" in error.hints[0] for error in told)


def test_a_cache_that_is_a_file_is_told_in_words(tmp_path: Path, wheel_path: Path) -> None:
    (tmp_path / "cache").write_bytes(b"")
    with pytest.raises(StoreError, match="cannot be written"):
        admit(tmp_path, wheel_path)
    with pytest.raises(StoreError, match="No such file"):
        open_store(tmp_path / "other").admit(str(tmp_path / "gone.whl"), pin_of(wheel_path))


def test_a_broken_wheel_leaves_nothing(tmp_path: Path, wheel_path: Path) -> None:
    content = wheel_path.read_bytes()
    wheel_path.write_bytes(content[: len(content) // 2])
    with pytest.raises(IntegrityError, match=r"demo-pkg==1\.0 .*cut short"):
        admit(tmp_path, wheel_path)
    assert os.listdir(tmp_path / "cache/tmp-v1") == []
    assert not (tmp_path / "cache/wheels-v1").exists()


# -- stores that cannot be written --------------------------------------------------------------------------------------


def test_a_foreign_store_is_read_and_what_it_lacks_goes_to_a_temporary_one(
    tmp_path: Path, wheel_path: Path
) -> None:
    if os.geteuid():
        pytest.skip("only root can give a folder away")
    there = admit(tmp_path, wheel_path)
    lacking = build_wheel(tmp_path, "other", "1.0")
    os.chown(tmp_path / "cache", 12345, -1)
    before = snapshot(tmp_path / "cache")
    reporter = RecordingReporter()
    store = open_store(tmp_path, reporter=reporter)
    assert store.find(pin_of(wheel_path)) == there
    with store.reserve(pin_of(lacking)) as reservation:
        assert reservation.archive.startswith(str(tmp_path / "spare"))
    wheel = store.admit(str(lacking), pin_of(lacking))
    assert wheel.folder.startswith(str(tmp_path / "spare"))
    assert store.find(pin_of(lacking)) == wheel
    store.discard(there)
    assert store.find(pin_of(wheel_path)) is None
    assert admit(tmp_path, wheel_path, store).folder.startswith(str(tmp_path / "spare"))
    assert snapshot(tmp_path / "cache") == before
    (warning,) = reporter.of(Warned)
    assert isinstance(warning, Warned)
    assert "belongs to another user" in warning.text


class ReadOnlyDisk(Writer):
    """A disk whose folder `cache` cannot be written."""

    __slots__ = ()

    def mkdir(self, path: Any, *args: Any, **named: Any) -> None:
        if "/cache/" in path or path.endswith("/cache"):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), path)
        os.mkdir(path, *args, **named)


def test_a_read_only_store_is_read_and_what_it_lacks_goes_to_a_temporary_one(
    tmp_path: Path, wheel_path: Path
) -> None:
    there = admit(tmp_path, wheel_path)
    lacking = build_wheel(tmp_path, "other", "1.0")
    before = snapshot(tmp_path / "cache")
    reporter = RecordingReporter()
    store = Store(
        str(tmp_path / "cache"),
        temporary=str(tmp_path / "spare"),
        clock=InstantClock(),
        reporter=reporter,
        writer=ReadOnlyDisk(),
    )
    assert store.find(pin_of(wheel_path)) == there
    wheel = admit(tmp_path, lacking, store)
    assert wheel.folder.startswith(str(tmp_path / "spare"))
    assert store.find(pin_of(lacking)) == wheel
    assert snapshot(tmp_path / "cache") == before
    (warning,) = reporter.of(Warned)
    assert isinstance(warning, Warned)
    assert "cannot be written (Read-only file system)" in warning.text
