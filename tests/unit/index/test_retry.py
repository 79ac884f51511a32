from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siteroot.index.retry import (
    LONGEST_ASKED,
    LONGEST_WAIT,
    Answered,
    Broken,
    asked_wait,
    retry_after,
)

NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)


def http_date(seconds: float) -> str:
    return format_datetime(NOW + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 520, 599])
def test_passing_answers_are_tried_again(status: int) -> None:
    assert retry_after(1, Answered(status), retries=3, draw=0.5) is not None


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 410, 418, 451, 501, 505, 511])
def test_lasting_answers_are_not_tried_again(status: int) -> None:
    assert retry_after(1, Answered(status), retries=3, draw=0.5) is None


@pytest.mark.parametrize(("retries", "waits"), [(0, 0), (1, 1), (3, 3)])
def test_as_often_as_retries_say(retries: int, waits: int) -> None:
    outcome = Broken("it broke")
    found = [retry_after(attempt, outcome, retries=retries, draw=0.5) for attempt in range(1, 6)]
    assert [wait is not None for wait in found] == [True] * waits + [False] * (5 - waits)


def test_what_will_not_pass_is_not_tried_again() -> None:
    assert retry_after(1, Broken("not trusted", again=False), retries=3, draw=0.5) is None


@given(attempt=st.integers(1, 10_000), draw=st.floats(0, 1))
def test_waits_grow_and_are_capped(attempt: int, draw: float) -> None:
    wait = retry_after(attempt, Broken("it broke"), retries=10_000, draw=draw)
    later = retry_after(attempt + 1, Broken("it broke"), retries=10_001, draw=draw)
    assert wait is not None
    assert later is not None
    assert 0 < wait <= later <= LONGEST_WAIT


def test_jitter_parts_clients() -> None:
    assert retry_after(1, Broken("x"), retries=1, draw=0.0) != retry_after(
        1, Broken("x"), retries=1, draw=1.0
    )


def test_retry_after_in_seconds_is_heeded() -> None:
    assert retry_after(1, Answered(429, "7"), retries=3, draw=0.5) == 7.0


def test_retry_after_as_a_date_is_measured_by_the_servers_clock() -> None:
    answered = Answered(503, http_date(9), http_date(0))
    assert retry_after(1, answered, retries=3, draw=0.5) == 9.0


def test_a_server_that_asks_too_long_is_given_up() -> None:
    assert (
        retry_after(1, Answered(429, str(int(LONGEST_ASKED))), retries=3, draw=0) == LONGEST_ASKED
    )
    assert retry_after(1, Answered(429, "3600"), retries=3, draw=0) is None


@pytest.mark.parametrize(
    "text", ["", "soon", "-3", "1.5", "٣", "Mon, 99 Foo 2026", "9" * 400 + "x"]
)
def test_senseless_retry_after_is_as_none(text: str) -> None:
    assert asked_wait(text, http_date(0)) is None
    assert retry_after(1, Answered(429, text), retries=3, draw=0.0) == 0.25


def test_a_date_without_the_servers_date_says_nothing() -> None:
    assert asked_wait(http_date(9), None) is None


def test_a_moment_gone_by_asks_for_no_wait() -> None:
    assert asked_wait(http_date(-9), http_date(0)) == 0.0


@given(text=st.text(max_size=40), date=st.text(max_size=40))
def test_any_header_is_understood_or_left(text: str, date: str) -> None:
    wait = asked_wait(text, date)
    assert wait is None or wait >= 0


@pytest.mark.parametrize(
    ("status", "words"),
    [(503, "503 Service Unavailable"), (599, "answered 599"), (7, "answered 7")],
)
def test_answers_in_words(status: int, words: str) -> None:
    assert words in Answered(status).what
