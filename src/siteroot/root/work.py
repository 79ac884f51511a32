"""`.siteroot`, the folder in a root that holds a change at work: what it says, how it comes, and how it goes.

Each area of a change (`areas`) has one; that of the root itself says how far the change is:

    .siteroot/
        begin                  pid, and the areas with the times that their folders had
        new/                   the staged files, by path
        journal                the whole change, written as journal.part and renamed: the moment from which it holds
        journal.undo           journal, renamed: it is being taken back
        journal.undone         ... and has been: the old tree stands, what is left is to be removed
        journal.done           journal, renamed: the new tree stands, what is left is to be removed
        old/N                  the old file of move N
        lock                   only where the file system has no flock on folders

The name of the last file that is there (`Marker`) says what is due, so each step is one rename.

DIR's own time changes with every name in it, `.siteroot` among them, so the time to give it must be on the disk before
that name comes and after it has gone. Therefore the folder is made as `.siteroot-NANOSECONDS`, with DIR's time in its
name, and renamed when `begin` is in it; at the end it is renamed to that form again before the last file in it is
removed. Whoever finds such a folder removes it and gives DIR that time; it is ours if it holds nothing, or one such file
alone that begins as our journals do. Between the last two calls, rmdir and utime,
the time stands in an extended attribute of DIR, which does not change it. Where the file system has none of these,
a kill just there leaves a whole tree with the present as DIR's own time. The times of areas outside are in `begin`
before their `.siteroot` is made.
"""

import errno
import os
from collections.abc import Sequence
from contextlib import suppress
from enum import StrEnum

from siteroot import fs
from siteroot.formats.journal_log import Journal, begins_as_journal, parse_journal, render_journal
from siteroot.model.reserved import WORK_FOLDER
from siteroot.model.rows import FolderTime

from .areas import NEW, OLD, area_path, open_base
from .faults import RecoveryError
from .harden import harden, harden_open
from .lock import LOCK_FILE


class Marker(StrEnum):
    """The files that say how far a change is, the last first: the first of them that is there counts."""

    UNDONE = "journal.undone"
    UNDO = "journal.undo"
    DONE = "journal.done"
    JOURNAL = "journal"
    BEGIN = "begin"


_PART = "journal.part"
_OURS = frozenset((*Marker, _PART, NEW, OLD, LOCK_FILE))
_EARLY = frozenset(
    (Marker.BEGIN, Marker.UNDONE, Marker.DONE)
)  # what a folder with a time in its name may hold
_TIME = "user.siteroot.time"  # the extended attribute


# -- looking ----------------------------------------------------------------------------------------------------------


def work_due(root: str) -> bool:
    """Whether there is anything of a change in the root, at work or interrupted."""
    try:
        names = os.listdir(root)
    except OSError:
        return False
    if any(_is_early(root, name) for name in names) or _noted_time(root) is not None:
        return True
    return WORK_FOLDER in names and work_stands(root)


def work_stands(root: str) -> bool:
    """Whether there is a work folder with more in it than the lock."""
    return bool(_names(f"{root}/{WORK_FOLDER}") - {LOCK_FILE})


def find_marker(root: str) -> Marker | None:
    """Return what the work folder says, None where nothing. RecoveryError where it holds what is not siteroot's."""
    work = f"{root}/{WORK_FOLDER}"
    names = _names(work)
    marker = next((marker for marker in Marker if marker in names), None)
    begin = f".{Marker.BEGIN}."
    partial = {name for name in names if name.startswith(begin) and name.endswith(".part")}
    # all else comes after the first marker and goes before the last
    unknown = sorted(names - partial - (_OURS if marker else {LOCK_FILE}))
    if unknown:
        raise _foreign(work, f"it holds {unknown[0]}, which siteroot did not put there")
    return marker


def _foreign(work: str, why: str) -> RecoveryError:
    return RecoveryError(
        why,
        where=work,
        hints=("The name .siteroot is reserved in a root: move what is not siteroot's away.",),
    )


def _is_journal(path: str) -> bool:
    """Whether a file may be a journal of ours, to judge by how it begins."""
    try:
        with open(os.open(path, fs.FILE_FLAGS), "rb") as stream:
            return begins_as_journal(stream.read(32))
    except OSError:
        return False


def require_writable(root: str) -> None:
    """Raise PermissionError where this user may not write in the work folder: before the first move, not after some."""
    work = f"{root}/{WORK_FOLDER}"
    effective = os.access in os.supports_effective_ids
    for path in (work, f"{work}/{NEW}", f"{work}/{OLD}"):
        if not os.path.isdir(path):
            continue
        if not os.access(path, os.W_OK | os.X_OK, effective_ids=effective):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)


def read_journal(root: str, marker: Marker, *, outside: Sequence[str]) -> Journal:
    """Return the journal in the file that was found. Raises JournalSyntaxError."""
    path = f"{root}/{WORK_FOLDER}/{marker}"
    with open(os.open(path, fs.FILE_FLAGS), "rb") as stream:
        return parse_journal(stream.read(), path, outside=outside)


def _names(folder: str) -> set[str]:
    """Return the names in a folder, none where it is absent. RecoveryError where it is a link or a file."""
    try:
        descriptor = fs.open_folder(folder)
    except FileNotFoundError:
        return set()
    except NotADirectoryError as error:
        raise _foreign(folder, "it is a file or a link, and no folder of siteroot's") from error
    try:
        return set(os.listdir(descriptor))
    finally:
        os.close(descriptor)


def _is_early(root: str, name: str) -> bool:
    """Whether it is a work folder that is not yet, or no longer, in force: `.siteroot-NANOSECONDS`."""
    if _early_time(name) is None:
        return False
    try:
        names = _names(f"{root}/{name}")
    except (OSError, RecoveryError):
        return False  # a file or a link: somebody else's
    return not names or (
        len(names) == 1 and names <= _EARLY and _is_journal(f"{root}/{name}/{min(names)}")
    )


def _early_time(name: str) -> int | None:
    digits = name.removeprefix(f"{WORK_FOLDER}-")
    return None if digits == name else _as_time(digits)


def _as_time(text: str) -> int | None:
    digits = text.removeprefix("-")  # before 1970
    if not (digits.isascii() and digits.isdigit() and len(digits) < 20):
        return None
    return int(text)


def _noted_time(root: str) -> int | None:
    """Return the time that DIR was to be given when a change was interrupted at its very end."""
    noted = fs.read_attribute(root, _TIME)
    return None if noted is None else _as_time(noted.decode("ascii", "replace"))


# -- going on ---------------------------------------------------------------------------------------------------------


def begin_work(root: str, bases: Sequence[str], writer: fs.Writer) -> tuple[FolderTime, ...]:
    """Make the work folders; return the areas, with the times that their folders had."""
    areas = tuple((base, os.stat(area_path(root, base)).st_mtime_ns) for base in bases)
    work = f"{root}/{WORK_FOLDER}"
    content = render_journal(Journal(pid=os.getpid(), areas=areas))
    if os.path.lexists(f"{work}/{LOCK_FILE}"):  # the folder came with the lock
        fs.write_whole(f"{work}/{Marker.BEGIN}", content, sync=writer.durable, writer=writer)
    else:
        early = f"{work}-{areas[0][1]}"
        writer.mkdir(early, 0o755)
        writer.chmod(early, 0o755)
        fs.write_file(f"{early}/{Marker.BEGIN}", content, writer=writer)
        harden(f"{early}/{Marker.BEGIN}", writer=writer)
        harden(early, writer=writer)
        writer.rename(early, work)
    harden(root, writer=writer)
    for base in bases:
        folder = f"{area_path(root, base)}/{WORK_FOLDER}"
        if base:
            writer.mkdir(folder, 0o755)
        for name in (NEW, OLD):
            writer.mkdir(f"{folder}/{name}", 0o755)
    return areas


def write_journal(root: str, journal: Journal, writer: fs.Writer) -> None:
    """Write the change down: from here on it holds."""
    part = f"{root}/{WORK_FOLDER}/{_PART}"
    fs.write_file(part, render_journal(journal), writer=writer)
    harden(part, writer=writer)
    writer.rename(part, f"{root}/{WORK_FOLDER}/{Marker.JOURNAL}")
    harden(f"{root}/{WORK_FOLDER}", writer=writer)


def mark(root: str, old: Marker, new: Marker, writer: fs.Writer) -> None:
    """Say that the change is one step further."""
    writer.rename(f"{root}/{WORK_FOLDER}/{old}", f"{root}/{WORK_FOLDER}/{new}")
    harden(f"{root}/{WORK_FOLDER}", writer=writer)


# -- going away -------------------------------------------------------------------------------------------------------


def clear_work(root: str, marker: Marker, journal: Journal, writer: fs.Writer) -> None:
    """Remove the work folders and give the areas' folders their times; the marker goes last."""
    times = {base: _final_time(root, base, marker, journal) for base, _ in journal.areas}
    for base, _ in journal.areas:
        if base:
            _clear_area(root, base, marker, times[base], writer)
    work = f"{root}/{WORK_FOLDER}"
    descriptor = fs.open_folder(work)
    try:
        for name in sorted(set(os.listdir(descriptor)) - {marker, LOCK_FILE}):
            fs.remove_tree(name, folder=descriptor, writer=writer)
        harden_open(descriptor, writer=writer)  # all else is gone before the marker
        locked = LOCK_FILE in os.listdir(descriptor)
    finally:
        os.close(descriptor)
    if locked:  # the folder goes with the lock
        fs.set_folder_time(root, times[""], writer=writer)
        fs.remove_file(f"{work}/{marker}", writer=writer)
        harden(work, writer=writer)
        return
    late = f"{work}-{times['']}"
    writer.rename(work, late)
    fs.remove_file(f"{late}/{marker}", writer=writer)
    _leave(root, late, times[""], writer)


def _clear_area(root: str, base: str, marker: Marker, mtime_ns: int, writer: fs.Writer) -> None:
    """Remove an area's work folder and give the area its time; one that is not there any more is let be."""
    try:
        folder = open_base(root, base)
    except FileNotFoundError:
        return
    try:
        # Nothing is saved before the journal holds: then old files are those of another root that came in between.
        if marker is Marker.BEGIN and _holds_old_files(folder):
            return
        fs.remove_tree(WORK_FOLDER, folder=folder, writer=writer)
        fs.set_folder_time(folder, mtime_ns, writer=writer)
        harden_open(folder, writer=writer)
    finally:
        os.close(folder)


def _holds_old_files(folder: int) -> bool:
    try:
        opened = fs.open_folder(f"{WORK_FOLDER}/{OLD}", folder=folder)
    except (FileNotFoundError, NotADirectoryError):
        return False
    try:
        return bool(os.listdir(opened))
    finally:
        os.close(opened)


def clear_early(root: str, writer: fs.Writer) -> Marker | None:
    """Remove work folders not yet, or no longer, in force, and give DIR its time; return what they said, if any.

    DONE is a change whose new tree stands, UNDONE one of which nothing, or nothing any more, was there.
    """
    ended: Marker | None = None
    for name in os.listdir(root):
        time = _early_time(name)
        if time is None or not _is_early(root, name):
            continue
        folder = f"{root}/{name}"
        ended = Marker.DONE if os.path.lexists(f"{folder}/{Marker.DONE}") else Marker.UNDONE
        for marker in _EARLY:
            fs.remove_file(f"{folder}/{marker}", writer=writer)
        _leave(root, folder, time, writer)
    time = _noted_time(root)
    if time is not None:
        _give_time(root, time, writer)
        ended = Marker.DONE
    return ended


def clear_remains(root: str, writer: fs.Writer) -> None:
    """Remove a work folder that says nothing: nothing can have been moved. DIR keeps the time that it has."""
    mtime = os.stat(root).st_mtime_ns
    work = f"{root}/{WORK_FOLDER}"
    for name in sorted(_names(work)):
        fs.remove_tree(f"{work}/{name}", writer=writer)
    _leave(root, work, mtime, writer)


def _leave(root: str, emptied: str, time: int, writer: fs.Writer) -> None:
    """Remove the emptied work folder, and give DIR the time, which stands in an attribute meanwhile."""
    with suppress(OSError):  # without it, the time is lost to whom a kill strikes just here
        writer.setxattr(root, _TIME, b"%d" % time)
    writer.rmdir(emptied)
    _give_time(root, time, writer)
    harden(root, writer=writer)


def _give_time(root: str, time: int, writer: fs.Writer) -> None:
    fs.set_folder_time(root, time, writer=writer)
    if fs.read_attribute(root, _TIME) is not None:
        writer.removexattr(root, _TIME)


def _final_time(root: str, base: str, marker: Marker, journal: Journal) -> int:
    """Return the time that an area's folder gets: the old one, unless names in it changed.

    Where they did and nobody derived a time, it is what the moves left.
    """
    before = dict(journal.areas)[base]
    if marker != Marker.DONE:
        return before
    for folder, time in journal.times:
        if folder == base:
            return time * 1_000_000_000
    if any(
        path.rpartition("/")[0] == base for kind, path, _ in journal.entries if kind != "replace"
    ):
        return os.stat(area_path(root, base)).st_mtime_ns
    return before
