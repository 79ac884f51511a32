"""What in a source tree is siteroot's: site roots that lie in it, the one that it is itself (`--target .`), the cache."""

import glob
import os
from collections.abc import Iterator

from siteroot import fs
from siteroot.formats.record import parse_record_paths
from siteroot.model.reserved import STATE_FILE, WORK_FOLDER

#: Folders that are looked into neither for roots nor for sources.
SKIPPED = frozenset((".git", ".hg", ".svn", ".venv", "node_modules", "__pycache__"))

_MOST = 64 << 20


def find_roots(tree: str, root: str, cache: str) -> tuple[str, ...]:
    """Return the paths in a tree that belong to site roots, `root` among them whatever it holds yet, and the cache.

    No backend takes a hidden cache for modules, so that does not count.
    """
    kept = place_in(tree, cache)
    found = {*_roots_below(tree, kept), *names_of_root(tree)}
    place = place_in(tree, root)
    if place is not None:
        found.add(place)
    if kept is not None and not any(part.startswith(".") for part in kept.split("/")):
        found.add(kept)
    return tuple(sorted(found))


def place_in(tree: str, folder: str) -> str | None:
    """Return where in a tree a folder lies, None where it is not there."""
    tree, folder = os.path.realpath(tree), os.path.realpath(folder)
    inside = folder.startswith(f"{tree}/") and os.path.lexists(folder)
    return folder[len(tree) + 1 :] if inside else None


def names_of_root(tree: str) -> frozenset[str]:
    """Return the names in a tree's folder that are a site root's alone, where that folder is one."""
    if not os.path.isfile(f"{tree}/{STATE_FILE}"):
        return frozenset()
    owned = set(_owned_paths(tree))
    tops = {path.partition("/")[0] for path in owned}
    # a folder that distributions and the project share is the project's
    mixed = {top for top in tops if any(path not in owned for path in _files(tree, top))}
    return frozenset((*(tops - mixed), STATE_FILE))


def _owned_paths(tree: str) -> Iterator[str]:
    yield "sitecustomize.py"
    for record in glob.glob("*.dist-info/RECORD", root_dir=tree):
        try:
            text = fs.read_plain(f"{tree}/{record}", _MOST).decode("utf-8", "replace")
        except OSError:
            continue
        yield from parse_record_paths(text)


def _files(tree: str, below: str) -> Iterator[str]:
    """Yield the files at and below a path, but bytecode."""
    if not os.path.isdir(f"{tree}/{below}"):
        yield below
        return
    for folder, folders, names in os.walk(f"{tree}/{below}"):
        folders[:] = [name for name in folders if name not in SKIPPED]
        yield from (f"{folder}/{name}"[len(tree) + 1 :] for name in names)


def _roots_below(folder: str, cache: str | None, below: str = "") -> Iterator[str]:
    try:
        with os.scandir(f"{folder}/{below}") as entries:
            found = [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return
    if below and (WORK_FOLDER in found or os.path.isfile(f"{folder}/{below}{STATE_FILE}")):
        yield below.rstrip("/")
        return
    for name in found:
        if name not in SKIPPED and f"{below}{name}" != cache:
            yield from _roots_below(folder, cache, f"{below}{name}/")
