"""One folder, asked for in another layout or for another system, ends as a fresh root does (ROOT.md 4)."""

import platform
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


def test_a_platform_that_was_forgotten_is_told_once(tmp_path: Path) -> None:
    desk = make_desk(tmp_path / "home")
    there, here = "manylinux_2_31_riscv64", f"manylinux_2_17_{platform.machine()}"
    wheels = [
        build_wheel(tmp_path, name, "1.0", {f"{name}.py": tag}, tag=f"py3-none-{tag}")
        for name in ("one", "two")
        for tag in (there, here)
    ]
    plain = build_wheel(tmp_path, "plain", "1.0", {"plain.py": ""})
    project = make_project(tmp_path / "project", [*wheels, plain])
    words = ("--python", sys.executable, "--target", "root")
    elsewhere = ("--python-platform", "riscv64-unknown-linux")
    told = f"root has 2 wheels for another platform ({there}), placed anew for"
    desk.synced(*words, *elsewhere, cwd=project)
    for dry in (True, False):
        done = desk.synced(*words, "-v", *["--dry-run"] * dry, cwd=project)
        assert f"one==1.0: the lock names another file; from {wheels[1].name}\n" in done.err
        assert f"{told} this machine: --python-platform was not said" in done.err
        assert "plain==1.0: " not in done.err
    assert "warning" not in desk.synced(*words, cwd=project).err
    there, here = here, there
    done = desk.synced(*words, *elsewhere, cwd=project)
    assert f"({there}), placed anew for riscv64-unknown-linux\n" in done.err


def test_another_file_for_the_same_platform_is_no_forgotten_word(tmp_path: Path) -> None:
    desk = make_desk(tmp_path / "home")
    words = ("--python", sys.executable, "--target", "root")
    for text in ("a = 1\n", "a = 2\n"):
        wheel = build_wheel(tmp_path, "one", "1.0", {"one.py": text})
        done = desk.synced(*words, cwd=make_project(tmp_path / "project", [wheel]))
        assert "warning" not in done.err
    assert (tmp_path / "project" / "root" / "one.py").read_text() == "a = 2\n"
