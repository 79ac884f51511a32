"""A tree that its own build changes, as those do that write their version into it, is built once for one state."""

import sys
from pathlib import Path

import pytest

from support.desk import Desk, Done, make_desk
from support.sdists import BACKEND
from support.source_projects import inner_project

#: It writes a module into the tree, another one for each build, and says the version only when it builds.
WRITING = BACKEND.replace(
    "    files = {}\n",
    "    files = {}\n    open('src/made.py', 'a').write('made\\n')\n"
    "    open('../ran', 'a').write('wheel\\n')\n",
).replace(
    "def build_editable(wheel_directory, config_settings=None, metadata_directory=None):\n",
    "def build_editable(wheel_directory, config_settings=None, metadata_directory=None):\n"
    "    open('setup.cfg', 'a').write('# made\\n')\n"
    "    open('../ran', 'a').write('editable\\n')\n",
)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    project = inner_project(tmp_path / "app", backend=WRITING)
    described = project / "pyproject.toml"
    described.write_text(
        described.read_text().replace("[project]", "[project]\ndynamic = ['readme', 'license']")
    )
    return make_desk(tmp_path / "home")


def run(desk: Desk, *words: str) -> Done:
    cache = ("--cache-dir", desk.home / "cache")
    done = desk.run(*words, *cache, "--python", sys.executable, cwd=desk.home.parent / "app")
    assert done.code == 0, done.err
    return done


COMMANDS = {
    "sync of a copy": "sync --frozen --no-editable --target {}",
    "sync of an editable": "sync --frozen --target {}",
    "install": "pip install --no-deps --target {} .",
    "install anew": "pip install --no-deps --reinstall --target {} .",
    "install of an editable": "pip install --no-deps --target {} -e .",
}


@pytest.mark.parametrize("name", COMMANDS)
def test_what_a_build_writes_into_its_tree_makes_nothing_stale(
    desk: Desk, tmp_path: Path, name: str
) -> None:
    def builds(root: str) -> int:
        before = ran.read_text().count("\n") if ran.exists() else 0
        run(desk, *COMMANDS[name].format(root).split())
        return ran.read_text().count("\n") - before

    ran, described = tmp_path / "ran", tmp_path / "app" / "pyproject.toml"
    assert builds("../one") == 1
    assert builds("../two") == ("anew" in name)
    described.write_text(described.read_text() + "# changed\n")
    assert builds("../three") == 1
    assert builds("../one") == ("anew" in name)
