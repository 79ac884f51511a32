"""Freshness against uv where the root is no project: groups of its own, members, archives, commits, named indexes."""

import subprocess
from pathlib import Path

import pytest

from siteroot.project.freshness import Fresh, Stale, Unknown
from support.freshness import edit, judge, run_uv
from support.git import need_git
from support.wheels import build_wheel

pytestmark = pytest.mark.uv

ROOT = """\
[dependency-groups]
lint = ["aa", "one ; python_version >= '3.10'"]
none = []

[[tool.uv.index]]
name = "flat"
url = "./wheels"
format = "flat"
default = true

[tool.uv.workspace]
members = ["one", "two"]

[tool.uv.sources]
one = { workspace = true }
arch = { path = "arch-1.0-py3-none-any.whl" }
commit = { git = "REPOSITORY", tag = "v1" }
"""
ONE = """\
[project]
name = "one"
dynamic = ["version"]
requires-python = ">=3.9"
dependencies = ["aa; sys_platform == 'win32'"]

[project.optional-dependencies]
base = ["bb"]
all = ["one[base]"]

[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
"""
#: A backend that tells a version, and the extras written out, as hatchling does.
BACKEND = """\
import os

METADATA = '''Metadata-Version: 2.2
Name: one
Version: 7
Dynamic: Version
Requires-Python: >=3.9
Requires-Dist: aa; sys_platform == 'win32'
Provides-Extra: base
Requires-Dist: bb; extra == 'base'
Provides-Extra: all
Requires-Dist: bb; extra == 'all'
'''

def prepare_metadata_for_build_wheel(folder, settings=None):
    os.mkdir(os.path.join(folder, "one-7.dist-info"))
    with open(os.path.join(folder, "one-7.dist-info", "METADATA"), "w") as file:
        file.write(METADATA)
    return "one-7.dist-info"

prepare_metadata_for_build_editable = prepare_metadata_for_build_wheel
"""
TWO = """\
[project]
name = "two"
version = "1.0"
requires-python = ">=3.8"
dependencies = ["one[all]", "commit", "arch>=1", "bb @ WHEEL"]

[tool.uv]
package = false

[tool.uv.sources]
one = { workspace = true, editable = false }
bb = [{ index = "flat", marker = "sys_platform == 'linux'" }]
"""

EDITS: dict[str, tuple[str, str, str]] = {
    # what changes nothing
    "the order of members": ("app", '"one", "two"', '"two", "one"'),
    "members by a glob": ("app", '"one", "two"', '"[ot]*"'),
    "a marker's spelling": ("app", "python_version >= '3.10'", "python_version > '3.9'"),
    "an empty group less": ("app", "none = []\n", ""),
    "an extra written out, version dynamic": ("app/one", '"one[base]"', '"bb"'),
    "a tag in other words": ("app", 'tag = "v1"', 'tag = "v1", marker = "os_name != \'impossible\' or os_name == \'impossible\'"'),
    # what makes the lock stale
    "a group's requirement less": ("app", '"aa", ', ""),
    "a group more": ("app", "none = []", 'none = ["aa"]'),
    "default-groups of the root": ("app", "[[tool.uv.index]]", '[tool.uv]\ndefault-groups = ["none"]\n[[tool.uv.index]]'),
    "a group's Python": ("app", "[[tool.uv.index]]", '[tool.uv.dependency-groups]\nlint = { requires-python = ">=3.11" }\n[[tool.uv.index]]'),
    "a group's Python that all have": ("app", "[[tool.uv.index]]", '[tool.uv.dependency-groups]\nlint = { requires-python = ">=3.9" }\n[[tool.uv.index]]'),
    "a member less": ("app", '"one", "two"', '"one"'),
    "editable after all": ("app/two", "editable = false", "editable = true"),
    "another marker of a source": ("app/two", "== 'linux'", "== 'win32'"),
    "another index": ("app/two", 'bb = [{ index = "flat", marker = "sys_platform == \'linux\'" }]', ""),
    "another archive": ("app", "arch-1.0", "arch-1.1"),
    "another tag": ("app", '"v1"', '"v2"'),
    "a branch": ("app", 'tag = "v1"', 'branch = "main"'),
    "no archive": ("app", 'arch = { path = "arch-1.0-py3-none-any.whl" }\n', ""),
    "a static version": ("app/one", 'dynamic = ["version"]', 'version = "1"'),
    "a package": ("app/two", "package = false", "package = true"),
}  # fmt: skip
#: What cannot be told for sure, so that not being called fresh is all that is asked.
DOUBTFUL = {"default-groups of the root", "a group's Python that all have"}


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("virtual")
    wheels = home / "app" / "wheels"
    wheels.mkdir(parents=True)
    for name in ("aa", "bb"):
        build_wheel(wheels, name, "1.0")
    for version in ("1.0", "1.1"):
        build_wheel(home / "app", "arch", version)
    wheel = build_wheel(home, "bb", "1.0")
    make_repository(home / "commit")
    for path, text in (("app", ROOT), ("app/one", ONE), ("app/two", TWO)):
        (home / path).mkdir(exist_ok=True)
        whole = text.replace("REPOSITORY", (home / "commit").as_uri())
        (home / path / "pyproject.toml").write_text(whole.replace("WHEEL", wheel.as_uri()))
    (home / "app" / "one" / "backend.py").write_text(BACKEND)
    lock = run_uv(home, "lock", offline=False)
    assert lock.returncode == 0, lock.stderr
    return home


def make_repository(folder: Path) -> None:
    folder.mkdir()
    (folder / "pyproject.toml").write_text('[project]\nname = "commit"\nversion = "1"\n')
    git = [need_git(), "-C", str(folder), "-c", "user.name=T", "-c", "user.email=t@example.org"]
    for words in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-qm", "1"], ["tag", "v1"], ["tag", "v2"]):  # fmt: skip
        subprocess.run([*git, *words], check=True, capture_output=True)


def test_an_untouched_project_is_fresh(locked: Path) -> None:
    assert run_uv(locked, "lock", "--check", offline=False).returncode == 0
    assert judge(locked) == Fresh()


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_is_judged_as_uv_judges_it(name: str, locked: Path) -> None:
    path = locked / EDITS[name][0] / "pyproject.toml"
    before = path.read_text()
    # edited in place: the lock names the folder of the index by its absolute path
    try:
        edit(locked, *EDITS[name])
        uv = run_uv(locked, "lock", "--check", offline=False)
        state = judge(locked)
    finally:
        path.write_text(before)
    fitting = Fresh if uv.returncode == 0 else (Stale, Unknown) if name in DOUBTFUL else Stale
    assert isinstance(state, fitting), (state, uv.stderr)
