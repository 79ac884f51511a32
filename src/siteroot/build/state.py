"""The state of a source tree as far as a build of it hangs on it, as one digest: equal states need no new build.

Where `[tool.uv] cache-keys` says what that is, it is that. Else an editable hangs on what describes it, as in uv, and
a copy on every file of the tree, for it holds what they hold. Contents count and times do not, so that whatever a
build writes anew without changing it makes nothing stale.
"""

import glob
import hashlib
import os
from collections.abc import Collection, Iterator, Mapping, Sequence

from siteroot import fs
from siteroot.formats.cache_keys import parse_cache_keys
from siteroot.model.build import BuildKind, CacheKey, FileKey, FolderKey, GitKey, VariableKey
from siteroot.model.reserved import STATE_FILE

from .tree_roots import is_skipped, names_of_root, places_below

_MOST = 16 << 20
_READ = 4 << 20  # bytes of a file that is read; of a larger one its size and time count

#: uv's own default.
_DESCRIBING: tuple[CacheKey, ...] = (
    FileKey("pyproject.toml"),
    FileKey("setup.py"),
    FileKey("setup.cfg"),
    FolderKey("src"),
)
_MADE = frozenset(("build", "dist", "target"))  # at the top: what builds leave behind


def read_state(
    folder: str, kind: BuildKind, environ: Mapping[str, str], places: Sequence[str] = ()
) -> str:
    """Return the digest of a tree's state. Raises CacheKeysError; what cannot be read is as good as not there.

    What lies at one of these places, caches and logs, is no part of it.
    """
    try:
        content = fs.read_plain(f"{folder}/pyproject.toml", _MOST)
    except OSError:
        content = b""
    said = parse_cache_keys(content, f"{folder}/pyproject.toml")
    rows: list[str] = []
    if said is None and kind is not BuildKind.EDITABLE:
        theirs = {*names_of_root(folder), *places_below(folder, places)}
        files = (path for path in _tree_files(folder) if not _is_below(path, theirs))
        rows += [_file_row(folder, path) for path in sorted(files)]
        said = (GitKey(commit=True, tags=True),) if b"dynamic" in content else ()
    for key in _DESCRIBING if said is None else said:
        rows += _rows(folder, key, environ)
    return hashlib.sha256("\0".join(rows).encode("utf-8", "surrogateescape")).hexdigest()


def _is_below(path: str, folders: Collection[str]) -> bool:
    return any(path == folder or path.startswith(f"{folder}/") for folder in folders)


def _rows(folder: str, key: CacheKey, environ: Mapping[str, str]) -> list[str]:
    match key:
        case FileKey(glob=pattern):
            found = glob.glob(pattern, root_dir=folder, recursive=True, include_hidden=True)
            return [_file_row(folder, path) for path in sorted(found)]
        case FolderKey(path=path):
            try:
                status = os.stat(f"{folder}/{path}")
            except OSError:
                return [f"{path} absent"]
            return [f"{path} {status.st_dev} {status.st_ino}"]
        case VariableKey(name=name):
            return [f"{name}={environ.get(name)}"]
        case GitKey(commit=commit, tags=tags):
            return [*(_read_head(folder) if commit else ()), *(_read_tags(folder) if tags else ())]


def _file_row(folder: str, path: str) -> str:
    try:
        status = os.stat(f"{folder}/{path}")
        if not fs.is_plain_file(status):
            return f"{path} folder"
        if status.st_size > _READ:
            return f"{path} {status.st_size} {status.st_mtime_ns}"
        content = fs.read_plain(f"{folder}/{path}", _READ)
    except OSError:
        return f"{path} absent"
    return f"{path} {status.st_mode & 0o111:o} {hashlib.sha256(content).hexdigest()}"


def _tree_files(folder: str, below: str = "") -> Iterator[str]:
    """Yield the paths of all files that may go into a wheel, relative to the tree's folder."""
    try:
        with os.scandir(f"{folder}/{below}") as entries:
            found = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
    except OSError:
        return
    if below and (STATE_FILE, False) in found:
        return  # a site root
    for name, is_folder in found:
        if not is_folder:
            yield below + name
        elif not (
            name.startswith(".")
            or is_skipped(f"{folder}/{below}", name)
            or name.endswith(".egg-info")
            or (not below and name in _MADE)
        ):
            yield from _tree_files(folder, f"{below}{name}/")


def git_folder(folder: str) -> str | None:
    """Return the folder of the repository's own files, None where the tree lies in no repository."""
    here = folder
    while True:
        found = f"{here}/.git"
        if os.path.isdir(found):
            return found
        text = _read_text(found)  # of a linked work tree
        if text.startswith("gitdir: "):
            return os.path.join(here, text.removeprefix("gitdir: "))
        parent = os.path.dirname(here)
        if parent == here:
            return None
        here = parent


def _read_head(folder: str) -> list[str]:
    """Return what the repository's HEAD is."""
    if (git := git_folder(folder)) is None:
        return []
    head = _read_text(f"{git}/HEAD")
    name = head.removeprefix("ref: ")
    if name == head:
        return [head]
    common = os.path.join(git, _read_text(f"{git}/commondir") or ".")
    commit = _read_text(f"{git}/{name}") or _read_text(f"{common}/{name}")
    return [head, commit, *([] if commit else [_read_text(f"{common}/packed-refs")])]


def _read_tags(folder: str) -> list[str]:
    """Return the repository's tags, each with what it names."""
    if (git := git_folder(folder)) is None:
        return []
    common = os.path.join(git, _read_text(f"{git}/commondir") or ".")
    tags = glob.glob("**", root_dir=f"{common}/refs/tags", recursive=True)
    loose = [f"{tag} {_read_text(f'{common}/refs/tags/{tag}')}" for tag in sorted(tags)]
    packed = [
        line for line in _read_text(f"{common}/packed-refs").splitlines() if "refs/tags/" in line
    ]
    return loose + packed


def _read_text(path: str) -> str:
    try:
        return fs.read_plain(path, _MOST).decode("utf-8", "replace").strip()
    except OSError:
        return ""
