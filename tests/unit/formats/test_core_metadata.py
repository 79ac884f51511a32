"""METADATA: whose files a wheel holds."""

import email

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version

from siteroot.formats.core_metadata import CoreMetadataError, parse_core_metadata
from siteroot.formats.headers import parse_headers


def test_name_and_version_are_read_and_the_description_is_not() -> None:
    said = parse_core_metadata(
        "Metadata-Version: 2.1\nName: Foo.Bar\nVersion: 1.0\n\nName: other\n"
    )
    assert (said.name, said.version) == ("foo-bar", Version("1"))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Version: 1\n", "no Name"),
        ("Name: a\n", "no Version"),
        ("Name: a\nName: b\nVersion: 1\n", "2 fields Name"),
        ("Name: a\nname: b\nVersion: 1\n", "2 fields Name"),
        ("Name: a\nVersion: one\n", "version 'one' is invalid"),
        ("Name: ../a\nVersion: 1\n", "name '../a' is invalid"),
        ("\nName: a\nVersion: 1\n", "no Name"),
    ],
)
def test_what_is_refused(text: str, reason: str) -> None:
    with pytest.raises(CoreMetadataError, match=reason):
        parse_core_metadata(text)


lines = st.one_of(
    st.from_regex(r"[A-Za-z-]{1,6}:[ \t]?[a-z ]{0,6}", fullmatch=True),
    st.from_regex(r"[ \t][a-z]{1,5}", fullmatch=True),
    st.sampled_from(["", "no header"]),
)


@given(st.lists(lines, max_size=8), st.sampled_from(["\n", "\r\n", "\r"]))
def test_headers_are_those_of_the_email_parser(found: list[str], end: str) -> None:
    text = end.join(["First: x", *found]) + end
    message = email.message_from_string(text)
    expected: dict[str, list[str]] = {}
    for key, value in message.items():
        expected.setdefault(key.lower(), []).append("".join(value.split()))
    ours = {k: ["".join(v.split()) for v in values] for k, values in parse_headers(text).items()}
    assert ours == expected
