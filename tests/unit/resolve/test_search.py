"""The search, stepped by hand: what it asks, what it learns, and that a copy goes its own way."""

import pytest

from siteroot.resolve.search import (
    ROOT,
    ROOT_VERSION,
    Choose,
    Dependency,
    Search,
    Solved,
    Unsolvable,
)

#: The places on a line of two versions: 1, 2, and all.
ONE, TWO, ALL, FULL = 0b100, 0b10000, 0b111110, 0b111111


def _needs(package: int, allowed: int = ALL, *, pinned: bool = False) -> Dependency:
    return Dependency(package, allowed, pinned=pinned, direct=False, base=None)


def _started(*names: str, needs: dict[str, int]) -> tuple[Search, dict[str, int]]:
    """Return a search whose root requires what `needs` says, and the numbers of its packages."""
    search = Search()
    numbers = {name: search.add_package(name, FULL) for name in names}
    assert search.step() == Choose(ROOT, ROOT_VERSION)
    search.take(
        ROOT_VERSION, ROOT_VERSION, [_needs(numbers[name], term) for name, term in needs.items()]
    )
    return search, numbers


def test_packages_are_decided_in_the_order_in_which_they_are_found() -> None:
    search, numbers = _started("a", "b", "c", needs={"b": ALL, "a": ALL})
    order = []
    while isinstance(step := search.step(), Choose):
        order.append(step.package)
        needed = [_needs(numbers["c"])] if step.package == numbers["b"] else []
        search.take(TWO, TWO, needed)
    assert step == Solved()
    assert order == [numbers["b"], numbers["a"], numbers["c"]]
    assert search.decisions == {ROOT: ROOT_VERSION, **dict.fromkeys(order, TWO)}


def test_a_name_that_is_pinned_goes_first() -> None:
    search = Search()
    first, second = (search.add_package(name, FULL) for name in ("a", "b"))
    search.step()
    search.take(ROOT_VERSION, ROOT_VERSION, [_needs(first), _needs(second, ONE, pinned=True)])
    assert search.step() == Choose(second, ONE)


def test_what_one_version_requires_of_another_leads_back() -> None:
    """b 2 goes with a 1 only, and a was decided first."""
    search, numbers = _started("a", "b", needs={"a": ALL, "b": TWO})
    assert search.step() == Choose(numbers["a"], ALL)
    search.take(TWO, TWO, [])
    assert search.step() == Choose(numbers["b"], TWO)
    search.take(TWO, TWO, [_needs(numbers["a"], ONE)])
    assert search.step() == Choose(numbers["a"], ONE)


def test_a_copy_goes_its_own_way() -> None:
    search, numbers = _started("a", "b", needs={"a": ALL})
    search.step()
    other = search.clone()
    search.take(TWO, TWO, [])
    other.refuse(TWO, "no file")
    assert search.step() == Solved()
    assert other.step() == Choose(numbers["a"], ALL & ~TWO)
    other.take(ONE, ONE, [_needs(numbers["b"])])
    assert other.step() == Choose(numbers["b"], ALL)
    assert search.decisions == {ROOT: ROOT_VERSION, numbers["a"]: TWO}


def test_a_copy_knows_what_was_learned() -> None:
    search, numbers = _started("a", needs={"a": ALL})
    search.step()
    search.refuse(TWO, "no file")
    copy = search.clone()
    assert copy.step() == search.step() == Choose(numbers["a"], ALL & ~TWO)


def test_a_version_that_was_taken_before_is_taken_again_without_its_requirements() -> None:
    search, numbers = _started("a", "b", needs={"a": ALL})
    search.step()
    assert not search.take_again(TWO)
    search.take(TWO, TWO, [])
    assert search.step() == Solved()
    assert numbers["a"] in search.decisions


@pytest.mark.parametrize("refused", [True, False])
def test_nothing_is_left(refused: bool) -> None:
    search, numbers = _started("a", needs={"a": TWO})
    assert search.step() == Choose(numbers["a"], TWO)
    if refused:
        search.refuse(TWO, "no file")
    else:
        search.exhaust()
    assert isinstance(search.step(), Unsolvable)
