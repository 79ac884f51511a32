"""Which wheel came of which build: names by what was built from, beside those of `store.py`.

    CACHE/built-v1/AB/KEY    the wheel that was built from what KEY is a digest of, a line each: the sha256 of its
                             archive, size, file name, and the build root that it goes on needing, if any

A name whose wheel is not in the store is as good as none.
"""

import os
from dataclasses import dataclass

from siteroot.fs import make_folder, read_plain, write_whole
from siteroot.model.cache import bucket
from siteroot.model.digest import Digest

from .store import Store, in_words

BUILT = bucket("built")


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """A wheel file that a build made. `root` is the folder of the build root that it goes on needing, else ""."""

    filename: str
    digest: Digest
    size: int
    root: str = ""


def find_built(store: Store, key: str) -> Built | None:
    """Return what was built from what the key stands for, None where nothing was, or it is not known any more."""
    for base in store.bases():
        try:
            lines = read_plain(_path(base, key), 8192, follow=False).decode().split("\n")
        except (OSError, UnicodeDecodeError):
            continue
        if len(lines) == 5 and lines[1].isdecimal():
            sha256, size, filename, root, _ = lines
            return Built(
                filename=filename, digest=Digest("sha256", sha256), size=int(size), root=root
            )
    return None


def write_built(store: Store, key: str, built: Built) -> None:
    """Keep what was built. Raises StoreWriteError."""
    path = _path(store.writable_base(), key)
    lines = f"{built.digest.hexadecimal}\n{built.size}\n{built.filename}\n{built.root}\n"
    with in_words(path):
        make_folder(os.path.dirname(path))
        write_whole(path, lines.encode())


def _path(base: str, key: str) -> str:
    return f"{base}/{BUILT}/{key[:2]}/{key}"
