"""`siteroot pip install` and `siteroot pip sync`: what is asked for is resolved and brought into a root.

What the root holds in a right version stays, whoever put it there; the change itself is `filling`'s, as a sync's.
"""

from collections.abc import Callable, Mapping
from contextlib import ExitStack

from packaging.version import InvalidVersion, Version

from siteroot.errors import UsageError
from siteroot.model.event import Resolved, Warned
from siteroot.model.installed import DescribedDistribution
from siteroot.model.outcome import InstallOutcome, RootAction
from siteroot.model.pin import Pin, WheelPin
from siteroot.model.pip_request import InstallRequest
from siteroot.model.request import SelectionRequest
from siteroot.model.settings import Settings
from siteroot.model.surroundings import Surroundings
from siteroot.model.target import Target
from siteroot.model.value import dataclass, replace
from siteroot.plan.triage import is_for_python
from siteroot.ports import Clock, Interrupts, Reporter
from siteroot.root.installed import describe_installed
from siteroot.root.inventory import read_state
from siteroot.root.journal import recovery_due
from siteroot.select.choice import normalize_names
from siteroot.select.installed import fits_tags
from siteroot.select.pylock import select_pylock_pins

from .build_means import install_again
from .bytecode import BytecodeSupply, supply_bytecode
from .caches import choose_caches
from .clock import SystemClock
from .filling import Filling, Means, fill_root
from .holding import recover_first
from .installed_source import InstalledSupply, choosable
from .loading import read_pylock
from .paging import open_descriptions
from .pip_place import choose_pip_place
from .pip_resolving import Asking, complete_request, read_asking
from .places import Place
from .provision import Builds
from .requested_hashes import check_requested, plain, require_hashes, without_hashes
from .resolving import IndexResolver
from .satisfied import count_satisfied
from .seeds import seeds_of
from .settings import load_pip_settings
from .supplying import (
    BuildPurpose,
    Supplies,
    choose_link_mode,
    new_memory,
    new_policy,
)
from .telling import root_action, told_changes
from .told_metadata import ComparedSupply


class MixedLockError(UsageError):
    """A pylock.toml was named beside what would have to be resolved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """What one command works on."""

    request: InstallRequest
    asking: Asking
    place: Place
    installed: tuple[DescribedDistribution, ...]
    reporter: Reporter
    clock: Clock
    began: float

    @property
    def settings(self) -> Settings:
        return self.asking.settings


def pip_install(
    request: InstallRequest,
    surroundings: Surroundings,
    reporter: Reporter,
    interrupts: Interrupts,
    stdin: Callable[[], bytes],
) -> InstallOutcome:
    """Bring a root to hold what is asked for, or (`dry_run`, `check`) say what that would change.

    Raises what `read_asking`, `choose_pip_place`, `recover_first`, `IndexResolver.resolve` and `fill_root` raise.
    Signals are deferred when something was changed.
    """
    clock = SystemClock()
    began = clock.monotonic()
    settings = load_pip_settings(request.context, surroundings, reporter)
    asking = read_asking(
        request.sources,
        request.resolution,
        settings,
        surroundings,
        reporter,
        clock,
        stdin=stdin,
    )
    _refuse_mixture(asking)
    if request.sync and not request.allow_empty and _is_empty(asking):
        return InstallOutcome(action=RootAction.CHECK, root="", nothing_asked=True)
    place = choose_pip_place(request.context, settings, surroundings, reporter, changing=True)
    if not (request.dry_run or request.check):
        recover_first(
            place.layout,
            reporter,
            durable=bool(settings.durable),
            clock=clock,
            interrupts=interrupts,
        )
    work = _Work(
        request=request,
        asking=asking,
        place=place,
        installed=describe_installed(place.layout),
        reporter=reporter,
        clock=clock,
        began=began,
    )
    satisfied = _satisfied(work)
    if satisfied is not None:
        return _outcome(work, RootAction.CHECK, kept=satisfied)
    with ExitStack() as scope:
        return _install(work, surroundings, interrupts, scope)


def _install(
    work: _Work, surroundings: Surroundings, interrupts: Interrupts, scope: ExitStack
) -> InstallOutcome:
    settings, place, clock = work.settings, work.place, work.clock
    caches = choose_caches(settings, surroundings)
    supplies = Supplies(settings, surroundings, caches, scope, reporter=work.reporter, clock=clock)
    purpose = BuildPurpose(
        target=place.target,
        root=place.layout.root,
        constraints=(
            work.asking.build_constraints
            if work.request.verify_hashes
            else plain(work.asking.build_constraints)
        ),
        on_interpreter=True,
        again=install_again(work.request.context.building),
    )
    index, builds = supplies.open_index(purpose)
    pins = _pins(work, index, builds)
    work.reporter.report(Resolved(count=len(pins), seconds=clock.monotonic() - work.began))
    checking = clock.monotonic()
    bytecode = supply_bytecode(
        settings, place.target, surroundings.environ, supplies.store, work.reporter, clock
    )
    supply = builds().supply
    filled = fill_root(
        _filling(work, supply.as_wheels(pins), bytecode),
        Means(
            supply=InstalledSupply(
                ComparedSupply(supply, open_descriptions(caches.lasting), work.reporter)
            ),
            memory=new_memory(settings, caches),
            reporter=work.reporter,
            clock=clock,
            interrupts=interrupts,
            bytecode=bytecode,
        ),
    )
    return replace(
        _outcome(work, root_action(filled), kept=len(filled.triage.kept)),
        changes=told_changes(filled),
        placed=filled.placed,
        seconds=clock.monotonic() - checking,
        unseen=tuple(f"{each.pin.name}=={each.pin.version}" for each in filled.unseen),
        recovery_due=filled.recovery_due,
    )


def _outcome(work: _Work, action: RootAction, *, kept: int) -> InstallOutcome:
    return InstallOutcome(
        action=action,
        root=work.place.layout.root,
        kept=kept,
        seconds=work.clock.monotonic() - work.began,
        dry_run=work.request.dry_run,
        check=work.request.check,
    )


def _refuse_mixture(asking: Asking) -> None:
    required = asking.requirements
    if required.locks and (len(required.locks) > 1 or required.asked or required.trees):
        raise MixedLockError(
            "a pylock.toml says all by itself: nothing can be named beside it",
            where=required.locks[0],
        )


def _is_empty(asking: Asking) -> bool:
    required = asking.requirements
    return not (required.asked or required.trees or required.locks)


def _satisfied(work: _Work) -> int | None:
    """Return how many distributions are there as they shall be, None where an index has to be asked."""
    request, words, settings = work.request, work.request.resolution, work.settings
    if (
        request.exact
        or words.upgrade
        or words.upgrade_packages
        or settings.reinstall
        or settings.reinstall_package
        or settings.require_hashes
        or settings.compile_bytecode
        or work.asking.requirements.locks
        or recovery_due(work.place.layout.root)
        or _is_for_another_python(work.place)
    ):
        return None
    return count_satisfied(work.asking, work.installed, work.place.target)


def _is_for_another_python(place: Place) -> bool:
    state = read_state(place.layout)
    return state is not None and not is_for_python(state, place.target)


def _unfit(work: _Work) -> frozenset[str]:
    """Return the names of what is there and is for another Python or platform."""
    tags = frozenset(work.place.target.tags)
    return frozenset(one.name for one in work.installed if not fits_tags(one, tags))


def _pins(work: _Work, index: IndexResolver, builds: Callable[[], Builds]) -> tuple[Pin, ...]:
    """Return what shall be in the root, and tell what there is to tell of it."""
    asking, request, target = work.asking, work.request, work.place.target
    if asking.requirements.locks:
        return _locked_pins(work, target)
    preferences = {} if request.sync else _preferences(work)
    wanted = complete_request(
        asking, lambda: builds().open_reader(), target, preferences=preferences
    )
    required = bool(work.settings.require_hashes)
    if required:
        require_hashes(wanted)
    elif not request.verify_hashes:
        wanted = without_hashes(wanted)
    resolution = index.resolve(wanted, target, _choosable(work), required=required)
    for note in resolution.notes:
        work.reporter.report(Warned(note))
    plain = frozenset(normalize_names(request.no_editable_packages))
    pins = index.pins(
        resolution,
        wanted,
        target,
        links=lambda name: not request.no_editable and name not in plain,
    )
    return check_requested(pins, wanted, required=required)


def _choosable(work: _Work) -> Mapping[str, DescribedDistribution]:
    """Return what of the root may be chosen: nothing where each file has to have the hash that is asked for."""
    if work.settings.reinstall or work.settings.require_hashes:
        return {}
    anew = (*normalize_names(work.settings.reinstall_package), *_unfit(work))
    return choosable(work.installed, anew)


def _locked_pins(work: _Work, target: Target) -> tuple[Pin, ...]:
    """Return the pins of a pylock.toml."""
    request, (path,) = work.request, work.asking.requirements.locks
    words = request.resolution
    selected = select_pylock_pins(
        read_pylock(path),
        None,
        target,
        SelectionRequest(
            extras=words.extras or (),
            all_extras=words.extras is None,
            no_editable=request.no_editable,
            no_editable_packages=request.no_editable_packages,
        ),
        work.settings,
        path.rpartition("/")[0],
    )
    for warning in selected.warnings:
        work.reporter.report(Warned(warning))
    return selected.pins


def _preferences(work: _Work) -> Mapping[str, Version]:
    """Return the versions that the root has, those aside that shall be installed anew."""
    if work.settings.reinstall:
        return {}
    anew = normalize_names(work.settings.reinstall_package)
    found = {}
    for one in work.installed:
        try:
            found[one.name] = Version(one.version)
        except InvalidVersion:
            continue
    return {name: version for name, version in found.items() if name not in anew}


def _filling(work: _Work, pins: tuple[WheelPin, ...], bytecode: BytecodeSupply | None) -> Filling:
    request, settings = work.request, work.settings
    looks_only = request.dry_run or request.check
    policy = new_policy(settings, "" if bytecode is None else bytecode.kind)
    return Filling(
        pins=pins,
        layout=work.place.layout,
        target=work.place.target,
        policy=replace(
            policy,
            exact=request.exact,
            by_version=True,
            spared=seeds_of(work.place),
            unfit=_unfit(work),
        ),
        link_mode=choose_link_mode(settings),
        dry_run=looks_only,
        partial=looks_only and bool(settings.offline),
        durable=bool(settings.durable),
    )
