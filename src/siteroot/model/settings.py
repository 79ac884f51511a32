"""What flags, variables and settings files can say alike: one type for every layer that says it.

A field that a layer does not speak of is None (scalars) or empty (lists). `project.settings.combine` lays one over
the other: the nearest scalar wins, lists are joined, nearest first, as uv does.
"""

from collections.abc import Mapping
from enum import Enum
from typing import TYPE_CHECKING

from .digest import Digest
from .value import dataclass

if TYPE_CHECKING:
    from .requirement import Requirer


class LinkMode(Enum):
    """How a stored file becomes a file of the root."""

    CLONE = "clone"
    COPY = "copy"
    HARDLINK = "hardlink"
    SYMLINK = "symlink"


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexSetting:
    """One package index, as `[[tool.uv.index]]` has it."""

    url: str
    name: str | None = None
    default: bool = False
    explicit: bool = False
    flat: bool = False
    authenticate: str = "auto"  # auto, always, never
    ignore_error_codes: tuple[int, ...] | None = (
        None  # None: as uv's defaults for the index have it
    )
    cache_control_api: str | None = None  # in place of the server's Cache-Control, for pages
    cache_control_files: str | None = None  # the same for files


@dataclass(frozen=True, slots=True, kw_only=True)
class MirrorSetting:
    """An index that has the files of another: those whose URL, or whose registry's, begins with `replaced`."""

    replaced: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtraBuildRequirement:
    """What a build needs beside what its backend says. `match_runtime`: in the version that the lock selects."""

    text: str
    match_runtime: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildConstraint:
    """A requirement that holds for whatever builds need, as text, and the digests of which a file has to have one."""

    text: str
    digests: tuple[Digest, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Amendment:
    """An entry of `override-dependencies`, of requirements, or of `exclude-dependencies`, of normalised names.

    `requirer` is the distribution whose requirements alone it speaks of, None where it speaks of everybody's.
    """

    texts: tuple[str, ...]
    requirer: "Requirer | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One layer of settings, or all of them combined."""

    # where the root goes ([tool.siteroot] alone; flags and variables have their own order, ROOT.md 1)
    target: str | None = None
    prefix: str | None = None
    pypackages: bool | None = None
    # how it is filled
    link_mode: LinkMode | None = None
    compile_bytecode: bool | None = None
    compile_bytecode_timeout: int | None = None  # seconds, 0 for none
    exact: bool | None = None
    overwrite: bool | None = None
    strict: bool | None = None
    durable: bool | None = None
    pth: str | None = None  # auto, off
    break_system_packages: bool | None = None
    tolerate_record: tuple[str, ...] = ()
    require_hashes: bool | None = None
    limit_members: int | None = None  # how many members one wheel may have
    limit_size: int | None = None  # how many bytes one wheel may unpack to
    # the store and the network
    cache_dir: str | None = None
    no_cache: bool | None = None
    offline: bool | None = None
    refresh: bool | None = None
    refresh_package: tuple[str, ...] = ()
    reinstall: bool | None = None
    reinstall_package: tuple[str, ...] = ()
    allow_insecure_host: tuple[str, ...] = ()
    system_certs: bool | None = None
    cert: str | None = None  # a file of certificates, in place of all others
    keyring_provider: str | None = None  # disabled, subprocess, import
    http_proxy: str | None = None
    https_proxy: str | None = None
    no_proxy: tuple[str, ...] = ()
    concurrent_downloads: int | None = None
    http_retries: int | None = None
    http_timeout: float | None = None  # seconds
    http_connect_timeout: float | None = None  # seconds
    indexes: tuple[IndexSetting, ...] = ()
    no_index: bool | None = None
    index_strategy: str | None = None  # first-index, unsafe-first-match, unsafe-best-match
    find_links: tuple[str, ...] = ()
    mirrors: tuple[MirrorSetting, ...] = ()
    # what may be built
    no_build: bool | None = None
    no_build_package: tuple[str, ...] = ()
    no_binary: bool | None = None
    no_binary_package: tuple[str, ...] = ()
    # how it is built; by distribution where a name stands before it
    config_settings: Mapping[str, str | tuple[str, ...]] | None = None
    config_settings_package: Mapping[str, Mapping[str, str | tuple[str, ...]]] | None = None
    no_build_isolation: bool | None = None
    no_build_isolation_package: tuple[str, ...] = ()
    extra_build_dependencies: Mapping[str, tuple[ExtraBuildRequirement, ...]] | None = None
    extra_build_variables: Mapping[str, Mapping[str, str]] | None = None
    require_build_hashes: bool | None = None
    build_network: str | None = None  # any, none
    build_timeout: int | None = None  # seconds for one hook, 0 for any number
    # finding a Python
    python_preference: str | None = None
    # what a lock was resolved with: compared when its freshness is judged
    resolution: str | None = None
    prerelease: str | None = None
    prerelease_package: Mapping[str, str] | None = None
    fork_strategy: str | None = None
    exclude_newer: str | None = None
    exclude_newer_package: Mapping[str, object] | None = None
    no_sources: bool | None = None
    no_sources_package: tuple[str, ...] = ()
    dependency_metadata: tuple[Mapping[str, object], ...] = ()
    # what bounds every resolution; of a lock that of its own pyproject.toml alone
    constraint_dependencies: tuple[str, ...] = ()
    override_dependencies: tuple[Amendment, ...] = ()
    exclude_dependencies: tuple[Amendment, ...] = ()
    build_constraint_dependencies: tuple[BuildConstraint, ...] = ()
    # what the file says for `siteroot pip` alone
    pip: "PipTable | None" = None


@dataclass(frozen=True, slots=True)
class PipWord:
    """A key of `[tool.uv.pip]` that is a word of the command line too, and what it says."""

    key: str
    value: bool | str | tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PipTable:
    """`[tool.uv.pip]`: what it says as the whole of `[tool.uv]` could, as words could, and what nobody heeds."""

    settings: Settings
    words: tuple[PipWord, ...]
    unheeded: tuple[str, ...]
