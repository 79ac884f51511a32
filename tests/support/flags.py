"""A project with extras and groups that each flag of `siteroot sync` can be shown on."""

import sys
from pathlib import Path

from .desk import Done
from .projects import make_project
from .wheels import build_wheel

HERE = ("--python", sys.executable)
NAMES = {"base", "dep", "devtool"}  # what a plain sync of the project installs


def build_flag_wheels(folder: Path) -> dict[str, Path]:
    """Build the wheels of `write_project`, by name."""
    requires = {"base": ["dep"]}
    names = ("base", "dep", "quick", "slow", "linter", "devtool")
    return {n: build_wheel(folder, n, "1.0", requires=requires.get(n, ())) for n in names}


def write_project(folder: Path, wheels: dict[str, Path], settings: str = "") -> Path:
    """Write a project with a dependency, two extras and two groups."""
    groups = {"dev": ["devtool"], "lint": ["linter"]}
    make_project(folder, wheels.values(), dependencies=["base"], groups=groups, settings=settings)
    extras = {"fast": "quick", "slow": "slow"}
    _insert(
        folder / "pyproject.toml",
        "[dependency-groups]",
        "[project.optional-dependencies]\n"
        + "".join(f'{extra} = ["{name}"]\n' for extra, name in extras.items()),
    )
    _insert(
        folder / "uv.lock",
        "[package.dev-dependencies]",
        "[package.optional-dependencies]\n"
        + "".join(f'{extra} = [{{ name = "{name}" }}]\n' for extra, name in extras.items()),
    )
    lock = folder / "uv.lock"
    rows = "".join(f', {{ name = "{n}", marker = "extra == \'{e}\'" }}' for e, n in extras.items())
    text = lock.read_text()
    plain = 'requires-dist = [{ name = "base" }'
    assert plain in text
    lock.write_text(
        text.replace(f"{plain}]", f'{plain}{rows}]\nprovides-extras = ["fast", "slow"]')
    )
    return folder


def _insert(path: Path, before: str, text: str) -> None:
    content = path.read_text()
    assert content.count(before) == 1
    path.write_text(content.replace(before, f"{text}\n{before}"))


def installed(done: Done) -> set[str]:
    """Return the names that a sync, which must have come about, installed."""
    assert done.code == 0, done.err
    return set(done.changes)


def parse_variables(text: str) -> dict[str, str]:
    """Return variables written as NAME=VALUE, parted by spaces."""
    return dict(one.split("=", 1) for one in text.split())
