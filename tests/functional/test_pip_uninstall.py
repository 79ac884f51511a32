"""`siteroot pip uninstall`: what is named goes, all else stays, whoever installed it, on every layout; or nothing moves."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from support.command import make_place, plain_variables
from support.desk import Desk, Done, make_desk
from support.http_server import serve_folder
from support.installed import furnish, install_wheel, make_environment, write_pkg_info
from support.interpreters import need_uv
from support.projects import make_project
from support.trees import describe_difference, snapshot
from support.wheels import build_wheel

HERE = ("--python", sys.executable)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return make_desk(tmp_path / "home")


@pytest.fixture
def wheels(tmp_path: Path) -> dict[str, Path]:
    """Wheels with modules, scripts, headers and data; two that share a file, and two that clash."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    scripts = "[console_scripts]\n{0} = {0}:main\n"
    shared = {"shared/__init__.py": "", "shared/one.py": "V = 1\n"}
    return {
        name: build_wheel(folder, name, "1.0", files, **more)  # type: ignore[arg-type]
        for name, files, more in (
            ("alone", {"alone/__init__.py": "def main(): ...\n"}, {"entry_points": scripts.format("alone"), "data": {"data/share/alone.txt": "x", "headers/alone.h": ""}}),
            ("left", {**shared, "left.py": ""}, {}),
            ("right", {**shared, "right.py": ""}, {}),
            ("clash-a", {"both.py": "V = 'a'\n"}, {}),
            ("clash-b", {"both.py": "V = 'b'\n"}, {}),
        )
    }  # fmt: skip


def synced(desk: Desk, project: Path, root: Path, *wheels: Path) -> None:
    make_project(project, wheels)
    done = desk.sync(*HERE, "--target", root, "--link-mode", "copy", cwd=project)
    assert done.code == 0, done.err


def uninstall(desk: Desk, root: Path, *words: str) -> Done:
    return desk.run(
        "pip", "uninstall", "--target", root, *HERE, "--cache-dir", desk.home / "cache", *words, cwd=root.parent
    )  # fmt: skip


def test_what_is_left_is_what_a_sync_of_the_rest_makes(
    desk: Desk, tmp_path: Path, wheels: dict[str, Path]
) -> None:
    root, fresh = tmp_path / "root", tmp_path / "fresh"
    synced(desk, tmp_path / "project", root, wheels["alone"], wheels["left"], wheels["right"])
    dry = uninstall(desk, root, "--dry-run", "Alone", "right>7", "absent")
    assert (dry.code, dry.out) == (0, "")
    assert dry.err == "Would uninstall 2 packages\n - alone==1.0\n - right==1.0\n"
    assert (root / "right.py").exists()
    done = uninstall(desk, root, "Alone", "right>7", "absent", "-y")
    assert (done.code, done.out) == (0, "")
    assert "Skipping absent as it is not installed" in done.err
    assert "Uninstalled 2 packages in " in done.err
    assert done.err.endswith(" - alone==1.0\n - right==1.0\n")
    synced(desk, tmp_path / "project", fresh, wheels["left"])
    assert not describe_difference(snapshot(root), snapshot(fresh))


def test_the_file_of_a_loser_comes_back_when_the_winner_goes(
    desk: Desk, tmp_path: Path, wheels: dict[str, Path]
) -> None:
    root, fresh, without = tmp_path / "root", tmp_path / "fresh", tmp_path / "without"
    synced(desk, tmp_path / "project", root, wheels["clash-a"], wheels["clash-b"])
    assert (root / "both.py").read_text() == "V = 'b'\n"
    shutil.copytree(root, without)
    shutil.move(desk.home / "cache", desk.home / "elsewhere")
    before = snapshot(without)
    refused = uninstall(desk, without, "clash-b")
    assert refused.code == 1
    assert "clash-a brings a file that stands there" in refused.err
    assert not describe_difference(snapshot(without), before)
    shutil.rmtree(desk.home / "cache", ignore_errors=True)
    shutil.move(desk.home / "elsewhere", desk.home / "cache")
    assert uninstall(desk, root, "clash-b").code == 0
    synced(desk, tmp_path / "project", fresh, wheels["clash-a"])
    assert not describe_difference(snapshot(root), snapshot(fresh))


def test_others_roots_do_not_become_ours(desk: Desk, tmp_path: Path) -> None:
    root = tmp_path / "root"
    install_wheel(root, "one", "1.0")
    install_wheel(root, "two", "1.0")
    (root / "foreign.txt").write_text("")
    (root / "__pycache__").mkdir()
    (root / "__pycache__" / "one.cpython-311.pyc").write_text("")
    assert uninstall(desk, root, "one").code == 0
    assert sorted(os.listdir(root)) == ["foreign.txt", "two-1.0.dist-info", "two.py"]


def test_what_keeps_no_list_of_its_files_is_refused_by_name_and_nothing_moves(
    desk: Desk, tmp_path: Path
) -> None:
    root = tmp_path / "root"
    install_wheel(root, "fine", "1.0")
    (install_wheel(root, "bare", "1.0") / "RECORD").unlink()
    write_pkg_info(root / "egg-1.0-py3.9.egg-info" / "PKG-INFO", "egg", "1.0")
    write_pkg_info(root / "disty-2.0.egg-info", "disty", "2.0")
    (root / "linked.egg-link").write_text(".\n")
    before = snapshot(root)
    for name, form in (
        ("bare", "no RECORD"),
        ("egg", "egg-info"),
        ("disty", "egg-info"),
        ("linked", "egg-link"),
    ):
        done = uninstall(desk, root, "fine", name)
        assert done.code == 1
        assert name in done.err
        assert form in done.err
    assert not describe_difference(snapshot(root), before)


def test_the_egg_info_of_a_source_tree_beside_it_is_no_second_distribution(
    desk: Desk, tmp_path: Path
) -> None:
    """`--target .`: setuptools leaves `NAME.egg-info` beside pyproject.toml, which is the root."""
    install_wheel(tmp_path, "flat", "1.0")
    write_pkg_info(tmp_path / "flat.egg-info" / "PKG-INFO", "flat", "1.0")
    assert desk.run("pip", "freeze", "--target", ".", cwd=tmp_path).out == "flat==1.0\n"
    assert desk.run("pip", "check", "--target", ".", cwd=tmp_path).code == 0
    done = desk.run("pip", "uninstall", "flat", "--target", ".", cwd=tmp_path)
    assert done.code == 0, done.err
    assert not (tmp_path / "flat-1.0.dist-info").exists()
    assert (tmp_path / "flat.egg-info" / "PKG-INFO").exists()
    done = desk.run("pip", "uninstall", "flat", "--target", ".", cwd=tmp_path)
    assert done.code == 1
    assert "flat.egg-info: flat 1.0 is installed there in a form" in done.err


@pytest.mark.parametrize("login", ["", "u:old@"])
def test_a_url_names_what_was_installed_from_it_whatever_its_login(
    desk: Desk, tmp_path: Path, login: str
) -> None:
    archive = {"url": f"https://{login}h/one-1.0.zip", "archive_info": {}}
    git = {"url": f"https://{login}h/r", "vcs_info": {"vcs": "git", "commit_id": "0" * 40}}
    install_wheel(tmp_path / "root", "one", "1.0", direct_url=archive)
    install_wheel(tmp_path / "root", "two", "1.0", direct_url=git)
    done = uninstall(
        desk, tmp_path / "root", "https://u:new@h/one-1.0.zip", "git+https://u:new@h/r"
    )
    assert done.err.splitlines()[-2:] == [" - one==1.0", " - two==1.0"]


def test_nothing_to_do_is_no_error_and_makes_nothing(desk: Desk, tmp_path: Path) -> None:
    done = uninstall(desk, tmp_path / "absent", "one")
    assert done.code == 0
    assert "Skipping one as it is not installed" in done.err
    assert "No packages to uninstall" in done.err
    assert not (tmp_path / "absent").exists()
    dry = uninstall(desk, tmp_path / "absent", "one", "--dry-run")
    assert (dry.code, dry.err) == (0, "Would make no changes\n")


def test_files_and_stdin_name_what_goes(desk: Desk, tmp_path: Path) -> None:
    root = tmp_path / "root"
    sources = tmp_path / "sources"
    furnish(root, sources)
    (tmp_path / "r.txt").write_text("-r more.txt\nalpha==7 # any version\n")
    (tmp_path / "more.txt").write_text("beta\n-e ./sources/lone\n")
    done = uninstall(desk, root, "-r", "r.txt", "./sources/nothing", "git+https://h/x.git")
    assert done.code == 0, done.err
    assert f"Skipping {sources / 'nothing'} as it is not installed" in done.err
    assert done.err.endswith(" - alpha==1.0\n - beta==2.0\n - from-git==1\n - lone==1\n")
    place = make_place(tmp_path / "place")
    piped = subprocess.run(
        [sys.executable, place.script, "pip", "uninstall", "--target", root, *HERE, "-r", "-"],
        input="gamma\n", env=plain_variables(tmp_path), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert piped.stderr.endswith(" - gamma==1.5\n"), piped.stderr


def test_a_page_names_what_goes_and_the_files_beside_it(desk: Desk, tmp_path: Path) -> None:
    root = tmp_path / "root"
    for name in ("one", "two", "three"):
        install_wheel(root, name, "1.0")
    (tmp_path / "web" / "deep").mkdir(parents=True)
    (tmp_path / "web" / "deep" / "r.txt").write_text("one\n-r ../more.txt\n")
    (tmp_path / "web" / "more.txt").write_text("two\n")
    with serve_folder(tmp_path / "web") as server:
        done = uninstall(desk, root, "-r", f"{server.url}/deep/r.txt")
        absent = uninstall(desk, root, "three", "-r", f"{server.url}/absent.txt")
    assert done.err.endswith(" - one==1.0\n - two==1.0\n"), done.err
    assert absent.code == 1
    assert "absent.txt" in absent.err
    offline = uninstall(desk, root, "-r", "https://example.invalid/r.txt", "--offline")
    assert offline.code == 1
    assert "offline" in offline.err
    assert (root / "three.py").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("", "say what is to be uninstalled"),
        ("-r absent.txt", "absent.txt: there is no such file"),
        ("-r faulty.txt", "faulty.txt:2: `--hash` belongs behind a requirement"),
        ("-r pyproject.toml", "which distributions this means is not known here"),
        ("hello=world", "the requirement on `hello` cannot be read"),
        ("faulty.txt", "say `-r faulty.txt`"),
    ],
)
def test_senseless_words_are_refused(desk: Desk, tmp_path: Path, words: str, message: str) -> None:
    (tmp_path / "faulty.txt").write_text("one\n--hash=a\n")
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "a"\ndynamic = ["version", "dependencies"]\n'
    )
    install_wheel(tmp_path / "root", "one", "1.0")
    done = uninstall(desk, tmp_path / "root", *words.split())
    assert done.code == 2
    assert message in done.err


def test_an_environment_is_changed_where_it_is_meant(desk: Desk, tmp_path: Path) -> None:
    library = make_environment(tmp_path / ".venv")
    for name in ("one", "two", "three"):
        install_wheel(library, name, "1.0")

    def run(*words: str, **variables: str) -> Done:
        return desk.run("pip", "uninstall", *words, cwd=tmp_path, variables=variables)

    assert "one==1.0" in run("one").err
    assert "two==1.0" in run("two", "--python", ".venv").err
    assert "three==1.0" in run("three", VIRTUAL_ENV=str(tmp_path / ".venv")).err
    assert os.listdir(library) == []
    shutil.rmtree(tmp_path / ".venv")
    for words in ((), ("--python", "3")):
        done = run("one", *words)
        assert done.code == 2
        assert "no virtual environment is active or here" in done.err


def test_an_externally_managed_python_is_left_alone_and_listed(desk: Desk, tmp_path: Path) -> None:
    python = "/usr/bin/python3"
    if not list(Path("/usr/lib").glob("python3*/EXTERNALLY-MANAGED")):
        pytest.skip("needs a Python that its system manages")

    def run(*words: str, **variables: str) -> Done:
        return desk.run("pip", *words, "--python", python, cwd=tmp_path, variables=variables)

    for words in (("--system",), ()):
        refused = run("uninstall", "no-such-distribution", *words)
        assert refused.code == 2
        assert "externally managed" in refused.err
        assert "--break-system-packages" in refused.err
    dry = run("uninstall", "no-such-distribution", "--dry-run", UV_BREAK_SYSTEM_PACKAGES="1")
    assert (dry.code, dry.err.splitlines()[-1]) == (0, "Would make no changes")
    assert run("list", "--system").code == 0


def _pip(target: Path, *wheels: Path) -> None:
    command = [sys.executable, "-I", "-m", "pip", "install", "-q", "--no-index", "--no-deps"]
    command += ["--disable-pip-version-check", "--target", str(target), *map(str, wheels)]
    subprocess.run(command, check=True, env={**os.environ, "PIP_ROOT_USER_ACTION": "ignore"})


def _uv(target: Path, *wheels: Path) -> None:
    command = [need_uv(), "pip", "install", "-q", "--offline", "--no-deps", "--no-config", *HERE]
    given = {
        "PATH": os.defpath,
        "UV_CACHE_DIR": str(target.parent / "uv"),
        "HOME": str(target.parent),
    }
    subprocess.run([*command, "--target", str(target), *map(str, wheels)], check=True, env=given)


@pytest.mark.parametrize("install", [_pip, pytest.param(_uv, marks=pytest.mark.uv)])
def test_what_others_installed_goes_whole_and_what_it_shares_stays(
    desk: Desk, tmp_path: Path, wheels: dict[str, Path], install: Callable[..., None]
) -> None:
    root = tmp_path / "root"
    install(root, wheels["alone"], wheels["left"], wheels["right"])
    assert uninstall(desk, root, "alone", "left").code == 0
    assert [path for path in snapshot(root) if "alone" in path or path.startswith("left")] == []
    assert (root / "shared" / "one.py").is_file()  # uv takes it, though another one needs it
    assert (root / "right.py").is_file()


@pytest.mark.parametrize("install", [_pip, pytest.param(_uv, marks=pytest.mark.uv)])
def test_what_others_installed_is_replaced_whole(
    desk: Desk, tmp_path: Path, wheels: dict[str, Path], install: Callable[..., None]
) -> None:
    root, fresh = tmp_path / "root", tmp_path / "fresh"
    install(root, wheels["alone"])
    words = ("--cache-dir", desk.home / "cache", *HERE, "--reinstall", "--no-deps", wheels["alone"])
    for each in (root, fresh):
        done = desk.run("pip", "install", "--target", each, *words, cwd=tmp_path)
        assert done.code == 0, done.err
    (root / ".lock").unlink(missing_ok=True)  # uv's
    now, then = snapshot(root, times=False), snapshot(fresh, times=False)
    assert not describe_difference(now, then)


def test_metadata_that_its_record_does_not_list_goes_too(desk: Desk, tmp_path: Path) -> None:
    root = tmp_path / "root"
    info = install_wheel(root, "one", "1.0")
    (info / "RECORD").write_text("one.py,,\n")
    (info / "REQUESTED").touch()
    assert uninstall(desk, root, "one").code == 0
    assert not info.exists()
    assert "Skipping one as it is not installed" in uninstall(desk, root, "one").err


def test_killed_at_any_moment_it_is_done_or_not_begun(desk: Desk, tmp_path: Path) -> None:
    """The next command on the root brings it there, even one that has nothing to take out."""
    place = make_place(tmp_path / "place")
    old, root = tmp_path / "old", tmp_path / "root"
    install_wheel(old, "stays", "1.0")
    info = install_wheel(old, "goes", "1.0")
    names = [f"goes_{n}/m{n}.py" for n in range(300)]
    for name in names:
        (old / name).parent.mkdir()
        (old / name).write_text("")
    with (info / "RECORD").open("a") as record:
        record.writelines(f"{name},,\n" for name in names)
    new = tmp_path / "new"
    shutil.copytree(old, new)
    assert uninstall(desk, new, "goes").code == 0
    ends = {str(sorted(snapshot(each, times=False))) for each in (old, new)}
    for tenths in range(1, 7):
        shutil.copytree(old, root)
        words = ["pip", "uninstall", "--target", str(root), *HERE, "goes"]
        command = [sys.executable, str(place.script), *words]
        process = subprocess.Popen(command, env=plain_variables(tmp_path), stderr=subprocess.PIPE)
        time.sleep(tenths / 15)
        process.kill()
        process.communicate()
        assert uninstall(desk, root, "nothing").code == 0
        assert str(sorted(snapshot(root, times=False))) in ends
        shutil.rmtree(root)
