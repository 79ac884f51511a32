"""What a command's wheels come from: the cache's store, the indexes, and builds; each opened when it is needed."""

import os
from collections.abc import Callable
from contextlib import ExitStack
from functools import cache
from typing import TYPE_CHECKING

from siteroot.errors import UsageError
from siteroot.model.cache import bucket
from siteroot.model.pin import Pin, WheelPin, wheel_pin
from siteroot.model.requirement import Requirement
from siteroot.model.settings import LinkMode, Settings
from siteroot.model.surroundings import Surroundings
from siteroot.model.target import Target
from siteroot.model.value import dataclass
from siteroot.model.wheel import Limits
from siteroot.ports import Clock, Reporter, WheelSupply
from siteroot.select.choice import normalize_names
from siteroot.store.store import Store

from .caches import Caches
from .mirroring import choose_locations
from .supply import StoreSupply, Trust, fetch_options

if TYPE_CHECKING:
    from siteroot.index.fetch import Fetcher
    from siteroot.model.metadata import DistributionMetadata
    from siteroot.plan.triage import Policy

    from .provision import Builds
    from .remembering import Memory
    from .resolving import IndexResolver, Resolve


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildPurpose:
    """What builds are for: a target, and the root that shall hold `selected`, which no build sees.

    `resolve` finds what backends need, in the place of the indexes; `constraints` are requirements that hold for that.
    `on_interpreter`, `again` and `installs` as in `BuildSite`.
    """

    target: Target
    root: str
    again: Callable[[Pin], str]
    selected: tuple[Pin, ...] = ()
    constraints: tuple[Requirement, ...] = ()
    resolve: "Resolve | None" = None
    on_interpreter: bool = False
    installs: bool = True


class Supplies:
    """Wheels for one command, whose scope ends what was opened."""

    def __init__(
        self,
        settings: Settings,
        surroundings: Surroundings,
        caches: Caches,
        scope: ExitStack,
        *,
        reporter: Reporter,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._environ = surroundings.environ
        self._caches = caches
        self._reporter = reporter
        self._clock = clock
        self.trust = new_trust(settings)
        self.store = Store(
            caches.store,
            temporary=caches.temporary,
            clock=clock,
            reporter=reporter,
            limits=new_limits(settings),
        )
        scope.callback(self.store.close)

        @cache
        def open_fetcher() -> "Fetcher":
            from siteroot.index.fetch import Fetcher  # noqa: PLC0415 - only where something is fetched

            options = fetch_options(settings, surroundings)
            return scope.enter_context(Fetcher(options, clock=clock, reporter=reporter))

        self._open_fetcher: Callable[[], Fetcher] = open_fetcher
        self.fetched = StoreSupply(
            self.store,
            open_fetcher,
            self.trust,
            reporter=reporter,
            clock=clock,
            locate=choose_locations(settings, open_fetcher, caches.lasting, reporter),
        )

    def for_pins(
        self, pins: tuple[Pin, ...], purpose: BuildPurpose
    ) -> tuple[WheelSupply, tuple[WheelPin, ...]]:
        """Return who has the wheels of a lock's pins, and the pins as those of wheels; source trees are built."""
        wheels = tuple(wheel for pin in pins if (wheel := wheel_pin(pin)) is not None)
        if len(wheels) == len(pins):
            return self.fetched, wheels
        _, builds = self.open_index(purpose)
        supply = builds().supply
        return supply, supply.as_wheels(pins)

    def open_index(self, purpose: BuildPurpose) -> "tuple[IndexResolver, Callable[[], Builds]]":
        """Return who resolves by the indexes, and what returns who builds; each works with the other."""
        from .resolving import IndexResolver  # noqa: PLC0415 - what a sync of wheels need not pay

        resolver = IndexResolver(
            self._settings,
            self._open_fetcher,
            self._caches.lasting,
            work=self.store.work,
            reporter=self._reporter,
            build_constraints=purpose.constraints,
        )

        @cache
        def builds() -> "Builds":
            return self._tie_builds(purpose, purpose.resolve or resolver.for_build)

        def describe(pin: Pin) -> "DistributionMetadata":
            return builds().builder.describe(pin)

        resolver.build_with(describe, lambda: builds().open_reader())
        return resolver, builds

    def _tie_builds(self, purpose: BuildPurpose, resolve: "Resolve") -> "Builds":
        # what most resolutions need not pay
        from .paging import open_descriptions  # noqa: PLC0415
        from .provision import BuildSite, tie_builds  # noqa: PLC0415

        lasting = self._caches.lasting
        beside = os.path.dirname(self._caches.temporary)
        site = BuildSite(
            target=purpose.target,
            root=purpose.root,
            settings=self._settings,
            environ=self._environ,
            limits=new_limits(self._settings),
            selected=purpose.selected,
            on_interpreter=purpose.on_interpreter,
            again=purpose.again,
            installs=purpose.installs,
            described=open_descriptions(lasting),
            cache_folder=lasting,
            log_folder=f"{lasting}/{bucket('logs')}" if lasting else f"{beside}/siteroot-logs",
        )
        return tie_builds(
            self.fetched,
            self.store,
            self._open_fetcher(),
            self.trust,
            site,
            resolve,
            reporter=self._reporter,
            clock=self._clock,
        )


def new_limits(settings: Settings) -> Limits:
    """Return how much one wheel may hold."""
    defaults = Limits()
    return Limits(
        members=settings.limit_members or defaults.members,
        size=settings.limit_size or defaults.size,
    )


def new_trust(settings: Settings) -> Trust:
    """Return which stored wheels are taken as they are."""
    reinstall = frozenset(normalize_names(settings.reinstall_package))
    return Trust(
        refresh=bool(settings.refresh or settings.reinstall),
        refresh_names=frozenset(normalize_names(settings.refresh_package)) | reinstall,
        tolerate_record=frozenset(normalize_names(settings.tolerate_record)),
    )


def new_policy(settings: Settings, bytecode: str) -> "Policy":
    """Return what may be done to a root. `bytecode` is the kind that it shall hold."""
    from siteroot.plan.triage import Policy  # noqa: PLC0415 - only where a root is changed

    return Policy(
        exact=settings.exact,
        overwrite=bool(settings.overwrite),
        strict=bool(settings.strict),
        reinstall=bool(settings.reinstall),
        reinstall_names=frozenset(normalize_names(settings.reinstall_package)),
        pth=settings.pth != "off",
        bytecode=bytecode,
    )


def new_memory(settings: Settings, caches: Caches) -> "Memory":
    """Return what remembers how roots were left."""
    from .remembering import Memory  # noqa: PLC0415 - only where a root is changed

    links = settings.link_mode is LinkMode.SYMLINK  # another mode makes files of them
    return Memory(caches.lasting, f"pth={settings.pth != 'off'} links={links}")


def choose_link_mode(settings: Settings) -> LinkMode | None:
    """Return how files are placed. Raises UsageError."""
    if settings.link_mode is LinkMode.SYMLINK and settings.no_cache:
        raise UsageError(
            "links into a cache that is not kept would lead nowhere",
            where="--link-mode=symlink with --no-cache",
        )
    return settings.link_mode
