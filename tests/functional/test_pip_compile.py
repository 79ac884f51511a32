"""`siteroot pip compile` beside uv's, on an index on loopback: the same text to the byte, command after command."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.command import make_place
from support.desk import Desk, Done, make_desk
from support.http_server import Server
from support.interpreters import need_uv
from support.sdists import source_files, write_tree
from support.wheel_index import describe_files, make_wheel, serve_index

PROJECT = """\
[project]
name = "The.Project"
version = "1.0"
dependencies = ["app"]
optional-dependencies = { more = ["extra-lib"] }
[dependency-groups]
dev = ["alone", "lib<2"]
"""
#: A project with the name of a distribution on the index, whose extras ask for one another.
OWN_EXTRAS = """\
[project]
name = "App"
version = "9"
dependencies = ["alone", "app[base]"]
optional-dependencies = { base = ["picky"], all = ["app[some]; python_version > '3'", "app[none]; python_version < '3'"], some = ["lib", "APP[all]", "app"], none = ["nobody"] }
"""
#: Such a one whose backend says so: a setup.py may be beside it or be all there is.
TOLD = """\
import os

def prepare_metadata_for_build_wheel(folder, config_settings=None):
    os.mkdir(os.path.join(folder, "app-9.dist-info"))
    with open(os.path.join(folder, "app-9.dist-info", "METADATA"), "w") as file:
        file.write("Metadata-Version: 2.1\\nName: app\\nVersion: 9\\nProvides-Extra: all\\nProvides-Extra: some\\n")
        file.write("Requires-Dist: alone\\nRequires-Dist: app[some]; extra == 'all'\\nRequires-Dist: lib; extra == 'some'\\n")
    return "app-9.dist-info"
"""
BACKEND = '[build-system]\nrequires = []\nbuild-backend = "told"\nbackend-path = ["."]\n'
FILES = {
    "r.in": "app[more]\nlib  # whatever\n",
    "both.in": "-r r.in\n-c bound.txt\nalone\n",
    "bound.txt": "lib<2\nnobody>1\n",
    "override.txt": "lib==1.0\n",
    "leave.txt": "extra-lib\n",
    "markers.in": 'alone; python_version < "3"\napp; sys_platform != "win32"\n',
    "places.in": "-e ./tree\nalone @ ./files/alone-1.0-py3-none-any.whl\n./files/picky-1.0-py3-none-any.whl\n",
    "variables.in": "-e ${PROJECT_ROOT}/tree\nalone @ file://${PROJECT_ROOT}/files/alone-1.0-py3-none-any.whl\n",
    "impossible.in": "picky\nlib>1\n",
    "pyproject.toml": PROJECT,
    "own/pyproject.toml": OWN_EXTRAS,
    "told/pyproject.toml": BACKEND,
    "told/told.py": TOLD,
}


@dataclass(frozen=True)
class Shop:
    """An index of a few projects, files that ask for them, and a desk to compile at."""

    folder: Path
    server: Server
    desk: Desk

    @property
    def words(self) -> tuple[str, ...]:
        return ("--default-index", f"{self.server.url}/simple", "--python", sys.executable)

    def compile(self, *words: str | Path, cwd: Path | None = None) -> Done:
        """Run `siteroot pip compile` on this index."""
        return self.desk.run(
            "pip", "compile", *self.words, "--cache-dir", self.desk.home / "cache", *words, cwd=cwd or self.folder
        )  # fmt: skip

    def uv_compile(self, *words: str, cwd: Path | None = None) -> tuple[int, str]:
        """Return exit code and stdout of `uv pip compile` on this index."""
        environ = {name: text for name, text in os.environ.items() if not name.startswith("UV_")}
        command = [need_uv(), "pip", "compile", *self.words, "--cache-dir", str(self.folder / "uv")]
        ran = subprocess.run(
            [*command, *words],
            cwd=cwd or self.folder,
            env=environ,
            capture_output=True,
            text=True,
            check=False,
        )
        return ran.returncode, ran.stdout


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    files = tmp_path / "files"
    files.mkdir()
    for version in ("1.0", "2.0"):
        make_wheel(
            files, "app", version, "lib", 'extra-lib>=1; extra == "more"', more="Provides-Extra: more\n"
        )  # fmt: skip
    for version in ("1.0", "2.0", "3.0b1"):
        make_wheel(files, "lib", version)
    for name in ("extra-lib", "alone"):
        make_wheel(files, name, "1.0")
    make_wheel(files, "picky", "1.0", "lib<2")
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    write_tree(tmp_path / "tree", source_files("tree", "1.0", {"tree.py": ""}))
    with serve_index(files) as server:
        yield Shop(tmp_path, server, make_desk(tmp_path / "home"))


#: Words after `--no-header`; stdout and exit code are uv's.
TEXTS = (
    "r.in",
    "both.in --generate-hashes",
    "both.in --annotation-style line --no-strip-extras",
    "r.in --annotation-style line --generate-hashes --no-emit-package lib --unsafe-package app",
    "r.in --no-annotate --emit-index-url --emit-index-annotation --extra-index-url {index}/other",
    "r.in --override override.txt -c bound.txt --excludes leave.txt",
    "r.in --no-binary alone --no-binary lib --no-binary :none: --only-binary :all: --emit-build-options",
    "r.in --no-index --find-links files --emit-find-links --emit-index-url --emit-index-annotation",
    "r.in --no-index --find-links files --generate-hashes",
    "r.in --resolution lowest --prerelease allow",
    "r.in --prerelease allow --no-deps",
    "markers.in",
    "places.in --generate-hashes",
    "variables.in",
    "pyproject.toml --extra more --group dev",
    "pyproject.toml --all-extras --python-version 3.12 --python-platform windows",
    "impossible.in",
    "own/pyproject.toml",
    "own/pyproject.toml --extra all",
    "own/pyproject.toml --all-extras",
    "told/pyproject.toml --extra all",
)  # fmt: skip


@pytest.mark.uv
@pytest.mark.parametrize("words", TEXTS)
def test_the_text_is_uvs_to_the_byte(shop: Shop, words: str) -> None:
    said = ("--no-header", *words.format(index=shop.server.url).split())
    done = shop.compile(*said)
    assert (done.code, done.out) == shop.uv_compile(*said)
    assert ("Resolved" in done.err) is (done.code == 0)


#: What `[tool.uv]` says of what distributions require.
AMENDMENTS = (
    'override-dependencies = ["lib==1.0"]\nconstraint-dependencies = ["extra-lib<2"]',
    'override-dependencies = ["lib==1", { package = { name = "App", version = "2" }, dependencies = ["lib>1", "alone"] }]',
    'override-dependencies = [{ package = { name = "app" }, dependencies = ["alone; extra == \'more\'", "nobody; os_name == \'nt\'"] }]',
    'exclude-dependencies = [{ package = { name = "app" }, dependencies = ["lib"] }]',
    'override-dependencies = [{ package = { name = "app" }, dependencies = ["lib @ file:///lib-1-py3-none-any.whl"] }]',
)  # fmt: skip


@pytest.mark.uv
@pytest.mark.parametrize("said", AMENDMENTS)
def test_what_a_project_amends_is_amended_as_by_uv(shop: Shop, said: str) -> None:
    (shop.folder / "pyproject.toml").write_text(f"{PROJECT}\n[tool.uv]\n{said}\n")
    done = shop.compile("--no-header", "r.in")
    assert (done.code, done.out) == shop.uv_compile("--no-header", "r.in")


#: Series of commands that write out.txt, each after a change of the index; the file is uv's each time.
SERIES = (
    "r.in -o out.txt --no-header --no-annotate",
    "r.in -o out.txt --no-header",
    "r.in -o out.txt --no-header -P lib",
    "r.in -o out.txt --no-header -P lib==3.0",
    "r.in -o out.txt --no-header -U",
    "both.in -o out.txt --no-header",
    "r.in -o out.txt --no-header --generate-hashes -U",
    "r.in -o out.txt --no-header --generate-hashes",  # lib has one file more by now
    "r.in -o out.txt --no-header --generate-hashes -P lib",
    "r.in -o in/new/out.txt --no-header --no-generate-hashes --strip-extras --annotate --resolver=backtracking",
)


@pytest.mark.uv
def test_what_is_pinned_stays_until_something_else_is_said(shop: Shop) -> None:
    theirs = shop.folder / "theirs"
    theirs.mkdir()
    for name, text in FILES.items():
        (theirs / name).parent.mkdir(exist_ok=True)
        (theirs / name).write_text(text)
    for number, words in enumerate(SERIES):
        done = shop.compile(*words.split())
        assert done.code == 0, done.err
        code, out = shop.uv_compile(*words.split(), cwd=theirs)
        assert (code, done.out) == (0, out), words
        output = words.split()[2]
        assert (shop.folder / output).read_text() == (theirs / output).read_text() == out
        make_wheel(shop.folder / "files", "lib", f"{number + 3}.0")
        make_wheel(shop.folder / "files", "app", f"{number + 3}.0", "lib")
        again = make_wheel(shop.folder, "lib", f"{number + 2}.0", more="Keywords: again\n")
        again.rename(shop.folder / "files" / f"lib-{number + 2}.0-2-py3-none-any.whl")
        describe_files(shop.server, shop.folder / "files")


@pytest.mark.uv
@pytest.mark.parametrize(
    "words", ["r.in", "places.in", "r.in --no-index --find-links files", "-o pylock.dev.toml both.in"]
)  # fmt: skip
def test_a_pylock_is_uvs_but_for_who_made_it(shop: Shop, words: str) -> None:
    said = ("--no-header", "--format", "pylock.toml", *words.split())
    done = shop.compile(*said)
    code, out = shop.uv_compile(*said)
    assert (done.code, done.out) == (code, out.replace('"uv"', '"siteroot"'))


def test_a_pylock_that_was_written_is_preferred_and_can_be_installed(shop: Shop) -> None:
    assert shop.compile("both.in", "-o", "pylock.toml").code == 0
    (shop.folder / "bound.txt").write_text("")
    done = shop.compile("both.in", "-o", "pylock.toml")
    assert 'name = "lib"\nversion = "1.0"' in done.out
    installed = shop.desk.run(
        "pip", "install", "--python", sys.executable, "--target", "pkgs", "-r", "pylock.toml",
        "--cache-dir", shop.desk.home / "cache", cwd=shop.folder,
    )  # fmt: skip
    assert installed.code == 0, installed.err
    assert (shop.folder / "pkgs" / "lib.py").read_text() == "V = '1.0'\n"


def test_the_header_says_the_command_and_quiet_writes_the_file_alone(shop: Shop) -> None:
    done = shop.compile("r.in", "-q", "-o", "out.txt", "--upgrade")
    assert (done.code, done.out, done.err) == (0, "", "")
    header = (shop.folder / "out.txt").read_text().splitlines()[:2]
    assert header[0] == "# This file was autogenerated by siteroot via the following command:"
    assert re.fullmatch(r"#    siteroot pip compile --python \S+ --cache-dir \S+ r.in -o out.txt", header[1])  # fmt: skip


def test_an_output_keeps_its_mode_its_link_and_where_nothing_changed_its_time(shop: Shop) -> None:
    real, output = shop.folder / "real.txt", shop.folder / "out.txt"
    real.write_text("")
    real.chmod(0o640)
    output.symlink_to(real)
    assert shop.compile("r.in", "-o", "out.txt").code == 0
    os.utime(real, (1, 1))
    assert shop.compile("r.in", "-o", "out.txt").code == 0
    assert output.is_symlink()
    assert (real.stat().st_mode & 0o777, real.stat().st_mtime) == (0o640, 1)
    assert shop.compile("r.in", "-o", "out.txt", "--no-annotate").code == 0
    assert real.stat().st_mtime > 1


def test_an_output_may_be_a_pipe(shop: Shop) -> None:
    """As `-o /dev/stdout` is in a pipeline: a link to a name that no folder holds."""
    reading, writing = os.pipe()
    try:
        done = shop.compile("r.in", "-q", "-o", f"/dev/fd/{writing}")
        assert (done.code, done.err) == (0, "")
        assert b"\nlib==2.0\n" in os.read(reading, 1 << 16)
    finally:
        os.close(reading)
        os.close(writing)


@pytest.mark.parametrize("form", ["requirements.txt", "pylock.toml"])
def test_no_word_becomes_a_line_of_the_output(shop: Shop, form: str) -> None:
    (shop.folder / "files\n-e evil").mkdir()
    (shop.folder / "r\n-e evil.in").write_text("alone\n")
    words = ["r\n-e evil.in", "--format", form, "--find-links", "files\n-e evil"]
    done = shop.compile(*words, "--emit-find-links", "--custom-compile-command", "make\n-e evil")
    assert done.code == 0, done.err
    assert "#    make\\n-e evil\n" in done.out
    assert "\n-e evil" not in done.out


def test_a_failure_leaves_the_output_as_it_was(shop: Shop) -> None:
    output = shop.folder / "out.txt"
    output.write_text("app==1.0\n")
    done = shop.compile("impossible.in", "-o", "out.txt")
    assert (done.code, done.out) == (1, "")
    assert output.read_text() == "app==1.0\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("r.in -o pyproject.toml", "a pyproject.toml is no output"),
        ("r.in -o lock.toml", "`lock.toml` would not be found"),
        ("pylock.toml", "is resolved already"),
        ("absent.in", "absent.in: there is no such file"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(shop: Shop, words: str, message: str) -> None:
    done = shop.compile(*words.split())
    assert (done.code, done.out) == (2, "")
    assert message in done.err


#: A backend that says what its wheel would ask for, and notes each time; no wheel of it can be built.
TELLING = """
import os


def prepare_metadata_for_build_wheel(folder, config_settings=None):
    with open(os.environ["ASKED"], "a") as file:
        file.write("asked\\n")
    os.mkdir(os.path.join(folder, "inner_app-1.0.dist-info"))
    with open(os.path.join(folder, "inner_app-1.0.dist-info", "METADATA"), "w") as file:
        file.write("Metadata-Version: 2.1\\nName: inner-app\\nVersion: 1.0\\nRequires-Dist: lib<2\\n")
    return "inner_app-1.0.dist-info"


def build_wheel(folder, config_settings=None, metadata_directory=None):
    raise SystemExit("there is no compiler")
"""


def test_a_backend_is_asked_once_for_what_its_wheel_would_say(shop: Shop) -> None:
    tree = write_tree(shop.folder / "source", source_files(backend=TELLING))
    text = (tree / "pyproject.toml").read_text()
    (tree / "pyproject.toml").write_text(text.replace('version = "1.0"', 'dynamic = ["version"]'))
    (shop.folder / "telling.in").write_text(f"inner-app @ {tree.as_uri()}\n")
    asked = shop.folder / "asked"
    words = ("pip", "compile", "telling.in", *shop.words, "--cache-dir", f"{shop.desk.home}/cache")
    for _ in range(2):
        done = shop.desk.run(*words, cwd=shop.folder, variables={"ASKED": str(asked)})
        assert "lib==1.0" in done.out, done.err
    assert asked.read_text() == "asked\n"


def test_what_the_cache_has_is_resolved_without_network_code_or_builders(
    shop: Shop, tmp_path_factory: pytest.TempPathFactory
) -> None:
    assert shop.compile("r.in").code == 0
    words = (*shop.words, "--cache-dir", str(shop.desk.home / "cache"), "--offline", "r.in")
    place = make_place(tmp_path_factory.mktemp("place"))
    flags = (sys.executable, "-I", "-S", "-X", "importtime")
    run = place.run("pip", "compile", *words, cwd=shop.folder, python=flags)
    assert run.returncode == 0, run.stderr
    loaded = {line.rpartition("|")[2].strip() for line in run.stderr.splitlines()}
    assert "siteroot.resolve.search" in loaded
    unneeded = {"urllib3", "ssl", "rich", "hashlib", "zipfile", "tarfile", "concurrent.futures"}
    unneeded |= {
        "siteroot.workflows.provision",
        "siteroot.root.inventory",
        "siteroot.resolve.explain",
    }
    assert not loaded & unneeded
