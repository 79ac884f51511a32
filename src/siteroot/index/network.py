"""All that a download over HTTP needs, put together at the first need."""

from collections.abc import Callable

from siteroot.ports import Clock, Reporter

from .address import parse_address
from .asking import Wire
from .body import receive
from .credentials import Credentials
from .download import Download, Progress
from .exchange import BodyRequest, Received
from .options import FetchOptions
from .sink import Sink
from .transport import Transport


class Network:
    """Connections and credentials, shared by all downloads of one fetcher."""

    def __init__(self, options: FetchOptions, clock: Clock, reporter: Reporter) -> None:
        self._options = options
        self._clock = clock
        self._reporter = reporter
        self._credentials = Credentials(options, reporter)
        self._transport = Transport(options, reporter)

    def download(
        self, label: str, name: str, location: str, sink: Sink, stopped: Callable[[], bool]
    ) -> None:
        """Bring the file at an http(s) URL into the sink. Raises what `Download.run` does, UnusableUrlError."""
        Download(
            self._wire(stopped),
            label=label,
            address=parse_address(location),
            sink=sink,
            progress=Progress(name, self._clock, self._reporter),
        ).run()

    def receive(self, request: BodyRequest, stopped: Callable[[], bool]) -> Received:
        """Return the answer to a request for an http(s) URL. Raises what `receive` does, UnusableUrlError."""
        return receive(self._wire(stopped), request, parse_address(request.location))

    def _wire(self, stopped: Callable[[], bool]) -> Wire:
        return Wire(
            options=self._options,
            transport=self._transport,
            credentials=self._credentials,
            clock=self._clock,
            reporter=self._reporter,
            stopped=stopped,
        )

    def cut(self) -> None:
        """Break all connections, those in use too. Final."""
        self._transport.cut()
        self._transport.close()

    def close(self) -> None:
        """Close all connections that are not in use. Final."""
        self._transport.close()
