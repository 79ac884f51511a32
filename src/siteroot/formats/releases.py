"""The files of a page by version, and the form in which the cache keeps them.

    base | notes | for each version, oldest first: version, count, marshal of its rows

Versions are sorted when a page is kept, and the rows of each are bytes until somebody looks at that version: a
resolver looks at two or three of a page's thousand. So a page that is kept is read in a tenth of a millisecond.
"""

import marshal
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import overload

from packaging.version import Version

from siteroot.model.release import ListedFile, ProjectPage, Release

from .distribution_names import version_in
from .listing import Listing, Row, list_file
from .sealed import seal, unseal

_MAGIC = b"siteroot page 1\n"

#: A version, how many files it has, and these as marshalled rows.
_Packed = tuple[str, int, bytes]


class PageFiles(Sequence[ListedFile]):
    """The files of a page, by version and name; each is made when it is looked at."""

    def __init__(self, base: str, packed: Sequence[_Packed]) -> None:
        self._base = base
        self._packed = packed
        self._ends: list[int] = []

    def __len__(self) -> int:
        return sum(count for _, count, _ in self._packed)

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
            self._ends = list(accumulate(count for _, count, _ in self._packed))
        place = range(len(self))[place]
        which = bisect_right(self._ends, place)
        return self.releases()[which].files[place - self._ends[which]]

    def releases(self) -> tuple[Release, ...]:
        """Return the releases, oldest first."""
        return tuple(
            [
                Release(version=version, files=_ReleaseFiles(self._base, count, rows))
                for version, count, rows in self._packed
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
    packed: list[_Packed] = []
    for each in sorted(parsed):
        rows = sorted(parsed[each], key=lambda row: row[0])
        packed.append((str(each), len(rows), marshal.dumps(rows, 4)))
    return PageFiles(listing.base, packed)


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
        )
        for version in sorted(found)
    )


def render_page_files(files: PageFiles) -> bytes:
    """Return the form in which a page's files are kept."""
    return seal(_MAGIC, (files._base, files._packed))  # noqa: SLF001 - the form is this module's


def parse_page_files(content: bytes) -> PageFiles | None:
    """Return a page's files from the form in which they were kept, None where it is damaged."""
    value = unseal(_MAGIC, content)
    return None if value is None else PageFiles(*value)
