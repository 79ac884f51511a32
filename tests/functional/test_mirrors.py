"""`--mirror`: the files of an index that is gone, fetched by name and hash from another, through whole syncs."""

import hashlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.corpus import corpus_files
from support.desk import Desk, make_desk
from support.flags import HERE as PYTHON
from support.http_server import Answer, Server, serve_folder
from support.pages import JSON, PageFile, render_html, render_json
from support.projects import make_project
from support.sdists import source_files, write_sdist
from support.source_projects import make_source_project, sdist_entry
from support.wheels import build_wheel

HERE = (*PYTHON, "--target", "pkgs")


@dataclass(frozen=True, slots=True)
class Sites:
    """A project whose lock names `gone`, an index that has nothing any more; `there` has its wheels."""

    project: Path
    gone: Server
    there: Server
    desk: Desk

    @property
    def registry(self) -> str:
        return f"{self.gone.url}/feed/simple"

    def mirror(self, url: str | None = None) -> str:
        return f"--mirror={self.registry}={url or self.there.url + '/simple'}"

    def describe(self, wheel: Path, digest: str | None = None) -> PageFile:
        found = digest or hashlib.sha256(wheel.read_bytes()).hexdigest()
        return PageFile(
            filename=wheel.name, url=f"../../{wheel.name}#x=1", hashes={"sha256": found}
        )

    def show(self, name: str, content: bytes, kind: str = JSON) -> None:
        """Let the mirror answer with a page, always."""
        self.there.always[f"/simple/{name}/"] = Answer(headers={"Content-Type": kind}, body=content)


@pytest.fixture
def wheels(tmp_path: Path) -> list[Path]:
    folder = tmp_path / "wheels"
    folder.mkdir()
    return [build_wheel(folder, "demo", "1.0"), build_wheel(folder, "other.one", "2.0")]


@pytest.fixture
def sites(tmp_path: Path, wheels: list[Path]) -> Iterator[Sites]:
    project = make_project(tmp_path / "project", wheels)
    with serve_folder() as gone, serve_folder(tmp_path / "wheels") as there:
        lock = project / "uv.lock"
        text = lock.read_text().replace("https://index.test/simple", f"{gone.url}/feed/simple")
        lock.write_text(text.replace((tmp_path / "wheels").as_uri(), f"{gone.url}/feed/files"))
        sites = Sites(project, gone, there, make_desk(tmp_path / "home"))
        sites.show("demo", render_json([sites.describe(wheels[0])]))
        sites.show("other-one", render_html([sites.describe(wheels[1])]), "text/html")
        yield sites


def test_without_a_mirror_the_lock_cannot_be_installed(sites: Sites) -> None:
    done = sites.desk.sync(*HERE, cwd=sites.project)
    assert done.code == 1
    assert "404" in done.err


def test_the_files_come_from_the_mirror(sites: Sites) -> None:
    sites.desk.synced(*HERE, sites.mirror(), cwd=sites.project)
    assert (sites.project / "pkgs" / "demo.py").is_file()
    assert list((sites.project / "pkgs").glob("other*-2.0.dist-info"))
    assert sites.gone.requests == []
    paths = sorted(seen.path for seen in sites.there.requests)
    assert [path for path in paths if path.startswith("/simple/")] == [
        "/simple/demo/",
        "/simple/other-one/",
    ]


def test_a_second_sync_asks_nobody(sites: Sites) -> None:
    sites.desk.synced(*HERE, sites.mirror(), cwd=sites.project)
    asked = len(sites.there.requests)
    sites.desk.synced(*PYTHON, "--target", "again", cwd=sites.project)
    assert len(sites.there.requests) == asked


@pytest.mark.parametrize(
    "way",
    [
        "the variable",
        "the setting",
        "where the files lie",
        "the host",
        "a slash at the end",
        "a folder of pages",
    ],
)
def test_ways_to_say_it(sites: Sites, wheels: list[Path], way: str) -> None:
    words, variables = [sites.mirror()], {}
    there = f"{sites.there.url}/simple"
    match way:
        case "the variable":
            words, variables = [], {"SITEROOT_MIRROR": f"{sites.registry}={there}"}
        case "the setting":
            words = []
            with (sites.project / "pyproject.toml").open("a") as file:
                file.write(f'\n[tool.siteroot.mirrors]\n"{sites.registry}" = "{there}"\n')
        case "where the files lie":
            words = [f"--mirror={sites.gone.url}/feed/files={there}"]
        case "the host":
            words = [f"--mirror={sites.gone.url}={there}/"]
        case "a slash at the end":
            words = [f"--mirror={sites.registry}/={there}/"]
        case _:  # a folder of pages
            for wheel, name in zip(wheels, ("demo", "other-one"), strict=True):
                page = sites.project.parent / "pages" / name / "index.html"
                page.parent.mkdir(parents=True)
                page.write_bytes(
                    render_html([PageFile(filename=wheel.name, url=f"../../wheels/{wheel.name}")])
                )
            words = [f"--mirror={sites.registry}=../pages"]
    sites.desk.synced(*HERE, *words, cwd=sites.project, variables=variables)
    assert (sites.project / "pkgs" / "demo.py").is_file()


def test_a_mirror_of_another_index_is_not_asked(sites: Sites) -> None:
    mirror = f"--mirror={sites.gone.url}/fee={sites.there.url}/simple"
    assert sites.desk.sync(*HERE, mirror, cwd=sites.project).code == 1
    assert sites.there.requests == []


def test_a_mirror_with_a_login(sites: Sites) -> None:
    sites.there.login = ("ann", "s3cret")
    refused = sites.desk.sync(*HERE, sites.mirror(), cwd=sites.project)
    assert refused.code == 1
    assert "refuses to show" in refused.err
    url = sites.there.url.replace("//", "//ann:s3cret@")
    done = sites.desk.synced(*HERE, sites.mirror(f"{url}/simple"), "-vv", cwd=sites.project)
    assert "s3cret" not in done.err + done.out
    kept = sites.desk.home / "cache" / "pages-v2"
    assert not [
        path for path in kept.rglob("*") if path.is_file() and b"s3cret" in path.read_bytes()
    ]


def test_a_file_of_another_hash_is_refused_before_it_is_fetched(
    sites: Sites, wheels: list[Path]
) -> None:
    sites.show("demo", render_json([sites.describe(wheels[0], "0" * 64)]))
    done = sites.desk.sync(*HERE, sites.mirror(), cwd=sites.project)
    assert done.code == 1
    assert f"the mirror has another file under the name {wheels[0].name}" in done.err
    assert not (sites.project / "pkgs").exists()
    assert not sites.there.asked(f"/{wheels[0].name}")


def test_a_file_whose_bytes_are_others_is_refused(sites: Sites, wheels: list[Path]) -> None:
    content = wheels[0].read_bytes()
    wheels[0].write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    sites.show(
        "demo", render_json([PageFile(filename=wheels[0].name, url=f"../../{wheels[0].name}")])
    )
    done = sites.desk.sync(*HERE, sites.mirror(), cwd=sites.project)
    assert done.code == 1
    assert "another sha256 than is asked for" in done.err
    assert not (sites.project / "pkgs").exists()


def test_a_mirror_that_lacks_a_file(sites: Sites) -> None:
    sites.show("demo", render_json([PageFile(filename="demo-0.9.tar.gz", url="x")]))
    done = sites.desk.sync(*HERE, sites.mirror(), cwd=sites.project)
    assert done.code == 1
    assert "is not at the mirror, which has 1 other files of demo" in done.err


def test_a_mirror_that_does_not_know_a_project(sites: Sites) -> None:
    del sites.there.always["/simple/demo/"]
    done = sites.desk.sync(*HERE, sites.mirror(), cwd=sites.project)
    assert done.code == 1
    assert "it does not know demo (404)" in done.err


@pytest.mark.parametrize("word", ["x", "https://a.example/simple", "https://a.example=", "a=b"])
def test_words_that_are_no_mirror(sites: Sites, word: str) -> None:
    done = sites.desk.sync(*HERE, f"--mirror={word}", cwd=sites.project)
    assert done.code == 2
    assert "is no FROM=TO" in done.err


def test_a_password_in_a_wrong_word_is_not_shown(sites: Sites) -> None:
    done = sites.desk.sync(*HERE, "--mirror=https://ann:s3cret@a.example", cwd=sites.project)
    assert done.code == 2
    assert "s3cret" not in done.err


def test_an_sdist_that_is_built_comes_from_the_mirror_too(sites: Sites, tmp_path: Path) -> None:
    archive = write_sdist(tmp_path / "wheels" / "inner_app-1.0.tar.gz", source_files())
    project = make_source_project(tmp_path / "app", [sdist_entry("inner-app", archive)])
    lock = project / "uv.lock"
    lock.write_text(lock.read_text().replace(archive.as_uri(), f"{sites.gone.url}/{archive.name}"))
    sites.show("inner-app", render_json([sites.describe(archive)]))
    mirror = f"--mirror={sites.gone.url}={sites.there.url}/simple"
    assert sites.desk.sync(*HERE, cwd=project).code == 1
    sites.desk.synced(*HERE, mirror, cwd=project)
    assert (project / "pkgs" / "inner").is_dir() or (project / "pkgs" / "inner.py").is_file()


@pytest.mark.index
def test_a_real_lock_of_an_index_that_is_not_public(tmp_path: Path) -> None:
    locks = corpus_files("graphrag/uv.lock")
    if not locks:
        pytest.skip("the corpus of locks is not here")
    project = tmp_path / "graphrag"
    shutil.copytree(locks[0].parent, project)
    done = make_desk(tmp_path / "home").sync(
        *HERE, "--package", "graphrag-common", "--no-dev", "--no-install-local",
        "--mirror", "https://packagefeedproxy.microsoft.io/pypi/simple=https://pypi.org/simple",
        cwd=project, variables={key: os.environ[key] for key in ("SSL_CERT_FILE",) if key in os.environ},
    )  # fmt: skip
    assert done.code == 0, done.err
    assert (project / "pkgs" / "yaml" / "__init__.py").is_file()
