"""Processes that unpack for the threads that fetch: all at work, their errors in full, and gone with their parent."""

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from siteroot.store.admit import BadRecordError
from siteroot.store.archive import HostileWheelError
from siteroot.store.crew import Crew, UnpackerLostError
from support.stores import open_store, pin_of
from support.trees import snapshot
from support.wheels import build_wheel, record_of, wheel_members


def process_of(seconds: float) -> int:
    time.sleep(seconds)
    return os.getpid()


@pytest.mark.fast_calls
def test_all_processes_work_and_each_thread_gets_its_own_answer() -> None:
    def work(number: int) -> tuple[int, int, bytes]:
        time.sleep(0.01)
        return number, os.getpid(), bytes(200_000)

    with Crew(work, 3) as crew, ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(crew.call, range(60)))
    assert [answer[0] for answer in answers] == list(range(60))
    processes = {answer[1] for answer in answers}
    assert len(processes) == 3
    assert os.getpid() not in processes
    for process in processes:
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)


def test_an_error_comes_with_all_its_words_and_the_process_goes_on() -> None:
    def work(fails: bool) -> str:
        if fails:
            raise HostileWheelError("it is broken", where="demo==1.0", hints=("Lock again.",))
        return "fine"

    with Crew(work, 2) as crew:
        for _ in range(4):
            with pytest.raises(HostileWheelError) as caught:
                crew.call(True)
            error = caught.value
            assert (error.message, error.where, error.hints) == (
                "it is broken",
                "demo==1.0",
                ("Lock again.",),
            )
        assert crew.call(False) == "fine"


@pytest.mark.fast_calls
def test_a_defect_keeps_the_trace_of_where_it_happened() -> None:
    def divide(number: int) -> float:
        return 1 / number

    with Crew(divide, 2) as crew, pytest.raises(ZeroDivisionError) as caught:
        crew.call(0)
    assert "in divide" in caught.value.__notes__[0]


@pytest.mark.fast_calls
def test_a_killed_process_is_told() -> None:
    with Crew(process_of, 2) as crew:
        killed = crew.call(0)
        timer = threading.Timer(0.2, os.kill, (killed, signal.SIGKILL))
        timer.start()
        with (
            pytest.raises(UnpackerLostError, match=f"process {killed},"),
            ThreadPoolExecutor(2) as threads,
        ):
            list(threads.map(crew.call, [0.6, 0.6]))
        timer.join()


def test_without_room_for_processes_the_thread_works_itself() -> None:
    waits = threading.Event()
    other = threading.Thread(target=waits.wait)
    other.start()
    try:
        with Crew(process_of, 2) as crew:  # a fork would copy what the other thread holds
            assert crew.call(0) == os.getpid()
    finally:
        waits.set()
        other.join()
    with Crew(process_of, 0) as crew:
        assert crew.call(0) == os.getpid()
        assert crew.share([0, 0]) == [os.getpid()] * 2


@pytest.mark.fast_calls
def test_tasks_are_shared_with_the_caller() -> None:
    with Crew(process_of, 2) as crew:
        first, second, own, more = crew.share([0.1, 0.1, 0.1, 0])
    assert len({first, second, own}) == 3
    assert own == more == os.getpid()


def large_files() -> dict[str, bytes]:
    """Return the files of a wheel that is worth sharing: large ones, small ones, scripts."""
    files = {f"demo/big{n}.bin": bytes([n]) * (5 << 20) for n in range(8)}
    return files | {f"demo/m{n}.py": b"x = %d" % n for n in range(50)}


def test_a_shared_wheel_is_stored_as_one_process_stores_it(tmp_path: Path) -> None:
    wheel = build_wheel(
        tmp_path,
        "demo",
        "1.0",
        large_files(),
        data={f"scripts/run{n}": "#!python\n" for n in range(5)},
    )
    stored = []
    usable = os.sched_getaffinity(0)
    for number, chosen in enumerate((usable, {min(usable)})):
        folder = tmp_path / str(number)
        folder.mkdir()
        os.sched_setaffinity(0, chosen)
        try:
            stored.append(open_store(folder).admit(str(wheel), pin_of(wheel)))
        finally:
            os.sched_setaffinity(0, usable)
    shared, alone = (
        {
            path: what
            for path, what in snapshot(Path(entry.folder)).items()
            if what[0] == "file" and path != "manifest"  # marshal's bytes tell objects apart
        }
        for entry in stored
    )
    assert shared == alone
    assert replace(stored[0], folder="") == replace(stored[1], folder="")


@pytest.mark.parametrize("wrong", ["demo/big0.bin", "demo/big7.bin", "demo/m0.py", "demo/m49.py"])
def test_a_wrong_member_of_a_shared_wheel_is_refused(tmp_path: Path, wrong: str) -> None:
    said = record_of(wheel_members("demo", "1.0", large_files())[:-1], "demo-1.0.dist-info/RECORD")
    files = large_files()
    files[wrong] = files[wrong][:-1] + b"?"
    wheel = build_wheel(tmp_path, "demo", "1.0", files, record=said)
    with pytest.raises(BadRecordError, match=f"'{wrong}' has not the sha256 that is listed"):
        open_store(tmp_path).admit(str(wheel), pin_of(wheel))
    assert not list((tmp_path / "cache").glob("wheels*/*/*"))
    assert not list((tmp_path / "cache").glob("tmp*/*"))


PARENT = """
import os, time
from siteroot.store.crew import Crew
from threading import Thread

def work(seconds):
    os.write(1, b"%d\\n" % os.getpid())
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        sum(range(1000))

with Crew(work, 3) as crew:
    threads = [Thread(target=crew.call, args=(seconds,)) for seconds in (0, 60, 60)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
"""


def test_none_outlives_its_parent_at_work_or_idle() -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    processes = [int(parent.stdout.readline()) for _ in range(3)]
    parent.kill()
    # The pipe ends when the last of them has gone.
    rest = threading.Thread(target=parent.stdout.read)
    rest.start()
    rest.join(10)
    gone = not rest.is_alive()
    for process in processes if not gone else ():
        os.kill(process, signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    assert gone
