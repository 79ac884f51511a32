"""Which indexes are searched for a project, in which order (uv's), and what their answers mean for the search.

Here alone it is decided: who fetches pages asks it step by step, and fetches no page that does not count.
"""

from collections.abc import Iterable, Sequence
from enum import Enum

from siteroot.model.settings import IndexSetting, MirrorSetting, Settings
from siteroot.model.value import dataclass, replace

_PYPI = IndexSetting(url="https://pypi.org/simple", name="pypi", default=True)


class Search(Enum):
    """How a search goes on after an index has answered."""

    FOUND = "no other index is asked"
    NEXT = "the next index is asked"
    ENDED = "no other index is asked, since this one may have the project"


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexOrder:
    """`searched` are the indexes for whatever has none of its own, nearest first; `explicit` those asked by name only.

    `links` are the places of `--find-links`, which are looked at beside any index. `first_only`: the first index that
    knows a project is the only one that counts (`first-index`).
    """

    searched: tuple[IndexSetting, ...]
    explicit: tuple[IndexSetting, ...]
    links: tuple[str, ...]
    first_only: bool
    mirrors: tuple[MirrorSetting, ...] = ()

    def asked_at(self, index: IndexSetting) -> IndexSetting:
        """Return the index that is asked in an index's stead: its mirror, where it has one."""
        mirror = choose_mirror(self.mirrors, (index.url,))
        return index if mirror is None else replace(index, url=mirror.url)

    def one(self, url: str) -> IndexSetting:
        """Return the index with that URL, a plain one where none is configured."""
        wanted = plain_index(url)
        every = (*self.explicit, *self.searched)
        found = (index for index in every if plain_index(index.url) == wanted)
        return next(found, IndexSetting(url=url))

    def after(self, index: IndexSetting, *, found: bool, status: int | None) -> Search:
        """Return how the search goes on when an index had a page, or answered with a status instead (None: neither).

        By `first-index` a refusal ends it: who is not let in must not get a stranger's project of the same name.
        """
        if found:
            return Search.FOUND if self.first_only else Search.NEXT
        refused = self.first_only and status in {401, 403} - ignored_statuses(index)
        return Search.ENDED if refused else Search.NEXT


def order_indexes(settings: Settings) -> IndexOrder:
    """Return the indexes that the settings name: those without a default's mark, then the default one, else PyPI.

    Of two with one name the first counts, of two with one URL too.
    """
    links, first_only = settings.find_links, settings.index_strategy in {None, "first-index"}
    if settings.no_index:
        return IndexOrder(searched=(), explicit=(), links=links, first_only=first_only)
    named = _first_of_each(settings.indexes)
    default = next((index for index in named if index.default), _PYPI)
    searched: dict[str, IndexSetting] = {}
    for index in (*(one for one in named if not one.default), default):
        if not index.explicit:
            searched.setdefault(plain_index(index.url), index)
    return IndexOrder(
        searched=tuple(searched.values()),
        explicit=tuple(index for index in named if index.explicit),
        links=links,
        first_only=first_only,
        mirrors=settings.mirrors,
    )


def choose_mirror(mirrors: Iterable[MirrorSetting], places: Sequence[str]) -> MirrorSetting | None:
    """Return the first mirror of what lies at any of these URLs or paths, None where there is none."""
    compared = [f"{_compared(place)}/" for place in places]
    for mirror in mirrors:
        if any(place.startswith(f"{_compared(mirror.replaced)}/") for place in compared):
            return mirror
    return None


def ignored_statuses(index: IndexSetting) -> frozenset[int]:
    """Return the statuses by which an index says that it does not know a project."""
    if index.ignore_error_codes is not None:
        return frozenset({404, *index.ignore_error_codes})
    # PyTorch's answers so; uv makes the same exception
    pytorch = "://download.pytorch.org/" in f"{plain_index(index.url).lower()}/"
    return frozenset({404, 403} if pytorch else {404})


def plain_index(url: str) -> str:
    """Return an index's URL as locks write it, by which two are compared: no credentials, no slash at its end."""
    scheme, mark, rest = url.partition("://")
    netloc, slash, path = rest.partition("/")
    return f"{scheme}{mark}{netloc.rpartition('@')[2]}{slash}{path}".rstrip("/") if mark else url


def _compared(url: str) -> str:
    """Return a URL as mirrors are chosen by it: no credentials, query or slash at its end; scheme and host are one case."""
    scheme, mark, rest = plain_index(url.partition("?")[0].partition("#")[0]).partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme.lower()}{mark}{host.lower()}{slash}{path}" if mark else url


def _first_of_each(indexes: Sequence[IndexSetting]) -> tuple[IndexSetting, ...]:
    names: set[str] = set()
    kept = []
    for index in indexes:
        if index.name is None or index.name not in names:
            kept.append(index)
        if index.name is not None:
            names.add(index.name)
    return tuple(kept)
