"""Freshness without uv at hand: hand-written locks in uv's form. The oracle is tests/functional/test_freshness_vs_uv.py."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siteroot.formats.uv_lock import parse_uv_lock
from siteroot.model.settings import IndexSetting, Settings
from siteroot.project.discover import discover_project
from siteroot.project.freshness import Fresh, LockState, Stale, Unknown, lock_state
from siteroot.project.groups import UnknownGroupError
from siteroot.project.settings import SettingsPlaces, combine_settings, read_settings_layers
from support.project_files import MemoryProjectFiles

PYPROJECT = """\
[project]
name = "app"
version = "1.0"
requires-python = ">=3.9"
dependencies = ["aa>=1,<3", "bb; python_version < '3.11'", "lib"]

[project.optional-dependencies]
fast = ["torch"]

[dependency-groups]
dev = ["aa"]
more = ["bb>1", { include-group = "dev" }]

[[tool.uv.index]]
name = "wheels"
url = "https://me:secret@wheels.example/simple/"
explicit = true

[tool.uv.workspace]
members = ["lib"]

[tool.uv.sources]
lib = { workspace = true }
torch = [{ index = "wheels", extra = "fast", marker = "sys_platform == 'linux'" }]
git-thing = { git = "https://example.org/thing.git", tag = "v1", subdirectory = "sub" }
"""
LIB = '[project]\nname = "lib"\nversion = "2"\ndependencies = ["git-thing", "tree"]\n[tool.uv.sources]\ntree = { path = "../../tree" }\n'
TREE = '[project]\nname = "tree"\ndynamic = ["version"]\ndependencies = ["aa"]\n'
LOCK = """\
version = 1
revision = 5
requires-python = ">=3.9"

[manifest]
members = ["app", "lib"]

[[package]]
name = "aa"
version = "1.0"
source = { registry = "https://pypi.org/simple" }

[[package]]
name = "bb"
version = "1.5"
source = { registry = "https://pypi.org/simple" }

[[package]]
name = "git-thing"
version = "1"
source = { git = "https://example.org/thing.git?subdirectory=sub&tag=v1#0123456789012345678901234567890123456789" }

[[package]]
name = "torch"
version = "2"
source = { registry = "https://wheels.example/simple" }

[[package]]
name = "tree"
source = { directory = "../tree" }
dependencies = [{ name = "aa" }]

[package.metadata]
requires-dist = [{ name = "aa" }]

[[package]]
name = "app"
version = "1.0"
source = { virtual = "." }
dependencies = [{ name = "aa" }, { name = "lib" }]

[package.metadata]
requires-dist = [
    { name = "aa", specifier = ">=1,<3" },
    { name = "bb", marker = "python_full_version < '3.11'" },
    { name = "lib", virtual = "lib" },
    { name = "torch", marker = "sys_platform != 'linux' and extra == 'fast'" },
    { name = "torch", marker = "sys_platform == 'linux' and extra == 'fast'", index = "https://wheels.example/simple", conflict = { package = "app", extra = "fast" } },
]
provides-extras = ["fast"]

[package.metadata.requires-dev]
dev = [{ name = "aa" }]
more = [{ name = "aa" }, { name = "bb", specifier = ">1" }]

[[package]]
name = "lib"
version = "2"
source = { virtual = "lib" }

[package.metadata]
requires-dist = [
    { name = "git-thing", git = "https://example.org/thing.git?subdirectory=sub&tag=v1" },
    { name = "tree", directory = "../tree" },
]
"""
# uv's own default is that a member whom another one needs is built; the lock above has both as virtual
PYPROJECT = PYPROJECT.replace(
    "[tool.uv.workspace]", "[tool.uv]\npackage = false\n[tool.uv.workspace]"
)
LIB = LIB.replace("[tool.uv.sources]", "[tool.uv]\npackage = false\n[tool.uv.sources]")


def judge(
    *,
    pyproject: str = PYPROJECT,
    lib: str = LIB,
    tree: str | None = TREE,
    lock: str = LOCK,
    flags: Settings | None = None,
) -> LockState:
    paths = {"/w/app/pyproject.toml": pyproject, "/w/app/lib/pyproject.toml": lib}
    if tree is not None:
        paths["/w/tree/pyproject.toml"] = tree
    files = MemoryProjectFiles(paths)
    project = discover_project(files, "/w/app", frozen=False)
    layers = read_settings_layers(files, project.root, SettingsPlaces()).layers
    settings = combine_settings([flags or Settings(), *layers])
    return lock_state(parse_uv_lock(lock.encode(), "uv.lock"), project, settings, files)


def reasons(state: LockState) -> tuple[str, ...]:
    assert isinstance(state, Stale), state
    return state.reasons


def test_what_was_locked_is_fresh() -> None:
    assert judge() == Fresh()


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('"aa>=1,<3"', '"aa>=2,<3"', "`app` requires `aa<3,>=2`, which the lock does not know"),
        ('"lib"]', '"lib", "cc[x]; os_name == \'nt\'"]', '`app` requires `cc[x] ; os_name == "nt"`, which the lock does not know'),
        ("python_version < '3.11'", "python_version < '3.12'", '`app` no longer requires `bb ; python_full_version < "3.11"`, which is in the lock'),
        ('fast = ["torch"]', 'fast = ["torch"]\nslow = []', "`app` has the extra `slow`, which the lock does not know"),
        ('more = ["bb>1"', 'more = ["bb>2"', "the group `more` of `app` requires `bb>2`, which the lock does not know"),
        ('dev = ["aa"]', 'dev = ["aa"]\nx = []', "`app` has the group `x`, which the lock does not know"),
        ('">=3.9"', '">=3.10"', "requires-python is >=3.10, the lock is for >=3.9"),
        ('version = "1.0"', 'version = "1.1"', "`app` is 1.1, the lock has 1.0"),
        ('version = "1.0"', 'dynamic = ["version"]', "`app` now has a dynamic version, the lock has 1.0"),
        ("package = false", "package = true", "`app` is editable, in the lock it is virtual"),
        ("package = false", 'package = false\ndefault-groups = ["more"]', "`default-groups` of `app` is more, the lock has dev"),
        ("package = false", 'package = false\nresolution = "lowest"', "`resolution` is lowest, the lock was made with highest"),
        ("package = false", 'package = false\nconstraint-dependencies = ["aa<9"]', "`constraint-dependencies` requires `aa<9`, which the lock does not know"),
        ("package = false", "package = false\nenvironments = [\"os_name == 'nt'\"]", "`environments` has 1 entries, the lock has 0"),
        ("package = false", 'package = false\nconflicts = [[{ extra = "fast" }, { group = "dev" }]]', "the declared conflicts are not those of the lock"),
        ("wheels.example", "other.example", "the lock takes distributions from https://wheels.example/simple, which is no index of the project"),
        ('members = ["lib"]', "members = []", "the lock has the workspace member `lib`, the workspace has not"),
        ('"v1"', '"v2"', "`lib` requires `git-thing (git = https://example.org/thing.git, subdirectory = sub, tag = v2)`, which the lock does not know"),
    ],
)  # fmt: skip
def test_a_stale_lock_says_what_differs(old: str, new: str, reason: str) -> None:
    assert old in PYPROJECT
    assert reason in reasons(judge(pyproject=PYPROJECT.replace(old, new)))


def test_no_reason_tells_a_password() -> None:
    state = judge(pyproject=PYPROJECT.replace('index = "wheels", ', 'url = "https://me:secret@x/t-1-py3-none-any.whl", '))  # fmt: skip
    assert "https://x/t-1" in str(reasons(state))
    assert "secret" not in str(state)


def test_all_that_differs_is_told_at_once() -> None:
    assert (
        len(reasons(judge(pyproject=PYPROJECT.replace('"1.0"', '"2"').replace("3.9", "3.8")))) == 2
    )


def test_flags_count_like_settings() -> None:
    newer = Settings(exclude_newer="2026-01-01T00:00:00Z")
    assert "the lock was made with none" in reasons(judge(flags=newer))[0]
    other = Settings(indexes=(IndexSetting(url="https://mirror/simple", default=True),))
    assert "from https://pypi.org/simple, which is no index" in reasons(judge(flags=other))[0]


@pytest.mark.parametrize(
    ("tree", "why"),
    [
        (None, "`tree` has no pyproject.toml at /w/tree to compare with"),
        ("[build-system]", "`tree` at /w/tree tells its requirements only when it is built"),
        (TREE.replace("tree", "other"), "the source tree at /w/tree is `other`, not `tree`"),
        (TREE.replace('["version"]', '["version", "dependencies"]').replace('\ndependencies = ["aa"]', ""), "`tree` has to be built to tell its dependencies"),
        (TREE.replace('"aa"', '"aa>1"'), "`tree` has to be built to tell whether its requirements have changed"),
    ],
)  # fmt: skip
def test_what_only_a_build_could_tell_is_unknown(tree: str | None, why: str) -> None:
    assert judge(tree=tree) == Unknown(why)


def test_a_folder_of_links_may_be_spelled_in_any_way() -> None:
    lock = LOCK.replace('https://wheels.example/simple" }', '../files" }', 1)
    assert lock != LOCK
    assert judge(lock=lock, flags=Settings(find_links=("/w/app/../files/",))) == Fresh()
    assert isinstance(judge(lock=lock, flags=Settings(find_links=("/w/app/files",))), Unknown)


def test_a_static_version_where_the_lock_has_a_dynamic_one() -> None:
    state = judge(tree=TREE.replace('dynamic = ["version"]', 'version = "3"'))
    assert reasons(state) == ("`tree` now has the version 3, the lock a dynamic one",)


def test_extras_that_name_their_own_project_may_be_written_out_where_the_version_is_dynamic() -> (
    None
):
    tree = TREE + '[project.optional-dependencies]\na = ["bb"]\nall = ["tree[a]", "aa>1"]\n'
    flat = """\
requires-dist = [
    { name = "aa" },
    { name = "aa", marker = "extra == 'all'", specifier = ">1" },
    { name = "bb", marker = "extra == 'a'" },
    { name = "bb", marker = "extra == 'all'" },
]
provides-extras = ["a", "all"]
"""
    lock = LOCK.replace('requires-dist = [{ name = "aa" }]\n', flat)
    assert lock != LOCK
    assert judge(tree=tree, lock=lock) == Fresh()
    assert isinstance(judge(tree=tree.replace("tree[a]", "tree[b]"), lock=lock), Unknown)


@pytest.mark.parametrize(
    ("requirement", "why"),
    [
        ("aa >>= 1", "a requirement on `aa` cannot be read"),
        ("aa @ https://me:secret@x/y z", "a requirement on `aa` cannot be read"),
        ("aa ; " + "(" * 3000 + "os_name == 'nt'" + ")" * 3000, "cannot be read"),
        ("aa @ https://${HOST}/aa-1.zip", "depends on environment variables"),
        ("aa @ ftp://host/aa-1.zip", "is no URL that can be compared"),
        ("aa @ file:///gone/aa-1.egg", "the source /gone/aa-1.egg is not there"),
    ],
)
def test_a_requirement_that_cannot_be_judged_is_unknown(requirement: str, why: str) -> None:
    state = judge(pyproject=PYPROJECT.replace('"aa>=1,<3"', f'"{requirement}"'))
    assert isinstance(state, Unknown)
    assert why in state.why


@pytest.mark.parametrize(
    ("sources", "why"),
    [
        ('lib = { path = "lib" }', "`lib` is a member of the workspace, but has another source"),
        ("", "`lib` is a member of the workspace, but `[tool.uv.sources]` does not say so"),
        ("lib = { workspace = true }\naa = { workspace = true }", "`aa` has a workspace source, but is no member"),
        ('lib = { workspace = true }\naa = { index = "nobody" }', "`aa` comes from the index `nobody`, which is not declared"),
        ('lib = { workspace = true }\naa = { workspace = "../other" }', "the source of `aa` leads into another workspace"),
    ],
)  # fmt: skip
def test_sources_that_uv_would_refuse_are_unknown(sources: str, why: str) -> None:
    state = judge(pyproject=PYPROJECT.replace("lib = { workspace = true }", sources))
    assert isinstance(state, Unknown)
    assert why in state.why


def test_unknown_default_groups_are_refused_as_uv_refuses_them() -> None:
    with pytest.raises(UnknownGroupError):
        judge(
            pyproject=PYPROJECT.replace(
                "package = false", 'package = false\ndefault-groups = ["gone"]'
            )
        )


def test_a_member_that_is_not_there_is_unknown_whatever_else_differs() -> None:
    files = MemoryProjectFiles({"/w/app/pyproject.toml": PYPROJECT.replace("1.0", "9")})
    project = discover_project(files, "/w/app", frozen=True)
    state = lock_state(parse_uv_lock(LOCK.encode(), "uv.lock"), project, Settings(), files)
    assert state == Unknown("the workspace lacks /w/app/lib, which the lock was made with")


#: The password stands where a URL begins: in a version after `===`, or in a path, it would be none.
_PIECES = ["aa", "[x]", ">=1", "==1.*", "===x", "~=1", "<2", ",", " @ ", "https://", "[::", "git+", "file:///", " @ https://me:secret@", " @ git+https://me:secret@", "host", "/x.whl", "#subdirectory=s", "; ", "os_name", "extra", "python_version", "platform_machine", " == ", " in ", " ~= ", " not in ", "'1.0'", "'a b'", "'3.9'", " and ", " or ", "(", ")"]  # fmt: skip


@settings(max_examples=60)
@given(st.lists(st.sampled_from(_PIECES), max_size=9).map("".join))
def test_any_requirement_is_judged_and_no_password_told(text: str) -> None:
    for old in ('"aa>=1,<3"', '"bb>1"'):
        state = judge(pyproject=PYPROJECT.replace(old, f'"{text}"'))
        assert "secret" not in str(state)
