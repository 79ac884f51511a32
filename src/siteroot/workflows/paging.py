"""The pages of indexes, as the settings want them kept."""

import os
import time

from packaging.utils import canonicalize_name

from siteroot.index.fetch import Fetcher
from siteroot.index.page_cache import PageCache
from siteroot.index.pages import PageRules, Pages
from siteroot.model.cache import bucket
from siteroot.model.settings import Settings
from siteroot.ports import Reporter


def open_pages(
    settings: Settings, fetcher: Fetcher, cache_folder: str | None, reporter: Reporter
) -> Pages:
    """Return the reader of pages; without a cache's folder it keeps none."""
    folder = None if cache_folder is None else os.path.join(cache_folder, bucket("pages"))
    rules = PageRules(
        now=time.time(),
        offline=bool(settings.offline),
        refresh=bool(settings.refresh),
        refresh_names=frozenset(canonicalize_name(name) for name in settings.refresh_package),
    )
    return Pages(fetcher, PageCache(folder), rules, reporter)
