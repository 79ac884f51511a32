"""A project's page of one index: out of the cache while it holds, asked about or fetched where it does not."""

import posixpath
from collections.abc import Callable
from enum import Enum, auto

from siteroot.formats.listing import Listing, SimpleApiError, holds_logins
from siteroot.formats.releases import PageFiles, pack_listing, sort_listing, unpack_listing
from siteroot.formats.simple_api import ACCEPTED, parse_simple_page
from siteroot.fs import LIMITS, read_plain
from siteroot.model.event import Note
from siteroot.model.file_url import file_url, unquoted_path
from siteroot.model.settings import IndexSetting
from siteroot.model.value import dataclass
from siteroot.ports import Reporter
from siteroot.project.indexes import ignored_statuses

from .address import parse_address, show_url, split_url
from .caching import Recency, Validity, Verdict, cache_verdict, confirm, judge_answer
from .exchange import MOST, BodyRequest, Received
from .failures import UnreachableError
from .fetch import Fetcher
from .page_cache import KeptPage, PageCache

#: The statuses that say something of a project rather than of the server's health.
_TELLING = frozenset({200, 304, 401, 403, 404, 410})


#: What a page of links is kept as: no project is called so.
_LINKS = "links.html"


class Absence(Enum):
    """Why there is no page."""

    UNKNOWN = auto()  # the index does not know the project
    REFUSED = auto()  # it wants a login, or another one (401, 403)
    OFFLINE = auto()  # the cache lacks it, and the network is not to be used


@dataclass(frozen=True, slots=True, kw_only=True)
class NoPage:
    """That an index gave no page. `status` is its answer, None where it was not asked by HTTP."""

    why: Absence
    status: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRules:
    """What the person wants of cached pages. `now` is in seconds since 1970; names are normalised."""

    now: float
    offline: bool = False
    refresh: bool = False
    refresh_names: frozenset[str] = frozenset()

    def recency(self, project: str) -> Recency:
        """Return how recent a project's page has to be."""
        if self.offline:
            return Recency.ANY
        refreshed = self.refresh or project in self.refresh_names
        return Recency.REFRESHED if refreshed else Recency.OBEYED


class Pages:
    """Reads pages of indexes. Safe for many threads."""

    def __init__(
        self, fetcher: Fetcher, cache: PageCache, rules: PageRules, reporter: Reporter
    ) -> None:
        self._fetcher = fetcher
        self._cache = cache
        self._rules = rules
        self._reporter = reporter

    def read(self, project: str, index: IndexSetting) -> PageFiles | NoPage:
        """Return what an index with the Simple API offers of a project, by its normalised name.

        Raises SourceError where the index cannot be reached or answers with no page.
        """
        if (folder := local_path(index.url)) is not None:
            return self._read_local(project, folder)
        location = page_url(index.url, project)
        return self._obtain(project, index, location, lambda answer: self._parse(project, answer))

    def read_links(self, index: IndexSetting) -> Listing | NoPage:
        """Return what the page of a flat index on a server links to. Raises as `read`."""
        files = self._obtain(_LINKS, index, index.url, self._parse_links)
        return files if isinstance(files, NoPage) else unpack_listing(files)

    def _obtain(
        self,
        project: str,
        index: IndexSetting,
        location: str,
        parse: Callable[[Received], tuple[PageFiles, Listing]],
    ) -> PageFiles | NoPage:
        identity = parse_address(index.url).url  # without credentials
        kept = self._cache.read(identity, project)
        if kept is not None and self._holds(kept, project):
            return kept.files
        if self._rules.offline:
            return NoPage(why=Absence.OFFLINE)
        answer = self._ask(project, index, location, kept)
        if answer.status == 304 and kept is not None:
            files = kept.files
            validity = confirm(
                kept.validity, answer.headers, self._rules.now, index.cache_control_api
            )
        elif answer.status == 200:
            files, listing = parse(answer)
            validity = judge_answer(answer.headers, self._rules.now, index.cache_control_api)
            validity = None if holds_logins(listing) else validity
        else:
            refused = answer.status in {401, 403} - ignored_statuses(index)
            why = Absence.REFUSED if refused else Absence.UNKNOWN
            return NoPage(why=why, status=answer.status)
        return self._keep(identity, project, files, validity)

    def recall(self, project: str, index: IndexSetting) -> PageFiles | NoPage | None:
        """Return what `read` would return without asking anybody, None where it would ask."""
        if local_path(index.url) is not None or self._rules.offline:
            return self.read(project, index)
        kept = self._cache.read(parse_address(index.url).url, project)
        return kept.files if kept is not None and self._holds(kept, project) else None

    def known(self, index: IndexSetting) -> set[str]:
        """Return names of projects whose pages the cache has of an index."""
        if local_path(index.url) is not None:
            return set()
        return self._cache.names(parse_address(index.url).url) - {_LINKS}

    def _holds(self, kept: KeptPage, project: str) -> bool:
        verdict = cache_verdict(kept.validity, self._rules.recency(project), self._rules.now)
        return verdict is Verdict.SERVE

    def _ask(
        self, project: str, index: IndexSetting, location: str, kept: KeptPage | None
    ) -> Received:
        request = BodyRequest(
            label="a page of links" if project == _LINKS else f"the page of {project}",
            location=location,
            headers={
                "accept": ACCEPTED,
                "accept-encoding": "gzip",
                **({} if kept is None else kept.validity.conditions),
            },
            wanted=(_TELLING if kept is not None else _TELLING - {304}) | ignored_statuses(index),
        )
        return self._fetcher.receive(request)

    def _parse(self, project: str, answer: Received) -> tuple[PageFiles, Listing]:
        kind = answer.headers.get("content-type", "")
        listing = self._list(project, answer.body, kind, answer.url)
        return sort_listing(listing, project), listing

    def _parse_links(self, answer: Received) -> tuple[PageFiles, Listing]:
        kind = answer.headers.get("content-type", "")
        listing = self._list("links", answer.body, kind, answer.url)
        return pack_listing(listing), listing

    def _list(self, what: str, content: bytes, kind: str, url: str) -> Listing:
        try:
            listing = parse_simple_page(content, kind, url)
        except SimpleApiError as error:
            raise SimpleApiError(error.message, where=show_url(url), hints=error.hints) from None
        self._tell(what, listing, url)
        return listing

    def _tell(self, project: str, listing: Listing, url: str) -> None:
        for note in listing.notes:
            self._reporter.report(Note(f"{project}: {note} ({show_url(url)})"))

    def _keep(
        self, identity: str, project: str, files: PageFiles, validity: Validity | None
    ) -> PageFiles:
        """Return the files, as the cache now has them: what lies there is memory that need not be held."""
        if validity is None:
            self._cache.forget(identity, project)
            return files
        self._cache.write(identity, project, KeptPage(validity=validity, files=files))
        kept = self._cache.read(identity, project)
        return files if kept is None else kept.files

    def _read_local(self, project: str, folder: str) -> PageFiles | NoPage:
        """Return the page of an index that lies on this disk, as a folder for each project with an index.html."""
        path = posixpath.join(folder, project, "index.html")
        try:
            content = read_plain(path, MOST)
        except (FileNotFoundError, NotADirectoryError):
            return NoPage(why=Absence.UNKNOWN)
        except OSError as error:
            if error.errno in LIMITS:
                raise
            raise UnreachableError(
                f"the page of {project} cannot be read: {error.strerror}", where=path
            ) from None
        listing = self._list(project, content, "text/html", file_url(path))
        return sort_listing(listing, project)


def page_url(index: str, project: str) -> str:
    """Return the URL of a project's page (PEP 503): it ends in a slash, so that relative links start in it."""
    path, mark, query = index.partition("?")
    return f"{path.rstrip('/')}/{project}/{mark}{query}"


def local_path(url: str) -> str | None:
    """Return the folder of an index on this disk, None for one on a server. Raises SourceError."""
    if url.startswith("/"):
        return url
    parts = split_url(url)
    if parts.scheme.lower() != "file":
        return None
    return unquoted_path(parts.path)
