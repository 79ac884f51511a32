"""What is reached from the roots of a lock."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siteroot.errors import LockError
from siteroot.formats.markers import TargetMarkers
from siteroot.model.request import SelectionRequest
from siteroot.select.conflicts import ConflictingSelectionError
from siteroot.select.index import LockIndex
from siteroot.select.roots import select_roots
from siteroot.select.walk import AmbiguousRequirementError, Reached, select_reached
from support.selection import HEAD, make_lock, make_project, make_target

REGISTRY = 'source = { registry = "https://x/simple" }\n'


def app(dependencies: str = "", more: str = "") -> str:
    return f'[[package]]\nname = "app"\nversion = "1"\nsource = {{ virtual = "." }}\ndependencies = [{dependencies}]\n{more}\n'


def other(name: str, dependencies: str = "", version: str = "1", more: str = "") -> str:
    return f'[[package]]\nname = "{name}"\nversion = "{version}"\n{REGISTRY}dependencies = [{dependencies}]\n{more}\n'


def reached(
    *packages: str, request: SelectionRequest | None = None, head: str = HEAD, bare: bool = False
) -> tuple[set[str], set[str], Reached]:
    index = LockIndex(make_lock("".join(packages), head))
    project = make_project(None if bare else "app")
    roots = select_roots(index, project, request or SelectionRequest(), frozen=True)
    found = select_reached(index, roots, TargetMarkers(make_target().markers))

    def names(places: object) -> set[str]:
        return {
            f"{package.name}=={package.version}"
            for place, package in enumerate(index.lock.packages)
            if place in places  # type: ignore[operator]  # a tuple or a set
        }

    return names(found.places), names(found.direct), found


def test_markers_that_are_false_here_keep_their_packages_out_and_are_remembered() -> None:
    text = """{ name = "a" }, { name = "b", marker = "sys_platform == 'win32'" }"""
    places, direct, found = reached(app(text), other("a", '{ name = "c" }'), other("b"), other("c"))
    assert places == {"app==1", "a==1", "c==1"}
    assert direct == {"a==1"}
    assert found.ruled_out == {"b": 'sys_platform == "win32"'}


def test_what_another_way_reaches_is_not_ruled_out() -> None:
    text = """{ name = "a" }, { name = "b", marker = "sys_platform == 'win32'" }"""
    _, _, found = reached(app(text), other("a", '{ name = "b" }'), other("b"))
    assert found.ruled_out == {}


def test_extras_of_dependencies_are_followed() -> None:
    extras = '[package.optional-dependencies]\nfast = [{ name = "c" }]\nslow = [{ name = "d" }]\n'
    packages = (
        app('{ name = "a", extra = ["fast", "unknown"] }'),
        other("a", more=extras),
        other("c", '{ name = "a", extra = ["fast"] }'),
        other("d"),
    )
    places, direct, _ = reached(*packages)
    assert places == {"app==1", "a==1", "c==1"}
    assert direct == {"a==1"}


def test_selected_extras_and_groups_are_direct() -> None:
    more = (
        '[package.optional-dependencies]\nx = [{ name = "a" }]\n'
        '[package.dev-dependencies]\ndev = [{ name = "b" }, { name = "app", extra = ["x"] }]\n'
    )
    packages = (app(more=more), other("a", '{ name = "c" }'), other("b"), other("c"))
    places, direct, _ = reached(*packages)
    assert places == {"app==1", "a==1", "b==1", "c==1"}
    assert direct == {"app==1", "a==1", "b==1"}
    assert reached(*packages, request=SelectionRequest(dev=False))[0] == {"app==1"}


def test_only_groups_leave_the_project_out_unless_a_group_names_it() -> None:
    more = '[package.dev-dependencies]\ndev = [{ name = "b" }]\nown = [{ name = "app" }]\n'
    packages = (app('{ name = "a" }', more), other("a"), other("b"))
    assert reached(*packages, request=SelectionRequest(only_dev=True))[0] == {"b==1"}
    assert reached(*packages, request=SelectionRequest(only_groups=("own",)))[0] == {
        "app==1",
        "a==1",
    }


def test_forks_of_one_name_are_told_apart() -> None:
    edges = (
        '{ name = "a", version = "1", source = { registry = "https://x/simple" }, marker = "sys_platform == \'win32\'" },'
        '{ name = "a", version = "2", source = { registry = "https://x/simple" }, marker = "sys_platform != \'win32\'" }'
    )
    places, _, _ = reached(app(edges), other("a", version="1"), other("a", version="2"))
    assert places == {"app==1", "a==2"}


def test_a_lock_whose_forks_are_all_for_others_reaches_nothing() -> None:
    head = (
        HEAD + "resolution-markers = [\"sys_platform == 'win32'\", \"sys_platform == 'darwin'\"]\n"
    )
    places, _, found = reached(app('{ name = "a" }'), other("a"), head=head)
    assert places == {"app==1"}
    assert found.ruled_out == {"a": ""}


MANIFEST = (
    HEAD
    + """
[manifest.dependency-groups]
dev = [{ name = "a", extras = ["x"] }, { name = "b", marker = "sys_platform == 'win32'" }]
more = [{ name = "b" }]
"""
)
FORKED = other("a", version="1", more="").replace(
    "dependencies = []", "resolution-markers = [\"sys_platform == 'win32'\"]"
) + other("a", version="2").replace(
    "dependencies = []",
    'resolution-markers = ["sys_platform != \'win32\'"]\n[package.optional-dependencies]\nx = [{ name = "b" }]',
)


def test_a_root_without_project_has_its_groups_from_the_manifest() -> None:
    places, direct, _ = reached(FORKED, other("b"), head=MANIFEST, bare=True)
    assert places == {"a==2", "b==1"}
    assert direct == {"a==2"}
    request = SelectionRequest(only_groups=("more",))
    assert reached(FORKED, other("b"), head=MANIFEST, bare=True, request=request)[0] == {"b==1"}


def test_a_requirement_that_may_mean_two_packages_is_refused() -> None:
    twice = other("a", version="1") + other("a", version="2")
    with pytest.raises(AmbiguousRequirementError, match="several packages for `a`"):
        reached(twice, other("b"), head=MANIFEST, bare=True)


CONFLICTS = (
    HEAD
    + 'conflicts = [[{ package = "tool", extra = "fast" }, { package = "tool", extra = "slow" }]]\n'
)
FAST, SLOW = "extra == 'extra-4-tool-fast'", "extra == 'extra-4-tool-slow'"
TOOL = other(
    "tool",
    more='[package.optional-dependencies]\nfast = [{ name = "c" }]\nslow = [{ name = "d" }]\n',
)


def test_an_extra_that_an_edge_turns_on_decides_edges_met_before_it() -> None:
    """`a` is met first, while nothing has turned `fast` on yet."""
    packages = (
        app('{ name = "a" }, { name = "b" }'),
        other(
            "a",
            f'{{ name = "d", marker = "{FAST}" }}, {{ name = "e", marker = "{FAST.replace("==", "!=")}" }}',
        ),
        other("b", '{ name = "tool", extra = ["fast"] }'),
        *(other(name) for name in "cde"),
        TOOL,
    )
    places, _, _ = reached(*packages, head=CONFLICTS)
    assert places == {"app==1", "a==1", "b==1", "tool==1", "c==1", "d==1"}


def test_an_edge_below_a_closed_way_turns_nothing_on() -> None:
    """`b` is there without `fast` only, which is found after `b` was; its own edge to slow does not repeat that."""
    no_fast = FAST.replace("==", "!=")
    packages = (
        app(f'{{ name = "b", marker = "{no_fast}" }}, {{ name = "tool", extra = ["fast"] }}'),
        other("b", '{ name = "tool", extra = ["slow"] }'),
        *(other(name) for name in "cd"),
        TOOL,
    )
    assert reached(*packages, head=CONFLICTS)[0] == {"app==1", "tool==1", "c==1"}


def test_a_second_way_to_a_package_opens_it_again() -> None:
    """The first way to `b` closes as above; another one stays, so that both conflicting extras are on."""
    no_fast = FAST.replace("==", "!=")
    packages = (
        app(
            f'{{ name = "b", marker = "{no_fast}" }}, {{ name = "tool", extra = ["fast"] }}, {{ name = "e" }}'
        ),
        other("b", '{ name = "tool", extra = ["slow"] }'),
        other("e", '{ name = "b" }'),
        *(other(name) for name in "cd"),
        TOOL,
    )
    with pytest.raises(ConflictingSelectionError):
        reached(*packages, head=CONFLICTS)


def test_two_conflicting_extras_turned_on_by_edges_are_refused() -> None:
    packages = (
        app('{ name = "a" }, { name = "b" }'),
        other("a", '{ name = "tool", extra = ["fast"] }'),
        other("b", '{ name = "tool", extra = ["slow"] }'),
        *(other(name) for name in "cd"),
        TOOL,
    )
    with pytest.raises(ConflictingSelectionError, match=r"`tool\[fast\]` and `tool\[slow\]`"):
        reached(*packages, head=CONFLICTS)


def test_a_broken_edge_is_the_locks_fault() -> None:
    """Parsing refuses such a lock; a walk over one that was made otherwise says so too."""
    index = LockIndex(make_lock(app('{ name = "a" }') + other("a")))
    edge = index.lock.packages[0].dependencies[0]
    lonely = LockIndex(make_lock(app()))
    with pytest.raises(LockError, match="depends on `a` and holds no such package"):
        lonely.follow(edge)


SIZE = 6
GRAPHS = st.lists(
    st.tuples(st.integers(0, SIZE - 1), st.integers(0, SIZE - 1), st.booleans()),
    max_size=14,
    unique=True,
)


@given(GRAPHS)
def test_reaches_what_a_plain_closure_reaches(graph: list[tuple[int, int, bool]]) -> None:
    edges = {pair[:2]: pair[2] for pair in graph}

    def dependencies(start: int) -> str:
        return ", ".join(
            f"""{{ name = "p{end}", marker = "sys_platform == '{"linux" if here else "win32"}'" }}"""
            for (begin, end), here in edges.items()
            if begin == start
        )

    packages = [app(dependencies(0).replace('"p0"', '"app"'))]
    packages += [
        other(f"p{place}", dependencies(place).replace('"p0"', '"app"')) for place in range(1, SIZE)
    ]
    closure = {0}
    for _ in range(SIZE):
        closure |= {end for (begin, end), here in edges.items() if here and begin in closure}
    expected = {"app==1" if place == 0 else f"p{place}==1" for place in closure}
    assert reached(*packages)[0] == expected
