"""What resolving needs of METADATA, PKG-INFO and [project]; and requirements that are put right."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.metadata import parse_email
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from siteroot.formats.lenient import mend_requirement, mend_specifiers
from siteroot.formats.resolution_metadata import (
    parse_metadata,
    parse_pkg_info,
    read_static_project,
)
from siteroot.model.metadata import InvalidMetadataError

_WHOLE = b"""Metadata-Version: 2.1\r
Name: Acme.Tools\r
Version: 1.0.0\r
Requires-Dist: pyzmq (>=2.7,!=3.0*)\r
Requires-Dist: other[x]>=1;\r
    extra == 'z'\r
Requires-Python: >=3.6, !=3.1.*'\r
Provides-Extra: Z_z\r
Provides-Extra: not valid\r
\r
Requires-Dist: of the description\r
"""


def test_a_metadata() -> None:
    metadata = parse_metadata(_WHOLE)
    assert (metadata.name, metadata.version) == ("acme-tools", Version("1"))
    assert metadata.requires_dist[0] == "pyzmq (>=2.7,!=3.0.*)"
    assert str(Requirement(metadata.requires_dist[1])) == 'other[x]>=1; extra == "z"'
    assert metadata.requires_python == ">=3.6, !=3.1.*"
    assert metadata.provides_extras == ("z-z",)


@given(
    st.lists(
        st.sampled_from(["a>=1", "b[c]", "d ; python_version < '3'", "e @ https://x.y/z.whl"])
    ),
    st.lists(st.sampled_from(["one", "Two"]), unique=True),
    st.sampled_from(["\n", "\r\n"]),
)
def test_the_email_parser_reads_the_same(requires: list[str], extras: list[str], end: str) -> None:
    lines = ["Metadata-Version: 2.3", "Name: acme", "Version: 1", "Summary: é"]
    lines += [f"Requires-Dist: {text}" for text in requires]
    lines += [f"Provides-Extra: {text}" for text in extras]
    content = end.join([*lines, "", "A description", ""]).encode()
    twin, _ = parse_email(content)
    metadata = parse_metadata(content)
    assert list(metadata.requires_dist) == twin.get("requires_dist", [])
    assert list(metadata.provides_extras) == [
        extra.lower() for extra in twin.get("provides_extra", [])
    ]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"Name: acme",
        b"Name: acme\nVersion: x y",
        b"Name: a b\nVersion: 1",
        b"Name: acme\nVersion: 1\nRequires-Dist: )(",
        b"Name: acme\nVersion: 1\nRequires-Python: three",
        b"Name: acme\nVersion: 1\nRequires-Dist: a;" + b"(" * 9000,
        b"Name: acme\nVersion: 1\nRequires-Dist: a[" + b"x," * 3_000_000 + b"x]",
        b"Name: acme\nVersion: 1\n" + b"".join(b"Requires-Dist: a%d\n" % n for n in range(10_001)),
    ],
)
def test_what_makes_no_sense(content: bytes) -> None:
    with pytest.raises(InvalidMetadataError):
        parse_metadata(content)


@pytest.mark.parametrize(
    ("version", "more", "holds"),
    [
        ("2.2", "", True),
        ("2.4", "Dynamic: Summary", True),
        ("2.10", "Dynamic: version", True),
        ("2.1", "", False),
        ("1.2", "", False),
        ("3.0", "", False),
        ("", "", False),
        ("2.x", "", False),
        ("2.2", "Dynamic: Requires-Dist", False),
        ("2.2", "Dynamic: requires-python", False),
        ("2.2", "Dynamic: Provides-Extra", False),
    ],
)
def test_when_a_pkg_info_holds(version: str, more: str, *, holds: bool) -> None:
    content = f"Metadata-Version: {version}\nName: acme\nVersion: 1\n{more}\n".encode()
    assert (parse_pkg_info(content) is not None) is holds


def test_a_project_table() -> None:
    content = b"""
    [project]
    name = "Acme"
    dynamic = ["version"]
    requires-python = ">=3.9"
    dependencies = ["a>=1", "b!=3.0*"]
    [project.optional-dependencies]
    More_Things = ["c; os_name == 'nt' or os_name == 'x'", "d @ https://x.y/d.whl"]
    """
    metadata = read_static_project(content, Version("3"))
    assert metadata is not None
    assert metadata.version == Version("3")
    assert metadata.requires_dist[:2] == ("a>=1", "b!=3.0.*")
    third, fourth = (Requirement(text) for text in metadata.requires_dist[2:])
    assert third.marker is not None
    assert not third.marker.evaluate({"os_name": "nt", "extra": "other"})
    assert third.marker.evaluate({"os_name": "nt", "extra": "more-things"})
    assert fourth.url == "https://x.y/d.whl"
    assert metadata.provides_extras == ("more-things",)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[project",
        b'[project]\nname = "acme"\nversion = "1"\ndynamic = ["dependencies"]',
        b'[project]\nname = "acme"\nversion = "1"\ndynamic = ["requires-python"]',
        b'[project]\nname = "acme"\nversion = "1"\ndynamic = ["optional-dependencies"]',
        b'[project]\nname = "acme"\nversion = "1"\n[tool.poetry]\nx = 1',
        b'[build-system]\nrequires = ["setuptools"]',
    ],
)
def test_when_only_a_build_can_tell(content: bytes) -> None:
    assert read_static_project(content, Version("1")) is None


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("elasticsearch-dsl (>=7.2.0<8.0.0)", "elasticsearch-dsl>=7.2.0,<8.0.0"),
        ("jupyter-core (!=~5.0,>=4.12)", "jupyter-core!=5.0.*,>=4.12"),
        ("torch (>=1.9.*)", "torch>=1.9"),
        ("pyzmq (>=2.7,!=3.0*,!=3.1*)", "pyzmq!=3.0.*,!=3.1.*,>=2.7"),
        ("botocore>=1.3.0,<1.4.0',", "botocore<1.4.0,>=1.3.0"),
        ("celery>dev", "celery>0.0.0dev"),
        ("x>=9.0.0a1.0", "x>=9.0.0a1"),
        ("numpy '>=1.19'; python_version >= '3.7'", "numpy>=1.19; python_version >= '3.7'"),
    ],
)
def test_requirements_that_are_put_right(text: str, meant: str) -> None:
    with pytest.raises(InvalidRequirement):
        Requirement(text)
    mended = mend_requirement(text)
    assert mended is not None
    assert Requirement(mended) == Requirement(meant)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        (">=2.7,!=3.0.*,!=3.1.*,<3.4.*", ">=2.7,!=3.0.*,!=3.1.*,<3.4"),
        (">=2.7, !=3.0.*, !=3.1.*', !=3.2.*'", ">=2.7, !=3.0.*, !=3.1.*, !=3.2.*"),
        ('>="3.6"', ">=3.6"),
    ],
)
def test_specifiers_that_are_put_right(text: str, meant: str) -> None:
    mended = mend_specifiers(text)
    assert mended is not None
    assert SpecifierSet(mended) == SpecifierSet(meant)


@given(st.text(st.sampled_from("ab1.*,<>=~!'\";() ["), max_size=20))
def test_what_is_mended_is_valid_and_stays(text: str) -> None:
    mended = mend_requirement(text)
    assert mended is None or mend_requirement(mended) == mended
