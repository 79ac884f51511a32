"""Brings a root to hold a set of pins: the one installer, whoever calls it.

lock -> recover -> inventory -> triage -> wheels -> placing -> plan -> journal -> fingerprint. A dry run takes the same
way up to the plan, without the lock, and changes nothing in the root.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from siteroot import fs
from siteroot.model.event import (
    Note,
    PlacingAdvanced,
    PlacingFinished,
    PlacingStarted,
    Warned,
)
from siteroot.model.layout import Layout
from siteroot.model.outcome import NO_EFFORT, Effort
from siteroot.model.pin import WheelPin
from siteroot.model.plan import DesiredDistribution, Keep, Plan, Remove, Step
from siteroot.model.root import Inventory, RootState
from siteroot.model.rows import Change, Fresh, Staging
from siteroot.model.settings import LinkMode
from siteroot.model.target import Target
from siteroot.model.value import dataclass, field, replace
from siteroot.model.wheel import StoredWheel
from siteroot.plan.change import count_bytes, count_files, render_change, render_fresh
from siteroot.plan.diff import (
    Desire,
    contested_with_kept,
    diff_root,
    folders_to_look_at,
    new_desire,
    shared_with_left,
)
from siteroot.plan.place import Placing
from siteroot.plan.triage import (
    Policy,
    Triage,
    Wanted,
    sort_pins,
    sort_removal,
    spread_contested,
    want_again,
)
from siteroot.ports import Clock, Interrupts, Reporter, WheelSupply
from siteroot.root.fresh import apply_fresh
from siteroot.root.inventory import look_again, read_inventory, with_files
from siteroot.root.journal import apply_change, recovery_due
from siteroot.root.placing import PoisonedError, copied_words

from .holding import HeldRoot
from .noted import noted
from .own_place import refuse_own_feet
from .placing_wheels import discard_poisoned, place_wheels, refuse_edited_metadata
from .remembering import Memory
from .telling_triage import tell_triage, warn_of_triage
from .windows_launcher import windows_launcher_for

if TYPE_CHECKING:
    from .bytecode import BytecodeSupply
    from .verifying import Verifier


@dataclass(frozen=True, slots=True, kw_only=True)
class Filling:
    """What a root shall be brought to, and how. `partial`: wheels that cannot be had are left out of the plan.

    `check`: whether anything is to be done is the question, and no wheel is fetched for an answer that is known.
    `removing`: distributions of these names go and all others stay, so that there are no pins.
    """

    pins: tuple[WheelPin, ...]
    layout: Layout
    target: Target
    policy: Policy
    link_mode: LinkMode | None
    dry_run: bool
    partial: bool
    check: bool = False
    verify: bool = False
    durable: bool = False
    removing: frozenset[str] | None = None

    @property
    def writer(self) -> fs.Writer:
        """Who writes the root."""
        return fs.DURABLE if self.durable else fs.DISK


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """What became of it. `unseen` are what a plan lacks: nobody looked at their wheels.

    `made` are the rows and the fingerprint of a root that was not there before. `damages` are the damaged files that
    `--verify` found, by distribution, `verified` is what it read.
    """

    existed: bool
    triage: Triage
    plan: Plan
    unseen: tuple[Wanted, ...]
    placed: Effort
    recovery_due: bool
    made: tuple[Fresh, bytes] | None = None
    damages: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    verified: Effort | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What filling works with."""

    supply: WheelSupply
    memory: Memory
    reporter: Reporter
    clock: Clock
    interrupts: Interrupts
    bytecode: "BytecodeSupply | None" = None


def fill_root(filling: Filling, means: Means) -> Filled:
    """Bring the root to hold the pins, or say what that would change.

    Raises RootError, StoreError, SourceError and IntegrityError; then the root is as it was before, or (where a change
    was decided on and could be neither finished nor undone) as the journal in it says. Signals stay deferred: what has
    come about is for the caller to say.
    """
    means.interrupts.defer()
    with _locked(filling, means) as due:
        return _unplanned(filling, means.reporter) if due else _fill_anew(filling, means)


def _fill_anew(filling: Filling, means: Means) -> Filled:
    """Decide and act, again as long as more stored wheels turn out to be wrong: no stage sees all of them."""
    mended: set[str] = set()
    while True:
        wheels: list[StoredWheel] = []
        try:
            return _fill(filling, means, wheels)
        except PoisonedError as error:
            if mended.issuperset(error.sources):
                raise
            mended.update(error.sources)
            anew = "" if filling.check else f"; fetching {', '.join(error.labels)} anew"
            means.reporter.report(Warned(f"{error}{anew}"))
            discard_poisoned(error, wheels, means.supply, means.bytecode)


def _locked(filling: Filling, means: Means) -> AbstractContextManager[bool]:
    """Hold the root's lock and recover it; for a dry run only say whether recovery is due."""
    root = filling.layout.root
    if filling.dry_run:
        return nullcontext(recovery_due(root))
    return HeldRoot(
        filling.layout,
        filling.writer,
        means.reporter,
        clock=means.clock,
        interrupts=means.interrupts,
    )


def _unplanned(filling: Filling, reporter: Reporter) -> Filled:
    """Return what a dry run can say of a root that is half changed: that it has to be recovered first."""
    reporter.report(
        Warned(
            f"{filling.layout.root}: a change was interrupted, and what this would change is known only when that"
            " is brought to its end"
        )
    )
    nothing = Triage(kept=(), wanted=(), removed=(), left=())
    return replace(_unplaced(filling, nothing, None), recovery_due=True)


def _fill(filling: Filling, means: Means, wheels: list[StoredWheel]) -> Filled:
    """Decide and act. The stored wheels that are placed are added to `wheels` as they are known."""
    layout = filling.layout
    recalled = _recall(filling, means)
    unchanged = None if recalled is None else _unchanged(filling, recalled, means.reporter)
    if unchanged is not None:
        return unchanged
    inventory = _inventory(filling, recalled)
    triage = _sort(filling, inventory)
    if filling.removing is not None and not triage.removed:
        return replace(_unplaced(filling, triage, inventory.state), existed=inventory.exists)
    verifier = _verifier(filling, inventory, means)
    with noted(f"{layout.root} was not changed"):
        means.interrupts.allow()  # reading, fetching and compiling can take long
        if verifier is not None:
            triage = verifier.judge(triage, _find_placed(triage, filling, means, wheels))
        means.interrupts.defer()
    if inventory.state is not None:
        triage = spread_contested(triage, inventory.state.winners)
    tell_triage(triage, means.reporter)
    if filling.removing is None:
        warn_of_triage(
            triage, inventory, layout, filling.target, filling.policy, reporter=means.reporter
        )
    if filling.check and any(means.supply.find(wanted.pin) is None for wanted in triage.wanted):
        outdated = _unplaced(filling, triage, inventory.state)
        return replace(
            outdated,
            existed=inventory.exists,
            damages={} if verifier is None else verifier.damages,
            verified=_effort(verifier, inventory),
        )
    with noted(f"{layout.root} was not changed"):
        means.interrupts.allow()
        desire, unseen = _desire(filling, triage, means, wheels)
        refuse_edited_metadata(desire)
        if verifier is not None:
            verifier.complete(desire)
            desire = replace(desire, own_anew=verifier.own_anew)
        means.interrupts.defer()
    changing = desire.triage.wanted or desire.triage.removed
    if inventory.exists and (changing or not inventory.folders):  # without: it is as remembered
        inventory = look_again(
            inventory,
            layout,
            folders_to_look_at(desire),
            compared=shared_with_left(desire),
            links_are_files=filling.link_mode is LinkMode.SYMLINK,
        )
    plan = _plan(filling, desire, inventory, means.reporter)
    placed, made = NO_EFFORT, None
    if not filling.dry_run:
        placed, made = _act(plan, desire, inventory, filling, means)
    return Filled(
        existed=inventory.exists,
        triage=desire.triage,
        plan=plan,
        unseen=unseen,
        placed=placed,
        recovery_due=False,
        made=made,
        damages={} if verifier is None else verifier.damages,
        verified=_effort(verifier, inventory),
    )


def _effort(verifier: "Verifier | None", inventory: Inventory) -> Effort | None:
    return None if verifier is None or not inventory.exists else verifier.effort


def _sort(filling: Filling, inventory: Inventory) -> Triage:
    if filling.removing is not None:
        return sort_removal(filling.removing, inventory)
    return sort_pins(filling.pins, inventory, filling.layout, filling.target, filling.policy)


def _plan(filling: Filling, desire: Desire, inventory: Inventory, reporter: Reporter) -> Plan:
    plan = diff_root(desire, inventory)
    if filling.removing is not None and inventory.state is None:  # none of ours: it becomes none
        plan = replace(plan, own_files=(), own_removed=(), settled_times=())
    for warning in plan.warnings:
        reporter.report(Warned(warning))
    return plan


def _no_state(filling: Filling) -> RootState:
    return RootState(
        implementation=filling.target.implementation,
        python=filling.target.python_version,
        distributions={},
        winners={},
        files={},
    )


def _act(
    plan: Plan, desire: Desire, inventory: Inventory, filling: Filling, means: Means
) -> tuple[Effort, tuple[Fresh, bytes] | None]:
    """Make the root what the plan says; return what was placed, and what was made where nothing was (`Filled.made`)."""
    layout = filling.layout
    refuse_own_feet(plan, inventory)
    if not inventory.exists:
        fresh = render_fresh(plan, desire.coming)
        placed = _apply(fresh, fresh[0], filling, means)
        return placed, (fresh, means.memory.remember_made(layout, plan, fresh))
    change = None if plan.nothing_to_do else render_change(plan, inventory, desire.staying)
    placed = NO_EFFORT if change is None else _apply(change, change[0], filling, means)
    means.memory.remember(layout, plan, change, desire.staying)
    return placed, None


def _verifier(filling: Filling, inventory: Inventory, means: Means) -> "Verifier | None":
    if not filling.verify:
        return None
    from .verifying import Verifier  # noqa: PLC0415 - a plain sync pays nothing for it

    return Verifier(
        filling.layout,
        inventory,
        links_are_files=filling.link_mode is LinkMode.SYMLINK,
        reporter=means.reporter,
        clock=means.clock,
    )


def _find_placed(
    triage: Triage, filling: Filling, means: Means, wheels: list[StoredWheel]
) -> dict[str, DesiredDistribution]:
    """Return the kept distributions as they would be placed now, those whose wheels are at hand. Adds these to `wheels`."""
    found = [(pin, means.supply.find(pin)) for pin, _ in triage.kept]
    had = [(pin, wheel) for pin, wheel in found if wheel is not None]
    obtained = [wheel for _, wheel in had]
    wheels += obtained
    if means.bytecode is not None:
        obtained = [means.bytecode.find(wheel) for wheel in obtained]
        wheels += obtained
        had = [(pin, wheel) for (pin, _), wheel in zip(had, obtained, strict=True)
               if wheel.bytecode_folder]  # fmt: skip
    return place_wheels([pin for pin, _ in had], [wheel for _, wheel in had], _placing(filling))


def _placing(filling: Filling) -> Placing:
    return Placing(
        layout=filling.layout,
        target=filling.target,
        windows_launcher=windows_launcher_for(filling.target),
        bytecode=filling.policy.bytecode,
    )


def _recall(filling: Filling, means: Means) -> Inventory | None:
    if filling.verify or filling.removing is not None:
        return None
    return means.memory.recall(filling.layout)


def _inventory(filling: Filling, recalled: Inventory | None) -> Inventory:
    """Return what the root holds: by its RECORDs alone where it looks just as it was left, else by all that is there.

    What an interpreter's folders hold in a form of its own, which may be in the way, is not remembered.
    """
    if recalled is not None and filling.layout.movable:
        known = with_files(recalled, filling.layout)
        if known is not None:
            return known
    links_are_files = filling.link_mode is LinkMode.SYMLINK
    return read_inventory(filling.layout, links_are_files=links_are_files)


def _unchanged(filling: Filling, recalled: Inventory, reporter: Reporter) -> Filled | None:
    """Return that nothing is to be done, where the pins are those that the root, just as it was left, holds."""
    layout, policy = filling.layout, filling.policy
    triage = sort_pins(filling.pins, recalled, layout, filling.target, policy)
    if triage.wanted or triage.removed or triage.left or recalled.state is None:
        return None
    reporter.report(Note(f"{layout.root} looks just as it was left"))
    return _unplaced(filling, triage, recalled.state)


def _unplaced(filling: Filling, triage: Triage, state: RootState | None) -> Filled:
    """Return what is known of an existing root without its wanted wheels, none of which is looked at."""
    steps: list[Step] = [Keep(old=old, direct=pin.direct) for pin, old in triage.kept]
    steps += [Keep(old=old, direct=False) for old in triage.left]
    steps += [Remove(old=old) for old in triage.removed]
    plan = Plan(
        layout=filling.layout,
        steps=tuple(steps),
        clobbers=(),
        placers={},
        state=state or _no_state(filling),
        own_files=(),
        own_removed=(),
        overwritten=(),
        settled_times=(),
        warnings=(),
    )
    return Filled(
        existed=True,
        triage=triage,
        plan=plan,
        unseen=triage.wanted,
        placed=NO_EFFORT,
        recovery_due=False,
    )


def _desire(
    filling: Filling, triage: Triage, means: Means, wheels: list[StoredWheel]
) -> tuple[Desire, tuple[Wanted, ...]]:
    """Return the desire, with the wheels of all wanted pins placed, and those whose wheels were not looked at.

    The wheels are added to `wheels`, also where PoisonedError is raised: then those that it speaks of are among them.
    """
    unseen: tuple[Wanted, ...] = ()
    placed: dict[str, DesiredDistribution] = {}
    while True:
        if filling.partial:
            unseen = tuple(each for each in triage.wanted if means.supply.find(each.pin) is None)
        hidden = {each.pin.name for each in unseen}
        lacking = [
            wanted.pin for wanted in triage.wanted if wanted.pin.name not in placed.keys() | hidden
        ]
        obtained = list(means.supply.obtain(lacking))
        wheels += obtained
        if means.bytecode is not None:
            obtained = _with_bytecode(obtained, means.bytecode, dry_run=filling.dry_run)
            wheels += obtained
        placed |= place_wheels(lacking, obtained, _placing(filling))
        for wheel in obtained:
            for warning in wheel.warnings:
                means.reporter.report(Warned(f"{wheel.label}: {warning}"))
        seen = replace(
            triage, wanted=tuple(each for each in triage.wanted if each.pin.name not in hidden)
        )
        desire = new_desire(
            filling.layout,
            filling.target,
            filling.policy,
            seen,
            tuple(placed[wanted.pin.name] for wanted in seen.wanted),
        )
        again = contested_with_kept(desire)
        if not again:
            return desire, unseen
        triage = want_again(triage, again, "shares a file with a distribution that changes")


def _with_bytecode(
    wheels: list[StoredWheel], bytecode: "BytecodeSupply", *, dry_run: bool
) -> list[StoredWheel]:
    """Return the wheels with their bytecode; a dry run compiles nothing, and has what was compiled before."""
    return [bytecode.find(wheel) for wheel in wheels] if dry_run else bytecode.obtain(wheels)


def _apply(rows: Change | Fresh, staging: Staging, filling: Filling, means: Means) -> Effort:
    """Bring the root from what it is to what the rows say: a Change where it is there, a Fresh one where it is not."""
    root, reporter, writer = filling.layout.root, means.reporter, filling.writer
    mode = None if filling.link_mode is None else filling.link_mode.value
    began = means.clock.monotonic()
    files = count_files(staging)
    reporter.report(PlacingStarted(files=files))

    def advanced(count: int) -> None:
        reporter.report(PlacingAdvanced(files=count))
        means.interrupts.check()

    try:
        if len(rows) == 2:  # Fresh
            copied = apply_fresh(root, rows, link_mode=mode, advanced=advanced, writer=writer)
        else:
            copied = apply_change(root, rows, link_mode=mode, advanced=advanced, writer=writer)
    finally:
        reporter.report(PlacingFinished())
    if copied:
        reporter.report(Warned(copied_words(root, mode)))
    seconds = means.clock.monotonic() - began
    return Effort(count=files, size=count_bytes(staging), seconds=seconds)
