"""What strangers write reaches a terminal as words: it moves no cursor, turns no text around, and says nothing in our name."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from support.desk import Desk, make_desk
from support.projects import append, change, make_project
from support.wheels import build_wheel

#: The title of a window, red, a control character of eight bits, text from right to left.
EVIL = "\x1b]0;own\x07\x1b[31m\x9b31m\u202e"
_TOML = json.dumps(EVIL)[1:-1]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return make_desk(tmp_path / "home")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    return make_project(tmp_path / "project", [build_wheel(wheels, "demo", "1.0")])


def foreign(project: Path) -> None:
    """A distribution of somebody else, whose folder's name is evil."""
    folder = project / "pkgs" / f"x{EVIL}-1.0.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text("Name: x\nVersion: 1.0\n")
    (folder / "RECORD").write_text(f"{folder.name}/RECORD,,\n")


TARGET = ("--target", "pkgs")

#: Who says it, and where; the words of the command.
ROWS: dict[str, tuple[Callable[[Path], object], tuple[str, ...]]] = {
    "a wheel's URL": (
        lambda p: change(p, "uv.lock", "file://", f"http://127.0.0.1:1/{_TOML}"),
        TARGET,
    ),
    "a wheel's tag": (lambda p: change(p, "uv.lock", "-py3-", f"-{_TOML}-"), TARGET),
    "the setting of the place": (
        lambda p: append(p, "pyproject.toml", f'\n[tool.siteroot]\ntarget = "pk{_TOML}"\n'),
        (),
    ),
    "a key of uv's settings": (
        lambda p: append(p, "pyproject.toml", f'\n[tool.uv]\n"{_TOML}" = 1\n'),
        TARGET,
    ),
    "the pattern of members": (
        lambda p: append(p, "pyproject.toml", f'\n[tool.uv.workspace]\nmembers = ["m{_TOML}*["]\n'),
        TARGET,
    ),
    "the wanted Python": (lambda p: (p / ".python-version").write_text(f"3.{EVIL}\n"), TARGET),
    "a foreign folder": (foreign, TARGET),
}


@pytest.mark.parametrize("said", ROWS)
@pytest.mark.parametrize("color", ["always", "never"])
def test_strangers_words_steer_no_terminal(
    desk: Desk, project: Path, said: str, color: str
) -> None:
    prepare, words = ROWS[said]
    prepare(project)
    here = () if said == "the wanted Python" else ("--python", sys.executable)
    variables = {"UV_HTTP_RETRIES": "0"}
    done = desk.sync("-v", "--color", color, *here, *words, cwd=project, variables=variables)
    assert "\\x1b]0;own\\x07\\x1b[31m\\x9b31m\\u202e" in done.err
    for sign in ("\x1b]", "\x07", "\x9b", "\u202e"):
        assert sign not in done.err
    if color == "never":
        assert "\x1b" not in done.err


def test_a_place_of_two_lines_is_said_in_one(desk: Desk, project: Path) -> None:
    """Else what comes after the break would look like a line of ours."""
    done = desk.synced(
        "--python", sys.executable, "--target", "pkgs\nerror: run it as root", cwd=project
    )
    assert "Created site root at: pkgs\\nerror: run it as root\n" in done.err
