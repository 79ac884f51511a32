import errno
import hashlib
import itertools
import os
import stat
import threading
from pathlib import Path

import pytest

from siteroot import fs
from siteroot.model.rows import PackedStaging, Staging
from siteroot.root.placing import FEW, PoisonedError, place
from siteroot.root.units import Unit
from siteroot.root.workers import WorkerLostError, divide
from siteroot.workflows.memo import pack_job
from support.roots import staging_of
from support.trees import snapshot
from support.writers import failing_writer, plain_writer, recording_writer

SMALL = {"pkg/a.py": b"a = 1\n", "pkg/sub/b.py": b"", "pkg/c.so": b"\0" * 70_000, "run.txt": b"#!"}
LARGE = {f"pkg/p{n % 20}/m{n}.py": b"x = %d\n" % n * (n % 90) for n in range(FEW + 300)}


def place_in(
    folder: Path,
    staging: Staging | PackedStaging,
    *,
    mode: str | None = "copy",
    workers: int = 1,
    writer: fs.Writer = fs.DISK,
) -> bool:
    folder.mkdir()
    descriptor = fs.open_folder(str(folder))
    try:
        return place(staging, descriptor, link_mode=mode, workers=workers, writer=writer)
    finally:
        os.close(descriptor)


def packed(staging: Staging) -> PackedStaging:
    """Return the staging as a memo keeps it."""
    anchors, folders, jobs = staging
    return anchors, folders, tuple(part for job in jobs for part in pack_job(job))


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.fast_calls
@pytest.mark.parametrize("mode", [None, "clone", "copy", "hardlink", "symlink"])
@pytest.mark.parametrize(("tree", "workers"), [(SMALL, 1), (LARGE, 1), (LARGE, 3)])
def test_every_mode_places_the_bytes(
    tmp_path: Path, mode: str | None, tree: dict[str, bytes], workers: int
) -> None:
    staging = staging_of(str(tmp_path / "store"), tree)
    copied = place_in(tmp_path / "out", staging, mode=mode, workers=workers)
    assert contents(tmp_path / "out") == tree
    assert not copied
    stored = next(path for path in tree if not path.endswith(".txt"))
    placed, source = tmp_path / "out" / stored, tmp_path / "store" / stored
    assert placed.is_symlink() == (mode == "symlink")
    if mode in ("hardlink", "copy"):
        assert (placed.stat().st_ino == source.stat().st_ino) == (mode == "hardlink")


@pytest.mark.parametrize("mode", ["copy", "hardlink", "clone"])
def test_all_modes_give_the_same_tree_whatever_the_umask(tmp_path: Path, mode: str) -> None:
    staging = staging_of(str(tmp_path / "store"), SMALL)
    umask = os.umask(0o077)
    try:
        place_in(tmp_path / "out", staging, mode=mode)
    finally:
        assert os.umask(umask) == 0o077
    seen = snapshot(tmp_path / "out")
    rows = {row[0]: row for job in staging[2] for row in job[2]}
    for path, (kind, permissions, time, _) in seen.items():
        if kind == "folder" and path != ".":
            assert permissions == 0o755, path
        elif path in rows:
            assert (permissions, time) == (0o644, rows[path][4] * 10**9), path
    assert seen["run.txt"][1] == 0o755


def test_a_set_group_id_folder_does_not_show_in_the_modes(tmp_path: Path) -> None:
    staging = staging_of(str(tmp_path / "store"), SMALL)
    out = tmp_path / "out"
    out.mkdir()
    out.chmod(0o2775)
    descriptor = fs.open_folder(str(out))
    place(staging, descriptor, link_mode="copy", workers=1)
    os.close(descriptor)
    assert stat.S_IMODE((out / "pkg/sub").stat().st_mode) == 0o755
    assert stat.S_IMODE((out / "pkg/a.py").stat().st_mode) == 0o644


@pytest.mark.parametrize(
    "number", [errno.EXDEV, errno.EPERM, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS, errno.EINVAL]
)
@pytest.mark.parametrize("mode", [None, "clone", "copy", "hardlink"])
def test_where_a_fast_call_is_not_to_be_had_files_are_copied(
    tmp_path: Path, number: int, mode: str | None
) -> None:
    staging = staging_of(str(tmp_path / "store"), SMALL)
    copied = place_in(tmp_path / "out", staging, mode=mode, writer=plain_writer(number))
    assert contents(tmp_path / "out") == SMALL
    assert copied == (mode == "hardlink"), "only links that were asked for are worth a warning"


@pytest.mark.parametrize("mode", [None, "copy", "hardlink"])
@pytest.mark.parametrize("workers", [1, 3])
def test_packed_rows_make_the_same_tree(tmp_path: Path, mode: str | None, workers: int) -> None:
    store = tmp_path / "store"
    tree = {**LARGE, "run.txt": b"#!"}
    staging = staging_of(str(store), tree)
    place_in(tmp_path / "plain", staging, mode=mode, workers=workers)
    place_in(tmp_path / "out", packed(staging), mode=mode, workers=workers)
    assert contents(tmp_path / "out") == tree
    for path in tree:
        made, plain = ((tmp_path / name / path).stat() for name in ("out", "plain"))
        assert (made.st_mode, made.st_mtime_ns) == (plain.st_mode, plain.st_mtime_ns)
    (store / "pkg/p3/m3.py").write_bytes(b"edited")
    with pytest.raises(PoisonedError, match=r"pkg/p3/m3\.py of demo==1"):
        place_in(tmp_path / "again", packed(staging), mode=mode, workers=workers)


@pytest.mark.parametrize("mode", ["copy", "hardlink", "symlink"])
@pytest.mark.parametrize("workers", [1, 2])
def test_an_edited_stored_file_is_refused_by_name(tmp_path: Path, mode: str, workers: int) -> None:
    store = tmp_path / "store"
    staging = staging_of(str(store), LARGE)
    victim = store / "pkg/p3/m23.py"
    before = victim.stat()
    victim.write_bytes(b"y" + victim.read_bytes()[1:])  # the size stays
    os.utime(victim, ns=(before.st_mtime_ns + 1, before.st_mtime_ns + 1))
    (store / "pkg/p4/m24.py").unlink()
    (store / "pkg/p5/m25.py").unlink()
    (store / "pkg/p5/m25.py").mkdir()
    (store / "pkg/p6/m26.py").unlink()
    os.mkfifo(store / "pkg/p6/m26.py")
    with pytest.raises(PoisonedError, match=r"pkg/p3/m23\.py of demo==1") as caught:
        place_in(tmp_path / "out", staging, mode=mode, workers=workers)
    assert caught.value.sources == (str(store),)
    assert caught.value.labels == ("demo==1",)


@pytest.mark.parametrize("change", ["mtime", "mode", "link"])
@pytest.mark.parametrize("mode", ["copy", "hardlink"])
def test_right_bytes_that_look_wrong_become_a_file_of_their_own(
    tmp_path: Path, change: str, mode: str
) -> None:
    store = tmp_path / "store"
    staging = staging_of(str(store), SMALL)
    victim = store / "pkg/a.py"
    if change == "mtime":
        os.utime(victim, (5, 5))
    elif change == "mode":
        victim.chmod(0o600)
    else:
        victim.rename(tmp_path / "aside")
        victim.symlink_to(tmp_path / "aside")
        with pytest.raises(PoisonedError):
            place_in(tmp_path / "out", staging, mode=mode)
        return
    place_in(tmp_path / "out", staging, mode=mode)
    placed = tmp_path / "out/pkg/a.py"
    assert placed.read_bytes() == SMALL["pkg/a.py"]
    assert placed.stat().st_ino != victim.stat().st_ino
    assert stat.S_IMODE(placed.stat().st_mode) == 0o644
    assert placed.stat().st_mtime == staging[2][0][2][0][4]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_store_file_of_another_owner_is_copied(tmp_path: Path) -> None:
    staging = staging_of(str(tmp_path / "store"), SMALL)
    victim = tmp_path / "store/pkg/a.py"
    os.chown(victim, 12345, 12345)
    place_in(tmp_path / "out", staging, mode="hardlink")
    placed = (tmp_path / "out/pkg/a.py").stat()
    assert (placed.st_uid, placed.st_nlink) == (0, 1)


def test_a_store_entry_that_is_gone_is_named(tmp_path: Path) -> None:
    staging = staging_of(str(tmp_path / "store"), SMALL)
    (tmp_path / "store").rename(tmp_path / "elsewhere")
    with pytest.raises(PoisonedError, match="demo==1"):
        place_in(tmp_path / "out", staging)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_failing_call_is_raised_with_its_reason(tmp_path: Path, workers: int) -> None:
    staging = staging_of(str(tmp_path / "store"), LARGE)
    with pytest.raises(OSError, match="No space left") as caught:
        place_in(tmp_path / "out", staging, workers=workers, writer=failing_writer(200))
    assert caught.value.errno == errno.ENOSPC


@pytest.mark.fast_calls
def test_a_worker_that_is_killed_is_a_loss_that_is_told(tmp_path: Path) -> None:
    parent = os.getpid()

    class Killed(fs.Writer):
        __slots__ = ()

        @staticmethod
        def utime(*_arguments: object, **_options: object) -> None:
            if os.getpid() != parent:
                os.kill(os.getpid(), 9)

    staging = staging_of(str(tmp_path / "store"), LARGE)
    with pytest.raises(WorkerLostError, match="ended from outside"):
        place_in(tmp_path / "out", staging, workers=2, writer=Killed())
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_while_another_thread_lives_nothing_is_forked(tmp_path: Path) -> None:
    ended = threading.Event()
    thread = threading.Thread(target=ended.wait)
    thread.start()
    try:
        writer, done = recording_writer()
        place_in(
            tmp_path / "out", staging_of(str(tmp_path / "store"), LARGE), writer=writer, workers=2
        )
    finally:
        ended.set()
        thread.join()
    assert done.count("utime") == len(LARGE), "workers' calls would not be seen here"


def test_progress_adds_up_to_all_files(tmp_path: Path) -> None:
    staging = staging_of(str(tmp_path / "store"), LARGE)
    for workers in (1, 2):
        heard: list[int] = []
        out = tmp_path / f"out{workers}"
        out.mkdir()
        descriptor = fs.open_folder(str(out))
        place(staging, descriptor, link_mode="copy", workers=workers, advanced=heard.append)
        os.close(descriptor)
        assert sum(heard) == len(LARGE)
        assert len(heard) > 3


def test_the_work_is_divided_without_gap_or_overlap() -> None:
    digest = hashlib.sha256(b"").digest()
    jobs = tuple(
        (
            f"/s/{count}",
            f"d{count}==1",
            tuple((f"{count}/{n}", f"{n}", n * 1000, 0o644, 0, digest) for n in range(count)),
            (),
        )
        for count in (0, 1, 5, 400, 3000)
    )
    for by_count in (True, False):
        groups = divide(jobs, 2, by_count=by_count)
        seen: dict[str, list[Unit]] = {}
        for group in groups:
            for unit in group:
                seen.setdefault(unit[0][0], []).append(unit)
        for job in jobs:
            ranges = sorted((start, stop) for _, start, stop in seen[job[0]])
            assert ranges[0][0] == 0
            assert ranges[-1][1] == len(job[2])
            assert all(one[1] == other[0] for one, other in itertools.pairwise(ranges))
        assert max(map(len, seen.values())) > 1
