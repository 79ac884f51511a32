"""What `siteroot pip install` says where what is asked for cannot be had: the words, to the letter, shorter than uv's."""

import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from support.command import plain_variables
from support.desk import Desk, make_desk
from support.http_server import Answer
from support.interpreters import need_uv
from support.pages import JSON, PageFile, render_json
from support.sdists import source_files, write_sdist
from support.wheel_index import make_wheel, serve_index
from support.wheels import build_wheel

_PYTHON = ("--python", sys.executable, "--python-version", "3.11", "--python-platform", "linux")
_NEVER = "what is asked for cannot be had."
_TARGET = "CPython 3.11 on linux (manylinux_2_28_x86_64)"
_MISFIT = f"has neither a wheel for {_TARGET} nor an sdist"

#: What is asked for, the message and the hint.
CASES: dict[str, tuple[str, str, str]] = {
    "a misspelt name": (
        "reqeusts",
        "reqeusts is not on {index}.",
        "Look at how reqeusts is spelled; an index that has it is named with --index.",
    ),
    "pre-releases alone": (
        "early>1 --prerelease disallow",
        f"Because early 2.0b1 and 2.0b2 are pre-releases and you ask for early>1, {_NEVER}",
        "There are pre-releases of early (2.0b2): allow them with --prerelease if-necessary, or name one in a requirement.",
    ),
    "another Python": (
        "modern",
        f"Because modern==1.0 requires Python>=3.13 and you ask for modern, {_NEVER}",
        "These are resolved for Python 3.11.0: ask for another one with --python-version.",
    ),
    "other platforms": (
        "windows",
        f"Because every windows {_MISFIT} and you ask for windows, {_NEVER}",
        "The wheels of windows==1.0 are for win_amd64.",
    ),
    "another ABI": (
        "ancient",
        f"Because ancient==1.0 {_MISFIT} and you ask for ancient, {_NEVER}",
        "The wheels of ancient==1.0 are for cp38.",
    ),
    "two paths": (
        "left right",
        "Because left==1.0 requires web<2, right==1.0 requires web>=2 and you ask for left and right, " + _NEVER,
        "",
    ),
    "a path of its own": (
        "over web==1.0",
        "Because over==1.0 requires right, right==1.0 requires web>=2 and you ask for over and web==1.0, " + _NEVER,
        "",
    ),
    "a constraint": (
        "right -c old.txt",
        "Because right==1.0 requires web>=2, old.txt:1 allows only web<2 and you ask for right, " + _NEVER,
        "",
    ),
    "an extra": (
        "app[fast] web<3",
        "Because app[fast]==1.0 requires web>=3 and you ask for app[fast] and web<3, " + _NEVER,
        "",
    ),
    "files": (
        "-r wants.txt",
        "Because wants.txt:1 asks for web<2 and wants.txt:2 asks for web>=2, " + _NEVER,
        "",
    ),
    "a version that there is not": (
        "web==7",
        f"Because only web 1.0, 2.0 and 3.0 are available and you ask for web==7, {_NEVER}",
        "",
    ),
    "yanked": (
        "pulled>1",
        f"Because pulled==2.0 was yanked (broken build) and you ask for pulled>1, {_NEVER}",
        "A yanked version of pulled is taken where a requirement pins it with `==`.",
    ),
    "no build": (
        "source --only-binary :all:",
        f"Because source==1.0 has no wheel for {_TARGET} while nothing may be built and you ask for source, {_NEVER}",
        "source would have to be built: --no-build or --only-binary stands in the way.",
    ),
    "no wheel": (
        "app --no-binary app",
        f"Because app==1.0 has no sdist while no wheel may be used and you ask for app, {_NEVER}",
        "app has wheels only: --no-binary stands in the way.",
    ),
    "all too new": (
        "web --exclude-newer 2000-01-01",
        "every web is newer than allowed.",
        "--exclude-newer keeps all of web away: --exclude-newer-package web=false lifts it.",
    ),
    "the newer too new": (
        "aged>1 --exclude-newer 2020-01-01",
        f"Because only aged==1.0 is available and you ask for aged>1, {_NEVER}",
        "There are newer versions of aged (up to 2.0) that --exclude-newer keeps away: --exclude-newer-package aged=false lifts it.",
    ),
    "a URL below an index": (
        "linked",
        "https://files.test/web-9.0-py3-none-any.whl: linked asks for web from a URL, which what an index serves may not",
        "Ask for `web @ URL` directly, or in a constraint, to allow it.",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Shop:
    """A folder to call from, and an index."""

    folder: Path
    index: str
    desk: Desk

    def words(self, asked: str) -> list[str]:
        """Return a command of `pip` that installs what is asked for."""
        index = ("--default-index", self.index)
        return ["install", "--dry-run", *_PYTHON, "--target", "root", *index, *asked.split()]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("shop")
    files = folder / "files"
    files.mkdir()
    for name, versions in {"web": "1.0 2.0 3.0", "early": "1.0 2.0b1 2.0b2"}.items():
        for version in versions.split():
            make_wheel(files, name, version)
    make_wheel(files, "modern", "1.0", more="Requires-Python: >=3.13\n")
    build_wheel(files, "windows", "0.9", tag="cp311-cp311-macosx_11_0_arm64")
    build_wheel(files, "windows", "1.0", tag="cp311-cp311-win_amd64")
    build_wheel(files, "ancient", "1.0", tag="cp38-cp38-manylinux_2_17_x86_64")
    make_wheel(files, "left", "1.0", "web<2")
    make_wheel(files, "right", "1.0", "web>=2")
    make_wheel(files, "over", "1.0", "right")
    make_wheel(
        files, "app", "1.0", 'web>=3; extra == "fast"', more="Provides-Extra: fast\n"
    )  # fmt: skip
    make_wheel(files, "linked", "1.0", "web @ https://files.test/web-9.0-py3-none-any.whl")
    write_sdist(files / "source-1.0.tar.gz", source_files("source", "1.0"))
    (folder / "old.txt").write_text("web<2\n")
    (folder / "wants.txt").write_text("web<2\nweb>=2\n")
    with serve_index(files) as server:
        always, yanked = server.always, {"yanked": "broken build"}
        always["/simple/pulled/"] = _page(files, "pulled", ({}, yanked))
        always["/simple/aged/"] = _page(
            files, "aged", ({"upload_time": 1.5e9}, {"upload_time": 1.7e9})
        )
        always["/simple/kept/"] = Answer(status=401, body=b"")
        yield Shop(folder, f"{server.url}/simple", make_desk(folder / "home"))


def _page(files: Path, name: str, said: Sequence[Mapping[str, Any]]) -> Answer:
    """Return a page that says something of each version, from 1.0 on."""
    described = []
    for number, more in enumerate(said, 1):
        wheel = make_wheel(files, name, f"{number}.0")
        described.append(PageFile(filename=wheel.name, url=f"/{wheel.name}", **more))
    return Answer(body=render_json(described), headers={"Content-Type": JSON})


@pytest.mark.parametrize("case", CASES)
def test_the_words_are_these(shop: Shop, case: str) -> None:
    asked, message, hint = CASES[case]
    done = shop.desk.run("pip", *shop.words(asked), cwd=shop.folder)
    assert done.code == 1
    message = message.replace("{index}", shop.index)
    assert done.err == f"error: {message}\n" + (f"\nhint: {hint}\n" if hint else "")


def test_of_what_an_index_keeps_back_the_words_speak_of_a_login(shop: Shop) -> None:
    done = shop.desk.run("pip", *shop.words("kept"), cwd=shop.folder)
    assert done.code == 1
    assert f"error: kept is not shown by {shop.index} without the right credentials.\n" in done.err
    assert "UV_INDEX_<NAME>_USERNAME" in done.err
    assert "spelled" not in done.err


@pytest.mark.uv
@pytest.mark.parametrize("case", CASES)
def test_they_are_fewer_than_uvs_who_refuses_too(shop: Shop, case: str) -> None:
    asked, message, _ = CASES[case]
    done = subprocess.run(
        [need_uv(), "pip", *shop.words(asked)],
        cwd=shop.folder,
        env=plain_variables(shop.folder, {"UV_CACHE_DIR": str(shop.folder / "uv")}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    theirs = done.stderr[done.stderr.index("error: ") :]
    assert len(message.split()) < len(theirs.partition("\n\nhint: ")[0].split()), theirs
