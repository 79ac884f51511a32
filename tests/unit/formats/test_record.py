"""RECORD: what is read, what is refused by line, and what is written the same everywhere."""

import base64
import csv
import hashlib
import io
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siteroot.errors import SiterootError
from siteroot.formats.record import RecordError, own_record_paths, parse_record, render_record

SHA256 = hashlib.sha256(b"x").digest()
SHA256_TEXT = base64.urlsafe_b64encode(SHA256).rstrip(b"=").decode()


def test_rows_come_in_their_order_with_digest_and_size() -> None:
    sha512 = base64.urlsafe_b64encode(hashlib.sha512(b"x").digest()).rstrip(b"=").decode()
    text = f'b.py,sha256={SHA256_TEXT},1\r\n"a,b.py",sha512={sha512},\n\nx.dist-info/RECORD,,\n'
    assert parse_record(text) == (
        ("b.py", "sha256", SHA256, 1),
        ("a,b.py", "sha512", hashlib.sha512(b"x").digest(), None),
        ("x.dist-info/RECORD", "", b"", None),
    )


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("a.py,", "2 fields in place of 3"),
        ("a.py,,,", "4 fields in place of 3"),
        (",,", "no path"),
        ("a.py,md5=1B2M2Y8AsgTpgAmY7PhCfg,0", "not of sha256"),
        ("a.py,sha256,0", "is no digest"),
        ("a.py,sha256=AAAA,0", "is no digest"),
        (f"a.py,sha256=!{SHA256_TEXT[1:]},0", "is no digest"),
        ("a.py,,-1", "is no size"),
        ("a.py,,1_000", "is no size"),
        ("a.py,,\u0663", "is no size"),
        (f"a.py,,{'9' * 5000}", "is no size"),
        ('"a.py,,', "unexpected end"),
        (f"{'a' * 200_000},,", "field larger"),
    ],
)
def test_a_broken_row_is_named_by_its_line(row: str, reason: str) -> None:
    with pytest.raises(RecordError, match=reason) as caught:
        parse_record(f"good.py,,\n{row}\n")
    # The reader of an unclosed quote is at the end of the text when it finds out.
    assert "line 2" in str(caught.value) or '"a.py' in row


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(RecordError) as caught:
        parse_record("a\nb.py,,\nc\n")
    assert [fault.partition(":")[0] for fault in caught.value.faults] == ["line 1", "line 3"]


def test_rows_are_sorted_and_end_in_lf() -> None:
    rows = [("b.py", SHA256, 1), ("a,b", SHA256, 2), ("d/RECORD", None, None)]
    assert render_record(rows) == (
        f'"a,b",sha256={SHA256_TEXT},2\nb.py,sha256={SHA256_TEXT},1\nd/RECORD,,\n'.encode()
    )


paths = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=20
)


@given(
    st.dictionaries(paths, st.tuples(st.binary(min_size=32, max_size=32), st.integers(0, 2**40)))
)
def test_what_is_written_is_read_back(files: dict[str, tuple[bytes, int]]) -> None:
    rows = [(path, digest, size) for path, (digest, size) in files.items()]
    text = render_record(rows).decode()
    assert parse_record(text) == tuple((p, "sha256", d, s) for p, d, s in sorted(rows))
    assert [row[0] for row in csv.reader(io.StringIO(text, newline=""))] == sorted(files)
    assert own_record_paths(text) == sorted(files)


@given(st.dictionaries(st.text('ab",/ .-é', min_size=1, max_size=12), st.integers(0, 99)))
def test_quoting_is_that_of_pythons_csv_module(files: dict[str, int]) -> None:
    expected = io.StringIO(newline="")
    csv.writer(expected, lineterminator="\n").writerows(
        (path, f"sha256={SHA256_TEXT}", size) for path, size in sorted(files.items())
    )
    assert render_record((p, SHA256, s) for p, s in files.items()) == expected.getvalue().encode()


@given(st.text(max_size=200))
def test_no_text_brings_out_anything_but_our_own_error(text: str) -> None:
    with suppress(SiterootError):
        parse_record(text)
