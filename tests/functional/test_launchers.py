"""Launchers hold no path, find a Python of the right kind, and bring the root with them (ROOT.md 5)."""

import functools
import os
import shutil
from pathlib import Path

import pytest

from support.interpreters import need_pythons, real_pythons
from support.launching import Lab, answer, make_lab, minor_of, offer, run
from support.projects import make_project
from support.wheels import build_wheel

PYTHONS = tuple(path for _, path in sorted(real_pythons().items()))
SHELLS = [
    command
    for command in (("dash",), ("bash",), ("bash", "--posix"), ("busybox", "sh"), ("zsh",))
    if shutil.which(command[0])
]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    return make_lab(tmp_path_factory.mktemp("lab"))


@pytest.fixture(scope="module")
def roots(lab: Lab) -> "Roots":
    return Roots(lab)


class Roots:
    """One root for each Python, made when it is first needed."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.of = functools.cache(self._make)

    def _make(self, python: str) -> Path:
        name = f"root-{minor_of(python)}"
        return self.lab.make_root(name, python, self.lab.wheels(pth=True))


@pytest.mark.parametrize("python", PYTHONS, ids=minor_of)
def test_a_launcher_needs_nothing_but_path(roots: Roots, tmp_path: Path, python: str) -> None:
    root = roots.of(python)
    path = [offer(tmp_path / "bin", {f"python{minor_of(python)}": python})]
    seen = answer([root / "bin" / "tool", "a", "b c", "", "*"], path)
    assert seen["argv"] == [str(root / "bin" / "tool"), "a", "b c", "", "*"]
    assert seen["path"][1] == str(root)
    assert seen["path"].count(str(root / "late")) == 1
    assert seen["effects"] == 1
    packages = [e for e in seen["path"] if e.endswith(("site-packages", "dist-packages"))]
    assert seen["path"].index(str(root)) < seen["path"].index(packages[0])
    assert os.fsencode(root) not in (root / "bin" / "tool").read_bytes()
    assert os.fsencode(python) not in (root / "bin" / "tool").read_bytes()


@pytest.mark.fast_calls
@pytest.mark.parametrize("python", PYTHONS, ids=minor_of)
def test_what_a_launcher_starts_imports_from_the_root(
    roots: Roots, tmp_path: Path, python: str
) -> None:
    root = roots.of(python)
    path = [offer(tmp_path / "bin", {"python3": python})]
    tool = root / "bin" / "tool"
    seen = answer([tool, "run", "PYTHON", "-m", "tool"], path)
    assert seen["path"].count(str(root)) == 1
    assert seen["effects"] == 1
    assert str(root / ".siteroot-start") not in seen["path"]
    grandchild = answer([tool, "run", tool, "run", "PYTHON", "-m", "tool"], path)
    assert grandchild["effects"] == 1
    assert answer([tool, "spawn"], path)[1] == 1


def test_a_venv_and_another_python_do_not_see_the_root(roots: Roots, tmp_path: Path) -> None:
    older, newer = need_pythons(2)
    root = roots.of(newer)
    path = [offer(tmp_path / "bin", {"python3": newer})]
    asked = "import importlib.util as u; print(u.find_spec('tool'))"
    tool = root / "bin" / "tool"
    assert run([tool, "run", older, "-c", asked], path).stdout == "None\n"
    made = run([tool, "run", "PYTHON", "-m", "venv", "--without-pip", tmp_path / "venv"], path)
    assert made.returncode == 0, made.stderr
    assert run([tool, "run", tmp_path / "venv/bin/python", "-c", asked], path).stdout == "None\n"
    isolated = run([tool, "run", "PYTHON", "-I", "-c", asked], path)
    assert isolated.stdout == "None\n"


def test_the_first_right_python_on_path_is_taken(roots: Roots, tmp_path: Path) -> None:
    older, newer = need_pythons(2)
    root = roots.of(newer)
    tool = root / "bin" / "tool"
    exact = f"python{minor_of(newer)}"
    shim = f"#!/bin/sh\necho 'pyenv: {exact}: command not found' >&2\nexit 127\n"
    good = {"python": newer}
    cases = {
        "only python": ({}, good),
        "python3 is another": ({"python3": older}, good),
        "the exact name is a lie": ({exact: older}, good),
        "the exact name is a shim that fails": ({exact: shim, "python3": shim}, good),
        "a shim that works": ({exact: f'#!/bin/sh\nexec "{newer}" "$@"\n'}, {}),
        "a folder of that name": ({}, good),
    }
    for case, (first, second) in cases.items():
        place = tmp_path / case
        path = [offer(place / "1", first), offer(place / "2", second)]
        if case.startswith("a folder"):
            (place / "1" / exact).mkdir()
        seen = answer([tool, "x"], path)
        assert seen["version"] == list(map(int, minor_of(newer).split("."))), case
        assert seen["argv"] == [str(tool), "x"], case
        child = answer([tool, "run", "PYTHON", "-m", "tool"], path)
        assert str(root) in child["path"], case


def test_siteroot_python_comes_first_and_a_missing_one_is_told(
    roots: Roots, tmp_path: Path
) -> None:
    older, newer = need_pythons(2)
    tool = roots.of(newer) / "bin" / "tool"
    link = tmp_path / "a python"
    link.symlink_to(newer)
    seen = answer([tool], [offer(tmp_path / "bin", {"python3": older})], SITEROOT_PYTHON=str(link))
    assert seen["executable"] == str(link)
    missing = run([tool], [tmp_path], SITEROOT_PYTHON=str(tmp_path / "none"))
    assert missing.returncode == 127
    assert str(tmp_path / "none") in missing.stderr


def test_a_siteroot_python_of_another_version_is_one_line_and_127(roots: Roots) -> None:
    older, newer = need_pythons(2)
    for name in ("tool", "own"):
        tool = roots.of(newer) / "bin" / name
        done = run([tool], [], SITEROOT_PYTHON=older)
        told = (
            f"{tool}: made for cpython {minor_of(newer)}, and SITEROOT_PYTHON, {older}, is cpython"
        )
        assert (done.returncode, done.stdout) == (127, "")
        assert done.stderr == f"{told} {minor_of(older)}\n"


def test_no_right_python_is_one_line_and_127(roots: Roots, tmp_path: Path) -> None:
    older, newer = need_pythons(2)
    tool = roots.of(newer) / "bin" / "tool"
    version = minor_of(newer)
    for case, offered in {
        "nothing": {},
        "another": {"python3": older, "python": older},
        "a lie": {f"python{version}": older},
    }.items():
        done = run([tool], [offer(tmp_path / case, offered)])
        assert done.returncode == 127, case
        assert done.stderr == (
            f"{tool}: found no cpython {version}: looked for python{version}, python3, python on"
            " PATH, and SITEROOT_PYTHON is not set\n"
        ), case
        assert done.stdout == ""


@pytest.mark.parametrize("shell", SHELLS, ids=" ".join)
def test_every_shell_reads_a_launcher(roots: Roots, tmp_path: Path, shell: list[str]) -> None:
    python = need_pythons(1)[0]
    tool = roots.of(python) / "bin" / "tool"
    path = [offer(tmp_path / "bin", {"python3": python})]
    command = [shutil.which(shell[0]) or "", *shell[1:]]
    seen = answer([*command, tool, "a", "b c"], path)
    assert seen["argv"] == [str(tool), "a", "b c"]
    own = answer([*command, tool.with_name("own"), "a"], path)
    assert own["argv"] == [str(tool.with_name("own")), "a"]
    strict = answer([*command, "-e", "-u", tool, "a"], path)
    assert strict["argv"] == [str(tool), "a"]


@pytest.mark.fast_calls
@pytest.mark.parametrize("python", PYTHONS, ids=minor_of)
def test_a_launcher_is_a_python_file_too(roots: Roots, python: str) -> None:
    """Where there is no shell (distroless images), `python DIR/bin/x` works."""
    root = roots.of(python)
    for name in ("tool", "own"):
        seen = answer([python, root / "bin" / name, "a"])
        assert seen["path"][1] == str(root)
        assert seen["argv"] == [str(root / "bin" / name), "a"]
        assert seen["effects"] == 1
        child = answer([python, "-W", "error", root / "bin" / name, "run", "PYTHON", "-m", "tool"])
        assert child["path"].count(str(root)) == 1


@pytest.mark.fast_calls
def test_a_root_is_found_through_links_spaces_and_long_paths(roots: Roots, tmp_path: Path) -> None:
    python = need_pythons(1)[0]
    original = roots.of(python)
    path = [offer(tmp_path / "bin", {"python3": python})]
    long = tmp_path / "a folder with $HOME 'quotes' \"and\" spaces"
    for part in range(20):
        long /= f"{part:02}" + "x" * 100
    long.mkdir(parents=True)
    moved = long / "ä root"
    shutil.copytree(original, moved)
    links = tmp_path / "links"
    links.mkdir()
    (links / "first").symlink_to(moved / "bin" / "tool")
    (links / "second").symlink_to("first")
    (tmp_path / "-third").symlink_to(os.path.relpath(links / "second", tmp_path))
    for command in (moved / "bin" / "tool", links / "second", tmp_path / "-third"):
        seen = answer([command], path)
        assert seen["path"][1] == str(moved)
        assert seen["argv"] == [str(command)]
        assert seen["path"].count(str(moved / "late")) == 1
        child = answer([command, "run", "PYTHON", "-m", "tool"], path)
        assert str(moved) in child["path"]
        assert answer([command, "spawn"], path)[1] == 1


def test_scripts_of_another_kind_stay_as_they_are(roots: Roots) -> None:
    root = roots.of(need_pythons(1)[0])
    assert (root / "bin" / "plain").read_bytes() == b"#!/bin/sh\necho plain\n"


def test_a_prefix_root_has_launchers_too(lab: Lab, tmp_path: Path) -> None:
    python = need_pythons(1)[0]
    root = lab.make_root("prefix", python, lab.wheels(pth=True), place="--prefix")
    library = root / "lib" / f"python{minor_of(python)}" / "site-packages"
    _see_from(root / "bin" / "tool", library, offer(tmp_path / "bin", {"python3": python}))


def test_a_pypackages_root_has_launchers_too(lab: Lab, tmp_path: Path) -> None:
    python = need_pythons(1)[0]
    project = make_project(tmp_path / "project", lab.wheels(pth=True))
    words = ("sync", "--frozen", "--python", python, "--pypackages")
    cache = lab.folder / "cache"
    done = lab.place.run(*words, "--cache-dir", str(cache), cwd=project)
    assert done.returncode == 0, done.stderr
    root = project / "__pypackages__" / minor_of(python)
    _see_from(root / "bin" / "tool", root / "lib", offer(tmp_path / "bin", {"python3": python}))


def _see_from(tool: Path, library: Path, path: Path) -> None:
    seen = answer([tool], [path])
    assert seen["path"][1] == str(library)
    assert seen["effects"] == 1
    child = answer([tool, "run", "PYTHON", "-m", "tool"], [path])
    assert child["path"].count(str(library)) == 1
    assert child["effects"] == 1


def test_a_wheels_own_script_keeps_what_has_to_come_first(lab: Lab, tmp_path: Path) -> None:
    """A docstring, a future import, a coding line: the launcher's header stands before them."""
    python = need_pythons(1)[0]
    scripts: dict[str, bytes] = {
        "doc": b'#!python\n# Copyright\n\n"""The words."""\nfrom __future__ import annotations\n'
        b"def f(x: no_such_name): pass\nprint(__doc__)\n",
        "future": b"#!python\r\nfrom __future__ import annotations\r\nprint('The words.')\r\n",
        "latin": b"#!python\n# -*- coding: latin-1 -*-\nprint('The words.' if '\xe4' == chr(228) else 0)\n",
        "mark": b"#!python\n\xef\xbb\xbfprint('The words.')\n",
        "plain": b"#!python\nimport sys\nprint('The words.')\n",
    }
    folder = tmp_path / "wheels"
    folder.mkdir()
    data = {f"scripts/{name}": text for name, text in scripts.items()}
    root = lab.make_root("own-scripts", python, [build_wheel(folder, "scripted", "1.0", data=data)])
    path = [offer(tmp_path / "bin", {"python3": python})]
    for name in scripts:
        script = root / "bin" / name
        for command in ((script,), (python, script)):
            done = run(command, path)
            assert (done.stdout, done.stderr) == ("The words.\n", ""), name
    assert (root / "bin" / "plain").read_bytes().endswith(b"\nimport sys\nprint('The words.')\n")
