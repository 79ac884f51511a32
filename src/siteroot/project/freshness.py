"""Whether a lock still says what its project says (uv: `Lock::satisfies`), as far as that can be judged unbuilt.

Fresh: `uv lock --check` would leave the lock as it is. Stale: it would not, and here is why. Unknown: it takes a
build, a network or a file that is not there to tell. Distributions that an index or a commit holds are never looked
at; archives by URL or path are what their hash in the lock says, which is checked when they are installed.
"""

import posixpath
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import takewhile

from packaging.version import Version

from siteroot.model.lock import (
    TREE_SOURCES,
    DirectorySource,
    EditableSource,
    FlatSource,
    Lock,
    LockedMetadata,
    LockedPackage,
    RegistrySource,
    VirtualSource,
)
from siteroot.model.metadata import DistributionMetadata
from siteroot.model.project import Member, Project, ProjectTable
from siteroot.model.settings import Settings
from siteroot.model.value import dataclass
from siteroot.ports import ProjectFiles

from .discover import ancestors, discover_project, read_pyproject
from .findings import Declared, Difference, Doubt, Finding, compare_requirements
from .group_settings import compare_default_groups, compare_group_pythons
from .groups import expand_groups
from .lowering import (
    Scope,
    flatten,
    is_package,
    lower_all,
    lower_group,
    narrow_to_extra,
    normalise_locked,
    required_members,
    tidy_url,
)
from .requires_python import intersect_demands, python_bounds, python_demands
from .resolution_inputs import (
    compare_conflicts,
    compare_environments,
    compare_manifest,
    compare_options,
)

#: Where uv looks when no default index is set.
_PYPI = "https://pypi.org/simple"


@dataclass(frozen=True, slots=True)
class Fresh:
    """The lock says what the project says."""


@dataclass(frozen=True, slots=True)
class Stale:
    """The lock says something else; each reason is one sentence without its full stop."""

    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nothing is wrong as far as can be seen, but not everything can be."""

    why: str


LockState = Fresh | Stale | Unknown

#: Returns what the wheel of a locked source tree, which lies in a folder, says of itself; None where nobody builds it.
DescribeTree = Callable[[LockedPackage, str], DistributionMetadata | None]


def _undescribed(_package: LockedPackage, _folder: str) -> None:
    return None


def lock_state(
    lock: Lock,
    project: Project,
    settings: Settings,
    files: ProjectFiles,
    python: tuple[int, int] | None = None,
    describe: DescribeTree = _undescribed,
) -> LockState:
    """Return how the lock of `project` stands; `settings` are all layers combined, `python` the target's version.

    `python` counts only where nobody declares a requires-python: uv then locks for the Python at hand and later.
    `describe` says what a build of a source tree would say of itself, for what only that can tell.
    Source trees outside the workspace are read through `files`. Raises ProjectError leaves for faults that uv would
    refuse too (unknown groups, disjoint requires-python).
    """
    missing = _missing_members(lock, project)
    if missing:
        return Unknown(f"the workspace lacks {', '.join(missing)}, which the lock was made with")
    found = tuple(dict.fromkeys(_findings(lock, project, settings, files, python, describe)))
    reasons = tuple(each.text for each in found if isinstance(each, Difference))
    doubts = tuple(each.why for each in found if isinstance(each, Doubt))
    if reasons:
        return Stale(reasons)
    return Unknown("; ".join(doubts)) if doubts else Fresh()


def _missing_members(lock: Lock, project: Project) -> list[str]:
    """Return the folders of members that the lock has and that are not there: the lower layers of an image."""
    locked = {
        posixpath.normpath(posixpath.join(project.root, package.source.path))
        for package in lock.packages
        if isinstance(package.source, TREE_SOURCES)
    }
    return [folder for folder in project.missing_members if folder in locked]


def _findings(
    lock: Lock,
    project: Project,
    settings: Settings,
    files: ProjectFiles,
    python: tuple[int, int] | None,
    describe: DescribeTree,
) -> Iterator[Finding]:
    bounds = python_bounds(lock.requires_python)
    yield from compare_options(lock.options, settings)
    yield from _compare_requires_python(lock, project, python)
    yield from compare_environments(lock, project, bounds)
    yield from compare_conflicts(lock, project)
    required = required_members(project)
    if isinstance(required, Doubt):
        yield required
        return
    yield from _compare_members(lock, project, required)

    def scope_of(
        around: Project, member: Member | None, needed: Mapping[str, bool | None]
    ) -> Scope:
        return Scope(
            files=files,
            project=around,
            member=member,
            required=needed,
            settings=settings,
            bounds=bounds,
        )

    yield from compare_manifest(lock, scope_of(project, None, required))
    yield from _compare_indexes(lock, project, settings)
    for package in lock.packages:
        if not isinstance(package.source, TREE_SOURCES):
            continue
        around = _tree_project(package, project, files)
        if isinstance(around, Doubt):
            yield around
            continue
        member = next(each for each in around.members if each.name == package.name)
        needed = required if around is project else required_members(around)
        if isinstance(needed, Doubt):
            yield needed
        else:
            tree = _Tree(lock, package, scope_of(around, member, needed), project.root)
            yield from _compare_tree(tree, describe)


def _compare_requires_python(
    lock: Lock, project: Project, python: tuple[int, int] | None
) -> Iterator[Finding]:
    declared = intersect_demands(python_demands(project))
    locked = python_bounds(lock.requires_python)
    if declared is not None:
        if python_bounds(declared) != locked:
            yield Difference(
                f"requires-python is {declared}, the lock is for {lock.requires_python}"
            )
    elif python is None:
        yield Doubt(
            "no requires-python is declared, so the lock depends on the Python that made it"
        )
    elif locked.lower != python or locked.upper is not None:
        text = f">={python[0]}.{python[1]}"
        yield Difference(
            f"no requires-python is declared, so it is {text}, the lock is for {lock.requires_python}"
        )


def _compare_members(
    lock: Lock, project: Project, required: Mapping[str, bool | None]
) -> Iterator[Finding]:
    names = {member.name for member in project.members}
    alone = len(names) == 1 and project.members[0].folder == project.root
    locked = set(lock.manifest.members)
    expected = set() if alone else names
    for name in sorted(expected - locked):
        yield Difference(f"the workspace member `{name}` is not in the lock")
    for name in sorted(locked - expected):
        yield Difference(f"the lock has the workspace member `{name}`, the workspace has not")
    trees = {
        package.name: package
        for package in lock.packages
        if isinstance(package.source, TREE_SOURCES)
    }
    for member in project.members:
        package = trees.get(member.name)
        kind = _member_kind(member, required)
        if package is None:
            yield Difference(f"the project `{member.name}` is not in the lock")
        elif not isinstance(package.source, kind):
            word = {
                EditableSource: "editable",
                DirectorySource: "a built copy",
                VirtualSource: "virtual",
            }
            yield Difference(
                f"`{member.name}` is {word[kind]}, in the lock it is {word[type(package.source)]}"
            )


def _member_kind(
    member: Member, required: Mapping[str, bool | None]
) -> type[EditableSource | DirectorySource | VirtualSource]:
    if not is_package(member.pyproject, needs_build_system=member.name not in required):
        return VirtualSource
    return DirectorySource if required.get(member.name) is False else EditableSource


def _compare_indexes(lock: Lock, project: Project, settings: Settings) -> Iterator[Finding]:
    """Compare where the lock's distributions come from with where uv would look; it does not if nothing is set."""
    if not settings.indexes and not settings.find_links and not settings.no_index:
        return
    declared = [member.pyproject.uv_settings for member in project.members]
    named = [
        index for layer in declared if layer is not None for index in layer.indexes if index.name
    ]
    places = [index.url for index in (*settings.indexes, *named)] + list(settings.find_links)
    if not settings.no_index and not any(index.default for index in settings.indexes):
        places.append(_PYPI)
    urls = {tidy_url(each if "://" in each else posixpath.normpath(each)) for each in places}
    missing = {
        package.source
        for package in lock.packages
        if isinstance(package.source, RegistrySource | FlatSource)
    }
    for source in sorted(missing, key=repr):
        match source:
            case RegistrySource(url=url) if tidy_url(url) not in urls:
                yield Difference(
                    f"the lock takes distributions from {tidy_url(url)}, which is no index of the project"
                )
            case FlatSource(path=path) if (
                posixpath.normpath(posixpath.join(project.root, path)) not in urls
            ):
                yield Doubt(
                    f"the lock takes distributions from the folder {path}, which is not set as an index"
                )
            case _:
                pass


def _tree_project(package: LockedPackage, project: Project, files: ProjectFiles) -> Project | Doubt:
    """Return the workspace around a locked source tree, which has it as a member; a doubt where it cannot be read."""
    member = next((each for each in project.members if each.name == package.name), None)
    if member is not None and not _has_pyproject_between(files, project.root, member.folder):
        return project
    path = package.source.path if isinstance(package.source, TREE_SOURCES) else "."
    folder = posixpath.normpath(posixpath.join(project.root, path))
    pyproject = read_pyproject(files, folder)
    if pyproject is None:
        return Doubt(f"`{package.name}` has no pyproject.toml at {folder} to compare with")
    if pyproject.project is None or not pyproject.uv.managed:
        return Doubt(f"`{package.name}` at {folder} tells its requirements only when it is built")
    around = discover_project(files, folder, frozen=True)
    if around.current != package.name:
        return Doubt(f"the source tree at {folder} is `{around.current}`, not `{package.name}`")
    return around


def _has_pyproject_between(files: ProjectFiles, root: str, folder: str) -> bool:
    """Whether uv, looking up from a member, ends at another project, and so reads its sources without the root's."""
    above = (each for each in ancestors(folder) if each not in (folder, root))
    between = takewhile(lambda each: each.startswith(f"{root}/"), above)
    return any(files.read(posixpath.join(each, "pyproject.toml")) is not None for each in between)


@dataclass(frozen=True, slots=True)
class _Tree:
    """A locked source tree, whose member `scope` has. `root` is the lock's folder."""

    lock: Lock
    package: LockedPackage
    scope: Scope
    root: str

    @property
    def metadata(self) -> LockedMetadata:
        """What it declared when it was locked."""
        nothing = LockedMetadata(requires_dist=(), provides_extras=None, requires_dev={})
        return self.package.metadata or nothing


def _compare_tree(tree: _Tree, describe: DescribeTree) -> Iterator[Finding]:
    """Compare what a source tree declares with what it declared when it was locked."""
    lock, package, member = tree.lock, tree.package, tree.scope.member
    table = member.pyproject.project if member is not None else None
    if member is None or table is None:
        return
    yield from _compare_version(package, table)
    dynamic = sorted({"dependencies", "optional-dependencies"} & set(table.dynamic))
    found = [] if dynamic else _compare_declared(tree, table)
    if dynamic or (found and "version" in table.dynamic):
        # a backend may write other metadata than pyproject.toml: where something is dynamic, uv asks it
        built = describe(package, member.folder)
        what = (
            f"its {' and '.join(dynamic)}" if dynamic else "whether its requirements have changed"
        )
        found = (
            [Doubt(f"`{package.name}` has to be built to tell {what}")]
            if built is None
            else _compare_built(tree, table, built)
        )
    yield from found
    yield from _compare_groups(lock, package, tree.metadata, tree.scope, tree.root)
    if lock.revision >= 5:
        yield from compare_default_groups(
            f"`{package.name}`", member.pyproject, package.default_groups
        )
        yield from compare_group_pythons(
            f"`{package.name}`", member.pyproject, package.group_requires_python
        )


def _compare_declared(tree: _Tree, table: ProjectTable) -> list[Finding]:
    declared: dict[str | None, tuple[Declared, ...]] = {}
    asked: list[tuple[str | None, tuple[str, ...]]] = [(None, table.dependencies)]
    asked += table.optional_dependencies.items()
    for extra, texts in asked:
        lowered = lower_all(texts, tree.scope, extra)
        if isinstance(lowered, Doubt):
            return [lowered]
        declared[extra] = lowered
    extras = _compare_extras(tree, table.optional_dependencies)
    return [*extras, *_compare_requires_dist(tree, table, declared)]


def _compare_built(tree: _Tree, table: ProjectTable, built: DistributionMetadata) -> list[Finding]:
    """Compare what a build says; an extra that asks for something stands in that one's marker, at its end."""
    declared: list[Declared] = []
    for text in built.requires_dist:
        extra = text.rpartition("extra == ")[2].strip("\"' )")
        known = extra if extra in built.provides_extras else None
        lowered = lower_all((text,), tree.scope, known)
        if isinstance(lowered, Doubt):
            return [lowered]
        declared += lowered
    extras = _compare_extras(tree, built.provides_extras)
    return [*extras, *_compare_requires_dist(tree, table, {None: tuple(declared)})]


def _compare_version(package: LockedPackage, table: ProjectTable) -> Iterator[Finding]:
    name, dynamic = package.name, "version" in table.dynamic
    if dynamic and package.version is not None:
        yield Difference(f"`{name}` now has a dynamic version, the lock has {package.version}")
    elif not dynamic and package.version is None:
        yield Difference(f"`{name}` now has the version {table.version}, the lock a dynamic one")
    elif not dynamic and table.version is not None and Version(table.version) != package.version:
        yield Difference(f"`{name}` is {table.version}, the lock has {package.version}")


def _compare_extras(tree: _Tree, extras: Iterable[str]) -> Iterator[Finding]:
    if tree.lock.revision < 1:
        return
    name = tree.package.name
    ours, theirs = set(extras), set(tree.metadata.provides_extras or ())
    for extra in sorted(ours - theirs):
        yield Difference(f"`{name}` has the extra `{extra}`, which the lock does not know")
    for extra in sorted(theirs - ours):
        yield Difference(f"`{name}` no longer has the extra `{extra}`")


def _compare_requires_dist(
    tree: _Tree, table: ProjectTable, declared: Mapping[str | None, tuple[Declared, ...]]
) -> tuple[Finding, ...]:
    """Compare requirements, which come by the extra that asks for them."""
    package, bounds = tree.package, tree.scope.bounds
    locked = tuple(normalise_locked(each, tree.root) for each in tree.metadata.requires_dist)
    written = [
        narrow_to_extra(each, extra) for extra, all_of in declared.items() for each in all_of
    ]
    who = f"`{package.name}`"
    found = tuple(compare_requirements(who, written, locked, bounds))
    if found and "version" in table.dynamic:
        flat = flatten(declared, package.name)
        return () if not tuple(compare_requirements(who, flat, locked, bounds)) else found
    return found


def _compare_groups(
    lock: Lock, package: LockedPackage, metadata: LockedMetadata, scope: Scope, root: str
) -> Iterator[Finding]:
    if scope.member is None:
        return
    groups, locked = expand_groups(scope.member.pyproject), metadata.requires_dev
    empty_count = lock.revision >= 1  # before, groups without requirements were not written down
    ours = {name for name, group in groups.items() if empty_count or group.requirements}
    theirs = {name for name, requirements in locked.items() if empty_count or requirements}
    for name in sorted(ours - theirs):
        yield Difference(f"`{package.name}` has the group `{name}`, which the lock does not know")
    for name in sorted(theirs - ours):
        yield Difference(f"`{package.name}` no longer has the group `{name}`")
    for name in sorted(ours & theirs):
        declared = lower_group(groups[name].requirements, scope, name)
        if isinstance(declared, Doubt):
            yield declared
            continue
        who = f"the group `{name}` of `{package.name}`"
        written = tuple(normalise_locked(each, root) for each in locked[name])
        yield from compare_requirements(who, declared, written, scope.bounds)
