"""What is built for another target is built by what runs on this machine; then its wheel fits the target, or is refused."""

import platform
import sys
from pathlib import Path

import pytest

from support.desk import Desk, Done, make_desk
from support.sdists import BACKEND, source_files, write_tree
from support.wheels import build_wheel

PURE = "py3-none-any"
HERE = f"cp3{sys.version_info.minor}-cp3{sys.version_info.minor}-linux_{platform.machine()}"

#: Builds need `maker` there; what says its tag needs `tool`, which is another one on each system.
_MAKER = f"import tool\nassert tool.HERE\n{BACKEND}"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    index = tmp_path / "index"
    index.mkdir()
    for tag, here in (("linux_" + platform.machine(), True), ("win_amd64", False)):
        build_wheel(index, "tool", "1.0", {"tool.py": f"HERE = {here}\n"}, tag=f"py3-none-{tag}")
    for name, tag in (("pure", PURE), ("bound", HERE)):
        files = source_files(name, modules={f"{name}.py": ""})
        del files["back/inner_backend.py"]
        files["pyproject.toml"] = (
            f"[build-system]\nrequires = ['{name}-maker', \"tool ; sys_platform != 'win32'\"]\n"
            f"build-backend = 'maker'\n[project]\nname = '{name}'\nversion = '1.0'\n"
        )
        write_tree(tmp_path / name, files)
        build_wheel(index, f"{name}-maker", "1.0", {"maker.py": _MAKER.replace(PURE, tag)})
    return make_desk(tmp_path / "home")


def install(desk: Desk, tree: str, *words: str) -> Done:
    folder = desk.home.parent
    own = ("--no-index", "--find-links", folder / "index", "--cache-dir", desk.home / "cache")
    return desk.run("pip", "install", *own, "--target", "root", *words, f"./{tree}", cwd=folder)


@pytest.mark.parametrize(
    "words",
    [
        ("--python", sys.executable, "--python-platform", "windows"),
        ("--python", sys.executable, "--python-platform", "aarch64-apple-darwin"),
        ("--python", sys.executable, "--python-version", "3.99"),
        ("--python", sys.executable),
    ],
)
def test_what_is_pure_is_installed_for_any_target(
    desk: Desk, tmp_path: Path, words: tuple[str, ...]
) -> None:
    done = install(desk, "pure", *words)
    assert done.code == 0, done.err
    assert (tmp_path / "root" / "pure.py").exists()
    assert not (tmp_path / "root" / "tool.py").exists()


@pytest.mark.parametrize("words", ["--python-platform windows", "--python-version 3.99"])
def test_what_is_bound_to_this_machine_is_refused(desk: Desk, words: str) -> None:
    own = ("--python", sys.executable)
    assert install(desk, "bound", *own).code == 0
    done = install(desk, "bound", *own, "--reinstall", *words.split())
    assert done.code == 1
    assert f"bound-1.0-{HERE}.whl, does not fit the target" in done.err
