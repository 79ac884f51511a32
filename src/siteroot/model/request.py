"""What a person asked for, as the words of the command line and the variables say it; nothing looked up yet."""

from enum import Enum

from .settings import Settings
from .value import dataclass


class Freshness(Enum):
    """What is done about a lock that may no longer fit its project."""

    FROZEN = "frozen"  # not judged
    LOCKED = "locked"  # judged; stale is an error, whatever else is asked
    JUDGED = "judged"  # judged; would be locked again, once siteroot can


class RootPlace(Enum):
    """The words that say where a root goes (ROOT.md 1)."""

    TARGET = "--target"
    PREFIX = "--prefix"
    PYPACKAGES = "--pypackages"
    SYSTEM = "--system"
    ACTIVE = "--active"


@dataclass(frozen=True, slots=True, kw_only=True)
class RootRequest:
    """Where the root shall go: what flags said, and what variables offer when flags are silent."""

    place: RootPlace | None
    path: str | None  # the DIR of --target and --prefix
    system: bool  # --system was said, maybe beside --target or --prefix
    variable_target: str | None  # SITEROOT_TARGET
    variable_prefix: str | None  # SITEROOT_PREFIX
    project_environment: str | None  # UV_PROJECT_ENVIRONMENT
    virtual_env: str | None  # VIRTUAL_ENV


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallFilter:
    """Which selected distributions are not installed; their dependencies are (`--no-install-…`, `--only-install-…`)."""

    no_project: bool = False
    no_workspace: bool = False
    no_local: bool = False
    no_packages: tuple[str, ...] = ()
    only_project: bool = False
    only_workspace: bool = False
    only_local: bool = False
    only_packages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectionRequest:
    """Which part of the lock is wanted. Names are as typed."""

    extras: tuple[str, ...] = ()
    all_extras: bool = False
    no_extras: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    no_groups: tuple[str, ...] = ()
    only_groups: tuple[str, ...] = ()
    all_groups: bool = False
    no_default_groups: bool = False
    dev: bool | None = None  # --dev True, --no-dev False
    only_dev: bool = False
    packages: tuple[str, ...] = ()
    all_packages: bool = False
    install: InstallFilter = InstallFilter()
    no_editable: bool = False
    no_editable_packages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PythonRequest:
    """Which Python the root is made for."""

    python: str | None  # --python, UV_PYTHON
    origin: str  # the word that said it, for messages
    python_version: str | None
    python_platform: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncRequest:
    """`siteroot sync`, word for word. `again` is the same command for a shell, but for what it selects and tells."""

    directory: str | None
    project: str | None
    lock: str | None
    freshness: Freshness
    root: RootRequest
    python: PythonRequest
    selection: SelectionRequest
    dry_run: bool
    check: bool
    verify: bool
    config_file: str | None
    no_config: bool
    settings: Settings  # flags over SITEROOT_* over UV_*
    again: str = "siteroot sync"


class CacheAction(Enum):
    """What `siteroot cache` does."""

    DIR = "dir"
    SIZE = "size"
    PRUNE = "prune"
    CLEAN = "clean"


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheRequest:
    """`siteroot cache`, word for word. `names` are the distributions to clean; none means all of the cache.

    `fetched` is whether pruning takes wheels that were not built here.
    """

    action: CacheAction
    names: tuple[str, ...]
    fetched: bool
    project: str | None
    config_file: str | None
    no_config: bool
    settings: Settings  # as in SyncRequest
