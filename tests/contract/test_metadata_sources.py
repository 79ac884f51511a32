"""What every MetadataSource promises, on the made index and on real ones behind HTTP."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from siteroot.formats.releases import list_releases
from siteroot.index.fetch import Fetcher
from siteroot.index.options import FetchOptions
from siteroot.model.lock import RegistrySource
from siteroot.model.settings import IndexSetting, Settings
from siteroot.ports import MetadataSource
from siteroot.workflows.paging import open_metadata
from support.http_server import Answer, serve_folder
from support.made_index import MadeIndex, MadeRelease, release
from support.pages import JSON, PageFile, render_json
from support.ports import InstantClock, RecordingReporter
from support.wheels import build_wheel

Projects = Mapping[str, Mapping[str, MadeRelease]]
#: Makes a source of some projects; the projects of an index that is asked by its URL alone are the second.
Make = Callable[[Projects, Projects], tuple[MetadataSource, str]]


def _made(projects: Projects, others: Projects) -> tuple[MetadataSource, str]:
    url = "https://other.example/simple"
    return MadeIndex(projects, others={url: others}), url


@pytest.fixture(params=["made", "served"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Make]:
    with ExitStack() as scope:

        def served(projects: Projects, others: Projects) -> tuple[MetadataSource, str]:
            urls = [_serve(tmp_path / str(place), index, scope)
                    for place, index in enumerate((projects, others))]  # fmt: skip
            indexes = (
                IndexSetting(url=urls[1], name="other", explicit=True),
                IndexSetting(url=urls[0], default=True),
            )
            reporter = RecordingReporter()
            fetcher = scope.enter_context(
                Fetcher(FetchOptions(retries=0), clock=InstantClock(), reporter=reporter)
            )
            source = open_metadata(
                Settings(indexes=indexes),
                fetcher,
                None,
                reporter,
                work=partial(TemporaryDirectory, dir=tmp_path),
            )
            return scope.enter_context(source), urls[1]

        yield _made if request.param == "made" else served


def _serve(folder: Path, projects: Projects, scope: ExitStack) -> str:
    """Serve an index of wheels that say what the releases say."""
    folder.mkdir()
    server = scope.enter_context(serve_folder(folder))
    for name, releases in projects.items():
        files = []
        for version, made in releases.items():
            lines = [f"Requires-Dist: {text}" for text in made.requires]
            for extra, texts in made.extras.items():
                lines.append(f"Provides-Extra: {extra}")
                lines += [f"Requires-Dist: {text}; extra == '{extra}'" for text in texts]
            if made.requires_python:
                lines.append(f"Requires-Python: {made.requires_python}")
            head = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
            wheel = build_wheel(folder, name, version, metadata="\n".join([*head, *lines, ""]))
            files.append(
                PageFile(
                    filename=wheel.name,
                    url=f"../../{wheel.name}",
                    hashes={"sha256": hashlib.sha256(wheel.read_bytes()).hexdigest()},
                    requires_python=made.requires_python,
                    yanked=made.yanked if made.yanked is not None else False,
                    upload_time=made.upload_time,
                )
            )
        server.always[f"/simple/{name}/"] = Answer(
            headers={"Content-Type": JSON}, body=render_json(files)
        )
    return f"{server.url}/simple"


def test_a_project_that_nobody_knows_has_no_page(make: Make) -> None:
    source, other = make({"a": {"1.0": release()}}, {})
    assert list(source.pages("b", None)) == []
    assert list(source.pages("a", other)) == []


def test_where_a_project_is_looked_for_is_said(make: Make) -> None:
    source, other = make({"a": {"1.0": release()}}, {})
    assert list(source.places(other)) == [other]
    assert all(place.endswith("/simple") for place in source.places(None))
    assert source.places(None)


def test_a_page_has_its_files_by_version(make: Make) -> None:
    told = {"1.10": release(), "1.9": release(), "2.0rc1": release()}
    source, _ = make({"a": told}, {})
    (page,) = source.pages("a", None)
    assert page.name == "a"
    assert isinstance(page.source, RegistrySource)
    releases = list_releases(page)
    assert [each.version for each in releases] == ["1.9", "1.10", "2.0rc1"]
    assert [each.files[0].filename for each in releases] == [
        f"a-{version}-py3-none-any.whl" for version in ("1.9", "1.10", "2.0rc1")
    ]


def test_what_an_index_says_of_a_file(make: Make) -> None:
    told = release(requires_python=">=3.9", yanked="broken", upload_time=86400.0)
    source, _ = make({"a": {"1.0": told}}, {})
    (page,) = source.pages("a", None)
    file = page.files[0]
    assert (file.requires_python, file.yanked) == (">=3.9", "broken")
    assert file.upload_time == 86400.0
    assert file.digests[0].strong


def test_an_index_that_is_asked_by_its_url(make: Make) -> None:
    source, other = make({"a": {"1.0": release()}}, {"a": {"2.0": release()}})
    (page,) = source.pages("a", other)
    assert page.source == RegistrySource(other)
    assert [each.version for each in list_releases(page)] == ["2.0"]


def test_what_a_distribution_says_of_itself(make: Make) -> None:
    told = release("b>=1", extras={"x": ["c"]}, requires_python=">=3.9")
    source, _ = make({"a": {"1.0": told}}, {})
    metadata = source.read(source.pages("a", None)[0].files[0])
    assert (metadata.name, metadata.version) == ("a", Version("1.0"))
    plain, optional = (Requirement(text) for text in metadata.requires_dist)
    assert str(plain) == "b>=1"
    assert optional.marker is not None
    assert optional.marker.evaluate({"extra": "x"})
    assert metadata.provides_extras == ("x",)
    assert metadata.requires_python == ">=3.9"


def test_what_is_expected_may_be_asked_for_or_not(make: Make) -> None:
    source, _ = make({"a": {"1.0": release("b")}, "b": {"1.0": release()}}, {})
    source.expect(["a", "b", "nobody"])
    (page,) = source.pages("a", None)
    source.expect_metadata(list(page.files))
    assert source.read(page.files[0]) == source.read(page.files[0])
