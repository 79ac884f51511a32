"""Files that a lock names at an index which cannot be reached, found by name and hash at another one: its mirror."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from siteroot.errors import IntegrityError, SourceError
from siteroot.formats.releases import find_file
from siteroot.model.event import Note
from siteroot.model.lock import LockedFile, RegistrySource
from siteroot.model.pin import PinnedFile
from siteroot.model.release import ListedFile
from siteroot.model.settings import IndexSetting, MirrorSetting
from siteroot.ports import Reporter
from siteroot.project.indexes import choose_mirror

from .address import show_url
from .fetch import Fetcher
from .pages import Absence, NoPage, Pages

#: How many pages are asked for at once.
_WIDTH = 16


class NotMirroredError(SourceError):
    """A mirror has no such file."""


class AnotherFileError(IntegrityError):
    """A mirror has another file under that name."""


class Mirrors:
    """Says where files are to be fetched from."""

    def __init__(
        self,
        mirrors: Sequence[MirrorSetting],
        pages: Pages,
        fetcher: Fetcher,
        reporter: Reporter,
    ) -> None:
        self._mirrors = mirrors
        self._pages = pages
        self._fetcher = fetcher
        self._reporter = reporter

    def locate(self, files: Sequence[PinnedFile]) -> list[str]:
        """Return where each file is: at its mirror, else where the lock says.

        Waits for the mirrors' pages, many at once. Raises NotMirroredError, AnotherFileError, SourceError.
        """
        chosen = [(file, choose_mirror(self._mirrors, _places(file))) for file in files]
        if all(mirror is None for _, mirror in chosen):
            return [file.location for file in files]
        with ThreadPoolExecutor(_WIDTH, "mirror") as pool:
            try:
                return list(pool.map(lambda each: self._find(*each), chosen))
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                self._fetcher.cut()
                raise

    def _find(self, pinned: PinnedFile, mirror: MirrorSetting | None) -> str:
        if mirror is None:
            return pinned.location
        name, filename = pinned.name, pinned.file.filename
        page = self._pages.read(name, IndexSetting(url=mirror.url))
        shown = show_url(mirror.url)
        if isinstance(page, NoPage):
            raise NotMirroredError(
                f"{filename} is not at the mirror: {_explain(page, name)}", where=shown
            )
        found = find_file(page, name, filename)
        if found is None:
            raise NotMirroredError(
                f"{filename} is not at the mirror, which has {len(page)} other files of {name}",
                where=shown,
                hints=("Does the mirror lag behind, or leave out files of some kind?",),
            )
        _compare(pinned.file, found, shown)
        self._reporter.report(Note(f"{filename}: from the mirror {shown}"))
        return found.location


def _places(pinned: PinnedFile) -> tuple[str, ...]:
    registry = (pinned.source.url,) if isinstance(pinned.source, RegistrySource) else ()
    return pinned.location, *registry


def _compare(file: LockedFile, found: ListedFile, shown: str) -> None:
    """Raise AnotherFileError where the page itself says that the file is another one: it need not come first."""
    theirs = {digest.algorithm: digest.hexadecimal for digest in found.digests}
    for digest in file.digests:
        other = theirs.get(digest.algorithm, digest.hexadecimal)
        if other != digest.hexadecimal:
            raise AnotherFileError(
                f"the mirror has another file under the name {file.filename}: its {digest.algorithm} is {other}, "
                f"that of the lock {digest.hexadecimal}",
                where=shown,
            )


def _explain(page: NoPage, name: str) -> str:
    answered = "" if page.status is None else f" ({page.status})"
    match page.why:
        case Absence.UNKNOWN:
            return f"it does not know {name}{answered}"
        case Absence.REFUSED:
            return f"it refuses to show {name}{answered}"
        case Absence.OFFLINE:
            return f"the cache lacks its page of {name}, and the network is not to be used"
