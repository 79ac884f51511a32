"""Names together: trees that cannot be, and names that a case-blind disk merges."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siteroot.formats.member_names import fault_in_name, fault_in_tree, find_case_twins, show

small_paths = st.lists(st.sampled_from("ab"), min_size=1, max_size=3).map("/".join)


@given(st.lists(small_paths, max_size=5))
def test_a_tree_is_refused_where_two_files_meet_or_one_is_anothers_folder(paths: list[str]) -> None:
    # The slow twin: every pair.
    impossible = any(
        one == other or one.startswith(f"{other}/") or other.startswith(f"{one}/")
        for one, other in combinations(paths, 2)
    )
    assert bool(fault_in_tree(paths)) == impossible


@pytest.mark.parametrize(
    ("paths", "twins"),
    [
        (["a", "b"], ()),
        (["a", "A"], (("A", "a"),)),
        (["Pkg/x", "pkg/y"], (("Pkg", "pkg"),)),
        (["é", "e\u0301"], (("e\u0301", "é"),)),
        (["stra\xdfe", "strasse"], (("strasse", "stra\xdfe"),)),
    ],
)
def test_names_that_a_case_blind_disk_merges(
    paths: list[str], twins: tuple[tuple[str, str], ...]
) -> None:
    assert find_case_twins(paths) == twins


@given(st.from_regex(r"[\w+-][\w.+-]{0,20}(/[\w+-][\w.+-]{0,20}){0,5}", fullmatch=True))
def test_ordinary_names_are_fine(name: str) -> None:
    assert fault_in_name(name) == ""


def test_odd_but_harmless_names_are_fine() -> None:
    for name in (".hidden", "..x", "a b", "a'b", "...", "ab:c/d", "é/ü"):
        assert fault_in_name(name) == "", name


def test_names_are_shown_escaped_and_not_endless() -> None:
    assert show("a\x1b") == r"'a\x1b'"
    assert len(show("a" * 5000)) < 220
