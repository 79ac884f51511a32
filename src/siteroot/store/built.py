"""Which wheel came of which build: names by what was built from, beside those of `store.py`.

    CACHE/built-v1/AB/KEY    the wheel that was built from what KEY is a digest of, a line each: the sha256 of its
                             archive, size, file name, and the build root that it goes on needing, if any
      build-roots-v1/NAME/   a build root that an editable goes on needing; its file `users` has a line for each site root
                             that has that editable: the sha256 of its wheel, a space, the site root's path

A name whose wheel is not in the store is as good as none.
"""

import os

from siteroot.fs import make_folder, read_plain, write_whole
from siteroot.model.cache import bucket
from siteroot.model.digest import Digest
from siteroot.model.reserved import STATE_FILE
from siteroot.model.value import dataclass

from .store import Store, in_words

BUILT = bucket("built")

_USERS = "users"
_MOST = 256 << 20


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


def note_user(built: Built, site_root: str) -> None:
    """Keep that a site root has an editable whose build root has to stay. Raises StoreWriteError."""
    line = f"{built.digest.hexadecimal} {site_root}\n".encode("utf-8", "surrogateescape")
    path = f"{built.root}/{_USERS}"
    known = _read_users(built.root)
    if line not in known:
        with in_words(path):
            write_whole(path, b"".join((*known, line)))


def is_used(build_root: str) -> bool:
    """Whether a site root still stands that has what a build root was kept for."""
    for line in _read_users(build_root):
        sha256, _, site_root = line.strip().partition(b" ")
        try:
            state = read_plain(f"{os.fsdecode(site_root)}/{STATE_FILE}", _MOST)
        except OSError:
            continue
        if sha256 in state:
            return True
    return False


def _read_users(build_root: str) -> list[bytes]:
    try:
        return read_plain(f"{build_root}/{_USERS}", _MOST).splitlines(keepends=True)
    except OSError:
        return []


def _path(base: str, key: str) -> str:
    return f"{base}/{BUILT}/{key[:2]}/{key}"
