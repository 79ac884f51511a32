"""The journal of a change: what `root/` writes into `.siteroot` so that the root alone is enough to recover it.

NUL-separated text, since no path can hold a NUL: "siteroot journal", the format's version, then records, each a word
and its fields, then "end", without which the file is not whole.

    pid      NUMBER                    who writes, for those who wait
    area     BASE NANOSECONDS          a folder with a `.siteroot` of its own, and the time it had before
    move     KIND PATH EXTRA           one of `model.rows.Move`, in order; EXTRA is the note of `Entry`
    time     FOLDER SECONDS            a folder's time when all is done
    kept     FOLDER NANOSECONDS        a folder's time before, for undoing

Names that are no UTF-8 keep their bytes (surrogateescape). A journal is not trusted: whoever can write to a root could
have written it, so every path is checked to stay in the root or in a scheme folder that the caller knows.
"""

from collections.abc import Iterator, Sequence

from siteroot.errors import RootError
from siteroot.model.layout import is_below
from siteroot.model.reserved import WORK_FOLDER
from siteroot.model.rows import FolderTime
from siteroot.model.value import dataclass

#: (kind, path, note): a move. The note of "make" is "made", or "kept" where the folder was there before; that of
#: "drop" is "MODE:UID:GID" of the folder, octal and decimal, or "" where there was none.
Entry = tuple[str, str, str]

VERSION = "1"
_HEADER = "siteroot journal"
_FIELDS = {"pid": 1, "area": 2, "move": 3, "time": 2, "kept": 2, "end": 0}
_KINDS = ("aside", "replace", "place", "make", "drop")


class JournalSyntaxError(RootError):
    """A journal is damaged, of a later siteroot, or would lead out of its root."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Journal:
    """A change as it is written down. Before the change is staged there are only `pid` and `areas`.

    `areas` begin with the root itself, ("", its time in nanoseconds); others are existing folders outside of it,
    or mounts inside.
    """

    pid: int
    areas: tuple[FolderTime, ...]
    entries: tuple[Entry, ...] = ()
    times: tuple[FolderTime, ...] = ()
    kept_times: tuple[FolderTime, ...] = ()


def begins_as_journal(content: bytes) -> bool:
    """Whether a file that begins so may be a journal, or the beginning of one that was not written to its end."""
    header = f"{_HEADER}\0".encode()
    return content[: len(header)] == header[: len(content)]


def render_journal(journal: Journal) -> bytes:
    """Return the journal's bytes."""
    fields = [_HEADER, VERSION, "pid", str(journal.pid)]
    for base, time in journal.areas:
        fields += ("area", base, str(time))
    for kind, path, note in journal.entries:
        fields += ("move", kind, path, note)
    for folder, time in journal.times:
        fields += ("time", folder, str(time))
    for folder, time in journal.kept_times:
        fields += ("kept", folder, str(time))
    fields.append("end")
    return "\0".join(fields).encode("utf-8", "surrogateescape")


def parse_journal(content: bytes, where: str, *, outside: Sequence[str] = ()) -> Journal:
    """Return the journal that the bytes of the file `where` hold.

    `outside` are the scheme folders that lie outside the root, as relative paths ("../../../bin"); no other path may
    lead out. Raises JournalSyntaxError.
    """
    fields = content.decode("utf-8", "surrogateescape").split("\0")
    if fields[:1] != [_HEADER]:
        raise JournalSyntaxError("this is no journal of siteroot", where=where)
    if fields[1:2] != [VERSION]:
        raise JournalSyntaxError(
            "this journal is of another version of siteroot",
            where=where,
            hints=("Run the version that began the change, or a later one.",),
        )
    pid = 0
    areas: list[FolderTime] = []
    entries: list[Entry] = []
    times: list[FolderTime] = []
    kept: list[FolderTime] = []
    for word, values in _records(fields[2:], where):
        match word:
            case "pid":
                pid = _number(values[0], where)
            case "area":
                _check(values[0], outside, where, folder=True)
                areas.append((values[0], _number(values[1], where)))
            case "move":
                kind, path, note = values
                if kind not in _KINDS or not _is_note(kind, note):
                    raise JournalSyntaxError(f"it holds an unknown move: {kind!r}", where=where)
                _check(path, outside, where, folder=kind in ("make", "drop"))
                entries.append((kind, path, note))
            case _:  # "time" or "kept"
                _check(values[0], outside, where, folder=True)
                row = (values[0], _number(values[1], where))
                (times if word == "time" else kept).append(row)
    if not areas or areas[0][0] != "":
        raise JournalSyntaxError("it does not begin with the root itself", where=where)
    return Journal(
        pid=pid,
        areas=tuple(areas),
        entries=tuple(entries),
        times=tuple(times),
        kept_times=tuple(kept),
    )


def _records(fields: list[str], where: str) -> Iterator[tuple[str, list[str]]]:
    at = 0
    while at < len(fields):
        word = fields[at]
        count = _FIELDS.get(word)
        if count is None or at + count >= len(fields) + (word == "end"):
            break
        at += 1 + count
        if word == "end":
            if at != len(fields):
                break
            return
        yield word, fields[at - count : at]
    raise JournalSyntaxError("it is damaged, or not whole", where=where)


def _number(text: str, where: str) -> int:
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) < 20):
        raise JournalSyntaxError(f"it holds {text!r} where a number belongs", where=where)
    return int(text)


def _is_note(kind: str, note: str) -> bool:
    match kind:
        case "make":
            return note in ("made", "kept")
        case "drop":
            parts = note.split(":")
            numbers = all(part.isascii() and part.isdigit() and len(part) < 11 for part in parts)
            return note == "" or (len(parts) == 3 and numbers and set(parts[0]) <= set("01234567"))
        case _:
            return note == ""


def _check(path: str, outside: Sequence[str], where: str, *, folder: bool) -> None:
    """Raise where the path leads out of the root, into the work folder, or is no clean relative path.

    A folder may also be the root, a scheme folder outside of it, or a folder on the way there.
    """
    if path == "" and folder:
        return
    parts = path.split("/")
    climbs = 0
    while climbs < len(parts) and parts[climbs] == "..":
        climbs += 1
    clean = all(part not in ("", ".", "..") for part in parts[climbs:]) and WORK_FOLDER not in parts
    if clean and not climbs:
        return
    if clean and any(is_below(path, known) for known in outside):
        return
    if clean and folder and any(path == known or is_below(known, path) for known in outside):
        return
    raise JournalSyntaxError(f"it names {path!r}, which leads out of the root", where=where)
