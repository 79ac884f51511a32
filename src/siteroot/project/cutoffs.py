"""`exclude-newer`: files that were uploaded at that moment or later are not looked at. As uv has it.

A moment is written as a time of RFC 3339, a date (all of that day still counts), or a span before now ("7 days",
"1 week 12 hours", P7D, PT36H); `false` switches a cut-off off, for all or for one project.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, tzinfo

from siteroot.errors import UsageError
from siteroot.model.release import ListedFile
from siteroot.model.settings import Settings
from siteroot.model.value import dataclass

_UNITS = (
    ("weeks", r"weeks?|wks?|w"),
    ("days", r"days?|d"),
    ("hours", r"hours?|hrs?|h"),
    ("minutes", r"minutes?|mins?|m"),
    ("seconds", r"seconds?|secs?|s"),
)
_FRIENDLY = (
    r"[+-]?\s*" + "".join(rf"(?:(?P<{name}>\d{{1,9}})\s*(?:{words})(?![a-z])\s*,?\s*)?" for name, words in _UNITS)
    + r"(?:ago)?"
)  # fmt: skip
_ISO = (
    r"[+-]?P(?:(?P<weeks>\d{1,9})W)?(?:(?P<days>\d{1,9})D)?"
    r"(?:T(?:(?P<hours>\d{1,9})H)?(?:(?P<minutes>\d{1,9})M)?(?:(?P<seconds>\d{1,9})S)?)?"
)
_CALENDAR = r"\d\s*(?:months?|mos?|years?|yrs?|y)\b|P\d*(?:Y|\d+M)"
OFF = "false"


class SenselessCutoffError(UsageError):
    """An `exclude-newer` is neither a moment nor a span."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cutoffs:
    """The moments, in seconds since 1970, from which on files are too new; None where none is.

    A file without an upload time is too new wherever there is a cut-off, unless it lies on this disk in a folder of
    links: of such files nobody knows, and nobody asks.
    """

    everyone: float | None
    projects: Mapping[str, float | None]

    def of(self, project: str) -> float | None:
        """Return the cut-off that holds for a project, by its normalised name."""
        return self.projects.get(project, self.everyone)

    def admits(self, project: str, file: ListedFile) -> bool:
        """Whether a file is old enough."""
        cutoff = self.of(project)
        if cutoff is None:
            return True
        if file.upload_time is None:
            return file.location.startswith("file:")
        return file.upload_time < cutoff


def read_cutoffs(settings: Settings, now: datetime) -> Cutoffs:
    """Return what the settings say. `now` carries the time zone that dates are meant in. Raises SenselessCutoffError."""
    everyone = settings.exclude_newer
    return Cutoffs(
        everyone=None if everyone is None else _moment("exclude-newer", everyone, now),
        projects={
            name: _moment(f"exclude-newer-package of {name}", str(text), now)
            for name, text in (settings.exclude_newer_package or {}).items()
        },
    )


def parse_cutoff(text: str, zone: tzinfo) -> datetime | timedelta | None:
    """Return a moment, or a span before now; None for what is neither. A date is the end of its day in the zone."""
    text = text.strip()
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return _span(text)
    if moment.tzinfo is not None:
        return moment
    try:  # a time without a zone is a date to uv
        return datetime(moment.year, moment.month, moment.day, tzinfo=zone) + timedelta(days=1)
    except (ValueError, OverflowError):
        return None


def _span(text: str) -> timedelta | None:
    # compiled where one is said: that takes a millisecond
    span = re.fullmatch(_FRIENDLY, text, re.IGNORECASE) or re.fullmatch(_ISO, text, re.IGNORECASE)
    try:
        if span is not None and any(span.groups()):
            parts = {unit: int(count) for unit, count in span.groupdict().items() if count}
            return timedelta(**parts)
    except (ValueError, OverflowError):
        return None
    return None


def _moment(what: str, text: str, now: datetime) -> float | None:
    if text == OFF:
        return None
    moment = parse_cutoff(text, now.tzinfo or UTC)
    try:
        if isinstance(moment, timedelta):
            moment = now - moment
        if moment is not None:
            return moment.timestamp()
    except OverflowError:
        pass
    if re.search(_CALENDAR, text, re.IGNORECASE):
        raise SenselessCutoffError(
            f"`{what}` is `{text}`, but months and years differ in length: say it in days or weeks"
        )
    raise SenselessCutoffError(
        f"`{what}` is `{text}`, which is no date (2024-01-01), time (2024-01-01T00:00:00Z) or span (7 days, P7D)"
    )
