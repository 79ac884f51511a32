"""The tree of what needs what: every distribution is in it, from roots that nothing else needs, and it ends."""

from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version

from siteroot.model.installed import DescribedDistribution, Form
from siteroot.model.metadata import DistributionMetadata
from siteroot.model.target import Target
from siteroot.select.installed import (
    Doubled,
    Incompatibility,
    Missing,
    Unfit,
    Unreadable,
    WrongPlatform,
    WrongPython,
    clauses_of,
    find_incompatibilities,
    parse_need,
    render_need,
)
from siteroot.select.tree import Branch, Trimming, grow_tree

TARGET = Target(
    implementation="cpython",
    python=(3, 12),
    free_threaded=False,
    markers={
        "python_version": "3.12",
        "python_full_version": "3.12.4",
        "sys_platform": "linux",
        "os_name": "posix",
    },
    tags=("cp312-cp312-linux_x86_64", "py3-none-any"),
    platform=None,
    interpreter=None,
)
WHOLE = Trimming(depth=255, prune=frozenset(), only=frozenset(), invert=False, dedupe=True)


def described(
    name: str,
    version: str = "1",
    requires: Sequence[str] = (),
    *,
    python: str | None = None,
    tags: tuple[str, ...] | None = ("py3-none-any",),
    metadata: bool = True,
) -> DescribedDistribution:
    """Return an installed distribution."""
    found = DistributionMetadata(
        name=name,
        version=Version(version),
        requires_dist=tuple(requires),
        requires_python=python,
        provides_extras=(),
        dynamic=frozenset(),
    )
    return DescribedDistribution(
        name=name,
        version=version,
        form=Form.DIST_INFO,
        path=f"/r/{name}-{version}.dist-info",
        location="/r",
        metadata=found if metadata else None,
        tags=tags,
        unread="" if metadata and tags is not None else "METADATA" if tags is not None else "WHEEL",
    )


def walk(branches: Sequence[Branch]) -> Iterator[Branch]:
    for branch in branches:
        yield branch
        yield from walk(branch.branches)


@given(
    st.dictionaries(
        st.sampled_from("abcdefgh"), st.sets(st.sampled_from("abcdefgh"), max_size=4), min_size=1
    ),
    st.booleans(),
)
def test_every_distribution_is_in_the_tree_once_with_what_it_needs(
    needs: dict[str, set[str]], invert: bool
) -> None:
    installed = [described(name, requires=sorted(wanted)) for name, wanted in needs.items()]
    trimming = Trimming(depth=255, prune=frozenset(), only=frozenset(), invert=invert, dedupe=True)
    roots = grow_tree(installed, TARGET, trimming)
    edges = {(name, other) for name, wanted in needs.items() for other in wanted & needs.keys()}
    if invert:
        edges = {(other, name) for name, other in edges}
    told = list(walk(roots))
    assert {branch.name for branch in told} == needs.keys()
    assert {(branch.name, each.name) for branch in told for each in branch.branches} == edges
    for name in needs:
        whole = [each for each in told if each.name == name and not each.repeated]
        has_some = any(start == name for start, _ in edges)
        assert len(whole) == 1 or not has_some
    needed = {end for start, end in edges if start != end}
    assert needs.keys() - needed <= {root.name for root in roots}


def test_a_tree_is_cut() -> None:
    installed = [
        described("a", requires=["b", "c"]),
        described("b", requires=["d"]),
        described("c"),
        described("d"),
    ]

    def names(**changes: object) -> list[str]:
        fields = {
            "depth": 255,
            "prune": frozenset(),
            "only": frozenset(),
            "invert": False,
            "dedupe": True,
        }
        trimming = Trimming(**(fields | changes))  # type: ignore[arg-type]
        return [branch.name for branch in walk(grow_tree(installed, TARGET, trimming))]

    assert names() == ["a", "b", "d", "c"]
    assert names(depth=1) == ["a", "b", "c"]
    assert names(prune=frozenset({"b"})) == ["a", "c", "d"]
    assert names(only=frozenset({"b"})) == ["b", "d"]
    assert names(only=frozenset({"d"}), invert=True) == ["d", "b", "a"]


@pytest.mark.parametrize(
    ("installed", "expected"),
    [
        ([described("a", requires=["b>=1", "c ; sys_platform == 'win32'", "d ; extra == 'x'", "!"])], [Missing("a", "b>=1")]),
        ([described("a", requires=["b<2,>=1"]), described("b", "2.5")], [Unfit("a", "b>=1,<2", "2.5")]),
        ([described("a", requires=["b>=2"]), described("b", "2.5a1")], []),
        ([described("a", requires=["b @ https://h/b.whl"]), described("b")], []),
        ([described("a", python=">=3.13")], [WrongPython("a", ">=3.13", "3.12.4")]),
        ([described("a", python="<3"), described("b", python="nonsense")], []),
        ([described("a", tags=("cp39-cp39-win_amd64",))], [WrongPlatform("a")]),
        ([described("a", tags=None)], [Unreadable("a", "WHEEL", "/r/a-1.dist-info")]),
        ([described("a", metadata=False)], [Unreadable("a", "METADATA", "/r/a-1.dist-info")]),
        (
            [described("a", requires=["z"]), described("a", "2"), described("b", requires=["a>9"])],
            [Doubled("a", ("/r/a-1.dist-info", "/r/a-2.dist-info"))],
        ),
    ],
)  # fmt: skip
def test_what_does_not_fit_together(
    installed: list[DescribedDistribution], expected: list[Incompatibility]
) -> None:
    assert list(find_incompatibilities(installed, TARGET)) == expected


def test_requirements_are_written_as_uv_writes_them() -> None:
    need = parse_need('A_b[Y,x] >=2, <1, !=1.5.* ; python_version >= "3"')
    assert need is not None
    assert render_need(need) == "a-b[x,y]<1,!=1.5.*,>=2 ; python_version >= '3'"
    assert clauses_of(need.specifier) == ["<1", "!=1.5.*", ">=2"]
