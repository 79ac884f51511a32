"""The folders that one change works in, opened so that no link inside them is ever followed.

An area is the root itself, the nearest existing folder of a scheme folder outside of it, or a mount that a scheme folder
inside of it lies on; each has a `.siteroot` of its own, since no file can be renamed from one to another. A path belongs
to the area with the longest base that it starts with. Other roots may share an area (two Pythons have one `bin`), so
each but the root itself is locked for as long as it is worked in.
"""

import errno
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress

from siteroot import fs
from siteroot.errors import InvariantError
from siteroot.model.layout import is_below
from siteroot.model.reserved import WORK_FOLDER
from siteroot.model.rows import Job, Staging

from .faults import ClaimedError, DriftedError, RecoveryError

NEW = "new"
OLD = "old"


class Folders:
    """Folders below an open one, each opened component by component with O_NOFOLLOW, the last way kept open."""

    def __init__(self, top: int, where: str) -> None:
        """Take over the open folder `top`; `where` is its path, for messages."""
        self._where = where
        self._folder = ""
        self._names: list[str] = []
        self._opened = [top]

    def open(self, folder: str) -> int:
        """Return a descriptor of the folder ("" is the top), good until the next call.

        Raises FileNotFoundError, or DriftedError where a link or file stands in the way.
        """
        if folder == self._folder:
            return self._opened[-1]
        self._folder = "/"  # no folder's name, should opening fail on the way
        parts = folder.split("/") if folder else []
        shared = 0
        for have, want in zip(self._names, parts, strict=False):
            if have != want:
                break
            shared += 1
        self._forget(shared)
        for part in parts[shared:]:
            if part == "..":
                raise InvariantError(f"{folder} leads out of {self._where}")
            try:
                descriptor = fs.open_folder(part, folder=self._opened[-1])
            except OSError as error:
                if error.errno not in (errno.ENOTDIR, errno.ELOOP):
                    raise
                path = "/".join((*self._names, part))
                raise DriftedError(
                    f"{path} is a link or a file where a folder should be; links in a root are not followed",
                    where=self._where,
                    hints=("Move it away and run the command again.",),
                ) from error
            self._names.append(part)
            self._opened.append(descriptor)
        self._folder = folder
        return self._opened[-1]

    def close(self) -> None:
        """Close all."""
        self._forget(0)
        os.close(self._opened.pop())

    def _forget(self, keep: int) -> None:
        del self._names[keep:]
        while len(self._opened) > keep + 1:
            os.close(self._opened.pop())


class Area:
    """One area of a change: its folders, what is staged for it, and what was saved from it."""

    def __init__(self, root: str, base: str) -> None:
        """Open the area of a change that has begun."""
        self.base = base
        self.path = area_path(root, base)
        self.folders = Folders(open_base(root, base), self.path)
        try:
            work = self.folders.open(WORK_FOLDER)
            staged = fs.open_folder(NEW, folder=work)
            try:
                self.old = fs.open_folder(OLD, folder=work)
            except BaseException:
                os.close(staged)
                raise
        except BaseException:
            self.folders.close()
            raise
        self.staged = Folders(staged, f"{self.path}/{WORK_FOLDER}/{NEW}")

    def close(self) -> None:
        """Close all."""
        self.folders.close()
        self.staged.close()
        os.close(self.old)


def area_path(root: str, base: str) -> str:
    """Return the absolute path of an area's folder."""
    return os.path.normpath(f"{root}/{base}") if base else root


def open_base(root: str, base: str) -> int:
    """Open an area's folder; the caller closes it.

    The way to one outside was resolved at the start. On the way to one inside no link is followed: FileNotFoundError, or
    DriftedError where one stands there.
    """
    if not base or base.startswith(".."):
        return fs.open_folder(area_path(root, base))
    folders = Folders(fs.open_folder(root), root)
    try:
        return os.dup(folders.open(base))
    finally:
        folders.close()


@contextmanager
def hold_areas(
    root: str,
    bases: Iterable[str],
    *,
    pause: Callable[[], None] | None = None,
    writer: fs.Writer = fs.DISK,
) -> Iterator[None]:
    """Hold the locks of all areas but the root's own, which its lock covers; waits for whoever has one (`fs.flock`)."""
    held: dict[tuple[int, int], int] = {}
    try:
        for base in bases:
            if not base:
                continue
            with suppress(FileNotFoundError):
                descriptor = open_base(root, base)
                status = os.fstat(descriptor)
                if held.setdefault((status.st_dev, status.st_ino), descriptor) != descriptor:
                    os.close(descriptor)
        for _, descriptor in sorted(
            held.items()
        ):  # in one order, so that no two wait for each other
            with suppress(OSError):  # no such locks there
                fs.flock(descriptor, pause, writer=writer)
        yield
    finally:
        for descriptor in held.values():
            os.close(descriptor)


@contextmanager
def open_areas(root: str, bases: Iterable[str]) -> Iterator[tuple[Area, ...]]:
    """Open the areas with these bases, the root's first; closed at the end of the block."""
    areas: list[Area] = []
    try:
        for base in bases:
            try:
                areas.append(Area(root, base))
            except OSError as error:
                raise RecoveryError(
                    f"the staged files of an interrupted change cannot be opened: {error.strerror}",
                    where=f"{area_path(root, base)}/{WORK_FOLDER}",
                ) from error
        yield tuple(areas)
    finally:
        for area in areas:
            area.close()


def find_bases(root: str, anchors: Sequence[str]) -> tuple[str, ...]:
    """Return the bases of all areas: "", the nearest existing folder of each anchor outside, and mounts below these."""
    bases = [""]
    for anchor in sorted(anchors):
        at, below = split_path(anchor, bases)
        base = bases[at]
        if not at and anchor.startswith(".."):
            base, below = anchor, ""
            while not os.path.isdir(area_path(root, base)):
                base = base.rpartition("/")[0]
            bases.append(base)
        bases += [each for each in _find_mounts(root, base, below) if each not in bases]
    return tuple(bases)


def _find_mounts(root: str, base: str, below: str) -> list[str]:
    """Return the folders on the way from a base to one below it, that one among them, that no rename leads into."""
    found: list[str] = []
    folder = base
    for name in below.split("/") if below else ():
        deeper = f"{folder}/{name}" if folder else name
        path = area_path(root, deeper)
        if os.path.islink(path) or not os.path.isdir(path):
            break
        if not fs.renames_reach(area_path(root, folder), path):
            found.append(deeper)
        folder = deeper
    return found


def split_path(path: str, bases: Sequence[str]) -> tuple[int, str]:
    """Return the number of the area that the path belongs to, and the path relative to its base."""
    best = 0
    if len(bases) > 1:
        for number, base in enumerate(bases):
            if len(base) >= len(bases[best]) and (path == base or is_below(path, base)):
                best = number
    return best, path[len(bases[best]) :].removeprefix("/")


def refuse_claimed(root: str, bases: Sequence[str]) -> None:
    """Raise ClaimedError where an area has a `.siteroot` that is not this root's: nothing of it may be touched."""
    for base in bases:
        work = f"{area_path(root, base)}/{WORK_FOLDER}"
        if base and os.path.lexists(work):
            raise ClaimedError(
                "a change of another root that shares this folder was interrupted here",
                where=work,
                hints=(
                    "run siteroot on that root, which brings its change to an end",
                    "remove it if that root is no more",
                ),
            )


def refuse_unwritable(root: str, moves: Iterable[tuple[str, str]]) -> None:
    """Raise PermissionError for the first folder in which this user cannot make a move: before any is made.

    In a folder with the sticky bit that is another's, only one's own files can be replaced or moved away.
    """
    user = os.geteuid()
    if user == 0:
        return
    effective = os.access in os.supports_effective_ids
    sticky: dict[str, bool] = {}
    for kind, path in moves:
        folder = path.rpartition("/")[0]
        full = f"{root}/{folder}" if folder else root
        if folder not in sticky:
            try:
                status = os.stat(full)
            except OSError:  # it is made by the change, or found missing by it
                sticky[folder] = False
                continue
            if not stat.S_ISDIR(status.st_mode):  # it becomes a folder, or is found to be none
                sticky[folder] = False
                continue
            if not os.access(full, os.W_OK | os.X_OK, effective_ids=effective):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), folder or root)
            sticky[folder] = bool(status.st_mode & stat.S_ISVTX) and status.st_uid != user
        if sticky[folder] and kind in ("replace", "aside", "drop"):
            with suppress(FileNotFoundError):
                if os.lstat(f"{root}/{path}").st_uid != user:
                    raise PermissionError(errno.EPERM, os.strerror(errno.EPERM), path)


def spread_staging(staging: Staging, bases: Sequence[str]) -> Staging:
    """Return the staging with its paths led into the areas' own `new/`, from that of the root."""

    def staged(path: str) -> str:
        at, relative = split_path(path, bases)
        return f"../../{bases[at]}/{WORK_FOLDER}/{NEW}/{relative}" if at else path

    anchors, folders, jobs = staging
    # Anchors outside are folders of the staged tree too, where they are not an area's base themselves.
    needed = [part for anchor in anchors for part in parts_below(anchor, bases)]
    # One area's base may lie below another's scheme folder (data holds headers): `new/` stands for it.
    unique = [each for each in dict.fromkeys([*needed, *folders]) if each not in bases]
    spread: list[Job] = [
        (
            source,
            label,
            tuple([(staged(row[0]), *row[1:]) for row in stored]),
            tuple([(staged(row[0]), *row[1:]) for row in rendered]),
        )
        for source, label, stored, rendered in jobs
    ]
    return (), tuple([staged(folder) for folder in unique]), tuple(spread)


def parts_below(anchor: str, bases: Sequence[str]) -> list[str]:
    """Return an anchor outside and its parents up to, and without, its area's base, outermost first.

    None for an anchor inside, whose folders come with what lies in them.
    """
    at, relative = split_path(anchor, bases)
    parts = relative.split("/") if relative and anchor.startswith("..") else []
    base = f"{bases[at]}/"
    return [base + "/".join(parts[:count]) for count in range(1, len(parts) + 1)]
