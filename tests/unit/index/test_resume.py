import pytest
from hypothesis import given
from hypothesis import strategies as st

from siteroot.index.resume import Part, choose_validator, place_rest, range_headers, read_length

DATE = "Tue, 24 Nov 2026 12:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "validator"),
    [
        ({"etag": '"abc"', "last-modified": DATE}, '"abc"'),
        ({"etag": 'W/"abc"', "last-modified": DATE}, DATE),
        ({"etag": 'W/"abc"'}, ""),
        ({"etag": "abc"}, ""),
        ({"etag": '""'}, ""),
        ({"last-modified": DATE}, DATE),
        ({"etag": '"abc"', "accept-ranges": "none"}, ""),
        ({}, ""),
    ],
)
def test_validator(headers: dict[str, str], validator: str) -> None:
    assert choose_validator(headers) == validator


def test_the_rest_is_asked_for_under_a_condition() -> None:
    assert range_headers(Part(received=10, validator='"a"')) == {
        "range": "bytes=10-",
        "if-range": '"a"',
    }


@pytest.mark.parametrize("part", [Part(), Part(received=10), Part(validator='"a"')])
def test_what_cannot_be_resumed_is_asked_for_whole(part: Part) -> None:
    assert range_headers(part) == {}


@pytest.mark.parametrize(
    ("content_range", "length", "size", "right"),
    [
        ("bytes 10-99/100", "90", 100, True),
        ("bytes 10-99/100", None, 100, True),
        ("bytes 10-99/100", "90", None, True),
        ("bytes 10-99/*", "90", 100, True),
        ("bytes 10-99/*", "90", None, True),
        ("BYTES 10-49/100", "40", 100, True),
        ("bytes 10-99/100", "80", 100, False),
        ("bytes 10-99/120", "90", 100, False),
        ("bytes 10-119/*", "110", 100, False),
        ("bytes 11-99/100", "89", 100, False),
        ("bytes 0-99/100", "100", 100, False),
        ("bytes 10-9/100", None, 100, False),
        ("bytes 10-100/100", None, 100, False),
        ("bytes */100", None, 100, False),
        ("items 10-99/100", None, 100, False),
        ("bytes 10-99", None, 100, False),
        ("", None, 100, False),
    ],
)
def test_only_the_bytes_that_follow_are_joined(
    content_range: str, length: str | None, size: int | None, *, right: bool
) -> None:
    headers = {"content-range": content_range}
    if length is not None:
        headers["content-length"] = length
    assert place_rest(Part(received=10, validator='"a"'), headers, size=size) is right


@given(st.text(max_size=60), st.text(max_size=10))
def test_any_header_is_answered(content_range: str, length: str) -> None:
    headers = {"content-range": content_range, "content-length": length}
    assert place_rest(Part(received=3, validator='"a"'), headers, size=9) in {True, False}


@pytest.mark.parametrize(
    ("text", "length"),
    [("12", 12), (" 12 ", 12), ("", None), ("x", None), ("-1", None), ("²", None)],
)
def test_length(text: str, length: int | None) -> None:
    assert read_length({"content-length": text}) == length
    assert read_length({}) is None
