"""The folders that one change works in, opened so that no link inside them is ever followed.

An area is the root itself, or the nearest existing folder of a scheme folder outside of it; each has a `.siteroot` of
its own, because whether two folders lie on one file system cannot be told but by trying (bind mounts share a device
number). A path belongs to the area with the longest base that it starts with.
"""

import errno
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from siteroot import fs
from siteroot.errors import InvariantError
from siteroot.model.root import WORK_FOLDER

from .faults import DriftedError, RecoveryError

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
        self.folders = Folders(fs.open_folder(self.path), self.path)
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
    """Return the bases of all areas: "", and the nearest existing folder of each scheme folder outside."""
    bases = [""]
    for anchor in anchors:
        base = anchor
        while not os.path.isdir(area_path(root, base)):
            base = base.rpartition("/")[0]
        if base not in bases:
            bases.append(base)
    return tuple(bases)


def split_path(path: str, bases: Sequence[str]) -> tuple[int, str]:
    """Return the number of the area that the path belongs to, and the path relative to its base."""
    best = 0
    if path.startswith(".."):
        for number, base in enumerate(bases):
            if len(base) >= len(bases[best]) and (path == base or path.startswith(f"{base}/")):
                best = number
    return best, path[len(bases[best]) :].removeprefix("/")
