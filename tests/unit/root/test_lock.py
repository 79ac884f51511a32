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
from siteroot.root.lock import RootLock, UnusableRootError, lock_root, read_holder, staging_folder

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


def test_dead_staging_is_cleared_by_the_next_sync(tmp_path: Path) -> None:
    root = tmp_path / "root"
    dead = Path(staging_folder(str(root)))
    (dead / "root/pkg").mkdir(parents=True)
    (dead / "root/pkg/x.py").write_bytes(b"x")
    with lock_root(str(root)) as lock:
        assert not lock.existed
        assert not (dead / "root").exists()
    assert not dead.exists()
    (dead / "root/pkg").mkdir(parents=True)
    root.mkdir()
    with lock_root(str(root)):
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


def test_released_twice_is_fine(tmp_path: Path) -> None:
    lock = lock_root(str(tmp_path))
    assert isinstance(lock, RootLock)
    lock.release()
    lock.release()


def test_the_holder_is_read_from_the_kernel_where_it_wrote_nothing(tmp_path: Path) -> None:
    with another_holder(tmp_path) as holder:
        descriptor = fs.open_folder(str(tmp_path))
        found = read_holder(descriptor, str(tmp_path / "nothing"))
        os.close(descriptor)
        assert found == holder.pid
