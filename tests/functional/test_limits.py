"""Where the system lets a process have little: words, the old root or the new one, and the way out."""

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from support.command import Place, make_place, plain_variables
from support.projects import make_project
from support.trees import describe_difference, snapshot
from support.wheels import build_wheel


@pytest.fixture(scope="module", name="place")
def _place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return make_place(tmp_path_factory.mktemp("place") / "place")


@pytest.fixture(name="wheels")
def _wheels(tmp_path: Path) -> list[Path]:
    (tmp_path / "wheels").mkdir()
    files = {name: {f"{name}/{part}.py": b"V = 1\n" for part in "abcd"} for name in "ghijkl"}
    return [build_wheel(tmp_path / "wheels", name, "1.0", each) for name, each in files.items()]


def run(
    place: Place, project: Path, kind: int | None = None, most: int = 0, target: str = "pkgs"
) -> subprocess.CompletedProcess[str]:
    """Sync with a limit on this kind of thing, and the cache beside the project."""
    words = ["sync", "--frozen", "--target", target, "--python", sys.executable]
    return subprocess.run(
        [sys.executable, place.script, *words, "--cache-dir", project.parent / "cache"],
        cwd=project,
        env=plain_variables(project.parent),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        preexec_fn=None if kind is None else lambda: resource.setrlimit(kind, (most, most)),
    )


@pytest.mark.parametrize("most", [8, 10, 11, 12, 14, 17, 20])
def test_few_open_files(place: Place, tmp_path: Path, wheels: list[Path], most: int) -> None:
    project = make_project(tmp_path / "project", wheels)
    done = run(place, project, resource.RLIMIT_NOFILE, most)
    assert "Traceback" not in done.stderr
    assert done.returncode in {0, 1, 2}, done.stderr
    if done.returncode:
        assert "open files" in done.stderr
        assert not (project / "pkgs").exists()
        assert "ulimit -n" in done.stderr


@pytest.mark.parametrize("most", [8, 9, 10, 12])
def test_few_open_files_while_a_root_changes(
    place: Place, tmp_path: Path, wheels: list[Path], most: int
) -> None:
    project = make_project(tmp_path / "project", wheels[2:])
    assert run(place, project, target="new").returncode == 0
    make_project(tmp_path / "project", wheels[:4])
    assert run(place, project, target="old").returncode == 0
    assert run(place, project).returncode == 0
    make_project(tmp_path / "project", wheels[2:])
    done = run(place, project, resource.RLIMIT_NOFILE, most)
    assert "Traceback" not in done.stderr
    if done.returncode and not (project / "pkgs" / ".siteroot").exists():
        assert describe_difference(snapshot(project / "old"), snapshot(project / "pkgs")) == []
    assert run(place, project).returncode == 0
    assert describe_difference(snapshot(project / "new"), snapshot(project / "pkgs")) == []


def test_little_memory(place: Place, tmp_path: Path, wheels: list[Path]) -> None:
    """A lock that is read takes its own size, and no more than that."""
    project = make_project(tmp_path / "project", wheels)
    assert run(place, project, resource.RLIMIT_AS, 256 << 20).returncode == 0
    with (project / "uv.lock").open("a") as lock:
        lock.write("# nothing\n" * (30 << 20))
    done = run(place, project, resource.RLIMIT_AS, 256 << 20, target="again")
    assert "Traceback" not in done.stderr
    assert (done.returncode, "too little memory" in done.stderr) == (1, True), done.stderr
    assert not (project / "again").exists()
