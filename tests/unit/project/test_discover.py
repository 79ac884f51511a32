import pytest

from siteroot.project.discover import (
    BrokenMemberError,
    DuplicateMemberError,
    NestedWorkspaceError,
    NoProjectError,
    UnmanagedProjectError,
    ancestors,
    discover_project,
)
from support.project_files import MemoryProjectFiles

WORKSPACE = '[tool.uv.workspace]\nmembers = ["libs/*", "tool"]\nexclude = ["libs/old"]\n'


def project(name: str, more: str = "") -> str:
    return f'[project]\nname = "{name}"\nversion = "1"\n{more}'


def files(**more: str) -> MemoryProjectFiles:
    paths = {
        "/w/pyproject.toml": project("app", WORKSPACE),
        "/w/libs/a/pyproject.toml": project("A_a"),
    }
    paths |= {f"/w/{path.replace('__', '/')}/pyproject.toml": text for path, text in more.items()}
    return MemoryProjectFiles(paths)


def test_the_workspace_of_a_member() -> None:
    found = discover_project(files(), "/w/libs/a", frozen=False)
    assert (found.root, found.current) == ("/w", "a-a")
    assert [(member.name, member.folder) for member in found.members] == [
        ("a-a", "/w/libs/a"),
        ("app", "/w"),
    ]
    assert found.root_pyproject.path == "/w/pyproject.toml"
    assert found.missing_members == ("/w/tool",)


def test_a_root_without_project_has_no_current_one() -> None:
    found = discover_project(
        MemoryProjectFiles({"/w/pyproject.toml": WORKSPACE}), "/w", frozen=False
    )
    assert (found.current, found.members) == (None, ())


def test_an_excluded_project_is_its_own_root() -> None:
    found = discover_project(files(libs__old=project("old")), "/w/libs/old", frozen=False)
    assert (found.root, found.current, len(found.members)) == ("/w/libs/old", "old", 1)


def test_a_project_that_only_comparing_finds_is_a_member_too() -> None:
    found = discover_project(files(libs__a__deep=project("deep")), "/w/libs/a/deep", frozen=False)
    assert found.root == "/w/libs/a/deep"  # libs/a is a project between and ends the search
    bare = MemoryProjectFiles(
        {"/w/pyproject.toml": project("app", WORKSPACE), "/w/libs/a/deep/pyproject.toml": project("deep")}
    )  # fmt: skip
    found = discover_project(bare, "/w/libs/a/deep", frozen=True)
    assert [member.name for member in found.members] == ["app", "deep"]
    assert found.missing_members == ("/w/libs/a", "/w/tool")


def test_with_frozen_a_folder_without_pyproject_is_missing_and_else_refused() -> None:
    paths = MemoryProjectFiles(
        {"/w/pyproject.toml": project("app", WORKSPACE), "/w/libs/a/setup.py": ""}
    )
    assert discover_project(paths, "/w", frozen=True).missing_members == ("/w/libs/a", "/w/tool")
    with pytest.raises(
        BrokenMemberError, match=r"no `pyproject.toml` \(it matches `libs/\*`\)"
    ) as caught:
        discover_project(paths, "/w", frozen=False)
    assert caught.value.where == "/w/libs/a"
    assert "--frozen" in caught.value.hints[0]


def test_an_empty_folder_is_missing_and_no_fault() -> None:
    paths = MemoryProjectFiles(
        {"/w/pyproject.toml": project("app", WORKSPACE)}, folders=["/w/libs/a/src"]
    )
    assert discover_project(paths, "/w", frozen=False).missing_members == ("/w/libs/a", "/w/tool")


def test_no_project_at_all() -> None:
    with pytest.raises(NoProjectError, match=r"no `pyproject.toml`") as caught:
        discover_project(MemoryProjectFiles({}, folders=["/a/b"]), "/a/b", frozen=True)
    assert caught.value.where == "/a/b"


def test_an_unmanaged_project_is_left_alone() -> None:
    paths = MemoryProjectFiles({"/w/pyproject.toml": project("app", "[tool.uv]\nmanaged = false")})
    with pytest.raises(UnmanagedProjectError, match="managed = false"):
        discover_project(paths, "/w/src", frozen=True)


def test_two_members_of_one_name_are_named_with_their_folders() -> None:
    with pytest.raises(DuplicateMemberError, match="both named `a-a`: /w/libs/a and /w/libs/b"):
        discover_project(files(libs__b=project("a.a")), "/w", frozen=True)


def test_a_workspace_in_a_workspace_is_refused() -> None:
    inner = project("b", '[tool.uv.workspace]\nmembers = ["x"]')
    with pytest.raises(NestedWorkspaceError, match="`b` has"):
        discover_project(files(libs__b=inner), "/w", frozen=True)


def test_a_member_without_project_table_is_refused() -> None:
    with pytest.raises(BrokenMemberError, match=r"no `\[project\]`") as caught:
        discover_project(files(libs__b="[tool.x]"), "/w", frozen=True)
    assert caught.value.where == "/w/libs/b/pyproject.toml"


def test_ancestors_end_at_the_top() -> None:
    assert list(ancestors("/a/b")) == ["/a/b", "/a", "/"]
