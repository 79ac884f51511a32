"""A change to a root that exists: whatever happens, it comes out as the old tree or as the new one (ROOT.md 3).

While it lasts everything lies in one folder of the root (and of each area outside of it, `areas`):

    .siteroot/
        begin                  pid, and the areas with the times that their folders had
        new/                   the staged files, by path
        journal                the whole change, written as journal.part and renamed: the moment from which it holds
        journal.undo           journal, renamed: it is being taken back
        journal.undone         ... and has been: the old tree stands, what is left is to be removed
        journal.done           journal, renamed: the new tree stands, what is left is to be removed
        old/N                  the old file of move N
        lock                   only where the file system has no flock on folders

The name of the last file that is there says what is due, so each step is one rename, and recovery (`recover_root`)
needs to know nothing else:

    begin, no journal          nothing outside `.siteroot` was touched: remove it                      -> old
    journal                    do all moves, done ones included (`moves`)                              -> new
    journal.undo               undo all moves, undone ones included                                    -> old
    journal.undone, .done      remove the rest, give the folders outside and DIR their times           -> old, new

DIR's own time changes with every name in it, `.siteroot` among them, so the time to give it must be on the disk before
that name comes and after it has gone. Therefore the folder is made as `.siteroot-NANOSECONDS`, with DIR's time in its
name, and renamed when `begin` is in it; at the end it is renamed to that form again before the last file in it is
removed. Whoever finds such a folder removes it and gives DIR that time. Only between the last two calls of all, rmdir
and utime, is DIR's time nowhere: a kill just there leaves a whole tree with the present as DIR's own time. The times
of areas outside are in `begin` before their `.siteroot` is made.
"""

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum

from siteroot import fs
from siteroot.errors import InvariantError, SiterootError
from siteroot.formats.journal_log import Entry, Journal, parse_journal, render_journal
from siteroot.model.root import WORK_FOLDER
from siteroot.model.rows import Change, Job, Move, Staging

from .areas import NEW, OLD, Area, Folders, area_path, find_bases, open_areas, split_path
from .faults import (
    ApplyFailedError,
    DriftedError,
    RecoveryError,
    apply_failed,
    explain_os_error,
    name_of,
)
from .lock import LOCK_FILE
from .moves import perform, take_back
from .placing import place

_BEGIN = "begin"
_PART = "journal.part"
_JOURNAL = "journal"
_UNDO = "journal.undo"
_UNDONE = "journal.undone"
_DONE = "journal.done"
#: The last first: the first of them that is there says what is due.
_MARKERS = (_UNDONE, _UNDO, _DONE, _JOURNAL, _BEGIN)
_OURS = frozenset((*_MARKERS, _PART, NEW, OLD, LOCK_FILE))


class Outcome(Enum):
    """What became of an interrupted change."""

    FINISHED = "finished"
    RESTORED = "taken back"


@dataclass(frozen=True, slots=True)
class Recovered:
    """An interrupted change was finished or taken back."""

    outcome: Outcome


# -- applying ---------------------------------------------------------------------------------------------------------


def apply_change(
    root: str,
    change: Change,
    *,
    link_mode: str | None = None,
    workers: int | None = None,
    advanced: Callable[[int], None] | None = None,
    writer: fs.Writer = fs.DISK,
) -> bool:
    """Bring the root from its old tree to the new one; return whether files that were to be links were copied.

    The caller holds the root's lock and has recovered it. Raises PoisonedError, WorkerLostError, InTheWayError or
    DriftedError, and the old tree stands again; or ApplyFailedError, which says whether it does. Interrupted, it
    takes the change back before KeyboardInterrupt goes on.
    """
    staging = change[0]
    _check_moves(staging, change[1])
    if recovery_due(root):
        raise InvariantError(f"{root} is to be recovered before it is changed")
    bases = find_bases(root, staging[0])
    try:
        areas = _begin(root, bases, writer)
        copied = _stage(root, staging, bases, link_mode, workers, advanced, writer)
        journal = _write_down(root, change, areas)
        _commit(root, journal, writer)
        _forward(root, journal, writer)
    except BaseException as error:
        _give_up(root, staging[0], error, writer)
        raise
    try:
        _clear(root, _DONE, journal, writer)
    except OSError as error:
        raise ApplyFailedError(
            f"the change is made, but {name_of(error, WORK_FOLDER)} cannot be removed:"
            f" {explain_os_error(error)}",
            restored=False,
            where=root,
        ) from error
    return copied


def _check_moves(staging: Staging, moves: Sequence[Move]) -> None:
    """Raise InvariantError unless the staged files are those that the moves put into place."""
    staged = {row[0] for job in staging[2] for rows in job[2:4] for row in rows}
    moved = {path for kind, path in moves if kind in ("place", "replace")}
    if staged != moved:
        raise InvariantError(f"staged and moved files differ: {sorted(staged ^ moved)[:3]}")


def _begin(root: str, bases: Sequence[str], writer: fs.Writer) -> tuple[tuple[str, int], ...]:
    """Make the work folders; return the areas, with the times that their folders had."""
    areas = tuple((base, os.stat(area_path(root, base)).st_mtime_ns) for base in bases)
    work = f"{root}/{WORK_FOLDER}"
    content = render_journal(Journal(pid=os.getpid(), areas=areas))
    if os.path.lexists(f"{work}/{LOCK_FILE}"):  # the folder came with the lock
        fs.write_whole(f"{work}/{_BEGIN}", content, writer=writer)
    else:
        early = f"{work}-{areas[0][1]}"
        writer.mkdir(early, 0o755)
        writer.chmod(early, 0o755)
        fs.write_file(f"{early}/{_BEGIN}", content, writer=writer)
        writer.rename(early, work)
    for base in bases:
        folder = f"{area_path(root, base)}/{WORK_FOLDER}"
        if base:
            writer.mkdir(folder, 0o755)
        for name in (NEW, OLD):
            writer.mkdir(f"{folder}/{name}", 0o755)
    return areas


def _stage(
    root: str,
    staging: Staging,
    bases: Sequence[str],
    link_mode: str | None,
    workers: int | None,
    advanced: Callable[[int], None] | None,
    writer: fs.Writer,
) -> bool:
    """Place the staged tree into the areas' `new/`."""
    top = f"{root}/{WORK_FOLDER}/{NEW}"
    if len(bases) > 1 or staging[0]:
        top = root
        staging = _spread(staging, bases)
    descriptor = fs.open_folder(top)
    try:
        return place(
            staging,
            descriptor,
            link_mode=link_mode,
            workers=workers,
            advanced=advanced,
            writer=writer,
        )
    finally:
        os.close(descriptor)


def _spread(staging: Staging, bases: Sequence[str]) -> Staging:
    """Return the staging with its paths led into the areas' own `new/`, relative to the root."""

    def staged(path: str) -> str:
        at, relative = split_path(path, bases)
        base = f"{bases[at]}/" if bases[at] else ""
        return f"{base}{WORK_FOLDER}/{NEW}/{relative}"

    anchors, folders, jobs = staging
    # Anchors are folders of the staged tree too, where they are not an area's base themselves.
    needed = [part for anchor in anchors for part in _below_base(anchor, bases)]
    # One area's base may lie below another's scheme folder (data holds headers): `new/` stands for it.
    unique = [each for each in dict.fromkeys([*needed, *folders]) if each not in bases]
    spread: list[Job] = [
        (
            source,
            label,
            tuple([(staged(row[0]), *row[1:]) for row in stored]),
            tuple([(staged(row[0]), *row[1:]) for row in rendered]),
        )
        for source, label, stored, rendered in jobs
    ]
    return (), tuple([staged(folder) for folder in unique]), tuple(spread)


def _below_base(folder: str, bases: Sequence[str]) -> list[str]:
    """Return the folder and its parents up to, and without, its area's base, outermost first."""
    at, relative = split_path(folder, bases)
    parts = relative.split("/") if relative else []
    base = f"{bases[at]}/" if bases[at] else ""
    return [base + "/".join(parts[:count]) for count in range(1, len(parts) + 1)]


def _write_down(root: str, change: Change, areas: Sequence[tuple[str, int]]) -> Journal:
    """Return the change's journal, with what only the disk knows: the folders' times, modes and owners before.

    Folders that lead to absent anchors are made first.
    """
    staging, moves, times, kept_times = change
    bases = [base for base, _ in areas]
    planned = {path for kind, path in moves if kind == "make"}
    lacking = dict.fromkeys(part for anchor in staging[0] for part in _below_base(anchor, bases))
    every = [*(("make", part) for part in lacking if part not in planned), *moves]
    entries: list[Entry] = []
    before = dict(kept_times)
    looked: set[str] = set()
    tops = [Folders(fs.open_folder(area_path(root, base)), root) for base in bases]
    try:
        for kind, path in every:
            note = ""
            if kind in ("make", "drop"):
                status = _look(tops, path, bases)
                note = _folder_note(kind, status)
                if status is not None:
                    before[path] = status.st_mtime_ns
            folder = path.rpartition("/")[0]
            if folder not in looked:
                looked.add(folder)
                status = _look(tops, folder, bases)
                if status is not None:
                    before[folder] = status.st_mtime_ns
            entries.append((kind, path, note))
    finally:
        for top in tops:
            top.close()
    return Journal(
        pid=os.getpid(),
        areas=tuple(areas),
        entries=tuple(entries),
        times=times,
        kept_times=tuple(before.items()),
    )


def _look(tops: Sequence[Folders], folder: str, bases: Sequence[str]) -> os.stat_result | None:
    at, relative = split_path(folder, bases)
    try:
        return os.fstat(tops[at].open(relative))
    except (
        FileNotFoundError,
        DriftedError,
    ):  # what stands in the way is moved first, or refused then
        return None


def _folder_note(kind: str, status: os.stat_result | None) -> str:
    if kind == "make":
        return "made" if status is None else "kept"
    if status is None:
        return ""
    return f"{status.st_mode & 0o7777:o}:{status.st_uid}:{status.st_gid}"


def _commit(root: str, journal: Journal, writer: fs.Writer) -> None:
    part = f"{root}/{WORK_FOLDER}/{_PART}"
    fs.write_file(part, render_journal(journal), writer=writer)
    writer.rename(part, f"{root}/{WORK_FOLDER}/{_JOURNAL}")


def _forward(root: str, journal: Journal, writer: fs.Writer) -> None:
    """Do what the journal says, or the rest of it."""
    with open_areas(root, [base for base, _ in journal.areas]) as areas:
        perform(areas, journal.entries, writer=writer)
        seconds = [(folder, time * 1_000_000_000) for folder, time in journal.times]
        _set_times(areas, seconds, writer)
    _mark(root, _JOURNAL, _DONE, writer)


def _back(root: str, journal: Journal, writer: fs.Writer) -> None:
    """Undo what was done of the journal, or the rest of it."""
    with open_areas(root, [base for base, _ in journal.areas]) as areas:
        take_back(areas, journal.entries, writer=writer)
        _set_times(areas, journal.kept_times, writer)
    _mark(root, _UNDO, _UNDONE, writer)


def _mark(root: str, old: str, new: str, writer: fs.Writer) -> None:
    writer.rename(f"{root}/{WORK_FOLDER}/{old}", f"{root}/{WORK_FOLDER}/{new}")


def _set_times(areas: Sequence[Area], times: Sequence[tuple[str, int]], writer: fs.Writer) -> None:
    """Set folders' times; the areas' own come later, when their `.siteroot` has gone."""
    bases = [area.base for area in areas]
    for folder, time in times:
        at, relative = split_path(folder, bases)
        if relative:
            with suppress(FileNotFoundError, DriftedError):  # it is not the folder that it was
                writer.utime(areas[at].folders.open(relative), ns=(time, time))


# -- going back, recovering -------------------------------------------------------------------------------------------


def _give_up(root: str, outside: Sequence[str], error: BaseException, writer: fs.Writer) -> None:
    """Take the change back after `error`; raise ApplyFailedError for one of the system's, or where it cannot be."""
    try:
        recovery = _settle(root, outside, writer, forward=False)
    except (OSError, SiterootError) as fault:
        reason = explain_os_error(fault) if isinstance(fault, OSError) else str(fault)
        cause = explain_os_error(error) if isinstance(error, OSError) else str(error)
        raise ApplyFailedError(
            f"the change failed ({cause}) and could not be taken back yet ({reason})",
            restored=False,
            where=root,
        ) from error
    if isinstance(error, OSError):
        restored = recovery != Recovered(Outcome.FINISHED)
        raise apply_failed(error, root, restored=restored) from error


def recovery_due(root: str) -> bool:
    """Whether a change of the root was interrupted, or is being made right now by another process."""
    try:
        names = os.listdir(root)
    except OSError:
        return False
    if any(_early_time(name) is not None for name in names):
        return True
    return WORK_FOLDER in names and _work_names(root) - {LOCK_FILE} != set()


def recover_root(
    root: str,
    *,
    outside: Sequence[str] = (),
    check: Callable[[Sequence[str]], None] | None = None,
    writer: fs.Writer = fs.DISK,
) -> Recovered | None:
    """Finish or take back an interrupted change; return which, None where there was none.

    The caller holds the root's lock. `outside` are the layout's scheme folders outside the root, as relative paths;
    a journal that leads elsewhere is refused. `check` hears the paths of all that is to be moved, before it is, and may
    raise. Raises RecoveryError, InTheWayError (a file that is not ours stands
    where one has to go: nothing is lost, and it works once that is moved away) or JournalSyntaxError.
    """
    if not recovery_due(root):
        return None
    try:
        return _settle(root, outside, writer, check=check, forward=True)
    except OSError as error:
        raise RecoveryError(
            f"an interrupted change can be neither finished nor taken back:"
            f" {name_of(error, WORK_FOLDER)}: {explain_os_error(error)}",
            where=root,
        ) from error


def _settle(
    root: str,
    outside: Sequence[str],
    writer: fs.Writer,
    *,
    check: Callable[[Sequence[str]], None] | None = None,
    forward: bool,
) -> Recovered | None:
    """Bring the root to rest, from whatever state the disk shows; `forward` says where a journal leads."""
    recovery = _clear_early(root, writer)
    try:
        names = _work_names(root)
    except FileNotFoundError:
        return recovery
    if not names - {LOCK_FILE}:
        return recovery
    partial = {name for name in names if name.startswith(f".{_BEGIN}.") and name.endswith(".part")}
    unknown = sorted(names - _OURS - partial)
    if unknown:
        raise RecoveryError(
            f"it holds {unknown[0]}, which siteroot did not put there",
            where=f"{root}/{WORK_FOLDER}",
            hints=("The name .siteroot is reserved in a root: move what is not siteroot's away.",),
        )
    marker = next((name for name in _MARKERS if name in names), None)
    if marker is None:
        return _clear_remains(root, writer)
    path = f"{root}/{WORK_FOLDER}/{marker}"
    with open(path, "rb") as stream:
        journal = parse_journal(stream.read(), path, outside=outside)
    if check is not None and marker in (_JOURNAL, _UNDO):
        check([moved for _, moved, _ in journal.entries])
    if marker == _JOURNAL and not forward:
        _mark(root, _JOURNAL, _UNDO, writer)
        marker = _UNDO
    if marker == _JOURNAL:
        _forward(root, journal, writer)
        marker = _DONE
    elif marker == _UNDO:
        _back(root, journal, writer)
        marker = _UNDONE
    _clear(root, marker, journal, writer)
    return Recovered(Outcome.FINISHED if marker == _DONE else Outcome.RESTORED)


def _work_names(root: str) -> set[str]:
    descriptor = fs.open_folder(f"{root}/{WORK_FOLDER}")
    try:
        return set(os.listdir(descriptor))
    finally:
        os.close(descriptor)


def _clear(root: str, marker: str, journal: Journal, writer: fs.Writer) -> None:
    """Remove the work folders and give the areas' folders their times; the marker goes last."""
    times = {base: _final_time(root, base, marker, journal) for base, _ in journal.areas}
    for base, _ in journal.areas:
        if base:
            folder = area_path(root, base)
            fs.remove_tree(f"{folder}/{WORK_FOLDER}", writer=writer)
            writer.utime(folder, ns=(times[base], times[base]))
    work = f"{root}/{WORK_FOLDER}"
    descriptor = fs.open_folder(work)
    try:
        for name in sorted(set(os.listdir(descriptor)) - {marker, LOCK_FILE}):
            fs.remove_tree(name, folder=descriptor, writer=writer)
        locked = LOCK_FILE in os.listdir(descriptor)
    finally:
        os.close(descriptor)
    if locked:  # the folder goes with the lock
        fs.remove_file(f"{work}/{marker}", writer=writer)
        writer.utime(root, ns=(times[""], times[""]))
        return
    late = f"{work}-{times['']}"
    writer.rename(work, late)
    fs.remove_file(f"{late}/{marker}", writer=writer)
    writer.rmdir(late)
    writer.utime(root, ns=(times[""], times[""]))


def _final_time(root: str, base: str, marker: str, journal: Journal) -> int:
    """Return the time that an area's folder gets: the old one, unless names in it changed.

    Where they did and nobody derived a time, it is what the moves left.
    """
    before = dict(journal.areas)[base]
    if marker != _DONE:
        return before
    for folder, time in journal.times:
        if folder == base:
            return time * 1_000_000_000
    if any(
        path.rpartition("/")[0] == base for kind, path, _ in journal.entries if kind != "replace"
    ):
        return os.stat(area_path(root, base)).st_mtime_ns
    return before


def _clear_early(root: str, writer: fs.Writer) -> Recovered | None:
    """Remove `.siteroot-NANOSECONDS` folders: not yet, or no longer, in force."""
    recovery: Recovered | None = None
    for name in os.listdir(root):
        time = _early_time(name)
        if time is None:
            continue
        finished = os.path.lexists(f"{root}/{name}/{_DONE}")
        for inner in _MARKERS:
            with suppress(NotADirectoryError):
                fs.remove_file(f"{root}/{name}/{inner}", writer=writer)
        try:
            gone = fs.remove_folder(f"{root}/{name}", writer=writer)
        except NotADirectoryError:
            continue
        if gone:
            writer.utime(root, ns=(time, time))
            recovery = Recovered(Outcome.FINISHED if finished else Outcome.RESTORED)
    return recovery


def _early_time(name: str) -> int | None:
    """Return the time in a name of the form `.siteroot-NANOSECONDS`, None for any other name."""
    digits = name.removeprefix(f"{WORK_FOLDER}-")
    if digits == name or not (digits.isascii() and digits.isdigit() and len(digits) < 20):
        return None
    return int(digits)


def _clear_remains(root: str, writer: fs.Writer) -> Recovered | None:
    """Remove a work folder that says nothing: nothing can have been moved. DIR keeps the time that it has."""
    mtime = os.stat(root).st_mtime_ns
    fs.remove_tree(f"{root}/{WORK_FOLDER}", writer=writer)
    writer.utime(root, ns=(mtime, mtime))
    return Recovered(Outcome.RESTORED)
