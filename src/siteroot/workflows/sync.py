"""`siteroot sync`: a lock, a target and a selection become a site root."""

from contextlib import ExitStack
from functools import cache
from typing import TYPE_CHECKING

from packaging.version import Version

from siteroot.errors import TargetError, UsageError
from siteroot.interpreter.looks import DISK, Looks
from siteroot.model.event import Note, Warned
from siteroot.model.layout import LayoutKind
from siteroot.model.lock import (
    DirectorySource,
    EditableSource,
    Lock,
    LockedPackage,
    PathSource,
    VirtualSource,
)
from siteroot.model.outcome import SyncOutcome
from siteroot.model.pin import Pin, WheelPin
from siteroot.model.project import Project
from siteroot.model.request import Freshness, SelectionRequest, SyncRequest
from siteroot.model.requirement import Requirement
from siteroot.model.settings import Settings
from siteroot.model.surroundings import Surroundings
from siteroot.model.target import Target
from siteroot.model.value import replace
from siteroot.ports import Interrupts, ProjectFiles, Reporter
from siteroot.project.groups import default_groups, expand_groups
from siteroot.project.python_files import find_python_file
from siteroot.project.requires_python import intersect_demands, python_bounds, python_demands
from siteroot.select.choice import select_groups
from siteroot.select.pins import Selected, select_pins
from siteroot.store.store import Store

from .caches import choose_caches
from .clock import SystemClock
from .filling import Filling, Means, fill_root
from .keeping import Keeper
from .loading import Loaded, judge_lock, load_sync
from .places import Place, PlaceSearch, choose_place
from .project_files import DiskProjectFiles
from .startup_path import tell_earlier_sitecustomize
from .supplying import (
    BuildPurpose,
    Supplies,
    choose_link_mode,
    new_memory,
    new_policy,
)
from .targeting import PythonSearch, choose_target
from .telling import WarningsKept, render_sync_outcome

if TYPE_CHECKING:
    from siteroot.model.metadata import DistributionMetadata
    from siteroot.project.freshness import DescribeTree

    from .bytecode import BytecodeSupply
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

    `resolve` finds what build backends need, in the place of the indexes. A `keeper` keeps what the sync came to as the
    memo of its command, where that may be replayed. Signals are deferred when this returns.
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
        caches = choose_caches(loaded.settings, surroundings)
        target = _target(request, loaded, surroundings, files, caches.lasting, looks, teller)
        place = _place(request, loaded, target, surroundings, looks, teller)
        supplies = Supplies(
            loaded.settings, surroundings, caches, scope, reporter=teller, clock=clock
        )
        purpose = _build_purpose(request, loaded, place, resolve)

        describe = _describe_trees(supplies, purpose, loaded.settings, request.selection)
        used = judge_lock(request.freshness, loaded, files, target.python, describe)
        pins = _pins(request, loaded, place.target, teller)
        supply, wheels = supplies.for_pins(pins, replace(purpose, selected=pins))
        memory = new_memory(loaded.settings, caches)
        bytecode = _bytecode(loaded.settings, place.target, surroundings, supplies.store, teller)
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
        downloaded=supplies.fetched.downloaded,
        seconds=clock.monotonic() - began,
        warnings=tuple(teller.warnings),
    )
    if keeper is not None and keeper.cache == caches.lasting and _replayable(outcome, loaded, pins):
        keeper.keep(filled, outcome, how=memory.how(place.layout), settings=loaded.settings)
    return outcome


def _build_purpose(
    request: SyncRequest, loaded: Loaded, place: Place, resolve: "Resolve | None"
) -> BuildPurpose:
    return BuildPurpose(
        target=place.target,
        root=place.layout.root,
        again=lambda pin: f"{request.again} --dry-run --only-install-package {pin.name}",
        constraints=_build_constraints(loaded.project),
        resolve=resolve,
    )


def _describe_trees(
    supplies: Supplies, purpose: BuildPurpose, settings: Settings, selection: SelectionRequest
) -> "DescribeTree":
    @cache
    def opened() -> "DescribeTree":
        from .describing_trees import tree_describer  # noqa: PLC0415 - few trees have to be built to be judged

        return tree_describer(supplies, purpose, settings, selection)

    def describe(package: LockedPackage, folder: str) -> "DistributionMetadata | None":
        return opened()(package, folder)

    return describe


def _bytecode(
    settings: Settings, target: Target, surroundings: Surroundings, store: Store, reporter: Reporter
) -> "BytecodeSupply | None":
    if not settings.compile_bytecode:
        return None
    from .bytecode import supply_bytecode  # noqa: PLC0415 - 2 ms, for whoever asks for it

    return supply_bytecode(settings, target, surroundings.environ, store, reporter, SystemClock())


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


def _build_constraints(project: Project | None) -> tuple[Requirement, ...]:
    settings = None if project is None else project.root_pyproject.uv_settings
    if settings is None or not settings.build_constraint_dependencies:
        return ()
    from .build_constraints import read_build_constraints  # noqa: PLC0415 - few projects have any

    return read_build_constraints(settings.build_constraint_dependencies)


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


def _filling(
    request: SyncRequest,
    settings: Settings,
    place: Place,
    pins: tuple[WheelPin, ...],
    bytecode: "BytecodeSupply | None",
) -> Filling:
    looks_only = request.dry_run or request.check
    return Filling(
        pins=pins,
        layout=place.layout,
        target=place.target,
        policy=new_policy(settings, "" if bytecode is None else bytecode.kind),
        link_mode=choose_link_mode(settings),
        dry_run=looks_only,
        partial=looks_only and bool(settings.offline),
        check=request.check,
        verify=request.verify,
        durable=bool(settings.durable),
    )
