"""Projects, locks and targets for tests of selection: read from disk, or from the text of a uv.lock."""

import os
from collections.abc import Sequence

from siteroot.formats.uv_lock import parse_uv_lock
from siteroot.interpreter.tags import manylinux_platforms, tags_for
from siteroot.model.lock import Lock
from siteroot.model.project import Member, Project, ProjectTable, Pyproject, UvProjectTable
from siteroot.model.target import Target
from siteroot.project.discover import discover_project

#: The head of a uv.lock that has nothing to say.
HEAD = 'version = 1\nrevision = 5\nrequires-python = ">=3.8"\n'


class DiskFiles:
    """The files as they are, in the shape of `siteroot.ports.ProjectFiles`."""

    def read(self, path: str) -> bytes | None:
        try:
            with open(path, "rb") as file:
                return file.read()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def names(self, folder: str) -> Sequence[str] | None:
        try:
            return sorted(os.listdir(folder))
        except (FileNotFoundError, NotADirectoryError):
            return None

    def is_folder(self, path: str) -> bool:
        return os.path.isdir(path)


def read_locked_project(folder: str, *, frozen: bool = True) -> tuple[Project, Lock]:
    """Return the project that a folder lies in, and its lock."""
    files = DiskFiles()
    project = discover_project(files, folder, frozen=frozen)
    path = os.path.join(project.root, "uv.lock")
    return project, parse_uv_lock(files.read(path) or b"", path)


def make_lock(text: str, head: str = HEAD) -> Lock:
    """Return the lock that a uv.lock without its head says."""
    return parse_uv_lock((head + text).encode(), "uv.lock")


def make_target(
    version: str = "3.12.1",
    *,
    abi: str = "",
    platforms: Sequence[str] = tuple(manylinux_platforms((2, 28), "x86_64")),
    **markers: str,
) -> Target:
    """Return a CPython on Linux, or what the markers make of it."""
    major, minor = (int(number) for number in version.split(".")[:2])
    own = f"cp{major}{minor}"
    return Target(
        implementation="cpython",
        python=(major, minor),
        free_threaded=abi.endswith("t"),
        markers={
            "implementation_name": "cpython",
            "implementation_version": version,
            "os_name": "posix",
            "platform_machine": "x86_64",
            "platform_python_implementation": "CPython",
            "platform_release": "6.1.0-13-amd64",
            "platform_system": "Linux",
            "platform_version": "#1 SMP",
            "python_full_version": version,
            "python_version": f"{major}.{minor}",
            "sys_platform": "linux",
        }
        | markers,
        tags=tags_for("cpython", (major, minor), abi or own, platforms),
        platform=None,
        interpreter=None,
    )


def make_pyproject(
    name: str | None,
    *,
    groups: Sequence[str] = (),
    default_groups: tuple[str, ...] | str | None = None,
) -> Pyproject:
    """Return a pyproject.toml with empty groups; without `[project]` where the name is None."""
    table = None
    if name is not None:
        table = ProjectTable(
            name=name,
            normalized_name=name,
            version="1",
            requires_python=None,
            dependencies=(),
            optional_dependencies={},
            dynamic=(),
        )
    return Pyproject(
        path=f"/ws/{name or ''}/pyproject.toml",
        project=table,
        has_build_system=True,
        dependency_groups=dict.fromkeys(groups, ()),
        uv=UvProjectTable(default_groups=default_groups),
        uv_settings=None,
        siteroot_settings=None,
        notes=(),
    )


def make_project(current: str | None = "app", *, members: Sequence[Pyproject] = ()) -> Project:
    """Return a project whose root is `current`, or a root without `[project]` where that is None."""
    named = {member.project.name: member for member in members if member.project is not None}
    root = named.get(current or "") or make_pyproject(current)
    if current is not None:
        named.setdefault(current, root)
    return Project(
        root="/ws",
        root_pyproject=root,
        current=current,
        members=tuple(
            Member(name=name, folder=f"/ws/{name}", pyproject=pyproject)
            for name, pyproject in sorted(named.items())
        ),
        missing_members=(),
    )
