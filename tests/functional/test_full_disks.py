"""A disk that fills up for real, at several sizes: nothing half made, said in words, and well again with more room."""

import errno
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.ground import Ground, digest_of, make_ground
from support.mounts import mounted_memory
from support.trees import describe_difference, snapshot
from support.wheels import build_wheel

pytestmark = pytest.mark.mount

#: What is left free, in KiB. The new files are of 375.
SIZES = (4, 350)
SLOW_SIZES = (0, 8, 12, 16, 24, 32, 64, 100, 200, 300, 370, 380, 390, 400, 420, 450, 500, 600)
FREE = pytest.mark.parametrize(
    "free", [*SIZES, *(pytest.param(size, marks=pytest.mark.endless) for size in SLOW_SIZES)]
)


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Ground:
    return make_ground(tmp_path_factory.mktemp("ground"))


@pytest.fixture(scope="module")
def projects(ground: Ground) -> tuple[Path, Path]:
    """An old one and a new one: of two distributions, one file is large."""
    (ground.home / "wheels").mkdir()
    made = []
    for version in ("1.0", "2.0"):
        many = {f"demo/m{n}.py": f"# {version} {n}\n" * 400 for n in range(40)}
        wheels = (
            build_wheel(ground.home / "wheels", "demo", version, many),
            build_wheel(ground.home / "wheels", "large", version, {"large/a.py": version * 80_000}),
        )
        made.append(ground.project(f"p-{version}", *wheels))
    return made[0], made[1]


@pytest.fixture(scope="module")
def fresh(ground: Ground, projects: tuple[Path, Path]) -> str:
    ground.sync(projects[1], ground.home / "fresh")
    return digest_of(ground.home / "fresh")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with mounted_memory(tmp_path / "disk", "mode=0755,size=8m") as disk:
        yield disk


@contextmanager
def filled(disk: Path, free: int) -> Iterator[None]:
    """Have something else take all but so many KiB."""
    ballast = disk / "ballast"
    with ballast.open("wb") as stream:
        status = os.statvfs(disk)
        os.posix_fallocate(stream.fileno(), 0, status.f_bavail * status.f_frsize - free * 1024)
        try:
            yield
        finally:
            ballast.unlink()


@FREE
@pytest.mark.parametrize("existing", [False, True], ids=["fresh root", "upgrade"])
def test_3_a_root_on_a_full_disk_is_as_it_was(
    ground: Ground,
    projects: tuple[Path, Path],
    fresh: str,
    disk: Path,
    free: int,
    existing: bool,
) -> None:
    root = disk / "root"
    if existing:
        ground.sync(projects[0], root)
    before = snapshot(root)
    with filled(disk, free):
        done = ground.try_sync(projects[1], root, "--link-mode", "copy")
        beside = set(os.listdir(disk)) - {"ballast", "root"}
        assert not beside
    if done.returncode == 1:
        assert "the disk is full" in done.stderr
        assert "Free some space" in done.stderr
        assert not describe_difference(snapshot(root), before)
    else:
        assert done.returncode == 0, done.stderr
        assert free > 375
    ground.sync(projects[1], root)
    assert digest_of(root) == fresh


@FREE
def test_7_a_store_on_a_full_disk_gets_nothing_half(
    ground: Ground,
    projects: tuple[Path, Path],
    fresh: str,
    disk: Path,
    tmp_path: Path,
    free: int,
) -> None:
    root, cache = tmp_path / "root", disk / "cache"
    ground.sync(projects[0], root, cache=cache)
    before = snapshot(root)
    with filled(disk, free):
        done = ground.try_sync(projects[1], root, cache=cache)
    if done.returncode == 1:
        assert os.strerror(errno.ENOSPC) in done.stderr
        assert "--cache-dir" in done.stderr
        assert not describe_difference(snapshot(root), before)
    else:
        assert done.returncode == 0, done.stderr
        assert free > 375
    ground.sync(projects[1], root, cache=cache)
    assert digest_of(root) == fresh
    wheels = ground.home / "wheels"
    os.rename(wheels, tmp_path / "away")  # the store has it all now
    try:
        ground.sync(projects[1], tmp_path / "again", cache=cache)
    finally:
        os.rename(tmp_path / "away", wheels)
    assert digest_of(tmp_path / "again") == fresh


@pytest.mark.parametrize(
    "files",
    [20, *(pytest.param(n, marks=pytest.mark.endless) for n in (0, 1, 2, 3, 4, 5, 8, 40, 50))],
)
@pytest.mark.parametrize("existing", [False, True], ids=["fresh root", "upgrade"])
def test_3_a_root_on_a_disk_with_room_for_few_files_is_as_it_was(
    ground: Ground,
    projects: tuple[Path, Path],
    fresh: str,
    tmp_path: Path,
    files: int,
    existing: bool,
) -> None:
    """A disk can be out of inodes with room to spare; the new root has 54 of them."""
    with mounted_memory(tmp_path / "disk") as disk:
        root = disk / "root"
        if existing:
            ground.sync(projects[0], root)
        before = snapshot(root)
        status = os.statvfs(disk)
        limit_files(disk, status.f_files - status.f_ffree + files)
        done = ground.try_sync(projects[1], root, "--link-mode", "copy")
        assert done.returncode == 1, done.stderr
        assert "the disk is full" in done.stderr
        assert not describe_difference(snapshot(root), before)
        assert set(os.listdir(disk)) <= {"root"}
        limit_files(disk, 1000)
        ground.sync(projects[1], root)
        assert digest_of(root) == fresh


def limit_files(disk: Path, count: int) -> None:
    subprocess.run(["mount", "-o", f"remount,nr_inodes={count}", str(disk)], check=True)
