"""One folder, asked for in another layout or for another system, ends as a fresh root does (ROOT.md 4)."""

import sys
from pathlib import Path

import pytest

from support.desk import make_desk
from support.launching import make_lab
from support.projects import make_project
from support.trees import describe_difference, snapshot
from support.wheels import build_wheel

HERE = f"3.{sys.version_info.minor}"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (["--prefix", "root"], ["--target", "root"]),
        (["--target", "root"], ["--prefix", "root"]),
        (
            ["--target", "root", "--python-platform", "windows"],
            ["--target", "root", "--python-platform", "linux"],
        ),
    ],
)
def test_4_a_root_of_another_form_is_made_anew(
    tmp_path: Path, first: list[str], second: list[str]
) -> None:
    lab = make_lab(tmp_path / "lab")
    words = "[console_scripts]\none = one:main\n"
    wheel = build_wheel(tmp_path, "one", "1.0", {"one.py": "def main(): 0\n"}, entry_points=words)
    project = make_project(tmp_path / "project", [wheel])
    for place in (first, second):  # the second says that it makes the first's anew
        done = lab.place.run(
            *("sync", "--frozen", "--cache-dir", str(tmp_path / "cache"), *place), cwd=project
        )
        assert done.returncode == 0, done.stderr
        assert (" and is made anew" in done.stderr) == (place is second)
    changed = snapshot(project / "root")
    fresh = [word.replace("root", "fresh") for word in second]
    lab.place.run(
        *("sync", "--frozen", "--cache-dir", str(tmp_path / "cache"), *fresh), cwd=project
    )
    made = snapshot(project / "fresh")
    for each in (made, changed):
        each.pop(".", None)
    assert describe_difference(made, changed) == []


@pytest.mark.parametrize(
    ("once", "told"),
    [
        (
            "--python-version 3.99",
            f"was made for CPython 3.99, and is made anew for CPython {HERE}",
        ),
        ("--compile-bytecode", "which goes: --compile-bytecode was not said"),
    ],
)
def test_a_word_that_was_forgotten_is_told_once(tmp_path: Path, once: str, told: str) -> None:
    desk = make_desk(tmp_path / "home")
    wheel = build_wheel(tmp_path, "one", "1.0", {"one.py": ""})
    project = make_project(tmp_path / "project", [wheel])
    words = ("--python", sys.executable, "--target", "root")
    if once.startswith("--python"):
        desk.synced("--target", "root", *once.split(), cwd=project)
    else:
        desk.synced(*words, once, cwd=project)
    for dry in (True, False):
        assert told in desk.synced(*words, *["--dry-run"] * dry, cwd=project).err
    assert "warning" not in desk.synced(*words, cwd=project).err
