"""A project and its workspace, as pyproject.toml files declare them. Paths are absolute, POSIX where they can be."""

from collections.abc import Mapping

from packaging.specifiers import SpecifierSet

from .lock import ConflictItem
from .settings import Settings
from .value import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupInclude:
    """`{include-group = NAME}` in a dependency group (PyPA "Dependency Groups")."""

    name: str


GroupItem = str | GroupInclude


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectTable:
    """`[project]`: what is needed of it. `dynamic` names the fields that a build would fill in."""

    name: str  # as written
    normalized_name: str
    version: str | None
    requires_python: SpecifierSet | None
    dependencies: tuple[str, ...]
    optional_dependencies: Mapping[str, tuple[str, ...]]
    dynamic: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceTable:
    """`[tool.uv.workspace]`: globs relative to its folder."""

    members: tuple[str, ...]
    exclude: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UvProjectTable:
    """The keys of `[tool.uv]` that speak of the project itself; they count even with --no-config."""

    package: bool | None = None
    managed: bool = True
    default_groups: tuple[str, ...] | str | None = None  # "all", None where unsaid
    dev_dependencies: tuple[str, ...] | None = None  # uv's old key: joins the group `dev`
    workspace: WorkspaceTable | None = None
    sources: Mapping[str, tuple[Mapping[str, object], ...]] | None = None
    environments: tuple[str, ...] = ()
    required_environments: tuple[str, ...] = ()
    conflicts: tuple[tuple[ConflictItem, ...], ...] = ()
    group_requires_python: Mapping[str, SpecifierSet] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pyproject:
    """One pyproject.toml, read. `settings` are None where it has no `[tool.uv]` / `[tool.siteroot]`."""

    path: str
    project: ProjectTable | None
    has_build_system: bool
    dependency_groups: Mapping[str, tuple[GroupItem, ...]]  # by normalised name
    uv: UvProjectTable
    uv_settings: Settings | None
    siteroot_settings: Settings | None
    notes: tuple[str, ...]  # unknown keys of [tool.uv] and the like, told with -v


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A project of the workspace, with the folder that its pyproject.toml lies in."""

    name: str  # normalised
    folder: str
    pyproject: Pyproject


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """What was found: the workspace, and the member (or bare root) that the command was called in."""

    root: str  # the workspace's folder, which holds the lock
    root_pyproject: Pyproject
    current: (
        str | None
    )  # normalised name of the discovered member; None in a root without [project]
    members: tuple[Member, ...]  # by name
    missing_members: tuple[
        str, ...
    ]  # folders that the workspace names and that are not there (Docker layers)
