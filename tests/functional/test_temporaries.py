"""What a sync without a cache puts below TMPDIR goes with it, however it ends; after SIGKILL, with the next command."""

import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.command import make_place, plain_variables
from support.projects import make_project
from support.wheels import build_wheel


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A project whose sync takes a while, and a folder for temporary files of its own."""

    project: Path
    wheels: list[Path]
    temporary: Path
    script: Path

    def start(self, *words: str) -> "subprocess.Popen[bytes]":
        """Start the command, with that folder for its temporary files."""
        return subprocess.Popen(
            [sys.executable, str(self.script), *words],
            cwd=self.project,
            env=plain_variables(self.project.parent, {"TMPDIR": str(self.temporary)}),
            stderr=subprocess.PIPE,
        )

    def start_sync(self, target: str) -> "tuple[subprocess.Popen[bytes], Path]":
        """Start a sync without a cache, and return it with its temporary folder once that is in use."""
        before = set(self.temporary.iterdir())
        child = self.start(
            *("sync", "--frozen", "--no-cache", "--target", target, "--python", sys.executable)
        )
        end = time.monotonic() + 30
        while time.monotonic() < end:
            new = set(self.temporary.iterdir()) - before
            if any(any(folder.iterdir()) for folder in new):
                return child, new.pop()
            time.sleep(0.001)
        raise AssertionError("no temporary folder was made")


@pytest.fixture
def site(tmp_path: Path) -> Site:
    for name in ("tmp", "wheels"):
        (tmp_path / name).mkdir()
    wheels = [
        build_wheel(
            tmp_path / "wheels",
            f"d{n}",
            "1.0",
            {f"d{n}/m{part}.py": os.urandom(500) for part in range(60)},
        )
        for n in range(20)
    ]
    return Site(
        project=make_project(tmp_path / "project", wheels),
        wheels=wheels,
        temporary=tmp_path / "tmp",
        script=make_place(tmp_path / "place").script,
    )


@pytest.mark.parametrize("number", [None, signal.SIGTERM, signal.SIGINT, signal.SIGHUP], ids=str)
def test_no_temporary_folder_stays(site: Site, number: signal.Signals | None) -> None:
    if number is None:  # it fails by itself
        shutil.copy(site.wheels[3], site.wheels[7])
    child, _ = site.start_sync("pkgs")
    if number is not None:
        assert child.poll() is None
        child.send_signal(number)
    _, told = child.communicate(timeout=30)
    assert child.returncode == (1 if number is None else 128 + number), told
    assert list(site.temporary.iterdir()) == []
    assert sorted(each.name for each in site.project.iterdir()) == ["pyproject.toml", "uv.lock"]


@pytest.mark.parametrize(
    "next_one",
    [
        ("sync", "--frozen", "--no-cache", "--target", "next", "--python", sys.executable),
        ("cache", "prune"),
    ],
    ids=lambda words: words[0],
)
def test_what_a_killed_one_left_goes_with_the_next(site: Site, next_one: tuple[str, ...]) -> None:
    living, in_use = site.start_sync("living")
    end = time.monotonic() + 30
    while not any(in_use.iterdir()):  # then it is held
        assert time.monotonic() < end
        time.sleep(0.001)
    living.send_signal(signal.SIGSTOP)
    killed, dead = site.start_sync("killed")
    killed.kill()
    killed.communicate(timeout=30)
    assert dead.is_dir()
    foreign = site.temporary / f"siteroot-{'0' * 24}"  # no folder, so none of ours
    foreign.touch()
    after = site.start(*next_one)
    _, told = after.communicate(timeout=30)
    assert after.returncode == 0, told
    assert sorted(site.temporary.iterdir()) == sorted([foreign, in_use])
    living.send_signal(signal.SIGCONT)
    _, told = living.communicate(timeout=30)
    assert living.returncode == 0, told
    assert (site.project / "living" / "d19").is_dir()
    assert sorted(site.temporary.iterdir()) == [foreign]
