import errno
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from siteroot import fs
from siteroot.formats.journal_log import Journal, render_journal
from siteroot.fs import DISK, Writer
from siteroot.model.reserved import staging_folder
from siteroot.root.journal import apply_change, recover_root
from siteroot.root.lock import RootLock, UnusableRootError, lock_root, read_holder
from siteroot.root.placing import PoisonedError
from support.roots import change_of, write_tree
from support.trees import describe_difference, snapshot
from support.writers import failing_writer, plain_writer

HOLDER = """
import sys
from siteroot.root.lock import lock_root
lock = lock_root(sys.argv[1])
print("held", flush=True)
sys.stdin.read()
lock.release()
"""


@contextmanager
def another_holder(root: Path) -> "Iterator[subprocess.Popen[bytes]]":
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    with process:
        yield process
        process.kill()


@pytest.mark.parametrize("existing", [True, False])
def test_the_second_one_waits_and_hears_for_whom(tmp_path: Path, existing: bool) -> None:
    root = tmp_path / "root"
    if existing:
        root.mkdir()
    heard: list[int | None] = []
    with another_holder(root) as holder:

        def hear(pid: int | None) -> None:
            heard.append(pid)
            holder.send_signal(signal.SIGKILL)

        with lock_root(str(root), waiting=hear) as lock:
            assert lock.existed == existing
            assert heard == [holder.pid]


def test_who_waited_for_an_absent_root_finds_it_made(tmp_path: Path) -> None:
    root = tmp_path / "root"
    with another_holder(root) as holder:

        def hear(_pid: int | None) -> None:
            root.mkdir()
            assert holder.stdin is not None
            holder.stdin.close()

        with lock_root(str(root), waiting=hear) as lock:
            assert lock.existed
    assert os.listdir(tmp_path) == ["root"]


@pytest.mark.fast_calls
def test_who_waited_for_a_root_that_was_renamed_takes_the_new_one(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    with another_holder(root) as holder:

        def hear(_pid: int | None) -> None:
            root.rename(tmp_path / "away")
            root.mkdir()
            holder.kill()

        with lock_root(str(root), waiting=hear):
            descriptor = fs.open_folder(str(root))
            assert not fs.try_flock(descriptor)
            os.close(descriptor)


@pytest.mark.fast_calls
def test_an_existing_root_is_not_touched_by_its_lock(tmp_path: Path) -> None:
    os.utime(tmp_path, ns=(1_500_000_000_123_456_789, 1_500_000_000_123_456_789))
    with lock_root(str(tmp_path)):
        assert os.listdir(tmp_path) == []
    assert tmp_path.stat().st_mtime_ns == 1_500_000_000_123_456_789


def test_parents_of_a_root_that_does_not_come_to_be_go_again(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with lock_root(str(tmp_path / "a/b/c/root")):
        assert (tmp_path / "a/b/c").is_dir()
    assert os.listdir(tmp_path / "a") == []
    with lock_root(str(tmp_path / "a/b/root")):
        (tmp_path / "a/b/root").mkdir()
    assert os.listdir(tmp_path / "a/b") == ["root"]


@pytest.mark.parametrize("writer", [DISK, plain_writer()], ids=["flock", "no flock on folders"])
def test_dead_staging_is_cleared_by_the_next_sync(tmp_path: Path, writer: Writer) -> None:
    root = tmp_path / "root"
    dead = Path(staging_folder(str(root)))
    (dead / "root/pkg").mkdir(parents=True)
    (dead / "root/pkg/x.py").write_bytes(b"x")
    (dead / "holder").write_bytes(b"42\n")
    with lock_root(str(root), writer=writer) as lock:
        assert not lock.existed
        assert not (dead / "root").exists()
    assert not dead.exists()
    root.mkdir()
    for names in (("holder",), ("holder", "lock")):
        (dead / "root/pkg").mkdir(parents=True)
        for name in names:
            (dead / name).write_bytes(b"42\n")
        with lock_root(str(root), writer=writer):
            assert not dead.exists()


@pytest.mark.parametrize("name", ["n" * 255, "é" * 120, "x"])
def test_the_staging_name_fits_and_follows_from_the_roots(name: str) -> None:
    staged = os.path.basename(staging_folder(f"/somewhere/{name}"))
    assert len(os.fsencode(staged)) <= 255
    assert staged.startswith(".")
    assert staged.endswith(".siteroot")
    assert staged != os.path.basename(staging_folder(f"/somewhere/{name[:-1]}y"))


def test_a_file_is_no_root(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(UnusableRootError, match="no folder"):
        lock_root(str(tmp_path / "file"))
    with pytest.raises(UnusableRootError):
        lock_root(str(tmp_path / "file/below/root"))


def test_a_parent_that_cannot_be_written_to_is_told(tmp_path: Path) -> None:
    for writer in (_failing_mkdir(errno.EACCES), _failing_mkdir(errno.EROFS)):
        with pytest.raises(UnusableRootError, match=r"denied|read-only"):
            lock_root(str(tmp_path / "root"), writer=writer)
    assert os.listdir(tmp_path) == []


def _failing_mkdir(number: int) -> fs.Writer:
    class Failing(fs.Writer):
        __slots__ = ()

        @staticmethod
        def mkdir(*_arguments: object, **_options: object) -> None:
            raise OSError(number, os.strerror(number))

    return Failing()


@pytest.mark.parametrize("existing", [True, False])
def test_where_folders_have_no_locks_a_file_is_locked(tmp_path: Path, existing: bool) -> None:
    root = tmp_path / "root"
    if existing:
        root.mkdir()
        os.utime(root, ns=(1, 1_500_000_000_123_456_789))
    heard: list[int | None] = []
    with lock_root(str(root), writer=plain_writer()) as first:
        assert first.existed == existing

        def hear(pid: int | None) -> None:
            heard.append(pid)
            first.release()

        with lock_root(str(root), writer=plain_writer(), waiting=hear) as second:
            assert second.existed == existing
    assert heard == [os.getpid()]
    assert os.listdir(tmp_path) == (["root"] if existing else [])
    if existing:
        assert os.listdir(root) == []
        assert root.stat().st_mtime_ns == 1_500_000_000_123_456_789


def test_a_change_under_a_lock_file_leaves_nothing_of_it(tmp_path: Path) -> None:
    root, writer = str(tmp_path / "root"), plain_writer()
    old, new = {"pkg/a.py": b"1"}, {"pkg/a.py": b"2", "pkg/b.py": b"3"}
    write_tree(root, old)
    before = snapshot(root)
    change = change_of(root, str(tmp_path / "store"), old, new)
    with lock_root(root, writer=writer):
        assert recover_root(root, writer=writer) is None
        (tmp_path / "store/pkg/b.py").write_bytes(b"edited")
        with pytest.raises(PoisonedError):
            apply_change(root, change, writer=writer)
    assert not describe_difference(snapshot(root), before)
    change = change_of(root, str(tmp_path / "store"), old, new)
    with lock_root(root, writer=writer):
        apply_change(root, change, writer=writer)
    after = snapshot(root)
    assert set(after) == {".", "pkg", "pkg/a.py", "pkg/b.py"}
    assert after["."][2] == dict(change[2])[""] * 10**9


def test_the_holder_of_a_root_under_change_is_read_from_its_journal(tmp_path: Path) -> None:
    work = tmp_path / ".siteroot"
    work.mkdir()
    (work / "begin").write_bytes(render_journal(Journal(pid=4242, areas=(("", 7),))))
    descriptor = fs.open_folder(str(tmp_path))
    assert read_holder(descriptor, str(work / "begin")) == 4242
    os.close(descriptor)


@pytest.mark.fast_calls
def test_a_full_disk_while_locking_leaves_nothing(tmp_path: Path) -> None:
    for after in (0, 1, 3, 4, 5, 6):  # 2 is flock
        with pytest.raises(UnusableRootError, match="the disk is full"):
            lock_root(str(tmp_path / "a/root"), writer=failing_writer(after))
        assert os.listdir(tmp_path) == []


def test_released_twice_is_fine(tmp_path: Path) -> None:
    lock = lock_root(str(tmp_path))
    assert isinstance(lock, RootLock)
    lock.release()
    lock.release()


@pytest.mark.fast_calls
def test_the_holder_is_read_from_the_kernel_where_it_wrote_nothing(tmp_path: Path) -> None:
    with another_holder(tmp_path) as holder:
        descriptor = fs.open_folder(str(tmp_path))
        found = read_holder(descriptor, str(tmp_path / "nothing"))
        os.close(descriptor)
        assert found == holder.pid
