from collections.abc import Sequence
from dataclasses import replace

import pytest

from siteroot.model.digest import Digest
from siteroot.model.layout import Layout, LayoutKind
from siteroot.model.lock import UrlSource
from siteroot.model.pin import WheelPin
from siteroot.model.root import Inventory
from siteroot.plan.layout import target_layout
from siteroot.plan.triage import (
    ForeignDistributionError,
    Policy,
    Triage,
    find_unlisted,
    sort_pins,
    spread_contested,
    want_again,
)
from support.memory_roots import Brought, MemoryRoot, made_policy, made_target

TARGET, LAYOUT = made_target(), target_layout("/r")
DEMO, OTHER = Brought(name="demo"), Brought(name="other")
INTERPRETER = Layout(kind=LayoutKind.INTERPRETER, root="/r", folders=LAYOUT.folders)


def inventory_of(*wanted: Brought) -> Inventory:
    root = MemoryRoot(LAYOUT, TARGET)
    root.sync(wanted)
    return root.inventory()


def sort(
    pins: Sequence[WheelPin],
    inventory: Inventory,
    policy: Policy | None = None,
    layout: Layout = LAYOUT,
) -> Triage:
    return sort_pins(pins, inventory, layout, TARGET, policy or made_policy())


def as_foreign(inventory: Inventory, name: str, form: str = "") -> Inventory:
    """Make a distribution one that siteroot did not put there."""
    distributions = tuple(
        replace(each, entry=None, installer="pip", foreign_form=form) if each.name == name else each
        for each in inventory.distributions
    )
    return replace(inventory, distributions=distributions)


def why(pin: WheelPin, inventory: Inventory, policy: Policy | None = None) -> str | None:
    triage = sort([pin], inventory, policy)
    return triage.wanted[0].why if triage.wanted else None


def test_what_is_right_is_kept() -> None:
    assert why(DEMO.pin, inventory_of(DEMO)) is None


def test_each_difference_has_its_reason() -> None:
    there = inventory_of(DEMO)
    assert why(OTHER.pin, there) == "not in the root"
    assert why(Brought(name="demo", version="2.0").pin, there) == "the root has 1.0"
    changed = Brought(name="demo", schemes={"purelib": {"x": b""}})
    assert why(changed.pin, there) == "the lock names another file"
    assert why(replace(DEMO, direct=True).pin, there) == "it is now asked for directly"
    direct = inventory_of(replace(DEMO, direct=True))
    assert why(DEMO.pin, direct) == "it is no longer asked for directly"
    url = replace(DEMO.pin, source=UrlSource("https://files.test/demo-1.0-py3-none-any.whl", None))
    assert why(url, there) == "it comes from another place"
    assert why(DEMO.pin, there, made_policy(reinstall=True)) == "asked for with --reinstall"
    named = made_policy(reinstall_names=["demo"])
    assert why(DEMO.pin, there, named) == "asked for with --reinstall"
    assert why(DEMO.pin, there, made_policy(reinstall_names=["x"])) is None
    assert "changed by pip" in str(why(DEMO.pin, as_foreign(there, "demo")))


def test_by_version_what_an_index_would_bring_stays_whoever_put_it_there() -> None:
    by_version = replace(made_policy(), by_version=True)
    there = inventory_of(DEMO)
    changed = Brought(name="demo", schemes={"purelib": {"x": b""}}).pin
    for pin in (changed, replace(DEMO, direct=True).pin):
        assert why(pin, there, by_version) is None
    for form in ("", "egg-info"):
        assert why(DEMO.pin, as_foreign(there, "demo", form), by_version) is None
    newer = Brought(name="demo", version="2.0").pin
    assert why(newer, there, by_version) == "the root has 1.0"
    assert "changed by pip" in str(why(newer, as_foreign(there, "demo"), by_version))
    url = UrlSource("https://files.test/demo-1.0-py3-none-any.whl", None)
    assert why(replace(DEMO.pin, source=url), there, by_version) == "it comes from another place"
    exact = replace(by_version, exact=True)
    assert why(replace(DEMO, direct=True).pin, there, exact) == "it is now asked for directly"
    assert why(changed, there, exact) is None
    unfit = replace(by_version, unfit=frozenset({"demo"}))
    assert why(DEMO.pin, there, unfit) == "its wheel is for another Python or platform"
    anew = replace(by_version, reinstall=True)
    assert why(DEMO.pin, there, anew) == "asked for with --reinstall"
    assert "changed by pip" in str(why(DEMO.pin, as_foreign(there, "demo"), anew))
    unhashed = replace(DEMO.pin.artifact.file, digests=())
    pin = replace(DEMO.pin, artifact=replace(DEMO.pin.artifact, file=unhashed))
    assert why(pin, there) is None  # as uv has it: nothing tells it from what is there


@pytest.mark.parametrize("spelled", ["1", "1.0.0", "01.0", "v1.0"])
def test_a_version_may_be_spelled_otherwise_in_the_dist_info(spelled: str) -> None:
    there = inventory_of(DEMO)
    (demo,) = there.distributions
    assert demo.entry is not None
    other = replace(demo, version=spelled, entry=replace(demo.entry, version=spelled))
    assert why(DEMO.pin, replace(there, distributions=(other,))) is None
    newer = replace(demo, entry=replace(demo.entry, version=f"{spelled}.post1"))
    assert why(DEMO.pin, replace(there, distributions=(newer,))) is not None


def test_a_lock_that_names_more_digests_keeps_what_has_one_of_them() -> None:
    file = DEMO.pin.artifact.file
    more = replace(file, digests=(Digest("sha512", "0" * 128), *file.digests))
    pin = replace(DEMO.pin, artifact=replace(DEMO.pin.artifact, file=more))
    assert why(pin, inventory_of(DEMO)) is None


def test_another_python_wants_all_anew() -> None:
    there = inventory_of(DEMO)
    triage = sort_pins([DEMO.pin], there, LAYOUT, made_target((3, 13)), made_policy())
    assert [each.why for each in triage.wanted] == ["the root was made for another Python"]


def test_missing_files_are_told() -> None:
    root = MemoryRoot(LAYOUT, TARGET)
    root.sync([Brought(name="demo", schemes={"purelib": {"a.py": b"", "b.py": b""}})])
    demo = Brought(name="demo", schemes={"purelib": {"a.py": b"", "b.py": b""}})
    root.delete("a.py")
    assert why(demo.pin, root.inventory()) == "a.py is missing"
    root.delete("b.py")
    assert why(demo.pin, root.inventory()) == "a.py is missing, and 1 file more"


def test_others_go_from_a_target_and_stay_in_an_interpreter() -> None:
    there = inventory_of(DEMO, OTHER)
    assert [each.name for each in sort([DEMO.pin], there).removed] == ["other"]
    for policy, layout in (
        (made_policy(exact=False), LAYOUT),
        (made_policy(), INTERPRETER),
    ):
        triage = sort([DEMO.pin], there, policy, layout)
        assert (triage.removed, [each.name for each in triage.left]) == ((), ["other"])
    exact = sort([DEMO.pin], there, made_policy(exact=True), INTERPRETER)
    assert [each.name for each in exact.removed] == ["other"]


def test_what_somebody_else_put_there_goes_only_when_it_is_said() -> None:
    there = as_foreign(inventory_of(DEMO, OTHER), "other")
    with pytest.raises(ForeignDistributionError, match=r"other==1\.0") as caught:
        sort([DEMO.pin], there)
    assert {hint.split()[0] for hint in caught.value.hints} == {"--inexact", "--exact"}
    triage = sort([DEMO.pin], there, made_policy(exact=True))
    assert [each.name for each in triage.removed] == ["other"]
    # one that the lock selects is replaced, whoever installed it
    assert [each.pin.name for each in sort([DEMO.pin, OTHER.pin], there).wanted] == ["other"]


def test_a_form_without_a_list_of_files_is_never_taken_away() -> None:
    there = as_foreign(inventory_of(DEMO), "demo", "egg-info")
    with pytest.raises(ForeignDistributionError, match="egg-info"):
        sort([DEMO.pin], there, layout=INTERPRETER)
    triage = sort([DEMO.pin], there)
    assert triage.wanted[0].old == ()
    for exact in (True, False):
        policy = made_policy(exact=exact)
        triage = sort([], there, policy)
        assert (triage.removed, triage.left) == ((), there.distributions)
        assert find_unlisted(triage, LAYOUT, policy) == (there.distributions if exact else ())


def test_contested_files_pull_their_other_owners_in() -> None:
    one = Brought(name="one", schemes={"purelib": {"x": b"1"}})
    two = Brought(name="two", schemes={"purelib": {"x": b"2"}})
    there = inventory_of(one, two, OTHER)
    assert there.state is not None
    assert there.state.winners == {"x": "two"}
    pins = [one.pin, OTHER.pin]
    triage = spread_contested(sort(pins, there), there.state.winners)
    assert [each.pin.name for each in triage.wanted] == ["one"]
    assert [pin.name for pin, _ in triage.kept] == ["other"]
    nothing = sort([one.pin, two.pin, OTHER.pin], there)
    assert spread_contested(nothing, there.state.winners) == nothing


def test_wanting_again_keeps_the_order_of_names() -> None:
    third = Brought(name="a-new")
    triage = sort([DEMO.pin, OTHER.pin, third.pin], inventory_of(DEMO, OTHER))
    again = want_again(triage, {"other"}, "why not")
    assert [(each.pin.name, len(each.old)) for each in again.wanted] == [("a-new", 0), ("other", 1)]
    assert [pin.name for pin, _ in again.kept] == ["demo"]
