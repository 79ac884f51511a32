"""A lock: what was resolved, for every environment at once (uv.lock version 1, see the uv documentation)."""

from collections.abc import Mapping

from packaging.markers import Marker
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from .digest import Digest
from .value import dataclass


@dataclass(frozen=True, slots=True, order=True)
class RegistrySource:
    """An index with the Simple API, by URL."""

    url: str


@dataclass(frozen=True, slots=True, order=True)
class FlatSource:
    """A local folder or flat index, by its path relative to the lock's folder."""

    path: str


@dataclass(frozen=True, slots=True, order=True)
class GitSource:
    """One commit of a repository; `requested` is the branch, tag or rev that the lock was made from, if any."""

    url: str
    commit: str
    subdirectory: str | None
    requested: str | None
    path: str | None = None  # an archive inside the repository
    lfs: bool = False


@dataclass(frozen=True, slots=True, order=True)
class UrlSource:
    """A direct URL to a wheel or an archive."""

    url: str
    subdirectory: str | None


@dataclass(frozen=True, slots=True, order=True)
class PathSource:
    """A wheel or archive file, by path relative to the lock's folder, or absolute."""

    path: str


@dataclass(frozen=True, slots=True, order=True)
class DirectorySource:
    """A source tree that is installed as a built copy."""

    path: str


@dataclass(frozen=True, slots=True, order=True)
class EditableSource:
    """A source tree that is installed as a link to itself."""

    path: str


@dataclass(frozen=True, slots=True, order=True)
class VirtualSource:
    """A source tree that is never installed; only its dependencies are."""

    path: str


Source = (
    RegistrySource
    | FlatSource
    | GitSource
    | UrlSource
    | PathSource
    | DirectorySource
    | EditableSource
    | VirtualSource
)
LOCAL_SOURCES = (PathSource, DirectorySource, EditableSource, VirtualSource)
TREE_SOURCES = (DirectorySource, EditableSource, VirtualSource)


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedFile:
    """One wheel or sdist of a locked package.

    `location` is an absolute URL (http, https or file) or a path relative to the lock's folder.
    """

    filename: str
    location: str
    digests: tuple[Digest, ...]
    size: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedDependency:
    """An edge to another locked package. `version` and `source` only where the name alone is ambiguous."""

    name: str
    extras: tuple[str, ...]
    version: Version | None
    source: Source | None
    marker: Marker | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedRequirement:
    """A requirement as its project declares it, kept in the lock to judge freshness by.

    `source` holds the keys of the table that say where from (git, url, path, directory, editable, virtual, index,
    subdirectory, conflict), by name, as text; and the hashes of a build constraint.
    """

    name: str
    extras: tuple[str, ...]
    marker: Marker | None
    specifier: SpecifierSet | None
    source: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedMetadata:
    """What a source tree declared when it was locked."""

    requires_dist: tuple[LockedRequirement, ...]
    provides_extras: tuple[str, ...] | None  # None before revision 1: not compared
    requires_dev: Mapping[str, tuple[LockedRequirement, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedPackage:
    """One distribution at one version from one source. `name` is normalised (PEP 503)."""

    name: str
    version: Version | None  # None: a source tree with a dynamic version
    source: Source
    resolution_markers: tuple[Marker, ...]
    default_groups: tuple[str, ...] | str | None  # "all", or None where the lock does not say
    dependencies: tuple[LockedDependency, ...]
    optional_dependencies: Mapping[str, tuple[LockedDependency, ...]]
    dev_dependencies: Mapping[str, tuple[LockedDependency, ...]]
    sdist: LockedFile | None
    wheels: tuple[LockedFile, ...]
    metadata: LockedMetadata | None
    group_requires_python: Mapping[str, SpecifierSet] | None = (
        None  # from revision 5; None: not read
    )


@dataclass(frozen=True, slots=True, order=True)
class ConflictItem:
    """One side of a declared conflict: a package's extra, a package's group, or the package itself."""

    package: str
    extra: str | None
    group: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LockOptions:
    """The options that the lock was resolved with, as text; None where they are uv's defaults."""

    resolution_mode: str | None
    prerelease_mode: str | None
    fork_strategy: str | None
    exclude_newer: str | None
    exclude_newer_span: str | None
    exclude_newer_package: Mapping[str, str]
    prerelease_package: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class LockManifest:
    """What went into the resolution beside the packages' own metadata."""

    members: tuple[str, ...]
    requirements: tuple[LockedRequirement, ...]
    constraints: tuple[LockedRequirement, ...]
    overrides: tuple[LockedRequirement, ...]
    excludes: tuple[str, ...]
    build_constraints: tuple[LockedRequirement, ...]
    dependency_groups: Mapping[str, tuple[LockedRequirement, ...]]
    dependency_metadata: tuple[Mapping[str, object], ...]
    # of a root without [project], from revision 5; None where the lock does not say
    default_groups: tuple[str, ...] | str | None = None
    group_requires_python: Mapping[str, SpecifierSet] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """A whole uv.lock."""

    revision: int
    requires_python: SpecifierSet
    resolution_markers: tuple[Marker, ...]
    supported_markers: tuple[Marker, ...]
    required_markers: tuple[Marker, ...]
    conflicts: tuple[tuple[ConflictItem, ...], ...]
    options: LockOptions
    manifest: LockManifest
    packages: tuple[LockedPackage, ...]
