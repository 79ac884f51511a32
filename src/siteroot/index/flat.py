"""Flat indexes and `--find-links`: one folder, or one page, with files of many projects side by side."""

import os
import threading
from urllib.parse import urlsplit

from packaging.utils import canonicalize_name

from siteroot.formats.distribution_names import is_wheel, version_in
from siteroot.formats.listing import Listing, Row
from siteroot.formats.releases import PageFiles, sort_listing
from siteroot.fs import LIMITS, read_plain
from siteroot.model.event import Note
from siteroot.model.file_url import file_url, quoted_path
from siteroot.model.settings import IndexSetting
from siteroot.ports import Reporter

from .address import show_url
from .exchange import MOST
from .failures import NotFoundError, OfflineError, UnreachableError
from .pages import Absence, Pages, local_path


class FlatIndexes:
    """Reads flat indexes, each but once. Safe for many threads."""

    def __init__(self, pages: Pages, reporter: Reporter) -> None:
        self._pages = pages
        self._reporter = reporter
        self._lock = threading.Lock()
        self._read: dict[str, dict[str, Listing]] = {}

    def read(self, project: str, place: str) -> PageFiles | None:
        """Return the files of a project at a place, a path or URL; None where there is none of it.

        Raises SourceError where the place is not there or cannot be read.
        """
        with self._lock:
            projects = self._read.get(place)
            if projects is None:
                projects = self._read[place] = _by_project(self._list(place))
        listing = projects.get(project)
        files = None if listing is None else sort_listing(listing, project)
        return files or None

    def projects(self) -> set[str]:
        """Return the projects that the places which were read have files of."""
        with self._lock:
            return {name for projects in self._read.values() for name in projects}

    def _list(self, place: str) -> Listing:
        from siteroot.formats.simple_api_html import parse_simple_html  # noqa: PLC0415 - for pages of links alone

        path = local_path(place)
        if path is None:
            return self._list_remote(place)
        if os.path.isdir(path):
            return _list_folder(path)
        try:
            content = read_plain(path, MOST)
        except OSError as error:
            raise _unreadable(error, path) from None
        page = parse_simple_html(content.decode("utf-8", "replace"), file_url(path))
        return self._told(page)

    def _list_remote(self, place: str) -> Listing:
        listing = self._pages.read_links(IndexSetting(url=place))
        if isinstance(listing, Listing):
            return listing
        if listing.why is Absence.OFFLINE:
            raise OfflineError(
                "a page of links is not in the cache, and the network is not to be used",
                where=show_url(place),
            )
        raise NotFoundError(
            f"there is no page of links: the server answered {listing.status}",
            where=show_url(place),
        )

    def _told(self, listing: Listing) -> Listing:
        for note in listing.notes:
            self._reporter.report(Note(f"{show_url(listing.base)}: {note}"))
        return listing


def _list_folder(path: str) -> Listing:
    try:
        names = os.listdir(path)
    except OSError as error:
        raise _unreadable(error, path) from None
    base = file_url(f"{path.rstrip('/')}/")
    rows: list[Row] = [
        (name, base + quoted_path(name), {}, None, None, None, None, None) for name in sorted(names)
    ]
    return Listing(base=base, rows=rows)


def _unreadable(error: OSError, path: str) -> Exception:
    if error.errno in LIMITS:
        return error
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return NotFoundError(
            "there is no such folder or page of links",
            where=path,
            hints=("`--find-links` and flat indexes name a folder, an HTML file, or its URL.",),
        )
    return UnreachableError(f"a folder of links cannot be read: {error.strerror}", where=path)


def _by_project(listing: Listing) -> dict[str, Listing]:
    """Return a listing's rows by the projects that their names may be of: an sdist's name may end at several dashes."""
    rows: dict[str, list[Row]] = {}
    for row in listing.rows:
        for project in _projects(row[0]):
            rows.setdefault(project, []).append(row)
    return {name: Listing(base=listing.base, rows=found) for name, found in rows.items()}


def _projects(filename: str) -> set[str]:
    parts = filename.split("-")
    if is_wheel(filename):
        return {canonicalize_name(parts[0])}
    names = {canonicalize_name("-".join(parts[:end])) for end in range(1, len(parts))}
    return {name for name in names if version_in(filename, name) is not None}


def is_remote(place: str) -> bool:
    """Whether a flat index lies on a server, so that locks name it by its URL."""
    return urlsplit(place).scheme in {"http", "https"}
