"""Brings files, from the network or a disk, into files of the caller's; they are checked while they come."""

import threading
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Generic, Self, TypeVar

from siteroot.fs import DISK, LIMITS, Writer, open_plain
from siteroot.model.digest import Digest
from siteroot.model.event import FetchFinished, FetchStarted, TimePassed
from siteroot.model.file_url import unquoted_path
from siteroot.model.value import dataclass, field
from siteroot.ports import Clock, Reporter

from .address import UnusableUrlError, show_url, split_url
from .failures import NotFoundError, OfflineError, StoppedError, UnreachableError
from .options import FetchOptions

if TYPE_CHECKING:
    from .exchange import BodyRequest, Received
    from .network import Network
    from .sink import Sink

T = TypeVar("T")

_BLOCK = 1 << 20

_NAMED = 10  # files in a message

#: Seconds between two signs of life while files are awaited.
_TICK = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchRequest:
    """A file that is wanted. `location` is an absolute http, https or file URL, or an absolute path.

    It may hold credentials, so that it is not part of the repr. `size` and every one of `digests` are checked.
    """

    name: str
    version: str
    location: str = field(repr=False)
    digests: tuple[Digest, ...]
    size: int | None

    @property
    def label(self) -> str:
        """What messages call it: by its name alone where a URL names it."""
        return f"{self.name}=={self.version}" if self.version else self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A file that came, whole and right. `sha256` is hexadecimal, computed whatever the lock names."""

    sha256: str
    size: int


class Fetching:
    """One request in the hands of one of `fetch_many`'s workers."""

    __slots__ = ("_fetcher", "_stop", "begun", "request")

    def __init__(self, fetcher: "Fetcher", request: FetchRequest, stop: threading.Event) -> None:
        self.request = request
        self.begun = False
        self._fetcher = fetcher
        self._stop = stop

    def into(self, destination: str) -> Fetched:
        """Fetch the file into a path, as `Fetcher.fetch` does."""
        self.begun = True
        return self._fetcher._fetch(self.request, destination, self._stop)  # noqa: SLF001 - one class in two

    @property
    def stopped(self) -> bool:
        """Whether another request failed, so that a worker who waits for anything need wait no longer."""
        return self._stop.is_set()


class Fetcher:
    """Fetches files. Safe for many threads; holds connections until it is closed (it is a context manager).

    Nothing that costs time, neither urllib3 nor the certificates, is loaded before the first http request.
    """

    def __init__(
        self, options: FetchOptions, *, clock: Clock, reporter: Reporter, writer: Writer = DISK
    ) -> None:
        self._options = options
        self._clock = clock
        self._reporter = reporter
        self._writer = writer
        self._network: Network | None = None
        self._lock = threading.Lock()
        self._halted = threading.Event()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def fetch(self, request: FetchRequest, destination: str) -> Fetched:
        """Fetch a file into the path `destination`, in place of what stands there; its folder has to be there.

        Raises SourceError (`failures`, RedirectError, UnusableUrlError), IntegrityError (WrongSizeError,
        WrongDigestError, UnknownDigestError), UnwritableError, or UsageError where a proxy or a certificate
        cannot be used; then there is no file.
        """
        failed = True
        try:
            fetched = self._fetch(request, destination, threading.Event())
            failed = False
        finally:
            self._reporter.report(FetchFinished(name=request.name, failed=failed))
        return fetched

    def fetch_many(
        self, requests: Sequence[FetchRequest], work: Callable[[Fetching], T]
    ) -> list[T]:
        """Return what `work` makes of each request, in their order, many at once and the largest first.

        `work` runs in a thread of ours; it calls `into` where the file is still lacking, and does with it what is to
        be done, so that unpacking one file overlaps with fetching another. The first error stops all others, and is
        raised when every thread has ended; so does KeyboardInterrupt.
        """
        if self._options.offline:
            far = [request for request in requests if _local_path(request) is None]
            if far:
                raise _offline_error(far)
        crew = _Crew(self, requests, work, self._reporter)
        crew.run(max(1, self._options.concurrent_downloads), self._cut)
        return crew.results()

    def receive(self, request: "BodyRequest") -> "Received":
        """Return the answer to a request for an http(s) URL, in memory. `cut` breaks it off.

        Raises SourceError, and UsageError where a proxy or a certificate cannot be used.
        """
        if self._options.offline:
            raise OfflineError(
                f"{request.label} is not in the cache, and the network is not to be used",
                where=show_url(request.location),
                hints=("Leave out `--offline` (UV_OFFLINE) once, then it stays in the cache.",),
            )
        halted = self._halted  # before the network: whoever gets one that is cut then hears of it
        return self._connect().receive(request, halted.is_set)

    def cut(self) -> None:
        """Break off all that waits for a server now, in any thread; what is asked for later finds new connections."""
        network = self._disconnect()
        self._halted.set()
        self._halted = threading.Event()
        if network is not None:
            network.cut()

    def close(self) -> None:
        """Close all connections; the next fetch opens new ones."""
        network = self._disconnect()
        if network is not None:
            network.close()

    def _fetch(self, request: FetchRequest, destination: str, stop: threading.Event) -> Fetched:
        path = _local_path(request)
        if path is None and self._options.offline:
            raise _offline_error((request,))
        host = None if path is not None else split_url(request.location).hostname
        self._reporter.report(
            FetchStarted(name=request.name, version=request.version, size=request.size, host=host)
        )
        from .sink import Sink  # noqa: PLC0415 - hashlib, 3 ms, where something is fetched

        with Sink(
            destination,
            digests=request.digests,
            size=request.size,
            label=request.label,
            shown=show_url(request.location),
            writer=self._writer,
        ) as sink:
            if path is None:
                self._connect().download(
                    request.label, request.name, request.location, sink, stop.is_set
                )
            else:
                _copy(request, path, sink)
                if (fault := sink.mismatch()) is not None:
                    raise fault
            return Fetched(sha256=sink.sha256, size=sink.received)

    def _connect(self) -> "Network":
        """Return the network, made at the first need."""
        from .network import Network  # noqa: PLC0415 - urllib3 and ssl cost 100 ms, and most syncs fetch nothing

        with self._lock:
            if self._network is None:
                self._network = Network(self._options, self._clock, self._reporter)
            return self._network

    def _cut(self) -> None:
        """Break all connections, so that no thread waits for a server."""
        network = self._disconnect()
        if network is not None:
            network.cut()

    def _disconnect(self) -> "Network | None":
        """Return the connections that there are; what is asked for later finds new ones."""
        with self._lock:
            network, self._network = self._network, None
        return network


class _Server(threading.Thread):
    """A thread that tells when it has ended: an interrupted `join` of Python 3.11 takes one that lives for ended."""

    def __init__(self, work: Callable[[], None], name: str) -> None:
        super().__init__(name=name, daemon=True)
        self._work = work
        self.ended = threading.Event()

    def run(self) -> None:
        """Do the work."""
        try:
            self._work()
        finally:
            self.ended.set()

    def settle(self) -> None:
        """Wait for its end, if it was started."""
        if self.ident is not None:
            self.ended.wait()
            self.join()


class _Crew(Generic[T]):
    """Threads that work off requests, largest first, until one fails."""

    def __init__(
        self,
        fetcher: Fetcher,
        requests: Sequence[FetchRequest],
        work: Callable[[Fetching], T],
        reporter: Reporter,
    ) -> None:
        self._fetcher = fetcher
        self._requests = requests
        self._work = work
        self._reporter = reporter
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._results: dict[int, T] = {}
        self._failure: BaseException | None = None
        # one without a size may be large
        self._waiting = iter(
            sorted(range(len(requests)), key=lambda place: -(requests[place].size or 1 << 62))
        )

    def run(self, width: int, cut: Callable[[], None]) -> None:
        """Do all the work with at most `width` threads; `cut` breaks their connections when one fails."""
        servers: list[_Server] = []
        try:
            self._start(servers, width, cut)
            for server in servers:
                while not server.ended.wait(_TICK):
                    self._reporter.report(TimePassed())
        except BaseException:
            self._stop.set()
            cut()
            raise
        finally:
            for server in servers:
                server.settle()

    def _start(self, servers: list["_Server"], width: int, cut: Callable[[], None]) -> None:
        """Start the threads, as many as may be; without any this one does the work."""
        try:
            for number in range(min(width, len(self._requests))):
                server = _Server(lambda: self._serve(cut), f"fetch-{number}")
                servers.append(server)
                server.start()
        except RuntimeError:  # no more threads are allowed: a container's limit
            servers.pop()
            if not servers:
                self._serve(cut)

    def results(self) -> list[T]:
        """Return what came of all requests, in their order. Raises the first error."""
        if self._failure is not None:
            raise self._failure
        return [self._results[place] for place in range(len(self._requests))]

    def _serve(self, cut: Callable[[], None]) -> None:
        """Work until nothing is left, or one fails."""
        try:
            while not self._stop.is_set():
                with self._lock:
                    place = next(self._waiting, None)
                if place is None:
                    return
                self._results[place] = self._do(
                    Fetching(self._fetcher, self._requests[place], self._stop)
                )
        except StoppedError:
            return
        except BaseException as error:  # noqa: BLE001 - it is raised in the thread that asked
            with self._lock:
                self._failure = self._failure or error
            self._stop.set()
            cut()

    def _do(self, fetching: Fetching) -> T:
        failed = True
        try:
            result = self._work(fetching)
            failed = False
        finally:
            if fetching.begun:
                self._reporter.report(FetchFinished(name=fetching.request.name, failed=failed))
        return result


def _offline_error(requests: Sequence[FetchRequest]) -> OfflineError:
    """Return the error that names all files which only the network has."""
    names = ", ".join(request.label for request in requests[:_NAMED])
    more = f" and {len(requests) - _NAMED} more" if len(requests) > _NAMED else ""
    verb = "is" if len(requests) == 1 else "are"
    return OfflineError(
        f"{names}{more} {verb} not in the cache, and the network is not to be used",
        where=show_url(requests[0].location) if len(requests) == 1 else None,
        hints=(
            "Leave out `--offline` (UV_OFFLINE) once: what is fetched then stays in the cache.",
        ),
    )


def _local_path(request: FetchRequest) -> str | None:
    """Return the path of a file on this machine, None for one on a server. Raises UnusableUrlError."""
    if request.location.startswith("/"):
        return request.location
    parts = split_url(request.location)
    if parts.scheme.lower() != "file":
        return None
    if parts.netloc not in {"", "localhost"}:
        raise UnusableUrlError(
            "a file URL names another host, and only files of this machine can be read",
            where=show_url(request.location),
        )
    return unquoted_path(parts.path)


def _copy(request: FetchRequest, path: str, sink: "Sink") -> None:
    """Read a file of this machine into the sink. Raises NotFoundError, UnreachableError, IntegrityError."""
    try:
        with open(open_plain(path), "rb", buffering=0) as source:
            while chunk := source.read(_BLOCK):
                sink.write(chunk)
    except (FileNotFoundError, NotADirectoryError):
        raise NotFoundError(f"{request.label} is not there: no such file", where=path) from None
    except (OSError, ValueError) as error:
        if isinstance(error, OSError) and error.errno in LIMITS:
            raise  # the process has come to a limit of its own
        reason = getattr(error, "strerror", None) or "the path holds what no path may"
        if isinstance(error, IsADirectoryError):
            reason = "it is a folder, and no file"
        raise UnreachableError(f"{request.label} cannot be read: {reason}", where=path) from None
