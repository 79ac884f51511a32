"""`siteroot sync`: a lock, a target and a selection become a site root."""

import os
from contextlib import ExitStack
from functools import cache
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name
from packaging.version import Version

from siteroot import fs
from siteroot.errors import TargetError, UsageError
from siteroot.interpreter.looks import DISK, Looks
from siteroot.model.cache import bucket
from siteroot.model.event import Note, Warned
from siteroot.model.layout import LayoutKind
from siteroot.model.lock import (
    DirectorySource,
    EditableSource,
    Lock,
    PathSource,
    VirtualSource,
)
from siteroot.model.outcome import SyncOutcome
from siteroot.model.pin import Pin, WheelPin, wheel_pin
from siteroot.model.project import Project
from siteroot.model.request import Freshness, SyncRequest
from siteroot.model.settings import LinkMode, Settings
from siteroot.model.surroundings import Surroundings
from siteroot.model.target import Target
from siteroot.model.value import dataclass
from siteroot.model.wheel import Limits
from siteroot.plan.triage import Policy
from siteroot.ports import Clock, Interrupts, ProjectFiles, Reporter, WheelSupply
from siteroot.project.groups import default_groups, expand_groups
from siteroot.project.python_files import find_python_file
from siteroot.project.requires_python import intersect_demands, python_bounds, python_demands
from siteroot.select.choice import select_groups
from siteroot.select.pins import Selected, select_pins
from siteroot.store.store import Store

from .bytecode import BytecodeSupply, supply_bytecode
from .caches import is_anothers
from .clock import SystemClock
from .filling import Filling, Means, fill_root
from .keeping import Keeper
from .loading import Loaded, judge_lock, load_sync
from .mirroring import choose_locations
from .places import Place, PlaceSearch, choose_place
from .project_files import DiskProjectFiles
from .remembering import Memory
from .startup_path import tell_earlier_sitecustomize
from .supply import StoreSupply, Trust, fetch_options
from .targeting import PythonSearch, choose_target
from .telling import WarningsKept, render_sync_outcome

if TYPE_CHECKING:
    from siteroot.index.fetch import Fetcher

    from .provision import BuildSite
    from .resolving import Resolve

_LOCAL = (PathSource, DirectorySource, EditableSource, VirtualSource)


def sync(
    request: SyncRequest,
    surroundings: Surroundings,
    reporter: Reporter,
    interrupts: Interrupts,
    keeper: Keeper | None = None,
    resolve: "Resolve | None" = None,
) -> SyncOutcome:
    """Bring a root to hold what the lock says, or (`dry_run`, `check`) say what that would change.

    `resolve` finds what build backends need, in the place of the indexes. A `keeper` keeps what the sync came to as the memo of its command, where that may be replayed. Signals are deferred
    when this returns.
    """
    clock = SystemClock()
    began = clock.monotonic()
    files: ProjectFiles = DiskProjectFiles()
    looks = DISK
    if keeper is not None:
        files, looks = keeper.files(files), keeper.looks
    teller = WarningsKept(reporter)
    loaded = load_sync(request, surroundings, files, teller)
    with ExitStack() as scope:
        caches = _caches(loaded.settings, surroundings, scope)
        target = _target(request, loaded, surroundings, files, caches.lasting, looks, teller)
        used = judge_lock(request.freshness, loaded, files, target.python)
        place = _place(request, loaded, target, surroundings, looks, teller)
        pins = _pins(request, loaded, place.target, teller)
        store = _store(loaded.settings, caches, clock, teller)

        @cache
        def open_fetcher() -> "Fetcher":
            from siteroot.index.fetch import Fetcher  # noqa: PLC0415 - only where something is fetched

            options = fetch_options(loaded.settings, surroundings)
            return scope.enter_context(Fetcher(options, clock=clock, reporter=teller))

        trust = _trust(loaded.settings)
        fetched = StoreSupply(
            store,
            open_fetcher,
            trust,
            reporter=teller,
            clock=clock,
            locate=choose_locations(loaded.settings, open_fetcher, caches.lasting, teller),
        )
        supply: WheelSupply = fetched
        wheels = tuple(wheel for pin in pins if (wheel := wheel_pin(pin)) is not None)
        if len(wheels) < len(pins):
            # what a sync of wheels need not pay
            from .provision import tie_builds  # noqa: PLC0415
            from .resolving import IndexResolver  # noqa: PLC0415

            site = _build_site(loaded.settings, place, surroundings, caches, pins)
            resolver = IndexResolver(
                loaded.settings,
                open_fetcher,
                caches.lasting,
                scratch=caches.temporary,
                reporter=teller,
                build_constraints=_build_constraints(loaded.project),
            )
            builds = tie_builds(
                fetched,
                store,
                open_fetcher(),
                trust,
                site,
                resolve or resolver.for_build,
                reporter=teller,
                clock=clock,
            )
            resolver.build_with(builds.builder.build)
            supply = builds.supply
            wheels = builds.supply.as_wheels(pins)
        memory = _memory(loaded.settings, caches.lasting)
        bytecode = supply_bytecode(
            loaded.settings, place.target, surroundings.environ, store, teller, clock
        )
        filled = fill_root(
            _filling(request, loaded.settings, place, wheels, bytecode),
            Means(
                supply=supply,
                memory=memory,
                reporter=teller,
                clock=clock,
                interrupts=interrupts,
                bytecode=bytecode,
            ),
        )
    tell_earlier_sitecustomize(place.layout, filled.plan.state, surroundings, teller)
    outcome = render_sync_outcome(
        request,
        loaded,
        filled,
        place,
        lock=used,
        downloaded=fetched.downloaded,
        seconds=clock.monotonic() - began,
        warnings=tuple(teller.warnings),
    )
    if keeper is not None and keeper.cache == caches.lasting and _replayable(outcome, loaded, pins):
        keeper.keep(filled, outcome, how=memory.how(place.layout), settings=loaded.settings)
    return outcome


def _replayable(outcome: SyncOutcome, loaded: Loaded, pins: tuple[Pin, ...]) -> bool:
    """Whether the same command would come to the same, as long as what was looked at is as it is (DESIGN.md 5)."""
    settings = loaded.settings
    return not (
        outcome.dry_run
        or outcome.check
        or outcome.warnings  # they are to be told again
        or outcome.layout is LayoutKind.INTERPRETER
        or settings.durable  # the starter makes roots without waiting for the disk
        or settings.reinstall
        or settings.reinstall_package
        or settings.refresh
        or settings.refresh_package
        or any(isinstance(pin.source, _LOCAL) for pin in pins)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Caches:
    """The store's folder; one for what cannot be kept there; where answers are kept, None where nowhere."""

    store: str
    temporary: str
    lasting: str | None


def _caches(settings: Settings, surroundings: Surroundings, scope: ExitStack) -> _Caches:
    """Return the folders that wheels and answers are kept in; temporary ones go with the scope."""
    parent = surroundings.environ.get("TMPDIR") or "/tmp"  # noqa: S108 - the name in it cannot be guessed
    temporary = os.path.join(os.path.realpath(parent), f"siteroot-{os.urandom(12).hex()}")
    scope.callback(fs.remove_tree, temporary)
    if settings.no_cache:
        return _Caches(store=temporary, temporary=temporary, lasting=None)
    named = settings.cache_dir
    folder = os.path.join(surroundings.cwd, named) if named else surroundings.cache_folder
    store = os.path.realpath(folder)
    lasting = None if is_anothers(store) else store
    return _Caches(store=store, temporary=temporary, lasting=lasting)


def _target(
    request: SyncRequest,
    loaded: Loaded,
    surroundings: Surroundings,
    files: ProjectFiles,
    cache_folder: str | None,
    looks: Looks,
    reporter: Reporter,
) -> Target:
    project = loaded.project
    pinned = None
    if project is not None and not request.no_config:
        start = loaded.member or project.root
        found = find_python_file(files, start, project.root, surroundings.user_config_folder)
        if found is not None and found.request is not None:
            pinned = found.request
            reporter.report(Note(f"{found.path} asks for Python {pinned}"))
    demands = () if project is None else python_demands(project, _chosen_groups(request, project))
    requires_python = intersect_demands(demands)
    if requires_python is None:
        requires_python = loaded.lock.requires_python
    search = PythonSearch(
        request=request.python,
        pinned=pinned,
        requires_python=requires_python,
        preference=loaded.settings.python_preference,
        cache_folder=cache_folder,
        looks=looks,
    )
    target = choose_target(search, surroundings, reporter)
    release = Version(target.markers["python_full_version"]).release
    for demand in demands:
        if not python_bounds(demand.specifiers).admit(release):
            raise TargetError(
                f"Python {target.markers['python_full_version']} is outside of `requires-python`"
                f" of {demand.who}: `{demand.specifiers}`",
                where=request.python.origin if request.python.python else None,
                hints=("`--python` or `--python-version` chooses another one",),
            )
    return target


def _place(
    request: SyncRequest,
    loaded: Loaded,
    target: Target,
    surroundings: Surroundings,
    looks: Looks,
    reporter: Reporter,
) -> Place:
    search = PlaceSearch(
        request=request.root,
        settings=loaded.settings,
        target=target,
        surroundings=surroundings,
        project_root=loaded.workspace,
        reporter=reporter,
        looks=looks,
    )
    return choose_place(search)


def _build_constraints(project: Project | None) -> tuple[str, ...]:
    if project is None:
        return ()
    said = project.root_pyproject.uv.build_constraint_dependencies
    return tuple(text for text in said if isinstance(text, str))


def _build_site(
    settings: Settings,
    place: Place,
    surroundings: Surroundings,
    caches: _Caches,
    pins: tuple[Pin, ...],
) -> "BuildSite":
    from .provision import BuildSite  # noqa: PLC0415 - as above

    logs = caches.lasting or os.path.dirname(caches.temporary)
    return BuildSite(
        target=place.target,
        root=place.layout.root,
        settings=settings,
        environ=surroundings.environ,
        limits=_limits(settings),
        selected=pins,
        log_folder=f"{logs}/{bucket('logs')}" if caches.lasting else f"{logs}/siteroot-logs",
    )


def _store(settings: Settings, caches: _Caches, clock: Clock, reporter: Reporter) -> Store:
    return Store(
        caches.store,
        temporary=caches.temporary,
        clock=clock,
        reporter=reporter,
        limits=_limits(settings),
    )


def _chosen_groups(request: SyncRequest, project: Project) -> frozenset[str]:
    choice = select_groups(request.selection, default_groups(project.root_pyproject))
    names = {name for member in project.members for name in expand_groups(member.pyproject)}
    return frozenset(name for name in names if choice.has(name))


def _pins(
    request: SyncRequest, loaded: Loaded, target: Target, reporter: Reporter
) -> tuple[Pin, ...]:
    """Return what is wanted, and tell what was left out."""
    selected = _select(request, loaded, target)
    for omission in selected.left_out:
        reporter.report(Note(f"{omission.name}: left out ({omission.why.value})"))
    for warning in selected.warnings:
        reporter.report(Warned(warning))
    return selected.pins


def _select(request: SyncRequest, loaded: Loaded, target: Target) -> Selected:
    selection, settings = request.selection, loaded.settings
    if not isinstance(loaded.lock, Lock):
        from siteroot.select.pylock import select_pylock_pins  # noqa: PLC0415 - as packaging.pylock in `formats`

        return select_pylock_pins(
            loaded.lock, loaded.project, target, selection, settings, loaded.folder
        )
    if loaded.project is None:
        raise UsageError("a uv.lock needs the pyproject.toml that it was made from")
    return select_pins(
        loaded.lock,
        loaded.project,
        target,
        selection,
        settings,
        loaded.folder,
        frozen=request.freshness is Freshness.FROZEN,
    )


def _limits(settings: Settings) -> Limits:
    defaults = Limits()
    return Limits(
        members=settings.limit_members or defaults.members,
        size=settings.limit_size or defaults.size,
    )


def _filling(
    request: SyncRequest,
    settings: Settings,
    place: Place,
    pins: tuple[WheelPin, ...],
    bytecode: BytecodeSupply | None,
) -> Filling:
    looks_only = request.dry_run or request.check
    return Filling(
        pins=pins,
        layout=place.layout,
        target=place.target,
        policy=_policy(settings, "" if bytecode is None else bytecode.kind),
        link_mode=_link_mode(settings),
        dry_run=looks_only,
        partial=looks_only and bool(settings.offline),
        verify=request.verify,
        durable=bool(settings.durable),
    )


def _memory(settings: Settings, cache_folder: str | None) -> Memory:
    links = settings.link_mode is LinkMode.SYMLINK  # another mode makes files of them
    return Memory(cache_folder, f"pth={settings.pth != 'off'} links={links}")


def _names(names: tuple[str, ...]) -> frozenset[str]:
    return frozenset(canonicalize_name(name) for name in names)


def _trust(settings: Settings) -> Trust:
    reinstall = _names(settings.reinstall_package)
    return Trust(
        refresh=bool(settings.refresh or settings.reinstall),
        refresh_names=_names(settings.refresh_package) | reinstall,
        tolerate_record=_names(settings.tolerate_record),
    )


def _policy(settings: Settings, bytecode: str) -> Policy:
    return Policy(
        exact=settings.exact,
        overwrite=bool(settings.overwrite),
        strict=bool(settings.strict),
        reinstall=bool(settings.reinstall),
        reinstall_names=_names(settings.reinstall_package),
        pth=settings.pth != "off",
        bytecode=bytecode,
    )


def _link_mode(settings: Settings) -> LinkMode | None:
    if settings.link_mode is LinkMode.SYMLINK and settings.no_cache:
        raise UsageError(
            "links into a store that is not kept would lead nowhere",
            where="--link-mode=symlink with --no-cache",
        )
    return settings.link_mode
