"""Roots, groups, conflicts and forks of small workspaces: what uv selects and what it refuses, siteroot does too."""

import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from siteroot.errors import SiterootError
from siteroot.interpreter.probe import probe_interpreter
from siteroot.model.request import InstallFilter, SelectionRequest
from siteroot.model.settings import Settings
from siteroot.model.target import Target
from siteroot.select.pins import select_pins
from support.selection import read_locked_project
from support.uv_sync import Answer, run_uv, uv_selects

pytestmark = pytest.mark.uv

BUILT = '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'


def library(name: str, version: str = "1", extra: str = "") -> str:
    return f'[project]\nname = "{name}"\nversion = "{version}"\nrequires-python = ">=3.9"\n{extra}{BUILT}'


#: A workspace with a project at its root, and members that have groups, defaults and extras of their own.
GROUPS = {
    "": """
[project]
name = "top"
version = "1"
requires-python = ">=3.9"
dependencies = ["liba"]
[project.optional-dependencies]
rx = ["libx"]
[dependency-groups]
dev = ["libd"]
topg = ["libg"]
both = ["libg"]
[tool.uv]
default-groups = ["topg"]
[tool.uv.workspace]
members = ["m*", "lib*"]
[tool.uv.sources]
liba = { workspace = true }
libx = { workspace = true }
libd = { workspace = true }
libg = { workspace = true }
""",
    "m1": """
[project]
name = "m1"
version = "1"
requires-python = ">=3.9"
dependencies = ["libm", "libx; sys_platform == 'win32'"]
[project.optional-dependencies]
mx = ["libx"]
empty = []
[dependency-groups]
dev = ["libn"]
mg = ["libo"]
both = ["libo"]
[tool.uv]
default-groups = ["mg"]
[tool.uv.sources]
libm = { workspace = true }
libn = { workspace = true }
libo = { workspace = true }
libx = { workspace = true }
""",
    "m2": """
[project]
name = "m2"
version = "1"
requires-python = ">=3.9"
dependencies = ["libm"]
[dependency-groups]
dev = ["libn"]
[tool.uv.sources]
libm = { workspace = true }
libn = { workspace = true }
""",
} | {f"lib{letter}": library(f"lib{letter}") for letter in "adgmnox"}

#: A root without [project], with groups of its own.
BARE = {
    "": """
[dependency-groups]
dev = ["libd"]
topg = ["libg", "libx[more]"]
[tool.uv.workspace]
members = ["m1", "lib*"]
[tool.uv.sources]
libd = { workspace = true }
libg = { workspace = true }
libx = { workspace = true }
""",
    "m1": library(
        "m1",
        extra='dependencies = ["libd"]\n[tool.uv.sources]\nlibd = { workspace = true }\n[dependency-groups]\nmg = ["libd"]\n',
    ),
    "libd": library("libd"),
    "libg": library("libg"),
    "libx": library(
        "libx",
        extra='[project.optional-dependencies]\nmore = ["libg"]\n[tool.uv.sources]\nlibg = { workspace = true }\n',
    ),
}

#: Extras that conflict, each with its own version of a library; one dependency turns an extra on by itself.
CONFLICTS = {
    "": """
[project]
name = "top"
version = "1"
requires-python = ">=3.9"
dependencies = ["common"]
[project.optional-dependencies]
one = ["variant"]
two = ["variant"]
three = ["tool[fast]"]
four = ["tool[slow]"]
[dependency-groups]
dev = ["common"]
gone = ["variant"]
gtwo = ["variant"]
self = ["top[two]"]
[tool.uv]
conflicts = [
  [{ extra = "one" }, { extra = "two" }],
  [{ group = "gone" }, { group = "gtwo" }],
  [{ extra = "one" }, { group = "gtwo" }],
  [{ extra = "two" }, { group = "gone" }],
  [{ package = "tool", extra = "fast" }, { package = "tool", extra = "slow" }],
]
[tool.uv.workspace]
members = ["tool"]
[tool.uv.sources]
tool = { workspace = true }
common = { path = "common" }
variant = [
  { path = "v1", extra = "one" }, { path = "v2", extra = "two" },
  { path = "v1", group = "gone" }, { path = "v2", group = "gtwo" },
]
"""
    + BUILT,
    "common": library("common"),
    "v1": library(
        "variant",
        "1",
        'dependencies = ["common"]\n[tool.uv.sources]\ncommon = { path = "../common" }\n',
    ),
    "v2": library("variant", "2"),
    "w1": library("engine", "1"),
    "w2": library("engine", "2"),
    "tool": library(
        "tool",
        extra="""
[project.optional-dependencies]
fast = ["engine"]
slow = ["engine"]
[tool.uv.sources]
engine = [{ path = "../w1", extra = "fast" }, { path = "../w2", extra = "slow" }]
""",
    ),
}

#: Members that conflict as wholes.
PROJECTS = {
    "": """
[project]
name = "top"
version = "1"
requires-python = ">=3.9"
[tool.uv]
conflicts = [[{ package = "m1" }, { package = "m2" }]]
[tool.uv.workspace]
members = ["m1", "m2"]
""",
    "m1": library(
        "m1", extra='dependencies = ["variant"]\n[tool.uv.sources]\nvariant = { path = "../v1" }\n'
    ),
    "m2": library(
        "m2", extra='dependencies = ["variant"]\n[tool.uv.sources]\nvariant = { path = "../v2" }\n'
    ),
    "v1": library("variant", "1"),
    "v2": library("variant", "2"),
}

#: Forks by platform and Python, and a platform that the lock leaves out.
FORKS = {
    "": """
[project]
name = "top"
version = "1"
requires-python = ">=3.9"
dependencies = ["variant", "common; python_version < '3.10'"]
[tool.uv]
environments = ["sys_platform == 'linux'", "sys_platform == 'win32'"]
[tool.uv.sources]
common = { path = "common" }
variant = [
  { path = "v1", marker = "sys_platform == 'linux'" },
  { path = "v2", marker = "sys_platform != 'linux'" },
]
""",
    "common": library("common"),
    "v1": library("variant", "1"),
    "v2": library("variant", "2"),
}

WORKSPACES: Mapping[str, Mapping[str, str]] = {
    "groups": GROUPS,
    "bare": BARE,
    "conflicts": CONFLICTS,
    "projects": PROJECTS,
    "forks": FORKS,
}

CASES = [
    *[("groups", words) for words in (
        "", "--package m1", "--package m2", "--package m1 --package m2", "--all-packages",
        "--package top", "--package m1 --group topg", "--package m1 --group both", "--package m1 --group dev",
        "--package m1 --dev", "--package m1 --no-default-groups", "--package m1 --all-groups",
        "--package m1 --no-group mg", "--package m1 --no-group topg", "--package m2 --group mg",
        "--package m1 --only-group topg", "--package m1 --only-group mg", "--package m1 --extra mx",
        "--package m1 --extra empty", "--package m1 --extra rx", "--package m1 --all-extras",
        "--package m1 --all-extras --no-extra mx", "--all-packages --extra rx --extra mx",
        "--all-packages --all-groups", "--all-packages --no-group dev", "--package LibA", "--package nope",
        "--group nope", "--no-group nope", "--only-group nope", "--extra nope", "--no-extra nope",
        "--only-dev", "--dev", "--no-dev", "--no-install-project", "--no-install-local", "--package m2 --only-dev",
        "--all-packages --no-install-project", "--all-packages --no-install-workspace",
        "--package m1 --no-install-package libm", "--no-install-package nope", "--no-build",
        "--all-packages --only-install-package liba --only-install-package libm",
        "--all-packages --only-install-local", "--all-packages --only-install-project",
        "--package m1 --only-install-workspace --no-install-package libm",
    )],
    *[("bare", words) for words in (
        "", "--group topg", "--only-group topg", "--no-dev", "--all-groups", "--no-group topg --all-groups",
        "--package m1", "--package m1 --group topg", "--package m1 --group mg", "--group mg", "--extra more",
        "--package libx --extra more", "--all-packages", "--only-dev", "--group nope", "--no-default-groups",
    )],
    *[("conflicts", words) for words in (
        "", "--extra one", "--extra two", "--extra one --extra two", "--all-extras", "--all-extras --no-extra one",
        "--group gone", "--group gtwo", "--group gone --group gtwo", "--all-groups", "--extra one --group gtwo",
        "--extra one --group gone", "--extra three", "--extra four", "--extra three --extra four",
        "--extra three --extra one", "--group self", "--only-group self", "--extra two --group self",
        "--package tool", "--package tool --extra fast", "--package tool --all-extras", "--all-packages --extra one",
        "--all-packages --extra fast", "--all-packages --extra fast --extra slow", "--only-group gone",
        "--all-packages --extra three --extra slow", "--extra one --group self",
    )],
    *[("projects", words) for words in (
        "", "--package m1", "--package m2", "--package m1 --package m2", "--all-packages", "--package top --package m1",
    )],
    *[("forks", words) for words in ("", "--no-install-package variant")],
]  # fmt: skip


@pytest.fixture(scope="module")
def target() -> Target:
    return probe_interpreter(sys.executable, None, dict(os.environ))


@pytest.fixture(scope="module")
def workspaces(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    made = {}
    for name, folders in WORKSPACES.items():
        root = tmp_path_factory.mktemp(name)
        for folder, pyproject in folders.items():
            (root / folder).mkdir(exist_ok=True)
            (root / folder / "pyproject.toml").write_text(pyproject)
        run_uv(str(root), sys.executable, "lock", "-q").check_returncode()
        made[name] = root
    return made


def request_of(words: str) -> tuple[SelectionRequest, Settings]:
    """Return the request that the words of a command line make."""
    lists: dict[str, list[str]] = {}
    flags = set()
    iterator = iter(words.split())
    for word in iterator:
        if (
            word in ("--dev", "--no-dev", "--only-dev", "--no-build")
            or word.startswith("--all-")
            or (
                word.startswith(("--no-", "--only-"))
                and word.endswith(("-project", "-workspace", "-local", "-groups"))
            )
        ):
            flags.add(word)
        else:
            lists.setdefault(word, []).append(next(iterator))

    def listed(word: str) -> tuple[str, ...]:
        return tuple(lists.pop(word, ()))

    install = InstallFilter(
        no_project="--no-install-project" in flags,
        no_workspace="--no-install-workspace" in flags,
        no_local="--no-install-local" in flags,
        only_project="--only-install-project" in flags,
        only_workspace="--only-install-workspace" in flags,
        only_local="--only-install-local" in flags,
        no_packages=listed("--no-install-package"),
        only_packages=listed("--only-install-package"),
    )
    request = SelectionRequest(
        extras=listed("--extra"),
        no_extras=listed("--no-extra"),
        groups=listed("--group"),
        no_groups=listed("--no-group"),
        only_groups=listed("--only-group"),
        packages=listed("--package"),
        all_extras="--all-extras" in flags,
        all_groups="--all-groups" in flags,
        all_packages="--all-packages" in flags,
        no_default_groups="--no-default-groups" in flags,
        dev=True if "--dev" in flags else False if "--no-dev" in flags else None,
        only_dev="--only-dev" in flags,
        install=install,
    )
    assert not lists, f"{lists} are not understood"
    return request, Settings(no_build="--no-build" in flags or None)


def chosen_by_siteroot(folder: Path, words: str, target: Target) -> tuple[int, Answer]:
    project, lock = read_locked_project(str(folder))
    request, settings = request_of(words)
    try:
        selected = select_pins(lock, project, target, request, settings, project.root)
    except SiterootError as error:
        return 2, error.message.partition("\n")[0]
    return 0, {pin.name: None for pin in selected.pins}


#: Words of uv's that siteroot says otherwise.
OWN_WORDS = {
    "Could not find root package `nope`": "package `nope` is not in the workspace",
}


@pytest.mark.parametrize(("workspace", "words"), CASES)
def test_selects_and_refuses_as_uv(
    workspaces: Mapping[str, Path], target: Target, workspace: str, words: str
) -> None:
    folder = workspaces[workspace]
    code, answer = uv_selects(str(folder), sys.executable, *words.split())
    expected = OWN_WORDS.get(answer, answer) if isinstance(answer, str) else answer
    assert chosen_by_siteroot(folder, words, target) == (code, expected)


@pytest.mark.parametrize(
    ("platform", "variant"), [("linux", "v1"), ("windows", "v2"), ("macos", None)]
)
def test_forks_and_environments_as_uv(
    workspaces: Mapping[str, Path], target: Target, platform: str, variant: str | None
) -> None:
    folder = workspaces["forks"]
    code, answer = uv_selects(str(folder), sys.executable, "--python-platform", platform)
    name = {"linux": "linux", "windows": "win32", "macos": "darwin"}[platform]
    there = replace(target, markers={**target.markers, "sys_platform": name})
    assert chosen_by_siteroot(folder, "", there) == (code, answer)
    assert code == (2 if variant is None else 0)
    if variant is not None:
        project, lock = read_locked_project(str(folder))
        pins = select_pins(lock, project, there, SelectionRequest(), Settings(), project.root).pins
        assert [pin.source.path for pin in pins if hasattr(pin.source, "path")] == [variant]


@pytest.mark.parametrize("revision", [3, 5])
@pytest.mark.parametrize(
    "words", ["", "--package m1", "--package top", "--package m1 --package m2", "--all-packages"]
)
def test_default_groups_under_frozen_come_from_where_uv_has_them(
    workspaces: Mapping[str, Path], tmp_path: Path, target: Target, words: str, revision: int
) -> None:
    """The lock's `default-groups` are gone: revision 5 then means ["dev"], before it the root's list holds."""
    folder = tmp_path
    for name, pyproject in GROUPS.items():
        (folder / name).mkdir(exist_ok=True)
        (folder / name / "pyproject.toml").write_text(pyproject)
    lines = (workspaces["groups"] / "uv.lock").read_text().splitlines(keepends=True)
    text = "".join(line for line in lines if not line.startswith("default-groups"))
    (folder / "uv.lock").write_text(text.replace("revision = 5", f"revision = {revision}"))
    code, answer = uv_selects(str(folder), sys.executable, *words.split())
    assert code == 0
    assert chosen_by_siteroot(folder, words, target) == (0, answer)
