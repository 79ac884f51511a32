"""Pages of indexes in the cache, in the form in which they are read in a fraction of a millisecond.

    CACHE/pages-v2/
        INDEX/              the index's URL, its credentials left out, quoted
            PROJECT         the rows of its releases | how long the page holds, where the rows are, sealed | the length of that

What is lost or damaged is fetched again; where nothing can be written nothing is kept.
"""

import contextlib
import mmap
import os
from array import array
from urllib.parse import quote

from siteroot.formats.releases import PageFiles
from siteroot.formats.sealed import seal, unseal
from siteroot.fs import DISK, Writer, make_folder, open_plain, write_whole
from siteroot.model.value import dataclass

from .caching import Validity

#: Another machine may order the bytes of numbers in another way.
_MAGIC = b"siteroot page 2\n" + array("H", [1]).tobytes()


#: The longest name of an index's folder; a file's name may have 255 bytes.
_LONGEST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPage:
    """A page and how long it holds."""

    validity: Validity
    files: PageFiles


class PageCache:
    """The pages that a cache holds; without a folder it keeps nothing. Safe for many threads and processes."""

    def __init__(self, folder: str | None, *, writer: Writer = DISK) -> None:
        self._folder = folder
        self._writer = writer

    def read(self, index: str, project: str) -> KeptPage | None:
        """Return the page of a project, None where it is not there. `index` is a URL without credentials."""
        path = self._path(index, project)
        if path is None:
            return None
        try:
            descriptor = open_plain(path)
            try:
                # a page may have megabytes of which hardly any are looked at
                content = mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ)
            finally:
                os.close(descriptor)
        except (OSError, ValueError):  # an empty file cannot be mapped
            return None
        end = len(content) - 4
        length = int.from_bytes(content[max(0, end) :], "big")
        value = unseal(_MAGIC, content[max(0, end - length) : max(0, end)])
        if value is None:
            return None
        (since, until, etag, last_modified), head = value
        validity = Validity(since=since, until=until, etag=etag, last_modified=last_modified)
        return KeptPage(validity=validity, files=PageFiles(head, content))

    def write(self, index: str, project: str, page: KeptPage) -> None:
        """Keep a page in place of the one that was there, where the disk lets us."""
        path = self._path(index, project)
        if path is None:
            return
        kept = page.validity
        times = (kept.since, kept.until, kept.etag, kept.last_modified)
        head = seal(_MAGIC, (times, page.files.head))
        content = b"".join((page.files.packed_rows(), head, len(head).to_bytes(4, "big")))
        with contextlib.suppress(
            OSError
        ):  # a full disk, another's cache: the page is fetched again
            make_folder(os.path.dirname(path), writer=self._writer)
            write_whole(path, content, writer=self._writer)

    def forget(self, index: str, project: str) -> None:
        """Keep a page no longer, where the disk lets us."""
        path = self._path(index, project)
        if path is not None:
            with contextlib.suppress(OSError):
                self._writer.unlink(path)

    def names(self, index: str) -> set[str]:
        """Return the projects of an index that pages are kept of."""
        path = self._path(index, "")
        try:
            return set() if path is None else set(os.listdir(path))
        except OSError:
            return set()

    def _path(self, index: str, project: str) -> str | None:
        if self._folder is None:
            return None
        return os.path.join(self._folder, _folder_of(index), project)


def _folder_of(index: str) -> str:
    quoted = quote(index, safe="", errors="surrogateescape")
    if len(quoted) <= _LONGEST:
        return quoted
    import hashlib  # noqa: PLC0415 - 3 ms, for what no person would write

    return hashlib.sha256(quoted.encode()).hexdigest()
