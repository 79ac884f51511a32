"""A source tree without the site roots that lie in it, and without siteroot's own cache.

A root in a project (`--target pkgs`) looks like modules of the project: setuptools stops at "Multiple top-level
packages", or takes it into the wheel. Such a tree is built from a copy; all others where they are, for a tree may name
what lies beside it. The repository is not copied: git finds it by a file that says where it is.
"""

import os
import stat
from collections.abc import Collection

from siteroot import fs

from .tree_roots import SKIPPED, place_in


def copy_without_roots(tree: str, target: str, roots: Collection[str], cache: str) -> str:
    """Copy a tree to a folder that is not there yet, its links as they are, and return that. Raises OSError."""
    kept = place_in(tree, cache)
    left_out = {f"{tree}/{path}" for path in roots}
    # what siteroot is staging beside a root that is not there yet
    left_out |= {f"{os.path.dirname(path)}/.{os.path.basename(path)}.siteroot" for path in left_out}
    if kept is not None:
        left_out.add(f"{tree}/{kept}")  # the target lies in it
    _copy(tree, target, left_out)
    repository = f"{tree}/.git"
    if os.path.isdir(repository):
        fs.write_file(f"{target}/.git", f"gitdir: {repository}\n".encode())
    return target


def _copy(source: str, target: str, left_out: Collection[str]) -> None:
    fs.make_folder(target)
    with os.scandir(source) as entries:
        found = list(entries)
    for entry in found:
        path = f"{target}/{entry.name}"
        if entry.path in left_out or entry.name in SKIPPED:
            continue
        if entry.is_symlink():
            fs.DISK.symlink(os.readlink(entry.path), path)
        elif entry.is_dir():
            _copy(entry.path, path, left_out)
            if not os.listdir(path) and os.listdir(entry.path):
                fs.remove_folder(path)  # it held nothing but a root
        elif entry.is_file():
            _copy_file(entry.path, path, entry.stat())


def _copy_file(source: str, target: str, status: os.stat_result) -> None:
    """Copy one file, with its mode and time, by which makefiles go."""
    mode = 0o755 if stat.S_IMODE(status.st_mode) & 0o111 else 0o644
    descriptor = os.open(source, fs.FILE_FLAGS)
    try:
        written = fs.DISK.create(target, fs.CREATE_FLAGS, mode)
        try:
            fs.DISK.chmod(written, mode)
            fs.copy_content(descriptor, written, status.st_size)
            fs.DISK.utime(written, ns=(status.st_mtime_ns, status.st_mtime_ns))
        finally:
            os.close(written)
    finally:
        os.close(descriptor)
