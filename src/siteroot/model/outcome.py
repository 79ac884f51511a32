"""What a command did, or would do: all that the lines on stderr, the JSON and the exit code are made from."""

from enum import Enum

from .layout import LayoutKind
from .value import dataclass


class RootAction(Enum):
    """What becomes of the root. The values are uv's words."""

    CHECK = "check"  # it already is as it shall be
    UPDATE = "update"  # it is there and changes
    CREATE = "create"  # it is not there yet


class ChangeAction(Enum):
    """What becomes of one distribution. The values are uv's words."""

    INSTALLED = "installed"
    UNINSTALLED = "uninstalled"
    REINSTALLED = "reinstalled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One line of the story: another version is an UNINSTALLED and an INSTALLED, the same again a REINSTALLED.

    `origin` is the URL or path of a distribution that comes from no index, without credentials. `damaged` are those of
    its files that `--verify` found otherwise than they were placed, by path.
    """

    name: str
    version: str
    action: ChangeAction
    origin: str | None = None
    damaged: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetPython:
    """The Python that the root is for. `path` is None where it was named and no such interpreter is here."""

    path: str | None
    version: str  # "3.12.1", "3.12" where it was named so
    implementation: str


class LockKind(Enum):
    """The two formats of a lock."""

    UV = "uv.lock"
    PYLOCK = "pylock.toml"


class LockUse(Enum):
    """What was done with the lock. The values are uv's words."""

    USE = "use"  # --frozen: not compared with the project
    CHECK = "check"  # compared, and found fresh


@dataclass(frozen=True, slots=True, kw_only=True)
class UsedLock:
    """The lock that was read."""

    path: str
    kind: LockKind
    use: LockUse


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How much of something, and how long it took. `count` is wheels for a download, files for placing."""

    count: int
    size: int  # bytes
    seconds: float


NO_EFFORT = Effort(count=0, size=0, seconds=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncOutcome:
    """What a sync did, or would do where `dry_run` or `check`.

    `root`, `project` and `workspace` are absolute folders; the latter two None where a lock stood alone.
    `changes` come in any order. `own_files` says that only siteroot's own files or folder times changed, or those too.
    `downloaded` is what was fetched into the store, in a dry run too; `placed` what was written into the root.
    `verified` is what `--verify` read, None without it.
    `unseen` are the distributions whose wheels a dry run under --offline could not look at, and a check need not: the
    plan is partial then.
    """

    action: RootAction
    root: str
    layout: LayoutKind
    python: TargetPython
    project: str | None
    workspace: str | None
    lock: UsedLock
    changes: tuple[Change, ...]
    kept: int  # selected distributions that stay as they are
    own_files: bool
    downloaded: Effort
    placed: Effort
    seconds: float  # of the whole command
    warnings: tuple[str, ...]
    unseen: tuple[str, ...]
    recovery_due: (
        bool  # an interrupted command's work is still to be undone or finished (dry runs only)
    )
    dry_run: bool
    check: bool
    verified: Effort | None = None

    @property
    def outdated(self) -> bool:
        """Whether the root is not, or was not, as it shall be."""
        return self.action is not RootAction.CHECK


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheOutcome:
    """Where the cache is; what it holds (size), or what was taken out of it (prune, clean)."""

    folder: str
    wheels: tuple[str, ...] = ()  # "NAME==VERSION"
    files: int = 0
    size: int = 0  # bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class UninstallOutcome:
    """What an uninstall took out, or would; `absent` are names and places that were asked for and are not there."""

    root: str
    changes: tuple[Change, ...]
    absent: tuple[str, ...]
    seconds: float
    dry_run: bool
    recovery_due: bool  # as in SyncOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallOutcome:
    """What `siteroot pip install` or `sync` did, or would; the fields are those of SyncOutcome.

    `kept` are the distributions that are needed and stay as they are. `nothing_asked`: a sync was given no requirement.
    """

    action: RootAction
    root: str
    changes: tuple[Change, ...] = ()
    kept: int = 0
    placed: Effort = NO_EFFORT
    seconds: float = 0.0
    unseen: tuple[str, ...] = ()
    recovery_due: bool = False
    dry_run: bool = False
    check: bool = False
    nothing_asked: bool = False
