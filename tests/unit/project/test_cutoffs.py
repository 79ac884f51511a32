"""`exclude-newer`: what its words mean, and which files are old enough."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from siteroot.model.release import ListedFile
from siteroot.model.settings import Settings
from siteroot.project.cutoffs import Cutoffs, SenselessCutoffError, parse_cutoff, read_cutoffs

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


def file(upload_time: float | None, location: str = "https://x.example/a-1.zip") -> ListedFile:
    return ListedFile(
        filename="a-1.zip",
        location=location,
        digests=(),
        size=None,
        upload_time=upload_time,
        requires_python=None,
        yanked=None,
        metadata=None,
    )


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("2026-01-01T00:00:00Z", datetime(2026, 1, 1, tzinfo=UTC)),
        ("2026-01-01T01:00:00+01:00", datetime(2026, 1, 1, tzinfo=UTC)),
        ("2026-01-01", datetime(2026, 1, 2, tzinfo=UTC)),
        ("20260101", datetime(2026, 1, 2, tzinfo=UTC)),
        ("2026-01-01T05:00:00", datetime(2026, 1, 2, tzinfo=UTC)),
        ("7 days", timedelta(days=7)),
        ("1 week, 2 days", timedelta(days=9)),
        ("2d 3h", timedelta(days=2, hours=3)),
        ("1h30m", timedelta(minutes=90)),
        ("24 hours ago", timedelta(days=1)),
        ("+3 days", timedelta(days=3)),
        ("0 days", timedelta()),
        ("P7D", timedelta(days=7)),
        ("p1w2d", timedelta(days=9)),
        ("PT36H", timedelta(hours=36)),
        ("P", None),
        ("", None),
        ("ago", None),
        ("1 fortnight", None),
        ("1.5 days", None),
        ("2026-1-1", None),
        ("9" * 40 + " days", None),
    ],
)
def test_what_words_mean(text: str, meant: datetime | timedelta | None) -> None:
    assert parse_cutoff(text, UTC) == meant


def test_a_date_ends_where_the_person_is() -> None:
    zone = timezone(timedelta(hours=-5))
    assert parse_cutoff("2026-01-01", zone) == datetime(2026, 1, 2, 5, tzinfo=UTC)


def test_a_projects_own_word_beats_the_one_for_all() -> None:
    settings = Settings(
        exclude_newer="7 days", exclude_newer_package={"a": "false", "b": "2026-01-01T00:00:00Z"}
    )
    cutoffs = read_cutoffs(settings, NOW)
    assert cutoffs.of("a") is None
    assert cutoffs.of("b") == datetime(2026, 1, 1, tzinfo=UTC).timestamp()
    assert cutoffs.of("c") == (NOW - timedelta(days=7)).timestamp()
    assert read_cutoffs(Settings(exclude_newer="false"), NOW).of("c") is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("1 month", "say it in days"),
        ("P1Y", "say it in days"),
        ("tuesday", "is no date"),
        ("999999999 weeks", "is no date"),
        ("9999-12-31", "is no date"),
    ],
)
def test_words_that_make_no_sense(text: str, told: str) -> None:
    with pytest.raises(SenselessCutoffError, match=told):
        read_cutoffs(Settings(exclude_newer=text), NOW)


def test_a_file_without_a_time_is_too_new_but_in_a_folder_of_links() -> None:
    cutoffs = Cutoffs(everyone=5.0, projects={})
    assert not cutoffs.admits("a", file(None))
    assert cutoffs.admits("a", file(None, "file:///links/a-1.zip"))
    assert Cutoffs(everyone=None, projects={}).admits("a", file(None))
