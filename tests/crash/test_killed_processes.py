"""SIGKILL at seeded moments, for real: the parent alone, a worker alone, the group; then the next command."""

import itertools
import marshal
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from siteroot.model.reserved import staging_folder
from siteroot.root.fresh import apply_fresh
from siteroot.root.journal import apply_change, recover_root
from siteroot.root.lock import lock_root
from support import root_driver
from support.killing import PARTS, stop_all, strike_stopped, workers_of
from support.roots import Tree, change_of, fresh_of, write_tree
from support.trees import describe_difference, snapshot

OLD = {
    **{f"pkg/part{n % 30}/m{n}.py": b"old %d " % n * 40 for n in range(900)},
    "pkg-1.dist-info/RECORD.txt": b"1",
}
NEW = {
    **{f"pkg/part{n % 25}/m{n}.py": b"new %d " % n * 50 for n in range(950)},
    "pkg-2.dist-info/RECORD.txt": b"2",
}
VICTIMS = ("parent", "worker", "group")

#: Places, is interrupted the moment that it has forked, and says how many files are there then and a while later.
INTERRUPTED = """
import functools, marshal, os, signal, sys, time
from siteroot import fs
from siteroot.root.placing import place

def count():
    return sum(len(files) for _, _, files in os.walk(sys.argv[2]))

signal.signal(signal.SIGALRM, signal.default_int_handler)
os.register_at_fork(after_in_parent=functools.partial(signal.setitimer, signal.ITIMER_REAL, 1e-6))
with open(sys.argv[1], "rb") as stream:
    staging = marshal.load(stream)[0]
try:
    place(staging, fs.open_folder(sys.argv[2]), link_mode="copy", workers=2)
except KeyboardInterrupt:
    first = count()
    time.sleep(0.5)
    print(first, count())
"""


def start_driver(root: str, rows: str, link_mode: str) -> "subprocess.Popen[bytes]":
    process = subprocess.Popen(
        [sys.executable, root_driver.__file__, root, rows, link_mode],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"go\n"
    return process


def strike(process: "subprocess.Popen[bytes]", victim: str) -> None:
    """Kill one, and wait for the parent's end."""
    with process:
        if stop_all(process):
            strike_stopped(process, victim)


def timed(root: str, rows: str) -> float:
    """Return how long the work takes, from "go" on."""
    process = start_driver(root, rows, "copy")
    began = time.monotonic()
    with process:
        assert process.wait() == 0
    return time.monotonic() - began


def moments(count: int, longest: float, seed: int) -> list[tuple[float, str, str]]:
    """Draw one from each of so many parts of the time; each victim and mode has its turn before one comes twice."""
    chance = random.Random(seed)
    parts = [(number + chance.random()) / count for number in range(count)]
    chance.shuffle(parts)
    ways = itertools.cycle((victim, mode) for mode in ("copy", "hardlink") for victim in VICTIMS)
    return [(part * longest, *way) for part, way in zip(parts, ways, strict=False)]


STRIKES = pytest.mark.parametrize(
    ("start", "count"),
    [
        pytest.param(0, 4, id="few"),
        *(pytest.param(*part, marks=pytest.mark.slow(25)) for part in PARTS),
    ],
)


@STRIKES
def test_a_killed_fresh_sync_leaves_no_root_or_the_whole_one(
    tmp_path: Path, start: int, count: int
) -> None:
    root, rows = str(tmp_path / "root"), str(tmp_path / "rows")
    fresh = fresh_of(str(tmp_path / "store"), NEW)
    Path(rows).write_bytes(marshal.dumps(fresh))
    longest = timed(root, rows)
    whole = snapshot(root)
    for moment, victim, mode in moments(count, longest, 1 + start):
        shutil.rmtree(root, ignore_errors=True)
        process = start_driver(root, rows, mode)
        time.sleep(moment)
        strike(process, victim)
        if os.path.lexists(root):
            assert not describe_difference(snapshot(root), whole), (moment, victim)
        with lock_root(root) as lock:
            if not lock.existed:
                apply_fresh(root, fresh, link_mode=mode, workers=1)
        assert not describe_difference(snapshot(root), whole), (moment, victim)
        assert not os.path.lexists(staging_folder(root))


@STRIKES
@pytest.mark.parametrize(("old", "new"), [(OLD, NEW), (OLD, {})], ids=["upgrade", "removal"])
def test_a_killed_change_leaves_the_old_tree_or_the_new_one(
    tmp_path: Path, old: Tree, new: Tree, start: int, count: int
) -> None:
    root, rows, kept = (str(tmp_path / name) for name in ("root", "rows", "kept"))
    write_tree(kept, old)
    shutil.copytree(kept, root)
    before = snapshot(root)
    change = change_of(root, str(tmp_path / "store"), old, new)
    Path(rows).write_bytes(marshal.dumps(change))
    longest = timed(root, rows)
    after = snapshot(root)
    assert before != after
    for moment, victim, mode in moments(count, longest, 2 + start):
        shutil.rmtree(root)
        shutil.copytree(kept, root)
        process = start_driver(root, rows, mode)
        time.sleep(moment)
        strike(process, victim)
        with lock_root(root):
            recover_root(root)
        found = snapshot(root)  # without the lock, which may be a file
        if found.keys() == before.keys():
            assert not describe_difference(found, before), (moment, victim)
            with lock_root(root):
                apply_change(root, change, link_mode=mode, workers=1)
            found = snapshot(root)
        assert not describe_difference(found, after), (moment, victim)


@pytest.mark.fast_calls
def test_a_worker_that_outlives_its_parent_keeps_the_root_locked(tmp_path: Path) -> None:
    root, rows = str(tmp_path / "root"), str(tmp_path / "rows")
    write_tree(root, OLD)
    Path(rows).write_bytes(marshal.dumps(change_of(root, str(tmp_path / "store"), OLD, NEW)))
    process = start_driver(root, rows, "copy")
    while not workers_of(process):
        assert process.poll() is None
        time.sleep(0.0002)
    assert stop_all(process)
    workers = workers_of(process)
    assert workers
    with process:
        process.kill()
    with start_driver(root, rows, "copy") as second:
        time.sleep(0.5)
        assert second.poll() is None
        assert not os.path.lexists(f"{root}/.siteroot/journal")
        for worker in workers:
            os.kill(worker, signal.SIGCONT)
        assert second.wait(timeout=60) == 0
    for path, content in NEW.items():
        assert Path(root, path).read_bytes() == content
    assert not os.path.lexists(f"{root}/.siteroot")


def test_an_interrupt_takes_the_change_back_at_once(tmp_path: Path) -> None:
    root, rows = str(tmp_path / "root"), str(tmp_path / "rows")
    write_tree(root, OLD)
    before = snapshot(root)
    Path(rows).write_bytes(marshal.dumps(change_of(root, str(tmp_path / "store"), OLD, NEW)))
    process = start_driver(root, rows, "copy")
    while not os.path.lexists(f"{root}/.siteroot/new/pkg"):
        assert process.poll() is None
        time.sleep(0.001)
    os.killpg(process.pid, signal.SIGINT)
    with process:
        assert process.wait() != 0
    assert not describe_difference(snapshot(root), before)


def test_a_worker_that_its_parent_does_not_know_yet_places_nothing(tmp_path: Path) -> None:
    rows = tmp_path / "rows"
    rows.write_bytes(marshal.dumps(fresh_of(str(tmp_path / "store"), NEW)))
    for number in range(3):
        out = tmp_path / f"out{number}"
        out.mkdir()
        done = subprocess.run(
            [sys.executable, "-c", INTERRUPTED, str(rows), str(out)],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        )
        first, later = done.stdout.split()
        assert first == later
