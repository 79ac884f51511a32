"""A project whose wheels are built here: offline, the same comparison, and that it sees what differs."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from differential.compare import Tools, compare, differences, usual_variables
from support.command import make_place
from support.interpreters import need_uv
from support.projects import make_project
from support.wheels import build_wheel, record_row

pytestmark = pytest.mark.uv

ENTRY_POINTS = "[console_scripts]\nserve = app_one:main\n\n[gui_scripts]\nshow = app_one:main\n"
SCRIPTS = {
    "scripts/plain": "#!python\nimport sys\n",
    "scripts/coded": "#!python\n# -*- coding: utf-8 -*-\nfrom __future__ import annotations\n",
    "scripts/shell": "#!/bin/sh\necho shell\n",
    "data/share/one/text": "text\n",
    "purelib/beside.py": "BESIDE = 1\n",
}


def build_wheels(folder: Path) -> list[Path]:
    """Return wheels with what is placed in more than one way."""
    folder.mkdir()
    files = {"app_one/__init__.py": "def main(): ...\n", "shared/both.py": "WHOSE = 1\n"}
    backslashes = "".join(
        record_row(path.replace("/", "\\"), text.encode()) + "\n"
        for path, text in {
            "made_there/__init__.py": "",
            "made_there-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: made-there\nVersion: 1.0\n",
            "made_there-1.0.dist-info/WHEEL": (
                "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
            ),
        }.items()
    )
    return [
        build_wheel(
            folder,
            "app-one",
            "1.0",
            files,
            entry_points=ENTRY_POINTS,
            data=SCRIPTS,
            executable=["app_one/__init__.py"],
        ),
        build_wheel(folder, "app-two", "2.0", {"shared/both.py": "WHOSE = 2\n", "space/x.py": ""}),
        build_wheel(
            folder,
            "made-there",
            "1.0",
            {"made_there/__init__.py": ""},
            record=backslashes + "made_there-1.0.dist-info\\RECORD,,\n",
        ),
    ]


@pytest.fixture(scope="module")
def trees(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[str, ...]]:
    """The folder that holds both trees, and what was found to differ."""
    folder = tmp_path_factory.mktemp("trees")
    project = make_project(folder / "project", build_wheels(folder / "wheels"))
    tools = Tools(
        siteroot=(sys.executable, str(make_place(folder / "command").script)),
        uv=need_uv(),
        caches=folder / "caches",
        variables=usual_variables(folder),
    )
    sources = ("--offline", "--no-index", "--find-links", str(folder / "wheels"))
    verdict = compare(tools, project, sys.executable, folder, sources=sources)
    assert (verdict.distributions, verdict.files > 10) == (3, True) or verdict.faults
    return folder, verdict.faults


def test_siteroot_and_uv_make_the_same_tree(trees: tuple[Path, tuple[str, ...]]) -> None:
    assert trees[1] == ()


def drop_row(root: Path) -> None:
    record = root / "app_two-2.0.dist-info" / "RECORD"
    record.write_text("".join(record.read_text().splitlines(keepends=True)[:-1]))


CHANGES: list[tuple[str, Callable[[Path], object]]] = [
    ("space/x.py: ", lambda root: (root / "space" / "x.py").write_text("x")),
    ("only uv has space/x.py", lambda root: (root / "space" / "x.py").unlink()),
    ("only siteroot has stray.py", lambda root: (root / "stray.py").write_text("")),
    ("only uv has the launcher bin/serve", lambda root: (root / "bin" / "serve").unlink()),
    ("bin/plain: ", lambda root: (root / "bin" / "plain").write_text("#!/bin/sh\nother\n")),
    ("bin/coded: ", lambda root: (root / "bin" / "coded").write_text("#!/bin/sh\nother\n")),
    ("shared/both.py: ", lambda root: (root / "shared" / "both.py").write_text("WHOSE = 3\n")),
    ("app_one/__init__.py: ", lambda root: (root / "app_one" / "__init__.py").chmod(0o644)),
    ("app_two-2.0.dist-info/RECORD: only uv has ", drop_row),
]


@pytest.mark.parametrize(("expected", "change"), CHANGES)
def test_a_difference_is_seen(
    trees: tuple[Path, tuple[str, ...]],
    tmp_path: Path,
    expected: str,
    change: Callable[[Path], object],
) -> None:
    changed = tmp_path / "siteroot"
    shutil.copytree(trees[0] / "siteroot", changed)
    change(changed)
    found = differences(changed, trees[0] / "uv")
    assert len(found) == 1
    assert found[0].startswith(expected)
