"""`cache size`, `prune` and `clean`: what is counted, what goes, and what is never touched."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from siteroot.store.collect import clean_cache, measure_cache, prune_cache
from siteroot.store.store import Store
from support.desk import make_desk
from support.projects import make_project
from support.stores import open_store, pin_of
from support.trees import snapshot
from support.wheels import build_wheel


@pytest.fixture
def cache(tmp_path: Path) -> str:
    """A cache with two wheels, one of them known by another digest, and somebody's own file."""
    store = open_store(tmp_path)
    for name in ("one", "two"):
        path = build_wheel(tmp_path, name, "1.0")
        store.admit(str(path), pin_of(path, algorithms=("sha512",)))
    (tmp_path / "cache/notes.txt").write_text("mine")
    (tmp_path / "cache/wheels-mine").mkdir()
    return str(tmp_path / "cache")


def find(tmp_path: Path, name: str) -> bool:
    path = tmp_path / f"{name}-1.0-py3-none-any.whl"
    return open_store(tmp_path).find(pin_of(path, algorithms=("sha512",))) is not None


def test_the_size_is_that_of_our_files(cache: str) -> None:
    files = [path for path in Path(cache).rglob("*") if path.is_file()]
    ours = [path for path in files if path.name not in {"notes.txt", "CACHEDIR.TAG"}]
    assert measure_cache(cache) == sum(path.stat().st_size for path in ours) > 0


def test_an_absent_cache_is_empty(tmp_path: Path) -> None:
    folder = str(tmp_path / "absent")
    assert measure_cache(folder) == 0
    assert prune_cache(folder).files == clean_cache(folder).files == 0
    assert not os.path.exists(folder)


def test_pruning_a_sound_cache_changes_nothing(cache: str) -> None:
    before = snapshot(cache)
    assert prune_cache(cache).files == 0
    assert snapshot(cache) == before


def test_what_a_build_left_goes_however_deep(cache: str) -> None:
    for collect in (prune_cache, clean_cache):
        left = Path(cache, "tmp-v1/1-dead/tree")
        left.mkdir(parents=True)
        left.with_name("file").write_bytes(b"12345")
        here = os.open(left, os.O_RDONLY)
        for _ in range(1500):
            os.mkdir("deeper", dir_fd=here)
            inner = os.open("deeper", os.O_RDONLY, dir_fd=here)
            os.close(here)
            here = inner
        os.close(here)
        before = measure_cache(cache)
        assert collect(cache).size in (5, before)
        assert not left.parent.exists()


@pytest.mark.parametrize("collect", ["prune_cache", "clean_cache"])
def test_what_a_build_left_closed_goes_too(cache: str, collect: str) -> None:
    closed = Path(cache, "tmp-v1/1-dead/closed")
    (closed / "inner").mkdir(parents=True)
    closed.chmod(0)
    code = f"from siteroot.store.collect import {collect}; {collect}({cache!r})"
    command = [sys.executable, "-c", code]
    if os.geteuid() == 0:  # whom no mode stops, unless that right is taken away
        if shutil.which("setpriv") is None:
            pytest.skip("needs setpriv, as root")
        command = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", *command]
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run(command, env=environ, check=True)
    assert not closed.parent.exists()


def test_pruning_removes_what_nobody_can_use(tmp_path: Path, cache: str) -> None:
    before = snapshot(cache, times=False)
    for path in (
        "tmp-v1/1-dead/entry/x",
        "wheels-v0/ab/old/manifest",
        "roots-v99/1-2",
        "locks-v1/k",
    ):
        (tmp_path / "cache" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "cache" / path).write_bytes(b"12345")
    damaged = tmp_path / "cache/wheels-v1/ab/damaged/purelib"
    damaged.mkdir(parents=True)
    (damaged / "x.py").write_bytes(b"12345")
    dangling = tmp_path / "cache/names-v1/sha512/ab/dangling"
    dangling.parent.mkdir(parents=True, exist_ok=True)
    dangling.write_text("ab" * 32)
    collected = prune_cache(cache)
    assert (collected.files, collected.size) == (6, 25)
    after = snapshot(cache, times=False)
    emptied = {"wheels-v1/ab", "names-v1/sha512/ab"}
    assert {p: s for p, s in after.items() if p not in emptied - before.keys()} == before
    assert find(tmp_path, "one")
    assert find(tmp_path, "two")


def test_pruning_for_ci_keeps_what_was_built(tmp_path: Path, cache: str) -> None:
    archive = (tmp_path / "two-1.0-py3-none-any.whl").read_bytes()
    key = tmp_path / "cache/built-v1/ab/abcd"
    key.parent.mkdir(parents=True)
    key.write_text(f"{hashlib.sha256(archive).hexdigest()}\n1\ntwo-1.0-py3-none-any.whl\n\n")
    before = measure_cache(cache)
    collected = prune_cache(cache, fetched=True)
    assert collected.wheels == ("one==1.0",)
    assert measure_cache(cache) < before
    assert not find(tmp_path, "one")
    assert find(tmp_path, "two")


def test_cleaning_one_distribution_leaves_the_others(tmp_path: Path, cache: str) -> None:
    collected = clean_cache(cache, frozenset(("one", "absent")))
    assert collected.wheels == ("one==1.0",)
    assert collected.files > 0
    assert not find(tmp_path, "one")
    assert find(tmp_path, "two")


def test_cleaning_one_distribution_takes_its_pages_too(tmp_path: Path, cache: str) -> None:
    for name in ("one", "two"):
        page = tmp_path / "cache/pages-v2/index" / name
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_bytes(b"12345")
    clean_cache(cache, frozenset({"one"}))
    assert [path.name for path in (tmp_path / "cache/pages-v2/index").iterdir()] == ["two"]


def test_cleaning_all_leaves_what_is_not_ours(tmp_path: Path, cache: str) -> None:
    assert sorted(clean_cache(cache).wheels) == ["one==1.0", "two==1.0"]
    assert sorted(os.listdir(cache)) == ["CACHEDIR.TAG", "notes.txt", "wheels-mine"]
    assert not find(tmp_path, "one")


def test_cleaning_all_removes_a_cache_that_holds_nothing_else(tmp_path: Path) -> None:
    path = build_wheel(tmp_path, "one", "1.0")
    open_store(tmp_path).admit(str(path), pin_of(path))
    clean_cache(str(tmp_path / "cache"))
    assert not (tmp_path / "cache").exists()


def test_a_link_in_the_cache_is_not_followed(tmp_path: Path, cache: str) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/x").write_text("stays")
    (tmp_path / "cache/tmp-v1/1-link").symlink_to(tmp_path / "outside")
    (tmp_path / "cache/roots-v7").symlink_to(tmp_path / "outside")
    prune_cache(cache)
    clean_cache(cache)
    assert (tmp_path / "outside/x").read_text() == "stays"


@pytest.mark.parametrize(
    "link",
    [
        "wheels-v1", "wheels-v1/ab", "bytecode-v1", "bytecode-v1/ab", "built-v1", "names-v1", "names-v1/ab",
        "tmp-v1", "locks-v1", "build-roots-v1", "pages-v2", "wheels-v0",
    ],
)  # fmt: skip
def test_a_link_in_place_of_a_folder_of_the_cache_leads_nowhere(
    tmp_path: Path, cache: str, link: str
) -> None:
    others = tmp_path / "others"
    (others / "folder").mkdir(parents=True)
    for path in (others / "one", others / "folder/one"):
        path.write_text("not a byte of siteroot's")
    before = snapshot(str(others))
    place = Path(cache, link)
    place.parent.mkdir(exist_ok=True)
    if place.exists():
        shutil.rmtree(place)
    place.symlink_to(others)
    size = measure_cache(cache)
    prune_cache(cache)
    clean_cache(cache, frozenset({"one"}))
    assert snapshot(str(others)) == before
    assert clean_cache(cache).size <= size
    assert snapshot(str(others)) == before


def test_an_open_store_goes_on_after_a_cleaning(tmp_path: Path, cache: str) -> None:
    path = tmp_path / "one-1.0-py3-none-any.whl"
    store: Store = open_store(tmp_path)
    with store.reserve(pin_of(path)):
        pass
    clean_cache(cache)
    with store.reserve(pin_of(path)) as reservation:
        assert reservation.wheel is None
        store.admit(str(path), pin_of(path))
    assert store.find(pin_of(path)) is not None


def test_a_cache_is_kept_out_of_backups_and_goes_whole(tmp_path: Path) -> None:
    """As people use it: an interpreter's answer is kept before the first wheel is."""
    desk = make_desk(tmp_path / "home")
    project = make_project(tmp_path / "project", [build_wheel(tmp_path, "one", "1.0")])
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "notes").touch()
    for cache in (tmp_path / "own", mine):
        words = ("--cache-dir", str(cache))
        place = ("--target", cache.name, "--python", sys.executable)
        assert desk.run("sync", "--frozen", *words, *place, cwd=project).code == 0
        assert (cache / "wheels-v1").is_dir()
        assert (cache / "CACHEDIR.TAG").exists() is (cache is not mine)
        assert desk.run("cache", "clean", *words, cwd=project).code == 0
    assert not (tmp_path / "own").exists()
    assert os.listdir(mine) == ["notes"]
