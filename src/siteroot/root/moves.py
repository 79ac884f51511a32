"""Each move of a change, forward and back, so that it can be done again after a kill at any moment.

Two facts on the disk tell how far a move came: whether its staged file is still in `new/`, and whether its old file
is in `old/N`, N being the move's number.

    place      staged, nothing at the path -> link to the path (which never replaces) -> unlink the staged name.
               A kill between leaves both names for one file: done again, only the unlink is left.
    replace    staged -> link the old file to old/N (where there are no links: rename it) -> rename the staged file over
               the path. Once the staged name is gone it is done; before, old/N tells whether the first half is.
    aside      rename the file to old/N, which is there when it is done.
    make       mkdir; a folder that is there is fine.
    drop       rmdir; a folder that is gone or not empty is fine.

Back, in reverse order: a staged name that is gone means that the file stands at the path: it is renamed back; an old
file in old/N is renamed to its path; folders made are removed if empty, folders dropped are made anew. Each step back
leads to the state from which the move would start, so that undoing can be killed and done again too.

A rename between two names of one inode does nothing (POSIX), and leaves the staged name: the path then has the right
file already, and what remains goes with `.siteroot`.
"""

import errno
import os
import stat
from collections.abc import Sequence
from contextlib import suppress

from siteroot import fs
from siteroot.errors import InvariantError
from siteroot.formats.journal_log import Entry

from .areas import Area, split_path
from .faults import DriftedError, InTheWayError

#: What rmdir fails with where others have put something: in the folder, on it, or in its place. It stays.
_OTHERS = (errno.ENOTEMPTY, errno.EEXIST, errno.EBUSY, errno.ENOTDIR)


def perform(areas: Sequence[Area], entries: Sequence[Entry], *, writer: fs.Writer) -> None:
    """Do all moves, those that are done already included."""
    bases = [area.base for area in areas]
    made: set[str] = set()  # by this very call: nobody else can have put anything there
    for number, (kind, path, _) in enumerate(entries):
        at, relative = split_path(path, bases)
        if relative:  # else an area's own folder: it is there, and stays
            with _Naming(path):
                _perform_one(areas[at], kind, path, relative, number, made, writer)


def _perform_one(
    area: Area,
    kind: str,
    path: str,
    relative: str,
    number: int,
    made: set[str],
    writer: fs.Writer,
) -> None:
    folder, _, name = relative.rpartition("/")
    match kind:
        case "place" if path.rpartition("/")[0] in made:
            _fill(area, folder, name, writer)
        case "place":
            _place(area, path, folder, name, writer)
        case "replace":
            _replace(area, path, folder, name, str(number), writer)
        case "aside":
            _aside(area, path, folder, name, str(number), writer)
        case "make":
            if _make(area, path, folder, name, writer):
                made.add(path)
        case "drop":
            _drop(area, folder, name, writer)
        case _:
            raise InvariantError(f"no such move: {kind}")


def take_back(areas: Sequence[Area], entries: Sequence[Entry], *, writer: fs.Writer) -> None:
    """Undo all moves, last first, those that were not done or are undone already included."""
    bases = [area.base for area in areas]
    for number in range(len(entries) - 1, -1, -1):
        kind, path, note = entries[number]
        at, relative = split_path(path, bases)
        if not relative:
            continue
        with _Naming(path):
            _take_back_one(areas[at], kind, path, relative, number, note, writer)


def _take_back_one(
    area: Area, kind: str, path: str, relative: str, number: int, note: str, writer: fs.Writer
) -> None:
    folder, _, name = relative.rpartition("/")
    match kind:
        case "place":
            _withdraw(area, folder, name, writer)
            _unlink_half_placed(area, folder, name, writer)
        case "replace":
            _withdraw(area, folder, name, writer)
            _bring_back(area, path, folder, name, str(number), writer)
        case "aside":
            _bring_back(area, path, folder, name, str(number), writer)
        case "make":
            if note == "made":
                _drop(area, folder, name, writer)
        case "drop":
            if note:
                _make_anew(area, path, folder, name, note, writer)
        case _:
            raise InvariantError(f"no such move: {kind}")


class _Naming:
    """Names the path of the move in what the system says: the calls get bare names, and numbers of old files."""

    __slots__ = ("_path",)

    def __init__(self, path: str) -> None:
        self._path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: object, _trace: object) -> None:
        if isinstance(error, OSError):
            error.filename, error.filename2 = self._path, None


def _fill(area: Area, folder: str, name: str, writer: fs.Writer) -> None:
    """Put a staged file into a folder that was made just now: one call in place of four."""
    with suppress(FileNotFoundError):  # what was placed before, and removed since with its folder
        staged = area.staged.open(folder)
        writer.rename(name, name, src_dir_fd=staged, dst_dir_fd=area.folders.open(folder))


def _place(area: Area, path: str, folder: str, name: str, writer: fs.Writer) -> None:
    staged = _staged(area, folder, name)
    if staged is None:
        return
    parent = area.folders.open(folder)
    try:
        writer.link(name, name, src_dir_fd=staged, dst_dir_fd=parent, follow_symlinks=False)
    except FileExistsError as error:
        if not _one_file(name, staged, parent):
            raise InTheWayError(area.path, path) from error
    except OSError as error:
        if error.errno not in fs.FALLBACKS:
            raise
        if _stands(name, parent):
            raise InTheWayError(area.path, path) from error
        writer.rename(name, name, src_dir_fd=staged, dst_dir_fd=parent)
        return
    writer.unlink(name, dir_fd=staged)


def _replace(area: Area, path: str, folder: str, name: str, number: str, writer: fs.Writer) -> None:
    staged = _staged(area, folder, name)
    if staged is None:
        return
    parent = area.folders.open(folder)
    if not _stands(number, area.old):
        with suppress(FileNotFoundError):  # somebody removed it meanwhile: there is nothing to save
            _refuse_folder(area, path, name, parent)
            try:
                writer.link(
                    name, number, src_dir_fd=parent, dst_dir_fd=area.old, follow_symlinks=False
                )
            except OSError as error:
                if error.errno not in fs.FALLBACKS:
                    raise
                writer.rename(name, number, src_dir_fd=parent, dst_dir_fd=area.old)
    writer.rename(name, name, src_dir_fd=staged, dst_dir_fd=parent)


def _aside(area: Area, path: str, folder: str, name: str, number: str, writer: fs.Writer) -> None:
    if _stands(number, area.old):
        return
    try:
        parent = area.folders.open(folder)
        _refuse_folder(area, path, name, parent)
        writer.rename(name, number, src_dir_fd=parent, dst_dir_fd=area.old)
    except FileNotFoundError:
        return  # somebody removed it meanwhile


def _make(area: Area, path: str, folder: str, name: str, writer: fs.Writer) -> bool:
    """Make a folder; return whether it was not there yet."""
    parent = area.folders.open(folder)
    try:
        writer.mkdir(name, 0o755, dir_fd=parent)
    except FileExistsError as error:
        if not stat.S_ISDIR(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode):
            raise InTheWayError(area.path, path) from error
        return False
    _set_mode(name, parent, 0o755, writer)
    return True


def _drop(area: Area, folder: str, name: str, writer: fs.Writer) -> None:
    with suppress(
        FileNotFoundError, DriftedError
    ):  # gone, with its parents or a file in their place
        parent = area.folders.open(folder)
        try:
            writer.rmdir(name, dir_fd=parent)
        except OSError as error:
            if error.errno not in _OTHERS:
                raise


def _withdraw(area: Area, folder: str, name: str, writer: fs.Writer) -> None:
    """Take the new file of a `place` or `replace` from its path, back into the staged files."""
    try:
        parent = area.folders.open(folder)
    except (FileNotFoundError, DriftedError):  # what was there before stands there still
        return
    staged = area.staged.open(folder)
    if not _stands(name, staged):
        with suppress(FileNotFoundError):
            writer.rename(name, name, src_dir_fd=parent, dst_dir_fd=staged)


def _unlink_half_placed(area: Area, folder: str, name: str, writer: fs.Writer) -> None:
    """Take away the path's name of a file that was stopped between link and unlink."""
    with suppress(FileNotFoundError, DriftedError):
        parent = area.folders.open(folder)
        if _one_file(name, area.staged.open(folder), parent):
            writer.unlink(name, dir_fd=parent)


def _bring_back(
    area: Area, path: str, folder: str, name: str, number: str, writer: fs.Writer
) -> None:
    """Return an old file to its path."""
    if not _stands(number, area.old):
        return
    parent = area.folders.open(folder)
    if _stands(name, parent) and not _one_file(name, parent, area.old, number):
        raise InTheWayError(area.path, path)
    writer.rename(number, name, src_dir_fd=area.old, dst_dir_fd=parent)


def _make_anew(area: Area, path: str, folder: str, name: str, note: str, writer: fs.Writer) -> None:
    """Make a folder that was dropped, with the mode and owner that it had."""
    parent = area.folders.open(folder)
    try:
        writer.mkdir(name, 0o700, dir_fd=parent)
    except FileExistsError as error:
        if not stat.S_ISDIR(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode):
            raise InTheWayError(area.path, path) from error
    mode, user, group = note.split(":")
    made = os.stat(name, dir_fd=parent, follow_symlinks=False)
    if (made.st_uid, made.st_gid) != (int(user), int(group)):
        with suppress(PermissionError):  # another user recovers: the folder is theirs now
            writer.chown(name, int(user), int(group), dir_fd=parent, follow_symlinks=False)
    _set_mode(name, parent, int(mode, 8), writer)


def _set_mode(name: str, parent: int, mode: int, writer: fs.Writer) -> None:
    if stat.S_IMODE(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode) == mode:
        return
    descriptor = fs.open_folder(name, folder=parent)
    try:
        writer.chmod(descriptor, mode)
    finally:
        os.close(descriptor)


def _staged(area: Area, folder: str, name: str) -> int | None:
    """Return the open staged folder if the file is still in it."""
    try:
        staged = area.staged.open(folder)
    except FileNotFoundError:
        return None
    return staged if _stands(name, staged) else None


def _stands(name: str, folder: int) -> bool:
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def _one_file(name: str, one: int, other: int, other_name: str = "") -> bool:
    try:
        first = os.stat(name, dir_fd=one, follow_symlinks=False)
        second = os.stat(other_name or name, dir_fd=other, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return (first.st_dev, first.st_ino) == (second.st_dev, second.st_ino)


def _refuse_folder(area: Area, path: str, name: str, parent: int) -> None:
    """Raise DriftedError where a folder stands: folders are never renamed (overlay file systems cannot)."""
    if stat.S_ISDIR(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode):
        raise DriftedError(
            f"{path} is a folder where a file was, or has to go",
            where=area.path,
            hints=("Move it away and run the command again.",),
        )
