"""The fingerprint of a root: the times of its folders and the looks of its metadata, kept in the cache (ROOT.md 8).

    roots-v1/
        DEVICE-INODE           of the root's folder

While it holds, no owned file was added, removed or renamed and no dist-info was edited since it was taken, so what was
known of the root then is still so. It says what was seen, derived times or not. Lost or refused, everything is slower
and nothing different.

Whoever edits a file may set back its time, but not that of the last change of its status. Each hard link to a stored
file moves that for all roots which share the file, though: so a file of a dist-info whose status changed since is read,
and compared with its RECORD, before the root counts as another.

This module imports no dataclasses, typing, pathlib or re (DESIGN.md 3).
"""

import os

from siteroot import fs
from siteroot.formats.sealed import seal, unseal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from siteroot.model.rows import Fresh

_FORM = b"siteroot fingerprint 3"
#: How the file begins that a fingerprint is kept in, with how it was taken.
_SLOT_FORM = b"siteroot root 4"
#: How many letters of a sha256 a RECORD has.
_LETTERS = 43
_MOST = 512 << 20  # bytes; a root of 13,000 files has less than one million
#: A folder changed as lately as this could change once more within the same tick of the file system's clock.
_TICK = 20_000_000
_SECOND = 1_000_000_000


def fingerprint_name(root: str) -> str:
    """Return the name that a root's fingerprint has in the cache. Raises OSError where there is no such root."""
    status = os.stat(root)
    return f"{status.st_dev:x}-{status.st_ino:x}"


def take_fingerprint(
    root: str,
    folders: "Iterable[str]",
    files: "Iterable[str]",
    *,
    now: int,
    before: bytes | None = None,
    touched: "Collection[str]" = (),
) -> bytes | None:
    """Return the fingerprint of the root, None where it cannot be relied on: something is gone, or just changed.

    `folders` are all that own a file, "" among them; `files` are those of the dist-infos, and our own. `now` is the
    time in nanoseconds. `before` is a fingerprint that held until the folders and files that were `touched` changed:
    only these are looked at, and whatever else somebody changes meanwhile will be noticed.
    """
    seen_folders, seen_files = [], []
    times, looks = _known(before, touched)
    look = os.stat
    try:
        top = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        for path in folders:
            if path in times:
                seen_folders.append((path, times[path]))
                continue
            status = look(path or ".", dir_fd=top, follow_symlinks=False)
            if status.st_mtime_ns > now - _TICK:
                return None
            seen_folders.append((path, status.st_mtime_ns))
        for path in files:
            if path in looks:
                seen_files.append(looks[path])
                continue
            status = look(path, dir_fd=top, follow_symlinks=False)
            if status.st_mtime_ns > now - _TICK:
                return None
            seen_files.append((path, status.st_mtime_ns, status.st_size, status.st_ino))
    except OSError:
        return None
    finally:
        os.close(top)
    return seal(_FORM, (tuple(seen_folders), tuple(seen_files)))


def _known(
    fingerprint: bytes | None, touched: "Collection[str]"
) -> "tuple[dict[str, int], dict[str, tuple[str, int, int, int]]]":
    """Return what a fingerprint says of folders and files, those that were touched aside."""
    if fingerprint is None:
        return {}, {}
    folders, files = unseal(_FORM, fingerprint)
    return (
        {path: time for path, time in folders if path not in touched},
        {row[0]: row for row in files if row[0] not in touched},
    )


def foretell_fingerprint(fresh: "Fresh", files: "Collection[str]") -> bytes:
    """Return the fingerprint that a root has which was made of these rows: what was placed need not be looked at.

    Inodes are not known beforehand, and 0 stands for any.
    """
    (_, _, jobs), times = fresh
    asked = frozenset(files)
    placed = {row[0]: (row[4], row[2]) for job in jobs for row in job[2] if row[0] in asked}
    placed.update((row[0], (row[3], len(row[1]))) for job in jobs for row in job[3])
    seen = [(path, placed[path][0] * _SECOND, placed[path][1], 0) for path in files]
    folders = [(path, time * _SECOND) for path, time in reversed(times)]
    return seal(_FORM, (tuple(folders), tuple(seen)))


def find_fingerprint(folder: str, root: str, how: str, *, now: int) -> bytes | None:
    """Return the root's fingerprint that is kept in the folder and was taken `how`, None unless the root still looks so.

    A damaged one never holds. Where files had to be read for that, it is kept as of `now`, a time in nanoseconds, so that it is done once.
    """
    try:
        content = fs.read_plain(f"{folder}/{fingerprint_name(root)}", _MOST)
        kept_how, since, fingerprint = unseal(_SLOT_FORM, content)
        doubtful = _doubtful(root, fingerprint, since) if kept_how == how else None
    except (OSError, ValueError, TypeError):
        return None
    if doubtful is None or not _as_recorded(root, doubtful):
        return None
    if doubtful:
        keep_fingerprint(folder, root, how, fingerprint, now=now)
    return bytes(fingerprint)


def _doubtful(root: str, fingerprint: bytes, since: int) -> "list[tuple[str, int]] | None":
    """Return the files that look as they did, and their sizes, whose status changed; None where the root changed.

    Raises OSError, ValueError or TypeError where it cannot be looked at, or the fingerprint is damaged.
    """
    look = os.stat
    doubtful = []
    folders, files = unseal(_FORM, fingerprint)
    top = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for path, mtime in folders:
            found = look(path or ".", dir_fd=top, follow_symlinks=False)
            if found.st_mtime_ns != mtime or found.st_ctime_ns > since:
                return None
        for path, mtime, size, inode in files:
            found = look(path, dir_fd=top, follow_symlinks=False)
            if (found.st_mtime_ns, found.st_size) != (mtime, size):
                return None
            if found.st_ino != inode and inode:
                return None
            if found.st_ctime_ns > since:
                doubtful.append((path, size))
    finally:
        os.close(top)
    return doubtful


def _as_recorded(root: str, files: "list[tuple[str, int]]") -> bool:
    """Whether these files of dist-infos have the bytes that their RECORDs say, which are not among them."""
    if not files:
        return True
    import hashlib  # noqa: PLC0415 - 3 ms, where a status changed
    from base64 import urlsafe_b64encode  # noqa: PLC0415

    records: dict[str, bytes] = {}
    for path, size in files:
        library, mark, own = path.rpartition(".dist-info/")
        dist_info = library + mark
        name = os.fsencode(f"{os.path.basename(library)}{mark}{own}")
        try:
            if dist_info not in records:
                records[dist_info] = b"\n" + fs.read_plain(f"{root}/{dist_info}RECORD", _MOST)
            content = fs.read_plain(f"{root}/{path}", size, follow=False)
        except (OSError, ValueError):
            return False
        _, found, row = records[dist_info].partition(b"\n%b,sha256=" % name)
        if not found or row[:_LETTERS] != urlsafe_b64encode(hashlib.sha256(content).digest())[:-1]:
            return False
    return True


def keep_fingerprint(
    folder: str, root: str, how: str, fingerprint: bytes | None, *, now: int
) -> None:
    """Keep the root's fingerprint of the time `now` in nanoseconds, or none.

    A folder that cannot be written costs time, nothing else.
    """
    try:
        slot = f"{folder}/{fingerprint_name(root)}"
        if fingerprint is None:
            fs.remove_file(slot)
            return
        fs.make_folder(folder)
        fs.write_whole(slot, seal(_SLOT_FORM, (how, now, fingerprint)))
    except OSError:
        return
