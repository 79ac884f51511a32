"""Markers of locks: conflict names, release-only Pythons, strings compared as strings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.markers import Marker

from siteroot.formats.markers import (
    TargetMarkers,
    UnusableMarkerError,
    extra_name,
    group_name,
    project_name,
    release_of,
    without_extras,
)
from support.selection import make_target

X, Y = extra_name("app", "x"), extra_name("app", "y")


def holds(text: str, *names: str, version: str = "3.12.1", **markers: str) -> bool:
    environment = make_target(version, **markers).markers
    return TargetMarkers(environment).holds(Marker(text), frozenset(names))


def test_names_carry_the_length_of_the_package_in_bytes() -> None:
    assert extra_name("cons", "x") == "extra-4-cons-x"
    assert group_name("my-app", "dev") == "group-6-my-app-dev"
    assert project_name("app") == "project-3-app"


@pytest.mark.parametrize(
    ("text", "names", "expected"),
    [
        (f"extra == '{X}'", (), False),
        (f"extra == '{X}'", (X,), True),
        (f"extra != '{X}'", (), True),
        (f"extra != '{X}' or extra == '{Y}'", (X,), False),
        (f"extra != '{X}' or extra == '{Y}'", (X, Y), True),
        (f"'{X}' == extra", (X,), True),
        (
            f"(sys_platform == 'win32' and extra == '{X}') or (extra == '{X}' and extra == '{Y}')",
            (X,),
            False,
        ),
        (
            f"(sys_platform == 'linux' and extra == '{X}') or (extra == '{X}' and extra == '{Y}')",
            (X,),
            True,
        ),
        ("extra == 'x'", (X,), False),
    ],
)
def test_conflict_names_are_true_when_selected(
    text: str, names: tuple[str, ...], expected: bool
) -> None:
    assert holds(text, *names) is expected


@pytest.mark.parametrize(
    ("text", "version", "expected"),
    [
        ("python_full_version >= '3.15'", "3.15.0b1", True),
        ("python_full_version < '3.15'", "3.15.0b1", False),
        ("python_full_version == '3.15.*'", "3.15.0rc2", True),
        ("python_full_version >= '3.12'", "3.12.0+", True),
        ("python_full_version < '3.13'", "3.12.9", True),
        ("python_version == '3.1'", "3.10.0", False),
        ("python_version >= '3.9'", "3.10.0", True),
        ("python_full_version != '3.10.*'", "3.10.4", False),
    ],
)
def test_pythons_are_compared_by_release(text: str, version: str, expected: bool) -> None:
    assert holds(text, version=version) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "platform_release >= '20'",
            True,
        ),  # "6.1.0-13-amd64" as characters, which packaging calls a version
        ("platform_release < '20'", False),
        ("'20' <= platform_release", True),
        ("platform_release == '6.1.0-13-amd64'", True),
        ("platform_version == '#1 SMP'", True),
        ("'linu' in sys_platform", True),
        ("sys_platform in 'linux darwin'", True),
        ("'win' not in sys_platform", True),
        ("os_name == 'posix' and platform_machine != 'AMD64'", True),
        ("implementation_version >= '3.10'", True),
    ],
)
def test_strings_are_compared_as_strings(text: str, expected: bool) -> None:
    assert holds(text) is expected


def test_quotes_inside_a_value_do_not_lead_astray() -> None:
    assert not holds("""platform_version == 'extra == "x" and "y" or "'""", "x")
    assert holds("""platform_version == 'say "hi"'""", platform_version='say "hi"')


def test_what_cannot_be_compared_is_an_error_with_the_marker() -> None:
    with pytest.raises(UnusableMarkerError, match="sys_platform ~= "):
        holds("sys_platform ~= '3'")


def test_release_of_keeps_what_stands_before_any_suffix() -> None:
    assert [str(release_of(text)) for text in ("3.15.0b1", "3.12.0+", "3.9", "")] == [
        "3.15.0",
        "3.12.0",
        "3.9",
        "0",
    ]


NAMES = [extra_name("app", letter) for letter in "abc"]
ATOMS = st.one_of(
    st.sampled_from([(f'extra == "{name}"', f"{name!r} in names") for name in NAMES]),
    st.sampled_from([(f'extra != "{name}"', f"{name!r} not in names") for name in NAMES]),
    st.sampled_from(
        [('sys_platform == "linux"', "True"), ('python_full_version < "3.9"', "False")]
    ),
)
TREES = st.recursive(
    ATOMS,
    lambda inner: st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(
        lambda three: (
            f"({three[0][0]}) {three[1]} ({three[2][0]})",
            f"({three[0][1]}) {three[1]} ({three[2][1]})",
        )
    ),
    max_leaves=8,
)


@given(TREES, st.lists(st.frozensets(st.sampled_from(NAMES)), min_size=1, max_size=4))
def test_any_tree_is_judged_as_python_judges_it(
    tree: tuple[str, str], choices: list[frozenset[str]]
) -> None:
    markers = TargetMarkers(
        make_target().markers
    )  # one for all choices: what it remembers must not mix them
    for names in choices:
        assert markers.holds(Marker(tree[0]), names) is eval(
            tree[1], {"names": names}
        )  # our own words


@pytest.mark.parametrize(
    ("marker", "left"),
    [
        ('extra == "x"', ""),
        ('extra != "x"', 'python_version < "0"'),
        ('os_name == "nt"', 'os_name == "nt"'),
        ('os_name == "nt" and extra == "x"', 'os_name == "nt"'),
        ('"x" == extra and (os_name == "nt" or extra == "y")', ""),
        (
            'sys_platform == "win32" and os_name == "nt"',
            'os_name == "nt" and sys_platform == "win32"',
        ),
        (
            'extra == "x" and (sys_platform == "linux" or os_name == "nt")',
            'os_name == "nt" or sys_platform == "linux"',
        ),
        (
            'python_version >= "3.8" and (sys_platform == "linux" or os_name == "nt")',
            '(os_name == "nt" or sys_platform == "linux") and python_version >= "3.8"',
        ),
    ],
)
def test_what_is_left_of_a_marker_once_its_extra_is_there(marker: str, left: str) -> None:
    assert without_extras(str(Marker(marker))) == left
