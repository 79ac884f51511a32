"""Many processes and one store: each wheel is fetched once, and who dies holds up nobody."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from siteroot.errors import StoreError
from siteroot.model.event import Waiting
from siteroot.store.collect import prune_cache
from siteroot.store.store import Store
from support.ports import RecordingReporter
from support.stores import open_store, pin_of
from support.wheels import build_wheel

#: A process that wants the wheel: it notes each fetch, and takes its time for it.
CHILD = """
import os, shutil, sys, time
from pathlib import Path
from support.ports import RecordingReporter
from support.stores import pin_of
from siteroot.store.store import Store

class Clock:
    monotonic = staticmethod(time.monotonic)
    sleep = staticmethod(time.sleep)

folder, wheel, seconds = Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3])
store = Store(str(folder / "cache"), temporary="", clock=Clock(), reporter=RecordingReporter())
pin = pin_of(wheel)
with store.reserve(pin) as reservation:
    found = reservation.wheel
    if found is None:
        with open(folder / "fetches", "a") as log:
            log.write(f"{os.getpid()}\\n")
        shutil.copy(wheel, reservation.archive)
        time.sleep(seconds)
        found = store.admit(reservation.archive, pin)
print(found.folder)
"""


def start(folder: Path, wheel: Path, seconds: float) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, str(folder), str(wheel), str(seconds)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        text=True,
    )


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + 20
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} never came"
        time.sleep(0.01)


class RealClock:
    monotonic = staticmethod(time.monotonic)
    sleep = staticmethod(time.sleep)


@pytest.fixture
def wheel_path(tmp_path: Path) -> Path:
    return build_wheel(tmp_path, "demo", "1.0", {f"demo/m{n}.py": f"{n}" for n in range(50)})


def test_eight_processes_fetch_a_wheel_once(tmp_path: Path, wheel_path: Path) -> None:
    children = [start(tmp_path, wheel_path, 0.2) for _ in range(8)]
    folders = {child.communicate(timeout=60)[0].strip() for child in children}
    assert [child.returncode for child in children] == [0] * 8
    wheel = open_store(tmp_path).find(pin_of(wheel_path))
    assert wheel is not None
    assert folders == {wheel.folder}
    assert len((tmp_path / "fetches").read_text().splitlines()) == 1
    assert os.listdir(tmp_path / "cache/tmp-v1") == []
    assert os.listdir(tmp_path / "cache/locks-v1") == []


def test_a_killed_holder_lets_go_and_its_work_is_cleared(tmp_path: Path, wheel_path: Path) -> None:
    child = start(tmp_path, wheel_path, 60)
    wait_for(tmp_path / "fetches")
    reporter = RecordingReporter()
    store = Store(str(tmp_path / "cache"), temporary="", clock=RealClock(), reporter=reporter)
    # While its holder lives, its work is not dead.
    assert prune_cache(str(tmp_path / "cache")).files == 0
    killer = threading.Timer(0.3, child.send_signal, [signal.SIGKILL])
    killer.start()
    with store.reserve(pin_of(wheel_path)) as reservation:
        assert reservation.wheel is None
        assert reporter.of(Waiting) == [Waiting(what="demo==1.0", holder=child.pid)]
        killer.join()
    child.communicate()
    assert len(os.listdir(tmp_path / "cache/tmp-v1")) == 1
    assert prune_cache(str(tmp_path / "cache")).files == 1
    assert os.listdir(tmp_path / "cache/tmp-v1") == []


def test_waiting_ends_where_it_became_pointless(tmp_path: Path, wheel_path: Path) -> None:
    store, pin = open_store(tmp_path), pin_of(wheel_path)
    with (
        store.reserve(pin),
        pytest.raises(StoreError, match="no longer waited for"),
        store.reserve(pin, stopped=lambda: True),
    ):
        pytest.fail("two hold it")
    with store.reserve(pin, stopped=lambda: True) as reservation:
        assert reservation.wheel is None


def test_who_does_not_look_fetches_what_is_there(tmp_path: Path, wheel_path: Path) -> None:
    store, pin = open_store(tmp_path), pin_of(wheel_path)
    wheel = store.admit(str(wheel_path), pin)
    with store.reserve(pin) as reservation:
        assert reservation.wheel == wheel
    with store.reserve(pin, look=False) as reservation:
        assert reservation.wheel is None
        assert os.path.isdir(os.path.dirname(reservation.archive))


def test_threads_of_one_process_take_turns_too(tmp_path: Path, wheel_path: Path) -> None:
    store = Store(
        str(tmp_path / "cache"), temporary="", clock=RealClock(), reporter=RecordingReporter()
    )
    pin = pin_of(wheel_path)
    fetched: list[int] = []

    def work() -> None:
        with store.reserve(pin) as reservation:
            if reservation.wheel is None:
                fetched.append(1)
                time.sleep(0.05)
                store.admit(str(wheel_path), pin)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert fetched == [1]


def test_an_error_of_the_fetch_is_the_callers_and_leaves_nothing(
    tmp_path: Path, wheel_path: Path
) -> None:
    store = open_store(tmp_path)

    def fetch() -> None:
        with store.reserve(pin_of(wheel_path)) as reservation:
            Path(reservation.archive).write_bytes(b"half")
            raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        fetch()
    assert os.listdir(tmp_path / "cache/tmp-v1") == []
    assert os.listdir(tmp_path / "cache/locks-v1") == []


def test_two_who_admit_without_asking_end_in_one_entry(tmp_path: Path, wheel_path: Path) -> None:
    store, pin = open_store(tmp_path), pin_of(wheel_path)
    folders: list[str] = []
    threads = [
        threading.Thread(target=lambda: folders.append(store.admit(str(wheel_path), pin).folder))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(folders) == 4
    assert len(set(folders)) == 1
    assert store.find(pin) is not None
