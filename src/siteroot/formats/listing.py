"""The files that a page of an index lists, whichever form of the "Simple repository API" it has.

A page has up to ten thousand files, and few of them are ever looked at. So a file is first a `Row`, plain values as
the index sent them, and becomes a `ListedFile` when somebody asks for it. PEP 708's `tracks` and
`alternate-locations` are passed over, as by uv: which index counts is the strategy's.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from urllib.parse import urljoin

from siteroot.errors import SourceError
from siteroot.model.digest import HEX_LENGTHS, Digest
from siteroot.model.release import ListedFile
from siteroot.model.value import dataclass

#: filename, link, hashes, size, upload-time, requires-python, yanked, core-metadata: as served, not yet looked at but
#: for the kinds of the first three.
Row = tuple[str, str, Mapping[str, object], object, object, object, object, object]

#: So many files can a page list; the public index's largest have some ten thousand.
_MOST_FILES = 500_000

#: Of so many files that could not be read a page's notes speak by name.
_MOST_NOTED = 5

_HEXADECIMAL = re.compile("[0-9A-Fa-f]+")


class SimpleApiError(SourceError):
    """A page is not what an index answers by the Simple API."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What a page lists, as served. Relative links start at `base`; `notes` say what was passed over, and why."""

    base: str
    rows: Sequence[Row]
    notes: tuple[str, ...] = ()


def check_api_version(version: object) -> None:
    """Raise SimpleApiError for an API whose major version is above 1. What is no version passes for 1.0."""
    major = str(version)[:40].partition(".")[0].strip()
    if major.isascii() and major.isdigit() and major.lstrip("0") not in {"", "1"}:
        raise SimpleApiError(
            f"the index answered by version {str(version)[:40]!r} of the Simple API; siteroot knows version 1"
        )


def check_count(files: int) -> None:
    """Raise SimpleApiError for more files than a page can have."""
    if files > _MOST_FILES:
        raise SimpleApiError(f"the page lists more than {_MOST_FILES:,} files")


def is_listed(filename: str, link: str) -> bool:
    """Whether a file may be called so and lie there: names lead nowhere, and neither holds what a terminal obeys."""
    return (filename + link).isprintable() and "/" not in filename and "\\" not in filename


def holds_logins(listing: Listing) -> bool:
    """Whether a link has a user or a password in it, which no cache may keep."""
    return any("@" in link.partition("://")[2].partition("/")[0] for _, link, *_ in listing.rows)


def note_faults(faults: Sequence[str]) -> tuple[str, ...]:
    """Return the first few faults, and how many more there are."""
    more = len(faults) - _MOST_NOTED
    return (*faults[:_MOST_NOTED], *((f"and {more} more files",) if more > 0 else ()))


def list_file(row: Row, base: str) -> ListedFile:
    """Return a row as a file. What is of another kind than the API wants counts as not said.

    Raises SimpleApiError where a server's page leads to a file of this machine.
    """
    filename, link, hashes, size, moment, requires_python, yanked, metadata = row
    location = resolve_link(base, link)
    if is_local(location) and not is_local(base):
        raise SimpleApiError(
            f"the page says that {filename} lies on this machine, where no server's page leads",
            where=base.partition("?")[0],
        )
    return ListedFile(
        filename=filename,
        location=location,
        digests=_digests(hashes),
        size=size if type(size) is int and size >= 0 else None,
        upload_time=read_moment(moment),
        requires_python=requires_python if isinstance(requires_python, str) else None,
        # in one line: what a server says must not look like a line of ours
        yanked=" ".join(yanked.split())
        if isinstance(yanked, str)
        else ""
        if yanked is True
        else None,
        metadata=_metadata(metadata),
    )


def resolve_link(base: str, link: str) -> str:
    """Return a link as an absolute URL without fragment; one that makes no sense stays as it is."""
    link = link.partition("#")[0].strip()
    if link.startswith(("https://", "http://")):
        return link
    try:
        return urljoin(base, link)
    except ValueError:
        return link


def is_local(location: str) -> bool:
    """Whether a URL is of this machine's disk."""
    return location[:5].lower() == "file:"


def read_moment(text: object) -> float | None:
    """Return a time of RFC 3339 in seconds since 1970, None where it is none."""
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def _digests(hashes: Mapping[str, object]) -> tuple[Digest, ...]:
    """Return the digests of known algorithms; one that cannot be right is not said, as if the index had none."""
    return tuple(
        [
            Digest(algorithm, value.lower())
            for algorithm, value in hashes.items()
            if isinstance(value, str)
            and len(value) == HEX_LENGTHS.get(algorithm)
            and _HEXADECIMAL.fullmatch(value)
        ]
    )


def _metadata(offered: object) -> tuple[Digest, ...] | None:
    if isinstance(offered, dict):
        return _digests(offered)
    return () if offered is True else None
