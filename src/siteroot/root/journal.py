"""A change to a root that exists: whatever happens, it comes out as the old tree or as the new one (ROOT.md 3).

While it lasts everything lies in `.siteroot` (`work`). The last file that is in it says how far the change is, so that
recovery (`recover_root`) needs to know nothing else:

    begin, no journal          nothing outside `.siteroot` was touched: remove it                      -> old
    journal                    do all moves, done ones included (`moves`)                              -> new
    journal.undo               undo all moves, undone ones included                                    -> old
    journal.undone, .done      remove the rest, give the folders outside and DIR their times           -> old, new
"""

import os
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext, suppress
from enum import Enum

from siteroot import fs
from siteroot.errors import InvariantError, SiterootError
from siteroot.formats.journal_log import Entry, Journal
from siteroot.model.reserved import WORK_FOLDER
from siteroot.model.rows import Change, Move, Staging
from siteroot.model.value import dataclass

from .areas import (
    NEW,
    Area,
    Folders,
    find_bases,
    hold_areas,
    open_areas,
    open_base,
    parts_below,
    refuse_claimed,
    refuse_unwritable,
    split_path,
    spread_staging,
)
from .faults import (
    ApplyFailedError,
    DriftedError,
    RecoveryError,
    UnsettledError,
    apply_failed,
    explain_os_error,
    hints_for,
    name_of,
)
from .harden import harden_disk, harden_open, harden_tree
from .moves import perform, take_back
from .placing import place
from .work import (
    Marker,
    begin_work,
    clear_early,
    clear_remains,
    clear_work,
    find_marker,
    mark,
    read_journal,
    require_writable,
    work_due,
    work_stands,
    write_journal,
)


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
    DriftedError, and the old tree stands again; UnsettledError, and the new one does; or ApplyFailedError, which says
    which does. Interrupted, it
    takes the change back before KeyboardInterrupt goes on, or, where all moves are done, brings it to its end.
    """
    staging = change[0]
    _check_moves(staging, change[1])
    if recovery_due(root):
        raise InvariantError(f"{root} is to be recovered before it is changed")
    try:
        refuse_unwritable(root, change[1])
    except PermissionError as error:
        raise apply_failed(error, root, restored=True) from error
    bases = find_bases(root, staging[0])
    with hold_areas(root, bases, pause=_pausing(advanced), writer=writer):
        refuse_claimed(root, bases)
        try:
            areas = begin_work(root, bases, writer)
            copied = _stage(root, staging, bases, link_mode, workers, advanced, writer)
            _harden_staged(root, bases, writer)
            journal = _write_down(root, change, areas)
            write_journal(root, journal, writer)
            _forward(root, journal, writer)
        except BaseException as error:
            restored = _give_up(root, staging[0], error, writer)
            if isinstance(error, KeyboardInterrupt):
                error.add_note(f"{root} is as it {'was before' if restored else 'shall be'}")
            raise
        try:
            clear_work(root, Marker.DONE, journal, writer)
        except OSError as error:
            raise ApplyFailedError(
                f"the change is made, but {name_of(error, WORK_FOLDER)} cannot be removed:"
                f" {explain_os_error(error)}",
                restored=False,
                where=root,
            ) from error
        except (
            BaseException
        ) as error:  # interrupted: the change is made, so what is left goes first
            _settle(root, staging[0], writer, forward=False)
            error.add_note(f"the change was made, and {root} is as it shall be")
            raise
    return copied


def _pausing(advanced: Callable[[int], None] | None) -> Callable[[], None]:
    """Return what lets time pass while another has a folder that roots share: who hears of progress may end it."""

    def pause() -> None:
        time.sleep(0.02)
        if advanced is not None:
            advanced(0)

    return pause


def _check_moves(staging: Staging, moves: Sequence[Move]) -> None:
    """Raise InvariantError unless the staged files are those that the moves put into place."""
    staged = {row[0] for job in staging[2] for rows in job[2:4] for row in rows}
    moved = {path for kind, path in moves if kind in ("place", "replace")}
    if staged != moved:
        raise InvariantError(f"staged and moved files differ: {sorted(staged ^ moved)[:3]}")


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
    if len(bases) > 1:
        staging = spread_staging(staging, bases)
    descriptor = fs.open_folder(f"{root}/{WORK_FOLDER}/{NEW}")
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


def _harden_staged(root: str, bases: Sequence[str], writer: fs.Writer) -> None:
    """Let all that is staged be on the disk before the journal that speaks of it."""
    for base in bases if writer.durable else ():
        folder = open_base(root, base)
        try:
            work = fs.open_folder(WORK_FOLDER, folder=folder)
            try:
                harden_tree(work, writer=writer)
            finally:
                os.close(work)
            harden_open(folder, writer=writer)
        finally:
            os.close(folder)


def _harden_moved(areas: Sequence[Area], journal: Journal, writer: fs.Writer) -> None:
    """Let all moves be on the disk before it is said that they are done."""
    if not writer.durable:
        return
    bases = [area.base for area in areas]
    lacking = {at for at, area in enumerate(areas)
               if not harden_disk(area.folders.open(""), writer=writer)}  # fmt: skip
    touched = {path.rpartition("/")[0] for _, path, _ in journal.entries}
    touched |= {path for kind, path, _ in journal.entries if kind == "make"}
    touched |= {folder for folder, _ in (*journal.times, *journal.kept_times)}
    for at, relative in sorted({split_path(folder, bases) for folder in touched}):
        if at in lacking:
            with suppress(FileNotFoundError, DriftedError):  # dropped
                harden_open(areas[at].folders.open(relative), writer=writer)
    for at in lacking:
        harden_open(areas[at].old, writer=writer)


def _write_down(root: str, change: Change, areas: Sequence[tuple[str, int]]) -> Journal:
    """Return the change's journal, with what only the disk knows: the folders' times, modes and owners before.

    Folders that lead to absent anchors are made first.
    """
    staging, moves, times, kept_times = change
    bases = [base for base, _ in areas]
    planned = {path for kind, path in moves if kind == "make"}
    lacking = dict.fromkeys(part for anchor in staging[0] for part in parts_below(anchor, bases))
    every = [*(("make", part) for part in lacking if part not in planned), *moves]
    entries: list[Entry] = []
    before = dict(kept_times)
    looked: set[str] = set()
    tops = [Folders(open_base(root, base), root) for base in bases]
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


def _forward(root: str, journal: Journal, writer: fs.Writer) -> None:
    """Do what the journal says, or the rest of it."""
    with open_areas(root, [base for base, _ in journal.areas]) as areas:
        perform(areas, journal.entries, writer=writer)
        seconds = [(folder, time * 1_000_000_000) for folder, time in journal.times]
        _set_times(areas, seconds, writer)
        _harden_moved(areas, journal, writer)
    mark(root, Marker.JOURNAL, Marker.DONE, writer)


def _back(root: str, journal: Journal, writer: fs.Writer) -> None:
    """Undo what was done of the journal, or the rest of it."""
    with open_areas(root, [base for base, _ in journal.areas]) as areas:
        take_back(areas, journal.entries, writer=writer)
        _set_times(areas, journal.kept_times, writer)
        _harden_moved(areas, journal, writer)
    mark(root, Marker.UNDO, Marker.UNDONE, writer)


def _set_times(areas: Sequence[Area], times: Sequence[tuple[str, int]], writer: fs.Writer) -> None:
    """Set folders' times; the areas' own come later, when their `.siteroot` has gone."""
    bases = [area.base for area in areas]
    for folder, mtime in times:
        at, relative = split_path(folder, bases)
        if relative:
            with suppress(FileNotFoundError, DriftedError):  # it is not the folder that it was
                fs.set_folder_time(areas[at].folders.open(relative), mtime, writer=writer)


# -- going back, recovering -------------------------------------------------------------------------------------------


def _give_up(root: str, outside: Sequence[str], error: BaseException, writer: fs.Writer) -> bool:
    """Take the change back after `error`; return whether the old tree stands again: the new one may have been done.

    Raises ApplyFailedError for an error of the system's, and where neither can be.
    """
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
    restored = recovery != Recovered(Outcome.FINISHED)
    if isinstance(error, OSError):
        if not restored:
            raise UnsettledError(error, root) from error
        raise apply_failed(error, root, restored=True) from error
    return restored


def recovery_due(root: str) -> bool:
    """Whether a change of the root was interrupted, or is being made right now by another process."""
    return work_due(root)


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
            hints=hints_for(error),
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
    ended = clear_early(root, writer)
    if not work_stands(root):
        return None if ended is None else _recovered(ended)
    marker = find_marker(root)
    if marker is None:
        clear_remains(root, writer)
        return Recovered(Outcome.RESTORED)
    journal = read_journal(root, marker, outside=outside)
    if check is not None and marker in (Marker.JOURNAL, Marker.UNDO):
        check([moved for _, moved, _ in journal.entries])
    require_writable(root)
    bases = [base for base, _ in journal.areas]
    # who gives a change up holds its areas already
    with hold_areas(root, bases, writer=writer) if forward else nullcontext():
        if marker is Marker.JOURNAL and not forward:
            mark(root, Marker.JOURNAL, Marker.UNDO, writer)
            marker = Marker.UNDO
        if marker is Marker.JOURNAL:
            _forward(root, journal, writer)
            marker = Marker.DONE
        elif marker is Marker.UNDO:
            _back(root, journal, writer)
            marker = Marker.UNDONE
        clear_work(root, marker, journal, writer)
    return _recovered(marker)


def _recovered(ended: Marker) -> Recovered:
    return Recovered(Outcome.FINISHED if ended is Marker.DONE else Outcome.RESTORED)
