"""What indexes offer and what files say of themselves: the real adapter of `ports.MetadataSource`.

What the cache has is read in the thread that asks, since a hand-over costs more than the read; what has to be fetched
is fetched by threads, begun as soon as somebody expects it.
"""

import gc
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from packaging.utils import canonicalize_name

from siteroot.errors import InvariantError, SourceError
from siteroot.formats.distribution_names import SDIST_ENDINGS, is_wheel
from siteroot.index.address import show_url
from siteroot.index.failures import OfflineError
from siteroot.index.fetch import Fetcher
from siteroot.index.flat import FlatIndexes, is_remote
from siteroot.index.metadata import MetadataReader, UnbuiltMetadataError
from siteroot.index.pages import Absence, NoPage, Pages
from siteroot.model.event import Warned
from siteroot.model.lock import FlatSource, RegistrySource, Source
from siteroot.model.metadata import DistributionMetadata
from siteroot.model.release import ListedFile, ProjectPage
from siteroot.model.settings import IndexSetting
from siteroot.ports import Reporter
from siteroot.project.indexes import IndexOrder, Search, plain_index

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

#: How many requests are under way at once, at most: what a connection pool holds, and no index minds.
_WIDTH = 32

#: glibc's M_ARENA_MAX.
_ARENA_MAX = -8

#: How many objects are made before those that only hold each other are sought.
_RINGS = 10_000

#: Seconds in which threads take their temporary files away, once a signal ended the command.
_PATIENCE = 2.0

_PageKey = tuple[str, str | None]

#: Reads the metadata of what lies at no index.
ReadSource = Callable[[Source], DistributionMetadata]


def _share_heap() -> None:
    """Let all threads allocate from one heap: glibc gives each its own, which keeps the pages that it once held."""
    import ctypes  # noqa: PLC0415 - 5 ms, where something is fetched

    with suppress(AttributeError, OSError):  # another C library
        ctypes.CDLL(None).mallopt(_ARENA_MAX, 1)


def _collect_rings() -> None:
    """Look for what only itself holds from here on, as the thousands of answers of a cold resolve; what was there stays."""
    gc.freeze()
    gc.set_threshold(_RINGS)
    gc.enable()


def refuse_source(source: Source) -> DistributionMetadata:
    """Refuse, where nobody brings what lies at no index."""
    raise InvariantError(f"nobody reads {source}")


class IndexedMetadata:
    """Answers from indexes. A context manager: at its end nothing is under way any more."""

    def __init__(
        self,
        order: IndexOrder,
        *,
        pages: Pages,
        flat: FlatIndexes,
        reader: MetadataReader,
        fetcher: Fetcher,
        reporter: Reporter,
        read_source: ReadSource = refuse_source,
    ) -> None:
        self._order = order
        self._pages = pages
        self._flat = flat
        self._reader = reader
        self._fetcher = fetcher
        self._reporter = reporter
        self._read_source = read_source
        self._pool: ThreadPoolExecutor | None = None
        # what is known, or on its way
        self._asked: dict[_PageKey, tuple[ProjectPage, ...] | Future[tuple[ProjectPage, ...]]] = {}
        self._metadata: dict[str, DistributionMetadata | Future[DistributionMetadata]] = {}
        self._refusals: dict[str, str] = {}  # the index, by project

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            asked = (*self._asked.values(), *self._metadata.values())
            known = (tuple, DistributionMetadata)
            waiting: list[Future[Any]] = [
                one for one in asked if not isinstance(one, known) and not one.done()
            ]
            if waiting:
                self._fetcher.cut()  # nobody waits for what was only expected
            if kind is None or not issubclass(kind, KeyboardInterrupt):
                self._pool.shutdown()
            else:  # no huge page keeps a command from its end
                from concurrent.futures import wait  # noqa: PLC0415 - it is loaded: there are threads

                wait(waiting, _PATIENCE)

    def pages(self, name: str, index: str | None) -> Sequence[ProjectPage]:
        """Return the pages of a project, in the order of the indexes; of one index alone where it is named by URL."""
        asked = self._page_of(name, index)
        return asked if isinstance(asked, tuple) else asked.result()

    def places(self, index: str | None) -> Sequence[str]:
        """Return where a project's pages are looked for, as a person named it."""
        if index is not None:
            return (show_url(plain_index(index)),)
        searched = (show_url(plain_index(each.url)) for each in self._order.searched)
        return (*self._order.links, *searched)

    def refusal(self, name: str) -> str | None:
        """Return the index that did not say without other credentials whether it has a project."""
        return self._refusals.get(name)

    def known(self) -> Collection[str]:
        """Return names of projects that the cache has pages of, or pages of links have files of."""
        found = self._flat.projects()
        for index in self._order.searched:
            if not index.flat:
                found |= self._pages.known(self._order.asked_at(index))
        return found

    def read(self, file: ListedFile) -> DistributionMetadata:
        """Return the metadata of a listed file."""
        asked = self._metadata_of(file)
        return asked if isinstance(asked, DistributionMetadata) else asked.result()

    def read_source(self, source: Source) -> DistributionMetadata:
        """Return the metadata of what a URL, repository, path or directory holds."""
        return self._read_source(source)

    def expect(self, names: Sequence[str]) -> None:
        """Begin to fetch pages that will be asked for, and return at once."""
        for name in names:
            with suppress(SourceError):  # whoever asks for it is told
                self._page_of(name, None)

    def expect_metadata(self, files: Sequence[ListedFile]) -> None:
        """Begin to fetch metadata that will be asked for, and return at once."""
        for file in files:
            with suppress(UnbuiltMetadataError):  # as above
                self._metadata_of(file)

    def _page_of(
        self, name: str, index: str | None
    ) -> "tuple[ProjectPage, ...] | Future[tuple[ProjectPage, ...]]":
        asked = self._asked.get((name, index))
        if asked is None:
            asked = self._search(name, index, recall=True)
            if asked is None:
                asked = self._threads().submit(self._find, name, index)
            self._asked[name, index] = asked
        return asked

    def _metadata_of(
        self, file: ListedFile
    ) -> "DistributionMetadata | Future[DistributionMetadata]":
        asked = self._metadata.get(file.location)
        if asked is None:
            asked = self._reader.recall(file)
            if asked is None:
                asked = self._threads().submit(self._reader.read, file, self.project_of(file))
            self._metadata[file.location] = asked
        return asked

    def _threads(self) -> "ThreadPoolExecutor":
        from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - 6 ms that a warm cache need not pay

        if self._pool is None:
            _share_heap()
            _collect_rings()
            self._pool = ThreadPoolExecutor(_WIDTH, "metadata")
        return self._pool

    def _find(self, name: str, index: str | None) -> tuple[ProjectPage, ...]:
        found = self._search(name, index, recall=False)
        assert found is not None, "a search that may ask comes to an end"
        return found

    def _search(
        self, name: str, url: str | None, *, recall: bool
    ) -> tuple[ProjectPage, ...] | None:
        """Return the pages that count; None where one of them is to be asked for, and only the cache may be (`recall`)."""
        found: list[ProjectPage] = []
        offline = False
        if url is None:
            if recall and any(is_remote(place) for place in self._order.links):
                return None
            linked = (self._flat_page(name, place) for place in self._order.links)
            found += [page for page in linked if page is not None]
        for index in self._order.searched if url is None else (self._order.one(url),):
            answer = self._ask(name, index, recall=recall)
            if answer is None:
                return None
            if isinstance(answer, NoPage):
                offline = offline or answer.why is Absence.OFFLINE
                search = self._order.after(index, found=False, status=answer.status)
            else:
                found.append(answer)
                search = self._order.after(index, found=True, status=None)
            if search is Search.ENDED:
                self._tell_refusal(name, index)
            if search is not Search.NEXT:
                break
        if offline and not found:
            raise OfflineError(
                f"no index's page of {name} is in the cache, and the network is not to be used",
                hints=("Leave out `--offline` (UV_OFFLINE) once, then it stays in the cache.",),
            )
        return tuple(found)

    def _ask(self, name: str, index: IndexSetting, *, recall: bool) -> ProjectPage | NoPage | None:
        if index.flat:
            if recall and is_remote(index.url):
                return None
            return self._flat_page(name, index.url) or NoPage(why=Absence.UNKNOWN)
        ask = self._pages.recall if recall else self._pages.read
        files = ask(name, self._order.asked_at(index))
        if files is None or isinstance(files, NoPage):
            return files
        return ProjectPage(name=name, source=RegistrySource(plain_index(index.url)), files=files)

    def _flat_page(self, name: str, place: str) -> ProjectPage | None:
        files = self._flat.read(name, place)
        if files is None:
            return None
        source = RegistrySource(plain_index(place)) if is_remote(place) else FlatSource(place)
        return ProjectPage(name=name, source=source, files=files)

    def _tell_refusal(self, name: str, index: IndexSetting) -> None:
        shown = index.name or plain_index(index.url)
        told = shown in self._refusals.values()
        self._refusals[name] = shown
        if not told:
            self._reporter.report(
                Warned(
                    f"index {shown} lets nobody see {name} without other credentials, and no other index is asked for it"
                )
            )

    def project_of(self, file: ListedFile) -> str:
        """Return the project that a file is of: of an old sdist's possible names the one that was asked for."""
        stem = file.filename
        if is_wheel(stem):
            return canonicalize_name(stem.partition("-")[0])
        for ending in SDIST_ENDINGS:
            stem = stem.removesuffix(ending)
        parts = stem.split("-")
        names = [canonicalize_name("-".join(parts[:end])) for end in range(len(parts) - 1, 0, -1)]
        asked = {name for name, _ in self._asked}
        return next((name for name in names if name in asked), names[0] if names else stem)
