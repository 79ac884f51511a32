"""What is wrong with the names in an archive, taken one by one and together. Pure; a fault is a value, its words."""

import re
from collections.abc import Iterable, Sequence
from unicodedata import normalize

#: A plain name, as nearly all are: no part is "", "." or "..", none is long, and there is nothing odd in it.
_PLAIN = re.compile(r"(?:[\w+-][\w.+-]{0,200}/){0,30}[\w+-][\w.+-]{0,200}/?", re.ASCII)
_CONTROL = re.compile(r"[\0-\x1f\x7f-\x9f]")
_DRIVE = re.compile(r"[A-Za-z]:")

_LONGEST, _DEEPEST, _PART = 1024, 100, 255


def fault_in_name(name: str) -> str:
    """Return why a member may not have this name, "" where it may. A folder's name ends in "/"."""
    if len(name) <= _LONGEST and _PLAIN.fullmatch(name):
        return ""
    parts = name.removesuffix("/").split("/")
    fault = ""
    if _CONTROL.search(name):
        fault = "holds a control character"
    elif "\\" in name:
        fault = "holds a backslash"
    elif name.startswith("/") or _DRIVE.match(name):
        fault = "is an absolute path"
    elif ".." in parts:
        fault = "leads out of its folder"
    elif "" in parts or "." in parts:
        fault = "has an empty part or a '.'"
    elif (
        len(name.encode()) > _LONGEST
        or len(parts) > _DEEPEST
        or any(len(part.encode()) > _PART for part in parts)
    ):
        fault = "is too long or too deep"
    return fault and f"the member name {show(name)} {fault}"


def fault_in_tree(names: Iterable[str]) -> str:
    """Return why these names cannot be one tree of files, "" where they can."""
    files: set[str] = set()
    folders: set[str] = set()
    for name in names:
        path = name.removesuffix("/")
        mine = folders if name.endswith("/") else files
        if path in mine:
            return f"the member {show(name)} is there twice"
        mine.add(path)
    known = set(folders)
    for name in (*files, *folders):
        parent = name.rpartition("/")[0]
        while parent and parent not in known:
            known.add(parent)
            parent = parent.rpartition("/")[0]
    for path in files:
        if path in known:
            return f"the member {show(path)} is both a file and a folder"
    return ""


def find_case_twins(paths: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Return the pairs of paths that a case-blind disk would merge, folders on the way to them included."""
    seen: dict[str, str] = {}
    twins: dict[str, str] = {}
    known: set[str] = set()
    for path in sorted(paths):
        step = path
        while step and step not in known:
            known.add(step)
            other = seen.setdefault(fold_name(step), step)
            if other != step:
                twins.setdefault(other, step)
            step = step.rpartition("/")[0]
    return tuple(sorted(twins.items()))


def fold_name(path: str) -> str:
    """Return what a case-blind disk knows a path by; such disks are blind to Unicode's forms, too."""
    if path.isascii():
        return path.lower()
    return normalize("NFC", normalize("NFC", path).casefold())


def show_twins(one: str, other: str) -> str:
    """Return two names that a disk merges as messages show them: in ASCII, for they may look alike."""
    return f"{one!a} and {other!a}"


def show(name: str) -> str:
    """Return a name as messages show it: quoted, escaped, and not endless."""
    return repr(name) if len(name) <= 200 else f"{name[:200]!r}..."
