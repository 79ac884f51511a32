"""Work in a store that may be cut off at any instant: folders for what is unfinished, and locks on what is fetched.

Both are held by an flock, which ends with its process, so that what a killed one leaves is known to be dead. Where
folders cannot be locked, a file in the folder is.
"""

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from siteroot.fs import (
    DISK,
    FILE_FLAGS,
    Writer,
    is_same_inode,
    make_folder,
    open_folder,
    open_lock_file,
    remove_file,
    remove_tree,
    try_flock,
    write_all,
)

from .faults import StoreWriteError

_HELD = "held"
_TEMPORARY = "siteroot-"


@contextmanager
def work_folder(parent: str, *, writer: Writer, name: str | None = None) -> Iterator[str]:
    """Give a new folder below `parent`, which is removed with all that it then holds.

    What cannot be removed is as dead as a killed process's work, and is no fault of what was done in it. A `name` is
    the folder's, unless somebody who lives has that.
    """
    make_folder(parent, writer=writer)
    path, descriptor = "", -1
    while descriptor < 0:
        path = f"{parent}/{name or f'{os.getpid()}-{os.urandom(6).hex()}'}"
        try:
            descriptor = _make_held(path, 0o755, writer)
        except FileExistsError:
            if is_dead(path, writer=writer):
                remove_tree(path, writer=writer)
            else:
                name = None
    with _held(path, descriptor, writer):
        yield path


def temporary_path(parent: str) -> str:
    """Return a path below a folder that all write to, where nothing is yet, and that nobody can guess."""
    return f"{parent}/{_TEMPORARY}{os.urandom(12).hex()}"


@contextmanager
def temporary_folder(path: str, *, writer: Writer = DISK) -> Iterator[str]:
    """Give a new folder at a temporary path, for this user alone, which is removed with all that it then holds.

    What killed processes left beside it goes first. Raises StoreWriteError.
    """
    try:
        descriptor = _make_temporary(path, writer)
        with _held(path, descriptor, writer):
            yield path
    except (
        BaseException
    ):  # a signal may come as soon as the folder is there; nobody else has that path
        with suppress(OSError):
            remove_tree(path, writer=writer)
        raise


def _make_temporary(path: str, writer: Writer) -> int:
    parent = os.path.dirname(path)
    try:
        for dead in dead_temporaries(parent):
            remove_tree(dead, writer=writer)
        descriptor = -1
        while descriptor < 0:
            descriptor = _make_held(path, 0o700, writer)
    except OSError as error:
        raise StoreWriteError(
            f"no temporary folder can be made: {error.strerror}",
            where=parent,
            hints=("The variable TMPDIR names the place where such folders go.",),
        ) from None
    return descriptor


def dead_temporaries(parent: str) -> list[str]:
    """Return the temporary folders of this user whose process was killed."""
    try:
        names = [name for name in os.listdir(parent) if name.startswith(_TEMPORARY)]
    except OSError:
        return []
    paths = [f"{parent}/{name}" for name in sorted(names) if len(name) == len(_TEMPORARY) + 24]
    return [path for path in paths if _is_own_folder(path) and is_dead(path)]


def _is_own_folder(path: str) -> bool:
    try:
        status = os.lstat(path)
    except OSError:
        return False
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid()


def _make_held(path: str, mode: int, writer: Writer) -> int:
    """Make a folder and return what holds it, as `_hold_folder`. Raises FileExistsError."""
    writer.mkdir(path, mode)
    try:
        return _hold_folder(path, writer)
    except BaseException:
        remove_tree(path, writer=writer)
        raise


@contextmanager
def _held(path: str, descriptor: int, writer: Writer) -> Iterator[None]:
    try:
        yield
    finally:
        with suppress(OSError):
            remove_tree(path, writer=writer)
        os.close(descriptor)


def _hold_folder(path: str, writer: Writer) -> int:
    """Return the folder, or the file in it, open and held; -1 where somebody who clears dead work was faster."""
    locked = path
    try:
        descriptor = open_folder(path)
        try:
            held = try_flock(descriptor, writer=writer)
        except OSError:
            os.close(descriptor)
            locked = f"{path}/{_HELD}"
            descriptor = open_lock_file(locked, writer=writer)
            held = _hold_file(descriptor, writer)
    except FileNotFoundError:
        return -1
    if held and is_same_inode(descriptor, locked):
        return descriptor
    os.close(descriptor)
    return -1


def _hold_file(descriptor: int, writer: Writer) -> bool:
    try:
        return try_flock(descriptor, writer=writer)
    except OSError:
        return True  # no locks at all here; then nobody clears work either


def is_dead(path: str, *, writer: Writer = DISK) -> bool:
    """Whether nobody holds a work folder or lock file any more."""
    try:
        descriptor = os.open(path, FILE_FLAGS)
    except OSError:
        return False
    try:
        return try_flock(descriptor, writer=writer)
    except OSError:
        return _is_dead_by_file(f"{path}/{_HELD}", writer)
    finally:
        os.close(descriptor)


def _is_dead_by_file(path: str, writer: Writer) -> bool:
    """Whether nobody holds this file; then it is gone, and who was about to hold it sees that."""
    try:
        descriptor = open_lock_file(path, writer=writer)
    except OSError:
        return False
    try:
        dead = try_flock(descriptor, writer=writer)
        if dead:
            remove_file(path, writer=writer)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return dead


@contextmanager
def hold_lock(path: str, *, wait: Callable[[int | None], None], writer: Writer) -> Iterator[None]:
    """Hold the lock at the path while the body runs; its file is gone afterwards.

    `wait` is called with the holder's pid, where it is known, each time the lock is found taken; it sleeps, or
    raises. Where the disk has no locks the body runs without.
    """
    descriptor = _take(path, wait, writer)
    try:
        yield
    finally:
        if descriptor >= 0:
            with suppress(OSError):
                remove_file(path, writer=writer)  # whoever waits looks again whether it is there
            os.close(descriptor)


def _take(path: str, wait: Callable[[int | None], None], writer: Writer) -> int:
    while True:
        descriptor = open_lock_file(path, writer=writer)
        try:
            taken = try_flock(descriptor, writer=writer)
        except OSError:
            os.close(descriptor)
            return -1
        if taken and is_same_inode(descriptor, path):
            write_all(descriptor, b"%-20d\n" % os.getpid(), writer=writer)
            return descriptor
        holder = os.pread(descriptor, 20, 0).strip()
        os.close(descriptor)
        if not taken:
            wait(int(holder) if holder.isdigit() else None)
