"""`siteroot pip install` and `pip sync` into roots that were made for another Python, or by other commands and tools."""

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.desk import Desk, Done, make_desk
from support.installed import install_wheel, make_environment
from support.trees import describe_difference, snapshot
from support.wheels import build_wheel

HERE = ("--python", sys.executable)
OTHER = "3.99"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """An index with one distribution that is compiled, for two Pythons, and three that are not."""
    index = tmp_path / "index"
    index.mkdir()
    for minor in (f"3{sys.version_info.minor}", "399"):
        tag = f"cp{minor}-cp{minor}-linux_{platform.machine()}"
        build_wheel(index, "compiled", "1.0", {"compiled.py": f"P = {minor}\n"}, tag=tag)
    build_wheel(index, "one", "1.0", requires=["two"])
    build_wheel(index, "two", "1.0")
    build_wheel(index, "three", "1.0")
    return make_desk(tmp_path / "home")


def pip(desk: Desk, verb: str, *words: str, root: str = "root") -> Done:
    folder = desk.home.parent
    own = ("--no-index", "--find-links", folder / "index", "--cache-dir", desk.home / "cache")
    done = desk.run("pip", verb, *own, *HERE, "--target", root, *words, cwd=folder)
    assert done.code == 0, done.err
    return done


def sync(desk: Desk, *names: str, words: tuple[str, ...] = (), root: str = "root") -> Done:
    (desk.home.parent / "pins.txt").write_text("\n".join(names))
    return pip(desk, "sync", "pins.txt", *words, root=root)


@pytest.mark.parametrize("verb", ["install", "sync"])
def test_a_root_of_another_python_gets_what_is_asked_for_anew(
    desk: Desk, tmp_path: Path, verb: str
) -> None:
    pip(desk, "install", "--python-version", OTHER, "compiled", "three")
    assert (tmp_path / "root" / "compiled.py").read_text() == "P = 399\n"
    done = pip(desk, "install", "compiled") if verb == "install" else sync(desk, "compiled")
    told = f"root was made for CPython {OTHER}"
    assert told in done.err
    if verb == "install":
        assert "and 1 distribution stays as it is" in done.err
    assert (tmp_path / "root" / "compiled.py").read_text() == f"P = 3{sys.version_info.minor}\n"
    assert (tmp_path / "root" / "three.py").exists() == (verb == "install")
    again = pip(desk, "install", "compiled")
    assert "warning" not in again.err
    assert "Checked 1 package" in again.err


def test_a_root_of_another_python_says_so_where_nothing_of_it_is_replaced(desk: Desk) -> None:
    pip(desk, "install", "--python-version", OTHER, "compiled")
    done = pip(desk, "install", "three")
    assert f"was made for CPython {OTHER}: what is asked for is placed for CPython 3." in done.err
    assert "1 distribution stays as it is" in done.err


@pytest.mark.parametrize("verb", ["install", "sync"])
def test_what_another_tool_installed_for_another_python_is_replaced(
    desk: Desk, tmp_path: Path, verb: str
) -> None:
    for name, tag in (("compiled", "cp27-cp27m-win32"), ("three", "py3-none-any")):
        install_wheel(tmp_path / "root", name, "1.0", tag=tag)
    names = ("compiled", "three")
    done = pip(desk, "install", *names) if verb == "install" else sync(desk, *names)
    assert done.err.splitlines()[-1] == " ~ compiled==1.0"
    assert (tmp_path / "root" / "compiled.py").read_text() == f"P = 3{sys.version_info.minor}\n"


def test_a_sync_leaves_what_a_fresh_one_makes(desk: Desk, tmp_path: Path) -> None:
    """What was a dependency is asked for now, and the reverse; bytecode goes where it is not asked for."""
    pip(desk, "install", "--compile-bytecode", "one", "three")
    for names in (("one", "two"), ("two",), ("one", "two", "three")):
        sync(desk, *names)
        sync(desk, *names, root="fresh")
        assert describe_difference(snapshot(tmp_path / "root"), snapshot(tmp_path / "fresh")) == []
    assert (tmp_path / "root" / "two-1.0.dist-info" / "REQUESTED").exists()


def test_an_install_leaves_the_marks_of_what_is_there(desk: Desk, tmp_path: Path) -> None:
    pip(desk, "install", "--compile-bytecode", "one")
    before = snapshot(tmp_path / "root")
    pip(desk, "install", "two")
    assert describe_difference(snapshot(tmp_path / "root"), before) == []


def pips(*words: str | Path) -> None:
    """Run pip itself."""
    command = [sys.executable, "-I", "-m", "pip", "-q", "--disable-pip-version-check", *words]
    subprocess.run(command, check=True, env={"PATH": os.defpath, "PIP_ROOT_USER_ACTION": "ignore"})


def test_what_pip_took_out_of_an_environment_left_nothing(desk: Desk, tmp_path: Path) -> None:
    library = make_environment(tmp_path / "env")
    index = ("--no-index", "--find-links", tmp_path / "index", "--cache-dir", desk.home / "cache")

    def change(*words: str) -> str:
        own = ("--python", tmp_path / "env")
        done = desk.run("pip", words[0], *index, *own, *words[1:], cwd=tmp_path)
        assert done.code == 0, done.err
        return done.err

    change("install", "one")
    pips("--python", tmp_path / "env", "uninstall", "-y", "one")
    assert "warning" not in change("install", "three")
    shutil.rmtree(library / "two-1.0.dist-info")
    assert "so nobody knows which files were two's" not in change("install", "one")  # they come
    shutil.rmtree(library / "two-1.0.dist-info")
    again = ("--reinstall-package", "three", "--no-deps", "three")
    assert "so nobody knows which files were two's" in change("install", *again)
    assert (library / "two.py").exists()


def test_two_versions_that_pip_left_are_in_the_way_of_nothing_else(
    desk: Desk, tmp_path: Path
) -> None:
    """It upgrades a target without taking the old dist-info away: what was a file there may be a folder now."""
    for version, files in (("1.0", {"both": ""}), ("2.0", {"both/__init__.py": ""})):
        wheel = build_wheel(tmp_path / "index", "both", version, files)
        pips("install", "--no-deps", "--upgrade", "--target", tmp_path / "root", wheel)
    pip(desk, "install", "one")
    pip(desk, "install", "both==2.0")
    assert sorted(tmp_path.glob("root/both*")) == [
        tmp_path / "root" / "both",
        tmp_path / "root" / "both-2.0.dist-info",
    ]
