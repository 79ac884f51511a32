"""What a root shall hold, and the steps from what it holds to that. A plan is a value; apply takes nothing else.

Paths are relative to the root, POSIX. Rows are plain tuples (`model.rows`): there are many thousands of them.
"""

from collections.abc import Mapping

from .layout import Layout
from .root import InstalledDistribution, RootState
from .rows import RenderedRow, StoredRow
from .value import dataclass
from .wheel import StoredWheel


@dataclass(frozen=True, slots=True, kw_only=True)
class DesiredDistribution:
    """One distribution, placed in a layout: every file that it brings, contested ones included."""

    wheel: StoredWheel
    direct: bool
    dist_info: str
    record: str  # hexadecimal sha256 of the RECORD among `rendered`
    stored: tuple[StoredRow, ...]
    rendered: tuple[RenderedRow, ...]
    paths: frozenset[str]  # of all its files
    metadata: tuple[str, ...]  # those of the paths that lie in the dist-info
    launchers: frozenset[str]  # those of `rendered` that are launchers: placed late
    compiled: tuple[StoredRow, ...] = ()  # bytecode of modules among `stored`
    bytecode: str = ""  # its kind, as `RootEntry.bytecode`

    @property
    def name(self) -> str:
        """The normalised name."""
        return self.wheel.name

    @property
    def version(self) -> str:
        """The version as the dist-info spells it."""
        return self.wheel.version


@dataclass(frozen=True, slots=True, kw_only=True)
class Install:
    """A distribution of a name that the root does not have."""

    new: DesiredDistribution


@dataclass(frozen=True, slots=True, kw_only=True)
class Replace:
    """A distribution in place of what the root has under its name (several dist-infos: all of them)."""

    old: tuple[InstalledDistribution, ...]
    new: DesiredDistribution
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Remove:
    """A distribution that is not wanted."""

    old: InstalledDistribution


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """A distribution that is as it shall be, or is nobody's business."""

    old: InstalledDistribution
    direct: bool


Step = Install | Replace | Remove | Keep


@dataclass(frozen=True, slots=True, kw_only=True)
class Clobber:
    """A path that several distributions bring with different bytes; the winner's stand there."""

    path: str
    names: tuple[str, ...]
    winner: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The whole way to the desired root: what is printed by a dry run and taken by apply.

    `placers` names, for each path that several distributions bring, the one that places it. `own_files` are our files at the root (`.siteroot.json`, `sitecustomize.py`) that have to be written anew;
    `own_removed` those of ours that go. `overwritten` are foreign files that stand where a file goes and that
    `--overwrite` gives up. `settled_times` are folders whose names are right and whose time alone is not.
    """

    layout: Layout
    steps: tuple[Step, ...]
    clobbers: tuple[Clobber, ...]
    placers: Mapping[str, str]
    state: RootState
    own_files: tuple[RenderedRow, ...]
    own_removed: tuple[str, ...]
    overwritten: tuple[str, ...]
    settled_times: tuple[tuple[str, int], ...]
    warnings: tuple[str, ...]

    @property
    def changes(self) -> tuple[Install | Replace | Remove, ...]:
        """The steps that change something."""
        return tuple(step for step in self.steps if not isinstance(step, Keep))

    @property
    def nothing_to_do(self) -> bool:
        """Whether the root already is as it shall be."""
        return not (self.changes or self.own_files or self.own_removed or self.settled_times)
