"""Whether a lock is fresh, where only a build can tell what a project requires: it is built, as it would be a moment later."""

import sys
from pathlib import Path

import pytest

from support.desk import Desk, Done, make_desk
from support.sdists import BACKEND
from support.source_projects import inner_project


class Bench:
    """A project whose requirements its backend says."""

    def __init__(self, folder: Path) -> None:
        self.desk: Desk = make_desk(folder / "home")
        self.project = inner_project(folder / "app")
        described = self.project / "pyproject.toml"
        lines = described.read_text().splitlines(keepends=True)
        plain = "".join(line for line in lines if not line.startswith("dependencies"))
        described.write_text(
            plain.replace(
                "[project]", "[project]\ndynamic = ['dependencies', 'optional-dependencies']"
            )
        )

    def says(self, *lines: str) -> None:
        """Let the backend say this of what it builds, beside name and version."""
        end = "Version: {version}\\n"
        assert end in BACKEND
        told = BACKEND.replace(end, end + "".join(f"{line}\\n" for line in lines))
        (self.project / "back" / "inner_backend.py").write_text(told)

    def locks(self, metadata: str) -> None:
        """Let the lock know this of the project."""
        lock = self.project / "uv.lock"
        lock.write_text(f"{lock.read_text()}\n[package.metadata]\n{metadata}\n")

    def sync(self, *words: str) -> Done:
        words = ("--python", sys.executable, "--target", "../root", *words)
        return self.desk.sync(*words, cwd=self.project, frozen=False)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.mark.parametrize("words", [(), ("--locked",), ("--no-editable",), ("--dry-run",)])
def test_a_lock_that_says_what_a_build_says_is_fresh(bench: Bench, words: tuple[str, ...]) -> None:
    bench.says("Provides-Extra: more", "Requires-Dist: one>=1 ; extra == 'more'")
    bench.locks(
        "requires-dist = [{ name = 'one', marker = \"extra == 'more'\", specifier = '>=1' }]\n"
        "provides-extras = ['more']"
    )
    done = bench.sync(*words)
    assert done.code == 0, done.err
    assert done.err.count("Building ") == 1
    assert bench.sync(*words).err.count("Building ") == 0


def test_a_lock_that_does_not_is_outdated(bench: Bench) -> None:
    bench.says("Requires-Dist: one>=1")
    done = bench.sync()
    assert done.code == 1
    assert "`app` requires `one>=1`, which the lock does not know" in done.err
    bench.locks("requires-dist = [{ name = 'one', specifier = '>=1' }]")
    assert bench.sync().code == 0


@pytest.mark.parametrize("words", ["--no-build-isolation", "--no-build-isolation-package app"])
def test_what_cannot_be_built_before_all_is_selected_is_not_known(bench: Bench, words: str) -> None:
    done = bench.sync(*words.split())
    assert done.code == 2
    assert "`app` has to be built to tell its dependencies and optional-dependencies" in done.err


def test_a_build_that_fails_is_told(bench: Bench) -> None:
    (bench.project / "back" / "inner_backend.py").write_text("raise SystemExit('no compiler')")
    done = bench.sync()
    assert done.code == 1
    assert "no compiler" in done.err
