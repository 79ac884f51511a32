"""What a resolver asks of indexes, from real servers: which pages count, what is asked twice, what the cache serves."""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from siteroot.errors import SourceError
from siteroot.formats.releases import DamagedPageError, list_releases
from siteroot.index.fetch import Fetcher
from siteroot.index.options import FetchOptions
from siteroot.model.event import Warned
from siteroot.model.lock import FlatSource, RegistrySource
from siteroot.model.settings import IndexSetting, MirrorSetting, Settings
from siteroot.workflows.metadata_source import IndexedMetadata
from siteroot.workflows.paging import open_metadata
from support.http_server import Answer, Server, serve_folder
from support.pages import HTML, JSON, PageFile, render_html, render_json
from support.ports import InstantClock, RecordingReporter
from support.wheels import build_wheel

FRESH = {"Cache-Control": "max-age=600", "ETag": '"one"'}
STALE = {"Cache-Control": "no-cache", "ETag": '"one"'}


@dataclass
class Site:
    """Indexes, and a cache that outlives the commands which read them."""

    folder: Path
    indexes: list[Server]
    scope: ExitStack
    reporter: RecordingReporter = field(default_factory=RecordingReporter)

    def settings(self, *indexes: IndexSetting, strategy: str | None = None) -> Settings:
        return Settings(indexes=(*indexes, self.setting(0, default=True)), index_strategy=strategy)

    def setting(self, place: int, *, default: bool = False) -> IndexSetting:
        return IndexSetting(url=f"{self.indexes[place].url}/simple", default=default)

    def open(self, settings: Settings | None = None) -> IndexedMetadata:
        """Return the source as a new command has it."""
        settings = settings or self.settings()
        fetcher = self.scope.enter_context(
            Fetcher(
                FetchOptions(
                    timeout=5, retries=0, offline=bool(settings.offline), indexes=settings.indexes
                ),
                clock=InstantClock(),
                reporter=self.reporter,
            )
        )
        source = open_metadata(
            settings,
            fetcher,
            str(self.folder / "cache"),
            self.reporter,
            work=partial(TemporaryDirectory, dir=self.folder),
        )
        return self.scope.enter_context(source)

    def show(
        self,
        place: int,
        name: str,
        *files: str,
        headers: Mapping[str, str] | None = None,
        html: bool = False,
    ) -> None:
        """Let an index answer with a page of these files, always."""
        listed = [PageFile(filename=file, url=f"../../{file}") for file in files]
        body, kind = (render_html(listed), HTML) if html else (render_json(listed), JSON)
        self.indexes[place].always[f"/simple/{name}/"] = Answer(
            headers={"Content-Type": kind, "ETag": None, **(headers or {})}, body=body
        )

    def asked(self, place: int, name: str = "demo") -> int:
        return len(self.indexes[place].asked(f"/simple/{name}/"))

    @property
    def warnings(self) -> list[str]:
        return [event.text for event in self.reporter.events if isinstance(event, Warned)]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    (tmp_path / "files").mkdir()
    with ExitStack() as scope:
        servers = [scope.enter_context(serve_folder(tmp_path / "files")) for _ in range(2)]
        yield Site(tmp_path, servers, scope)


def versions(
    source: IndexedMetadata, name: str = "demo", index: str | None = None
) -> list[list[str]]:
    """Return the versions on each page."""
    return [
        [release.version for release in list_releases(page)] for page in source.pages(name, index)
    ]


# -- the pages that count ---------------------------------------------------------------------------------------------


def test_by_default_the_first_index_that_knows_a_project_counts(site: Site) -> None:
    site.show(0, "demo", "demo-2.0.tar.gz")
    site.show(1, "demo", "demo-1.0.tar.gz", html=True)
    source = site.open(site.settings(site.setting(1)))
    (page,) = source.pages("demo", None)
    assert page.source == RegistrySource(f"{site.indexes[1].url}/simple")
    assert [file.filename for file in page.files] == ["demo-1.0.tar.gz"]
    assert site.asked(0) == 0


def test_an_index_that_does_not_know_a_project_passes_it_on(site: Site) -> None:
    site.show(0, "demo", "demo-2.0.tar.gz")
    assert versions(site.open(site.settings(site.setting(1)))) == [["2.0"]]
    assert (site.asked(1), site.asked(0)) == (1, 1)


def test_a_project_that_nobody_knows_has_no_page(site: Site) -> None:
    assert versions(site.open()) == []


def test_an_index_that_refuses_ends_the_search(site: Site) -> None:
    site.show(0, "demo", "demo-2.0.tar.gz")
    site.indexes[1].login = ("ann", "s3cret")
    assert versions(site.open(site.settings(site.setting(1)))) == []
    assert site.asked(0) == 0
    assert ["no other index is asked" in warning for warning in site.warnings] == [True]


@pytest.mark.parametrize("way", ["ignored", "unsafe-first-match", "unsafe-best-match"])
def test_a_refusal_that_does_not_matter(site: Site, way: str) -> None:
    site.show(0, "demo", "demo-2.0.tar.gz")
    site.indexes[1].login = ("ann", "s3cret")
    first = IndexSetting(
        url=f"{site.indexes[1].url}/simple", ignore_error_codes=(401,) if way == "ignored" else None
    )
    settings = site.settings(first, strategy=None if way == "ignored" else way)
    assert versions(site.open(settings)) == [["2.0"]]


def test_the_unsafe_strategies_see_every_page_in_order(site: Site) -> None:
    site.show(0, "demo", "demo-2.0.tar.gz")
    site.show(1, "demo", "demo-1.0.tar.gz")
    settings = site.settings(site.setting(1), strategy="unsafe-best-match")
    assert versions(site.open(settings)) == [["1.0"], ["2.0"]]


def test_an_index_asked_by_its_url(site: Site) -> None:
    site.show(1, "demo", "demo-1.0.tar.gz")
    login = site.indexes[1].url.replace("//", "//ann:s3cret@")
    site.indexes[1].login = ("ann", "s3cret")
    explicit = IndexSetting(url=f"{login}/simple/", name="own", explicit=True)
    source = site.open(site.settings(explicit))
    assert versions(source) == []
    assert versions(source, index=f"{site.indexes[1].url}/simple") == [["1.0"]]


def test_an_index_that_is_unwell_is_told(site: Site) -> None:
    site.indexes[0].always["/simple/demo/"] = Answer(status=503, body=b"")
    with pytest.raises(SourceError, match=r"demo.*503"):
        site.open().pages("demo", None)


def test_an_index_that_is_none_is_told(site: Site) -> None:
    site.indexes[0].always["/simple/demo/"] = Answer(
        headers={"Content-Type": "image/png"}, body=b""
    )
    with pytest.raises(SourceError, match="image/png"):
        site.open().pages("demo", None)


def test_a_mirror_is_asked_in_its_indexs_stead(site: Site) -> None:
    site.show(1, "demo", "demo-1.0.tar.gz")
    mirror = MirrorSetting(replaced=site.indexes[0].url, url=f"{site.indexes[1].url}/simple")
    settings = Settings(indexes=(site.setting(0, default=True),), mirrors=(mirror,))
    (page,) = site.open(settings).pages("demo", None)
    assert page.source == RegistrySource(f"{site.indexes[0].url}/simple")
    assert page.files[0].location == f"{site.indexes[1].url}/demo-1.0.tar.gz"
    assert site.asked(0) == 0


def test_links_start_where_a_redirect_led(site: Site) -> None:
    site.show(0, "demo", "demo-1.0.tar.gz")
    site.indexes[1].redirect("/simple/demo/", f"{site.indexes[0].url}/simple/demo/")
    (page,) = site.open(site.settings(site.setting(1))).pages("demo", None)
    assert page.files[0].location == f"{site.indexes[0].url}/demo-1.0.tar.gz"


# -- flat indexes -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["a folder", "a file URL", "a page on this disk", "a page"])
def test_links_are_found_beside_an_index(site: Site, kind: str) -> None:
    files = site.folder / "files"
    for name in ("demo-1.0-py3-none-any.whl", "demo-more-3.0.tar.gz", "old-0.1-x.zip", "x.txt"):
        (files / name).touch()
    page = site.folder / "links.html"
    page.write_bytes(
        render_html([PageFile(filename=p.name, url=f"files/{p.name}") for p in files.iterdir()])
    )
    site.indexes[1].always["/links"] = Answer(
        headers={"Content-Type": HTML}, body=page.read_bytes()
    )
    place = {
        "a folder": str(files),
        "a file URL": files.as_uri(),
        "a page on this disk": str(page),
        "a page": f"{site.indexes[1].url}/links",
    }[kind]
    site.show(0, "demo", "demo-2.0.tar.gz")
    source = site.open(Settings(indexes=(site.setting(0, default=True),), find_links=(place,)))
    assert versions(source) == [["1.0"], ["2.0"]]
    assert versions(source, "demo-more") == [["3.0"]]
    assert versions(source, "x") == []
    (page_of, _) = source.pages("demo", None)
    assert isinstance(page_of.source, RegistrySource if kind == "a page" else FlatSource)
    start = site.indexes[1].url if kind == "a page" else site.folder.as_uri()
    assert page_of.files[0].location == f"{start}/files/demo-1.0-py3-none-any.whl"


def test_links_alone(site: Site) -> None:
    build_wheel(site.folder / "files", "demo", "1.0", requires=["other"])
    source = site.open(Settings(no_index=True, find_links=(str(site.folder / "files"),)))
    (page,) = source.pages("demo", None)
    assert source.read(page.files[0]).requires_dist == ("other",)
    assert source.pages("other", None) == ()


def test_a_flat_index_has_its_place_among_the_others(site: Site) -> None:
    (site.folder / "files" / "demo-1.0.tar.gz").touch()
    flat = IndexSetting(url=str(site.folder / "files"), flat=True)
    assert versions(site.open(site.settings(flat))) == [["1.0"]]
    assert site.asked(0) == 0


def test_links_that_are_not_there_are_told(site: Site) -> None:
    source = site.open(Settings(no_index=True, find_links=(str(site.folder / "gone"),)))
    with pytest.raises(SourceError, match="no such folder or page"):
        source.pages("demo", None)


# -- the cache --------------------------------------------------------------------------------------------------------


def test_a_page_is_not_asked_for_while_it_holds(site: Site) -> None:
    site.show(0, "demo", "demo-1.0.tar.gz", headers=FRESH)
    assert versions(site.open()) == versions(site.open()) == [["1.0"]]
    assert site.asked(0) == 1


def test_a_stale_page_is_asked_about(site: Site) -> None:
    site.show(0, "demo", "demo-1.0.tar.gz", headers=STALE)
    assert versions(site.open()) == [["1.0"]]
    site.indexes[0].script("/simple/demo/", Answer(status=304, body=b"", headers=FRESH))
    assert versions(site.open()) == [["1.0"]]
    assert site.indexes[0].requests[-1].headers["if-none-match"] == '"one"'
    assert versions(site.open()) == [["1.0"]]
    assert site.asked(0) == 2


def test_a_page_that_changed_is_taken(site: Site) -> None:
    site.show(0, "demo", "demo-1.0.tar.gz", headers=STALE)
    site.open().pages("demo", None)
    site.show(0, "demo", "demo-2.0.tar.gz", headers=STALE)
    assert versions(site.open()) == [["2.0"]]


@pytest.mark.parametrize("every", [True, False])
def test_refresh_asks_in_any_case(site: Site, *, every: bool) -> None:
    for name in ("demo", "other"):
        site.show(0, name, f"{name}-1.0.tar.gz", headers=FRESH)
    index = (site.setting(0, default=True),)
    for settings in (
        Settings(indexes=index),
        Settings(indexes=index, refresh=every, refresh_package=() if every else ("Demo",)),
    ):
        source = site.open(settings)
        source.pages("demo", None)
        source.pages("other", None)
    assert (site.asked(0), site.asked(0, "other")) == (2, 2 if every else 1)


def test_offline_any_page_will_do(site: Site) -> None:
    site.show(0, "demo", "demo-1.0.tar.gz", headers=STALE)
    site.open().pages("demo", None)
    offline = Settings(indexes=(site.setting(0, default=True),), offline=True)
    assert versions(site.open(offline)) == [["1.0"]]
    source = site.open(offline)
    source.expect(["demo", "other"])
    with pytest.raises(SourceError, match="no index's page of other is in the cache"):
        source.pages("other", None)
    assert len(site.indexes[0].requests) == 1


def test_a_project_of_which_a_page_was_kept_is_known(site: Site) -> None:
    site.show(0, "demo", "demo-2.0.tar.gz", headers=FRESH)
    source = site.open()
    assert source.known() == set()
    versions(source)
    again = site.open()
    assert again.known() == {"demo"}
    assert site.open(Settings(no_index=True)).known() == set()


def test_what_may_not_be_kept_is_not(site: Site) -> None:
    site.show(0, "demo", "demo-1.0.tar.gz", headers={"Cache-Control": "no-store"})
    site.open().pages("demo", None)
    assert not [path for path in (site.folder / "cache").rglob("*") if path.is_file()]


def test_the_settings_word_on_caching_stands_in_for_the_servers(site: Site) -> None:
    site.show(0, "demo", "demo-1.0.tar.gz", headers={"Cache-Control": "no-store"})
    index = IndexSetting(
        url=f"{site.indexes[0].url}/simple", default=True, cache_control_api="max-age=60"
    )
    for _ in range(2):
        site.open(Settings(indexes=(index,))).pages("demo", None)
    assert site.asked(0) == 1


def test_a_page_of_links_is_kept_as_others_are(site: Site) -> None:
    page = render_html([PageFile(filename="demo-1.0.tar.gz", url="demo-1.0.tar.gz")])
    site.indexes[1].always["/links"] = Answer(headers={"Content-Type": HTML, **FRESH}, body=page)
    links = (f"{site.indexes[1].url}/links",)
    for settings in (
        Settings(no_index=True, find_links=links),
        Settings(no_index=True, find_links=links),
        Settings(no_index=True, find_links=links, offline=True),
    ):
        assert versions(site.open(settings)) == [["1.0"]]
    assert len(site.indexes[1].requests) == 1
    elsewhere = Settings(no_index=True, find_links=(f"{links[0]}/other",), offline=True)
    with pytest.raises(SourceError, match="page of links is not in the cache"):
        site.open(elsewhere).pages("demo", None)


def kept_page(site: Site) -> Path:
    (path,) = (site.folder / "cache" / "pages-v2").rglob("demo")
    return path


@pytest.mark.parametrize("size", [0, 3, -1])
def test_a_damaged_page_is_fetched_again(site: Site, size: int) -> None:
    site.show(0, "demo", "demo-1.0.tar.gz", headers=FRESH)
    site.open().pages("demo", None)
    kept_page(site).write_bytes(kept_page(site).read_bytes()[:size])
    assert versions(site.open()) == [["1.0"]]
    assert site.asked(0) == 2


def test_a_page_whose_rows_were_changed_is_told(site: Site) -> None:
    site.show(0, "demo", "demo-1.0.tar.gz", headers=FRESH)
    site.open().pages("demo", None)
    content = kept_page(site).read_bytes()
    kept_page(site).write_bytes(content.replace(b"demo-1.0", b"evil-1.0", 1))
    (page,) = site.open().pages("demo", None)
    with pytest.raises(DamagedPageError):
        list(page.files)


# -- what is expected -------------------------------------------------------------------------------------------------


def test_what_is_expected_is_asked_for_once(site: Site) -> None:
    wheel = build_wheel(site.folder / "files", "demo", "1.0", requires=["other"])
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    file = PageFile(filename=wheel.name, url=f"../../{wheel.name}", hashes={"sha256": digest})
    site.indexes[0].always["/simple/demo/"] = Answer(
        headers={"Content-Type": JSON, **FRESH}, body=render_json([file])
    )
    source = site.open()
    source.expect(["demo", "demo", "unknown"])
    (page,) = source.pages("demo", None)
    source.expect_metadata(list(page.files))
    assert source.read(page.files[0]) == source.read(page.files[0])
    assert site.asked(0) == 1
    requests = len(site.indexes[0].requests)
    again = site.open()
    assert again.read(again.pages("demo", None)[0].files[0]).requires_dist == ("other",)
    assert len(site.indexes[0].requests) == requests


def test_nothing_waits_for_what_was_only_expected(site: Site) -> None:
    site.indexes[0].always["/simple/slow/"] = Answer(pause=3, body=b"")
    with site.open() as source:
        source.expect(["slow"])
    assert "slow" not in site.warnings
