"""What in a source tree belongs to site roots: to those that lie in it, and to the one that it is itself (`--target .`)."""

import glob
import os
from collections.abc import Iterable, Iterator

from siteroot import fs
from siteroot.formats.record import parse_record_paths
from siteroot.model.reserved import STATE_FILE, WORK_FOLDER

_SKIPPED = frozenset((".git", ".hg", ".svn", ".venv", "node_modules", "__pycache__"))

_MOST = 64 << 20


def is_skipped(folder: str, name: str) -> bool:
    """Whether nobody looks for roots or sources in a folder of this name: caches, siteroot's own among them (CACHEDIR.TAG)."""
    return name in _SKIPPED or os.path.lexists(f"{folder}/{name}/CACHEDIR.TAG")


def find_roots(tree: str, *places: str) -> tuple[str, ...]:
    """Return the paths in a tree that belong to site roots, and those of these places that lie there, whatever they hold."""
    found = {*_roots_below(tree), *names_of_root(tree), *places_below(tree, places)}
    return tuple(sorted(found))


def places_below(tree: str, places: Iterable[str]) -> Iterator[str]:
    """Yield those of the places that lie in a tree, and are there, by their paths in it."""
    tree = os.path.realpath(tree)
    for place in map(os.path.realpath, places):
        if place.startswith(f"{tree}/") and os.path.lexists(place):
            yield place[len(tree) + 1 :]


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
        folders[:] = [name for name in folders if name not in _SKIPPED]
        yield from (f"{folder}/{name}"[len(tree) + 1 :] for name in names)


def _roots_below(folder: str, below: str = "") -> Iterator[str]:
    try:
        with os.scandir(f"{folder}/{below}") as entries:
            found = [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return
    if below and (WORK_FOLDER in found or os.path.isfile(f"{folder}/{below}{STATE_FILE}")):
        yield below.rstrip("/")
        return
    for name in found:
        if not is_skipped(f"{folder}/{below}", name):
            yield from _roots_below(folder, f"{below}{name}/")
