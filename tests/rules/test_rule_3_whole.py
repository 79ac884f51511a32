"""ROOT.md 3, through the real command: what an interrupted or a second one meets."""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from support.command import plain_variables
from support.ground import Ground, build_versions, digest_of, hold, make_ground, strike_with_journal
from support.trees import snapshot
from support.users import as_user
from support.wheels import build_wheel


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Ground:
    return make_ground(tmp_path_factory.mktemp("ground"))


@pytest.fixture(scope="module")
def versions(ground: Ground) -> dict[str, Path]:
    built = build_versions(ground.home / "wheels")
    many = {f"many/m{n}.py": f"{n}\n" * 9 for n in range(1500)}
    folder = ground.home / "wheels" / "many"
    folder.mkdir()
    built["many"] = (*built["two"], build_wheel(folder, "many", "1.0", many))
    return {name: ground.project(f"p-{name}", *wheels) for name, wheels in built.items()}


def test_3_after_success_nothing_of_the_work_is_left(
    ground: Ground, versions: dict[str, Path], tmp_path: Path
) -> None:
    root = tmp_path / "root"
    for name in ("one", "two"):
        ground.sync(versions[name], root)
        assert not [
            path
            for path in os.listdir(root)
            if path.startswith(".siteroot-") and path != ".siteroot-start"
        ]
        assert not (root / ".siteroot").exists()
        assert os.listdir(tmp_path) == ["root"]


def struck_upgrade(ground: Ground, versions: dict[str, Path], tmp_path: Path) -> tuple[Path, Path]:
    """Return a root whose upgrade was struck with its journal written, and the root that it should become."""
    root, kept, fresh = (tmp_path / name for name in ("root", "kept", "fresh"))
    ground.sync(versions["one"], kept)
    ground.sync(versions["two"], fresh)
    strike_with_journal(ground, versions["two"], root, kept)
    return root, fresh


def test_3_a_dry_run_says_that_recovery_is_due_and_changes_nothing(
    ground: Ground, versions: dict[str, Path], tmp_path: Path
) -> None:
    root, fresh = struck_upgrade(ground, versions, tmp_path)
    before = snapshot(root)
    said = ground.sync(versions["two"], root, "--dry-run")
    assert "recover from an interrupted command" in said
    assert snapshot(root) == before
    assert "an interrupted change was brought to its end" in ground.sync(versions["two"], root)
    assert digest_of(root) == digest_of(fresh)


def test_3_recovery_needs_nothing_but_the_root(
    ground: Ground, versions: dict[str, Path], tmp_path: Path
) -> None:
    """Another path, an empty cache, another lock: what recovers is the root's own journal."""
    root, kept, moved, fresh = (tmp_path / name for name in ("root", "kept", "moved", "fresh"))
    ground.sync(versions["one"], kept)
    ground.sync(versions["none"], fresh)
    strike_with_journal(ground, versions["two"], root, kept)
    os.rename(root, moved)
    said = ground.sync(versions["none"], moved, cache=tmp_path / "cache")
    assert "an interrupted change was brought to its end" in said
    assert digest_of(moved) == digest_of(fresh)


def test_3_a_pip_install_that_no_index_answers_has_recovered_the_root(
    ground: Ground, versions: dict[str, Path], tmp_path: Path
) -> None:
    """What is in a root counts in a resolution: it is recovered before anybody is asked."""
    root, fresh = struck_upgrade(ground, versions, tmp_path)
    before = snapshot(root)
    words = ("pip", "install", "absent", "--target", str(root), "--cache-dir", str(tmp_path / "c"))
    looked = ground.place.run(*words, "--offline", "--dry-run", cwd=tmp_path)
    assert (looked.returncode, snapshot(root)) == (1, before), looked.stderr
    done = ground.place.run(*words, "--offline", cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    assert "an interrupted change was brought to its end first" in done.stderr
    assert digest_of(root) == digest_of(fresh)


def give(top: Path, owner: int) -> None:
    for path in (top, *top.rglob("*")):
        os.chown(path, owner, owner)


@pytest.mark.parametrize("heir", ["root", "another user"])
def test_3_another_user_recovers(
    ground: Ground, versions: dict[str, Path], tmp_path: Path, heir: str
) -> None:
    """The superuser, or whom the root was given to: with a cache of their own, and another lock."""
    first, second = as_user(12345), as_user(54321)
    by = () if heir == "root" else second
    root, kept, fresh = (tmp_path / name for name in ("root", "kept", "fresh"))
    ground.sync(versions["one"], kept)
    give(kept, 12345)
    ground.sync(versions["none"], fresh)
    strike_with_journal(ground, versions["two"], root, kept, by=first)
    assert (root / ".siteroot" / "journal").stat().st_uid == 12345
    if by:
        give(root, 54321)
    cache = tmp_path / "cache"
    cache.mkdir(mode=0o777)
    cache.chmod(0o777)
    before = root.stat()
    said = ground.sync(versions["none"], root, cache=cache, by=by)
    assert "an interrupted change was brought to its end" in said
    assert digest_of(root) == digest_of(fresh)
    assert (root.stat().st_ino, root.stat().st_uid) == (before.st_ino, before.st_uid)


@pytest.mark.fast_calls  # without locks on folders it is the lock that cannot be had, in other words
@pytest.mark.parametrize("writable", ["nothing", "DIR itself"])
def test_3_who_may_not_write_changes_nothing(
    ground: Ground, versions: dict[str, Path], tmp_path: Path, writable: str
) -> None:
    first, second = as_user(12345), as_user(54321)
    root, kept, fresh = (tmp_path / name for name in ("root", "kept", "fresh"))
    ground.sync(versions["one"], kept)
    give(kept, 12345)
    ground.sync(versions["two"], fresh)
    strike_with_journal(ground, versions["two"], root, kept, by=first)
    if writable == "DIR itself":
        root.chmod(0o777)
    before = snapshot(root)
    refused = ground.try_sync(versions["two"], root, by=second)
    assert refused.returncode == 1
    assert "an interrupted change can be neither finished nor taken back" in refused.stderr
    assert "permission is denied" in refused.stderr
    assert "Run it as the user whom the folder and what is in it belong to" in refused.stderr
    assert snapshot(root) == before
    said = ground.sync(versions["two"], root, "--dry-run", by=second)
    assert "recover from an interrupted command" in said
    ground.sync(versions["two"], root, by=first)
    assert digest_of(root) == digest_of(fresh)


def test_3_the_next_sync_clears_dead_staging(
    ground: Ground, versions: dict[str, Path], tmp_path: Path
) -> None:
    dead = tmp_path / ".root.siteroot"
    (dead / "root" / "half").mkdir(parents=True)
    (dead / "holder").write_text("4242\n")
    ground.sync(versions["one"], tmp_path / "root")
    assert os.listdir(tmp_path) == ["root"]


@pytest.mark.fast_calls
@pytest.mark.parametrize("existing", [True, False], ids=["existing", "absent"])
def test_3_a_second_command_waits_and_says_for_whom(
    ground: Ground, versions: dict[str, Path], tmp_path: Path, existing: bool
) -> None:
    root = tmp_path / "root"
    locked = root if existing else tmp_path / ".root.siteroot"
    locked.mkdir()
    if not existing:
        (locked / "holder").write_text(str(os.getpid()))
    descriptor = hold(locked)
    with subprocess.Popen(
        ground.command(versions["one"], root),
        cwd=ground.home,
        env=plain_variables(ground.home),
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        try:
            line = process.stderr.readline()
            assert line.startswith("Waiting for ")
            assert str(os.getpid()) in line
            assert process.poll() is None
            assert not (root / "demo").exists()
        finally:
            os.close(descriptor)
        assert process.wait(timeout=60) == 0, process.stderr.read()
    assert (root / "demo" / "old.py").exists()


def test_3_many_commands_at_once_end_as_one(
    ground: Ground, versions: dict[str, Path], tmp_path: Path
) -> None:
    """Of an absent root: one makes it, the others find it made."""
    root = tmp_path / "root"
    started = [
        subprocess.Popen(
            ground.command(versions["one"], root),
            cwd=ground.home,
            env=plain_variables(ground.home),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for _ in range(4)
    ]
    assert [process.wait(timeout=60) for process in started] == [0, 0, 0, 0]
    ground.sync(versions["one"], tmp_path / "fresh")
    assert digest_of(root) == digest_of(tmp_path / "fresh")
    assert sorted(os.listdir(tmp_path)) == ["fresh", "root"]


@pytest.mark.fast_calls
@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="one processor: nothing is forked")
def test_3_a_worker_that_dies_makes_its_parent_roll_back_and_exit_1(
    ground: Ground, versions: dict[str, Path], tmp_path: Path
) -> None:
    root, kept = tmp_path / "root", tmp_path / "kept"
    ground.sync(versions["one"], kept)
    ground.sync(
        versions["many"], tmp_path / "warm"
    )  # the parent forks where nothing is to be fetched
    before = snapshot(kept)
    for _ in range(30):
        shutil.rmtree(root, ignore_errors=True)
        subprocess.run(["cp", "-a", kept, root], check=True)
        with subprocess.Popen(
            ground.command(versions["many"], root, "--link-mode", "copy"),
            cwd=ground.home,
            env=plain_variables(ground.home),
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            listed = Path(f"/proc/{process.pid}/task/{process.pid}/children")
            struck = False
            late = time.monotonic() + 30
            while not struck and process.poll() is None and time.monotonic() < late:
                if (root / ".siteroot").exists():
                    with contextlib.suppress(OSError):
                        for child in listed.read_text("ascii").split()[:1]:
                            os.kill(int(child), signal.SIGKILL)
                            struck = True
            assert process.stderr is not None
            said = process.stderr.read()
            code = process.wait(timeout=60)
        if struck and code:
            assert code == 1, said
            assert "worker" in said or "process" in said
            assert snapshot(root) == before
            return
    raise AssertionError("no strike met a worker at work")


@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="one processor: nothing is forked")
@pytest.mark.fast_calls
@pytest.mark.parametrize("cold", [True, False], ids=["fetched", "warm"])
def test_3_placing_is_shared_when_no_other_thread_lives(
    ground: Ground, versions: dict[str, Path], tmp_path: Path, cold: bool
) -> None:
    """Threads that fetch have ended by then: only processes are made, and while they live no thread is."""
    cache = tmp_path / "cache"
    if not cold:
        ground.sync(versions["many"], tmp_path / "first", cache=cache)
    trace = tmp_path / "trace"
    made = "clone,clone3,fork,vfork,exit,exit_group"
    command = ground.command(versions["many"], tmp_path / "root", cache=cache)
    subprocess.run(
        ["strace", "-f", "-qq", "-o", str(trace), "-e", f"trace={made}", *command],
        cwd=ground.home,
        env=plain_variables(ground.home),
        capture_output=True,
        check=True,
    )
    lines = trace.read_text().splitlines()
    parent = lines[0].split()[0]
    # "PID clone(child_stack=NULL, flags=...SIGCHLD...) = CHILD": a fork; a thread's has CLONE_THREAD
    forks = [n for n, line in enumerate(lines) if "clone" in line and "child_stack=NULL" in line]
    threads = [n for n, line in enumerate(lines) if "CLONE_THREAD" in line]
    assert len(forks) >= 2
    assert all(lines[n].startswith(parent) for n in forks)
    assert bool(threads) == cold
    ended = {line.split()[0] for line in lines[: forks[0]] if " exit(" in line}
    assert len(ended) == len(threads)
    assert not [n for n in threads if n > forks[0]]


@pytest.mark.fast_calls
@pytest.mark.parametrize("folder", ["", "demo"])
def test_3_who_may_not_make_every_move_makes_none(
    ground: Ground, versions: dict[str, Path], tmp_path: Path, folder: str
) -> None:
    """A root of another user in which everyone may write: its folders are not theirs, or it has the sticky bit."""
    guest = as_user(54321)
    root, cache = tmp_path / "root", tmp_path / "cache"
    ground.sync(versions["one"], root)
    give(root, 12345)
    root.chmod(0o777 if folder else 0o1777)
    if not folder:
        for each in root.rglob("*"):
            if each.is_dir():
                each.chmod(0o777)
    cache.mkdir()
    cache.chmod(0o777)
    before = snapshot(root)
    done = ground.try_sync(versions["two"], root, "--link-mode", "copy", cache=cache, by=guest)
    assert done.returncode == 1, done.stderr
    assert "cannot be written" in done.stderr
    assert "the root is as it was before" in done.stderr
    assert snapshot(root) == before


@pytest.mark.parametrize(("old", "new"), [("two", "one"), ("one", "two")])
def test_3_who_owns_a_root_may_make_every_move(
    ground: Ground, versions: dict[str, Path], tmp_path: Path, old: str, new: str
) -> None:
    """A user without root's rights, for whom a file that becomes a folder is none that they may write in."""
    guest = as_user(54321)
    root, cache = tmp_path / "root", tmp_path / "cache"
    ground.sync(versions[new], tmp_path / "fresh")
    ground.sync(versions[old], root)
    give(root, 54321)
    cache.mkdir()
    cache.chmod(0o777)
    ground.sync(versions[new], root, "--link-mode", "copy", cache=cache, by=guest)
    assert snapshot(root) == snapshot(tmp_path / "fresh")
