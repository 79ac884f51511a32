"""One file over HTTP: asked for, redirected, logged in, resumed and tried again until it is whole and right."""

import random
from collections.abc import Mapping

from siteroot.errors import IntegrityError
from siteroot.model.event import FetchAdvanced
from siteroot.ports import Clock, Reporter

from .address import Address
from .asking import Asking, Wire
from .resume import Part, choose_validator, place_rest, range_headers, read_length
from .retry import Broken, Outcome, retry_after
from .sink import Sink, WrongSizeError
from .transport import Answer, TransportError

#: An attempt that brought this many new bytes was not in vain: the count of retries begins anew.
_PROGRESS = 1 << 18

#: Seconds between two events of one download.
_TOLD_EVERY = 0.05


class Progress:
    """Tells how far a download is, not oftener than anyone can see, and no byte twice."""

    def __init__(self, name: str, clock: Clock, reporter: Reporter) -> None:
        self._name = name
        self._clock = clock
        self._reporter = reporter
        self._told = 0
        self._moment = clock.monotonic()

    def reach(self, received: int, *, last: bool = False) -> None:
        """Take how many bytes there are now; fewer than before after a new start."""
        now = self._clock.monotonic()
        if received > self._told and (last or now - self._moment >= _TOLD_EVERY):
            self._reporter.report(FetchAdvanced(name=self._name, count=received - self._told))
            self._told, self._moment = received, now


class Download:
    """A file on its way from an address into a sink. Made for one run."""

    def __init__(
        self, wire: Wire, *, label: str, address: Address, sink: Sink, progress: Progress
    ) -> None:
        self._asking = Asking(wire, label, address)
        self._options = wire.options
        self._label = label
        self._size = sink.size
        self._sink = sink
        self._progress = progress
        self._validator = ""
        self._joined = False  # the bytes in the sink came in several answers
        self._resumes = True

    def run(self) -> None:
        """Fill the sink. Raises SourceError, IntegrityError or StoreError, StoppedError where it shall break off."""
        tries, vain, reached = 0, 0, 0
        while True:
            tries += 1
            try:
                outcome = self._attempt()
            except TransportError as error:
                outcome = error.outcome
            self._asking.heed_stop()
            if outcome is None:
                return
            vain = 1 if self._sink.received - reached >= _PROGRESS else vain + 1
            reached = max(reached, self._sink.received)
            retries = self._options.retries
            wait = retry_after(vain, outcome, retries=retries, draw=random.random())  # noqa: S311
            if wait is None:
                raise self._asking.failure(outcome, tries, self._came())
            self._asking.tell(f"{outcome.what}; trying again in {wait:.1f} s ({vain} of {retries})")
            self._asking.sleep(wait)

    def _attempt(self) -> Outcome | None:
        """Ask once; return None when the file is whole and right, else what came in between."""
        part = Part(
            received=self._sink.received, validator=self._validator if self._resumes else ""
        )
        with self._asking.open(range_headers(part)) as answer:
            match answer.status:
                case 200 | 203:
                    self._begin(answer.headers)
                case 206 if part.resumable and place_rest(part, answer.headers, size=self._size):
                    self._joined = True
                case 206 | 416 if part.resumable:
                    return self._start_over("the server sent another part than was asked for")
                case status:
                    return self._asking.explain(status, answer.headers)
            return self._receive(answer)

    def _receive(self, answer: Answer) -> Outcome | None:
        """Take the body, then judge the whole."""
        try:
            for chunk in answer.chunks():
                self._asking.heed_stop()
                self._sink.write(chunk)
                self._progress.reach(self._sink.received)
            fault = self._sink.mismatch()
        except WrongSizeError as error:
            fault = error
        self._progress.reach(self._sink.received, last=True)
        if fault is None:
            return None
        if self._is_short() and (answer.status == 206 or not _is_framed(answer.headers)):
            return Broken("the answer ended too early")
        if self._joined:
            # what came in pieces proves nothing about the file: a server may join them wrongly
            return self._start_over("the parts that the server sent do not make the file")
        raise _doubt(fault, answer.headers)

    def _begin(self, headers: Mapping[str, str]) -> None:
        """Make ready for a whole file. Raises WrongSizeError where its length is another than the lock's."""
        if self._sink.received:
            self._sink.restart()
        self._joined = False
        self._validator = choose_validator(headers)
        length = read_length(headers)
        if None not in {length, self._size} and length != self._size:
            raise _doubt(self._sink.wrong_size(f"{length} bytes"), headers)

    def _start_over(self, what: str) -> Broken:
        self._sink.restart()
        self._joined = self._resumes = False
        return Broken(what)

    def _is_short(self) -> bool:
        return self._size is not None and self._sink.received < self._size

    def _came(self) -> str:
        received, size = self._sink.received, self._size
        return f", and {received:,} of {size:,} bytes came" if received and size is not None else ""


def _is_framed(headers: Mapping[str, str]) -> bool:
    """Whether an answer says where it ends, so that it cannot break off unseen."""
    return "content-length" in headers or "chunked" in headers.get("transfer-encoding", "").lower()


def _doubt(error: IntegrityError, headers: Mapping[str, str]) -> IntegrityError:
    """Return the error with what the answer's headers say of its cause."""
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    encoding = headers.get("content-encoding", "").strip().lower()
    hints = list(error.hints)
    if kind.startswith("text/"):
        hints.append(f"The server sent it as {kind}: it may be a login or an error page.")
    if encoding not in {"", "identity"}:
        hints.append(f"The server sent it encoded ({encoding[:40]}) although asked not to.")
    return type(error)(error.message, where=error.where, hints=tuple(hints))
