"""`siteroot pip uninstall`: takes distributions out of a root, by the same plan and journal as a sync."""

import os
from collections.abc import Callable, Sequence

from siteroot.errors import UsageError
from siteroot.formats.credentials import without_credentials
from siteroot.model.installed import DescribedDistribution
from siteroot.model.layout import Layout
from siteroot.model.lock import (
    DirectorySource,
    EditableSource,
    GitSource,
    PathSource,
    Source,
    UrlSource,
)
from siteroot.model.outcome import Change, ChangeAction, UninstallOutcome
from siteroot.model.pin import WheelPin
from siteroot.model.pip_request import UninstallRequest
from siteroot.model.plan import Remove
from siteroot.model.requirement import Requirement
from siteroot.model.requirements import Requirements, UnnamedRequirement
from siteroot.model.settings import Settings
from siteroot.model.surroundings import Surroundings
from siteroot.model.target import Target
from siteroot.model.value import replace
from siteroot.model.wheel import Limits, StoredWheel
from siteroot.plan.triage import Policy, UnrestorableError
from siteroot.ports import Clock, Interrupts, Reporter
from siteroot.root.installed import describe_installed
from siteroot.root.inventory import read_state
from siteroot.root.journal import recovery_due
from siteroot.store.store import Store

from .caches import lasting_folder
from .clock import SystemClock
from .filling import Filled, Filling, Means, fill_root
from .holding import recover_first
from .pip_place import choose_pip_place
from .reading_requirements import read_asked
from .remembering import Memory
from .settings import load_pip_settings


class UnnamedFileError(UsageError):
    """A file was named that does not say which distributions it means without a build or a resolution."""


def pip_uninstall(
    request: UninstallRequest,
    surroundings: Surroundings,
    reporter: Reporter,
    interrupts: Interrupts,
    stdin: Callable[[], bytes],
) -> UninstallOutcome:
    """Take out what the request names; what is not there is only told.

    Raises what `choose_pip_place`, `read_asked`, `recover_first` and `fill_root` raise. Signals are deferred when
    something was changed.
    """
    clock = SystemClock()
    began = clock.monotonic()
    settings = load_pip_settings(request.context, surroundings, reporter)
    asked = read_asked(request.sources, settings, surroundings, reporter, clock, stdin=stdin)
    place = choose_pip_place(request.context, settings, surroundings, reporter, changing=True)
    layout = place.layout
    if not request.dry_run:
        recover_first(
            layout,
            reporter,
            durable=bool(settings.durable),
            clock=clock,
            interrupts=interrupts,
        )
    names, absent = _names(asked, layout)
    changes: tuple[Change, ...] = ()
    if names and os.path.isdir(layout.root):
        filled = fill_root(
            _filling(request, settings, layout, place.target, names),
            Means(
                supply=_Stored(settings, surroundings, reporter, clock),
                memory=Memory(None, ""),
                reporter=reporter,
                clock=clock,
                interrupts=interrupts,
            ),
        )
        changes = _changes(filled)
    absent |= names - {change.name for change in changes}
    return UninstallOutcome(
        root=layout.root,
        changes=changes,
        absent=tuple(sorted(absent)),
        seconds=clock.monotonic() - began,
        dry_run=request.dry_run,
        recovery_due=request.dry_run and recovery_due(layout.root),
    )


class _Stored:
    """Wheels that are in the cache, and no others: nothing is fetched in order to remove something."""

    def __init__(
        self, settings: Settings, surroundings: Surroundings, reporter: Reporter, clock: Clock
    ) -> None:
        folder = lasting_folder(settings, surroundings)
        self._store = folder and Store(
            folder, temporary=folder, clock=clock, reporter=reporter, limits=Limits()
        )

    def find(self, pin: WheelPin) -> StoredWheel | None:
        """Return the stored wheel of the pin."""
        return self._store.find(pin) if self._store else None

    def obtain(self, pins: Sequence[WheelPin]) -> Sequence[StoredWheel]:
        """Return the stored wheels. Raises UnrestorableError."""
        found = [self.find(pin) for pin in pins]
        for pin, wheel in zip(pins, found, strict=True):
            if wheel is None:
                raise UnrestorableError(pin.name)
        return [wheel for wheel in found if wheel is not None]

    def discard(self, wheel: StoredWheel) -> None:
        """Forget a wheel whose stored bytes turned out to be wrong."""
        if self._store:
            self._store.discard(wheel)


def _filling(
    request: UninstallRequest,
    settings: Settings,
    layout: Layout,
    target: Target,
    names: frozenset[str],
) -> Filling:
    """Return what is to be done; the root stays made for the Python that it was made for."""
    state = read_state(layout)
    if state is not None:
        major, _, minor = state.python.partition(".")
        if minor.isdigit() and major.isdigit():
            target = replace(
                target, implementation=state.implementation, python=(int(major), int(minor))
            )
    return Filling(
        pins=(),
        layout=layout,
        target=target,
        policy=Policy(
            exact=None,
            overwrite=False,
            strict=False,
            reinstall=False,
            reinstall_names=frozenset(),
            pth=state is None or any(path.endswith("sitecustomize.py") for path in state.files),
        ),
        link_mode=settings.link_mode,
        dry_run=request.dry_run,
        partial=False,
        durable=bool(settings.durable),
        removing=names,
    )


def _names(asked: Requirements, layout: Layout) -> tuple[frozenset[str], set[str]]:
    """Return the names that are meant, and the places from which nothing is installed."""
    for path in (*(tree.path for tree in asked.trees), *asked.locks):
        raise UnnamedFileError("which distributions this means is not known here", where=path)
    names: set[str] = set()
    absent: set[str] = set()
    places = [
        each.requirement.source
        for each in asked.asked
        if isinstance(each.requirement, UnnamedRequirement)
    ]
    installed = describe_installed(layout) if places else ()
    for source in places:
        found = {one.name for one in installed if _is_from(one, source)}
        names |= found
        if not found:
            absent.add(_shown(source))
    names |= {
        each.requirement.name for each in asked.asked if isinstance(each.requirement, Requirement)
    }
    return frozenset(names), absent


def _is_from(one: DescribedDistribution, source: Source) -> bool:
    """Whether a distribution was installed from there."""
    url = one.direct_url
    match source:
        case DirectorySource(path=path) | EditableSource(path=path) | PathSource(path=path):
            return path in (one.editable, None if url is None else url.folder)
        case GitSource(url=address):
            return url is not None and url.vcs == "git" and _is_same(url.url, address)
        case UrlSource(url=address):
            return url is not None and not url.vcs and _is_same(url.url, address)
        case _:
            return False


def _is_same(one: str, other: str) -> bool:
    return without_credentials(one) == without_credentials(other)


def _shown(source: Source) -> str:
    match source:
        case DirectorySource(path=path) | EditableSource(path=path) | PathSource(path=path):
            return path
        case GitSource(url=url) | UrlSource(url=url):
            return without_credentials(url)
        case _:
            return ""


def _changes(filled: Filled) -> tuple[Change, ...]:
    gone = (step.old for step in filled.plan.changes if isinstance(step, Remove))
    return tuple(
        Change(name=old.name, version=old.version, action=ChangeAction.UNINSTALLED) for old in gone
    )
