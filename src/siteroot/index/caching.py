"""How long an answer may be used again, and when the index has to be asked anew (RFC 9111). Pure decisions.

The cache is one person's: `s-maxage`, `private` and `proxy-revalidate` mean nothing to it. An answer that does not say
how long it holds is asked about at each use, by its ETag; guessing from its age, as browsers do, hides new releases.
"""

from collections.abc import Mapping
from enum import Enum, auto

from siteroot.model.value import dataclass

#: No answer holds longer, in seconds, whatever it says: a year.
_LONGEST = 365 * 24 * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Validity:
    """Until when an answer may be used unasked (in seconds since 1970), and by what the server knows it again.

    `since` is when it came or was confirmed; a clock that shows less has been set back. `etag` and `last_modified` are
    "" where the server gave none.
    """

    since: float
    until: float
    etag: str
    last_modified: str

    @property
    def conditions(self) -> dict[str, str]:
        """The headers that ask whether the answer still holds; none where the server cannot tell."""
        conditions = {"if-none-match": self.etag, "if-modified-since": self.last_modified}
        return {name: value for name, value in conditions.items() if value}


class Verdict(Enum):
    """What is done with an answer that is in the cache."""

    SERVE = auto()
    REVALIDATE = auto()


class Recency(Enum):
    """What the person wants of cached answers."""

    OBEYED = auto()  # as long as the server said
    REFRESHED = auto()  # --refresh: the server is asked in any case
    ANY = auto()  # --offline: however old


def cache_verdict(validity: Validity, recency: Recency, now: float) -> Verdict:
    """Return whether an answer in the cache is used as it is."""
    match recency:
        case Recency.ANY:
            return Verdict.SERVE
        case Recency.REFRESHED:
            return Verdict.REVALIDATE
        case Recency.OBEYED:
            holds = validity.since <= now < validity.until
            return Verdict.SERVE if holds else Verdict.REVALIDATE


def judge_answer(
    headers: Mapping[str, str], now: float, cache_control: str | None = None
) -> Validity | None:
    """Return how long an answer of now may be used, None where it may not be kept at all.

    `headers` have lower-case names. `cache_control` is the person's own word (`[[tool.uv.index]] cache-control`), which
    stands in for the server's.
    """
    text = headers.get("cache-control", "") if cache_control is None else cache_control
    directives = _directives(text)
    if "no-store" in directives or headers.get("vary", "").strip() == "*":
        return None
    lifetime = 0.0
    if "no-cache" not in directives:
        lifetime = _lifetime(directives, headers) - (_seconds(headers.get("age", "")) or 0.0)
    return Validity(
        since=now,
        until=now + min(max(lifetime, 0.0), _LONGEST),
        etag=headers.get("etag", "").strip(),
        last_modified=headers.get("last-modified", "").strip(),
    )


def confirm(
    kept: Validity, headers: Mapping[str, str], now: float, cache_control: str | None = None
) -> Validity | None:
    """Return how long a kept answer holds that the server confirmed (304), None where it is not to be kept on."""
    known = {"etag": kept.etag, "last-modified": kept.last_modified}
    return judge_answer({**known, **headers}, now, cache_control)


def _lifetime(directives: Mapping[str, str], headers: Mapping[str, str]) -> float:
    """Return how many seconds an answer is fresh from its making on."""
    if "max-age" in directives:
        return _seconds(directives["max-age"]) or 0.0  # what is no number counts as stale
    expires, date = _moment(headers.get("expires", "")), _moment(headers.get("date", ""))
    return 0.0 if expires is None or date is None else expires - date


def _directives(text: str) -> dict[str, str]:
    """Return the directives of a Cache-Control, the first of each name."""
    found: dict[str, str] = {}
    for part in text.split(","):
        name, _, value = part.partition("=")
        found.setdefault(name.strip().lower(), value.strip().strip('"'))
    return found


def _seconds(text: str) -> float | None:
    text = text.strip()
    return float(text[:12]) if text.isascii() and text.isdigit() else None


def _moment(text: str) -> float | None:
    from email.utils import parsedate_to_datetime  # noqa: PLC0415 - 8 ms that a warm cache need not pay

    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError, OSError):
        return None
