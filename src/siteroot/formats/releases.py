"""The files of a page by version, in a form that the cache can keep.

    base | for each version, oldest first: version, count, first and last upload, marshal of its rows

Versions are sorted once, when a page comes, and the rows of each are bytes until somebody looks at that version: a
resolver looks at two or three of a page's thousand. So a page that was kept is read in a fraction of a millisecond.
"""

import marshal
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import overload

from packaging.version import Version

from siteroot.model.release import ListedFile, ProjectPage, Release

from .distribution_names import version_in
from .listing import Listing, Row, list_file, read_moment

#: A version, how many files it has, when they were uploaded (as `Release.uploaded`), and these as marshalled rows.
PackedRelease = tuple[str, int, tuple[float, float] | None, bytes]

#: Where links start, and the releases.
PackedPage = tuple[str, tuple[PackedRelease, ...]]


class PageFiles(Sequence[ListedFile]):
    """The files of a page, by version and name; each is made when it is looked at."""

    def __init__(self, packed: PackedPage) -> None:
        self.packed = packed
        self._base, self._releases = packed
        self._ends: list[int] = []

    def __len__(self) -> int:
        return sum(count for _, count, _, _ in self._releases)

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
            self._ends = list(accumulate(count for _, count, _, _ in self._releases))
        place = range(len(self))[place]
        which = bisect_right(self._ends, place)
        return self.releases()[which].files[place - self._ends[which]]

    def releases(self) -> tuple[Release, ...]:
        """Return the releases, oldest first."""
        return tuple(
            [
                Release(
                    version=version,
                    files=_ReleaseFiles(self._base, count, rows),
                    uploaded=uploaded,
                )
                for version, count, uploaded, rows in self._releases
            ]
        )


class _ReleaseFiles(Sequence[ListedFile]):
    """The files of one version, made when the first of them is looked at."""

    __slots__ = ("_base", "_count", "_files", "_rows")

    def __init__(self, base: str, count: int, rows: bytes) -> None:
        self._base = base
        self._count = count
        self._rows = rows
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

    def _made(self) -> tuple[ListedFile, ...]:
        if self._files is None:
            rows: list[Row] = marshal.loads(self._rows)  # noqa: S302 - our own, and sealed where it lay on a disk
            self._files = tuple([list_file(row, self._base) for row in rows])
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
    packed: list[PackedRelease] = []
    for each in sorted(parsed):
        rows = sorted(parsed[each], key=lambda row: row[0])
        uploaded = _uploaded([read_moment(row[4]) for row in rows])
        packed.append((str(each), len(rows), uploaded, marshal.dumps(rows, 4)))
    return PageFiles((listing.base, tuple(packed)))


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
