"""Many files at once: in order, bounded, all or an error, and no thread left behind."""

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from siteroot.index.exchange import BodyRequest
from siteroot.index.failures import NotFoundError, StoppedError
from siteroot.index.fetch import Fetcher, Fetching, FetchRequest
from siteroot.index.options import FetchOptions
from siteroot.model.event import FetchFinished, FetchStarted
from support.fetching import Desk, ask_for, make_file
from support.http_server import Answer, Server, serve_folder


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    folder = tmp_path / "served"
    folder.mkdir()
    with serve_folder(folder) as running:
        yield running


@pytest.fixture
def requests(server: Server) -> list[FetchRequest]:
    assert server.folder is not None
    return [
        ask_for(
            f"{server.url}/{number}.whl",
            make_file(server.folder / f"{number}.whl", 20_000 + number),
        )
        for number in range(30)
    ]


@pytest.fixture(autouse=True)
def _no_thread_stays() -> Iterator[None]:
    yield
    left = [thread.name for thread in threading.enumerate() if thread.name.startswith("fetch-")]
    assert left == []


def land(folder: Path, fetching: Fetching) -> Path:
    path = folder / fetching.request.location.rpartition("/")[2]
    fetching.into(str(path))
    return path


def test_results_come_in_the_order_of_requests(
    server: Server, requests: list[FetchRequest], tmp_path: Path
) -> None:
    desk = Desk(tmp_path, FetchOptions(concurrent_downloads=4))
    with desk.fetcher as fetcher:
        paths = fetcher.fetch_many(requests, lambda fetching: land(tmp_path, fetching))
    assert [path.name for path in paths] == [f"{number}.whl" for number in range(30)]
    assert all(path.stat().st_size == 20_000 + number for number, path in enumerate(paths))
    assert len(desk.reporter.of(FetchStarted)) == 30
    assert desk.reporter.of(FetchFinished) == [FetchFinished(name="acme", failed=False)] * 30


def test_connections_are_used_again(
    server: Server, requests: list[FetchRequest], tmp_path: Path
) -> None:
    desk = Desk(tmp_path, FetchOptions(concurrent_downloads=4))
    with desk.fetcher as fetcher:
        fetcher.fetch_many(requests, lambda fetching: land(tmp_path, fetching))
    assert len({seen.connection for seen in server.requests}) <= 4


def test_no_more_at_once_than_asked_for(requests: list[FetchRequest], tmp_path: Path) -> None:
    busy, most, lock = 0, 0, threading.Lock()

    def work(fetching: Fetching) -> None:
        nonlocal busy, most
        with lock:
            busy += 1
            most = max(most, busy)
        time.sleep(0.01)
        land(tmp_path, fetching)
        with lock:
            busy -= 1

    desk = Desk(tmp_path, FetchOptions(concurrent_downloads=3))
    with desk.fetcher as fetcher:
        fetcher.fetch_many(requests, work)
    assert most == 3


def test_the_largest_comes_first(
    server: Server, requests: list[FetchRequest], tmp_path: Path
) -> None:
    desk = Desk(tmp_path, FetchOptions(concurrent_downloads=1))
    with desk.fetcher as fetcher:
        fetcher.fetch_many(requests, lambda fetching: land(tmp_path, fetching))
    assert [seen.path for seen in server.requests] == [f"/{n}.whl" for n in range(29, -1, -1)]


def test_unpacking_overlaps_with_fetching(
    server: Server, requests: list[FetchRequest], tmp_path: Path
) -> None:
    """Two files that both must have come before either may be done."""
    both = threading.Barrier(2, timeout=5)

    def work(fetching: Fetching) -> None:
        land(tmp_path, fetching)
        both.wait()

    desk = Desk(tmp_path, FetchOptions(concurrent_downloads=2))
    with desk.fetcher as fetcher:
        fetcher.fetch_many(requests[:2], work)


def test_work_need_not_fetch(server: Server, requests: list[FetchRequest], tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    with desk.fetcher as fetcher:
        names = fetcher.fetch_many(requests, lambda fetching: fetching.request.version)
        assert fetcher.fetch_many([], lambda fetching: fetching) == []
    assert names == ["1.0"] * 30
    assert server.requests == []
    assert desk.reporter.events == []


def test_the_first_error_stops_the_rest_at_once(
    server: Server, requests: list[FetchRequest], tmp_path: Path
) -> None:
    """Others wait for a silent server, in a pause before a retry, or for a slow body."""
    server.script("/29.whl", Answer(pause=3))
    server.script("/28.whl", Answer(status=503, headers={"Retry-After": "100"}, body=b""))
    server.script("/27.whl", Answer(drip=3))
    server.script("/26.whl", Answer(status=404, body=b"", pause=0.2))
    desk = Desk(tmp_path, FetchOptions(concurrent_downloads=4, timeout=20), waits=True)
    start = time.monotonic()
    with desk.fetcher as fetcher, pytest.raises(NotFoundError, match="404"):
        fetcher.fetch_many(requests, lambda fetching: land(tmp_path, fetching))
    assert time.monotonic() - start < 2.0
    assert len(server.requests) == 4
    assert not list(tmp_path.glob("*.whl"))
    assert desk.reporter.of(FetchFinished) == [FetchFinished(name="acme", failed=True)] * 4


def test_an_error_of_the_work_itself_is_raised(
    requests: list[FetchRequest], tmp_path: Path
) -> None:
    def work(fetching: Fetching) -> None:
        land(tmp_path, fetching)
        raise LookupError(fetching.request.location)

    with Desk(tmp_path).fetcher as fetcher, pytest.raises(LookupError):
        fetcher.fetch_many(requests, work)


def test_a_worker_that_waits_can_see_that_it_need_not(
    requests: list[FetchRequest], tmp_path: Path
) -> None:
    waiting = threading.Event()

    def work(fetching: Fetching) -> str:
        if fetching.request is requests[0]:
            waiting.wait(5)
            raise LookupError
        waiting.set()
        while not fetching.stopped:
            time.sleep(0.005)
        return "stopped"

    desk = Desk(tmp_path, FetchOptions(concurrent_downloads=2))
    with desk.fetcher as fetcher, pytest.raises(LookupError):
        fetcher.fetch_many(requests[:2], work)


def test_an_interrupt_ends_all_threads_at_once(
    server: Server, requests: list[FetchRequest], tmp_path: Path
) -> None:
    for request in requests:
        server.script(f"/{request.location.rpartition('/')[2]}", Answer(drip=3))
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    start = time.monotonic()
    with Desk(tmp_path).fetcher as fetcher, pytest.raises(KeyboardInterrupt):
        fetcher.fetch_many(requests, lambda fetching: land(tmp_path, fetching))
    timer.join()
    assert time.monotonic() - start < 2.0
    assert not list(tmp_path.glob("*.whl"))


def test_a_fetcher_works_again_after_a_failure(
    server: Server, requests: list[FetchRequest], tmp_path: Path
) -> None:
    server.script("/3.whl", Answer(status=404, body=b""))
    with Desk(tmp_path).fetcher as fetcher:
        with pytest.raises(NotFoundError):
            fetcher.fetch_many(requests, lambda fetching: land(tmp_path, fetching))
        assert len(fetcher.fetch_many(requests, lambda fetching: land(tmp_path, fetching))) == 30


@pytest.fixture
def restless() -> Iterator[None]:
    """Let threads take turns as often as can be, so that a cut meets each of their steps."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("restless")
def test_what_begins_while_all_is_cut_breaks_off_and_is_not_tried_again(
    server: Server, tmp_path: Path
) -> None:
    server.always["/page"] = Answer(body=b"x")
    for _ in range(30):
        desk = Desk(tmp_path)

        def receive(fetcher: Fetcher = desk.fetcher) -> None:
            with suppress(StoppedError):
                fetcher.receive(BodyRequest(label="the page", location=f"{server.url}/page"))

        with desk.fetcher as fetcher:
            threads = [threading.Thread(target=receive) for _ in range(8)]
            for thread in threads:
                thread.start()
            fetcher.cut()
            for thread in threads:
                thread.join()
        assert "trying again" not in desk.told
