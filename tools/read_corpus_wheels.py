"""Read the wheels that locks name through the store's checks, and list those that are refused, with the reason.

    python tools/read_corpus_wheels.py [--all] [--seconds N] LOCK...

Of each distribution the smallest wheel is read, the smallest of all first; with `--all` every one. What is read is not
kept. Not a part of CI: it fetches from the indexes that the locks name.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from packaging.version import Version

from siteroot.errors import SiterootError, SourceError
from siteroot.formats.uv_lock import parse_uv_lock
from siteroot.index.fetch import Fetcher, FetchRequest
from siteroot.index.options import FetchOptions
from siteroot.model.lock import LockedFile, LockedPackage
from siteroot.model.pin import WheelArtifact, WheelPin
from siteroot.store.store import Store
from siteroot.workflows.clock import SystemClock

_THREADS = 4


class Silent:
    """Hears what is reported, and tells nobody."""

    def report(self, event: object) -> None:
        """Say nothing."""


def main() -> int:
    """Read them; 1 where any is refused."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("locks", nargs="+", type=Path, metavar="LOCK")
    parser.add_argument("--all", action="store_true", help="every wheel of each distribution")
    parser.add_argument("--seconds", type=float, default=300.0, help="begin none after so long")
    said = parser.parse_args()
    pins = sorted(
        named_wheels(said.locks, every=said.all).values(),
        key=lambda pin: pin.artifact.file.size or 0,
    )
    print(f"{len(pins)} wheels of {len(said.locks)} locks", flush=True)
    end = time.monotonic() + said.seconds
    read, refused, absent = 0, 0, 0
    with (
        tempfile.TemporaryDirectory() as folder,
        Fetcher(FetchOptions(retries=1), clock=SystemClock(), reporter=Silent()) as fetcher,
        ThreadPoolExecutor(_THREADS) as threads,
    ):
        store = Store(
            f"{folder}/cache", temporary=f"{folder}/spare", clock=SystemClock(), reporter=Silent()
        )
        store.prepare()
        for fault in threads.map(lambda pin: judge(pin, store, fetcher, folder, end), pins):
            if fault is None:
                continue
            read += 1
            if isinstance(fault, SourceError):
                absent += 1
                print(f"not had: {fault}", flush=True)
            elif isinstance(fault, SiterootError):
                refused += 1
                print(f"refused: {fault}", flush=True)
    print(f"{read - absent} read, {refused} refused, {absent} not had, {len(pins) - read} left")
    return 1 if refused else 0


def named_wheels(locks: Iterable[Path], *, every: bool) -> dict[str, WheelPin]:
    """Return the wheels with an http URL that the locks name, by that URL."""
    found: dict[str, WheelPin] = {}
    for lock in locks:
        for package in parse_uv_lock(lock.read_bytes(), str(lock)).packages:
            files = sorted(_on_servers(package), key=lambda file: file.size or 0)
            for file in files if every else files[:1]:
                found[file.location] = WheelPin(
                    name=package.name,
                    version=package.version or Version("0"),
                    source=package.source,
                    artifact=WheelArtifact(file=file, location=file.location),
                    direct=False,
                )
    return found


def _on_servers(package: LockedPackage) -> Iterator[LockedFile]:
    return (file for file in package.wheels if file.location.startswith(("https:", "http:")))


def judge(
    pin: WheelPin, store: Store, fetcher: Fetcher, folder: str, end: float
) -> SiterootError | bool | None:
    """Return what is in the way of a wheel, True where nothing is, None where the time is over."""
    if time.monotonic() > end:
        return None
    file = pin.artifact.file
    request = FetchRequest(
        name=pin.name,
        version=str(pin.version),
        location=file.location,
        digests=file.digests,
        size=file.size,
    )
    with tempfile.TemporaryDirectory(dir=folder) as place:
        archive = f"{place}/archive"
        try:
            fetched = fetcher.fetch(request, archive)
            wheel = store.admit(archive, pin, sha256=fetched.sha256)
        except SiterootError as error:
            return error
    store.discard(wheel)
    return True


if __name__ == "__main__":
    sys.exit(main())
