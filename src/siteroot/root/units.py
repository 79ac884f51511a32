"""What one process places at a time: the rows of one job, or a part of them.

Every stored file is looked at before it is used (ROOT.md 7): one whose size, mtime, mode or owner is not the
manifest's may have been edited through another root that shares it by hard link, so it is read. Right bytes become
a new file by copy; wrong ones are noted in the errand, and the rest goes on, so that one fetch mends them all.

This module imports no dataclasses, typing, pathlib or re (DESIGN.md 3).
"""

import errno
import marshal
import os
import stat

from siteroot import fs
from siteroot.model.rows import Job, PackedJob, RenderedRow, StoredRow

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

#: A part of a job: (job, first stored row, row after the last).
Unit = tuple[Job | PackedJob, int, int]

#: Progress is told, and a worker looks for its parent, once in so many files.
_BATCH = 64
#: What opening a stored file fails with that is not there, is a link or a socket, or may not be read: the store lacks it.
LACKING = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.EACCES, errno.EPERM, errno.ENXIO)


class Errand:
    """What all units of one placing share: where to, how, and what came of it."""

    __slots__ = (
        "copied",
        "done",
        "exact",
        "folder",
        "mode",
        "parent",
        "poisoned",
        "tell",
        "writer",
    )

    def __init__(
        self,
        folder: int,
        mode: str,
        *,
        exact: bool,
        tell: "Callable[[int], None]",
        writer: fs.Writer,
    ) -> None:
        self.folder = folder
        self.mode = mode
        self.exact = exact  # whether new files get the mode they are made with
        self.tell = tell
        self.writer = writer
        self.parent = 0  # in a worker: the process to live as long as
        self.done = 0
        self.copied = False  # whether files that were to be links were copied
        self.poisoned: list[tuple[str, str, str]] = []


def count_rows(job: Job | PackedJob) -> int:
    """Return how many stored files a job has."""
    return job[3] if len(job) == 6 else len(job[2])


def unpack(job: Job | PackedJob) -> Job:
    """Return the job with its rows."""
    if len(job) == 4:
        return job
    source, label, packed, _, _, rendered = job
    return source, label, marshal.loads(packed), rendered  # noqa: S302 - of our own memo


def place_unit(unit: Unit, errand: Errand) -> None:
    """Place one unit's files; rendered files go with a job's first unit."""
    job, start, stop = unit
    source, label, stored, rendered = unpack(job)
    if start == 0:
        for row in rendered:
            _render(row, errand)
    if start == stop:
        return
    try:
        opened = os.open(source, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        if error.errno not in LACKING:
            raise
        errand.poisoned.append((label, source, stored[start][1]))
        return
    try:
        owner = os.fstat(opened).st_uid
        rows = stored if stop - start == len(stored) else stored[start:stop]
        if errand.mode in ("hardlink", "symlink"):
            _link_rows(rows, opened, owner, (label, source), errand)
        else:
            _copy_rows(rows, opened, owner, (label, source), errand)
    finally:
        os.close(opened)


def _render(row: RenderedRow, errand: Errand) -> None:
    path, content, mode, mtime = row
    fs.write_file(
        path,
        content,
        folder=errand.folder,
        mode=mode,
        mtime=mtime,
        fix_mode=not errand.exact,
        writer=errand.writer,
    )
    _count(errand)


def _count(errand: Errand) -> None:
    errand.done += 1
    if errand.done >= _BATCH:
        flush(errand)


def flush(errand: Errand) -> None:
    """Report what was done; in a worker, end with the parent."""
    if errand.done:
        errand.tell(errand.done)
        errand.done = 0
    if errand.parent and os.getppid() != errand.parent:
        os._exit(1)


def _link_rows(
    rows: "Sequence[StoredRow]",
    opened: int,
    owner: int,
    origin: tuple[str, str],
    errand: Errand,
) -> None:
    """Place rows as hard or symbolic links; where that cannot be, as copies."""
    folder, symbolic = errand.folder, errand.mode == "symlink"
    link, symlink, look = errand.writer.link, errand.writer.symlink, os.stat
    for row in rows:
        path, name, size, mode, mtime, _ = row
        try:
            found = look(name, dir_fd=opened, follow_symlinks=False)
        except OSError as error:
            if error.errno not in LACKING:
                raise
            errand.poisoned.append((*origin, name))
            continue
        if (
            found.st_size != size
            or found.st_mtime_ns != mtime * 1_000_000_000
            or found.st_mode != mode | stat.S_IFREG
            or found.st_uid != owner
        ):
            _mend(row, opened, origin, errand)
            continue
        try:
            if symbolic:
                symlink(f"{origin[1]}/{name}", path, dir_fd=folder)
            else:
                link(name, path, src_dir_fd=opened, dst_dir_fd=folder)
        except OSError as error:
            if error.errno not in fs.FALLBACKS:
                raise
            errand.copied = True
            _copy_rows((row,), opened, owner, origin, errand)
            continue
        errand.done += 1
        if errand.done >= _BATCH:
            flush(errand)


def _copy_rows(
    rows: "Sequence[StoredRow]",
    opened: int,
    owner: int,
    origin: tuple[str, str],
    errand: Errand,
) -> None:
    """Place rows as files of their own, by clone or by copy."""
    folder, exact, cloning = errand.folder, errand.exact, errand.mode == "clone"
    writer = errand.writer
    create, utime, open_, close, look = writer.create, writer.utime, os.open, os.close, os.fstat
    for row in rows:
        path, name, size, mode, mtime, _ = row
        try:
            source = open_(name, fs.FILE_FLAGS, dir_fd=opened)
        except OSError as error:
            if error.errno not in LACKING:
                raise
            errand.poisoned.append((*origin, name))
            continue
        try:
            found = look(source)
            if (
                found.st_size != size
                or found.st_mtime_ns != mtime * 1_000_000_000
                or found.st_mode != mode | stat.S_IFREG
                or found.st_uid != owner
            ):
                _mend(row, opened, origin, errand)
                continue
            target = create(path, fs.CREATE_FLAGS, mode, dir_fd=folder)
            try:
                if not exact:
                    writer.chmod(target, mode)
                if not (cloning and _cloned(source, target, writer)):
                    copied = fs.copy_content(source, target, size, writer=writer)
                    if copied != size:
                        errand.poisoned.append((*origin, name))  # it shrank while it was read
                        continue
                utime(target, (mtime, mtime))
            finally:
                close(target)
        finally:
            close(source)
        errand.done += 1
        if errand.done >= _BATCH:
            flush(errand)


def _cloned(source: int, target: int, writer: fs.Writer) -> bool:
    try:
        writer.clone(target, source)
    except OSError as error:
        if error.errno not in fs.FALLBACKS:
            raise
        return False
    return True


def _mend(row: StoredRow, opened: int, origin: tuple[str, str], errand: Errand) -> None:
    """Place a file whose looks are wrong but whose bytes may be right: a cache restored, chowned or copied."""
    import hashlib  # noqa: PLC0415 - 3 ms that a sound store never needs

    path, name, size, mode, mtime, digest = row
    try:
        source = os.open(name, fs.FILE_FLAGS, dir_fd=opened)
    except OSError as error:
        if error.errno not in LACKING:
            raise
        errand.poisoned.append((*origin, name))
        return
    found = os.fstat(source)
    if found.st_size != size or not stat.S_ISREG(found.st_mode):
        os.close(source)
        errand.poisoned.append((*origin, name))
        return
    with open(source, "rb", buffering=0) as stream:
        content = stream.read(size) or b""
        while len(content) < size:
            more = stream.read(size - len(content))
            if not more:
                break
            content += more
    if hashlib.sha256(content).digest() == digest:
        _render((path, content, mode, mtime), errand)
    else:
        errand.poisoned.append((*origin, name))
