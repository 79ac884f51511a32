"""`siteroot cache size`, `prune` and `clean`: how much the cache holds, and what of it goes.

Only folders that `model.cache` names are looked at, in any format's number; whatever else lies there is not ours.
"""

import os
import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from errno import EACCES, ENAMETOOLONG

from siteroot.formats.manifest import MANIFEST, MANIFEST_MOST, parse_manifest
from siteroot.fs import DISK, Writer, read_head, read_plain, remove_file, remove_folder, remove_tree
from siteroot.model.cache import BUCKETS, bucket
from siteroot.model.value import dataclass

from .built import is_used
from .faults import write_error
from .work import dead_temporaries, is_dead

_BUCKET = re.compile(rf"({'|'.join(BUCKETS)})-v[0-9]+")
_TAG = "CACHEDIR.TAG"


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """What was removed: wheels by their label, and files and bytes in all."""

    wheels: tuple[str, ...]
    files: int
    size: int


def measure_cache(folder: str) -> int:
    """Return how many bytes the files of siteroot's own folders hold, 0 where there is no cache."""
    return sum(_measure(path)[1] for path in _buckets(folder))


def prune_cache(
    folder: str, temporaries: str = "", *, fetched: bool = False, writer: Writer = DISK
) -> Collected:
    """Remove what nobody can use: dead work, damaged wheels, bytecode and names of absent ones, formats of other versions.

    A build root goes where no site root stands any more that has the editable it was kept for. `temporaries` is where
    commands without a cache have theirs: those of killed processes go. `fetched` is whether wheels go that were not built
    here: a cache that is saved between jobs of CI is no faster with them than an index without it.
    """
    current = {bucket(kind) for kind in BUCKETS}
    doomed = [path for path in _buckets(folder) if os.path.basename(path) not in current]
    doomed += [path for path in _children(f"{folder}/{bucket('tmp')}") if is_dead(path)]
    doomed += [path for path in _children(f"{folder}/{bucket('locks')}") if is_dead(path)]
    doomed += [path for path in _children(f"{folder}/{bucket('build-roots')}") if not is_used(path)]
    wheels = list(_wheels(folder))
    doomed += [path for path, label in wheels if not label]
    doomed += [path for path, wheel in _bytecode(folder) if not os.path.isdir(wheel)]
    doomed += dead_temporaries(temporaries) if temporaries else ()
    if not fetched:
        return _remove(folder, (), doomed, writer)
    built = {sha256 for _, sha256 in _named(f"{folder}/{bucket('built')}")}
    gone = [each for each in wheels if each[1] and _sha256(each[0]) not in built]
    return _remove(folder, gone, [*doomed, *_folders_of(folder, gone)], writer)


def clean_cache(
    folder: str, names: frozenset[str] | None = None, *, writer: Writer = DISK
) -> Collected:
    """Remove the wheels and pages of the distributions with these normalised names; without names, all that is ours."""
    found = [(path, label) for path, label in _wheels(folder) if label]
    if names is not None:
        chosen = [wheel for wheel in found if wheel[1].partition("==")[0] in names]
        pages = [path for path in _pages(folder) if os.path.basename(path) in names]
        return _remove(folder, chosen, [*_folders_of(folder, chosen), *pages], writer)
    collected = _remove(folder, found, list(_buckets(folder)), writer)
    if set(_names(folder)) <= {_TAG}:
        remove_file(f"{folder}/{_TAG}", writer=writer)
        with suppress(
            OSError
        ):  # a mount point, or in a folder that is not ours to change, stays empty
            remove_folder(folder, writer=writer)
    return collected


def _names(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise write_error(error, folder) from error


def _children(folder: str) -> Iterator[str]:
    """Yield what stands in a folder of the cache; what a link in its place leads to is somebody else's."""
    return (f"{folder}/{name}" for name in (() if os.path.islink(folder) else _names(folder)))


def _buckets(folder: str) -> Iterator[str]:
    return (f"{folder}/{name}" for name in _names(folder) if _BUCKET.fullmatch(name))


def _wheels(folder: str) -> Iterator[tuple[str, str]]:
    """Yield the entries, each with its label, "" where its manifest is damaged."""
    for group in _children(f"{folder}/{bucket('wheels')}"):
        for entry in _children(group):
            try:
                content = read_plain(f"{entry}/{MANIFEST}", MANIFEST_MOST, follow=False)
                wheel = parse_manifest(content, entry)
            except OSError:
                wheel = None
            yield entry, "" if wheel is None else wheel.label


def _folders_of(folder: str, wheels: Sequence[tuple[str, str]]) -> list[str]:
    """Return the folders of entries, and of their bytecode."""
    entries = {path for path, _ in wheels}
    return [*entries, *(path for path, wheel in _bytecode(folder) if wheel in entries)]


def _bytecode(folder: str) -> Iterator[tuple[str, str]]:
    """Yield the folders of all wheels' bytecode, each with the wheel's own."""
    for group in _children(f"{folder}/{bucket('bytecode')}"):
        for path in _children(group):
            yield (
                path,
                f"{folder}/{bucket('wheels')}/{os.path.basename(group)}/{os.path.basename(path)}",
            )


def _pages(folder: str) -> Iterator[str]:
    """Yield the indexes' pages, each called as its project."""
    for index in _children(f"{folder}/{bucket('pages')}"):
        yield from _children(index)


def _measure(path: str, unseen: Collection[int] = (ENAMETOOLONG,)) -> tuple[int, int]:
    """Return how many files stand at and below a path, and their bytes; `unseen` faults hide what is not counted.

    What a build leaves may lie deeper than a path can say.
    """
    if os.path.islink(path):
        return 1, os.lstat(path).st_size
    files = size = 0
    pending = [path]
    while pending:
        here = pending.pop()
        try:
            with os.scandir(here) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        pending.append(entry.path)
                    else:
                        files += 1
                        size += entry.stat(follow_symlinks=False).st_size
        except NotADirectoryError:
            files += 1
            size += os.lstat(here).st_size
        except FileNotFoundError:
            continue  # another process was faster
        except OSError as error:
            if error.errno not in unseen:
                raise write_error(error, here) from error
    return files, size


def _remove(
    folder: str, wheels: Sequence[tuple[str, str]], doomed: Sequence[str], writer: Writer
) -> Collected:
    files = size = 0
    try:
        for path in doomed:
            counted, measured = _measure(path, (ENAMETOOLONG, EACCES))  # such a folder goes, too
            files, size = files + counted, size + measured
        for path, _ in wheels:
            # Without its manifest nobody finds the wheel, however much of it still stands.
            remove_file(f"{path}/{MANIFEST}", writer=writer)
        for path in doomed:
            remove_tree(path, writer=writer)
        for path in list(_dangling(folder)):
            files += 1
            remove_file(path, writer=writer)
    except OSError as error:
        raise write_error(error, error.filename or folder) from error
    return Collected(wheels=tuple(label for _, label in wheels), files=files, size=size)


def _dangling(folder: str) -> Iterator[str]:
    """Yield the names of wheels that are not there."""
    wheels = f"{folder}/{bucket('wheels')}"
    for kind in (f"{folder}/{bucket('built')}", *_children(f"{folder}/{bucket('names')}")):
        for path, sha256 in _named(kind):
            entry = f"{wheels}/{sha256[:2]}/{sha256}"
            if not (os.path.isdir(entry) or os.path.isdir(f"{entry}.tolerated")):
                yield path


def _named(kind: str) -> Iterator[tuple[str, str]]:
    """Yield the names of a kind, each with the sha256 of the wheel that it stands for."""
    for path in (path for group in _children(kind) for path in _children(group)):
        try:
            sha256 = read_head(path, 64).decode("ascii", "replace").strip()
        except OSError:
            continue
        yield path, sha256


def _sha256(entry: str) -> str:
    return os.path.basename(entry).removesuffix(".tolerated")
