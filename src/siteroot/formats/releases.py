"""The files of a page by version, in a form that the cache can keep: a head, and the rows of all releases.

    head    columns over the versions, oldest first: how they are spelled, where their rows end, when they were uploaded …
    rows    of each version, marshalled

Versions are sorted once, when a page comes, and the rows of each are bytes until somebody looks at that version: a
resolver looks at two or three of a page's thousand. So of a page that was kept little more than the head is ever read,
and of that the numbers are used where they lie.
"""

import marshal
import math
from array import array
from binascii import crc32
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from mmap import mmap
from typing import overload

from packaging.version import Version

from siteroot.errors import StoreError
from siteroot.model.release import ListedFile, ProjectPage, Release

from .distribution_names import version_in
from .listing import Listing, Row, list_file, read_moment

#: Where links start; versions, one a line; and in the machine's own numbers: how many files each has ("I"), the first
#: and the last upload ("d", not a number where that is unknown), where its rows end ("Q") and their crc32 ("I"); and
#: the places of the pre-releases ("I").
PageHead = tuple[str, str, bytes, bytes, bytes, bytes, bytes, bytes]


class DamagedPageError(StoreError):
    """What the cache kept of a page was changed."""


class ListedReleases(Sequence[Release]):
    """The releases of a page, oldest first, each made when it is looked at; and columns over all of them.

    `versions` are in their normal form; `prereleases` the places of those that are one; `first` and `last` the times
    of uploads, not a number where that is unknown.
    """

    __slots__ = ("_make", "first", "last", "prereleases", "versions")

    def __init__(
        self,
        versions: Sequence[str],
        prereleases: Sequence[int],
        uploads: tuple[Sequence[float], Sequence[float]],
        make: Callable[[int], Release],
    ) -> None:
        self.versions = versions
        self.prereleases = prereleases
        self.first, self.last = uploads
        self._make = make

    def __len__(self) -> int:
        return len(self.versions)

    @overload
    def __getitem__(self, place: int) -> Release: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Release]: ...
    def __getitem__(self, place: int | slice) -> Release | Sequence[Release]:
        places = range(len(self.versions))[place]
        return self._make(places) if isinstance(places, int) else tuple(map(self._make, places))


class PageFiles(Sequence[ListedFile]):
    """The files of a page, by version and name; each is made when it is looked at."""

    def __init__(self, head: PageHead, rows: bytes | mmap) -> None:
        self.head = head
        self.rows = rows  # and maybe more behind them
        self._base, self._spelled, counts, first, last, ends, crcs, prereleases = head
        self._counts = memoryview(counts).cast("I")
        self._first, self._last = memoryview(first).cast("d"), memoryview(last).cast("d")
        self._row_ends, self._crcs = memoryview(ends).cast("Q"), memoryview(crcs).cast("I")
        self._prereleases = memoryview(prereleases).cast("I")
        self._ends: list[int] = []

    def __len__(self) -> int:
        return sum(self._counts)

    def __iter__(self) -> Iterator[ListedFile]:
        for release in self.releases():
            yield from release.files

    @overload
    def __getitem__(self, place: int) -> ListedFile: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[ListedFile]: ...
    def __getitem__(self, place: int | slice) -> ListedFile | Sequence[ListedFile]:
        if isinstance(place, slice):
            return tuple(self)[place]
        if not self._ends:
            self._ends = list(accumulate(self._counts))
        place = range(len(self))[place]
        which = bisect_right(self._ends, place)
        return self.releases()[which].files[place - self._ends[which]]

    def packed_rows(self) -> bytes:
        """Return the rows alone, as the head has their places."""
        return self.rows[: self._row_ends[-1] if self._row_ends else 0]

    def rows_of(self, place: int) -> Sequence[Row]:
        """Return the rows of the release at a place. Raises DamagedPageError."""
        packed = self.rows[self._row_ends[place - 1] if place else 0 : self._row_ends[place]]
        if crc32(packed) != self._crcs[place]:
            raise DamagedPageError(
                "what the cache has of an index's page was changed",
                where=self._base.partition("?")[0],
                hints=("`--refresh` fetches it anew.",),
            )
        rows: list[Row] = marshal.loads(packed)  # noqa: S302 - our own, and its checksum holds
        return rows

    def releases(self) -> ListedReleases:
        """Return the releases, oldest first."""
        versions = self._spelled.split("\n") if self._counts else []

        def make(place: int) -> Release:
            first, last = self._first[place], self._last[place]
            return Release(
                version=versions[place],
                files=_ReleaseFiles(self, place, self._counts[place]),
                uploaded=None if math.isnan(first) else (first, last),
            )

        return ListedReleases(versions, self._prereleases, (self._first, self._last), make)


class _ReleaseFiles(Sequence[ListedFile]):
    """The files of one version, made when the first of them is looked at."""

    __slots__ = ("_count", "_files", "_page", "_place")

    def __init__(self, page: PageFiles, place: int, count: int) -> None:
        self._page = page
        self._place = place
        self._count = count
        self._files: tuple[ListedFile, ...] | None = None

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[ListedFile]:
        return iter(self._made())

    @overload
    def __getitem__(self, place: int) -> ListedFile: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[ListedFile]: ...
    def __getitem__(self, place: int | slice) -> ListedFile | Sequence[ListedFile]:
        return self._made()[place]

    def matching(self, holds: Callable[[str], bool]) -> Sequence[ListedFile]:
        """Return those whose name holds, without making the others."""
        if self._files is not None:
            return [file for file in self._files if holds(file.filename)]
        rows = self._page.rows_of(self._place)
        return [list_file(row, self._page.head[0]) for row in rows if holds(row[0])]

    def _made(self) -> tuple[ListedFile, ...]:
        if self._files is None:
            rows = self._page.rows_of(self._place)
            self._files = tuple([list_file(row, self._page.head[0]) for row in rows])
        return self._files


def matching_files(
    files: Sequence[ListedFile], holds: Callable[[str], bool]
) -> Sequence[ListedFile]:
    """Return the files of a release whose name holds; of a kept page no others are made."""
    if isinstance(files, _ReleaseFiles):
        return files.matching(holds)
    return [file for file in files if holds(file.filename)]


def sort_listing(listing: Listing, project: str) -> PageFiles:
    """Return what a page lists as files by version; what is no distribution of the project is left out."""
    spelled: dict[str, list[Row]] = {}
    for row in listing.rows:
        version = version_in(row[0], project)
        if version is not None:
            spelled.setdefault(version, []).append(row)
    parsed: dict[Version, list[Row]] = {}
    for version, rows in spelled.items():
        try:
            parsed.setdefault(Version(version), []).extend(rows)
        except ValueError:  # InvalidVersion, or a number of thousands of digits
            continue
    ordered = sorted(parsed)
    packing = [(each, sorted(parsed[each], key=lambda row: row[0])) for each in ordered]
    return _pack(listing.base, [(str(each), rows) for each, rows in packing], _prereleases(ordered))


def pack_listing(listing: Listing) -> PageFiles:
    """Return what a page of many projects lists, in the form that the cache can keep: one release without a version."""
    return _pack(listing.base, [("", list(listing.rows))], ())


def _pack(
    base: str, releases: Sequence[tuple[str, list[Row]]], prereleases: Sequence[int]
) -> PageFiles:
    parts = [marshal.dumps(rows, 4) for _, rows in releases]
    uploads = [_uploaded([read_moment(row[4]) for row in rows]) for _, rows in releases]
    first, last = _uploads(uploads)
    head = (
        base,
        "\n".join(version for version, _ in releases),
        array("I", [len(rows) for _, rows in releases]).tobytes(),
        array("d", first).tobytes(),
        array("d", last).tobytes(),
        array("Q", accumulate(map(len, parts))).tobytes(),
        array("I", map(crc32, parts)).tobytes(),
        array("I", prereleases).tobytes(),
    )
    return PageFiles(head, b"".join(parts))


def unpack_listing(files: PageFiles) -> Listing:
    """Return what `pack_listing` packed. Raises DamagedPageError."""
    places = range(len(files.releases()))
    return Listing(base=files.head[0], rows=[row for each in places for row in files.rows_of(each)])


def find_file(files: PageFiles, project: str, filename: str) -> ListedFile | None:
    """Return the file of that name, None where the page has none; only its own version's files are made."""
    try:
        version = str(Version(version_in(filename, project) or ""))
    except ValueError:
        return None
    releases = files.releases()
    if version not in releases.versions:
        return None
    found = releases[releases.versions.index(version)]
    return next((file for file in found.files if file.filename == filename), None)


def list_releases(page: ProjectPage) -> ListedReleases:
    """Return a page's releases, oldest first; files that are no distributions of the project are in none."""
    if isinstance(page.files, PageFiles):
        return page.files.releases()
    found: dict[Version, list[ListedFile]] = {}
    for file in page.files:
        version = version_in(file.filename, page.name)
        try:
            parsed = Version(version or "")
        except ValueError:
            continue
        found.setdefault(parsed, []).append(file)
    ordered = sorted(found)
    releases = [
        Release(
            version=str(version),
            files=tuple(sorted(found[version], key=lambda file: file.filename)),
            uploaded=_uploaded([file.upload_time for file in found[version]]),
        )
        for version in ordered
    ]
    return ListedReleases(
        [each.version for each in releases],
        _prereleases(ordered),
        _uploads([each.uploaded for each in releases]),
        releases.__getitem__,
    )


def _prereleases(ordered: Sequence[Version]) -> list[int]:
    return [place for place, version in enumerate(ordered) if version.is_prerelease]


def _uploads(
    uploaded: Sequence[tuple[float, float] | None],
) -> tuple[Sequence[float], Sequence[float]]:
    unknown = (math.nan, math.nan)
    return [(each or unknown)[0] for each in uploaded], [(each or unknown)[1] for each in uploaded]


def _uploaded(moments: Sequence[float | None]) -> tuple[float, float] | None:
    known = [moment for moment in moments if moment is not None]
    return (min(known), max(known)) if len(known) == len(moments) else None
