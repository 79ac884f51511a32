"""`siteroot sync`: a lock, a target and a selection become a site root."""

import os
from contextlib import ExitStack

from packaging.utils import canonicalize_name
from packaging.version import Version

from siteroot import fs
from siteroot.errors import BuildError, TargetError, UsageError
from siteroot.index.fetch import Fetcher
from siteroot.model.event import Note, Warned
from siteroot.model.lock import (
    DirectorySource,
    EditableSource,
    GitSource,
    Lock,
    PathSource,
    UrlSource,
    VirtualSource,
)
from siteroot.model.outcome import (
    Change,
    ChangeAction,
    RootAction,
    SyncOutcome,
    TargetPython,
)
from siteroot.model.pin import Pin, WheelArtifact, WheelPin
from siteroot.model.plan import Install, Remove, Replace
from siteroot.model.project import Project
from siteroot.model.request import Freshness, SyncRequest
from siteroot.model.settings import LinkMode, Settings
from siteroot.model.surroundings import Surroundings
from siteroot.model.target import Target
from siteroot.model.wheel import Limits
from siteroot.plan.triage import Policy, Wanted
from siteroot.ports import ProjectFiles, Reporter
from siteroot.project.groups import default_groups, expand_groups
from siteroot.project.python_files import find_python_file
from siteroot.project.requires_python import intersect_demands, python_bounds, python_demands
from siteroot.select.choice import select_groups
from siteroot.select.pins import Selected, select_pins
from siteroot.store.store import Store

from .clock import SystemClock
from .filling import Filled, Filling, Means, fill_root
from .loading import Loaded, judge_lock, load_sync
from .project_files import DiskProjectFiles
from .remembering import Memory
from .startup_path import tell_earlier_sitecustomize
from .supply import StoreSupply, Trust, fetch_options
from .targeting import Place, PythonSearch, choose_place, choose_target

_LOCAL = (PathSource, DirectorySource, EditableSource, VirtualSource)


class NeedsBuildError(BuildError):
    """A selected distribution has no wheel, and building is not part of this version."""


def sync(request: SyncRequest, surroundings: Surroundings, reporter: Reporter) -> SyncOutcome:
    """Bring a root to hold what the lock says, or (`dry_run`, `check`) say what that would change."""
    clock = SystemClock()
    began = clock.monotonic()
    files = DiskProjectFiles()
    teller = _Collecting(reporter)
    loaded = load_sync(request, surroundings, files, teller)
    settings = loaded.settings
    with ExitStack() as scope:
        cache_folder, temporary = _cache_folders(settings, surroundings, scope)
        persistent = None if settings.no_cache else cache_folder
        target = _target(request, loaded, surroundings, files, persistent, teller)
        used = judge_lock(request.freshness, loaded, files, target.python)
        place = choose_place(
            request.root,
            settings,
            target,
            surroundings,
            None if loaded.project is None else loaded.project.root,
            teller,
        )
        selected = _select(request, loaded, place.target)
        for omission in selected.left_out:
            teller.report(Note(f"{omission.name}: left out ({omission.why.value})"))
        for warning in selected.warnings:
            teller.report(Warned(warning))
        pins = tuple(_as_wheel(pin) for pin in _refuse_builds(selected.pins))
        store = Store(
            cache_folder,
            temporary=temporary,
            clock=clock,
            reporter=teller,
            limits=_limits(settings),
        )
        fetcher = scope.enter_context(
            Fetcher(fetch_options(settings, surroundings), clock=clock, reporter=teller)
        )
        supply = StoreSupply(store, fetcher, _trust(settings), reporter=teller, clock=clock)
        policy = _policy(settings)
        links = settings.link_mode is LinkMode.SYMLINK  # another mode makes files of them
        memory = Memory(persistent, f"pth={policy.pth} links={links}")
        filled = fill_root(
            Filling(
                pins=pins,
                layout=place.layout,
                target=place.target,
                policy=policy,
                link_mode=_link_mode(settings),
                dry_run=request.dry_run or request.check,
                partial=(request.dry_run or request.check) and bool(settings.offline),
            ),
            Means(supply=supply, memory=memory, reporter=teller, clock=clock),
        )
        tell_earlier_sitecustomize(place.layout, filled.plan.state, surroundings, teller)
        return SyncOutcome(
            action=_action(filled),
            root=place.layout.root,
            layout=place.layout.kind,
            python=_python(place),
            project=_project_folder(loaded.project),
            workspace=None if loaded.project is None else loaded.project.root,
            lock=used,
            changes=_changes(filled),
            kept=len(filled.triage.kept),
            own_files=bool(
                filled.plan.own_files or filled.plan.own_removed or filled.plan.settled_times
            ),
            downloaded=supply.downloaded,
            placed=filled.placed,
            seconds=clock.monotonic() - began,
            warnings=tuple(teller.warnings),
            unseen=tuple(f"{pin.name}=={pin.version}" for pin in filled.unseen),
            recovery_due=filled.recovery_due,
            dry_run=request.dry_run,
            check=request.check,
        )


class _Collecting:
    """Passes events on and keeps the warnings, which the outcome tells too."""

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter
        self.warnings: list[str] = []

    def report(self, event: object) -> None:
        """Take one event."""
        if isinstance(event, Warned):
            self.warnings.append(event.text)
        self._reporter.report(event)  # type: ignore[arg-type]


def _cache_folders(
    settings: Settings, surroundings: Surroundings, scope: ExitStack
) -> tuple[str, str]:
    """Return the store's folder, and one for what cannot be kept there; temporary ones go with the scope."""
    parent = surroundings.environ.get("TMPDIR") or "/tmp"  # noqa: S108 - the name in it cannot be guessed
    temporary = os.path.join(os.path.realpath(parent), f"siteroot-{os.urandom(12).hex()}")
    scope.callback(fs.remove_tree, temporary)
    if settings.no_cache:
        return temporary, temporary
    named = settings.cache_dir
    folder = os.path.join(surroundings.cwd, named) if named else surroundings.cache_folder
    return os.path.realpath(folder), temporary


def _target(
    request: SyncRequest,
    loaded: Loaded,
    surroundings: Surroundings,
    files: ProjectFiles,
    cache_folder: str | None,
    reporter: Reporter,
) -> Target:
    project = loaded.project
    pinned = None
    if project is not None and not request.no_config:
        start = _project_folder(project) or project.root
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
    )
    target = choose_target(search, surroundings, reporter)
    release = Version(target.markers["python_full_version"]).release
    for demand in demands:
        if not python_bounds(demand.specifiers).admit(release):
            raise TargetError(
                f"Python {target.markers['python_full_version']} is outside of `requires-python`"
                f" of {demand.who}: `{demand.specifiers}`",
                where=request.python.origin if request.python.python else None,
                hints=("`--python` chooses another one",),
            )
    return target


def _chosen_groups(request: SyncRequest, project: Project) -> frozenset[str]:
    choice = select_groups(request.selection, default_groups(project.root_pyproject))
    names = {name for member in project.members for name in expand_groups(member.pyproject)}
    return frozenset(name for name in names if choice.has(name))


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


def _refuse_builds(pins: tuple[Pin, ...]) -> tuple[Pin, ...]:
    """Return the pins if all are wheels. Raises NeedsBuildError that names all others."""
    unbuilt = [pin for pin in pins if not isinstance(pin.artifact, WheelArtifact)]
    if not unbuilt:
        return pins
    labels = ", ".join(f"{pin.name}=={pin.version}" if pin.version else pin.name for pin in unbuilt)
    local = "--no-install-local leaves out the project, its workspace and what lies on this disk"
    far = next((pin for pin in unbuilt if not isinstance(pin.source, _LOCAL)), None)
    hints = (local,) if any(isinstance(pin.source, _LOCAL) for pin in unbuilt) else ()
    raise NeedsBuildError(
        f"would have to be built, and this version of siteroot installs wheels only: {labels}",
        hints=(*hints, f"--no-install-package {(far or unbuilt[0]).name} leaves out one"),
    )


def _as_wheel(pin: Pin) -> WheelPin:
    if not isinstance(pin.artifact, WheelArtifact) or pin.version is None:
        raise NeedsBuildError(f"{pin.name} has no version until it is built")
    return WheelPin(
        name=pin.name,
        version=pin.version,
        source=pin.source,
        artifact=pin.artifact,
        direct=pin.direct,
    )


def _limits(settings: Settings) -> Limits:
    defaults = Limits()
    return Limits(
        members=settings.limit_members or defaults.members,
        size=settings.limit_size or defaults.size,
    )


def _names(names: tuple[str, ...]) -> frozenset[str]:
    return frozenset(canonicalize_name(name) for name in names)


def _trust(settings: Settings) -> Trust:
    reinstall = _names(settings.reinstall_package)
    return Trust(
        refresh=bool(settings.refresh or settings.reinstall),
        refresh_names=_names(settings.refresh_package) | reinstall,
        tolerate_record=_names(settings.tolerate_record),
    )


def _policy(settings: Settings) -> Policy:
    return Policy(
        exact=settings.exact,
        overwrite=bool(settings.overwrite),
        strict=bool(settings.strict),
        reinstall=bool(settings.reinstall),
        reinstall_names=_names(settings.reinstall_package),
        pth=settings.pth != "off",
    )


def _link_mode(settings: Settings) -> LinkMode | None:
    if settings.link_mode is LinkMode.SYMLINK and settings.no_cache:
        raise UsageError(
            "links into a store that is not kept would lead nowhere",
            where="--link-mode=symlink with --no-cache",
        )
    return settings.link_mode


def _project_folder(project: Project | None) -> str | None:
    if project is None:
        return None
    return next(
        (member.folder for member in project.members if member.name == project.current),
        project.root,
    )


def _python(place: Place) -> TargetPython:
    target = place.target
    return TargetPython(
        path=None if target.interpreter is None else target.interpreter.executable,
        version=target.markers["python_full_version"],
        implementation=target.implementation,
    )


def _action(filled: Filled) -> RootAction:
    if not filled.existed:
        return RootAction.CREATE
    if filled.plan.nothing_to_do and not filled.unseen and not filled.recovery_due:
        return RootAction.CHECK
    return RootAction.UPDATE


def _changes(filled: Filled) -> tuple[Change, ...]:
    origins = {wanted.pin.name: _origin(wanted) for wanted in filled.triage.wanted}
    changes = [
        Change(name=pin.name, version=str(pin.version), action=ChangeAction.INSTALLED)
        for pin in filled.unseen
    ]
    for step in filled.plan.changes:
        changes += _changes_of(step, origins)
    return tuple(changes)


def _changes_of(step: Install | Replace | Remove, origins: dict[str, str | None]) -> list[Change]:
    match step:
        case Install(new=new):
            return [_change(new.name, new.version, ChangeAction.INSTALLED, origins)]
        case Replace(old=old, new=new):
            if [each.version for each in old] == [new.version]:
                return [_change(new.name, new.version, ChangeAction.REINSTALLED, origins)]
            gone = [_change(e.name, e.version, ChangeAction.UNINSTALLED, {}) for e in old]
            return [*gone, _change(new.name, new.version, ChangeAction.INSTALLED, origins)]
        case Remove(old=gone_one):
            return [_change(gone_one.name, gone_one.version, ChangeAction.UNINSTALLED, {})]


def _change(
    name: str, version: str, action: ChangeAction, origins: dict[str, str | None]
) -> Change:
    return Change(name=name, version=version, action=action, origin=origins.get(name))


def _origin(wanted: Wanted) -> str | None:
    source = wanted.pin.source
    return source.url if isinstance(source, UrlSource | GitSource) else None
