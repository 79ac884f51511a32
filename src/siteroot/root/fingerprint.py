"""The fingerprint of a root: the times of its folders and the looks of its metadata, kept in the cache (ROOT.md 8).

    roots-v1/
        DEVICE-INODE           of the root's folder

While it holds, no owned file was added, removed or renamed and no dist-info was edited since it was taken, so what was
known of the root then is still so. It says what was seen, derived times or not. Lost or refused, everything is slower
and nothing different.

This module imports no dataclasses, typing, pathlib or re (DESIGN.md 3).
"""

import marshal
import os

from siteroot import fs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from siteroot.model.rows import Fresh

_FORM = "siteroot fingerprint 2"
#: A folder changed as lately as this could change once more within the same tick of the file system's clock.
_TICK = 20_000_000
_SECOND = 1_000_000_000


def fingerprint_name(root: str) -> str:
    """Return the name that a root's fingerprint has in the cache. Raises OSError where there is no such root."""
    status = os.stat(root)
    return f"{status.st_dev:x}-{status.st_ino:x}"


def take_fingerprint(
    root: str, folders: "Iterable[str]", files: "Iterable[str]", *, now: int
) -> bytes | None:
    """Return the fingerprint of the root, None where it cannot be relied on: something is gone, or just changed.

    `folders` are all that own a file, "" among them; `files` are those of the dist-infos, and our own. `now` is the
    time in nanoseconds.
    """
    seen_folders, seen_files = [], []
    try:
        for path in folders:
            status = os.lstat(f"{root}/{path}")
            if status.st_mtime_ns > now - _TICK:
                return None
            seen_folders.append((path, status.st_mtime_ns))
        for path in files:
            status = os.lstat(f"{root}/{path}")
            if status.st_mtime_ns > now - _TICK:
                return None
            seen_files.append((path, status.st_mtime_ns, status.st_size, status.st_ino))
    except OSError:
        return None
    return marshal.dumps((_FORM, tuple(seen_folders), tuple(seen_files)), 4)


def foretell_fingerprint(fresh: "Fresh", files: "Collection[str]") -> bytes:
    """Return the fingerprint that a root has which was made of these rows: what was placed need not be looked at.

    Inodes are not known beforehand, and 0 stands for any.
    """
    (_, _, jobs), times = fresh
    placed = {row[0]: (row[4], row[2]) for job in jobs for row in job[2]}
    placed.update((row[0], (row[3], len(row[1]))) for job in jobs for row in job[3])
    seen = [(path, placed[path][0] * _SECOND, placed[path][1], 0) for path in files]
    folders = [(path, time * _SECOND) for path, time in reversed(times)]
    return marshal.dumps((_FORM, tuple(folders), tuple(seen)), 4)


def root_unchanged(root: str, fingerprint: bytes) -> bool:
    """Whether the root still looks as it did when the fingerprint was taken. A damaged fingerprint never holds."""
    look = os.stat
    try:
        form, folders, files = marshal.loads(fingerprint)  # noqa: S302 - the cache is the user's own
        if form != _FORM:
            return False
        top = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except (OSError, EOFError, ValueError, TypeError):
        return False
    try:
        for path, mtime in folders:
            if look(path or ".", dir_fd=top, follow_symlinks=False).st_mtime_ns != mtime:
                return False
        for path, mtime, size, inode in files:
            found = look(path, dir_fd=top, follow_symlinks=False)
            if (found.st_mtime_ns, found.st_size) != (mtime, size):
                return False
            if found.st_ino != inode and inode:
                return False
    except (OSError, ValueError, TypeError):
        return False
    finally:
        os.close(top)
    return True


def read_fingerprint(folder: str, root: str, how: str) -> bytes | None:
    """Return the root's fingerprint that is kept in the folder, None where there is none that was taken `how`."""
    try:
        with open(f"{folder}/{fingerprint_name(root)}", "rb") as file:
            form, kept_how, fingerprint = marshal.loads(file.read())  # noqa: S302 - as above
    except (OSError, EOFError, ValueError, TypeError):
        return None
    return fingerprint if (form, kept_how) == (_FORM, how) else None


def write_fingerprint(folder: str, root: str, how: str, fingerprint: bytes | None) -> None:
    """Keep the root's fingerprint, or none; a folder that cannot be written costs time, nothing else."""
    try:
        slot = f"{folder}/{fingerprint_name(root)}"
        if fingerprint is None:
            fs.remove_file(slot)
            return
        fs.make_folder(folder)
        fs.write_whole(slot, marshal.dumps((_FORM, how, fingerprint), 4))
    except OSError:
        return
