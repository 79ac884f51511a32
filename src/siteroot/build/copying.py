"""A source tree without the site roots that lie in it.

A root in a project (`--target pkgs`) looks like modules of the project: setuptools stops at "Multiple top-level
packages", or takes it into the wheel. Such a tree is built from a copy; all others where they are, for a tree may name
what lies beside it, and its repository may begin above it. The repository is not copied: git finds it by a file that says where it is.
"""

import os
import stat
from collections.abc import Collection

from siteroot import fs

from .state import git_folder
from .tree_roots import is_skipped

_MOST = 16 << 20


def copy_without_roots(tree: str, target: str, roots: Collection[str]) -> str:
    """Copy a tree to a folder that is not there yet, its links as they are, and return that. Raises OSError."""
    left_out = {f"{tree}/{path}" for path in roots}
    # what siteroot is staging beside a root that is not there yet
    left_out |= {f"{os.path.dirname(path)}/.{os.path.basename(path)}.siteroot" for path in left_out}
    left_out.add(target)  # where the cache lies in the tree
    _copy(tree, target, left_out)
    if (repository := git_folder(tree)) is not None and os.path.lexists(f"{tree}/.git"):
        place = os.path.abspath(repository)
        fs.write_file(f"{target}/.git", f"gitdir: {place}\n".encode("utf-8", "surrogateescape"))
    return target


def leans_on_repository(tree: str) -> bool:
    """Whether a tree may take its version from a repository that begins above it: no copy of it could."""
    if os.path.lexists(f"{tree}/.git") or git_folder(tree) is None:
        return False
    try:
        content = fs.read_plain(f"{tree}/pyproject.toml", _MOST)
    except OSError:
        content = b""
    return b"dynamic" in content or os.path.lexists(f"{tree}/setup.py")


def _copy(source: str, target: str, left_out: Collection[str]) -> None:
    fs.make_folder(target)
    with os.scandir(source) as entries:
        found = list(entries)
    for entry in found:
        path = f"{target}/{entry.name}"
        if entry.path in left_out or is_skipped(source, entry.name):
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
