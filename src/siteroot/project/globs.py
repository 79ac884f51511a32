"""The globs of `[tool.uv.workspace]`, with the meaning that uv gives them (Rust's `glob` crate).

A pattern that is compared with a path lets `*` and `?` cross a slash; one that is walked takes a component at a
time. Hidden names match like others. `**` stands alone between slashes.
"""

import posixpath
import re
from collections.abc import Iterator

from siteroot.errors import ProjectError
from siteroot.ports import ProjectFiles

_MAGIC = re.compile(r"[*?\[]")


class BadGlobError(ProjectError):
    """A glob of the workspace cannot be understood."""


def has_magic(pattern: str) -> bool:
    """Whether the pattern can match more than the one path that it spells."""
    return _MAGIC.search(pattern) is not None


def match_glob(pattern: str, path: str, where: str) -> bool:
    """Whether a path relative to the workspace matches. Raises BadGlobError, naming `where`."""
    return bool(_compiled(posixpath.normpath(pattern), where).fullmatch(path))


def expand_glob(files: ProjectFiles, root: str, pattern: str, where: str) -> Iterator[str]:
    """Yield the absolute paths of the folders that the pattern names below `root`, in sorted order."""
    normal = posixpath.normpath(pattern)
    if normal.startswith("/"):
        base, parts = "/", normal.strip("/").split("/")
    else:
        base, parts = root, normal.split("/")
    while parts and parts[0] in (".", ".."):
        base = posixpath.normpath(posixpath.join(base, parts.pop(0)))
    _compiled(normal, where)  # refused as a whole, before any of it is walked
    yield from _expand(files, base, tuple(part for part in parts if part), where)


def _expand(files: ProjectFiles, base: str, parts: tuple[str, ...], where: str) -> Iterator[str]:
    if not parts:
        yield base
        return
    part, rest = parts[0], parts[1:]
    if part == "**":
        if rest:
            yield from _expand(files, base, rest, where)
        for child in _folders(files, base):
            if not rest:
                yield child
            yield from _expand(files, child, parts, where)
    elif has_magic(part):
        shape = _compiled(part, where)
        for child in _folders(files, base):
            if shape.fullmatch(posixpath.basename(child)):
                yield from _expand(files, child, rest, where)
    else:
        child = posixpath.join(base, part)
        if files.is_folder(child):
            yield from _expand(files, child, rest, where)


def _folders(files: ProjectFiles, folder: str) -> Iterator[str]:
    for name in files.names(folder) or ():
        path = posixpath.join(folder, name)
        if files.is_folder(path):
            yield path


def _compiled(pattern: str, where: str) -> re.Pattern[str]:
    """Return the expression of a pattern; `**/` is any number of folders, none among them."""
    out: list[str] = []
    at = 0
    while at < len(pattern):
        letter = pattern[at]
        if letter == "*":
            run = len(pattern) - at - len(pattern[at:].lstrip("*"))
            if run > 1 and not _alone(pattern, at, run):
                message = (
                    f"`**` has to stand alone between slashes in the workspace glob `{pattern}`"
                )
                raise BadGlobError(message, where=where)
            at += run
            if run == 1:
                out.append(".*")
            elif at < len(pattern):
                out.append("(?:.*/)?")
                at += 1
            else:
                out.append(".*")
        elif letter == "[":
            stop = pattern.find("]", at + (3 if pattern.startswith("[!", at) else 2))
            if stop < 0:
                message = f"`[` is never closed in the workspace glob `{pattern}`"
                raise BadGlobError(
                    message, where=where, hints=("write `[[]` for the bracket itself",)
                )
            out.append(_letters(pattern[at + 1 : stop]))
            at = stop + 1
        else:
            out.append("." if letter == "?" else re.escape(letter))
            at += 1
    return re.compile("".join(out), re.DOTALL)


def _alone(pattern: str, at: int, run: int) -> bool:
    before = at == 0 or pattern[at - 1] == "/"
    return run == 2 and before and pattern[at + run : at + run + 1] in ("", "/")


def _letters(inside: str) -> str:
    negated = inside.startswith("!")
    letters = inside[1:] if negated else inside
    ranges: list[str] = []
    at = 0
    while at < len(letters):
        if letters[at + 1 : at + 2] == "-" and at + 2 < len(letters):
            low, high = letters[at], letters[at + 2]
            if low <= high:
                ranges.append(f"{re.escape(low)}-{re.escape(high)}")
            at += 3
        else:
            ranges.append(re.escape(letters[at]))
            at += 1
    if not ranges:
        return "." if negated else "(?!)"
    return f"[{'^' if negated else ''}{''.join(ranges)}]"
