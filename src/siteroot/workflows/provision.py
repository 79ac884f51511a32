"""Build roots: scratch site roots with what a backend needs, made by the one installer. The adapter of `ports.BuildRoots`.

Here the one knot is tied: resolving may need a build, a build needs an environment, that needs resolving, and what it
resolves to may have to be built itself.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import cache
from typing import TYPE_CHECKING

from siteroot import fs
from siteroot.build.scratch_interpreter import link_interpreter
from siteroot.index.fetch import Fetcher
from siteroot.index.metadata_cache import MetadataCache
from siteroot.interpreter.probe import probe_interpreter
from siteroot.model.build import BuildRoot
from siteroot.model.pin import Pin, wheel_pin
from siteroot.model.settings import LinkMode, Settings
from siteroot.model.target import Interpreter, Target
from siteroot.model.value import dataclass
from siteroot.model.wheel import Limits
from siteroot.plan.layout import prefix_layout
from siteroot.plan.triage import Policy
from siteroot.ports import BuildRoots, Clock, Reporter, Uninterrupted
from siteroot.select.choice import normalize_names
from siteroot.store.store import Store, in_words

from .build_choices import BuildChoices
from .build_means import BuildMeans
from .building import Builder, NoInterpreterToBuildError
from .resolving import Resolve
from .source_supply import SourceSupply
from .supply import StoreSupply, Trust

if TYPE_CHECKING:
    from .reading_sources import SourceReader

#: Nobody's files are in a scratch root, and its interpreter processes `.pth` files by itself.
_POLICY = Policy(
    exact=None,
    overwrite=False,
    strict=False,
    reinstall=False,
    reinstall_names=frozenset(),
    pth=False,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildSite:
    """For which target and root something is built, and with which settings; `log_folder` is where logs stay.

    `selected` is all that the root shall hold; what is not built in isolation is built with that, or
    (`on_interpreter`) with what the target's interpreter has. `again` returns a command that builds a pin once more.
    `installs` and `described` as in `BuildMeans`. `cache_folder` keeps what interpreters answered.
    """

    target: Target
    root: str
    settings: Settings
    environ: Mapping[str, str]
    limits: Limits
    log_folder: str
    again: Callable[[Pin], str]
    selected: tuple[Pin, ...] = ()
    on_interpreter: bool = False
    installs: bool = True
    described: MetadataCache = MetadataCache(None)
    cache_folder: str | None = None


class Provisioner:
    """Makes build roots in a store's work folder.

    They are made for what runs in them, the target's interpreter as it is on this machine: words (`--python-platform`,
    `--python-version`) make a target of it that may run nowhere here.
    """

    def __init__(
        self,
        store: Store,
        target: Target,
        resolve: Resolve,
        probe: Callable[[Interpreter], Target],
        *,
        reporter: Reporter,
        clock: Clock,
    ) -> None:
        self._store = store
        self._target = target
        self._probe = probe
        self._probed: Target | None = None
        self._resolve = resolve
        self._reporter = reporter
        self._clock = clock
        self._held: dict[str, ExitStack] = {}
        self._requires: dict[str, tuple[str, ...]] = {}
        self._supply: Callable[[], SourceSupply] | None = None

    def supply_from(self, supply: Callable[[], SourceSupply]) -> None:
        """Take the wheels of each root from a supply of its own, which may build them in roots of this provisioner."""
        self._supply = supply

    def provide(self, requires: Sequence[str], why: str, place: str | None = None) -> BuildRoot:
        """Return a root that holds what `requires` asks for."""
        root = self.provide_pins(lambda: self._resolve(requires, self._host(why), why), why, place)
        self._requires[root.folder] = tuple(requires)
        return root

    def provide_pins(
        self, pins: Callable[[], Sequence[Pin]], why: str, place: str | None = None
    ) -> BuildRoot:
        """Return a root that holds these pins; `why` and `place` as above."""
        host, interpreter = self._host(why), self._interpreter(why)
        held = ExitStack()
        if place is None:
            folder = f"{held.enter_context(self._store.work())}/root"
        else:
            folder = place
            with in_words(place):
                fs.remove_tree(place)
        self._held[folder], self._requires[folder] = held, ()
        try:
            layout = prefix_layout(folder, host)
            library = f"{folder}/{layout.folders['purelib']}"
            root = BuildRoot(
                folder=folder,
                executable=f"{folder}/bin/python",
                purelib=library,
                platlib=f"{folder}/{layout.folders['platlib']}",
                scripts=f"{folder}/{layout.folders['scripts']}",
            )
            self._fill(root, pins(), host)
            with in_words(folder):
                fs.make_folder(library)
                link_interpreter(folder, interpreter)
        except BaseException:
            self._forget(folder)
            raise
        return root

    def extend(self, root: BuildRoot, requires: Sequence[str], why: str) -> BuildRoot:
        """Return the root, which holds these too: resolved together with what it holds."""
        together = self._requires[root.folder] = (*self._requires[root.folder], *requires)
        host = self._host(why)
        self._fill(root, self._resolve(together, host, why), host)
        return root

    def interpreter_root(self, why: str) -> BuildRoot:
        """Return the target's interpreter with what it has, in the place of a root. It stays when it is released."""
        interpreter = self._interpreter(why)
        return BuildRoot(
            folder=interpreter.prefix,
            executable=interpreter.executable,
            purelib=interpreter.schemes["purelib"],
            platlib=interpreter.schemes["platlib"],
            scripts=interpreter.schemes["scripts"],
        )

    def release(self, root: BuildRoot) -> None:
        """Remove a root."""
        if root.folder not in self._held:
            return
        with in_words(root.folder):
            self._forget(root.folder)

    def _interpreter(self, why: str) -> Interpreter:
        interpreter = self._target.interpreter
        if interpreter is None:
            raise NoInterpreterToBuildError(f"there is no Python here to build {why} with")
        return interpreter

    def _host(self, why: str) -> Target:
        """Return what a build runs on."""
        if self._probed is None:
            self._probed = self._probe(self._interpreter(why))
        return self._probed

    def _forget(self, folder: str) -> None:
        held = self._held.pop(folder)
        del self._requires[folder]
        fs.remove_tree(folder)
        held.close()

    def _fill(self, root: BuildRoot, pins: Sequence[Pin], host: Target) -> None:
        # half of what building loads, and what was built before needs no root
        from .filling import Filling, Means, fill_root  # noqa: PLC0415
        from .remembering import Memory  # noqa: PLC0415

        assert self._supply is not None
        supply = self._supply()
        filling = Filling(
            pins=supply.as_wheels(sorted(pins, key=lambda pin: pin.name)),
            layout=prefix_layout(root.folder, host),
            target=host,
            policy=_POLICY,
            link_mode=LinkMode.COPY,  # what runs in it may change it, and must not reach the store
            dry_run=False,
            partial=False,
        )
        means = Means(
            supply=supply,
            memory=Memory(None, ""),
            reporter=self._reporter,
            clock=self._clock,
            interrupts=Uninterrupted(),  # it goes as a whole, whatever state it is in
        )
        fill_root(filling, means)


@dataclass(frozen=True, slots=True, kw_only=True)
class Builds:
    """A supply that builds what has no wheel, who does that, and where.

    `open_reader` returns who reads what lies at no index, the same one each time.
    """

    supply: SourceSupply
    builder: Builder
    roots: BuildRoots
    open_reader: "Callable[[], SourceReader]"


def tie_builds(
    fetched: StoreSupply,
    store: Store,
    fetcher: Fetcher,
    trust: Trust,
    site: BuildSite,
    resolve: Resolve,
    *,
    reporter: Reporter,
    clock: Clock,
) -> Builds:
    """Return how what cannot be fetched is built: the knot of this module, tied."""

    def probe(interpreter: Interpreter) -> Target:
        return probe_interpreter(interpreter.executable, site.cache_folder, site.environ)

    roots = Provisioner(store, site.target, resolve, probe, reporter=reporter, clock=clock)
    choices = BuildChoices(
        site.settings, site.environ, {pin.name: pin.version for pin in site.selected}
    )

    def selected_root(name: str, place: str) -> BuildRoot:
        if site.on_interpreter:
            return roots.interpreter_root(name)

        def pins() -> Sequence[Pin]:
            # those that are built in such a root themselves would want it first
            return [pin for pin in site.selected if wheel_pin(pin) or choices.isolated(pin.name)]

        return roots.provide_pins(pins, name, place)

    means = BuildMeans(
        store=store,
        fetcher=fetcher,
        locate=fetched.locate,
        limits=site.limits,
        offline=bool(site.settings.offline),
        roots=roots,
        target=site.target,
        environ=site.environ,
        choices=choices,
        selected_root=selected_root,
        tolerates=lambda name: name in trust.tolerate_record,
        log_folder=site.log_folder,
        root=site.root,
        again=site.again,
        installs=site.installs,
        described=site.described,
        reporter=reporter,
    )
    builder = Builder(means)

    def renews(name: str) -> bool:
        return trust.refresh or name in trust.refresh_names

    @cache
    def open_reader() -> "SourceReader":
        from .reading_sources import SourceReader  # noqa: PLC0415 - repositories and archives, where one is named

        return SourceReader(means, builder.describe, renews, _no_sources(site.settings))

    roots.supply_from(lambda: SourceSupply(fetched, builder, lambda _: False))
    return Builds(
        supply=SourceSupply(fetched, builder, renews),
        builder=builder,
        roots=roots,
        open_reader=open_reader,
    )


def _no_sources(settings: Settings) -> Callable[[str], bool]:
    names = frozenset(normalize_names(settings.no_sources_package))
    return lambda name: bool(settings.no_sources) or name in names
