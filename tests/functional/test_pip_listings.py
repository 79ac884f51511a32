"""`siteroot pip list`, `freeze`, `show`, `check`, `tree`: as uv's where uv has them, on every layout, changing nothing."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.desk import Desk, Done, make_desk
from support.installed import furnish, install_wheel, make_environment, write_egg, write_pkg_info
from support.interpreters import need_uv
from support.sdists import source_files, write_sdist
from support.trees import snapshot
from support.wheel_index import make_wheel, serve_index
from support.wheels import build_wheel

HERE = ("--python", sys.executable)


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `target`, and `environment` that holds the same."""
    folder = tmp_path_factory.mktemp("furnished")
    furnish(folder / "target", folder / "sources")
    library = make_environment(folder / "environment")
    furnish(library, folder / "sources")
    install_wheel(library, "lone", "2")
    return folder


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return make_desk(tmp_path_factory.mktemp("home"))


def uv(folder: Path, *words: str) -> Done:
    """Return what uv makes of the words."""
    variables = {"PATH": os.environ["PATH"], "HOME": str(folder), "UV_CACHE_DIR": str(folder / "c")}
    done = subprocess.run(
        [need_uv(), "pip", *words],
        cwd=folder,
        env=variables,
        capture_output=True,
        text=True,
        check=False,
    )
    return Done(code=done.returncode, out=done.stdout, err=done.stderr)


@pytest.mark.uv
@pytest.mark.parametrize(
    "words",
    [
        "list", "list --format json", "list --format freeze", "list -e", "list --editable --format json",
        "list --exclude-editable", "list --exclude beta --exclude Zeta.Z", "list --exclude-editable --format freeze",
        "freeze", "freeze --exclude-editable", "freeze --exclude lone",
        "show alpha", "show gamma ALPHA absent lone", "show -f beta", "show --files from-git Zeta-Z", "show absent",
        "show disty", "show old-one bare", "show",
    ],
)  # fmt: skip
def test_a_target_is_listed_as_uv_lists_it(furnished: Path, desk: Desk, words: str) -> None:
    place = ("--target", str(furnished / "target"), *HERE)
    done = desk.run("pip", *words.split(), *place, cwd=furnished)
    told = uv(furnished, *words.split(), *place)
    assert (done.code, done.out) == (told.code, told.out)


@pytest.mark.uv
@pytest.mark.parametrize(
    "words",
    [
        "list", "freeze", "show lone", "list --strict", "freeze --path TARGET --path absent",
        "tree", "tree --invert", "tree --depth 0", "tree -d 1", "tree --prune gamma", "tree --prune alpha --prune lone",
        "tree --package gamma", "tree --package zeta-z --package future", "tree --package beta --invert", "tree --no-dedupe",
        "tree --show-version-specifiers", "tree --show-version-specifiers --invert", "tree --package absent",
        "tree --no-dedupe --invert --depth 3",
    ],
)  # fmt: skip
def test_an_environment_is_listed_as_uv_lists_it(furnished: Path, desk: Desk, words: str) -> None:
    named = words.replace("TARGET", str(furnished / "target")).split()
    place = ("--python", str(furnished / "environment"))
    done = desk.run("pip", *named, *place, cwd=furnished)
    told = uv(furnished, *named, *place)
    assert (done.code, done.out) == (told.code, told.out)


@pytest.mark.uv
@pytest.mark.parametrize(
    "words", ["", "--python-version 3.9 --python-platform windows", "--python-version 3.99"]
)
def test_what_does_not_fit_together_is_what_uv_finds(
    furnished: Path, desk: Desk, words: str
) -> None:
    place = (*words.split(), "--python", str(furnished / "environment"))
    done = desk.run("pip", "check", *place, cwd=furnished)
    told = uv(furnished, "check", *place)
    assert done.code == told.code == 1

    def findings(text: str) -> set[str]:
        # uv names the interpreter's version even where another one is asked for
        lines = [line.partition(", but `3.")[0].rstrip() for line in text.splitlines()]
        return {line for line in lines if line.startswith(("The package", "  - ", "Found"))}

    expected = {
        line.replace("python_full_version", "python_version") for line in findings(told.err)
    }
    assert findings(done.err) == expected


@pytest.fixture(scope="module")
def ageing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """A folder with an environment, and an index that has newer versions of some of what that holds."""
    folder = tmp_path_factory.mktemp("ageing")
    library = make_environment(folder / "environment")
    install_wheel(library, "app", "1.0", ["lib", "tied<2", "private"])
    for name in ("lib", "tied", "private", "early"):
        install_wheel(library, name, "1.0")
    files = folder / "files"
    files.mkdir()
    for name, versions in {"app": "1.0", "lib": "1.0 1.1 2.0b1", "early": "1.0 1.1a1"}.items():
        for version in versions.split():
            make_wheel(files, name, version)
    write_sdist(files / "tied-2.0.tar.gz", source_files("tied", "2.0"))
    build_wheel(files, "lib", "3.0", tag="py2-none-any")
    with serve_index(files) as server:
        yield folder, f"{server.url}/simple"


@pytest.mark.uv
@pytest.mark.parametrize(
    "words",
    [
        "list --outdated", "list --outdated --format json", "list --outdated --exclude lib", "list --outdated --no-index",
        "tree --outdated", "tree --outdated --invert", "tree --outdated --no-dedupe --show-version-specifiers",
    ],
)  # fmt: skip
def test_what_is_outdated_is_what_uv_finds(
    ageing: tuple[Path, str], desk: Desk, words: str
) -> None:
    folder, index = ageing
    verb, *rest = words.split()
    said = (verb, "--python", str(folder / "environment"), "--default-index", index, *rest)
    ours, theirs = desk.run("pip", *said, cwd=folder), uv(folder, *said)
    assert (ours.out, ours.code) == (theirs.out, theirs.code)


def test_an_index_that_does_not_answer_is_an_error_and_a_freeze_is_never_outdated(
    ageing: tuple[Path, str], desk: Desk
) -> None:
    folder, _ = ageing
    said = ("pip", "list", "--outdated", "--python", str(folder / "environment"))
    nowhere = {"UV_DEFAULT_INDEX": "http://127.0.0.1:1/simple", "UV_HTTP_RETRIES": "0"}
    done = desk.run(*said, cwd=folder, variables=nowhere)
    assert done.code == 1
    assert "could not be fetched" in done.err
    done = desk.run(*said, "--format", "freeze", cwd=folder)
    assert done.code == 2
    assert "`--outdated` and `--format freeze` exclude each other" in done.err


def test_what_fits_together_is_said_to(tmp_path: Path, desk: Desk) -> None:
    install_wheel(tmp_path / "pkgs", "one", "1", ["two>=1,<2"])
    install_wheel(tmp_path / "pkgs", "two", "1.5")
    done = desk.run("pip", "check", "--target", "pkgs", *HERE, cwd=tmp_path)
    assert done.code == 0
    assert "Checked 2 packages" in done.err
    assert "All installed packages are compatible" in done.err


def test_every_layout_is_listed(tmp_path: Path, desk: Desk) -> None:
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    install_wheel(tmp_path / "pre" / "lib" / f"python{version}" / "site-packages", "inner", "1")
    install_wheel(tmp_path / "__pypackages__" / version / "lib", "deeper", "1")
    install_wheel(tmp_path / "pkgs", "plain", "1")
    install_wheel(make_environment(tmp_path / ".venv"), "around", "1")

    def listed(*words: str, **variables: str) -> str:
        done = desk.run(
            "pip", "list", "--format", "freeze", *words, cwd=tmp_path, variables=variables
        )
        assert done.code == 0, done.err
        return done.out

    assert listed("--prefix", "pre", *HERE) == "inner==1\n"
    assert listed("--pypackages", *HERE) == "deeper==1\n"
    assert listed("-t", "pkgs") == "plain==1\n"
    assert listed(SITEROOT_TARGET="pkgs") == "plain==1\n"
    assert listed() == "around==1\n"
    assert listed("--python", version) == "around==1\n"
    assert "around" not in listed("--system", *HERE)
    assert "around" not in listed(*HERE, UV_SYSTEM_PYTHON="1")
    (tmp_path / "deep" / "er").mkdir(parents=True)
    done = desk.run("pip", "freeze", cwd=tmp_path / "deep" / "er")
    assert done.out == "around==1\n"
    install_wheel(make_environment(tmp_path / "active"), "active", "1")
    assert listed(VIRTUAL_ENV="active") == "active==1\n"
    assert listed(CONDA_PREFIX=str(tmp_path / "active")) == "active==1\n"


def test_what_is_broken_is_listed_as_far_as_it_can_be_known(tmp_path: Path, desk: Desk) -> None:
    library = tmp_path / "pkgs"
    (install_wheel(library, "no-metadata", "1.0") / "METADATA").unlink()
    (install_wheel(library, "no-wheel", "1") / "WHEEL").unlink()
    (install_wheel(library, "bad-url", "1") / "direct_url.json").write_text("[")
    (install_wheel(library, "bytes", "1") / "METADATA").write_bytes(
        b"Name: bytes\nVersion: 1\n\xff"
    )
    (install_wheel(library, "no-record", "1") / "RECORD").unlink()
    (library / "odd-not.a.version.dist-info").mkdir()
    (library / "noversion.dist-info").mkdir()
    (library / "empty.egg-link").write_text("\n")
    (library / "stray.egg-info").write_text("")
    done = desk.run("pip", "list", "--format", "freeze", "--target", library, cwd=tmp_path)
    assert done.out.splitlines() == [
        "bad-url==1",
        "bytes==1",
        "no-metadata==1.0",
        "no-record==1",
        "no-wheel==1",
        "odd==not.a.version",
    ]
    checked = desk.run("pip", "check", "--target", library, cwd=tmp_path)
    assert checked.code == 1
    for name, file in (("no-metadata", "METADATA"), ("no-wheel", "WHEEL"), ("odd", "METADATA")):
        assert (
            f"The package `{name}` is broken or incomplete (unable to read `{file}`)" in checked.err
        )
    shown = desk.run("pip", "show", "-f", "no-record", "--target", library, cwd=tmp_path)
    assert "Files:" not in shown.out
    assert "no list of the files of no-record" in shown.err


def test_eggs_are_listed_as_pip_lists_them(tmp_path: Path, desk: Desk) -> None:
    library = tmp_path / "pkgs"
    library.mkdir()
    write_egg(
        library / "Zipped-1.0-py3.9.egg",
        "Zipped",
        "1.0",
        "two>1\n[x]\nthree\n[:os_name=='posix']\nfour\n",
    )
    write_pkg_info(library / "Open-2.0-py3.9.egg" / "EGG-INFO" / "PKG-INFO", "Open", "2.0")
    (library / "Torn-3.0-py3.9.egg").write_text("PK")
    place = ("--target", library, *HERE)
    done = desk.run("pip", "freeze", *place, cwd=tmp_path)
    assert done.out == "open==2.0\ntorn==3.0\nzipped==1.0\n"
    shown = desk.run("pip", "show", "zipped", *place, cwd=tmp_path)
    assert "Requires: four, two\n" in shown.out


def test_an_egg_info_that_a_wheel_brought_is_no_second_distribution(
    tmp_path: Path, desk: Desk
) -> None:
    record = install_wheel(tmp_path / "pkgs", "both", "1") / "RECORD"
    write_pkg_info(tmp_path / "pkgs" / "both-1-py3.9.egg-info" / "PKG-INFO", "both", "1")
    record.write_text(record.read_text() + "both-1-py3.9.egg-info/PKG-INFO,,\n")
    done = desk.run("pip", "check", "--target", "pkgs", *HERE, cwd=tmp_path)
    assert done.code == 0, done.err


def test_no_listing_shows_a_password(tmp_path: Path, desk: Desk) -> None:
    library = tmp_path / "pkgs"
    install_wheel(
        library, "a", "1", direct_url={"url": "https://u:secret@h/a.whl", "archive_info": {}}
    )
    git = {"vcs": "git", "commit_id": "abc"}
    install_wheel(library, "b", "1", ["a @ https://u:secret@h/x", "c @ https://u:secret@h/c"],
                  direct_url={"url": "ssh://git:secret@h/b", "vcs_info": git})  # fmt: skip
    told = ""
    for words in (
        "freeze",
        "list --strict",
        "check",
        "tree --show-version-specifiers",
        "show a b",
        "list --format json",
    ):
        done = desk.run("pip", *words.split(), "--target", library, *HERE, cwd=tmp_path)
        told += done.out + done.err
    assert "a @ https://h/a.whl\nb @ git+ssh://git@h/b@abc\n" in told
    assert "secret" not in told


def test_nothing_is_changed_and_an_interrupted_change_is_said(tmp_path: Path, desk: Desk) -> None:
    library = tmp_path / "pkgs"
    furnish(library, tmp_path / "sources")
    (library / ".siteroot").mkdir()
    (library / ".siteroot" / "journal").write_text("")
    before = snapshot(library)
    for words in ("list", "freeze", "show alpha", "check", "tree"):
        done = desk.run("pip", *words.split(), "--target", library, *HERE, cwd=tmp_path)
        assert "a change was interrupted" in done.err, words
    assert snapshot(library) == before
    absent = desk.run("pip", "list", "--target", "absent", "--format", "json", *HERE, cwd=tmp_path)
    assert (absent.code, absent.out) == (0, "[]\n")
    assert not (tmp_path / "absent").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("pip list --target pkgs --prefix pre", "exclude each other"),
        ("pip list --format yaml", "`--format` cannot be `yaml`"),
        ("pip tree --depth x", "`--depth` has to be a whole number"),
        ("pip list -e --exclude-editable", "exclude each other"),
        ("pip show a,b", "`a,b` cannot be the name of a distribution"),
        ("pip list --frozen", "`--frozen` is not an option of `siteroot pip list`"),
        ("pip list stray", "`siteroot pip list` takes no word `stray`"),
        ("pip lisst", "there is no command `pip lisst`: did you mean `list`?"),
        ("pip list --python absent/python", "There is no such file"),
        ("pip list --target file", "is a file, and a root is a folder"),
    ],
)
def test_senseless_words_are_refused(tmp_path: Path, desk: Desk, words: str, message: str) -> None:
    (tmp_path / "file").write_text("")
    done = desk.run(*words.split(), cwd=tmp_path)
    assert (done.code, done.out) == (2, "")
    assert message in done.err


def test_quiet_silences_what_uv_silences(furnished: Path, desk: Desk) -> None:
    place = ("--target", furnished / "target", *HERE)
    assert json.loads(desk.run("pip", "list", "-q", "--format", "json", *place, cwd=furnished).out)
    for words in ("tree -q", "show -q alpha", "list -qq", "check -q"):
        done = desk.run("pip", *words.split(), *place, cwd=furnished)
        assert (done.out, done.err) == ("", "")
