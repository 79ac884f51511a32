"""Both forms of a project's page, held against each other and against what was described."""

import json
from time import process_time
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siteroot.formats.listing import SimpleApiError, list_file
from siteroot.formats.simple_api import parse_simple_page
from siteroot.model.digest import Digest
from siteroot.model.release import ListedFile
from support.pages import HTML, JSON, PageFile, render_html, render_json

URL = "https://index.example/simple/acme/"
SHA = "ab" * 32


def listed(content: bytes, kind: str = JSON, url: str = URL) -> list[ListedFile]:
    listing = parse_simple_page(content, kind, url)
    return [list_file(row, listing.base) for row in listing.rows]


_words = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=8)
_hashes = st.just({"sha256": SHA})


@st.composite
def page_files(draw: st.DrawFn) -> PageFile:
    name = "acme-" + draw(st.text(st.sampled_from("abz019._+~é"), min_size=1, max_size=8)) + ".whl"
    return PageFile(
        filename=name,
        url=draw(st.sampled_from(["../../files/", "https://files.example/a/", "/a/"]))
        + quote(name),
        hashes=draw(st.one_of(st.just({}), _hashes)),
        requires_python=draw(st.one_of(st.none(), st.just(">=3.8,<4 & 'x'"))),
        yanked=draw(st.one_of(st.booleans(), _words.filter(str.strip))),
        core_metadata=draw(st.one_of(st.none(), st.just(True), _hashes)),
    )


@given(st.lists(page_files(), max_size=5))
def test_html_and_json_say_the_same(files: list[PageFile]) -> None:
    assert listed(render_json(files)) == listed(render_html(files), HTML)


@given(page_files(), st.integers(0, 2**40), st.integers(0, 4 * 10**9))
def test_json_says_what_was_described(file: PageFile, size: int, moment: int) -> None:
    file = PageFile(
        filename=file.filename,
        url="../../files/" + quote(file.filename),
        hashes=file.hashes,
        size=size,
        upload_time=float(moment),
        yanked=file.yanked,
        core_metadata=file.core_metadata,
    )
    (found,) = listed(render_json([file]))
    assert found.filename == file.filename
    assert found.location == "https://index.example/files/" + quote(file.filename)
    assert found.size == size
    assert found.upload_time == moment
    assert found.yanked == (
        {True: "", False: None}[file.yanked]
        if isinstance(file.yanked, bool)
        else " ".join(file.yanked.split())
    )
    assert bool(found.digests) == bool(file.hashes)
    assert (found.metadata is not None) == bool(file.core_metadata)


@pytest.mark.parametrize(
    ("link", "location"),
    [
        ("acme-1.tar.gz", f"{URL}acme-1.tar.gz"),
        ("/x/acme-1.tar.gz#md5=0", "https://index.example/x/acme-1.tar.gz"),
        ("//cdn.example/acme-1.tar.gz", "https://cdn.example/acme-1.tar.gz"),
        ("https://u:p@h.example/acme-1.tar.gz?sig=1", "https://u:p@h.example/acme-1.tar.gz?sig=1"),
    ],
)
def test_links_start_at_the_page(link: str, location: str) -> None:
    page = render_json([PageFile(filename="acme-1.tar.gz", url=link)])
    assert [file.location for file in listed(page)] == [location]
    page = render_html([PageFile(filename="acme-1.tar.gz", url=link)])
    assert [file.location for file in listed(page, HTML)] == [location]


@pytest.mark.parametrize("link", ["file:///wheels/acme-1.zip", "FILE:acme-1.zip", " file:/a-1.zip"])
def test_a_page_of_a_server_leads_to_no_file_of_this_machine(link: str) -> None:
    files = [PageFile(filename="acme-1.zip", url=link)]
    for page, kind in ((render_json(files), JSON), (render_html(files), HTML)):
        with pytest.raises(SimpleApiError, match="lies on this machine"):
            listed(page, kind)
        assert listed(page, kind, "file:///index/acme/index.html")[0].location.startswith("file:/")


def test_nor_does_its_base() -> None:
    page = b'<base href="file:///wheels/"><a href="acme-1.zip">'
    assert listed(page, HTML)[0].location == f"{URL}acme-1.zip"
    assert listed(page, HTML, "file:///i.html")[0].location == "file:///wheels/acme-1.zip"


def test_a_base_counts_before_the_first_link_alone() -> None:
    anchor = '<a href="acme-1.zip">x</a>'
    base = '<base href="https://other.example/d/">'
    assert listed(f"{base}{anchor}".encode(), HTML)[0].location == (
        "https://other.example/d/acme-1.zip"
    )
    assert listed(f"{anchor}{base}{anchor}".encode(), HTML)[1].location == f"{URL}acme-1.zip"


def test_attributes_without_values_and_escapes() -> None:
    page = (
        f'<A HREF="a%2Bb-1.zip#egg=x&amp;sha256={SHA}" data-yanked data-requires-python="&gt;=3">'
        '<a data-core-metadata="false" data-dist-info-metadata="true" href="b-1.zip">'
        '<a href="c-1.zip" data-core-metadata="sha256=zz">'
    )
    first, second, third = listed(page.encode(), "Text/HTML; charset=utf-8")
    assert first.filename == "a+b-1.zip"
    assert first.yanked == ""
    assert first.requires_python == ">=3"
    assert first.digests == (Digest("sha256", SHA),)
    assert second.metadata is None
    assert third.metadata == ()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<!-- <a href='no-1.zip'> -->", ""),
        ("<!--><!---><!-- --!>", "<!-- never closed <a href='no-1.zip'>"),
        ("<![CDATA[ <a href='no-1.zip'> ]]>", "<![CDATA["),
        ("<?php <a href='no-1.zip'> ?><!DOCTYPE <a href='no-1.zip'>", "<!"),
        ("<SCRIPT>s = \"<a href='no-1.zip'>\"</script >", "<style><a href='no-1.zip'>"),
        ("<title><a href='no-1.zip'></TITLE>", "</a <a href='no-1.zip'"),
        ("<p title=\"<a href='no-1.zip'>\">", "<p title='<a href=no-1.zip>"),
        ("<abbr href='no-1.zip'><area href='no-1.zip'>", "<a href='no-1.zip'"),
        ("1 < 2 <3> <> </> < a href='no-1.zip'>", "<"),
    ],
)
def test_links_are_where_html_has_them(before: str, after: str) -> None:
    link = "<a\ntitle=\"1 > 0\" data-yanked=it's\thref = 'a-1.zip'>a-1.zip</a>"
    files = listed(f"{before}{link}{after}".encode(), HTML)
    assert [file.filename for file in files] == ["a-1.zip"]


@pytest.mark.parametrize(
    "unit",
    ["<", "<!--", "<![CDATA[", "<a x ", '<a "', "<a href='", "<a =x", "<script", "<title>", "&amp"],
)
def test_what_nobody_closes_takes_no_longer_for_it(unit: str) -> None:
    began = process_time()
    assert listed((unit * (2_000_000 // len(unit))).encode(), HTML) == []
    assert process_time() - began < 5  # with the page's square: hours


def test_a_tag_longer_than_any_is_no_link() -> None:
    padded = '<a href="long-1.zip" {}>'.format("x " * 40_000)
    listing = parse_simple_page(f'{padded}<a href="a-1.zip">'.encode(), HTML, URL)
    assert [row[0] for row in listing.rows] == ["a-1.zip"]
    assert listing.notes == ("a link of more than 64 KiB is no link",)


def test_a_page_has_so_many_files_and_no_more() -> None:
    with pytest.raises(SimpleApiError, match="more than 500,000 files"):
        listed(b'{"files": [%s0]}' % (b"0," * 500_001))
    with pytest.raises(SimpleApiError, match="more than 500,000 files"):
        listed(b"<a>" * 500_002, HTML)


def test_a_page_in_another_charset() -> None:
    page = '<a href="é-1.zip">'.encode("latin-1")
    assert listed(page, "text/html; charset=ISO-8859-1")[0].filename == "é-1.zip"
    assert listed(page, "text/html; charset=nonsense")[0].filename == "\ufffd-1.zip"


@pytest.mark.parametrize("version", ["2.0", "10.1", 2, 2.5])
def test_a_newer_api_is_refused_by_its_name(version: object) -> None:
    with pytest.raises(SimpleApiError, match=str(version)):
        listed(render_json([], version=version))
    meta = f'<meta name="pypi:repository-version" content="{version}">'
    with pytest.raises(SimpleApiError, match=str(version)):
        listed(render_html([], head=meta), HTML)


@pytest.mark.parametrize("version", ["1.0", "1.99", "1", None, "", [], "v3"])
def test_other_minor_versions_are_read(version: object) -> None:
    assert listed(render_json([], version=version)) == []


@pytest.mark.parametrize(
    "file",
    [
        None,
        [],
        {},
        {"filename": "a", "url": "b"},
        {"filename": 1, "url": "b", "hashes": {}},
        {"filename": "a", "url": None, "hashes": {}},
        {"filename": "", "url": "b", "hashes": {}},
        {"filename": "a", "url": "b", "hashes": []},
        {"filename": "../a-1.zip", "url": "b", "hashes": {}},
        {"filename": "a\\b-1.zip", "url": "b", "hashes": {}},
        {"filename": "a\x1b[1m-1.zip", "url": "b", "hashes": {}},
        {"filename": "a-1.zip", "url": "b\n", "hashes": {}},
    ],
)
def test_a_file_described_wrongly_is_passed_over_with_a_note(file: object) -> None:
    good = {"filename": "acme-1.zip", "url": "acme-1.zip", "hashes": {}}
    listing = parse_simple_page(json.dumps({"files": [file, good]}).encode(), JSON, URL)
    assert [row[0] for row in listing.rows] == ["acme-1.zip"]
    assert len(listing.notes) == 1


def test_values_of_another_kind_count_as_not_said() -> None:
    odd = {
        "filename": "a-1.zip",
        "url": "http://[broken/a-1.zip",
        "hashes": {"sha256": "zz", "md5": 1, "crc": "0"},
        "size": -1,
        "upload-time": "soon",
        "requires-python": 3,
        "yanked": 0,
        "core-metadata": "yes",
    }
    (file,) = listed(json.dumps({"files": [odd]}).encode())
    assert file.digests == ()
    odd_ones = (file.size, file.upload_time, file.requires_python, file.yanked, file.metadata)
    assert set(odd_ones) == {None}


def test_the_reason_of_a_yank_is_one_line() -> None:
    file = {"filename": "a-1.zip", "url": "a-1.zip", "hashes": {}, "yanked": "old\nerror: x\r\n"}
    (found,) = listed(json.dumps({"files": [file]}).encode())
    assert found.yanked == "old error: x"


def test_many_faults_are_counted() -> None:
    listing = parse_simple_page(json.dumps({"files": [{}] * 50}).encode(), JSON, URL)
    assert len(listing.notes) == 6
    assert listing.notes[-1] == "and 45 more files"


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"<html>", JSON),
        (b"\xff", JSON),
        (b"[" * 100_000, JSON),
        (b"[]", JSON),
        (b'{"files": 3}', JSON),
        (b"{}", "application/json"),
        (b"%PDF", ""),
    ],
)
def test_what_is_no_page_is_told(content: bytes, kind: str) -> None:
    with pytest.raises(SimpleApiError):
        parse_simple_page(content, kind, URL)
