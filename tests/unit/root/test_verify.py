"""Files and what they should be: what is told of each, by one process and by several."""

import hashlib
import os
import signal
import threading
from pathlib import Path

import pytest

from siteroot.model.times import derive_mtime
from siteroot.plan.claims import ANY, PLACED, Claim
from siteroot.root.verify import find_damage
from siteroot.root.workers import WorkerLostError

COUNT = 500


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, list[Claim]]:
    """A folder of files and what they should be: every hundredth has another byte."""
    claims: list[Claim] = []
    for at in range(COUNT):
        path, content = tmp_path / f"f{at}", b"%05d" % at
        path.write_bytes(b"spoilt" if at % 100 == 0 else content)
        path.chmod(0o644)
        digest = hashlib.sha256(content).digest()
        os.utime(path, (derive_mtime(digest),) * 2)
        claims.append((path.name, "sha256", digest, ANY, PLACED))
    return tmp_path, claims


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_any_number_of_processes_find_the_same(
    files: tuple[Path, list[Claim]], workers: int
) -> None:
    folder, claims = files
    found, size = find_damage(str(folder), claims, workers=workers)
    assert found == [(f"f{at}", "it has other bytes") for at in range(0, COUNT, 100)]
    assert size == COUNT * 5 + COUNT // 100


@pytest.mark.fast_calls
def test_a_process_that_is_killed_is_missed(
    files: tuple[Path, list[Claim]], tmp_path: Path
) -> None:
    """What it would have told is not known, and nothing is said to be right."""
    folder, claims = files
    with (tmp_path / "big").open("wb") as stream:
        stream.truncate(8 << 30)  # long enough to read
    largest: Claim = (
        "f1",
        "",
        b"",
        (8 << 30) + 1,
        ANY,
    )  # this process's own; the next is the worker's
    sparse: Claim = ("big", "sha256", b"", 8 << 30, ANY)
    me = os.getpid()

    def kill() -> None:
        while not (children := _children(me)):
            pass
        for child in children:
            os.kill(child, signal.SIGKILL)

    watcher = os.fork()
    if watcher == 0:
        try:
            kill()
        finally:
            os._exit(0)
    try:
        with pytest.raises(WorkerLostError, match="ended from outside"):
            find_damage(str(folder), [largest, sparse, *claims], workers=2)
    finally:
        os.waitpid(watcher, 0)


def test_interrupted_it_leaves_no_process_behind(files: tuple[Path, list[Claim]]) -> None:
    folder, claims = files
    for name in ("one", "two"):
        with (folder / name).open("wb") as stream:
            stream.truncate(8 << 30)
        claims.append((name, "sha256", b"", 8 << 30, ANY))
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        with pytest.raises(KeyboardInterrupt):
            find_damage(str(folder), claims, workers=2)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert _children(os.getpid()) == []


def _children(process: int) -> list[int]:
    text = Path(f"/proc/{process}/task/{process}/children").read_text()
    return [int(child) for child in text.split() if int(child) != os.getpid()]


def test_where_another_thread_lives_nothing_is_forked(files: tuple[Path, list[Claim]]) -> None:
    folder, claims = files
    held = threading.Event()
    thread = threading.Thread(target=held.wait)
    thread.start()
    try:
        assert len(find_damage(str(folder), claims, workers=2)[0]) == COUNT // 100
    finally:
        held.set()
        thread.join()


def test_each_kind_of_damage_has_its_words(tmp_path: Path) -> None:
    (tmp_path / "short").write_bytes(b"1")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("short")
    (tmp_path / "open").write_bytes(b"")
    (tmp_path / "open").chmod(0o666)
    claims: list[Claim] = [
        ("short", "", b"", 2, ANY),
        ("folder", "", b"", ANY, ANY),
        ("pipe", "", b"", ANY, ANY),
        ("link", "", b"", ANY, ANY),
        ("absent", "", b"", ANY, ANY),
        ("short/below", "", b"", ANY, ANY),
        ("open", "", b"", 0, 0o644),
        ("open", "", b"", 0, PLACED),
        ("open", "", b"", 0, ANY),
    ]
    assert [why for _, why in find_damage(str(tmp_path), claims)[0]] == [
        "it has 1 bytes rather than 2",
        "it is no file",
        "it is no file",
        "a symbolic link stands in its place",
        "it is missing",
        "it is missing",
        "its mode is 0666 rather than 0644",
        "its mode is 0666",
    ]
    assert find_damage(str(tmp_path), [("link", "", b"", 1, ANY)], follow=True)[0] == []
