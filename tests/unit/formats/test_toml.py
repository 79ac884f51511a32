"""What is TOML and what is told of text that is not; test_toml_processes.py has both parsers side by side."""

import pytest

from siteroot.formats.toml import TomlError, parse_toml


def test_a_large_file_of_shallow_values_keeps_its_toml_1_1_where_toml_rs_is_installed() -> None:
    pytest.importorskip("toml_rs")
    rows = '    { a = "x", b = [], },\n' * 2000
    assert len(parse_toml(f"rows = [\n{rows}] # two thousand\n".encode(), "x")["rows"]) == 2000  # type: ignore[arg-type]


def test_a_byte_order_mark_is_tolerated() -> None:
    assert parse_toml(b"\xef\xbb\xbfa = 1", "x") == {"a": 1}


def test_what_is_not_utf_8_is_told_with_its_line() -> None:
    with pytest.raises(TomlError) as caught:
        parse_toml(b"a = 1\n\nb = '\xff'\n", "x.toml")
    assert str(caught.value) == "x.toml:3: is not UTF-8 text"


def test_the_message_is_one_line_without_the_text_of_the_file() -> None:
    with pytest.raises(TomlError) as caught:
        parse_toml(b'url = "https://me:hunter2@host" "', "x.toml")
    assert str(caught.value).startswith("x.toml:1:33: is not valid TOML: ")
    assert "hunter2" not in str(caught.value)
    assert "\n" not in str(caught.value)
