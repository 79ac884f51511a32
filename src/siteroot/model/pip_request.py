"""What a person asked `siteroot pip` for, as the words of the command line and the variables say it."""

from enum import Enum

from .request import PythonRequest, RootRequest
from .requirements import RequirementSource
from .settings import Settings
from .value import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PipContext:
    """What every command of `siteroot pip` is told: which root, whose Python, which settings.

    `building` are the flags that bear on how one thing is found and built, as they are typed in a shell.
    """

    root: RootRequest
    python: PythonRequest
    project: str | None
    config_file: str | None
    no_config: bool
    settings: Settings  # as in SyncRequest
    building: str = ""


class ListFormat(Enum):
    """How `list` writes."""

    COLUMNS = "columns"
    FREEZE = "freeze"
    JSON = "json"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRequest:
    """`siteroot pip list`. `editable` True: none but editables; False: none of them. Names are as typed."""

    context: PipContext
    format: ListFormat
    editable: bool | None
    exclude: tuple[str, ...]
    outdated: bool
    strict: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FreezeRequest:
    """`siteroot pip freeze`; `paths` are folders in place of the root."""

    context: PipContext
    exclude_editable: bool
    exclude: tuple[str, ...]
    paths: tuple[str, ...]
    strict: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowRequest:
    """`siteroot pip show`."""

    context: PipContext
    names: tuple[str, ...]
    files: bool
    strict: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRequest:
    """`siteroot pip check`."""

    context: PipContext


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeRequest:
    """`siteroot pip tree`. `packages` empty: all that nothing else needs."""

    context: PipContext
    depth: int
    prune: tuple[str, ...]
    packages: tuple[str, ...]
    no_dedupe: bool
    invert: bool
    specifiers: bool
    outdated: bool
    strict: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class UninstallRequest:
    """`siteroot pip uninstall`: what the sources name goes; versions in them mean nothing."""

    context: PipContext
    sources: tuple[RequirementSource, ...]
    dry_run: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolutionWords:
    """How versions are to be chosen. Files are as typed; which index, which dates and the like are settings.

    `extras` None: all of them. `no_binary` and `only_binary` hold names, `:all:` and `:none:`, in their order.
    """

    constraints: tuple[str, ...] = ()
    overrides: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    build_constraints: tuple[str, ...] = ()
    extras: tuple[str, ...] | None = ()
    no_deps: bool = False
    upgrade: bool = False
    upgrade_packages: tuple[str, ...] = ()
    no_binary: tuple[str, ...] = ()
    only_binary: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallRequest:
    """`siteroot pip install`, and `siteroot pip sync`, which takes out what is not asked for.

    `sync`: the sources name all that the root shall hold. `allow_empty`: that may be nothing. `verify_hashes`: files
    are compared with the hashes of the sources.
    """

    context: PipContext
    sync: bool
    sources: tuple[RequirementSource, ...]
    resolution: ResolutionWords
    exact: bool
    allow_empty: bool
    verify_hashes: bool
    no_editable: bool
    no_editable_packages: tuple[str, ...]
    strict: bool
    dry_run: bool
    check: bool


class AnnotationStyle(Enum):
    """How `compile` writes who asks for what."""

    NONE = "none"
    LINE = "line"
    SPLIT = "split"


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledFile:
    """What `compile` writes. `form` is "requirements.txt" or "pylock.toml", None: by the name of `path`."""

    path: str | None = None
    form: str | None = None
    hashes: bool = False
    extras: bool = False
    annotation: AnnotationStyle = AnnotationStyle.SPLIT
    header: bool = True
    command: str | None = None
    omitted: tuple[str, ...] = ()
    index_urls: bool = False
    find_links: bool = False
    build_options: bool = False
    index_annotation: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CompileRequest:
    """`siteroot pip compile`."""

    context: PipContext
    sources: tuple[RequirementSource, ...]
    resolution: ResolutionWords
    file: CompiledFile


PipRequest = (
    ListRequest
    | FreezeRequest
    | ShowRequest
    | CheckRequest
    | TreeRequest
    | UninstallRequest
    | InstallRequest
    | CompileRequest
)
