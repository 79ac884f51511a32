"""Sets of versions are those of packaging, whatever is known and whatever is asked for."""

from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.specifiers import Specifier, SpecifierSet
from packaging.version import Version

from siteroot.formats.dependency_specifiers import clauses_of
from siteroot.resolve.line import VersionLine

_RELEASES = ("0", "1", "1.0", "1.0.1", "1.1", "2", "1!1")
_SUFFIXES = (
    "", ".dev0", ".dev1", "a0", "a1", "a1.dev1", "a1.post0", "rc1", ".post0", ".post1", ".post1.dev0", "+a", "+a.1",
    ".post1+a",
)  # fmt: skip
VERSIONS = sorted({Version(release + suffix) for release in _RELEASES for suffix in _SUFFIXES})
_PUBLIC = [str(version) for version in VERSIONS if version.local is None]


def _specifier_texts() -> st.SearchStrategy[str]:
    ordered = st.builds(
        str.__add__, st.sampled_from([">=", "<=", ">", "<", "==", "!="]), st.sampled_from(_PUBLIC)
    )
    local = st.builds(
        str.__add__, st.sampled_from(["==", "!=", "==="]), st.sampled_from([*map(str, VERSIONS)])
    )
    families = st.builds(
        "{}{}.*".format,
        st.sampled_from(["==", "!="]),
        st.sampled_from(["0", "1", "1.0", "1.1", "1!1"]),
    )
    compatible = st.sampled_from(["~=1.0", "~=1.0.1", "~=1.0a1", "~=1!1.0", "~=1.0.post1"])
    return st.one_of(ordered, local, families, compatible)


def _accepts(specifiers: Specifier | SpecifierSet, version: Version) -> bool:
    return specifiers.contains(version, prereleases=True)


@settings(max_examples=200, deadline=None)
@given(st.sets(st.sampled_from(VERSIONS)), st.lists(_specifier_texts(), max_size=3))
def test_a_set_holds_the_known_versions_that_packaging_accepts(
    known: set[Version], texts: list[str]
) -> None:
    line = VersionLine(sorted(known))
    specifiers = SpecifierSet(",".join(texts))
    held = [line.versions[place] for place in line.places(line.allowed(clauses_of(specifiers)))]
    assert held == [version for version in line.versions if _accepts(specifiers, version)]


@settings(max_examples=200, deadline=None)
@given(st.sets(st.sampled_from(VERSIONS)), _specifier_texts())
def test_a_set_that_leaves_something_in_a_gap_says_so(known: set[Version], text: str) -> None:
    """What packaging accepts and nobody knows keeps the set from being empty."""
    line = VersionLine(sorted(known))
    allowed = line.allowed(clauses_of(SpecifierSet(text)))
    if (
        text[:3] != "==="
        and "+" not in text
        and any(_accepts(Specifier(text), version) for version in VERSIONS)
    ):
        assert allowed
    assert not allowed & 1
    assert allowed & line.full == allowed


def test_a_version_and_its_negation_share_nothing() -> None:
    line = VersionLine([Version("1"), Version("1.5"), Version("2")])
    only, others = line.allowed((("==", "1.5"),)), line.allowed((("!=", "1.5"),))
    assert only == line.bit(1)
    assert not only & others
    assert only | others == line.everything
