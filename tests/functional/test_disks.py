"""Link modes on disks that clone, and on one that does not: real file systems on loop devices (ROOT.md 7)."""

import fcntl
import os
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.command import plain_variables
from support.ground import Ground, digest_of, make_ground
from support.interpreters import need_uv
from support.mounts import mounted_disk
from support.strace import run_traced
from support.trees import snapshot
from support.wheels import build_wheel

pytestmark = pytest.mark.mount

_FIEMAP = 0xC020660B  # linux/fs.h
_SHARED = 0x2000  # FIEMAP_EXTENT_SHARED


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Ground:
    return make_ground(tmp_path_factory.mktemp("ground"))


@pytest.fixture(scope="module")
def project(ground: Ground) -> Path:
    """Two files are larger than what a disk keeps among its metadata."""
    (ground.home / "wheels").mkdir()
    files = {
        "demo/__init__.py": "V = 1\n",
        **{f"demo/m{n}.py": f"{n}\n" * 40_000 for n in (1, 2)},
        **{f"demo/small{n}.py": f"{n}\n" for n in range(30)},
        "demo/empty.py": "",
    }
    words = "[console_scripts]\ndemo = demo:main\n"
    return ground.project(
        "project", build_wheel(ground.home / "wheels", "demo", "1.0", files, entry_points=words)
    )


@pytest.fixture(scope="module")
def fresh(ground: Ground, project: Path) -> str:
    """The digest of a root that was copied on the disk that everything else lies on."""
    ground.sync(project, ground.home / "fresh", "--link-mode", "copy")
    return digest_of(ground.home / "fresh")


@pytest.fixture(scope="module", params=["btrfs", "xfs"])
def cloning(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp(request.param)
    with mounted_disk(request.param, folder / "image", folder / "disk") as disk:
        yield disk


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("ext4")
    with mounted_disk("ext4", folder / "image", folder / "disk") as disk:
        yield disk


def shares_blocks(path: Path) -> bool:
    """Whether all blocks of the file are some other file's too, as the file system says."""
    with path.open("rb") as stream:
        os.fsync(stream.fileno())
        head = struct.pack("=QQLLLL", 0, (1 << 64) - 1, 1, 0, 16, 0)
        answer = fcntl.ioctl(stream, _FIEMAP, head + bytes(16 * 56))
    count = struct.unpack("=L", answer[20:24])[0]
    flags = [
        struct.unpack("=L", answer[32 + 56 * n + 40 : 32 + 56 * n + 44])[0] for n in range(count)
    ]
    return bool(flags) and all(each & _SHARED for each in flags)


def clones_of(ground: Ground, trace: Path, project: Path, root: Path, cache: Path) -> list[str]:
    """Run a sync in clone mode under strace; return how each try to clone ended."""
    run_traced(
        ["-f", "-e", "trace=ioctl"],
        trace,
        ground.command(project, root, "--link-mode", "clone", cache=cache),
        cwd=ground.home,
        env=plain_variables(ground.home),
    )
    lines = [line for line in trace.read_text().splitlines() if "CLONE" in line]
    return [line.rpartition("= ")[2].split(" (")[0] for line in lines]


@pytest.mark.parametrize("mode", ["clone", None], ids=["clone", "default"])
@pytest.mark.parametrize("existing", [False, True], ids=["absent", "existing"])
def test_7_on_a_disk_that_clones_files_share_blocks_and_nothing_else(
    ground: Ground,
    project: Path,
    fresh: str,
    cloning: Path,
    tmp_path: Path,
    mode: str | None,
    existing: bool,
) -> None:
    folder = cloning / tmp_path.name
    root, cache = folder / "root", cloning / "cache"
    folder.mkdir()
    if existing:
        root.mkdir()
    words = () if mode is None else ("--link-mode", mode)
    said = ground.sync(project, root, *words, cache=cache)
    assert "warning" not in said
    assert digest_of(root) == fresh
    (stored,) = cache.rglob("m1.py")
    placed = root / "demo" / "m1.py"
    assert shares_blocks(placed)
    assert shares_blocks(root / "demo" / "m2.py")
    assert (placed.stat().st_ino != stored.stat().st_ino, placed.stat().st_nlink) == (True, 1)
    before = stored.read_bytes()
    with placed.open("r+") as stream:  # an edit does not reach the store, and is no poison
        stream.write("X")
    assert stored.read_bytes() == before
    tried = clones_of(ground, tmp_path / "trace", project, folder / "traced", cache)
    assert set(tried) == {"0"}
    assert len(tried) >= len(list((root / "demo").iterdir()))
    ground.sync(project, folder / "next", *words, cache=cache)
    assert digest_of(folder / "next") == fresh


def test_7_a_store_on_another_disk_is_copied_from(
    ground: Ground, project: Path, fresh: str, cloning: Path, tmp_path: Path
) -> None:
    """The disk clones, but not from there: only who asked for links hears that there are none."""
    root = cloning / tmp_path.name
    ground.sync(project, root / "default")
    assert "warning" not in ground.sync(project, root / "clone", "--link-mode", "clone")
    assert "files were copied" in ground.sync(project, root / "link", "--link-mode", "hardlink")
    for name in ("default", "clone", "link"):
        assert digest_of(root / name) == fresh


def test_7_a_disk_that_cannot_clone_is_asked_once(
    ground: Ground, project: Path, fresh: str, plain: Path, tmp_path: Path
) -> None:
    """Then `clone` means hard links, as with uv."""
    cache = plain / "cache"
    ground.sync(project, plain / "first", cache=cache)
    (stored,) = cache.rglob("m1.py")
    assert (plain / "first" / "demo" / "m1.py").stat().st_ino == stored.stat().st_ino
    said = ground.sync(project, plain / "clone", "--link-mode", "clone", cache=cache)
    assert "warning" not in said
    assert (plain / "clone" / "demo" / "m1.py").stat().st_ino == stored.stat().st_ino
    for name in ("first", "clone"):
        assert digest_of(plain / name) == fresh
    tried = clones_of(ground, tmp_path / "trace", project, plain / "traced", cache)
    assert tried == ["-1 EOPNOTSUPP"]
    assert snapshot(plain / "first") == snapshot(plain / "clone")


@pytest.mark.uv
def test_7_where_links_do_not_reach_uv_copies_too(
    ground: Ground, project: Path, plain: Path, tmp_path: Path
) -> None:
    """What `clone` falls back to, on that disk and from another one."""
    uv = need_uv()
    (wheel,) = (ground.home / "wheels").glob("*.whl")
    for cache, linked in ((plain / "uv", True), (tmp_path / "uv", False)):
        target = plain / f"uv-{linked}"
        words = ("--offline", "--no-index", "--link-mode", "clone", "--target", str(target))
        subprocess.run(
            [uv, "pip", "install", *words, str(wheel)],
            env=plain_variables(ground.home, {"UV_CACHE_DIR": str(cache), "TMPDIR": str(tmp_path)}),
            check=True,
            capture_output=True,
        )
        mine = plain / f"mine-{linked}"
        ground.sync(project, mine, "--link-mode", "clone", cache=Path(f"{cache}-mine"))
        for root in (target, mine):
            assert ((root / "demo" / "m1.py").stat().st_nlink > 1) == linked, root
