"""A cache in which every file is something else: a sync says no word of it, waits for nobody, and comes out the same."""

import os
import shutil
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from support.command import Place, make_place
from support.projects import make_project
from support.trees import describe_difference, snapshot
from support.wheels import build_wheel

HERE = ("--python", sys.executable)


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def a_socket(path: Path) -> None:
    path.unlink()
    here = Path.cwd()
    os.chdir(path.parent)  # a socket's path is short
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
    finally:
        os.chdir(here)


def device(path: Path) -> None:
    path.unlink()
    path.symlink_to("/dev/zero")


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def altered(path: Path) -> None:
    content = path.read_bytes()
    middle = len(content) // 2
    changed = bytes([content[middle] ^ 0x11]) if content else b"x"
    path.write_bytes(content[:middle] + changed + content[middle + 1 :])


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


FAULTS: dict[str, Callable[[Path], None]] = {
    "pipe": pipe,
    "socket": a_socket,
    "device": device,
    "folder": folder,
    "altered": altered,
    "cut": cut,
}


@pytest.fixture(scope="module", name="place")
def _place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return make_place(tmp_path_factory.mktemp("place") / "place")


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_wrong_in_a_cache_is_looked_past(place: Place, tmp_path: Path, fault: str) -> None:
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    files = {"tool-1.0.data/scripts/hello": b"#!python\nprint('hello')\n", "tool/__init__.py": b""}
    project = make_project(tmp_path / "project", [build_wheel(wheels, "tool", "1.0", files)])
    cache = tmp_path / "cache"

    def run(*words: str, target: str = "pkgs") -> str:
        words = (*words, "--cache-dir", str(cache))
        if words[0] == "sync":
            words = (*words, "--frozen", "--target", target, *HERE)
        done = place.run(*words, cwd=project)
        assert done.returncode == 0, done.stderr
        assert "Traceback" not in done.stderr
        return done.stderr

    run("sync", "--compile-bytecode")
    run("sync", "--compile-bytecode")  # now there are a fingerprint and a memo
    right = snapshot(project / "pkgs")
    kept = [path for path in cache.rglob("*") if path.is_file() and path.name != "CACHEDIR.TAG"]
    assert {path.relative_to(cache).parts[0] for path in kept} >= {"memos-v1", "roots-v1"}
    for path in kept:
        FAULTS[fault](path)
    run("sync", "--compile-bytecode", "--dry-run")
    run("sync", "--compile-bytecode")
    assert describe_difference(right, snapshot(project / "pkgs")) == []
    shutil.rmtree(project / "pkgs")
    run("sync", "--compile-bytecode")
    assert describe_difference(right, snapshot(project / "pkgs")) == []
    for path in kept:
        if path.is_file() and not path.is_symlink():
            FAULTS[fault](path)
    run("cache", "prune")
    run("sync", target="again")


@pytest.mark.parametrize("fault", ["pipe", "socket", "device"])
def test_what_is_no_file_in_a_root_is_waited_for_by_nobody(
    place: Place, tmp_path: Path, fault: str
) -> None:
    (tmp_path / "wheels").mkdir()
    project = make_project(
        tmp_path / "project", [build_wheel(tmp_path / "wheels", "tool", "1.0", {"tool.py": b""})]
    )
    words = ("--frozen", "--target", "pkgs", "--cache-dir", str(tmp_path / "cache"), *HERE)
    for _ in range(2):
        assert place.run("sync", *words, cwd=project).returncode == 0
    for name in (".siteroot.json", "tool-1.0.dist-info/METADATA", "tool-1.0.dist-info/RECORD"):
        FAULTS[fault](project / "pkgs" / name)
    for more in (("--dry-run",), ("--check",), (), ("--exact", "--overwrite")):
        done = place.run("sync", *words, *more, cwd=project)
        assert "Traceback" not in done.stderr
        assert done.returncode in {0, 1}, done.stderr
