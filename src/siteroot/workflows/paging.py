"""Pages and metadata of indexes, as the settings want them."""

import os
import time

from siteroot.index.fetch import Fetcher
from siteroot.index.flat import FlatIndexes
from siteroot.index.metadata import MetadataReader, Work
from siteroot.index.metadata_cache import MetadataCache
from siteroot.index.page_cache import PageCache
from siteroot.index.pages import PageRules, Pages
from siteroot.model.cache import bucket
from siteroot.model.settings import Settings
from siteroot.ports import Reporter
from siteroot.project.indexes import order_indexes
from siteroot.select.choice import normalize_names

from .metadata_source import IndexedMetadata, ReadSource, refuse_source


def open_pages(
    settings: Settings, fetcher: Fetcher, cache_folder: str | None, reporter: Reporter
) -> Pages:
    """Return the reader of pages; without a cache's folder it keeps none."""
    rules = PageRules(
        now=time.time(),
        offline=bool(settings.offline),
        refresh=bool(settings.refresh),
        refresh_names=frozenset(normalize_names(settings.refresh_package)),
    )
    return Pages(fetcher, PageCache(_folder(cache_folder, "pages")), rules, reporter)


def open_metadata(
    settings: Settings,
    fetcher: Fetcher,
    cache_folder: str | None,
    reporter: Reporter,
    *,
    work: Work,
    read_source: ReadSource = refuse_source,
) -> IndexedMetadata:
    """Return what answers a resolver from the settings' indexes.

    `work` gives a folder for a file that passes through; `read_source` does what indexes cannot.
    """
    cache = open_descriptions(cache_folder)
    pages = open_pages(settings, fetcher, cache_folder, reporter)
    return IndexedMetadata(
        order_indexes(settings),
        pages=pages,
        flat=FlatIndexes(pages, reporter),
        reader=MetadataReader(fetcher, cache, reporter, work=work, archives=cache_folder),
        fetcher=fetcher,
        reporter=reporter,
        read_source=read_source,
    )


def open_descriptions(cache_folder: str | None) -> MetadataCache:
    """Return what distributions were found to say of themselves; without a cache's folder nothing is kept."""
    return MetadataCache(_folder(cache_folder, "metadata"))


def _folder(cache_folder: str | None, kind: str) -> str | None:
    return None if cache_folder is None else os.path.join(cache_folder, bucket(kind))
