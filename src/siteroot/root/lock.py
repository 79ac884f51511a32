"""The lock of a root: one process at a time reads and changes it (ROOT.md 3).

    DIR there      an flock on a descriptor of DIR itself; where the file system has none, on DIR/.siteroot/lock
    DIR absent     an flock on the one folder beside it in which DIR is staged, held until DIR is renamed into place:

    .DIR.siteroot/
        holder     pid of the process that holds it; comes first and goes last, and makes the folder ours
        root/      what becomes DIR

Who waited looks again whether the path still is the folder that was locked, for the one before may have renamed or
removed it. Forked workers share the descriptor, so the lock outlives a parent that is killed, until they have ended.

This module imports no dataclasses, typing, pathlib or re: the starter's warm path needs it.
"""

# ruff: noqa: SIM105 - contextlib would load collections and functools

import errno
import os

from siteroot import fs
from siteroot.errors import RootError
from siteroot.model.reserved import WORK_FOLDER, staging_folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    #: Whoever waits: hears the holder's pid, where it is known, and lets time pass between two tries.
    Wait = tuple[Callable[[int | None], None], Callable[[], None] | None]

LOCK_FILE = "lock"
_NO_FLOCK = fs.FALLBACKS | {errno.EBADF, errno.ENOLCK}


class UnusableRootError(RootError):
    """The folder cannot be opened, made or locked."""


class RootLock:
    """A held lock. `existed` says whether DIR was there when it was taken."""

    __slots__ = ("_descriptor", "_lock_file", "_made", "_staging", "_writer", "existed", "path")

    def __init__(
        self,
        path: str,
        descriptor: int,
        *,
        staging: str = "",
        lock_file: str = "",
        made: tuple[str, ...] = (),
        writer: fs.Writer,
    ) -> None:
        self.path = path
        self.existed = not staging
        self._descriptor = descriptor
        self._staging = staging
        self._lock_file = lock_file
        self._made = made
        self._writer = writer

    def __enter__(self) -> "RootLock":  # noqa: PYI034 - Self would load typing
        return self

    def __exit__(self, *_fault: object) -> None:
        self.release()

    def release(self) -> None:
        """Give the lock back; take away staging, and parents that were made for a DIR that did not come to be."""
        if self._descriptor < 0:
            return
        try:
            if self._staging:
                _remove_staging(self._staging, self._writer)
                if not os.path.lexists(self.path):
                    _remove_parents(self._made, self._writer)
            if self._lock_file:
                _remove_lock_file(self.path, self._lock_file, self._writer)
        except OSError:
            pass  # the next sync clears it
        finally:
            os.close(self._descriptor)
            self._descriptor = -1


def lock_root(
    root: str,
    *,
    waiting: "Callable[[int | None], None] | None" = None,
    pause: "Callable[[], None] | None" = None,
    writer: fs.Writer = fs.DISK,
) -> RootLock:
    """Return the lock of the root at this absolute, resolved path, waiting for whoever has it.

    `waiting` hears, once for each wait, the holder's pid where it is known; `pause` lets a little time pass between two
    tries, and may raise. Parents of an absent DIR are made, and
    removed again when the lock is released and DIR is still not there. Raises UnusableRootError.
    """
    made: tuple[str, ...] = ()
    wait = waiting or _nobody, pause
    while True:
        try:
            try:
                descriptor = fs.open_folder(root)
            except FileNotFoundError:
                made += fs.make_folder(os.path.dirname(root), writer=writer)
                lock = _lock_staging(root, made, wait, writer)
            else:
                lock = _lock_folder(root, descriptor, wait, writer)
        except OSError as error:
            _remove_parents(made, writer)
            raise _unusable(root, error) from error
        except BaseException:
            _remove_parents(made, writer)
            raise
        if lock is not None:
            return lock


def _nobody(_holder: int | None) -> None:
    """Hear of a wait and say nothing."""


def _unusable(root: str, error: OSError) -> UnusableRootError:
    if error.errno in (errno.ENOTDIR, errno.ELOOP):
        return UnusableRootError(
            "it is no folder, or lies below something that is none", where=root
        )
    from .faults import explain_os_error, hints_for  # noqa: PLC0415 - the warm path has no faults

    denied = error.errno in (errno.EACCES, errno.EPERM)
    return UnusableRootError(
        f"the folder cannot be made or opened: {explain_os_error(error)}",
        where=root,
        hints=("Choose a folder that this user may write to.",) if denied else hints_for(error),
    )


def _lock_folder(root: str, descriptor: int, wait: "Wait", writer: fs.Writer) -> RootLock | None:
    """Return the lock of a DIR that is there, None where it was renamed or removed meanwhile."""
    lock_file = ""
    try:
        if not _take(descriptor, f"{root}/{WORK_FOLDER}/begin", wait, writer):
            lock_file = f"{root}/{WORK_FOLDER}/{LOCK_FILE}"
            folder, descriptor = descriptor, _open_lock_file(root, lock_file, writer)
            os.close(folder)
            _take_file(descriptor, lock_file, wait, writer)
        still_there = fs.is_same_inode(descriptor, lock_file or root)
        if still_there:
            _clear_dead_staging(root, writer)
    except BaseException:
        os.close(descriptor)
        raise
    if not still_there:
        os.close(descriptor)
        return None
    return RootLock(root, descriptor, lock_file=lock_file, writer=writer)


def _lock_staging(
    root: str, made: tuple[str, ...], wait: "Wait", writer: fs.Writer
) -> RootLock | None:
    """Return the lock of a DIR that is absent, None where it came to be meanwhile."""
    staging = staging_folder(root)
    try:
        writer.mkdir(staging, 0o755)
    except FileExistsError:
        pass
    try:
        descriptor = fs.open_folder(staging)
    except FileNotFoundError:
        return None
    except NotADirectoryError as error:
        raise _taken(staging, "it is a file or a link") from error
    locked, holder = staging, f"{staging}/holder"
    ours = False
    try:
        if not _take(descriptor, holder, wait, writer):
            locked = f"{staging}/{LOCK_FILE}"
            folder, descriptor = descriptor, fs.open_lock_file(locked, writer=writer)
            os.close(folder)
            _take_file(descriptor, holder, wait, writer)
        if fs.is_same_inode(descriptor, locked):
            _refuse_foreign(staging)
            ours = True
        if ours and not os.path.lexists(root):
            fs.remove_tree(f"{staging}/root", writer=writer)  # of one that was killed
            fs.write_whole(holder, b"%d\n" % os.getpid(), writer=writer)
            return RootLock(root, descriptor, staging=staging, made=made, writer=writer)
    except FileNotFoundError:
        ours = False  # whoever had it, or found DIR there, has just removed it
    except BaseException:
        _abandon(descriptor, staging if ours else "", writer)
        raise
    _abandon(descriptor, staging if ours else "", writer)
    return None


def _abandon(descriptor: int, staging: str, writer: fs.Writer) -> None:
    """Give up a lock that was taken, or was not, and the staging folder that it is on."""
    try:
        if staging:
            _remove_staging(staging, writer)
    except OSError:
        pass  # the next sync clears it
    finally:
        os.close(descriptor)


def _taken(staging: str, why: str) -> UnusableRootError:
    return UnusableRootError(
        f"the root is staged under this name, and {why}, which siteroot did not put there",
        where=staging,
        hints=("Move it away and run the command again.",),
    )


def _foreign_in(staging: str) -> str:
    """Return a name in the staging folder that is not ours, "" where all is."""
    names = os.listdir(staging)
    for name in names:
        if name not in ("holder", "root", LOCK_FILE) and not _is_partial(name):
            return name
    if "holder" in names:
        try:
            with open(os.open(f"{staging}/holder", fs.FILE_FLAGS), "rb") as stream:
                return "" if stream.read(80).strip(b"\n").isdigit() else "holder"
        except OSError:
            return "holder"
    return "root" if "root" in names else ""


def _refuse_foreign(staging: str) -> None:
    foreign = _foreign_in(staging)
    if foreign:
        raise _taken(staging, f"it holds {foreign}")


def _is_partial(name: str) -> bool:
    return name.startswith(".holder.") and name.endswith(".part")


def _remove_staging(staging: str, writer: fs.Writer) -> None:
    """Remove what is ours of a staging folder, `holder` last, and the folder if nothing else is in it."""
    fs.remove_tree(f"{staging}/root", writer=writer)
    try:
        names = os.listdir(staging)
    except FileNotFoundError:
        return
    for name in names:
        if name == LOCK_FILE or _is_partial(name):
            fs.remove_file(f"{staging}/{name}", writer=writer)
    fs.remove_file(f"{staging}/holder", writer=writer)
    fs.remove_folder(staging, writer=writer)


def _take(descriptor: int, holder: str, wait: "Wait", writer: fs.Writer) -> bool:
    """Wait for a folder's flock; return False where its file system has none."""
    try:
        _take_file(descriptor, holder, wait, writer)
    except OSError as error:
        if error.errno not in _NO_FLOCK:
            raise
        return False
    return True


def _take_file(descriptor: int, holder: str, wait: "Wait", writer: fs.Writer) -> None:
    if fs.try_flock(descriptor, writer=writer):
        return
    hear, pause = wait
    hear(read_holder(descriptor, holder))
    fs.flock(descriptor, pause, writer=writer)


def read_holder(descriptor: int, path: str) -> int | None:
    """Return the pid of the process that holds the flock of an open file or folder, None where it is not known.

    It is what the holder wrote to the file at `path`, else what the kernel lists.
    """
    try:
        words = fs.read_head(path, 80).replace(b"\0", b" ").split()
        # "4242", or the head of a journal: "siteroot journal 1 pid 4242"
        return int(words[4] if words[:1] == [b"siteroot"] else words[0])
    except (OSError, ValueError, IndexError):
        pass
    status = os.fstat(descriptor)
    key = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}:{status.st_ino}"
    try:
        with open("/proc/locks", "rb") as stream:
            lines = stream.read().decode("ascii", "replace").splitlines()
    except OSError:
        return None
    for line in lines:  # "1: FLOCK  ADVISORY  WRITE 4242 fd:01:131 0 EOF"
        fields = line.split()
        if len(fields) > 5 and fields[1] == "FLOCK" and fields[5] == key and int(fields[4]) > 0:
            return int(fields[4])
    return None


def _open_lock_file(root: str, path: str, writer: fs.Writer) -> int:
    """Open the lock file in the work folder; DIR keeps its time."""
    mtime = os.stat(root).st_mtime_ns
    try:
        writer.mkdir(f"{root}/{WORK_FOLDER}", 0o755)
    except FileExistsError:
        os.close(fs.open_folder(f"{root}/{WORK_FOLDER}"))  # no link: it would lead out of the root
        return fs.open_lock_file(path, writer=writer)
    descriptor = fs.open_lock_file(path, writer=writer)
    fs.write_all(descriptor, b"%d\n" % os.getpid(), writer=writer)
    fs.set_folder_time(root, mtime, writer=writer)
    return descriptor


def _remove_lock_file(root: str, path: str, writer: fs.Writer) -> None:
    mtime = os.stat(root).st_mtime_ns
    fs.remove_file(path, writer=writer)
    if fs.remove_folder(os.path.dirname(path), writer=writer):
        fs.set_folder_time(root, mtime, writer=writer)


def _clear_dead_staging(root: str, writer: fs.Writer) -> None:
    """Remove what a killed sync left beside a DIR that is there now; one that lives is left alone."""
    staging = staging_folder(root)
    try:
        descriptor = fs.open_folder(staging)
    except OSError:
        return
    try:
        free = _is_free(descriptor, staging, writer) and fs.is_same_inode(descriptor, staging)
        if free and not _foreign_in(staging):
            _remove_staging(staging, writer)
    except OSError:
        pass  # a parent that is not ours to write to: it does no harm there
    finally:
        os.close(descriptor)


def _is_free(descriptor: int, staging: str, writer: fs.Writer) -> bool:
    """Whether nobody holds a staging folder, by its flock or, where folders have none, by its lock file's."""
    try:
        return fs.try_flock(descriptor, writer=writer)
    except OSError as error:
        if error.errno not in _NO_FLOCK:
            raise
    try:
        lock = os.open(f"{staging}/{LOCK_FILE}", os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return True  # killed before it was made, or after it was removed
    try:
        return fs.try_flock(lock, writer=writer)
    finally:
        os.close(lock)


def _remove_parents(made: tuple[str, ...], writer: fs.Writer) -> None:
    for folder in reversed(made):
        try:
            if not fs.remove_folder(folder, writer=writer):
                return
        except OSError:
            return
