"""Processes that unpack for the threads that fetch: all at work, their errors in full, and gone with their parent."""

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from siteroot.store.archive import HostileWheelError
from siteroot.store.crew import Crew, UnpackerLostError


def process_of(seconds: float) -> int:
    time.sleep(seconds)
    return os.getpid()


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


def test_a_defect_keeps_the_trace_of_where_it_happened() -> None:
    def divide(number: int) -> float:
        return 1 / number

    with Crew(divide, 2) as crew, pytest.raises(ZeroDivisionError) as caught:
        crew.call(0)
    assert "in divide" in caught.value.__notes__[0]


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
    with Crew(process_of, 1) as crew:
        assert crew.call(0) == os.getpid()


PARENT = """
import os, time
from siteroot.store.crew import Crew
from threading import Thread

def work(seconds):
    print(os.getpid(), flush=True)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        sum(range(1000))

with Crew(work, 3) as crew:
    for seconds in (0, 600, 600):
        Thread(target=crew.call, args=(seconds,)).start()
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
