"""Finding the project and its workspace, as uv finds them (`uv-workspace`): the root, its members, what is lacking.

Nothing is followed above the first pyproject.toml over the project: that one is the workspace's root or ends the
search.
"""

import posixpath
from collections.abc import Iterator

from siteroot.errors import ProjectError
from siteroot.formats.pyproject import parse_pyproject
from siteroot.model.project import Member, Project, Pyproject, WorkspaceTable
from siteroot.ports import ProjectFiles

from .globs import expand_glob, has_magic, match_glob
from .ignored import holds_only_ignored


class NoProjectError(ProjectError):
    """There is no pyproject.toml here or in any folder above."""


class UnmanagedProjectError(ProjectError):
    """The project says `managed = false`: it wants to be left alone."""


class BrokenMemberError(ProjectError):
    """A folder that the workspace names as a member is none."""


class DuplicateMemberError(ProjectError):
    """Two members of the workspace have one name."""


class NestedWorkspaceError(ProjectError):
    """A member of the workspace has a workspace of its own."""


def discover_project(files: ProjectFiles, start: str, *, frozen: bool) -> Project:
    """Return the project that the folder `start` lies in, with its workspace.

    With `frozen`, members without a pyproject.toml are missing instead of refused: the early layers of an image do
    not have them yet. Folders that are absent or hold nothing are missing either way. Raises ProjectError leaves.
    """
    folder = _nearest(files, start)
    if folder is None:
        raise NoProjectError(
            "no `pyproject.toml` was found in this folder or any above it",
            where=start,
            hints=(
                "name the project's folder with --project",
                "--lock names a pylock.toml, which needs no project",
            ),
        )
    pyproject = read_pyproject(files, folder)
    if pyproject is None:
        raise NoProjectError("the pyproject.toml has gone", where=folder)
    root, root_pyproject = folder, pyproject
    if pyproject.project is not None:
        if not pyproject.uv.managed:
            raise UnmanagedProjectError(
                "the project is marked as unmanaged (`managed = false` in [tool.uv])",
                where=pyproject.path,
                hints=("remove that line to let siteroot work on the project",),
            )
        if pyproject.uv.workspace is None:
            above = _workspace_above(files, folder)
            if above is not None:
                root, root_pyproject = above
    members, missing = _members(files, root, root_pyproject, frozen=frozen)
    current: str | None = None
    if pyproject.project is not None:
        current = pyproject.project.normalized_name
        if folder not in {member.folder for member in members}:
            # A glob matches across slashes where it is compared, but not where it is walked.
            _add(members, Member(name=current, folder=folder, pyproject=pyproject))
    return Project(
        root=root,
        root_pyproject=root_pyproject,
        current=current,
        members=tuple(sorted(members, key=lambda member: member.name)),
        missing_members=tuple(missing),
    )


def read_pyproject(files: ProjectFiles, folder: str) -> Pyproject | None:
    """Return the folder's pyproject.toml, read; None where it has none."""
    path = posixpath.join(folder, "pyproject.toml")
    content = files.read(path)
    return None if content is None else parse_pyproject(content, path)


def ancestors(folder: str) -> Iterator[str]:
    """Give the folder and each one above it."""
    while True:
        yield folder
        above = posixpath.dirname(folder)
        if above == folder:
            return
        folder = above


def _nearest(files: ProjectFiles, start: str) -> str | None:
    for folder in ancestors(start):
        if files.read(posixpath.join(folder, "pyproject.toml")) is not None:
            return folder
    return None


def _workspace_above(files: ProjectFiles, folder: str) -> tuple[str, Pyproject] | None:
    """Return the workspace that has the project at `folder` as a member, None where it stands alone."""
    above = posixpath.dirname(folder)
    root = _nearest(files, above) if above != folder else None
    pyproject = None if root is None else read_pyproject(files, root)
    if root is None or pyproject is None or pyproject.uv.workspace is None:
        return None
    relative = posixpath.relpath(folder, root)
    included = _matches(pyproject.uv.workspace.members, relative, pyproject.path)
    if included and not _matches(pyproject.uv.workspace.exclude, relative, pyproject.path):
        return root, pyproject
    return None


def _matches(globs: tuple[str, ...], path: str, where: str) -> bool:
    return any(match_glob(glob, path, where) for glob in globs)


def _members(
    files: ProjectFiles, root: str, pyproject: Pyproject, *, frozen: bool
) -> tuple[list[Member], list[str]]:
    members: list[Member] = []
    missing: list[str] = []
    seen: set[str] = set()
    if pyproject.project is not None:
        seen.add(root)
        members.append(
            Member(name=pyproject.project.normalized_name, folder=root, pyproject=pyproject)
        )
    table = pyproject.uv.workspace or WorkspaceTable(members=(), exclude=())
    for glob in table.members:
        folders = list(expand_glob(files, root, glob, pyproject.path))
        if not folders and not has_magic(glob):
            missing.append(posixpath.normpath(posixpath.join(root, glob)))
        for folder in folders:
            relative = posixpath.relpath(folder, root)
            if folder in seen or _matches(table.exclude, relative, pyproject.path):
                continue
            seen.add(folder)
            found = _read_member(files, root, folder, glob, frozen=frozen)
            if isinstance(found, Member):
                _add(members, found)
            elif found is not None:
                missing.append(found)
    for member in members:
        if member.folder != root and member.pyproject.uv.workspace is not None:
            raise NestedWorkspaceError(
                f"the workspace member `{member.name}` has a `[tool.uv.workspace]` of its own",
                where=member.pyproject.path,
                hints=(f"list it under `exclude` in the workspace at {root}",),
            )
    return members, missing


def _read_member(
    files: ProjectFiles, root: str, folder: str, glob: str, *, frozen: bool
) -> Member | str | None:
    """Return the member at `folder`, the folder where it is missing, None where it is not meant."""
    pyproject = read_pyproject(files, folder)
    if pyproject is None:
        if posixpath.basename(folder).startswith("."):
            return None
        if frozen or holds_only_ignored(files, root, folder):
            return folder
        raise BrokenMemberError(
            f"the workspace member has no `pyproject.toml` (it matches `{glob}`)",
            where=folder,
            hints=("list it under `exclude` in [tool.uv.workspace], or use --frozen",),
        )
    if not pyproject.uv.managed:
        return None
    if pyproject.project is None:
        raise BrokenMemberError(
            "the workspace member has no `[project]` table", where=pyproject.path
        )
    return Member(name=pyproject.project.normalized_name, folder=folder, pyproject=pyproject)


def _add(members: list[Member], member: Member) -> None:
    for other in members:
        if other.name == member.name:
            raise DuplicateMemberError(
                f"two workspace members are both named `{member.name}`: {other.folder} and {member.folder}"
            )
    members.append(member)
