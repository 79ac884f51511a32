"""The only raw writer. Nothing else in siteroot makes, changes or removes a file.

`Writer` has one method for each changing system call, with the signature that `os` gives it; all functions here and
all of `root/` write through one. The methods are the `os` functions themselves, so that a call costs nothing more,
and a recording or failing writer is a subclass that replaces those that `operations` lists: a new call cannot be
forgotten. Fast calls (clone, copy_file_range, links, renameat2, flock) have a fallback, taken on `FALLBACKS`.

Here and in the placing modules of `root/` no dataclasses, typing, pathlib or re are imported (DESIGN.md 3).
"""

# ruff: noqa: SIM105 - contextlib would load collections and functools, for every start

import errno
import fcntl
import os
import stat
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

#: What a fast call fails with where the kernel, the file system or the pair of them does not have it.
FALLBACKS = frozenset(
    (
        errno.ENOSYS,
        errno.EXDEV,
        errno.EINVAL,
        errno.EPERM,
        errno.EOPNOTSUPP,
        errno.ENOTSUP,
        errno.EMLINK,
        errno.ENOTTY,  # an ioctl that the file system does not know
    )
)

#: The process, or the machine, has too many files open: no fault of what was to be opened.
LIMITS = frozenset((errno.EMFILE, errno.ENFILE))

#: Opens a folder itself, never what a link points to.
FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
#: Opens a file itself for reading, and waits for nobody where it is a pipe.
FILE_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
#: Makes a file that is not there yet.
CREATE_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC

#: Begins the paths of descriptors that were handed to this process: a pipe among these was given to be read.
_HANDED = ("/dev/fd/", "/dev/stdin", "/proc/self/fd/")

_LEAST = 1 << 16  # bytes that are asked for, where a file's size does not tell
_FICLONE = 0x40049409  # linux/fs.h
_RENAME_NOREPLACE = 1
_AT_FDCWD = -100
_BLOCK = 1 << 20
_DEEPEST = 100  # folders that are open at once
_PAUSE = 0.02  # seconds between two tries of a lock


class NotPlainError(OSError):
    """A path leads to a pipe, a device or a socket where a file was to be read, or to a file of senseless size."""


def read_plain(path: str, most: int, *, follow: bool = True) -> bytes:
    """Return the bytes of a plain file of at most that size: never waits, as reading a pipe or a device may.

    A pipe that was handed to this process as a descriptor (`<(...)` in bash) is read to its end. Raises OSError,
    NotPlainError among them.
    """
    with open(open_plain(path, follow=follow), "rb", buffering=0) as file:
        left = os.fstat(file.fileno()).st_size + 1  # what is asked for is taken from memory at once
        parts, size = [], 0
        while size <= most and left <= most + 1 and (part := file.read(max(left, _LEAST))):
            parts.append(part)
            size += len(part)
            left -= len(part)
    if size > most or left > most + 1:
        raise NotPlainError(errno.EFBIG, f"it is larger than {most >> 20} MiB")
    return parts[0] if len(parts) == 1 else b"".join(parts)


def read_head(path: str, count: int) -> bytes:
    """Return the first `count` bytes of a plain file, fewer where it is shorter; else as `read_plain`."""
    with open(open_plain(path), "rb", buffering=0) as file:
        return file.read(count)


def open_plain(path: str, *, follow: bool = True) -> int:
    """Open a plain file, or a pipe that was handed over, for reading. Raises OSError, NotPlainError among them."""
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags if follow else flags | os.O_NOFOLLOW)
    except OSError as error:
        if error.errno == errno.ENXIO:
            raise NotPlainError(errno.ENXIO, "it is a socket or a device, and no file") from None
        raise
    try:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if stat.S_ISFIFO(mode) and path.startswith(_HANDED):
            os.set_blocking(descriptor, True)
        elif not stat.S_ISREG(mode) and path != os.devnull:  # which ends at once
            what = "pipe" if stat.S_ISFIFO(mode) else "device"
            raise NotPlainError(errno.EINVAL, f"it is a {what}, and no file")
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _copy_file_range_absent(_source: int, _target: int, _count: int) -> int:
    raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))


def _clone(target: int, source: int) -> None:
    """Let the open file `target` share the blocks of the open file `source`."""
    fcntl.ioctl(target, _FICLONE, source)


def _rename_noreplace(source: str, target: str) -> None:
    """Rename with renameat2(RENAME_NOREPLACE); OSError ENOSYS where the C library lacks it."""
    import ctypes  # noqa: PLC0415 - 5 ms, and needed once in the life of a root

    try:
        renameat2 = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError) as error:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS)) from error
    code = renameat2(
        _AT_FDCWD, os.fsencode(source), _AT_FDCWD, os.fsencode(target), _RENAME_NOREPLACE
    )
    if code:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), source, None, target)


def _syncfs(descriptor: int) -> None:
    """Bring all of the file system of an open file to the disk; OSError ENOSYS where the C library cannot."""
    import ctypes  # noqa: PLC0415 - only where durability is asked for

    try:
        syncfs = ctypes.CDLL(None, use_errno=True).syncfs
    except (AttributeError, OSError) as error:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS)) from error
    if syncfs(descriptor):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _xattr_absent(*_arguments: object) -> None:
    raise OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP))


class Writer:
    """The changing system calls, each as `os` has it, and flock, which has a fallback too. It has no state.

    A `durable` one waits for the disk wherever power may fail between two changes (`root.harden`).
    """

    __slots__ = ()

    durable = False

    mkdir = staticmethod(os.mkdir)
    rmdir = staticmethod(os.rmdir)
    unlink = staticmethod(os.unlink)
    rename = staticmethod(os.rename)
    rename_noreplace = staticmethod(_rename_noreplace)
    link = staticmethod(os.link)
    symlink = staticmethod(os.symlink)
    create = staticmethod(os.open)
    write = staticmethod(os.write)
    clone = staticmethod(_clone)
    copy_file_range = staticmethod(getattr(os, "copy_file_range", _copy_file_range_absent))
    utime = staticmethod(os.utime)
    chmod = staticmethod(os.chmod)
    chown = staticmethod(os.chown)
    setxattr = staticmethod(getattr(os, "setxattr", _xattr_absent))
    removexattr = staticmethod(getattr(os, "removexattr", _xattr_absent))
    fsync = staticmethod(os.fsync)
    syncfs = staticmethod(_syncfs)
    flock = staticmethod(fcntl.flock)


class DurableWriter(Writer):
    """The same, durable."""

    __slots__ = ()

    durable = True


#: The real ones.
DISK = Writer()
DURABLE = DurableWriter()


def operations() -> tuple[str, ...]:
    """Return the names of all changing calls, for a writer that records or fails them."""
    return tuple(name for name, member in vars(Writer).items() if isinstance(member, staticmethod))


# -- files ------------------------------------------------------------------------------------------------------------


def write_all(descriptor: int, content: bytes, *, writer: Writer = DISK) -> None:
    """Write all of the content, however little one call takes."""
    written = writer.write(descriptor, content)
    while written < len(content):
        written += writer.write(descriptor, memoryview(content)[written:])


def write_file(
    name: str,
    content: bytes,
    *,
    folder: int | None = None,
    mode: int = 0o644,
    mtime: int | None = None,
    fix_mode: bool = True,
    writer: Writer = DISK,
) -> None:
    """Make a new file with exactly this mode and, where given, this mtime in seconds.

    `folder` is an open folder that the name starts from. `fix_mode` may be False where the process's umask is known
    to be 0. Raises FileExistsError where the name is taken.
    """
    descriptor = writer.create(name, CREATE_FLAGS, mode, dir_fd=folder)
    try:
        if fix_mode:
            writer.chmod(descriptor, mode)
        if content:
            write_all(descriptor, content, writer=writer)
        if mtime is not None:
            writer.utime(descriptor, (mtime, mtime))
    finally:
        os.close(descriptor)


def copy_content(source: int, target: int, size: int, *, writer: Writer = DISK) -> int:
    """Copy up to `size` bytes from one open file to another, both at their start; return how many there were."""
    copied = 0
    try:
        while copied < size:
            count = writer.copy_file_range(source, target, size - copied)
            if count == 0:
                break
            copied += count
        if copied or not size:
            return copied
    except OSError as error:
        if error.errno not in FALLBACKS:
            raise
    # Some file systems answer 0 to copy_file_range for a file that has content: read it all the same. Both files
    # stand where the last count left them.
    while copied < size:
        block = os.read(source, min(_BLOCK, size - copied))
        if not block:
            break
        write_all(target, block, writer=writer)
        copied += len(block)
    return copied


def write_whole(
    path: str, content: bytes, *, mode: int = 0o644, sync: bool = False, writer: Writer = DISK
) -> None:
    """Write a file that others see whole or not at all, in place of what stands at the path."""
    folder, name = os.path.split(path)
    partial = os.path.join(folder, f".{name[:200]}.{os.getpid():x}.{os.urandom(4).hex()}.part")
    try:
        descriptor = writer.create(partial, CREATE_FLAGS, mode)
        try:
            writer.chmod(descriptor, mode)
            write_all(descriptor, content, writer=writer)
            if sync:
                writer.fsync(descriptor)
        finally:
            os.close(descriptor)
        writer.rename(partial, path)
    except BaseException:
        try:
            writer.unlink(partial)
        except OSError:
            pass  # the first fault is the one to tell
        raise


def read_attribute(path: str, name: str) -> bytes | None:
    """Return an extended attribute, None where there is none, or are none."""
    try:
        return os.getxattr(path, name)
    except (OSError, AttributeError):  # macOS and Windows lack the call
        return None


# -- folders ----------------------------------------------------------------------------------------------------------


def make_folder(path: str, mode: int = 0o755, *, writer: Writer = DISK) -> tuple[str, ...]:
    """Make a folder and the parents that it lacks; return those made, outermost first. One that is there is fine.

    Where one cannot be made, those made before are removed again.
    """
    missing = []
    folder = path.rstrip("/") or "/"
    while not os.path.isdir(folder):
        missing.append(folder)
        parent = os.path.dirname(folder) or "."
        if parent == folder:
            break
        folder = parent
    made: list[str] = []
    try:
        for step in reversed(missing):
            try:
                writer.mkdir(step, mode)
            except FileExistsError:
                if not os.path.isdir(step):
                    raise
            else:
                made.append(step)
    except BaseException:
        for step in reversed(made):
            try:
                writer.rmdir(step)
            except OSError:
                break  # somebody put something there
        raise
    return tuple(made)


def set_folder_time(folder: str | int, mtime_ns: int, *, writer: Writer = DISK) -> None:
    """Set the time of a folder, by path or open, if it is this user's to set.

    Whoever may write may add and remove names, but only the owner may say when: another's keeps the time it got.
    """
    try:
        writer.utime(folder, ns=(mtime_ns, mtime_ns))
    except PermissionError as error:
        if error.errno != errno.EPERM:
            raise


def remove_file(path: str, *, folder: int | None = None, writer: Writer = DISK) -> None:
    """Remove a file or a link; none there is fine."""
    try:
        writer.unlink(path, dir_fd=folder)
    except (FileNotFoundError, NotADirectoryError):
        pass


def remove_folder(path: str, *, writer: Writer = DISK) -> bool:
    """Remove a folder if it is empty; return whether it is gone."""
    try:
        writer.rmdir(path)
    except FileNotFoundError:
        return True
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
            return False
        raise
    return True


def remove_tree(path: str, *, folder: int | None = None, writer: Writer = DISK) -> None:
    """Remove what stands at the path, a folder with all in it, however deep, in whatever mode. No link is followed."""
    while _remove(path, folder, writer, 0, -1):
        pass


def _remove(path: str, folder: int | None, writer: Writer, depth: int, top: int) -> bool:
    """Remove what stands at a path; True where some of it was too deep for that, and now lies in the folder `top`."""
    try:
        descriptor = _open_to_empty(path, folder, writer)
    except FileNotFoundError:
        return False
    except OSError as error:
        if error.errno not in (errno.ENOTDIR, errno.ELOOP, errno.EMLINK):
            raise
        remove_file(path, folder=folder, writer=writer)
        return False
    moved = False
    try:
        with os.scandir(descriptor) as entries:
            found = [(one.name, one.is_dir(follow_symlinks=False), one.inode()) for one in entries]
        for name, is_folder, inode in found:
            if not is_folder:
                remove_file(name, folder=descriptor, writer=writer)
            elif depth < _DEEPEST:
                moved |= _remove(name, descriptor, writer, depth + 1, top if depth else descriptor)
            else:
                writer.rename(name, f".{inode}.deep", src_dir_fd=descriptor, dst_dir_fd=top)
                moved = True
    finally:
        os.close(descriptor)
    if depth == 0 and moved:
        return True
    try:
        writer.rmdir(path, dir_fd=folder)
    except FileNotFoundError:
        pass
    return moved


def _open_to_empty(path: str, folder: int | None, writer: Writer) -> int:
    try:
        descriptor = os.open(path, FOLDER_FLAGS, dir_fd=folder)
    except PermissionError:
        writer.chmod(path, stat.S_IRWXU, dir_fd=folder)  # no link: that is another error
        descriptor = os.open(path, FOLDER_FLAGS, dir_fd=folder)
    if os.fstat(descriptor).st_mode & stat.S_IRWXU != stat.S_IRWXU:
        writer.chmod(descriptor, stat.S_IRWXU)
    return descriptor


def rename_new(source: str, target: str, *, writer: Writer = DISK) -> None:
    """Rename a file or folder to a path where nothing stands; FileExistsError where something does.

    Where the system has no such call it is a look and a rename, and the caller's lock keeps other processes of ours
    from coming between.
    """
    try:
        writer.rename_noreplace(source, target)
    except OSError as error:
        if error.errno not in FALLBACKS:
            raise
        if os.path.lexists(target):
            raise FileExistsError(
                errno.EEXIST, os.strerror(errno.EEXIST), source, None, target
            ) from None
        writer.rename(source, target)


def renames_reach(source: str, target: str) -> bool:
    """Whether a file can be renamed from one folder into the other: both lie in one mount of one file system.

    Asked by renaming a file that is not there, since the kernel compares the mounts before it looks for the file: bind
    mounts of one file system share its device number. Parts of one mount may have device numbers of their own.
    """
    if os.stat(source).st_dev != os.stat(target).st_dev:
        return False
    absent = f".siteroot-{os.urandom(8).hex()}"
    try:
        os.rename(f"{source}/{absent}", f"{target}/{absent}")
    except OSError as error:
        return error.errno != errno.EXDEV
    return True


def is_same_inode(descriptor: int, path: str) -> bool:
    """Whether the path still is the open file or folder."""
    try:
        found = os.lstat(path)
    except OSError:
        return False
    opened = os.fstat(descriptor)
    return (found.st_dev, found.st_ino) == (opened.st_dev, opened.st_ino)


def is_plain_file(status: os.stat_result) -> bool:
    """Whether it is a file, no link, folder or device."""
    return stat.S_ISREG(status.st_mode)


# -- locks ------------------------------------------------------------------------------------------------------------


def open_folder(path: str, *, folder: int | None = None) -> int:
    """Open a folder, refusing a link in its last component; the caller closes it."""
    return os.open(path, FOLDER_FLAGS, dir_fd=folder)


def try_flock(descriptor: int, *, shared: bool = False, writer: Writer = DISK) -> bool:
    """Take the flock of an open file or folder if it is free. OSError where there are no such locks."""
    try:
        writer.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def flock(
    descriptor: int, pause: "Callable[[], None] | None" = None, *, writer: Writer = DISK
) -> None:
    """Take the flock of an open file or folder, however long another has it.

    `pause` is called between two tries and may raise; by default it sleeps. The lock ends when the last copy of the
    descriptor is closed.
    """
    while not try_flock(descriptor, writer=writer):
        if pause is None:
            time.sleep(_PAUSE)
        else:
            pause()


def open_lock_file(path: str, *, writer: Writer = DISK) -> int:
    """Open a file to lock, making it where it is not there; the caller closes it."""
    return writer.create(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
