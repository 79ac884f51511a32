"""A page's files by version: what is kept says what was listed, and lists are made only where they are looked at."""

import marshal

from hypothesis import given
from hypothesis import strategies as st
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import Version

from siteroot.formats.distribution_names import version_in
from siteroot.formats.listing import Listing, list_file
from siteroot.formats.releases import PageFiles, list_releases, sort_listing
from siteroot.formats.simple_api import parse_simple_page
from siteroot.model.lock import RegistrySource
from siteroot.model.release import ProjectPage
from support.pages import JSON, PageFile, render_json

URL = "https://index.example/simple/acme/"

_versions = st.builds(
    lambda release, tail: ".".join(map(str, release)) + tail,
    st.lists(st.integers(0, 3), min_size=1, max_size=3),
    st.sampled_from(["", "rc1", ".post2", ".dev3", "a0", "+cpu"]),
)
_filenames = st.one_of(
    _versions.map("acme-{}-py3-none-any.whl".format),
    _versions.map("Acme-{}-1-cp312-cp312-linux_x86_64.whl".format),
    _versions.map("acme-{}.tar.gz".format),
    st.sampled_from(["acme.zip", "other-1.0.tar.gz", "acme-1.0.exe", "acme-x.y.zip", "acme-1.whl"]),
)


def listing_of(filenames: list[str]) -> Listing:
    files = [PageFile(filename=name, url=name) for name in filenames]
    return parse_simple_page(render_json(files), JSON, URL)


def plain_twin(filename: str) -> Version | None:
    """Return the version by packaging's own readers."""
    try:
        if filename.endswith(".whl"):
            name, version, *_ = parse_wheel_filename(filename)
        else:
            name, version = parse_sdist_filename(filename)
    except (InvalidWheelFilename, InvalidSdistFilename):
        return None
    return version if name == "acme" else None


@given(st.lists(_filenames, unique=True))
def test_releases_hold_the_files_of_their_versions(filenames: list[str]) -> None:
    files = sort_listing(listing_of(filenames), "acme")
    expected: dict[Version, list[str]] = {}
    for filename in sorted(filenames):
        if (version := plain_twin(filename)) is not None:
            expected.setdefault(version, []).append(filename)
    found = [
        (Version(release.version), [file.filename for file in release.files])
        for release in files.releases()
    ]
    assert found == [(version, expected[version]) for version in sorted(expected)]


@given(st.lists(_filenames, unique=True))
def test_a_kept_page_is_the_page(filenames: list[str]) -> None:
    listing = listing_of(filenames)
    files = sort_listing(listing, "acme")
    kept = PageFiles(marshal.loads(marshal.dumps(files.head)), bytes(files.rows))
    assert list(kept) == list(files) == [kept[place] for place in range(len(kept))]
    assert kept[-2:] == tuple(files)[-2:]
    taken = tuple(list_file(row, listing.base) for row in listing.rows)
    source = RegistrySource("x")
    by_hand = list_releases(ProjectPage(name="acme", source=source, files=taken))
    by_page = list_releases(ProjectPage(name="acme", source=source, files=kept))
    assert [(each.version, list(each.files)) for each in by_hand] == [
        (each.version, list(each.files)) for each in by_page
    ]


def test_the_project_says_where_an_old_sdists_name_ends() -> None:
    assert version_in("zope-event-4.0-beta-1.tar.gz", "zope-event") == "4.0-beta-1"
    assert version_in("zope.event-4.0.tar.gz", "zope-event") == "4.0"
    assert version_in("zope..event-4.0.tgz", "zope-event") == "4.0"
    assert version_in("zope-event-extras-4.0.tgz", "zope-event") == "extras-4.0"
    assert version_in("Zope_Event-1.0_1-py3-none-any.whl", "zope-event") == "1.0-1"
    assert version_in("zope_event-1.0-py3-none-any.whl", "event") is None
