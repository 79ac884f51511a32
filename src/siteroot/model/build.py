"""What has to be built, and where (PEP 517, PEP 660)."""

from collections.abc import Mapping
from enum import Enum

from .value import dataclass


class BuildKind(Enum):
    """What is asked of a backend. The values are the names of its hooks."""

    WHEEL = "build_wheel"
    EDITABLE = "build_editable"
    METADATA = "prepare_metadata_for_build_wheel"


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildSystem:
    """`[build-system]` of pyproject.toml; what PEP 517 says where it is absent."""

    requires: tuple[str, ...]
    backend: str
    backend_path: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildRoot:
    """A scratch site root that a backend runs in: a prefix layout, with its build requirements. Paths are absolute.

    `executable` starts a Python that sees the root's distributions, and not those of the interpreter that it is.
    """

    folder: str
    executable: str
    purelib: str
    platlib: str
    scripts: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildOptions:
    """How a backend is called. `config_settings` are those of PEP 517; `variables` are added to its environment.

    `timeout` is how many seconds one hook may take, None for any number. `network` False: it sees none.
    """

    config_settings: Mapping[str, str | tuple[str, ...]]
    variables: Mapping[str, str]
    source_date_epoch: int
    network: bool = True
    timeout: float | None = None


@dataclass(frozen=True, slots=True)
class FileKey:
    """A build hangs on the files that a glob names, from the tree's folder on."""

    glob: str


@dataclass(frozen=True, slots=True)
class FolderKey:
    """A build hangs on whether a folder is there, and is the same one."""

    path: str


@dataclass(frozen=True, slots=True)
class GitKey:
    """A build hangs on the repository's commit, or its tags."""

    commit: bool
    tags: bool


@dataclass(frozen=True, slots=True)
class VariableKey:
    """A build hangs on a variable of the environment."""

    name: str


CacheKey = FileKey | FolderKey | GitKey | VariableKey
