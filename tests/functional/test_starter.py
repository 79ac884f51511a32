"""The starter: the same command on the same ground is answered from its memo, any other by the whole sync.

Which of the two it was is seen by what the process loaded.
"""

import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import pytest

from support.command import Place, make_place
from support.interpreters import real_pythons
from support.projects import make_project
from support.trees import describe_difference, snapshot
from support.wheels import build_wheel

WORDS = ("sync", "--frozen", "--target", "pkgs")
WHOLE = "siteroot.workflows.sync"
SECRET = "hunter2hunter2"
SECRET_URLS = (
    f"https://me:{SECRET}@index.test/simple",
    f"https://me:a/{SECRET}@index.test/simple",
    f"https://index.test/simple?token={SECRET}",
)


@dataclass(frozen=True, kw_only=True)
class Bench:
    """A home with a project, and a folder of programs in which the project's Python is looked for."""

    place: Place
    home: Path
    variables: dict[str, str]

    @property
    def project(self) -> Path:
        return self.home / "project"

    @property
    def root(self) -> Path:
        return self.project / "pkgs"

    @property
    def memos(self) -> Path:
        return self.home / ".cache" / "siteroot" / "memos-v1"

    def run(
        self,
        *words: str,
        cwd: Path | None = None,
        variables: Mapping[str, str] = MappingProxyType({}),
    ) -> tuple[subprocess.CompletedProcess[str], set[str]]:
        """Return what a command did, and the modules that it loaded."""
        done = self.place.run(
            *(words or WORDS),
            cwd=cwd or self.project,
            variables={**self.variables, **variables},
            python=(sys.executable, "-I", "-S", "-X", "importtime"),
        )
        lines = done.stderr.splitlines()
        loaded = {line.rpartition("|")[2].strip() for line in lines if "import time:" in line}
        done.stderr = "\n".join(line for line in lines if "import time:" not in line)
        assert done.returncode == 0, done.stderr
        return done, loaded

    def is_whole(
        self,
        *words: str,
        cwd: Path | None = None,
        variables: Mapping[str, str] = MappingProxyType({}),
    ) -> bool:
        """Whether it took the whole sync."""
        return WHOLE in self.run(*words, cwd=cwd, variables=variables)[1]


@pytest.fixture(scope="module", name="place")
def _place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return make_place(tmp_path_factory.mktemp("place") / "place")


@pytest.fixture(name="bench")
def _bench(place: Place, tmp_path: Path) -> Bench:
    (tmp_path / "wheels").mkdir()
    wheels = [
        build_wheel(tmp_path / "wheels", name, "1.0", files={f"{name}/__init__.py": b"V = 1\n"})
        for name in ("one", "two")
    ]
    make_project(tmp_path / "project", wheels)
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "python3").symlink_to(sys.executable)
    (tmp_path / "more").mkdir()
    variables = {"HOME": str(tmp_path), "PATH": f"{tmp_path / 'more'}:{programs}"}
    bench = Bench(place=place, home=tmp_path, variables=variables)
    assert bench.is_whole()
    return bench


def test_5_what_was_done_before_is_not_decided_again(bench: Bench) -> None:
    done, loaded = bench.run()
    assert WHOLE not in loaded
    assert done.stderr.startswith("Checked 2 packages in ")
    assert done.stdout == ""


def test_5_nothing_heavy_is_loaded_where_nothing_is_to_do(bench: Bench) -> None:
    heavy = {"argparse", "dataclasses", "enum", "hashlib", "json", "pathlib", "re", "typing"}
    _, loaded = bench.run()
    assert not loaded & (heavy | {"signal", "packaging", "siteroot.root.fresh"})
    shutil.rmtree(bench.root)
    _, loaded = bench.run()
    assert "siteroot.root.fresh" in loaded
    assert not loaded & (heavy - {"enum"})  # signal brings it


def test_5_a_root_that_is_gone_is_made_from_the_plan(bench: Bench) -> None:
    made = snapshot(bench.root)
    shutil.rmtree(bench.root)
    done, loaded = bench.run()
    assert WHOLE not in loaded
    assert describe_difference(made, snapshot(bench.root)) == []
    first, second, *changes = done.stderr.splitlines()
    assert first == "Created site root at: pkgs"
    assert second.startswith("Installed 2 packages in ")
    assert changes == [" + one==1.0", " + two==1.0"]
    assert not bench.is_whole()
    assert "Would make no changes" in bench.run(*WORDS, "--dry-run")[0].stderr
    assert "Checked 2 packages" in bench.run(*WORDS, "--check")[0].stderr


def _another_python(bench: Bench) -> None:
    others = [
        python for python in real_pythons().values() if not Path(python).samefile(sys.executable)
    ]
    if not others:
        pytest.skip("no other Python is here")
    link = bench.home / "programs" / "python3"
    link.unlink()
    link.symlink_to(others[0])


def _append(path: Path, text: str) -> None:
    with path.open("a", encoding="utf-8") as stream:
        stream.write(text)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


INPUTS: dict[str, Callable[[Bench], object]] = {
    "the lock": lambda b: _append(b.project / "uv.lock", "# a word\n"),
    "pyproject.toml": lambda b: _append(b.project / "pyproject.toml", "# a word\n"),
    "uv.toml of the project": lambda b: _write(b.project / "uv.toml", 'link-mode = "copy"\n'),
    "uv.toml of the person": lambda b: _write(b.home / ".config/uv/uv.toml", 'link-mode = "copy"\n'),
    ".python-version": lambda b: _write(b.project / ".python-version", "3\n"),
    "a Python before the one that was found": lambda b: (
        (b.home / "more" / "python3").symlink_to(sys.executable)
    ),
    "another Python": _another_python,
    "no fingerprint": lambda b: shutil.rmtree(b.home / ".cache/siteroot/roots-v1"),
    "no memo": lambda b: shutil.rmtree(b.memos),
    "a damaged memo": lambda b: [path.write_bytes(path.read_bytes()[:-9]) for path in b.memos.iterdir()],
    "an empty memo": lambda b: [path.write_bytes(b"") for path in b.memos.iterdir()],
    "a file that is gone": lambda b: (b.root / "one" / "__init__.py").unlink(),
    "a name that came": lambda b: (b.root / "one" / "mine.py").touch(),
    "metadata that was edited": lambda b: _append(b.root / "one-1.0.dist-info" / "METADATA", "X: y\n"),
    "our file that was edited": lambda b: _append(b.root / ".siteroot.json", "\n"),
}  # fmt: skip


@pytest.mark.parametrize("name", INPUTS)
def test_5_each_input_counts(bench: Bench, name: str) -> None:
    assert not bench.is_whole()
    INPUTS[name](bench)
    assert bench.is_whole(), name
    bench.run()  # where names of the root's own folders moved, one more look is needed
    assert not bench.is_whole()


VARIABLES = {
    "UV_LINK_MODE": "copy",
    "SITEROOT_PTH": "off",
    "UV_ANYTHING": "1",
    "XDG_CONFIG_HOME": "/nowhere",
    "XDG_DATA_HOME": "/nowhere",
    "PATH": "/usr/bin:/bin",
    "CONDA_PREFIX": "/nowhere",
}


@pytest.mark.parametrize("name", VARIABLES)
def test_5_each_variable_counts(bench: Bench, name: str) -> None:
    assert not bench.is_whole()
    assert bench.is_whole(variables={name: VARIABLES[name]})


def test_5_a_variable_that_nothing_asks_for_does_not_count(bench: Bench) -> None:
    assert not bench.is_whole(variables={"SHLVL": "7", "OLDPWD": "/"})


def test_5_words_and_folder_count(bench: Bench) -> None:
    assert bench.is_whole(*WORDS, "--no-dev")
    assert bench.is_whole("sync", "--target", "pkgs", "--frozen")
    (bench.project / "inner").mkdir()
    inner = bench.project / "inner"
    assert bench.is_whole("sync", "--frozen", "--target", "../pkgs", cwd=inner)


@pytest.mark.parametrize(
    "word",
    [
        "-v",
        "--dry-run",
        "--check",
        "--output-format=json",
        "--reinstall",
        "--refresh",
        "--no-cache",
    ],
)
def test_5_words_that_ask_for_more_get_the_whole_sync(bench: Bench, word: str) -> None:
    assert bench.is_whole(*WORDS, word)
    assert bench.is_whole(*WORDS, word)


def test_5_a_change_that_was_interrupted_gets_the_whole_sync(bench: Bench) -> None:
    (bench.root / ".siteroot").mkdir()
    assert bench.is_whole()


def test_3_what_a_killed_sync_left_beside_the_root_gets_the_whole_sync(bench: Bench) -> None:
    """Killed between the rename that makes the root and its end."""
    staging = bench.root.with_name(f".{bench.root.name}.siteroot")
    staging.mkdir()
    assert bench.is_whole()
    assert not staging.exists()
    assert not bench.is_whole()


def test_7_a_stored_file_that_was_edited_gets_the_whole_sync(bench: Bench) -> None:
    made = snapshot(bench.root)
    (stored,) = (bench.home / ".cache/siteroot/wheels-v1").rglob("purelib/one/__init__.py")
    shutil.rmtree(bench.root)
    stored.write_text("edited = True\n")
    done, loaded = bench.run()
    assert WHOLE in loaded
    assert "fetching one==1.0 anew" in done.stderr
    assert describe_difference(made, snapshot(bench.root)) == []


def test_7_a_store_that_was_cleaned_gets_the_whole_sync(bench: Bench) -> None:
    shutil.rmtree(bench.root)
    shutil.rmtree(bench.home / ".cache/siteroot/wheels-v1")
    assert bench.is_whole()
    assert (bench.root / "one" / "__init__.py").is_file()


def test_a_credential_is_not_kept(bench: Bench) -> None:
    variables = {"UV_INDEX_MINE_PASSWORD": SECRET, "HTTPS_PROXY": f"http://me:{SECRET}@proxy.test"}
    assert bench.is_whole(variables=variables)
    assert not bench.is_whole(variables=variables)
    assert bench.is_whole(variables={**variables, "UV_INDEX_MINE_PASSWORD": "another"})
    kept = [path.read_bytes() for path in bench.memos.iterdir()]
    assert kept
    assert not [content for content in kept if SECRET.encode() in content]
    for url in SECRET_URLS:
        words = (*WORDS, "--index", url)
        assert bench.is_whole(*words)
        assert bench.is_whole(*words)
        (bench.project / "uv.toml").write_text(f"[[index]]\nname = 'mine'\nurl = '{url}'\n")
        assert bench.is_whole()
        assert bench.is_whole()
        (bench.project / "uv.toml").unlink()
    assert not [path for path in bench.memos.iterdir() if SECRET.encode() in path.read_bytes()]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HTTPS_PROXY", f"me:{SECRET}@proxy.test:3128"),
        ("https_proxy", f"{SECRET}@proxy.test:3128"),
        ("UV_INDEX", f"mine=https://index.test/simple?token={SECRET}"),
        ("UV_API_KEY", SECRET),
        ("UV_HTTP_AUTH", SECRET),
    ],
)
def test_a_variable_that_may_be_a_credential_is_kept_as_a_digest(
    bench: Bench, name: str, value: str
) -> None:
    shutil.rmtree(bench.root)
    shutil.rmtree(bench.home / ".cache/siteroot/wheels-v1")  # else nobody asks for a proxy
    assert bench.is_whole(variables={name: value})
    assert not bench.is_whole(variables={name: value})
    kept = [path.read_bytes() for path in bench.memos.iterdir()]
    assert not [content for content in kept if SECRET.encode() in content]
    assert bench.is_whole(variables={name: value.replace("hunter", "farmer")})


def test_what_only_looks_like_a_credential_is_answered_from_the_memo(bench: Bench) -> None:
    with (bench.project / "uv.toml").open("w") as file:
        file.write("# git+https://git.test/demo?rev=v1, https://git.test/demo@v1 and a@b.test\n")
    words = (*WORDS, "--python", f"cpython@{sys.version_info.major}.{sys.version_info.minor}")
    assert bench.is_whole(*words)
    assert not bench.is_whole(*words)


def test_memos_do_not_pile_up(bench: Bench) -> None:
    for count in range(300):
        (bench.memos / f"{count:08x}").touch()
    assert bench.is_whole(*WORDS, "--no-dev")
    assert len(list(bench.memos.iterdir())) < 200
