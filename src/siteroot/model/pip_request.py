"""What a person asked `siteroot pip` for, as the words of the command line and the variables say it."""

from enum import Enum

from .request import PythonRequest, RootRequest
from .requirements import RequirementSource
from .settings import Settings
from .value import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PipContext:
    """What every command of `siteroot pip` is told: which root, whose Python, which settings."""

    root: RootRequest
    python: PythonRequest
    project: str | None
    config_file: str | None
    no_config: bool
    settings: Settings  # as in SyncRequest


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
    strict: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class UninstallRequest:
    """`siteroot pip uninstall`: what the sources name goes; versions in them mean nothing."""

    context: PipContext
    sources: tuple[RequirementSource, ...]
    dry_run: bool


PipRequest = (
    ListRequest | FreezeRequest | ShowRequest | CheckRequest | TreeRequest | UninstallRequest
)
