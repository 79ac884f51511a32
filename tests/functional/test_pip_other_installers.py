"""What pip, uv, conda, setuptools and distutils installed, made by them on the spot: read, kept, replaced or refused (ROOT.md 2)."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.command import plain_variables
from support.desk import Desk, Done, make_desk
from support.installed import install_wheel, make_environment
from support.interpreters import need_uv
from support.trees import snapshot
from support.wheel_index import make_wheel

pytestmark = pytest.mark.skipif(
    sys.version_info >= (3, 12) or importlib.util.find_spec("ensurepip") is None,
    reason="distutils, or the setuptools that ensurepip brings, is not there",
)

#: How each distribution gets into the environment: by a command of its setup.py.
SETUPS = {
    "by-egg": ("setuptools", "install"),
    "by-egg-info": ("setuptools", "install --single-version-externally-managed --record files.txt"),
    "by-develop": ("setuptools", "develop"),
    "by-distutils": ("distutils.core", "install"),
}
#: Those that have a RECORD, by who wrote it.
RECORDED = ("by-pip", "by-uv", "by-conda")


@dataclass(frozen=True)
class Place:
    """An environment with a distribution of each kind, wheels of newer ones, and a desk."""

    folder: Path
    desk: Desk

    @property
    def library(self) -> Path:
        return next((self.folder / "venv" / "lib").glob("python*/site-packages"))

    def pip(self, *words: str) -> Done:
        """Run a command of `siteroot pip` on the environment, without an index."""
        variables = {"VIRTUAL_ENV": str(self.folder / "venv")}
        cache = ("--cache-dir", str(self.desk.home / "cache"))
        return self.desk.run("pip", *words, *cache, cwd=self.folder, variables=variables)

    def install(self, *words: str) -> Done:
        """Install what lies in `wheels`."""
        return self.pip("install", "--no-index", "-f", "wheels", *words)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the environment, which tests copy."""
    folder = tmp_path_factory.mktemp("made")
    call(folder, sys.executable, "-m", "venv", "venv")
    python = str(folder / "venv" / "bin" / "python")
    for name, (module, command) in SETUPS.items():
        (folder / name).mkdir()
        (folder / name / "setup.py").write_text(
            f"from {module} import setup\n"
            f"setup(name={name!r}, version='1.0', py_modules=[{_module(name)!r}])\n"
        )
        (folder / name / f"{_module(name)}.py").write_text("V = 1\n")
        call(folder / name, python, "setup.py", "-q", *command.split())
    (folder / "wheels").mkdir()
    for name in (*SETUPS, *RECORDED):
        for version in ("1.0", "2.0"):
            make_wheel(folder / "wheels", name, version)
    needs = [f"{name}>=1" for name in (*SETUPS, *RECORDED)]
    make_wheel(folder / "wheels", "needs", "1.0", *needs)
    words = ("install", "-q", "--no-index", "-f", "wheels")
    call(folder, python, "-m", "pip", *words, "by-pip==1.0")
    call(folder, need_uv(), "pip", *words, "by-uv==1.0", "--python", python)
    library = next((folder / "venv" / "lib").glob("python*/site-packages"))
    conda = install_wheel(library, "by-conda", "1.0")
    (conda / "INSTALLER").write_text("conda\n")
    with (conda / "RECORD").open("a") as record:
        record.write(f"{conda.name}/INSTALLER,,\n")
    return folder


def _module(name: str) -> str:
    return name.replace("-", "_")


def call(folder: Path, *words: str) -> str:
    """Run a command that has to come about, and return what it wrote."""
    variables = plain_variables(
        folder,
        {
            "UV_CACHE_DIR": str(folder / "uv"),
            "PYTHONWARNINGS": "ignore",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        },
    )
    done = subprocess.run(
        words,
        cwd=folder,
        env=plain_variables(folder, variables),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def place(made: Path, tmp_path: Path) -> Iterator[Place]:
    """The environment itself, put back as it was when a test is done: it knows its own path."""
    link = os.link  # siteroot puts files in the place of files, and writes into none
    shutil.copytree(made / "venv", tmp_path / "kept", symlinks=True, copy_function=link)
    yield Place(made, make_desk(tmp_path / "home"))
    shutil.rmtree(made / "venv")
    (tmp_path / "kept").rename(made / "venv")


@pytest.mark.uv
def test_all_are_listed_as_pip_lists_them(place: Place) -> None:
    python = str(place.folder / "venv" / "bin" / "python")
    theirs = json.loads(call(place.folder, python, "-m", "pip", "list", "--format", "json"))
    ours = json.loads(place.pip("list", "--format", "json").out)
    listed = {
        each["name"]: each for each in theirs
    }  # eggs come twice there, by two ways on sys.path
    assert ours == [listed[name] for name in sorted(listed)]


@pytest.mark.uv
def test_in_a_right_version_all_stay(place: Place) -> None:
    before = snapshot(place.library)
    done = place.install("needs")
    assert done.code == 0, done.err
    assert done.err.splitlines()[-1] == " + needs==1.0"
    assert place.pip("uninstall", "needs").code == 0
    assert snapshot(place.library).keys() - before.keys() == {".siteroot.json"}


@pytest.mark.uv
@pytest.mark.parametrize("name", SETUPS)
def test_what_has_no_record_is_refused_by_name_and_nothing_moves(place: Place, name: str) -> None:
    before = snapshot(place.library)
    for done in (place.install(f"{name}==2.0", "by-pip==2.0"), place.pip("uninstall", name)):
        assert done.code == 1
        assert (
            f"{name} 1.0 is installed there in a form that holds no list of its files" in done.err
        )
        assert done.err.splitlines()[-1] == "hint: remove it with the tool that installed it"
        assert snapshot(place.library) == before


@pytest.mark.uv
@pytest.mark.parametrize("name", RECORDED)
def test_what_has_a_record_is_replaced_and_goes_whole(place: Place, name: str) -> None:
    done = place.install(f"{name}==2.0")
    assert done.code == 0, done.err
    assert f" - {name}==1.0\n + {name}==2.0\n" in done.err
    assert place.pip("uninstall", name).code == 0
    assert not [path for path in place.library.rglob("*") if _module(name) in path.name]


@pytest.mark.uv
def test_what_an_environment_is_born_with_stays_when_all_else_goes(
    place: Place, tmp_path: Path
) -> None:
    assert place.install("--exact", "by-uv").code == 0
    names = {path.name.partition("-")[0] for path in place.library.glob("*.dist-info")}
    assert names == {"by_uv", "pip", "setuptools"}
    library = make_environment(tmp_path / "uvs")
    config = tmp_path / "uvs" / "pyvenv.cfg"
    config.write_text(f"{config.read_text()}uv = 0.13.9\n")
    install_wheel(library, "pip", "1.0")
    words = ("--exact", "by-uv", "--python", str(tmp_path / "uvs"))
    assert place.install(*words).code == 0
    assert [path.name for path in library.glob("*.dist-info")] == ["by_uv-2.0.dist-info"]
