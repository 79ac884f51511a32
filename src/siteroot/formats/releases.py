"""The files of a page by version, in a form that the cache can keep: a head, and the rows of all releases.

    head    base | for each version, oldest first: version, count, first and last upload, where its rows are, their crc32
    rows    of each version, marshalled

Versions are sorted once, when a page comes, and the rows of each are bytes until somebody looks at that version: a
resolver looks at two or three of a page's thousand. So of a page that was kept little more than the head is ever read.
"""

import marshal
from binascii import crc32
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from mmap import mmap
from typing import overload

from packaging.version import Version

from siteroot.errors import StoreError
from siteroot.model.release import ListedFile, ProjectPage, Release

from .distribution_names import version_in
from .listing import Listing, Row, list_file, read_moment

#: A version, how many files it has, when they were uploaded (as `Release.uploaded`); start, end and crc32 of its rows.
PackedRelease = tuple[str, int, tuple[float, float] | None, int, int, int]

#: Where links start, and the releases.
PageHead = tuple[str, tuple[PackedRelease, ...]]


class DamagedPageError(StoreError):
    """What the cache kept of a page was changed."""


class PageFiles(Sequence[ListedFile]):
    """The files of a page, by version and name; each is made when it is looked at."""

    def __init__(self, head: PageHead, rows: bytes | mmap) -> None:
        self.head = head
        self.rows = rows  # and maybe more behind them
        self._base, self._releases = head
        self._ends: list[int] = []

    def __len__(self) -> int:
        return sum(release[1] for release in self._releases)

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
            self._ends = list(accumulate(release[1] for release in self._releases))
        place = range(len(self))[place]
        which = bisect_right(self._ends, place)
        return self.releases()[which].files[place - self._ends[which]]

    def packed_rows(self) -> bytes:
        """Return the rows alone, as the head has their places."""
        return self.rows[: self._releases[-1][4] if self._releases else 0]

    def rows_of(self, release: PackedRelease) -> Sequence[Row]:
        """Return the rows of one release. Raises DamagedPageError."""
        _, _, _, start, end, crc = release
        packed = self.rows[start:end]
        if crc32(packed) != crc:
            raise DamagedPageError(
                "what the cache has of an index's page was changed",
                where=self._base.partition("?")[0],
                hints=("`--refresh` fetches it anew.",),
            )
        rows: list[Row] = marshal.loads(packed)  # noqa: S302 - our own, and its checksum holds
        return rows

    def releases(self) -> tuple[Release, ...]:
        """Return the releases, oldest first."""
        return tuple(
            [
                Release(version=release[0], files=_ReleaseFiles(self, release), uploaded=release[2])
                for release in self._releases
            ]
        )


class _ReleaseFiles(Sequence[ListedFile]):
    """The files of one version, made when the first of them is looked at."""

    __slots__ = ("_files", "_page", "_release")

    def __init__(self, page: PageFiles, release: PackedRelease) -> None:
        self._page = page
        self._release = release
        self._files: tuple[ListedFile, ...] | None = None

    def __len__(self) -> int:
        return self._release[1]

    def __iter__(self) -> Iterator[ListedFile]:
        return iter(self._made())

    @overload
    def __getitem__(self, place: int) -> ListedFile: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[ListedFile]: ...
    def __getitem__(self, place: int | slice) -> ListedFile | Sequence[ListedFile]:
        return self._made()[place]

    def _made(self) -> tuple[ListedFile, ...]:
        if self._files is None:
            rows = self._page.rows_of(self._release)
            self._files = tuple([list_file(row, self._page.head[0]) for row in rows])
        return self._files


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
    releases: list[PackedRelease] = []
    parts: list[bytes] = []
    start = 0
    for each in sorted(parsed):
        rows = sorted(parsed[each], key=lambda row: row[0])
        uploaded = _uploaded([read_moment(row[4]) for row in rows])
        part = marshal.dumps(rows, 4)
        end = start + len(part)
        releases.append((str(each), len(rows), uploaded, start, end, crc32(part)))
        parts.append(part)
        start = end
    return PageFiles((listing.base, tuple(releases)), b"".join(parts))


def pack_listing(listing: Listing) -> PageFiles:
    """Return what a page of many projects lists, in the form that the cache can keep: one release without a version."""
    part = marshal.dumps(list(listing.rows), 4)
    release = ("", len(listing.rows), None, 0, len(part), crc32(part))
    return PageFiles((listing.base, (release,)), part)


def unpack_listing(files: PageFiles) -> Listing:
    """Return what `pack_listing` packed. Raises DamagedPageError."""
    base, releases = files.head
    return Listing(base=base, rows=[row for each in releases for row in files.rows_of(each)])


def find_file(files: PageFiles, project: str, filename: str) -> ListedFile | None:
    """Return the file of that name, None where the page has none; only its own version's files are made."""
    try:
        version = str(Version(version_in(filename, project) or ""))
    except ValueError:
        return None
    releases = (release for release in files.releases() if release.version == version)
    return next(
        (file for each in releases for file in each.files if file.filename == filename), None
    )


def list_releases(page: ProjectPage) -> Sequence[Release]:
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
    return tuple(
        Release(
            version=str(version),
            files=tuple(sorted(found[version], key=lambda file: file.filename)),
            uploaded=_uploaded([file.upload_time for file in found[version]]),
        )
        for version in sorted(found)
    )


def _uploaded(moments: Sequence[float | None]) -> tuple[float, float] | None:
    known = [moment for moment in moments if moment is not None]
    return (min(known), max(known)) if len(known) == len(moments) else None
