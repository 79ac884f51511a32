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

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_FORM = "siteroot fingerprint 1"
#: A folder changed as lately as this could change once more within the same tick of the file system's clock.
_TICK = 20_000_000


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
            if (found.st_mtime_ns, found.st_size, found.st_ino) != (mtime, size, inode):
                return False
    except (OSError, ValueError, TypeError):
        return False
    finally:
        os.close(top)
    return True
