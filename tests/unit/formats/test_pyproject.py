import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from siteroot.errors import SiterootError
from siteroot.formats.pyproject import PyprojectError, parse_pyproject
from siteroot.formats.uv_toml import parse_uv_toml
from siteroot.model.digest import Digest
from siteroot.model.lock import ConflictItem
from siteroot.model.project import GroupInclude, Pyproject, UvProjectTable
from siteroot.model.requirement import Requirer
from siteroot.model.settings import Amendment, BuildConstraint

APP = '[project]\nname = "My_App"\nversion = "1.0"\n'


def parse(text: str) -> Pyproject:
    return parse_pyproject(text.encode(), "/app/pyproject.toml")


def faults(text: str) -> str:
    with pytest.raises(PyprojectError) as caught:
        parse(text)
    assert str(caught.value.where).startswith("/app/pyproject.toml")
    return caught.value.message


def test_an_empty_file_says_nothing() -> None:
    empty = parse("")
    assert (empty.project, empty.uv, empty.uv_settings, empty.siteroot_settings) == (
        None,
        UvProjectTable(),
        None,
        None,
    )


def test_a_project_keeps_its_name_and_has_a_normalised_one() -> None:
    project = parse(
        APP + 'dynamic = ["readme"]\nrequires-python = ">=3.11"\ndependencies = ["a>1"]'
    ).project
    assert project is not None
    assert (project.name, project.normalized_name, project.version) == ("My_App", "my-app", "1.0")
    assert (project.requires_python, project.dependencies) == (SpecifierSet(">=3.11"), ("a>1",))
    assert project.dynamic == ("readme",)


def test_extras_and_groups_go_by_normalised_names_in_the_order_of_the_text() -> None:
    read = parse(
        APP
        + '[project.optional-dependencies]\nZ_z = ["b"]\nA = []\n'
        + '[dependency-groups]\nDev_Tools = ["x", { include-group = "Other" }]\nother = []\n'
    )
    assert read.project is not None
    assert list(read.project.optional_dependencies.items()) == [("z-z", ("b",)), ("a", ())]
    assert dict(read.dependency_groups) == {
        "dev-tools": ("x", GroupInclude(name="other")),
        "other": (),
    }


def test_a_version_may_be_dynamic() -> None:
    project = parse('[project]\nname = "a"\ndynamic = ["version"]').project
    assert project is not None
    assert (project.version, project.dynamic) == (None, ("version",))


def test_dependencies_that_poetry_holds_count_as_dynamic() -> None:
    project = parse(APP + '[tool.poetry.dependencies]\nx = "^1"').project
    assert project is not None
    assert project.dynamic == ("dependencies",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[project]\nversion = "1"', "project.name: is missing"),
        ('[project]\nname = "a"', "project.version: is missing, and is not listed in `dynamic` either"),
        ('[project]\nname = "a b"\nversion = "1"', "project.name: is not a name of letters"),
        ('[project]\nname = "a"\nversion = "one"', "project.version: is `one`, which is no version"),
        (APP + 'requires-python = "py3"', "project.requires-python: is `py3`, which is no set of version specifiers"),
        (APP + "dependencies = [1]", "project.dependencies[0]: is an integer where a string is expected"),
        (APP + "[project.optional-dependencies]\na-b = []\na_b = []", "project.optional-dependencies.a_b: is the extra `a-b` once more"),
        ("[dependency-groups]\na-b = []\na_b = []", "dependency-groups.a_b: is the group `a-b` once more"),
        ("[dependency-groups]\na = [{ path = 'x' }]", "dependency-groups.a[0]: is neither a requirement nor { include-group = NAME }"),
        ("[dependency-groups]\na = 'x'", "dependency-groups.a: is not an array of requirements"),
        ("[tool.uv]\nmanaged = 1", "tool.uv.managed: is an integer where true or false is expected"),
        ("[tool.uv]\ndefault-groups = 'dev'", 'tool.uv.default-groups: is `dev` where "all" or an array of groups is expected'),
        ("[tool.uv]\nbuild-constraint-dependencies = [{ hashes = ['sha256:1'] }]", "build-constraint-dependencies[0]: has no requirement"),
        (
            "[tool.uv]\nbuild-constraint-dependencies = [{ requirement = 'a', hashes = ['sha256:1'] }]",
            "build-constraint-dependencies[0].hashes[0]: does not hold the 64 hexadecimal digits of sha256",
        ),
        ("[tool.uv]\nexclude-dependencies = ['a>1']", "tool.uv.exclude-dependencies[0]: is not a name of letters"),
        ("[tool.uv]\noverride-dependencies = [{ package = { name = 'a', versoin = '1' } }]", "override-dependencies[0].package.versoin: is none of name, version; did you mean `version`?"),
        ("[tool.uv]\noverride-dependencies = [{ package = { name = 'a' } }]", "tool.uv.override-dependencies[0].dependencies: is missing"),
        ("[tool.uv]\noverride-dependencies = [{ package = { name = 'a', version = '==1' }, dependencies = [] }]", "override-dependencies[0].package.version: is `==1`, which is no version"),
        ("[tool.uv.workspace]\nmember = []", "tool.uv.workspace.member: is no key of a workspace; did you mean `members`?"),
        ("[tool.uv.sources]\nx = { paht = 'y' }", "tool.uv.sources.x.paht: is no key of a source; did you mean `path`?"),
        ("[tool.uv.sources]\nx = { git = 'y', index = 'z' }", "tool.uv.sources.x: has both `git` and `index`"),
        ("[tool.uv.sources]\nx = [{ path = 'y' }, { path = 1 }]", "tool.uv.sources.x[1].path: is an integer"),
        ("[tool.uv]\nenvironments = ['os']", "tool.uv.environments[0]: is `os`, which is no environment marker"),
        ("[tool.uv]\nconflicts = [[{ extra = 'a' }, { extra = 'b' }]]", "tool.uv.conflicts[0][0]: does not say which package"),
        ("[tool.uv]\nconflicts = [[{ extra = 'a' }]]", "tool.uv.conflicts[0]: has fewer than two items"),
        ("[tool.uv]\nlink-mode = 'junction'", "tool.uv.link-mode: is `junction` where one of clone, copy, hardlink, symlink is expected"),
        ("[tool.siteroot]\nlinkmode = 'copy'", "tool.siteroot.linkmode: is no setting of siteroot; did you mean `link-mode`?"),
        ("[tool.siteroot]\nzzz = 1", "tool.siteroot.zzz: is no setting of siteroot"),
        ("tool = 1", "tool: is an integer where a table is expected"),
    ],
)  # fmt: skip
def test_a_fault_names_file_key_and_what_is_allowed(text: str, message: str) -> None:
    assert message in faults(text)


def test_all_faults_of_a_file_come_at_once() -> None:
    message = faults("[project]\nversion = 1\n[tool.uv]\npackage = 'x'\n[tool.siteroot]\nexact = 1")
    for key in ("project.name", "project.version", "tool.uv.package", "tool.siteroot.exact"):
        assert key in message


def test_a_syntax_error_names_its_place() -> None:
    with pytest.raises(PyprojectError) as caught:
        parse("[project]\nname = \n")
    assert str(caught.value.where).startswith("/app/pyproject.toml:2")


def test_unknown_keys_of_uv_are_notes_and_nothing_more() -> None:
    read = parse("[tool.uv]\nlink-mod = 'copy'\noffline = true\nrequired-version = '>=9'")
    assert len(read.notes) == 2
    assert (
        read.notes[0]
        == "`link-mod` in [tool.uv] is not known; did you mean `link-mode`?; it alone is ignored"
    )
    assert read.uv_settings is not None
    assert read.uv_settings.offline is True
    assert read.notes[1] == "`required-version` in [tool.uv] speaks of uv; it is ignored"


def test_what_uv_says_of_the_project() -> None:
    parsed = parse(
        APP
        + """[tool.uv]
package = false
default-groups = ["Dev_x"]
dev-dependencies = ["ruff"]
environments = "sys_platform == 'linux'"
required-environments = ["os_name=='nt'"]
conflicts = [[{ extra = "A_b" }, { package = "Other", group = "g" }, { package = "Third" }]]
constraint-dependencies = ["c<1"]
override-dependencies = ["o", { package = { name = "P_p", version = "1" }, dependencies = ["d>1"] }]
exclude-dependencies = ["E_e", { package = { name = "p" }, dependencies = ["D"] }]
build-constraint-dependencies = ["b", { requirement = "c==1", hashes = ["md5:00000000000000000000000000000000"] }]
[tool.uv.dependency-groups]
dev_x = { requires-python = ">=3.12" }
[tool.uv.workspace]
members = ["a"]
exclude = ["b"]
[tool.uv.sources]
One_x = { workspace = true, editable = false }
two = [{ index = "i", extra = "E_e" }, { path = "p", marker = "os_name == 'nt'" }]
"""
    )
    uv = parsed.uv
    assert (uv.package, uv.managed, uv.default_groups) == (False, True, ("dev-x",))
    assert uv.dev_dependencies == ("ruff",)
    assert uv.environments == ('sys_platform == "linux"',)
    assert uv.required_environments == ('os_name == "nt"',)
    assert uv.conflicts == (
        (
            ConflictItem("my-app", "a-b", None),
            ConflictItem("other", None, "g"),
            ConflictItem("third", None, None),
        ),
    )
    settings = parsed.uv_settings
    assert settings is not None
    assert settings.constraint_dependencies == ("c<1",)
    assert settings.override_dependencies == (
        Amendment(texts=("o",)),
        Amendment(texts=("d>1",), requirer=Requirer("p-p", Version("1"))),
    )
    assert settings.exclude_dependencies == (
        Amendment(texts=("e-e",)),
        Amendment(texts=("d",), requirer=Requirer("p")),
    )
    assert settings.build_constraint_dependencies == (
        BuildConstraint(text="b"),
        BuildConstraint(text="c==1", digests=(Digest("md5", "0" * 32),)),
    )
    assert uv.group_requires_python == {"dev-x": SpecifierSet(">=3.12")}
    assert uv.workspace is not None
    assert (uv.workspace.members, uv.workspace.exclude) == (("a",), ("b",))
    assert uv.sources is not None
    assert uv.sources["one-x"] == ({"workspace": True, "editable": False},)
    assert uv.sources["two"][0] == {"index": "i", "extra": "e-e"}
    assert len(uv.sources["two"]) == 2


def test_default_groups_may_be_all() -> None:
    assert parse("[tool.uv]\ndefault-groups = 'all'").uv.default_groups == "all"


_KEYS = ["project", "tool", "uv", "siteroot", "name", "version", "dependencies", "sources", "index", "url", "members",
         "dependency-groups", "default-groups", "conflicts", "extra", "workspace", "target", "link-mode", "dynamic",
         "optional-dependencies", "environments", "exclude-newer", "find-links", "path", "git", "marker", "x"]  # fmt: skip
_VALUES = st.recursive(
    st.booleans() | st.integers() | st.sampled_from(["", "a", "-", "1.0", ">=3", "os_name == 'nt'", "https://u:p@h/"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_KEYS), inner, max_size=4),
    max_leaves=15,
)  # fmt: skip


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    return json.dumps(value)


@given(st.dictionaries(st.sampled_from(_KEYS), _VALUES, max_size=4), st.sampled_from(["", "project", "tool.uv", "tool.siteroot", "dependency-groups", "tool.uv.sources.x"]))  # fmt: skip
def test_any_toml_is_read_or_refused_and_never_tells_a_password(
    values: dict[str, object], table: str
) -> None:
    lines = [f"{key} = {_toml(value)}" for key, value in values.items()]
    content = "\n".join([f"[{table}]" if table else "", *lines]).encode()
    for parse_file in (parse_pyproject, parse_uv_toml):
        try:
            parse_file(content, "/app/file.toml")
        except SiterootError as error:
            assert "u:p@h" not in str(error)  # noqa: PT017 - most inputs raise nothing


@pytest.mark.parametrize(
    "key", ["environments", "default-groups", "required-environments", "link-mode"]
)
@pytest.mark.parametrize("url", ["https://u:p@h/", "https://u:p/p@q@h/x"])
def test_no_fault_tells_a_password(key: str, url: str) -> None:
    content = f'[tool.uv]\n{key} = "{url}"\n'.encode()
    with pytest.raises(SiterootError) as caught:
        parse_pyproject(content, "/app/pyproject.toml")
    assert "u:p" not in str(caught.value)


@given(st.binary(max_size=60))
@example(b"\xef\xbb\xbf[project]\xff")
@example(b"a = " + b"[" * 9000)
@example(b"[tool.uv]\nenvironments = '" + b"(" * 5000 + b"'")
@example(b"[project]\nname='a'\nversion='1'\nrequires-python='===x'")
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    for parse_file in (parse_pyproject, parse_uv_toml):
        try:
            parse_file(content, "/app/file.toml")
        except SiterootError as error:
            assert str(error).startswith("/app/file.toml")  # noqa: PT017
