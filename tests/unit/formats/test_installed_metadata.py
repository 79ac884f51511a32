"""What an installed distribution says of itself, read kindly."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.tags import parse_tag
from packaging.version import Version

from siteroot.formats.installed_metadata import (
    parse_direct_url,
    parse_installed_metadata,
    parse_requires_txt,
    parse_wheel_tags,
)
from siteroot.formats.record import parse_record_paths
from siteroot.model.installed import DirectUrl
from siteroot.model.metadata import DistributionMetadata


def test_fields_of_metadata() -> None:
    text = (
        "Metadata-Version: 2.2\nName: A_b\nVersion: 1.0-1\nRequires-Python:  >=3.8 \nRequires-Dist: x\n (>1)\n"
        "Requires-Dist: y; extra == 'z'\nProvides-Extra: Z\nDynamic: Requires-Dist\n\nName: body\n"
    )
    assert parse_installed_metadata(text) == DistributionMetadata(
        name="a-b",
        version=Version("1.0.post1"),
        requires_dist=("x (>1)", "y; extra == 'z'"),
        requires_python=">=3.8",
        provides_extras=("z",),
        dynamic=frozenset({"requires-dist"}),
    )


@pytest.mark.parametrize(
    "text", ["", "Name: a\n", "Version: 1\n", "Name: a\nVersion: x\n", "\nName: a\n"]
)
def test_what_says_no_name_or_version_is_none(text: str) -> None:
    assert parse_installed_metadata(text) is None


@given(st.sampled_from(["py2.py3-none-any", "cp312-abi3.none-linux_x86_64.any", "py3-none-any"]))
def test_tags_are_those_that_packaging_reads(tag: str) -> None:
    assert set(parse_wheel_tags(f"Wheel-Version: 1.0\nTag: {tag}\nTag: junk\n")) == {
        str(one) for one in parse_tag(tag)
    }


def test_sections_of_requires_txt_are_conditions() -> None:
    text = "one>1\n# why\n\n[x]\ntwo\n[:os_name=='nt']\nthree\n[y:os_name=='nt']\nfour\n[]\nfive\n"
    assert parse_requires_txt(text) == (
        "one>1",
        'two ; extra == "x"',
        "three ; (os_name=='nt')",
        "four ; extra == \"y\" and (os_name=='nt')",
        "five",
    )


@pytest.mark.parametrize(
    ("document", "expected", "address", "folder"),
    [
        ({"url": "https://h/a.whl", "archive_info": {}}, DirectUrl(url="https://h/a.whl"), "https://h/a.whl", None),
        ({"url": "file:///a%20b", "dir_info": {"editable": True}}, DirectUrl(url="file:///a%20b", editable=True), "file:///a%20b", "/a b"),
        (
            {"url": "https://h/x.git", "vcs_info": {"vcs": "git", "commit_id": "c", "requested_revision": "v"}, "subdirectory": "d"},
            DirectUrl(url="https://h/x.git", vcs="git", revision="c", subdirectory="d"),
            "git+https://h/x.git@c#subdirectory=d",
            None,
        ),
    ],
)  # fmt: skip
def test_direct_urls(
    document: object, expected: DirectUrl, address: str, folder: str | None
) -> None:
    found = parse_direct_url(json.dumps(document).encode())
    assert found == expected
    assert found is not None
    assert (found.address, found.folder) == (address, folder)


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b'{"url": 1}', b'{"url": "x", "vcs_info": 3}', b'{"url": "x", "dir_info": []}', b'{"url": "https://["}', b"[" * 100000]
)  # fmt: skip
def test_what_is_no_direct_url_is_passed_over(content: bytes) -> None:
    assert parse_direct_url(content) in (None, DirectUrl(url="x"))


def test_paths_of_a_record_are_read_whatever_else_it_says() -> None:
    assert parse_record_paths('a.py,sha256=x,1\n"b,c.py",,\n\nd.py\n') == ("a.py", "b,c.py", "d.py")
