"""`siteroot pip list`, `freeze`, `show`, `check` and `tree`: what a root holds, whoever installed it.

Nothing is changed, not even a root whose last change was interrupted: that is said.
"""

import os
from collections.abc import Mapping, Sequence

from packaging.utils import canonicalize_name

from siteroot.model.event import Warned
from siteroot.model.installed import DescribedDistribution
from siteroot.model.layout import Layout
from siteroot.model.pip_request import (
    CheckRequest,
    FreezeRequest,
    ListRequest,
    PipContext,
    ShowRequest,
    TreeRequest,
)
from siteroot.model.release import Latest
from siteroot.model.settings import Settings
from siteroot.model.surroundings import Surroundings
from siteroot.model.target import Target
from siteroot.model.value import dataclass
from siteroot.plan.layout import target_layout
from siteroot.ports import Reporter
from siteroot.root.installed import describe_installed, list_files
from siteroot.root.journal import recovery_due
from siteroot.select.choice import normalize_names
from siteroot.select.installed import Incompatibility, find_incompatibilities, needs_of
from siteroot.select.tree import Branch, Trimming, grow_tree

from .clock import SystemClock
from .pip_place import choose_pip_place
from .settings import load_pip_settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What a root holds. `conflicts` are what does not fit together, where that was asked for (`--strict`).

    `latest`: what the indexes have newer of each, by name; None where nobody asked.
    """

    installed: tuple[DescribedDistribution, ...]
    conflicts: tuple[Incompatibility, ...] = ()
    latest: Mapping[str, Latest] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownDistribution:
    """One distribution in full: what it needs and who needs it, by name; both None where its metadata is unreadable.

    `files` are as its list of files has them; None where they were not asked for, or there is no such list.
    """

    described: DescribedDistribution
    requires: tuple[str, ...] | None
    required_by: tuple[str, ...] | None
    files: tuple[str, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Showing:
    """What `show` found, and the names that are not there."""

    shown: tuple[ShownDistribution, ...]
    absent: tuple[str, ...]
    conflicts: tuple[Incompatibility, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checking:
    """What `check` found among so many distributions."""

    count: int
    conflicts: tuple[Incompatibility, ...]
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Growing:
    """The tree of a root; `latest` as in `Listing`."""

    roots: tuple[Branch, ...]
    conflicts: tuple[Incompatibility, ...]
    latest: Mapping[str, Latest]


@dataclass(frozen=True, slots=True)
class _Held:
    """What a root holds, and what it is looked at for."""

    installed: tuple[DescribedDistribution, ...]
    target: Target
    settings: Settings

    def conflicts(self, *, asked: bool) -> tuple[Incompatibility, ...]:
        return find_incompatibilities(self.installed, self.target) if asked else ()


def pip_list(request: ListRequest, surroundings: Surroundings, reporter: Reporter) -> Listing:
    """Return the distributions of a root, by name; of `outdated` ones alone where that is asked for."""
    held = _hold(request.context, surroundings, reporter)
    excluded = frozenset(normalize_names(request.exclude))
    installed = tuple(
        one
        for one in held.installed
        if request.editable in (None, one.editable is not None) and one.name not in excluded
    )
    latest = None
    if request.outdated:
        latest = _newer(installed, held, surroundings, reporter)
        installed = tuple(one for one in installed if one.name in latest)
    return Listing(
        installed=installed, conflicts=held.conflicts(asked=request.strict), latest=latest
    )


def pip_freeze(request: FreezeRequest, surroundings: Surroundings, reporter: Reporter) -> Listing:
    """Return the distributions that a requirements file would name, by name."""
    held = _hold(request.context, surroundings, reporter, request.paths)
    excluded = frozenset(normalize_names(request.exclude))
    return Listing(
        installed=tuple(
            one
            for one in held.installed
            if not (request.exclude_editable and one.editable is not None)
            and one.name not in excluded
        ),
        conflicts=held.conflicts(asked=request.strict),
    )


def pip_show(request: ShowRequest, surroundings: Surroundings, reporter: Reporter) -> Showing:
    """Return the named distributions in full, by name."""
    held = _hold(request.context, surroundings, reporter)
    names = frozenset(normalize_names(request.names))
    needs = {
        id(one): {canonicalize_name(need.name) for need in needs_of(one, held.target)}
        for one in held.installed
        if one.metadata is not None
    }
    shown = []
    for one in held.installed:
        if one.name not in names:
            continue
        needing = sorted(
            {
                other.name
                for other in held.installed
                if other.name != one.name and one.name in needs.get(id(other), ())
            }
        )
        known = one.metadata is not None
        shown.append(
            ShownDistribution(
                described=one,
                requires=tuple(sorted(needs[id(one)])) if known else None,
                required_by=tuple(needing) if known else None,
                files=list_files(one) if request.files else None,
            )
        )
    there = {each.described.name for each in shown}
    return Showing(
        shown=tuple(shown),
        absent=tuple(sorted(names - there)),
        conflicts=held.conflicts(asked=request.strict),
    )


def pip_check(request: CheckRequest, surroundings: Surroundings, reporter: Reporter) -> Checking:
    """Return what does not fit together in a root."""
    clock = SystemClock()
    began = clock.monotonic()
    held = _hold(request.context, surroundings, reporter)
    conflicts = held.conflicts(asked=True)
    return Checking(
        count=len(held.installed), conflicts=conflicts, seconds=clock.monotonic() - began
    )


def find_conflicts(
    context: PipContext, surroundings: Surroundings, reporter: Reporter
) -> tuple[Incompatibility, ...]:
    """Return what does not fit together in a root, where another command asks (`--strict`)."""
    return _hold(context, surroundings, reporter).conflicts(asked=True)


def pip_tree(request: TreeRequest, surroundings: Surroundings, reporter: Reporter) -> Growing:
    """Return the tree of what needs what in a root."""
    held = _hold(request.context, surroundings, reporter)
    trimming = Trimming(
        depth=request.depth,
        prune=frozenset(normalize_names(request.prune)),
        only=frozenset(normalize_names(request.packages)),
        invert=request.invert,
        dedupe=not request.no_dedupe,
    )
    latest: Mapping[str, Latest] = {}
    if request.outdated:
        latest = _newer(held.installed, held, surroundings, reporter)
    return Growing(
        roots=grow_tree(held.installed, held.target, trimming),
        conflicts=held.conflicts(asked=request.strict),
        latest=latest,
    )


def _hold(
    context: PipContext,
    surroundings: Surroundings,
    reporter: Reporter,
    paths: tuple[str, ...] = (),
) -> _Held:
    """Return what the root holds, or what `paths` hold in its place; those that are not there hold nothing."""
    settings = load_pip_settings(context, surroundings, reporter)
    place = choose_pip_place(context, settings, surroundings, reporter, changing=False)
    layouts = [place.layout]
    if paths:
        layouts = [
            target_layout(os.path.realpath(os.path.join(surroundings.cwd, path))) for path in paths
        ]
    found: list[DescribedDistribution] = []
    for layout in layouts:
        _tell_interrupted(layout, reporter)
        found += describe_installed(layout)
    return _Held(tuple(sorted(found, key=lambda one: one.order)), place.target, settings)


def _newer(
    installed: Sequence[DescribedDistribution],
    held: _Held,
    surroundings: Surroundings,
    reporter: Reporter,
) -> Mapping[str, Latest]:
    from .pip_latest import find_newer  # noqa: PLC0415 - what a plain listing need not pay

    return find_newer(installed, held.settings, surroundings, held.target, reporter)


def _tell_interrupted(layout: Layout, reporter: Reporter) -> None:
    if recovery_due(layout.root):
        reporter.report(
            Warned(
                f"{layout.root}: a change was interrupted, or is being made; this is what stands there now,"
                " and the next command that changes the root brings it to its end"
            )
        )
