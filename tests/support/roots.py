"""Small roots and changes, built on disk without the planner: what the tests of `siteroot.root` work on."""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass

from siteroot.model.rows import Change, FolderTime, Fresh, Job, Move, Staging
from siteroot.model.times import derive_folder_mtime, derive_mtime

#: path: content
Tree = Mapping[str, bytes]


def write_tree(root: str, tree: Tree, *, mode: int = 0o644) -> None:
    """Write files, with derived times, and give all folders below the root times of their own."""
    for path, content in tree.items():
        full = os.path.join(root, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "wb") as stream:
            stream.write(content)
        os.chmod(full, mode)
        time = derive_mtime(hashlib.sha256(content).digest())
        os.utime(full, (time, time))
    for folder, _, _ in os.walk(root, topdown=False):
        os.chmod(folder, 0o755)
        stamp = 1_400_000_000_123_456_789 + len(folder)
        os.utime(folder, ns=(stamp, stamp))


def store_job(folder: str, label: str, tree: Tree) -> Job:
    """Store a tree and return the job that places it."""
    write_tree(folder, tree)
    rows = []
    for path, content in sorted(tree.items()):
        digest = hashlib.sha256(content).digest()
        rows.append((path, path, len(content), 0o644, derive_mtime(digest), digest))
    return folder, label, tuple(rows), ()


def folders_of(paths: Tree | list[str]) -> list[str]:
    """Return all folders above the paths, parents first, without the root."""
    found = set()
    for path in paths:
        while path := path.rpartition("/")[0]:
            found.add(path)
    return sorted(found)


def folder_times(tree: Tree, folders: list[str]) -> tuple[FolderTime, ...]:
    """Return the derived times of these folders in the tree, deepest first."""
    times = []
    everything = [*tree, *folders_of(tree)]
    for folder in sorted(folders, key=lambda each: (-each.count("/") if each else 1, each)):
        names = sorted({p.rpartition("/")[2] for p in everything if p.rpartition("/")[0] == folder})
        times.append((folder, derive_folder_mtime(names)))
    return tuple(times)


def staging_of(store: str, tree: Tree, label: str = "demo==1") -> Staging:
    """Return the staging of a tree: one job from the store, and its `.txt` files rendered."""
    stored = {path: content for path, content in tree.items() if not path.endswith(".txt")}
    job = store_job(store, label, stored)
    rendered = tuple(
        (path, content, 0o755, derive_mtime(hashlib.sha256(content).digest()))
        for path, content in sorted(tree.items())
        if path.endswith(".txt")
    )
    return (), tuple(folders_of(tree)), ((job[0], job[1], job[2], rendered),)


def fresh_of(store: str, tree: Tree) -> Fresh:
    """Return the rows of a root that shall hold the tree."""
    return staging_of(store, tree), folder_times(tree, ["", *folders_of(tree)])


def change_of(root: str, store: str, old: Tree, new: Tree) -> Change:
    """Return the rows that lead from the old tree, which is on disk, to the new one. Same content stays."""
    coming = {path: content for path, content in new.items() if old.get(path) != content}
    going = [path for path in old if path not in new]
    old_folders, new_folders = folders_of(old), folders_of(new)
    gone_folders = [folder for folder in reversed(old_folders) if folder not in new_folders]
    blocking = [path for path in going if path in new_folders]
    blocking += [path for path in going if any(path.startswith(f"{name}/") for name in coming)]
    moves: list[Move] = [("aside", path) for path in blocking]
    early = [f for f in gone_folders if any(f"{f}/".startswith(f"{name}/") for name in coming)]
    moves += [("drop", folder) for folder in early]
    moves += [("make", folder) for folder in new_folders if folder not in old_folders]
    moves += [("replace" if path in old else "place", path) for path in sorted(coming)]
    moves += [("aside", path) for path in going if path not in blocking]
    moves += [("drop", folder) for folder in gone_folders if folder not in early]
    touched = {path.rpartition("/")[0] for _, path in moves} | {""}
    times = folder_times(new, [f for f in touched if f == "" or f in new_folders])
    kept = [f for f in {*touched, *gone_folders} if f == "" or f in old_folders]
    kept_times = tuple(
        (folder, os.stat(os.path.join(root, folder)).st_mtime_ns) for folder in sorted(kept)
    )
    return staging_of(store, coming), tuple(moves), times, kept_times


@dataclass(frozen=True)
class Case:
    """A change with a name: what is there, what shall be, and what nobody owns."""

    name: str
    old: Tree
    new: Tree
    foreign: Tree


def _modules(version: str, count: int) -> dict[str, bytes]:
    return {f"demo/m{n}.py": f"# {version} {n}".encode() for n in range(count)}


CASES = (
    Case(
        "install",
        {},
        {**_modules("1", 4), "demo/sub/deep/x.py": b"x", "demo-1.dist-info/RECORD.txt": b"r1"},
        {"mine.py": b"mine", "demo/local.py": b"mine too"},
    ),
    Case(
        "upgrade",
        {**_modules("1", 4), "demo/old.py": b"old", "demo/gone/y.py": b"y", "bin/a.txt": b"a1"},
        {**_modules("2", 3), "demo/new/z.py": b"z", "bin/a.txt": b"a2", "demo/data.bin": b"\0" * 9},
        {"bin/hand": b"made by hand"},
    ),
    Case(
        "removal",
        {**_modules("1", 3), "demo/sub/x.py": b"x", "kept/k.py": b"k"},
        {"kept/k.py": b"k"},
        {"demo/sub/foreign.txt": b"f"},
    ),
    Case(
        "kinds change",
        {"thing/a/b.py": b"b", "thing/c.py": b"c", "other": b"a file", "same.py": b"s"},
        {"thing": b"a file now", "other/inner/d.py": b"d", "same.py": b"s"},
        {},
    ),
)
