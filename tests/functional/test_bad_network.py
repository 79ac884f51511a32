"""Servers, logins and folders that are no good, through whole syncs: words that name what it was, nothing made."""

import os
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.desk import Desk, make_desk
from support.http_server import Answer, Server, serve_folder
from support.projects import make_project
from support.wheels import build_wheel

TARGET = ("--python", sys.executable, "--target", "pkgs")
WHEEL = "/demo-1.0-py3-none-any.whl"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return make_desk(tmp_path / "home")


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    (tmp_path / "wheels").mkdir()
    build_wheel(tmp_path / "wheels", "demo", "1.0", {"demo.bin": os.urandom(5000)})
    return tmp_path / "wheels"


@pytest.fixture
def server(wheels: Path) -> Iterator[Server]:
    with serve_folder(wheels) as made:
        yield made


def from_server(server: Server, wheels: Path, settings: str = "") -> Path:
    project = make_project(wheels.parent / "project", wheels.iterdir(), settings=settings)
    text = (project / "uv.lock").read_text()
    (project / "uv.lock").write_text(text.replace(wheels.as_uri(), server.url))
    return project


@pytest.mark.parametrize("ranges", [True, False])
def test_a_body_that_is_cut_again_and_again(desk: Desk, wheels: Path, ranges: bool) -> None:
    size = (wheels / WHEEL[1:]).stat().st_size
    with serve_folder(wheels, ranges=ranges) as server:
        server.always[WHEEL] = Answer(cut_at=100)
        project = from_server(server, wheels)
        done = desk.sync(*TARGET, cwd=project, variables={"UV_HTTP_RETRIES": "2"})
    told = " ".join(done.err.split())
    assert done.code == 1
    assert f"{server.url}{WHEEL}: demo==1.0 could not be fetched" in told
    assert f"of {size:,} bytes" in told
    assert "tried 3 times" in told
    assert "UV_HTTP_RETRIES" in told
    assert not (project / "pkgs").exists()


#: A setting that is a number, and what is said of it, "" where it does no harm.
NUMBERS = {
    "http-timeout = 1e300": "seconds above 0",
    f"http-timeout = {'9' * 400}": "http-timeout",
    "http-timeout = 1000000000": "",
    "http-connect-timeout = 1e12": "seconds above 0",
    "http-connect-timeout = nan": "seconds above 0",
    f"http-retries = {'9' * 400}": "http-retries",
    f"http-retries = {'9' * 18}": "",
    f"limit-members = {'9' * 5000}": "limit-members",
    f"limit-size = {'9' * 18}": "",
    f"\n[tool.uv]\nconcurrent-downloads = {'9' * 18}": "",
}


@pytest.mark.parametrize("setting", NUMBERS, ids=lambda text: text.strip()[:40])
def test_numbers_in_settings(desk: Desk, server: Server, wheels: Path, setting: str) -> None:
    project = from_server(server, wheels, f"[tool.siteroot]\n{setting}\n")
    done = desk.sync(*TARGET, cwd=project)
    said = NUMBERS[setting]
    assert (done.code, said in done.err) == (2 if said else 0, True), done.err[-2000:]
    assert "Traceback" not in done.err


def as_pipe(path: Path) -> None:
    os.mkfifo(path)


def as_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def as_socket(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # a socket's path is short
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
    finally:
        os.chdir(here)


@pytest.mark.parametrize("make", [as_pipe, as_device, as_socket, Path.mkdir])
def test_a_netrc_that_is_no_file(desk: Desk, wheels: Path, make: Callable[[Path], None]) -> None:
    make(desk.home / ".netrc")
    with serve_folder(wheels, login=("ann", "pw")) as server:
        done = desk.sync(*TARGET, cwd=from_server(server, wheels))
    assert done.code == 1
    assert ".netrc is left out of account" in done.err
    assert "without credentials" in " ".join(done.err.split())


@pytest.mark.parametrize("words", [("--no-cache",), ()])
@pytest.mark.parametrize("kind", ["file", "absent", "unwritable"])
def test_a_tmpdir_that_is_of_no_use(
    desk: Desk, wheels: Path, tmp_path: Path, kind: str, words: tuple[str, ...]
) -> None:
    """It is named where it is needed: without a cache."""
    project = make_project(tmp_path / "project", wheels.iterdir())
    place = {"file": str(project / "uv.lock"), "absent": str(tmp_path / "absent" / "tmp")}.get(
        kind, "/proc/self"
    )
    done = desk.sync(*TARGET, *words, cwd=project, variables={"TMPDIR": place})
    assert "Traceback" not in done.err
    assert not (tmp_path / "absent").exists()
    if words:
        assert (done.code, "TMPDIR" in done.err) == (1, True), done.err
        assert not (project / "pkgs").exists()
    else:
        assert done.code == 0, done.err
