"""Reads what a sync decides from (the project, its settings, its lock) and judges whether the lock is fresh."""

import os
from typing import TYPE_CHECKING

from siteroot.errors import LockAbsentError, LockOutdatedError, UsageError
from siteroot.formats.uv_lock import parse_uv_lock
from siteroot.model.event import Note, Warned
from siteroot.model.lock import Lock
from siteroot.model.outcome import LockKind, LockUse, UsedLock
from siteroot.model.project import Project
from siteroot.model.request import Freshness, SyncRequest
from siteroot.model.settings import Settings
from siteroot.model.surroundings import Surroundings
from siteroot.model.value import dataclass
from siteroot.ports import ProjectFiles, Reporter
from siteroot.project.discover import NoProjectError, discover_project

from .project_files import DiskProjectFiles
from .settings import load_settings

if TYPE_CHECKING:
    from packaging.pylock import Pylock

    from siteroot.project.freshness import DescribeTree

#: The newest `revision` of uv.lock whose additions siteroot knows.
_KNOWN_REVISION = 5

_PYLOCK = "pylock.toml"

#: The newest version of pylock.toml that siteroot knows.
_KNOWN_PYLOCK = (1, 0)


class MissingLockError(LockAbsentError):
    """There is no lock where one is needed."""


class OutdatedLockError(LockOutdatedError):
    """The lock does not fit its project any more."""


class UnjudgedLockError(UsageError):
    """Whether the lock is fresh cannot be known, and the command wants to know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What was read. `project` is None where a pylock.toml stands alone. `path` is the lock's, absolute."""

    project: Project | None
    settings: Settings
    lock: "Lock | Pylock"
    kind: LockKind
    path: str

    @property
    def folder(self) -> str:
        """The folder that relative paths of the lock start in."""
        return os.path.dirname(self.path)

    @property
    def workspace(self) -> str | None:
        """The folder of the workspace's root."""
        return None if self.project is None else self.project.root

    @property
    def member(self) -> str | None:
        """The folder of the workspace's member that the command is about."""
        project = self.project
        if project is None:
            return None
        return next(
            (member.folder for member in project.members if member.name == project.current),
            project.root,
        )


def load_sync(
    request: SyncRequest, surroundings: Surroundings, files: ProjectFiles, reporter: Reporter
) -> Loaded:
    """Return all that the request speaks of.

    Raises ProjectError, LockError, and UsageError where `--project` or `--lock` cannot be understood.
    """
    start = os.path.normpath(os.path.join(surroundings.cwd, request.project or "."))
    project = _discover(request, files, start)
    root = None if project is None else project.root
    settings = load_settings(request, surroundings, files, root, reporter)
    if request.lock is not None:
        path = os.path.normpath(os.path.join(surroundings.cwd, request.lock))
        content = files.read(path)
    else:
        path, content = _find_lock(files, root or start)
    if content is None:
        raise MissingLockError(
            "is a folder, and a lock is a file" if files.is_folder(path) else "there is no lock",
            where=path,
            hints=("make one with `uv lock`, or name one with --lock",),
        )
    kind = LockKind.PYLOCK if _is_pylock(path) else LockKind.UV
    lock = _parse_pylock(content, path) if kind is LockKind.PYLOCK else parse_uv_lock(content, path)
    _tell_notes(lock, reporter)
    return Loaded(project=project, settings=settings, lock=lock, kind=kind, path=path)


def _parse_pylock(content: bytes, path: str) -> "Pylock":
    import logging  # noqa: PLC0415 - with the next 10 ms, which a uv.lock need not pay

    from siteroot.formats.pylock import parse_pylock  # noqa: PLC0415

    # packaging would write to stderr itself where a minor version is not known: siteroot warns of it
    logging.getLogger("packaging.pylock").addHandler(logging.NullHandler())
    return parse_pylock(content, path)


def read_pylock(path: str) -> "Pylock":
    """Return the pylock.toml at a path. Raises MissingLockError, and LockError for what is wrong in it."""
    content = DiskProjectFiles().read(path)
    if content is None:
        raise MissingLockError("there is no lock", where=path)
    return _parse_pylock(content, path)


def _discover(request: SyncRequest, files: ProjectFiles, start: str) -> Project | None:
    """Return the project, None where a pylock.toml stands alone, which says all by itself."""
    if request.project is not None and not files.is_folder(start):
        raise UsageError("there is no such folder", where=f"--project {request.project}")
    try:
        return discover_project(files, start, frozen=request.freshness is Freshness.FROZEN)
    except NoProjectError:
        if request.lock is None:
            alone = files.read(os.path.join(start, _PYLOCK)) is not None
        else:
            alone = _is_pylock(request.lock)
        if alone:
            return None
        raise


def _find_lock(files: ProjectFiles, folder: str) -> tuple[str, bytes | None]:
    """Return the lock of a folder: its uv.lock, else its pylock.toml. The folder is not listed: roots come and go."""
    path = os.path.join(folder, "uv.lock")
    content = files.read(path)
    if content is None:
        other = os.path.join(folder, _PYLOCK)
        found = files.read(other)
        if found is not None:
            return other, found
    return path, content


def _is_pylock(path: str) -> bool:
    if not path.endswith(".toml"):
        return False
    from pathlib import Path  # noqa: PLC0415 - with packaging.pylock 9 ms, which a uv.lock need not pay

    from packaging.pylock import is_valid_pylock_path  # noqa: PLC0415

    return is_valid_pylock_path(Path(path))


def _tell_notes(lock: "Lock | Pylock", reporter: Reporter) -> None:
    if isinstance(lock, Lock):
        if lock.revision > _KNOWN_REVISION:
            reporter.report(
                Note(
                    f"the lock is of revision {lock.revision}, newer than {_KNOWN_REVISION}: what that adds is not known"
                )
            )
    elif lock.lock_version.release[:2] > _KNOWN_PYLOCK:
        reporter.report(  # PEP 751 wants a warning where a minor version is not known
            Warned(
                f"the lock is of version {lock.lock_version}, newer than 1.0: what that adds is not known"
            )
        )


def judge_lock(
    freshness: Freshness,
    loaded: Loaded,
    files: ProjectFiles,
    python: tuple[int, int],
    describe: "DescribeTree",
) -> UsedLock:
    """Return what was done with the lock: taken as it is, or compared with the project and found fresh.

    `python` counts only where nobody declares requires-python, as in uv. `describe` as in `lock_state`. Raises OutdatedLockError with the reasons,
    or UnjudgedLockError where it cannot be known: a lock is never taken as it is in silence.
    """
    lock, project = loaded.lock, loaded.project
    if freshness is Freshness.FROZEN:
        return UsedLock(path=loaded.path, kind=loaded.kind, use=LockUse.USE)
    # what --frozen needs not pay, 8 ms
    from siteroot.project.freshness import Fresh, Stale, Unknown, lock_state  # noqa: PLC0415

    instead = " instead" if freshness is Freshness.LOCKED else ""
    if not isinstance(lock, Lock) or project is None:
        raise UnjudgedLockError(
            "a pylock.toml does not say what it was made from, so whether it is fresh cannot be known",
            hints=(f"use --frozen{instead}",),
        )
    match lock_state(lock, project, loaded.settings, files, python, describe):
        case Fresh():
            return UsedLock(path=loaded.path, kind=loaded.kind, use=LockUse.CHECK)
        case Stale(reasons=reasons):
            raise OutdatedLockError(
                "the lock does not fit the project any more: " + "; ".join(reasons),
                where=loaded.path,
                hints=("make it anew with `uv lock`", "--frozen takes it as it is"),
            )
        case Unknown(why=why):
            raise UnjudgedLockError(
                f"whether the lock is fresh cannot be known: {why}",
                hints=(f"use --frozen{instead}",),
            )
