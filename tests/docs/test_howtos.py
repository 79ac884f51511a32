"""The how-to pages, done as they say: each command of a page is run as it stands there, then what it promises is tried."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from support.command import make_place, plain_variables
from support.http_server import Server, serve_folder
from support.projects import make_project
from support.pyz import CHECKOUT, make_pyz
from support.trees import describe_difference, snapshot
from support.users import as_user
from support.wheel_index import make_wheel, serve_index
from support.wheels import build_wheel

HOWTO = CHECKOUT / "docs" / "howto"
#: A block of commands: indented lines, and empty ones between them.
BLOCK = re.compile(r"^    .+(?:\n+    .+)*", re.MULTILINE)
#: What no machine of ours runs.
FOREIGN = ("spark-submit", "jupyter lab", "docker ", "buildah ", "RUN ")
ARCHES = ("manylinux_2_28_aarch64", "manylinux_2_28_x86_64")


class Desk:
    """A project in a folder of its own, the command on PATH, and wheels behind a server that counts."""

    def __init__(self, folder: Path, server: Server, wheels: list[Path]) -> None:
        self.folder = folder
        self.server = server
        make_project(folder, wheels, groups={"dev": []})
        lock = folder / "uv.lock"
        lock.write_text(lock.read_text().replace(wheels[0].parent.as_uri(), server.url))
        (folder / "src" / "app").mkdir(parents=True)
        (folder / "src" / "app" / "__init__.py").write_text("import demo\nV = demo.V\n")
        place = make_place(folder.parent / f"{folder.name}-command")
        self.command = place.folder / "path"
        self.command.mkdir()
        script = self.command / "siteroot"
        script.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{place.script}" "$@"\n')
        script.chmod(0o755)

    def run(
        self, script: str, variables: Mapping[str, str] | None = None, by: tuple[str, ...] = ()
    ) -> str:
        """Run commands in the project's folder; return what they printed."""
        path = os.pathsep.join((str(self.command), os.path.dirname(sys.executable), os.defpath))
        more = {
            "PATH": path,
            "UV_PYTHON": sys.executable,
            "TMPDIR": str(self.folder),
            **(variables or {}),
        }
        done = subprocess.run(
            [*by, "/bin/sh", "-ec", script],
            cwd=self.folder,
            env=plain_variables(self.folder, more),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, (script, done.stderr)
        return done.stdout

    def follow(self, page: str, variables: Mapping[str, str] | None = None) -> str:
        """Run the blocks of a page, as they stand there."""
        return "".join(self.run(block, variables) for block in blocks(page))


def blocks(page: str) -> list[str]:
    """Return the blocks of commands in a page that this machine can run."""
    text = re.sub(
        r"^```.*?^```$", "", (HOWTO / page).read_text("utf-8"), flags=re.MULTILINE | re.DOTALL
    )
    found = [
        "\n".join(line.removeprefix("    ") for line in each.group().splitlines())
        for each in BLOCK.finditer(text)
    ]
    return [
        "\n\n".join(
            part for part in each.split("\n\n") if not any(word in part for word in FOREIGN)
        )
        for each in found
    ]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    hook = {"demo-hook.pth": "import demo; demo.HOOKED = True\n"}
    built = [
        build_wheel(wheels, "demo", "1.0", {"demo/__init__.py": "V = 1\nHOOKED = False\n", **hook})
    ]
    built += [
        build_wheel(
            wheels, "native", "1.0", {"native.py": f"FOR = {arch!r}\n"}, tag=f"py3-none-{arch}"
        )
        for arch in ARCHES
    ]
    with serve_folder(wheels) as server:
        yield Desk(tmp_path / "project", server, built)


def ask(
    words: str, variables: Mapping[str, str], *options: str, cwd: Path, by: tuple[str, ...] = ()
) -> str:
    """Return what a Python printed that has nothing but what it is given."""
    done = subprocess.run(
        [*by, sys.executable, *options, "-c", words],
        cwd=cwd,
        env=plain_variables(cwd, variables),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def need(program: str) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"there is no {program}")


def test_a_lambda_function_and_a_layer(desk: Desk, tmp_path: Path) -> None:
    need("zip")
    desk.follow("aws-lambda.md")
    by = as_user(12345) if os.geteuid() == 0 else ()  # whom a read-only folder holds
    look = "import demo, native; print(demo.V, native.FOR)"
    for archive, way in (("function.zip", "."), ("layer.zip", "python")):
        there = tmp_path / archive.removesuffix(".zip")
        shutil.unpack_archive(desk.folder / archive, there)
        for path in (there, *there.rglob("*")):
            path.chmod(0o555)
        path = there / way
        assert ask(look, {"PYTHONPATH": str(path)}, cwd=tmp_path, by=by) == f"1 {ARCHES[0]}"
    # a later sync left the project's own files alone
    package = {"PYTHONPATH": str(desk.folder / "package")}
    assert ask("import app; print(app.V)", package, cwd=tmp_path) == "1"


def test_the_same_zip_each_time(desk: Desk) -> None:
    need("zip")
    made = []
    for zone in ("Asia/Tokyo", "UTC"):
        desk.follow("aws-lambda.md", {"TZ": zone, "UV_NO_CACHE": "1"})
        made.append((desk.folder / "layer.zip").read_bytes())
        shutil.rmtree(desk.folder / "layer")
        (desk.folder / "layer.zip").unlink()
    assert made[0] == made[1]


def test_an_archive_that_another_program_unpacks(desk: Desk, tmp_path: Path) -> None:
    if sys.version_info[:2] != (3, 11):
        pytest.skip("the page makes its root for Python 3.11")
    desk.follow("another-program.md")
    there = tmp_path / "executor" / "pkgs"
    shutil.unpack_archive(desk.folder / "pkgs.tar.gz", there, filter="data")
    assert describe_difference(snapshot(desk.folder / "pkgs"), snapshot(there)) == []
    look = "import demo, native; print(demo.V, demo.HOOKED, native.FOR)"
    variables = {"PYTHONPATH": "./pkgs", "PYTHONDONTWRITEBYTECODE": "1"}
    assert ask(look, variables, cwd=there.parent) == "1 True manylinux_2_28_x86_64"
    without_site = ask(look, variables, "-S", cwd=there.parent)  # then no .pth file acts
    assert without_site == "1 False manylinux_2_28_x86_64"
    workers = (
        "import multiprocessing as m, sys; c = m.get_context('spawn');"
        " p = c.Process(target=__import__, args=('native',)); p.start(); p.join(); print(p.exitcode)"
    )
    assert ask(workers, variables, cwd=there.parent) == "0"


def test_a_program_that_has_no_pythonpath(desk: Desk, tmp_path: Path) -> None:
    page = (HOWTO / "another-program.md").read_text("utf-8")
    (code,) = re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    desk.run("siteroot sync --frozen --no-install-project --target pkgs")
    words = code.replace("/opt/plugin/pkgs", str(desk.folder / "pkgs"))
    look = "\nimport demo\nprint(demo.HOOKED)"
    assert code != words
    for options in (("-I",), ("-I", "-S")):
        assert ask(words + look, {}, *options, cwd=tmp_path) == "True"


def test_a_cache_that_ci_restores_otherwise_fetches_no_byte(desk: Desk) -> None:
    variables = {"SITEROOT_CACHE_DIR": str(desk.folder / ".siteroot-cache")}
    desk.run(
        "siteroot sync --frozen --no-install-project --target first",
        variables,
    )
    fetched = len(desk.server.requests)
    assert fetched
    assert desk.follow("ci-caches.md", variables)
    roots = [snapshot(desk.folder / name) for name in ("first", "pkgs")]
    assert describe_difference(*roots) == []
    # the same with another owner, and with the network at hand
    desk.run("cp -r .siteroot-cache given")
    if os.geteuid() == 0:
        for path in (desk.folder / "given", *(desk.folder / "given").rglob("*")):
            os.chown(path, 12345, 12345)
    desk.run(
        "siteroot sync --frozen --no-install-project --target third --cache-dir given", variables
    )
    assert describe_difference(roots[0], snapshot(desk.folder / "third")) == []
    assert len(desk.server.requests) == fetched


def test_a_cache_that_one_fills_and_others_use(desk: Desk, tmp_path: Path) -> None:
    filled, used = blocks("shared-caches.md")[:2]
    desk.run(filled)
    before = snapshot(desk.folder / "cache")
    by = as_user(12345)
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == os.geteuid() and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o055)
    (desk.folder / "mine").mkdir()
    os.chown(desk.folder / "mine", 12345, 12345)
    desk.run(used, by=by)
    assert describe_difference(before, snapshot(desk.folder / "cache")) == []
    mine, pkgs = (snapshot(desk.folder / name, times=False) for name in ("mine", "pkgs"))
    assert describe_difference(mine, pkgs) == []


@pytest.mark.index
def test_the_tutorial_prints_what_it_says(tmp_path: Path) -> None:
    """Its blocks in turn: commands, and what they print; times and sizes may be others."""
    text = (CHECKOUT / "docs" / "tutorial" / "first-root.md").read_text("utf-8")
    make_pyz(tmp_path / "siteroot.pyz")
    (tmp_path / "examples").symlink_to(CHECKOUT / "examples")
    path = os.pathsep.join((os.path.dirname(sys.executable), os.environ["PATH"]))
    ours = ("PYTHONPATH", "UV_", "SITEROOT_")
    variables = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    variables |= {"PATH": path, "SITEROOT_CACHE_DIR": str(tmp_path / "cache")}
    printed, compared = "", 0
    for shown, command in re.findall(
        r"^```text\n(.*?)^```$|((?:^    [^\n]+\n)+)", text, re.MULTILINE | re.DOTALL
    ):
        if shown:
            told = {_unmeasured(line) for line in printed.splitlines()}
            lines = [line for line in shown.splitlines() if line != " ..."]
            assert [line for line in lines if _unmeasured(line) not in told] == [], printed
            compared += len(lines)
        elif "make_pyz" not in command and "-m webapp" not in command:
            words = ["/bin/sh", "-ec", command]
            done = subprocess.run(words, cwd=tmp_path, env=variables, capture_output=True, text=True, check=False)  # fmt: skip
            assert done.returncode == 0, done.stderr
            printed = done.stderr
    assert compared > 8


def _unmeasured(line: str) -> str:
    return re.sub(r"[\d.]+(ms|s|[KM]iB)", r"N", line)


def test_from_pip_to_siteroot_pip(desk: Desk, tmp_path: Path) -> None:
    files = tmp_path / "files"
    files.mkdir()
    for version in ("2.31.0", "2.32.0"):
        make_wheel(files, "requests", version, "idna")
    make_wheel(files, "idna", "3.20")
    (desk.folder / "requirements.in").write_text("requests\n")
    (desk.folder / "requirements.txt").write_text("requests\n")
    with serve_index(files) as server:
        printed = desk.follow("pip.md", {"UV_DEFAULT_INDEX": f"{server.url}/simple"})
    listed = "Package  Version Latest Type\n-------- ------- ------ -----\nrequests 2.31.0  2.32.0 wheel\n"
    assert listed in printed
    assert (
        "requests==2.32.0 \\\n    --hash=sha256:" in (desk.folder / "requirements.txt").read_text()
    )
    for root in ("pkgs", "layer"):
        held = {path.name for path in (desk.folder / root).glob("*.dist-info")}
        assert held == {"requests-2.32.0.dist-info", "idna-3.20.dist-info"}
