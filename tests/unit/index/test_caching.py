"""How long answers may be used again: by cases of RFC 9111."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siteroot.index.caching import (
    Recency,
    Validity,
    Verdict,
    cache_verdict,
    confirm,
    judge_answer,
)

NOW = 1_000_000.0
DATE = "Mon, 12 Jan 1970 13:46:40 GMT"
LATER = "Mon, 12 Jan 1970 13:56:40 GMT"


@pytest.mark.parametrize(
    ("headers", "lifetime"),
    [
        ({}, 0),
        ({"cache-control": "max-age=600, public"}, 600),
        ({"cache-control": 'Max-Age="600"'}, 600),
        ({"cache-control": "max-age=600", "age": "100"}, 500),
        ({"cache-control": "max-age=600", "age": "1000"}, 0),
        ({"cache-control": "max-age=soon"}, 0),
        ({"cache-control": "max-age=600, max-age=9"}, 600),
        ({"cache-control": "no-cache, max-age=600"}, 0),
        ({"cache-control": "s-maxage=600"}, 0),
        ({"cache-control": "max-age=99999999999999999999"}, 365 * 24 * 3600),
        ({"expires": LATER, "date": DATE}, 600),
        ({"expires": LATER}, 0),
        ({"expires": DATE, "date": LATER}, 0),
        ({"expires": "0", "date": DATE}, 0),
        ({"expires": LATER, "date": DATE, "cache-control": "max-age=5"}, 5),
        ({"last-modified": "Thu, 01 Jan 1970 00:00:00 GMT", "date": DATE}, 0),
    ],
)
def test_how_long_an_answer_holds(headers: dict[str, str], lifetime: float) -> None:
    validity = judge_answer(headers, NOW)
    assert validity is not None
    assert validity.until - NOW == lifetime


@pytest.mark.parametrize(
    "headers",
    [{"cache-control": "no-store"}, {"cache-control": "max-age=9, No-Store"}, {"vary": "*"}],
)
def test_what_may_not_be_kept(headers: dict[str, str]) -> None:
    assert judge_answer(headers, NOW) is None


def test_the_persons_word_stands_in_for_the_servers() -> None:
    headers = {"cache-control": "no-store", "etag": '"a"'}
    validity = judge_answer(headers, NOW, "max-age=60")
    assert validity == Validity(since=NOW, until=NOW + 60, etag='"a"', last_modified="")


def test_what_was_confirmed_holds_anew() -> None:
    kept = Validity(since=0, until=9, etag='"a"', last_modified="x")
    assert kept.conditions == {"if-none-match": '"a"', "if-modified-since": "x"}
    anew = confirm(kept, {"cache-control": "max-age=600"}, NOW)
    assert anew == Validity(since=NOW, until=NOW + 600, etag='"a"', last_modified="x")


@given(st.floats(0, 2e6), st.floats(0, 2e6), st.floats(0, 2e6), st.sampled_from(list(Recency)))
def test_when_the_cache_serves(since: float, until: float, now: float, recency: Recency) -> None:
    validity = Validity(since=since, until=until, etag="", last_modified="")
    served = cache_verdict(validity, recency, now) is Verdict.SERVE
    assert served is (
        recency is Recency.ANY or (recency is Recency.OBEYED and since <= now < until)
    )
