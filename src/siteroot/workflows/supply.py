"""Wheels from the store, and into it from where the lock says that they are: the real adapter of `ports.WheelSupply`."""

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from siteroot.model.event import PreparedWheels, PreparingStarted
from siteroot.model.outcome import Effort
from siteroot.model.pin import PinnedFile, WheelPin
from siteroot.model.settings import IndexSetting, Settings
from siteroot.model.surroundings import Surroundings
from siteroot.model.value import dataclass
from siteroot.model.wheel import StoredWheel
from siteroot.ports import Clock, Reporter
from siteroot.store.store import Store

if TYPE_CHECKING:
    from siteroot.index.fetch import Fetcher, Fetching
    from siteroot.index.options import FetchOptions
    from siteroot.store.crew import Crew


#: Below so many bytes to fetch, starting processes that unpack takes longer than they save.
_WORTH_A_FORK = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """Which stored wheels are taken as they are, and whose RECORD may be wrong. Names are normalised."""

    refresh: bool
    refresh_names: frozenset[str]
    tolerate_record: frozenset[str]

    def refreshes(self, pin: WheelPin) -> bool:
        """Whether a stored wheel is to be fetched once more.

        A file that the lock knows by a strong digest cannot have become another one: it is not fetched again.
        """
        if any(digest.strong for digest in pin.artifact.file.digests):
            return False
        return self.refresh or pin.name in self.refresh_names


@dataclass(frozen=True, slots=True, kw_only=True)
class _Received:
    """An archive that was fetched, whose size and digests are right."""

    pin: WheelPin
    archive: str
    sha256: str


#: Says where each of some files is to be fetched from.
Locate = Callable[[Sequence[PinnedFile]], Sequence[str]]


def locate_as_locked(files: Sequence[PinnedFile]) -> Sequence[str]:
    """Return where the lock says that the files are."""
    return [pinned.location for pinned in files]


class StoreSupply:
    """Finds wheels in a store and fetches those that it lacks, many at once.

    `open_fetcher` is called when something has to be fetched, and no earlier: a fetcher takes 6 ms to be loaded.
    """

    def __init__(
        self,
        store: Store,
        open_fetcher: "Callable[[], Fetcher]",
        trust: Trust,
        *,
        reporter: Reporter,
        clock: Clock,
        locate: Locate = locate_as_locked,
    ) -> None:
        self.locate = locate
        self._store = store
        self._open_fetcher = open_fetcher
        self._trust = trust
        self._reporter = reporter
        self._clock = clock
        self._refreshed: set[str] = set()
        self.downloaded = Effort(count=0, size=0, seconds=0.0)

    def find(self, pin: WheelPin) -> StoredWheel | None:
        """Return the stored wheel of the pin, None where it would have to be fetched."""
        if self._trust.refreshes(pin) and pin.name not in self._refreshed:
            return None
        return self._store.find(pin, tolerate_record=pin.name in self._trust.tolerate_record)

    def obtain(self, pins: Sequence[WheelPin]) -> Sequence[StoredWheel]:
        """Return the stored wheel of each pin, in their order, fetching what is lacking."""
        wheels = {pin.name: self.find(pin) for pin in pins}
        lacking = [pin for pin in pins if wheels[pin.name] is None]
        if lacking:
            wheels.update(zip([pin.name for pin in lacking], self._fetch(lacking), strict=True))
        return [wheel for pin in pins if (wheel := wheels[pin.name]) is not None]

    def discard(self, wheel: StoredWheel) -> None:
        """Forget a wheel whose stored bytes turned out to be wrong."""
        self._store.discard(wheel)

    def _fetch(self, pins: Sequence[WheelPin]) -> list[StoredWheel]:
        from siteroot.index.fetch import FetchRequest  # noqa: PLC0415 - only where something is fetched
        from siteroot.store.crew import Crew, processors, spare_pages  # noqa: PLC0415

        began = self._clock.monotonic()
        by_label = {f"{pin.name}=={pin.version}": pin for pin in pins}
        requests = [
            FetchRequest(
                name=pin.name,
                version=str(pin.version),
                location=location,
                digests=pin.artifact.file.digests,
                size=pin.artifact.file.size,
            )
            for pin, location in zip(pins, self._located(pins), strict=True)
        ]
        total = sum(request.size or 0 for request in requests)
        self._reporter.report(PreparingStarted(count=len(pins), size=total))
        self._store.prepare()
        spare_pages()
        worth = sum(request.size or _WORTH_A_FORK for request in requests) >= _WORTH_A_FORK
        width = min(processors(), len(pins)) if worth and processors() > 1 else 0
        with Crew(self._admit, width) as crew:
            brought = self._open_fetcher().fetch_many(
                requests,
                lambda fetching: self._bring(by_label[fetching.request.label], fetching, crew),
            )
        fetched = [size for _, size in brought if size is not None]
        seconds = self._clock.monotonic() - began
        self._reporter.report(PreparedWheels(count=len(pins), size=sum(fetched), seconds=seconds))
        before = self.downloaded
        self.downloaded = Effort(
            count=before.count + len(fetched),
            size=before.size + sum(fetched),
            seconds=before.seconds + seconds,
        )
        return [wheel for wheel, _ in brought]

    def _located(self, pins: Sequence[WheelPin]) -> Sequence[str]:
        return self.locate(
            [
                PinnedFile(
                    name=pin.name,
                    source=pin.source,
                    file=pin.artifact.file,
                    location=pin.artifact.location,
                )
                for pin in pins
            ]
        )

    def _admit(self, received: "_Received") -> StoredWheel:
        """Check and unpack what came. Runs in a process of the crew."""
        return self._store.admit(
            received.archive,
            received.pin,
            sha256=received.sha256,
            tolerate_record=received.pin.name in self._trust.tolerate_record,
        )

    def _bring(
        self, pin: WheelPin, fetching: "Fetching", crew: "Crew[_Received, StoredWheel]"
    ) -> tuple[StoredWheel, int | None]:
        """Bring one wheel into the store, unless another process did meanwhile. Runs in a worker thread."""
        tolerate = pin.name in self._trust.tolerate_record
        refresh = self._trust.refreshes(pin) and pin.name not in self._refreshed
        with self._store.reserve(
            pin, tolerate_record=tolerate, stopped=lambda: fetching.stopped, look=not refresh
        ) as reservation:
            if reservation.wheel is not None:
                return reservation.wheel, None
            fetched = fetching.into(reservation.archive)
            received = _Received(pin=pin, archive=reservation.archive, sha256=fetched.sha256)
            wheel = crew.call(received)
        self._refreshed.add(pin.name)
        return wheel, fetched.size


#: No wait is longer, in seconds: 30 years, and what every system can count.
_LONGEST_WAIT = 1e9


def fetch_options(settings: Settings, surroundings: Surroundings) -> "FetchOptions":
    """Return how files are fetched, from settings and the environment."""
    from siteroot.index.hosts import read_proxies  # noqa: PLC0415 - only where something is fetched
    from siteroot.index.options import FetchOptions  # noqa: PLC0415

    variables = surroundings.environ
    netrc = variables.get("NETRC") or (
        None if surroundings.home is None else os.path.join(surroundings.home, ".netrc")
    )
    defaults = FetchOptions()
    return FetchOptions(
        offline=bool(settings.offline),
        retries=defaults.retries if settings.http_retries is None else settings.http_retries,
        timeout=min(settings.http_timeout or defaults.timeout, _LONGEST_WAIT),
        connect_timeout=min(
            settings.http_connect_timeout or defaults.connect_timeout, _LONGEST_WAIT
        ),
        concurrent_downloads=settings.concurrent_downloads or defaults.concurrent_downloads,
        allow_insecure_hosts=settings.allow_insecure_host,
        system_certs=bool(settings.system_certs),
        proxies=read_proxies(
            variables,
            http=settings.http_proxy,
            https=settings.https_proxy,
            bypass=settings.no_proxy,
        ),
        netrc=netrc,
        variables=variables,
        indexes=(
            *settings.indexes,
            *(IndexSetting(url=mirror.url) for mirror in settings.mirrors),
        ),
        keyring_provider=settings.keyring_provider,
        ssl_cert_file=settings.cert or variables.get("SSL_CERT_FILE"),
        ssl_cert_dir=None if settings.cert else variables.get("SSL_CERT_DIR"),
        ssl_client_cert=variables.get("SSL_CLIENT_CERT"),
    )
