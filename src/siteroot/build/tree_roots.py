"""What in a source tree belongs to site roots: to those that lie in it, and to the one that it is itself (`--target .`)."""

import glob
import os
from collections.abc import Iterator

from siteroot import fs
from siteroot.formats.record import parse_record_paths
from siteroot.model.reserved import STATE_FILE, WORK_FOLDER

#: Folders that are looked into neither for roots nor for sources.
SKIPPED = frozenset((".git", ".hg", ".svn", ".venv", "node_modules", "__pycache__"))

_MOST = 64 << 20


def find_roots(tree: str, root: str) -> tuple[str, ...]:
    """Return the paths in a tree that belong to site roots, `root` among them whatever it holds yet."""
    found = {*_roots_below(tree), *names_of_root(tree)}
    tree, root = os.path.realpath(tree), os.path.realpath(root)
    if root.startswith(f"{tree}/") and os.path.lexists(root):
        found.add(root[len(tree) + 1 :])
    return tuple(sorted(found))


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
        if name not in SKIPPED:
            yield from _roots_below(folder, f"{below}{name}/")
