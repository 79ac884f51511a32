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


def trace_calls(ground: Ground, project: Path, root: Path, *words: str) -> list[str]:
    """Return the system calls that were made by all processes of the command, as strace writes them."""
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
    return re.findall(r"^\d+ +(\w+\(.*)", out.read_text(errors="replace"), re.MULTILINE)


def count_calls(ground: Ground, project: Path, root: Path, *words: str) -> dict[str, int]:
    """Return how often each system call was made."""
    calls: dict[str, int] = {}
    for call in trace_calls(ground, project, root, *words):
        name = call.partition("(")[0]
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
    own += 370  # imports, half of it: each module is looked for and read
    own += 9 * len(tmp_path.parts)  # places are resolved, folder by folder
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


def test_a_change_looks_at_nothing_of_what_stays_but_its_record(
    ground: Ground, projects: tuple[Path, Path], tmp_path: Path
) -> None:
    small, large = projects
    root = tmp_path / "root"
    ground.sync(large, root)
    opened = [
        call.split('"')[1].removeprefix(f"{root}/")
        for call in trace_calls(ground, small, root)
        if call.startswith("open") and f'"{root}/' in call
    ]
    assert "two/d0" in opened
    assert [path for path in opened if path.startswith("one")] == ["one-1.0.dist-info/RECORD"]
    for project in (large, small):  # what was remembered after each change holds
        ground.sync(project, root)
        assert "looks just as it was left" in ground.sync(project, root, "-v")


def test_a_root_that_the_cache_does_not_know_is_read_once(
    ground: Ground, projects: tuple[Path, Path], tmp_path: Path
) -> None:
    small, large = projects
    root = tmp_path / "root"
    ground.sync(large, root)
    (kept,) = (ground.home / "cache").glob("roots-*")
    shutil.rmtree(kept)
    opened = [
        call.split('"')[1]
        for call in trace_calls(ground, small, root)
        if call.startswith("open") and f'"{root}/one/d' in call
    ]
    assert len(opened) == FOLDERS
    assert sorted(set(opened)) == sorted(opened)


def test_a_lock_never_seen_loads_nothing_that_fetches_unpacks_or_judges(
    ground: Ground, projects: tuple[Path, Path], tmp_path: Path
) -> None:
    ground.sync(projects[0], tmp_path / "first")  # its wheels are in the store then
    python, *words = ground.command(projects[0], tmp_path / "second")
    done = subprocess.run(
        [python, "-X", "importtime", *words],
        cwd=ground.home,
        env=plain_variables(ground.home),
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if "|" in line}
    assert "siteroot.store.store" in loaded
    ours = {name for name in loaded if name.partition(".")[0] == "siteroot"}
    assert len(ours) <= 152  # each takes 0.2 ms
    for name in ("siteroot.index", "urllib3", "ssl", "rich", "packaging.pylock"):
        assert name not in loaded
    for name in (
        "store.admit",
        "store.archive",
        "store.crew",
        "project.freshness",
        "interpreter.compiling",
        "workflows.bytecode",
        "workflows.verifying",
    ):
        assert f"siteroot.{name}" not in loaded
