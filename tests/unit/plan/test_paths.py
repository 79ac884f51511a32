import posixpath

from hypothesis import given
from hypothesis import strategies as st

from siteroot.plan.paths import (
    Tree,
    depth_first,
    folders_of,
    is_ascent,
    join_path,
    parent,
    pycache_of,
)

NAMES = st.lists(st.sampled_from(("a", "b", "c.py")), min_size=1, max_size=5).map("/".join)


def test_the_root_is_the_empty_path() -> None:
    assert join_path("", "a") == "a"
    assert join_path("a", "") == "a"
    assert join_path("a", "b") == "a/b"
    assert parent("a") == ""
    assert pycache_of("m.py") == ("__pycache__", "m.")
    assert pycache_of("p/m.py") == ("p/__pycache__", "m.")


def test_what_only_leads_upward_is_no_folder_of_ours() -> None:
    assert is_ascent("..")
    assert is_ascent("../..")
    assert not is_ascent("../bin")
    assert not is_ascent("..x")
    assert folders_of(["../../../bin/x", "../../../share/man/m"]) == {
        "../../../bin",
        "../../../share",
        "../../../share/man",
    }


@given(st.lists(NAMES))
def test_folders_are_all_parents(paths: list[str]) -> None:
    expected = set()
    for path in paths:
        folder = posixpath.dirname(path)
        while folder:
            expected.add(folder)
            folder = posixpath.dirname(folder)
    assert folders_of(paths) == expected


@given(st.sets(NAMES))
def test_the_deepest_folder_comes_first_and_the_root_last(folders: set[str]) -> None:
    ordered = depth_first([*folders, ""])
    assert ordered[-1] == ""
    for index, folder in enumerate(ordered):
        assert not any(f"{folder}/".startswith(f"{above}/") for above in ordered[:index])


@given(st.lists(st.lists(NAMES, max_size=6), max_size=3))
def test_a_tree_knows_what_each_folder_holds(holdings: list[list[str]]) -> None:
    tree = Tree(*holdings)
    files = {path for paths in holdings for path in paths}
    folders = folders_of(files)
    assert tree.files == files
    assert tree.folders() == folders
    for folder in {"", *folders}:
        held = {path for path in files | folders if parent(path) == folder}
        assert tree.beside([folder]) == held
        assert tree.files_in([folder]) == held & files
    assert tree.beside(["absent"]) == set()
