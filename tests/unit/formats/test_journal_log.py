import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siteroot.errors import SiterootError
from siteroot.formats.journal_log import (
    Entry,
    Journal,
    JournalSyntaxError,
    parse_journal,
    render_journal,
)

NAMES = st.text(
    st.characters(exclude_characters="\0/", exclude_categories=["Cs"])
    | st.sampled_from(["\udc80", "\udcff", "\n", " "]),
    min_size=1,
    max_size=8,
).filter(lambda name: name not in (".", "..", ".siteroot"))
# What surrogateescape cannot give back as it was is no name that a disk can hand out.
PATHS = (
    st.lists(NAMES, min_size=1, max_size=4)
    .map("/".join)
    .filter(
        lambda path: (
            path.encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape") == path
        )
    )
)
NUMBERS = st.integers(-(10**18), 10**18)
ENTRIES: st.SearchStrategy[Entry] = st.one_of(
    st.tuples(st.sampled_from(["aside", "replace", "place"]), PATHS, st.just("")),
    st.tuples(st.just("make"), PATHS, st.sampled_from(["made", "kept"])),
    st.tuples(st.just("drop"), PATHS, st.sampled_from(["", "755:0:0", "2770:1000:100"])),
)
ROWS = st.lists(st.tuples(PATHS | st.just(""), NUMBERS), max_size=4).map(tuple)
JOURNALS = st.builds(
    Journal,
    pid=st.integers(0, 10**7),
    areas=NUMBERS.map(lambda time: (("", time),)),
    entries=st.lists(ENTRIES, max_size=6).map(tuple),
    times=ROWS,
    kept_times=ROWS,
)


@given(JOURNALS)
def test_what_is_rendered_is_read_again(journal: Journal) -> None:
    assert parse_journal(render_journal(journal), "j") == journal


@given(JOURNALS, st.data())
def test_a_cut_journal_is_never_taken_for_a_whole_one(
    journal: Journal, data: st.DataObject
) -> None:
    content = render_journal(journal)
    cut = data.draw(st.integers(0, len(content) - 1))
    with pytest.raises(JournalSyntaxError):
        parse_journal(content[:cut], "j")


@given(st.binary(max_size=200) | st.binary(max_size=99).map(b"siteroot journal\0001\0".__add__))
def test_only_our_errors_come_out(content: bytes) -> None:
    with contextlib.suppress(SiterootError):
        parse_journal(content, "j")


@pytest.mark.parametrize(
    "path",
    [
        *("../x", "..", "/etc/passwd", "a/../../x", "a/..", "./a", "a/./b", "a//b", "a/", ""),
        *(".siteroot/new/x", "../../../bin/../x", "../../../binary/x", "../../../.."),
    ],
)
def test_paths_that_lead_elsewhere_are_refused(path: str) -> None:
    journal = Journal(pid=1, areas=(("", 0),), entries=(("aside", path, ""),))
    with pytest.raises(JournalSyntaxError, match="leads out"):
        parse_journal(render_journal(journal), "j", outside=("../../../bin",))


def test_scheme_folders_that_are_known_may_be_named() -> None:
    journal = Journal(
        pid=1,
        areas=(("", 0), ("../../../include", 1)),
        entries=(
            ("make", "../../../include/site", "made"),
            ("place", "../../../include/site/python3.12/x.h", ""),
        ),
    )
    outside = ("../../../include/site/python3.12",)
    assert parse_journal(render_journal(journal), "j", outside=outside) == journal
    with pytest.raises(JournalSyntaxError):
        parse_journal(render_journal(journal), "j")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"siteroot journal",
        b"siteroot journal\x001\x00end",
        b"siteroot journal\x002\x00area\x00\x000\x00end",
        b"siteroot journal\x001\x00area\x00\x00now\x00end",
        b"siteroot journal\x001\x00area\x00\x000\x00move\x00erase\x00x\x00\x00end",
        b"siteroot journal\x001\x00area\x00\x000\x00move\x00drop\x00x\x00888:0:0\x00end",
        b"siteroot journal\x001\x00area\x00\x000\x00end\x00more",
        b"siteroot journal\x001\x00area\x00\x00" + b"9" * 5000 + b"\x00end",
    ],
)
def test_faults_are_refused_naming_the_file(content: bytes) -> None:
    with pytest.raises(JournalSyntaxError) as caught:
        parse_journal(content, "root/.siteroot/journal")
    assert caught.value.where == "root/.siteroot/journal"
