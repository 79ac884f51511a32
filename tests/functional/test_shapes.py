"""What the quick ways may ask of the system, counted: later changes cannot spoil them unseen (DESIGN.md 6).

Two projects, one twice as large, are synced under strace. What a folder, a file and a distribution more cost is the
difference; what is left is the command's own.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.command import plain_variables
from support.ground import Ground, make_ground
from support.wheels import build_wheel

STRACE = shutil.which("strace")
pytestmark = [
    pytest.mark.fast_calls,
    pytest.mark.skipif(STRACE is None, reason="needs strace"),
]

FOLDERS, FILES = 20, 400  # of a distribution
INFO = 4  # files of a dist-info that a no-op looks at: METADATA, WHEEL, INSTALLER, RECORD, and REQUESTED


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Ground:
    return make_ground(tmp_path_factory.mktemp("ground"))


@pytest.fixture(scope="module")
def projects(ground: Ground) -> tuple[Path, Path]:
    folder = ground.home / "wheels"
    folder.mkdir()
    wheels = [
        build_wheel(
            folder,
            name,
            "1.0",
            {f"{name}/d{count % FOLDERS}/m{count}.py": f"V = {count}\n" for count in range(FILES)},
        )
        for name in ("one", "two")
    ]
    return ground.project("small", wheels[0]), ground.project("large", *wheels)


def count_calls(ground: Ground, project: Path, root: Path, *words: str) -> dict[str, int]:
    """Return how often each system call was made, by all processes of the command."""
    assert STRACE is not None
    out = ground.home / "calls"
    done = subprocess.run(
        [STRACE, "-f", "-qq", "-o", out, *ground.command(project, root, *words)],
        cwd=ground.home,
        env=plain_variables(ground.home),
        capture_output=True,
        text=True,
        check=False,
    )
    if "Operation not permitted" in done.stderr:
        pytest.skip("processes may not be traced here")
    assert done.returncode == 0, done.stderr
    calls: dict[str, int] = {}
    for name in re.findall(r"^\d+ +(\w+)\(", out.read_text(errors="replace"), re.MULTILINE):
        calls[name] = calls.get(name, 0) + 1
    return calls


def grown(small: dict[str, int], large: dict[str, int]) -> int:
    return sum(large.values()) - sum(small.values())


def start_of_python(ground: Ground) -> int:
    """Return how many calls an interpreter makes that does nothing."""
    assert STRACE is not None
    out = ground.home / "start"
    subprocess.run([STRACE, "-f", "-qq", "-o", out, sys.executable, "-c", "pass"], check=True)
    return out.read_text(errors="replace").count("\n")


def test_nothing_to_do_looks_at_folders_and_metadata_alone(
    ground: Ground, projects: tuple[Path, Path], tmp_path: Path
) -> None:
    counts = []
    for project in projects:
        root = tmp_path / project.name
        ground.sync(project, root)
        counts.append(count_calls(ground, project, root))
    own = FOLDERS + 2 + INFO + 1  # with the package's folder, the dist-info, and REQUESTED
    assert grown(*counts) <= own + 3
    own += 420  # imports, half of it: each module is looked for and read
    assert sum(counts[0].values()) - start_of_python(ground) <= own


@pytest.mark.parametrize(("mode", "each"), [("hardlink", 2.1), ("copy", 7.5)])
def test_a_root_is_made_from_its_plan_with_no_more_calls_than_it_needs(
    ground: Ground, projects: tuple[Path, Path], tmp_path: Path, mode: str, each: float
) -> None:
    """A link: one look, one link. A copy: open, look, create, copy, time, close twice."""
    counts = []
    for project in projects:
        root = tmp_path / project.name
        words = ("--link-mode", mode)
        ground.sync(project, root, *words)
        shutil.rmtree(root)
        counts.append(count_calls(ground, project, root, *words))
    rendered = 4 * 7  # INSTALLER, REQUESTED, RECORD: create, write, time, close
    assert grown(*counts) <= each * (FILES + INFO) + 2.2 * FOLDERS + rendered + 60
    assert counts[0].get("fork", 0) + counts[0].get("clone", 0) + counts[0].get("vfork", 0) <= 8


def test_a_change_reads_no_module_that_stays(
    ground: Ground, projects: tuple[Path, Path], tmp_path: Path
) -> None:
    small, large = projects
    root = tmp_path / "root"
    ground.sync(large, root)
    calls = count_calls(ground, small, root)
    assert calls.get("rename", 0) + calls.get("renameat", 0) < FILES + 40  # those that go, alone
    assert calls.get("copy_file_range", 0) == 0
