"""Freshness against `uv lock --check`: a project is locked by uv, edited, and judged by both."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from siteroot.formats.uv_lock import parse_uv_lock
from siteroot.project.discover import discover_project
from siteroot.project.freshness import Fresh, Stale, Unknown, lock_state
from siteroot.project.settings import SettingsPlaces, combine_settings, read_settings_layers
from siteroot.workflows.project_files import DiskProjectFiles
from support.freshness import edit, judge, run_uv
from support.wheels import build_wheel

pytestmark = pytest.mark.uv

ROOT = """\
[project]
name = "app"
version = "1.0"
requires-python = ">=3.9"
dependencies = ["aa>=1,<3", "bb; python_version < '3.11'", "lib", "cc[more]"]

[project.optional-dependencies]
fast = ["dd; platform_system == 'Linux'"]
every = ["app[fast]"]

[dependency-groups]
dev = ["ee"]
docs = ["aa", { include-group = "dev" }]
lint = ["aa", "bb"]

[tool.uv]
no-index = true
find-links = ["wheels"]
environments = ["sys_platform == 'linux'", "sys_platform == 'darwin'"]
conflicts = [[{ extra = "fast" }, { group = "lint" }]]
constraint-dependencies = ["aa<9"]
override-dependencies = ["ee>=1", { package = { name = "Z_z", version = "1" }, dependencies = ["dd; os_name == 'nt'"] }]
build-constraint-dependencies = ["flit-core<9", { requirement = "hatchling==1.27.0", hashes = ["sha256:0000000000000000000000000000000000000000000000000000000000000000"] }]

[tool.uv.workspace]
members = ["lib", "packages/*"]
exclude = ["packages/left-out"]

[tool.uv.sources]
lib = { workspace = true }
tree = { path = "../tree" }

[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
"""
LIB = """\
[project]
name = "lib"
version = "2.0"
requires-python = ">=3.8,<4"
dependencies = ["bb>=1", "tree"]

[project.optional-dependencies]
x = ["aa"]

[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
"""
TREE = '[project]\nname = "tree"\nversion = "3"\ndependencies = ["ee"]\n'

#: Where, what, and what it becomes. Everything that is needed afterwards is locked already or lies in `wheels`.
EDITS: dict[str, tuple[str, str, str]] = {
    # what changes nothing
    "a comment": ("app", "[project]\n", "[project]  # hello\n"),
    "the order of dependencies": ("app", '"aa>=1,<3", "bb;', '"bb; python_version < \'3.11\'", "aa<3,>=1", "bb;'),
    "a name's spelling": ("app", '"aa>=1,<3"', '"A-A>=1,<3"'.replace("-", "")),
    "trailing zeros": ("app", '"aa>=1,<3"', '"aa>=1.0,<3.0.0"'),
    "a marker's spelling": ("app", "python_version < '3.11'", "python_full_version < '3.11'"),
    "a marker that the bounds imply": ("app", "python_version < '3.11'", "python_version < '3.11' and python_version >= '3.9'"),
    "a marker's bound below": ("app", "python_version < '3.11'", "python_version < '3.11' and python_version >= '3.5'"),
    "an operator in other words": ("app", "python_version < '3.11'", "python_version <= '3.10'"),
    "a list of versions": ("app", "python_version < '3.11'", "python_version in '3.9 3.10'"),
    "a system's other name": ("app", "platform_system == 'Linux'", "sys_platform == 'linux'"),
    "requires-python in other words": ("app", '">=3.9"', '">=3.9.0"'),
    "a hole in requires-python": ("app", '">=3.9"', '">=3.9,!=3.10.2"'),
    "a member's looser bound": ("app/lib", ">=3.8,<4", ">=3.7,<4"),
    "the description": ("app", 'version = "1.0"', 'version = "1.0"\ndescription = "it"'),
    "the version's spelling": ("app", 'version = "1.0"', 'version = "v1.0"'),
    "default-groups as by default": ("app", "[tool.uv]\n", '[tool.uv]\ndefault-groups = ["dev"]\n'),
    "an include written out": ("app", '{ include-group = "dev" }', '"ee"'),
    "resolution as by default": ("app", "[tool.uv]\n", '[tool.uv]\nresolution = "highest"\n'),
    "fork-strategy as by default": ("app", "[tool.uv]\n", '[tool.uv]\nfork-strategy = "requires-python"\n'),
    "package said outright": ("app", "[tool.uv]\n", "[tool.uv]\npackage = true\n"),
    "an environment's spelling": ("app", "\"sys_platform == 'darwin'\"", "\"platform_system == 'Darwin'\""),
    "a repeated requirement": ("app", '"lib", ', '"lib", "lib", '),
    "the order of extras": ("app", "fast = ", "every2 = []\nfast = ".replace("every2 = []\n", "")),
    "a member excluded that is none": ("app", "packages/left-out", "packages/nobody"),
    # what makes the lock stale
    "a dependency more": ("app", '"lib", ', '"lib", "ee", '),
    "a dependency less": ("app", ', "cc[more]"', ""),
    "another specifier": ("app", '"aa>=1,<3"', '"aa>=2,<3"'),
    "another marker": ("app", "python_version < '3.11'", "python_version < '3.12'"),
    "a marker on another key": ("app", "python_version < '3.11'", "sys_platform == 'darwin'"),
    "a marker less": ("app", "; python_version < '3.11'", ""),
    "an extra of a dependency less": ("app", "cc[more]", "cc"),
    "an extra more": ("app", "fast = ", 'slow = ["aa"]\nfast = '),
    "an empty extra more": ("app", "fast = ", "slow = []\nfast = "),
    "an extra renamed": ("app", "every = ", "all = "),
    "another marker in an extra": ("app", "platform_system == 'Linux'", "platform_system == 'Darwin'"),
    "a group more": ("app", "lint = ", 'other = ["aa"]\nlint = '),
    "an empty group more": ("app", "lint = ", "other = []\nlint = "),
    "a group's requirement more": ("app", 'dev = ["ee"]', 'dev = ["ee", "bb"]'),
    "an include less": ("app", ', { include-group = "dev" }', ""),
    "a group's requires-python": ("app", "[tool.uv.workspace]", '[tool.uv.dependency-groups]\ndocs = { requires-python = ">=3.12" }\n[tool.uv.workspace]'),
    "a group's requires-python that all have": ("app", "[tool.uv.workspace]", '[tool.uv.dependency-groups]\ndocs = { requires-python = ">=3.9" }\n[tool.uv.workspace]'),
    "old dev-dependencies": ("app", "[tool.uv]\n", '[tool.uv]\ndev-dependencies = ["bb"]\n'),
    "other default-groups": ("app", "[tool.uv]\n", '[tool.uv]\ndefault-groups = ["docs"]\n'),
    "all default-groups": ("app", "[tool.uv]\n", '[tool.uv]\ndefault-groups = "all"\n'),
    "no default-groups": ("app", "[tool.uv]\n", "[tool.uv]\ndefault-groups = []\n"),
    "another requires-python": ("app", '">=3.9"', '">=3.10"'),
    "an upper bound of requires-python": ("app/lib", ">=3.8,<4", ">=3.8,<3.14"),
    "requires-python less": ("app/lib", 'requires-python = ">=3.8,<4"\n', ""),
    "a hole at requires-python's edge": ("app", '">=3.9"', '">=3.9,!=3.9.*"'),
    "another version": ("app", 'version = "1.0"', 'version = "1.1"'),
    "a dynamic version": ("app", 'version = "1.0"', 'dynamic = ["version"]'),
    "another name": ("app", 'name = "app"', 'name = "app2"'),
    "a virtual project": ("app", "[tool.uv]\n", "[tool.uv]\npackage = false\n"),
    "no build system": ("app", '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n', ""),
    "a member's dependency more": ("app/lib", '"bb>=1"', '"bb>=1", "dd"'),
    "a member's version": ("app/lib", 'version = "2.0"', 'version = "2.1"'),
    "a member not editable": ("app", "lib = { workspace = true }", "lib = { workspace = true, editable = false }"),
    "a member less": ("app", '"lib", "packages/*"', '"packages/*"'),
    "a tree's dependency more": ("tree", '["ee"]', '["ee", "aa"]'),
    "a tree's version": ("tree", '"3"', '"4"'),
    "a tree made editable": ("app", '{ path = "../tree" }', '{ path = "../tree", editable = true }'),
    "a source for some systems": ("app", "tree = {", "aa = { path = \"wheels/aa-2.0-py3-none-any.whl\", marker = \"sys_platform == 'darwin'\" }\ntree = {"),
    "a source for one group": ("app", "tree = {", 'aa = { path = "wheels/aa-2.0-py3-none-any.whl", group = "docs" }\ntree = {'),
    "a source that nobody needs": ("app", "tree = {", 'zz = { path = "wheels/aa-2.0-py3-none-any.whl" }\ntree = {'),
    "a direct reference": ("app", '"aa>=1,<3"', '"aa @ https://example.org/aa-2.0-py3-none-any.whl"'),
    "environments less": ("app", ", \"sys_platform == 'darwin'\"", ""),
    "environments in another order": ("app", "\"sys_platform == 'linux'\", \"sys_platform == 'darwin'\"", "\"sys_platform == 'darwin'\", \"sys_platform == 'linux'\""),
    "required-environments": ("app", "[tool.uv]\n", "[tool.uv]\nrequired-environments = [\"sys_platform == 'linux'\"]\n"),
    "conflicts less": ("app", 'conflicts = [[{ extra = "fast" }, { group = "lint" }]]\n', ""),
    "conflicts more": ("app", '{ group = "lint" }]]', '{ group = "lint" }], [{ group = "docs" }, { extra = "fast" }]]'),
    "a conflict that an include spreads": ("app", '{ group = "lint" }]]', '{ group = "lint" }], [{ group = "dev" }, { group = "lint" }]]'),
    "constraints less": ("app", 'constraint-dependencies = ["aa<9"]\n', ""),
    "another constraint": ("app", "aa<9", "aa<8"),
    "another override": ("app", '"ee>=1"', '"ee>=1,<9"'),
    "an override for one distribution": ("app", '["ee>=1"', '["ee>=1", { package = { name = "cc" }, dependencies = ["dd"] }'),
    "the version of an override's distribution": ("app", 'version = "1" }, dependencies', 'version = "2" }, dependencies'),
    "exclusions": ("app", "[tool.uv]\n", '[tool.uv]\nexclude-dependencies = ["dd"]\n'),
    "an exclusion for one distribution": ("app", "[tool.uv]\n", '[tool.uv]\nexclude-dependencies = [{ package = { name = "cc" }, dependencies = ["dd"] }]\n'),
    "build constraints": ("app", '"flit-core<9"', '"flit-core<8"'),
    "the hash of a build constraint": ("app", "sha256:00", "sha256:11"),
    "a build constraint without its hash": ("app", ', hashes = ["sha256:%s"]' % ("0" * 64), ""),
    "given metadata": ("app", "[tool.uv]\n", '[tool.uv]\ndependency-metadata = [{ name = "bb", version = "1.0", requires-dist = ["aa"] }]\n'),
    "another resolution": ("app", "[tool.uv]\n", '[tool.uv]\nresolution = "lowest"\n'),
    "another fork-strategy": ("app", "[tool.uv]\n", '[tool.uv]\nfork-strategy = "fewest"\n'),
    "pre-releases": ("app", "[tool.uv]\n", '[tool.uv]\nprerelease = "allow"\n'),
    "pre-releases of one": ("app", "[tool.uv]\n", '[tool.uv]\nprerelease-package = { aa = "allow" }\n'),
    "a cut-off": ("app", "[tool.uv]\n", '[tool.uv]\nexclude-newer = "2026-01-01T00:00:00Z"\n'),
    "a cut-off span": ("app", "[tool.uv]\n", '[tool.uv]\nexclude-newer = "30 days"\n'),
    "a cut-off for one": ("app", "[tool.uv]\n", '[tool.uv]\nexclude-newer-package = { aa = "2026-01-01T00:00:00Z" }\n'),
    "another folder of wheels": ("app", '["wheels"]', '["other-wheels"]'),
    "no sources": ("app", "[tool.uv]\n", "[tool.uv]\nno-sources = true\n"),
}  # fmt: skip

#: What cannot be told for sure, so that not being called fresh is all that is asked.
DOUBTFUL = {"another folder of wheels", "a group's requires-python that all have"}


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the workspace, a tree beside it, and the lock that uv made."""
    home = tmp_path_factory.mktemp("freshness")
    for folder in ("wheels", "other-wheels"):
        wheels = home / "app" / folder
        wheels.mkdir(parents=True)
        for name in ("aa", "bb", "dd", "ee"):
            build_wheel(wheels, name, "1.0")
        build_wheel(wheels, "aa", "2.0")
        more = "Metadata-Version: 2.1\nName: cc\nVersion: 1.0\nProvides-Extra: more\nRequires-Dist: dd; extra == 'more'\n"
        build_wheel(wheels, "cc", "1.0", metadata=more)
    for path, text in (("app", ROOT), ("app/lib", LIB), ("tree", TREE)):
        (home / path).mkdir(exist_ok=True)
        (home / path / "pyproject.toml").write_text(text)
    lock = run_uv(home, "lock")
    assert lock.returncode == 0, lock.stderr
    return home


@pytest.fixture
def copy(locked: Path, tmp_path: Path) -> Path:
    shutil.copytree(locked, tmp_path / "home", symlinks=True)
    return tmp_path / "home"


def test_an_untouched_project_is_fresh(locked: Path) -> None:
    assert judge(locked) == Fresh()


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_is_judged_as_uv_judges_it(name: str, copy: Path) -> None:
    edit(copy, *EDITS[name])
    uv = run_uv(copy, "lock", "--check")
    state = judge(copy)
    fitting = Fresh if uv.returncode == 0 else (Stale, Unknown) if name in DOUBTFUL else Stale
    assert isinstance(state, fitting), (state, uv.stderr)


LockEdit = Callable[[str], str]
LOCK_EDITS: dict[str, LockEdit] = {
    "an older revision": lambda text: text.replace("revision = 5", "revision = 3"),
    "no extras known, revision 0": lambda text: "\n".join(
        line for line in text.splitlines() if not line.startswith(("revision", "provides-extras"))
    ),
    "extras gone, revision 3": lambda text: "\n".join(
        line for line in text.replace("revision = 5", "revision = 3").splitlines()
        if not line.startswith("provides-extras")
    ),
    "a dependency renamed in the metadata": lambda text: text.replace(
        '{ name = "bb", specifier = ">=1" }', '{ name = "bb", specifier = ">=2" }'
    ),
    "a member forgotten": lambda text: text.replace('    "lib",\n', "", 1),
    "requires-python spelt otherwise": lambda text: text.replace('">=3.9, <4"', '">=3.9.0,<4.0"'),
    "requires-python changed": lambda text: text.replace('">=3.9, <4"', '">=3.9, <5"'),
    "a cut-off that the project has not": lambda text: text.replace(
        "[manifest]", '[options]\nexclude-newer = "2026-01-01T00:00:00Z"\n\n[manifest]'
    ),
    "names not normalised": lambda text: text.replace('name = "lib"', 'name = "Lib"'),
}  # fmt: skip


@pytest.mark.parametrize("name", LOCK_EDITS)
def test_an_edited_lock_is_judged_as_uv_judges_it(name: str, copy: Path) -> None:
    path = copy / "app" / "uv.lock"
    before = path.read_text()
    path.write_text(LOCK_EDITS[name](before))
    assert path.read_text() != before
    uv = run_uv(copy, "lock", "--check")
    state = judge(copy)
    assert isinstance(state, Fresh if uv.returncode == 0 else Stale), (state, uv.stderr)


def test_without_requires_python_the_target_counts(copy: Path) -> None:
    for where, line in (("app", '">=3.9"'), ("app/lib", '">=3.8,<4"')):
        edit(copy, where, f"requires-python = {line}\n", "")
    assert isinstance(judge(copy, sys.version_info[:2]), Stale)
    assert run_uv(copy, "lock").returncode == 0
    assert judge(copy, sys.version_info[:2]) == Fresh()
    assert isinstance(judge(copy, (3, sys.version_info[1] + 1)), Stale)
    assert isinstance(judge(copy), Unknown)


@pytest.mark.parametrize("path", ["app/lib", "tree"])
def test_a_source_tree_that_is_not_there_is_unknown(path: str, copy: Path) -> None:
    shutil.rmtree(copy / path)
    (copy / path).mkdir()
    files = DiskProjectFiles()
    project = discover_project(files, str(copy / "app"), frozen=True)
    layers = read_settings_layers(files, project.root, SettingsPlaces()).layers
    lock = parse_uv_lock((copy / "app" / "uv.lock").read_bytes(), "uv.lock")
    state = lock_state(lock, project, combine_settings(layers), files)
    assert isinstance(state, Unknown)
    assert str(copy / path) in state.why


def test_dynamic_dependencies_are_unknown(copy: Path) -> None:
    edit(copy, "app/lib", 'dependencies = ["bb>=1", "tree"]', 'dynamic = ["dependencies"]')
    state = judge(copy)
    assert isinstance(state, Unknown)
    assert "`lib` has to be built to tell its dependencies" in state.why


@pytest.mark.parametrize("member", [True, False], ids=["a project", "a root without [project]"])
def test_what_revision_5_keeps_of_groups_is_compared(member: bool, copy: Path) -> None:
    table = '[project]\nname = "only"\nversion = "1"\nrequires-python = ">=3.9"\n'
    text = (
        (table if member else "")
        + '[dependency-groups]\ndocs = ["aa"]\ndev = []\n'
        + '[tool.uv]\nno-index = true\nfind-links = ["wheels"]\ndefault-groups = ["docs"]\n'
        + '[tool.uv.dependency-groups]\ndocs = { requires-python = ">=3.10" }\n'
    )
    (copy / "app" / "pyproject.toml").write_text(text)
    (copy / "app" / "uv.lock").unlink()
    assert run_uv(copy, "lock").returncode == 0
    assert judge(copy, sys.version_info[:2]) == Fresh()
    edit(copy, "app", ">=3.10", ">=3.11")
    assert run_uv(copy, "lock", "--check").returncode != 0
    assert isinstance(judge(copy, sys.version_info[:2]), Stale)
