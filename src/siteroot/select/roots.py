"""From a selection request to roots: the projects, extras and groups that a walk through the lock starts from."""

from collections.abc import Iterable, Mapping

from siteroot.errors import LockError, SelectionError
from siteroot.model.lock import LockedPackage
from siteroot.model.project import Project, Pyproject
from siteroot.model.request import SelectionRequest
from siteroot.model.value import dataclass

from .choice import Choice, is_production, normalize_names, select_extras, select_groups
from .conflicts import names_within_reach, refuse_conflicts
from .index import LockIndex, Node

_DEFAULT_GROUPS = ("dev",)
_REVISION_WITH_EXTRAS = 1
_REVISION_WITHOUT_METADATA = 4
_REVISION_WITH_DEFAULT_GROUPS = 5


class UnknownPackageError(SelectionError):
    """A project was asked for that the workspace does not have."""


class UnknownExtraError(SelectionError):
    """An extra was named that no selected project has."""


class UnknownGroupError(SelectionError):
    """A dependency group was named that no selected project has."""


class UnknownDefaultGroupError(SelectionError):
    """`tool.uv.default-groups` names a group that its project does not have."""


class ForeignLockError(LockError):
    """The lock is not of this project."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Root:
    """One project to start from. `production`: it and its dependencies are wanted; else only its groups."""

    place: int  # in Lock.packages
    production: bool
    extras: tuple[str, ...]
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Roots:
    """All that a walk starts from.

    `manifest_groups` are groups of a root without `[project]`, whose requirements stand in the lock's manifest.
    `project` is what `--no-install-project` speaks of, None where several projects are selected.
    """

    roots: tuple[Root, ...]
    production: bool
    manifest_groups: tuple[str, ...]
    project: str | None
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Aim:
    """Which projects are meant, before extras and groups.

    `single` is the one project, whose groups go before the root's; None where there are several, or the whole
    workspace is meant.
    """

    names: tuple[str, ...]
    single: str | None
    workspace: bool
    project: str | None


def select_roots(
    index: LockIndex, project: Project, selection: SelectionRequest, *, frozen: bool
) -> Roots:
    """Return the roots of a selection.

    Raises SelectionError for names that do not exist and for declared conflicts, ForeignLockError where the lock
    lacks a selected project. `frozen` decides where a `--package` has its default groups from.
    """
    aim = _aim(index, project, selection)
    extras = select_extras(selection)
    groups = select_groups(selection, _default_groups(index, project, selection, frozen=frozen))
    production = is_production(selection)
    packages = tuple(_found(index, project, name, frozen=frozen) for name in aim.names)
    members = {member.name: member.pyproject for member in project.members}

    roots = [
        Root(
            place=place,
            production=production,
            extras=extras.of(package.optional_dependencies) if production else (),
            groups=groups.of(package.dev_dependencies),
        )
        for place, package in packages
    ]
    above = _group_root(index, aim, groups, members)
    if above is not None:
        roots.append(above)
    if index.lock.conflicts:
        selected = _projects_in_play(index, aim, roots)
        refuse_conflicts(index, selected, production=production, extras=extras, groups=groups)
    named = tuple(package for _, package in packages)
    _refuse_unknown_extras(index, aim, extras, named, members)
    _refuse_unknown_groups(index, aim, groups, named, project)
    return Roots(
        roots=tuple(roots),
        production=production,
        manifest_groups=tuple(
            name
            for name in index.lock.manifest.dependency_groups
            if _is_inherited(name, aim, groups, members)
        ),
        project=aim.project,
        warnings=_idle_extras(index, extras, named),
    )


def _aim(index: LockIndex, project: Project, selection: SelectionRequest) -> _Aim:
    everything = index.lock.manifest.members
    if selection.all_packages or (not selection.packages and project.current is None):
        if everything or project.root_pyproject.project is None:
            return _Aim(names=everything, single=None, workspace=True, project=None)
        # a workspace of one project is not listed as such: its root is all of it
        root = index.root()
        name = None if root is None else root.name
        return _Aim(names=(name,) if name else (), single=None, workspace=True, project=name)
    names = normalize_names(selection.packages) or (project.current or "",)
    single = names[0] if len(names) == 1 else None
    return _Aim(names=names, single=single, workspace=False, project=single)


def _found(
    index: LockIndex, project: Project, name: str, *, frozen: bool
) -> tuple[int, LockedPackage]:
    """Return a selected project in the lock. Under `--frozen` uv takes any package of the lock, a member or not."""
    members = {member.name for member in project.members}
    if frozen:
        members.update(index.lock.manifest.members)
    places = index.places(name)
    if len(places) == 1 and (frozen or name in members):
        return places[0], index.package(places[0])
    if name not in members:
        raise UnknownPackageError(
            f"package `{name}` is not in the workspace",
            hints=near_names(name, members, "packages are"),
        )
    if places:
        raise ForeignLockError(
            f"the lock holds several packages of the name `{name}`, which is a project's"
        )
    raise ForeignLockError(
        f"the lock has no entry for the project `{name}`",
        hints=("it was made before the project had this name; run `uv lock` to make it anew",),
    )


def _default_groups(
    index: LockIndex, project: Project, selection: SelectionRequest, *, frozen: bool
) -> tuple[str, ...] | str:
    """Return whose default groups hold: those of the one `--package`, else those of the discovered project.

    Under `--frozen` a `--package` has them from the lock, if that is of a revision that writes them down; uv does
    not look at the package's own pyproject.toml then.
    """
    packages = normalize_names(selection.packages)
    single = packages[0] if len(packages) == 1 else None
    if single is not None and frozen and index.lock.revision >= _REVISION_WITH_DEFAULT_GROUPS:
        places = index.places(single)
        defaults = index.package(places[0]).default_groups if places else None
        return _DEFAULT_GROUPS if defaults is None else defaults
    owner = project.current if single is None or frozen else single
    for member in project.members:
        if member.name == owner:
            return _declared_default_groups(member.pyproject)
    return _declared_default_groups(project.root_pyproject)


def _declared_default_groups(pyproject: Pyproject) -> tuple[str, ...] | str:
    defaults = pyproject.uv.default_groups
    if defaults is None:
        return _DEFAULT_GROUPS
    if isinstance(defaults, str):
        return defaults
    for name in normalize_names(defaults):
        if name not in pyproject.dependency_groups:
            raise UnknownDefaultGroupError(
                f"Default group `{name}` (from `tool.uv.default-groups`) is not defined in the project's "
                "`dependency-groups` table",
                where=pyproject.path,
                hints=near_names(name, pyproject.dependency_groups, "groups are"),
            )
    return defaults


def _declared_groups(pyproject: Pyproject) -> frozenset[str]:
    """Return the names of a project's groups, uv's old `dev-dependencies` among them."""
    legacy = () if pyproject.uv.dev_dependencies is None else ("dev",)
    return frozenset((*pyproject.dependency_groups, *legacy))


def _group_root(
    index: LockIndex, aim: _Aim, groups: Choice, members: Mapping[str, Pyproject]
) -> Root | None:
    """Return the workspace's root project where a member's selection asks for groups that only the root has."""
    above = index.root()
    if aim.single is None or above is None or above.name == aim.single:
        return None
    inherited = tuple(
        name for name in above.dev_dependencies if _is_inherited(name, aim, groups, members)
    )
    if not inherited:
        return None
    return Root(place=index.places(above.name)[0], production=False, extras=(), groups=inherited)


def _is_inherited(name: str, aim: _Aim, groups: Choice, members: Mapping[str, Pyproject]) -> bool:
    """Whether a group of the workspace's root counts: for a single member, only if asked for and not its own."""
    if aim.single is None:
        return groups.has(name)
    own = _declared_groups(members[aim.single]) if aim.single in members else ()
    return groups.has(name) and not groups.has_by_default_only(name) and name not in own


def _projects_in_play(index: LockIndex, aim: _Aim, roots: Iterable[Root]) -> frozenset[str]:
    members = frozenset(index.lock.manifest.members)
    if aim.workspace:
        return members | frozenset(aim.names)
    starts: list[Node] = []
    for root in roots:
        if root.production:
            starts += [(root.place, None), *((root.place, extra) for extra in root.extras)]
        groups = index.package(root.place).dev_dependencies
        for name in root.groups:
            for edge in groups[name]:
                starts += index.nodes_of(edge)
    return frozenset(aim.names) | names_within_reach(index, starts) & members


def _refuse_unknown_extras(
    index: LockIndex,
    aim: _Aim,
    extras: Choice,
    packages: Iterable[LockedPackage],
    members: Mapping[str, Pyproject],
) -> None:
    lock = index.lock
    if lock.revision < _REVISION_WITH_EXTRAS:  # it does not list them
        return
    known: set[str] = set()
    for package in packages:
        known.update(package.optional_dependencies)
        if package.metadata is not None:
            known.update(package.metadata.provides_extras or ())
        elif lock.revision >= _REVISION_WITHOUT_METADATA and package.name in members:
            table = members[package.name].project
            known.update(() if table is None else normalize_names(table.optional_dependencies))
    for name in extras.named:
        if name not in known:
            where = (
                "in any project's `optional-dependencies` table"
                if aim.single is None
                else f"in the `optional-dependencies` table for `{aim.single}`"
            )
            raise UnknownExtraError(
                f"Extra `{name}` is not defined {where}",
                hints=near_names(name, known, "extras are"),
            )


def _refuse_unknown_groups(
    index: LockIndex, aim: _Aim, groups: Choice, packages: Iterable[LockedPackage], project: Project
) -> None:
    members = {member.name: member.pyproject for member in project.members}
    owners = list(packages)
    above = index.root()
    if aim.single is not None and above is not None:
        owners.append(above)
    known = set(index.lock.manifest.dependency_groups)
    for package in owners:
        known.update(package.dev_dependencies)
        if package.metadata is not None:
            known.update(package.metadata.requires_dev)
        elif index.lock.revision >= _REVISION_WITHOUT_METADATA and package.name in members:
            known.update(_declared_groups(members[package.name]))
    if project.root_pyproject.project is None:
        known.update(_declared_groups(project.root_pyproject))
    for name in groups.named:
        if name not in known:
            whose = "any project's" if aim.single is None else "the project's"
            raise UnknownGroupError(
                f"Group `{name}` is not defined in {whose} `dependency-groups` table",
                hints=near_names(name, known, "groups are"),
            )


def _idle_extras(
    index: LockIndex, extras: Choice, packages: Iterable[LockedPackage]
) -> tuple[str, ...]:
    """Return a warning for each chosen extra that an old lock lets pass though it has nothing of that name."""
    if index.lock.revision >= _REVISION_WITH_EXTRAS:
        return ()
    known = {extra for package in packages for extra in package.optional_dependencies}
    return tuple(
        f"extra `{name}` adds nothing: the lock, too old to list extras, has no dependencies for it"
        for name in sorted(extras.included - known)
    )


def near_names(name: str, known: Iterable[str], what: str) -> tuple[str, ...]:
    """Return a hint: the known name that is near, else those that there are (`what`: "groups are")."""
    names = sorted(known)
    from difflib import get_close_matches  # noqa: PLC0415 - for errors alone

    near = get_close_matches(name, names, n=1)
    if near:
        return (f"did you mean `{near[0]}`?",)
    return (f"its {what} {', '.join(f'`{name}`' for name in names[:20])}",) if names else ()
