"""Where a lock's files are fetched from: where it says, or at mirrors of the indexes that it names."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from siteroot.model.pin import PinnedFile
from siteroot.model.settings import Settings
from siteroot.ports import Reporter

from .supply import Locate, locate_as_locked

if TYPE_CHECKING:
    from siteroot.index.fetch import Fetcher


def choose_locations(
    settings: Settings,
    open_fetcher: "Callable[[], Fetcher]",
    cache_folder: str | None,
    reporter: Reporter,
) -> Locate:
    """Return what says where files are. Offline they are where the lock says: none is fetched in any case."""
    if not settings.mirrors or settings.offline:
        return locate_as_locked

    def locate(files: Sequence[PinnedFile]) -> Sequence[str]:
        # most syncs have no mirror, and those that have one fetch seldom
        from siteroot.index.mirrors import Mirrors  # noqa: PLC0415

        from .paging import open_pages  # noqa: PLC0415

        fetcher = open_fetcher()
        pages = open_pages(settings, fetcher, cache_folder, reporter)
        return Mirrors(settings.mirrors, pages, fetcher, reporter).locate(files)

    return locate
