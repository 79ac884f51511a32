"""What a sync has to tell: the outcome, from what was asked for and what became of it."""

from siteroot.formats.credentials import without_credentials
from siteroot.formats.requirement_urls import render_git_url
from siteroot.model.event import Event, Warned
from siteroot.model.file_url import file_url
from siteroot.model.lock import DirectorySource, EditableSource, GitSource, UrlSource
from siteroot.model.outcome import (
    Change,
    ChangeAction,
    Effort,
    RootAction,
    SyncOutcome,
    TargetPython,
    UsedLock,
)
from siteroot.model.plan import Install, Remove, Replace
from siteroot.model.request import SyncRequest
from siteroot.model.root import InstalledDistribution
from siteroot.model.value import replace
from siteroot.plan.triage import Wanted
from siteroot.ports import Reporter

from .filling import Filled
from .loading import Loaded
from .places import Place


class WarningsKept:
    """Passes events on and keeps the warnings, which the outcome tells too."""

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter
        self.warnings: list[str] = []

    def report(self, event: Event) -> None:
        """Take one event."""
        if isinstance(event, Warned):
            self.warnings.append(event.text)
        self._reporter.report(event)


def render_sync_outcome(
    request: SyncRequest,
    loaded: Loaded,
    filled: Filled,
    place: Place,
    *,
    lock: UsedLock,
    downloaded: Effort,
    seconds: float,
    warnings: tuple[str, ...],
) -> SyncOutcome:
    """Return the outcome of a sync that came to its end."""
    plan = filled.plan
    return SyncOutcome(
        action=root_action(filled),
        root=place.layout.root,
        layout=place.layout.kind,
        python=_python(place),
        project=loaded.member,
        workspace=loaded.workspace,
        lock=lock,
        changes=told_changes(filled),
        kept=len(filled.triage.kept),
        own_files=bool(plan.own_files or plan.own_removed or plan.settled_times),
        downloaded=downloaded,
        placed=filled.placed,
        seconds=seconds,
        warnings=warnings,
        unseen=tuple(f"{each.pin.name}=={each.pin.version}" for each in filled.unseen),
        recovery_due=filled.recovery_due,
        dry_run=request.dry_run,
        check=request.check,
        verified=filled.verified,
    )


def _python(place: Place) -> TargetPython:
    target = place.target
    return TargetPython(
        path=None if target.interpreter is None else target.interpreter.executable,
        version=target.markers["python_full_version"],
        implementation=target.implementation,
    )


def root_action(filled: Filled) -> RootAction:
    """Return what becomes, or became, of the root."""
    if not filled.existed:
        return RootAction.CREATE
    if filled.plan.nothing_to_do and not filled.unseen and not filled.recovery_due:
        return RootAction.CHECK
    return RootAction.UPDATE


def told_changes(filled: Filled) -> tuple[Change, ...]:
    """Return what becomes, or became, of each distribution that does not stay."""
    wanted = (*filled.triage.wanted, *filled.unseen)
    origins = {each.pin.name: _origin(each) for each in wanted}
    changes: list[Change] = []
    for each in filled.unseen:
        changes += _replacing(each.old, each.pin.name, str(each.pin.version), origins)
    for step in filled.plan.changes:
        changes += _changes_of(step, origins)
    damages = filled.damages
    return tuple(
        replace(change, damaged=damages[change.name])
        if change.name in damages and change.action is not ChangeAction.UNINSTALLED
        else change
        for change in changes
    )


def _changes_of(step: Install | Replace | Remove, origins: dict[str, str | None]) -> list[Change]:
    match step:
        case Install(new=new):
            return _replacing((), new.name, new.version, origins)
        case Replace(old=old, new=new):
            return _replacing(old, new.name, new.version, origins)
        case Remove(old=gone_one):
            return [_change(gone_one.name, gone_one.version, ChangeAction.UNINSTALLED, {})]


def _replacing(
    old: tuple[InstalledDistribution, ...], name: str, version: str, origins: dict[str, str | None]
) -> list[Change]:
    if [each.version for each in old] == [version]:
        return [_change(name, version, ChangeAction.REINSTALLED, origins)]
    gone = [_change(each.name, each.version, ChangeAction.UNINSTALLED, {}) for each in old]
    return [*gone, _change(name, version, ChangeAction.INSTALLED, origins)]


def _change(
    name: str, version: str, action: ChangeAction, origins: dict[str, str | None]
) -> Change:
    return Change(name=name, version=version, action=action, origin=origins.get(name))


def _origin(wanted: Wanted) -> str | None:
    source = wanted.pin.source
    if isinstance(source, DirectorySource | EditableSource):
        return file_url(source.path)
    if isinstance(source, GitSource):
        return render_git_url(source)
    return without_credentials(source.url) if isinstance(source, UrlSource) else None
