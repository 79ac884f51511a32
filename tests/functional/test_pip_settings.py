"""`[tool.uv.pip]` and `[pip]` of uv.toml: what they say holds for `siteroot pip` as for `uv pip`, and for nothing else."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.command import plain_variables
from support.desk import Desk, Done, make_desk
from support.interpreters import need_uv
from support.wheel_index import make_wheel, serve_index


@dataclass(frozen=True)
class Place:
    """An index of a few projects, and two folders with a project: for siteroot, and for uv."""

    folder: Path
    index: str
    desk: Desk

    def settle(self, settings: str, name: str = "pyproject.toml") -> None:
        """Write the same project for both; `settings` go into the file of that name."""
        for each in ("ours", "theirs"):
            project = self.folder / each
            project.mkdir(exist_ok=True)
            texts = {"pyproject.toml": _PROJECT, "r.in": "app\n"}
            texts[name] = texts.get(name, "") + settings.replace("<index>", self.index)
            for path, text in texts.items():
                (project / path).write_text(text)

    def ours(self, *words: str) -> Done:
        """Run a command of `siteroot pip` in the project."""
        cache = {"UV_CACHE_DIR": str(self.desk.home / "cache")}
        return self.desk.run("pip", *words, cwd=self.folder / "ours", variables=cache)

    def theirs(self, *words: str) -> Done:
        """Run the same command of uv."""
        done = subprocess.run(
            [need_uv(), "pip", *words],
            cwd=self.folder / "theirs",
            env=plain_variables(self.folder, {"UV_CACHE_DIR": str(self.folder / "uv")}),
            capture_output=True,
            text=True,
            check=False,
        )
        return Done(code=done.returncode, out=done.stdout, err=done.stderr)


_PROJECT = """\
[project]
name = "whole"
version = "1"
dependencies = ["app"]
optional-dependencies = { more = ["extra-lib"], other = ["new"] }
[dependency-groups]
dev = ["extra-lib"]
"""
_HERE = f'[tool.uv.pip]\nindex-url = "<index>"\npython = "{sys.executable}"\n'


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("files")
    make_wheel(folder, "app", "1.0", "lib")
    for version in ("1.0", "2.0", "3.0b1"):
        make_wheel(folder, "lib", version)
    make_wheel(folder, "extra-lib", "1.0")
    make_wheel(folder, "new", "1.0", 'lib; python_version < "3.10"', 'app; sys_platform == "win32"')
    with serve_index(folder) as server:
        yield f"{server.url}/simple"


@pytest.fixture
def place(tmp_path: Path, files: str) -> Place:
    return Place(tmp_path, files, make_desk(tmp_path / "home"))


def tree(folder: Path) -> list[str]:
    """Return the distributions below a folder, each by its path."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*.dist-info"))


#: What the table says beside where the index is, and a command in which it tells.
TABLE = {
    "target": ('target = "pkgs"', "install app"),
    "target against a word": ('target = "pkgs"', "install app --target other"),
    "prefix": ('prefix = "pre"', "install app"),
    "resolution": ('resolution = "lowest"', "install lib --target pkgs"),
    "resolution against a word": ('resolution = "lowest"', "install lib --target pkgs --resolution highest"),
    "prerelease": ('prerelease = "allow"', "install lib --target pkgs"),
    "extra": ('extra = ["more"]', "install -r pyproject.toml --target pkgs"),
    "all-extras": ("all-extras = true", "install -r pyproject.toml --target pkgs"),
    "no-deps": ("no-deps = true", "install app --target pkgs"),
    "no-deps against a word": ("no-deps = true", "install app --deps --target pkgs"),
    "require-hashes": ("require-hashes = true", "install app --target pkgs"),
    "no-index": ("no-index = true", "install app --target pkgs"),
    "only-binary": ('only-binary = [":all:"]', "install app --target pkgs"),
    "no-binary": ('no-binary = ["lib"]', "install app --target pkgs"),
    "python-version": ('python-version = "3.9"', "install new --target pkgs"),
    "python-platform": ('python-platform = "windows"', "install new --target pkgs"),
    "generate-hashes": ("generate-hashes = true\nno-header = true", "compile r.in"),
    "no-annotate": ("no-annotate = true\nno-header = true", "compile r.in"),
    "annotation-style": ('annotation-style = "line"', "compile r.in"),
    "custom-compile-command": ('custom-compile-command = "make pins"', "compile r.in"),
    "emit-index-annotation": ("emit-index-annotation = true", "compile r.in"),
    "no-emit-package": ('no-emit-package = ["lib"]', "compile r.in"),
    "output-file": ('output-file = "out.txt"', "compile r.in --no-header"),
    "extra beside a word": ('extra = ["more"]', "compile pyproject.toml --no-header --extra other"),
    "group beside a word": ('group = ["dev"]', "install app --no-deps --target pkgs"),
    "no-emit-package beside a word": ('no-emit-package = ["lib"]', "compile r.in --no-header --no-emit-package app"),
    "only-binary beside a word": (
        'only-binary = ["lib"]\nemit-build-options = true', "compile r.in --no-header --only-binary app"
    ),
    "what bounds a resolution": (
        '[tool.uv]\nconstraint-dependencies = ["lib<2"]\noverride-dependencies = ["app==1.0"]', "compile r.in --no-header"
    ),
    "what another file bounds": (
        '[tool.uv]\nconstraint-dependencies = ["lib<2"]\n', "compile r.in --no-header --config-file other.toml"
    ),
    "an empty sync": ("allow-empty-requirements = true", "sync empty.in --target pkgs"),
}  # fmt: skip


@pytest.mark.uv
@pytest.mark.parametrize("name", TABLE)
def test_each_key_does_what_it_does_to_uv(place: Place, name: str) -> None:
    settings, command = TABLE[name]
    place.settle(_HERE + settings)
    for each in ("ours", "theirs"):
        (place.folder / each / "empty.in").touch()
        (place.folder / each / "other.toml").write_text(f'index-url = "{place.index}"\n')
    ours, theirs = place.ours(*command.split()), place.theirs(*command.split())
    assert (ours.code == 0) == (theirs.code == 0), ours.err + theirs.err
    assert ours.out.replace("siteroot", "uv") == theirs.out
    assert tree(place.folder / "ours") == tree(place.folder / "theirs")
    assert os.path.exists(place.folder / "ours" / "out.txt") is (name == "output-file")


def test_a_uv_toml_says_it_too_and_pyproject_beside_it_is_hidden(place: Place) -> None:
    place.settle(
        '[pip]\nindex-url = "<index>"\ntarget = "pkgs"\nresolution = "lowest"\n', "uv.toml"
    )
    done = place.ours("install", "app", "--python", sys.executable)
    assert done.code == 0, done.err
    held = tree(place.folder / "ours" / "pkgs")
    assert held == ["app-1.0.dist-info", "lib-1.0.dist-info"]


@pytest.mark.uv
def test_a_uv_toml_bounds_resolutions_and_hides_the_bounds_beside_it(place: Place) -> None:
    place.settle('index-url = "<index>"\nconstraint-dependencies = ["lib<2"]\n', "uv.toml")
    for each in ("ours", "theirs"):
        (place.folder / each / "pyproject.toml").write_text(
            _PROJECT + '[tool.uv]\noverride-dependencies = ["lib==3.0b1"]\n'
        )
    ours = place.ours("compile", "r.in", "--no-header", "-p", sys.executable)
    theirs = place.theirs("compile", "r.in", "--no-header", "-p", sys.executable)
    assert ours.out == theirs.out
    assert "lib==1.0\n    # via\n    #   -c (workspace)" in ours.out


def test_a_uv_toml_counts_without_a_project_and_from_above(place: Place) -> None:
    text = f'[pip]\nindex-url = "{place.index}"\nresolution = "lowest"\n'
    (place.folder / "uv.toml").write_text(text)
    (place.folder / "ours").mkdir()
    done = place.ours("install", "lib", "--target", "pkgs", "--python", sys.executable)
    assert done.code == 0, done.err
    assert tree(place.folder / "ours" / "pkgs") == ["lib-1.0.dist-info"]


def test_it_stands_over_the_settings_of_all_commands_and_below_siteroots_own(place: Place) -> None:
    settings = '[tool.uv]\nlink-mode = "hardlink"\nresolution = "highest"\n' + _HERE
    settings += 'resolution = "lowest"\n'
    place.settle(settings)
    assert place.ours("install", "app", "--target", "pkgs").code == 0
    assert tree(place.folder / "ours" / "pkgs") == ["app-1.0.dist-info", "lib-1.0.dist-info"]
    place.settle(settings + '[tool.siteroot]\nresolution = "highest"\n')
    assert place.ours("install", "app", "--target", "other").code == 0
    assert tree(place.folder / "ours" / "other") == ["app-1.0.dist-info", "lib-2.0.dist-info"]


def test_any_word_for_the_place_stands_over_any_key_for_it(place: Place) -> None:
    """Uv lets `target` of the file stand over `--prefix`."""
    place.settle(_HERE + 'target = "pkgs"\n')
    assert place.ours("install", "lib", "--prefix", "other").code == 0
    assert not (place.folder / "ours" / "pkgs").exists()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ('[tool.uv.pip]\nno-header = "yes"\n', "pyproject.toml: tool.uv.pip.no-header: is a string where"),
        ('[tool.uv.pip]\nannotation-style = "wide"\n', "`annotation-style` of [tool.uv.pip] cannot be `wide`"),
        ('[tool.uv.pip]\nno-emit-package = ["a b"]\n', "`no-emit-package` of [tool.uv.pip] cannot be `a b`"),
    ],
)  # fmt: skip
def test_senseless_values_are_refused_with_their_key(
    place: Place, settings: str, message: str
) -> None:
    place.settle(settings)
    done = place.ours("compile", "r.in")
    assert done.code == 2
    assert message in done.err


def test_unknown_keys_are_noted_in_pyproject_and_refused_in_a_uv_toml(place: Place) -> None:
    place.settle("[tool.uv.pip]\nno-headers = true\ntorch-backend = 'cpu'\n")
    done = place.ours("list", "--target", ".", "-v")
    assert done.code == 0, done.err
    assert "`no-headers` in [tool.uv.pip] is not known; did you mean `no-header`?" in done.err
    assert "`torch-backend` of [tool.uv.pip] is not heeded" in done.err
    place.settle("[pip]\nno-headers = true\n", "uv.toml")
    done = place.ours("list", "--target", ".")
    assert done.code == 2
    assert "pip.no-headers: is no setting of uv pip; did you mean `no-header`?" in done.err
