"""ROOT.md 8, through the real command: what a plain sync notices, what it leaves alone, and how little it asks."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from support.command import plain_variables
from support.ground import Ground, build_versions, digest_of, make_ground
from support.trees import describe_difference, snapshot
from support.wheels import build_wheel


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Ground:
    return make_ground(tmp_path_factory.mktemp("ground"))


@pytest.fixture(scope="module")
def project(ground: Ground) -> Path:
    return ground.project("project", *build_versions(ground.home / "wheels")["more"])


def as_left(ground: Ground, project: Path, root: Path, *, remembered: bool) -> Path:
    """Make a root as it was left, whose fingerprint the cache has, or has not."""
    ground.sync(project, root)
    if remembered:
        settle(root)
        ground.sync(project, root)
    (kept,) = (ground.home / "cache").glob("roots-*")
    if not remembered:
        shutil.rmtree(kept)
    return root


@pytest.fixture(params=[True, False], ids=["fingerprint", "none"])
def root(ground: Ground, project: Path, tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    return as_left(ground, project, tmp_path / "root", remembered=request.param)


def settle(root: Path) -> None:
    """Wait until nothing here changed just now: a fingerprint is not taken in the same tick."""
    time.sleep(0.05)
    assert root.exists()


def edit_metadata(root: Path) -> None:
    with (root / "demo-1.0.dist-info" / "METADATA").open("a") as stream:
        stream.write("Edited: yes\n")


def edit_unseen(path: Path) -> None:
    """Change a letter in place, and set the time back."""
    times = path.stat()
    content = path.read_bytes()
    path.write_bytes(content.replace(b"Name: ", b"Nane: ", 1).replace(b"siteroot", b"sitefoot"))
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


LOSSES: dict[str, Callable[[Path], object]] = {
    "a file": lambda root: (root / "demo" / "old.py").unlink(),
    "a folder": lambda root: shutil.rmtree(root / "turn"),
    "a module at the top": lambda root: (root / "top.py").unlink(),
    "a launcher": lambda root: (root / "bin" / "demo").unlink(),
    "a dist-info": lambda root: shutil.rmtree(root / "other-3.0.dist-info"),
    "a RECORD": lambda root: (root / "other-3.0.dist-info" / "RECORD").unlink(),
    "an INSTALLER": lambda root: (root / "other-3.0.dist-info" / "INSTALLER").unlink(),
    "METADATA edited": edit_metadata,
    "METADATA of the same looks": lambda root: edit_unseen(
        root / "demo-1.0.dist-info" / "METADATA"
    ),
    "INSTALLER of the same looks": lambda root: edit_unseen(root / "demo-1.0.dist-info/INSTALLER"),
    "a file renamed": lambda root: (root / "demo" / "old.py").rename(root / "demo" / "odd.py"),
    "a folder renamed": lambda root: (root / "turn").rename(root / "burn"),
    "the sitecustomize": lambda root: (root / "sitecustomize.py").unlink(),
    "our state": lambda root: (root / ".siteroot.json").unlink(),
}


#: (what is lost, whether the cache has the root's fingerprint)
ALWAYS = {
    *(("a file", True), ("a folder renamed", True), ("METADATA edited", True), ("our state", True)),
    *(("METADATA of the same looks", True), ("INSTALLER of the same looks", True)),
    *(("a file", False), ("METADATA edited", False), ("METADATA of the same looks", False)),
}


@pytest.mark.parametrize(
    ("kind", "remembered"),
    [
        pytest.param(kind, known, marks=() if (kind, known) in ALWAYS else pytest.mark.slow)
        for kind in LOSSES
        for known in (True, False)
    ],
)
def test_8_what_is_missing_is_noticed_and_put_back(
    ground: Ground, project: Path, tmp_path: Path, kind: str, remembered: bool
) -> None:
    root = as_left(ground, project, tmp_path / "root", remembered=remembered)
    before = snapshot(root)
    LOSSES[kind](root)
    checked = ground.try_sync(project, root, "--check")
    assert checked.returncode == 1, checked.stderr
    ground.sync(project, root)
    after = snapshot(root)
    added = {path for path in after if path.split("/")[0] == "burn" or path == "demo/odd.py"}
    assert after.keys() - added == before.keys()
    folders = {".", "demo"} if added else set()  # what was added moves its folder's time
    assert not [
        line
        for line in describe_difference(before, after)
        if line.partition(":")[0] not in added | folders
    ]


def test_8_what_was_added_stays(ground: Ground, project: Path, root: Path) -> None:
    for name in ("mine.py", "demo/mine.py", "own/mine.py"):
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text("mine\n")
    (root / "demo" / "old.py").unlink()
    ground.sync(project, root)
    for name in ("mine.py", "demo/mine.py", "own/mine.py"):
        assert (root / name).read_text() == "mine\n"
    assert (root / "demo" / "old.py").exists()


def test_8_an_edit_in_place_is_not_a_plain_syncs_business(
    ground: Ground, project: Path, root: Path
) -> None:
    with (root / "demo" / "__init__.py").open("r+") as stream:
        stream.write("W")
    edited = snapshot(root)
    ground.sync(project, root)
    assert snapshot(root) == edited


@pytest.mark.fast_calls
def test_8_a_root_that_shares_files_is_no_change(
    ground: Ground, project: Path, tmp_path: Path
) -> None:
    """A hard link to a stored file changes its status in all roots: its bytes are looked at once, and no more."""
    root = as_left(ground, project, tmp_path / "root", remembered=True)
    (slot,) = (ground.home / "cache/roots-v1").glob(f"*-{root.stat().st_ino:x}")
    for _ in range(2):
        kept = slot.read_bytes()
        ground.sync(project, tmp_path / "other", "--link-mode", "hardlink")
        shutil.rmtree(tmp_path / "other")
        assert "looks just as it was left" in ground.sync(project, root, "-v")
        assert slot.read_bytes() != kept
        kept = slot.read_bytes()
        assert "Checked 3 packages" in ground.sync(project, root)
        assert slot.read_bytes() == kept


@pytest.mark.fast_calls
def test_8_a_second_sync_changes_nothing_and_says_so(
    ground: Ground, project: Path, root: Path
) -> None:
    before, status = snapshot(root), root.stat()
    assert "Checked 3 packages" in ground.sync(project, root)
    assert snapshot(root) == before
    assert root.stat().st_ctime_ns == status.st_ctime_ns


def test_8_a_fingerprint_is_the_folders_own_and_not_its_paths(
    ground: Ground, project: Path, root: Path
) -> None:
    """Another root at the same path, a copy of it: judged by itself."""
    away = root.with_name("away")
    root.rename(away)
    shutil.copytree(away, root)
    (root / "top.py").unlink()
    ground.sync(project, root)
    assert digest_of(root) == digest_of(away)


WRITING = {
    *(
        "write",
        "unlink",
        "unlinkat",
        "rename",
        "renameat",
        "renameat2",
        "mkdir",
        "mkdirat",
        "rmdir",
    ),
    *(
        "utimensat",
        "chmod",
        "fchmod",
        "fchmodat",
        "link",
        "linkat",
        "symlink",
        "symlinkat",
        "creat",
    ),
}


@pytest.mark.fast_calls
@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
def test_8_nothing_to_do_asks_once_for_each_folder_and_writes_nothing(
    ground: Ground, tmp_path: Path
) -> None:
    """Counted by the kernel: two roots that differ by 60 folders and 1,200 files."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    asked = {}
    for name, count in (("few", 1), ("many", 61)):
        files = {f"{name}/p{n}/m{m}.py": "" for n in range(count) for m in range(20)}
        project = ground.project(name, build_wheel(folder, name, "1.0", files))
        root = tmp_path / name
        ground.sync(project, root)
        settle(root)
        ground.sync(project, root)
        trace = tmp_path / f"{name}.trace"
        subprocess.run(
            ["strace", "-f", "-qq", "-y", "-o", str(trace), "-e", "trace=%file,%desc"]
            + ground.command(project, root),
            cwd=ground.home,
            env=plain_variables(ground.home),
            check=True,
            capture_output=True,
        )
        lines = [line for line in trace.read_text().splitlines() if str(root) in line]
        calls = [line.split(maxsplit=1)[1].partition("(")[0] for line in lines]
        asked[name] = len(calls)
        assert not WRITING.intersection(calls)
    assert 60 <= asked["many"] - asked["few"] <= 70, asked
