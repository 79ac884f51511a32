"""One file over HTTP: asked for, redirected, logged in, resumed and tried again until it is whole and right."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from siteroot.errors import IntegrityError, SourceError
from siteroot.model.event import FetchAdvanced, Note
from siteroot.ports import Clock, Reporter

from .address import Address
from .credentials import Credentials
from .failures import (
    NotFoundError,
    RefusedError,
    StoppedError,
    UnexpectedAnswerError,
    UnreachableError,
)
from .options import FetchOptions
from .redirect import STATUSES as REDIRECTS
from .redirect import follow_redirect
from .resume import Part, choose_validator, place_rest, range_headers, read_length
from .retry import Answered, Broken, Outcome, retry_after
from .sink import Sink, WrongSizeError
from .transport import Answer, Transport, TransportError

#: Answers after which another login is tried; some indexes hide what is private behind a 404 (as uv does).
_REFUSALS = frozenset({401, 403, 404})

#: An attempt that brought this many new bytes was not in vain: the count of retries begins anew.
_PROGRESS = 1 << 18

#: Seconds between two looks at whether to stop, and between two events of one download.
_NAP = 0.1
_TOLD_EVERY = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """What all downloads share. `stopped` says whether they shall break off."""

    options: FetchOptions
    transport: Transport
    credentials: Credentials
    clock: Clock
    reporter: Reporter
    stopped: Callable[[], bool]


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
        self._wire = wire
        self._label = label
        self._address = address
        self._size = sink.size
        self._sink = sink
        self._progress = progress
        self._validator = ""
        self._joined = False  # the bytes in the sink came in several answers
        self._resumes = True
        self._asked = address  # after redirects
        self._sent = ""  # where the login that was sent last comes from

    def run(self) -> None:
        """Fill the sink. Raises SourceError, IntegrityError or StoreError, StoppedError where it shall break off."""
        tries, vain, reached = 0, 0, 0
        while True:
            tries += 1
            try:
                outcome = self._attempt()
            except TransportError as error:
                outcome = error.outcome
            self._heed_stop()
            if outcome is None:
                return
            vain = 1 if self._sink.received - reached >= _PROGRESS else vain + 1
            reached = max(reached, self._sink.received)
            retries = self._wire.options.retries
            wait = retry_after(vain, outcome, retries=retries, draw=random.random())  # noqa: S311
            if wait is None:
                raise self._failure(outcome, tries)
            self._tell(f"{outcome.what}; trying again in {wait:.1f} s ({vain} of {retries})")
            self._sleep(wait)

    def _attempt(self) -> Outcome | None:
        """Ask once; return None when the file is whole and right, else what came in between."""
        part = Part(
            received=self._sink.received, validator=self._validator if self._resumes else ""
        )
        with self._open(range_headers(part)) as answer:
            match answer.status:
                case 200 | 203:
                    self._begin(answer.headers)
                case 206 if part.resumable and place_rest(part, answer.headers, size=self._size):
                    self._joined = True
                case 206 | 416 if part.resumable:
                    return self._start_over("the server sent another part than was asked for")
                case status:
                    return self._explain(status, answer.headers)
            return self._receive(answer)

    def _receive(self, answer: Answer) -> Outcome | None:
        """Take the body, then judge the whole."""
        try:
            for chunk in answer.chunks():
                self._heed_stop()
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

    def _open(self, headers: Mapping[str, str]) -> Answer:
        """Return the answer that redirects lead to. Raises TransportError, RedirectError, RefusedError."""
        address = self._address
        passed: set[str] = set()
        while True:
            self._heed_stop()
            self._asked = address
            answer = self._ask(address, headers)
            if answer.status not in REDIRECTS:
                return answer
            with answer:
                passed.add(address.url)
                address = follow_redirect(
                    address,
                    answer.headers.get("location", ""),
                    passed=passed,
                    insecure_hosts=self._wire.options.allow_insecure_hosts,
                )

    def _ask(self, address: Address, headers: Mapping[str, str]) -> Answer:
        """Return one server's answer, after the logins that are known for it were tried in turn."""
        credentials = self._wire.credentials
        login = credentials.at_once(address)
        if login is None and (index := credentials.must_authenticate(address)) is not None:
            raise RefusedError(
                f'{self._label} is not asked for: {index} says `authenticate = "always"`, and no '
                f"credentials were found in {credentials.describe(address)}",
                where=address.shown,
            )
        others = credentials.after_refusal(address, login)
        while True:
            sent = {"accept-encoding": "identity", **headers}
            if login is not None:
                sent["authorization"] = login.authorization
            self._sent = login.source if login is not None else ""
            answer = self._wire.transport.open(address, sent)
            if answer.status not in _REFUSALS:
                if login is not None and answer.status < 400:
                    credentials.keep(address, login)
                return answer
            login = next(others, None)
            if login is None:
                return answer
            with answer:
                self._tell(f"the server answered {answer.status}; trying {login.source}", depth=2)

    def _explain(self, status: int, headers: Mapping[str, str]) -> Outcome:
        """Return an answer that may pass as an outcome. Raises the error of one that will not."""
        answered = Answered(status, headers.get("retry-after"), headers.get("date"))
        if status in {404, 410}:
            raise NotFoundError(
                f"{self._label} is not there: {answered.what}",
                where=self._shown(),
                hints=("If the file was taken away, lock again.", *self._login_hint()),
            )
        if status in {401, 403}:
            sent = (
                f" with the credentials of {self._sent}" if self._sent else " without credentials"
            )
            raise RefusedError(
                f"{self._label} is refused{sent}: {answered.what}; credentials were looked for in "
                f"{self._wire.credentials.describe(self._asked)}",
                where=self._shown(),
                hints=(
                    "Name the index and set UV_INDEX_<NAME>_USERNAME and UV_INDEX_<NAME>_PASSWORD.",
                ),
            )
        if status < 400:
            raise UnexpectedAnswerError(
                f"{self._label} could not be fetched: {answered.what}, which is not the file",
                where=self._shown(),
            )
        return answered

    def _login_hint(self) -> tuple[str, ...]:
        if self._sent:
            return ()
        return ("Some indexes answer so to who is not logged in.",)

    def _failure(self, outcome: Outcome, tries: int) -> SourceError:
        times = "once" if tries == 1 else f"{tries} times"
        hints = []
        match outcome:
            case Broken(hint=str(hint)):
                hints.append(hint)
            case Answered(retry_after=str(asked)):
                hints.append(f"The server asks to come back later (Retry-After: {asked[:40]!r}).")
            case Broken() | Answered():
                pass
        received, size = self._sink.received, self._size
        came = f", and {received:,} of {size:,} bytes came" if received and size is not None else ""
        return UnreachableError(
            f"{self._label} could not be fetched: {outcome.what}; tried {times}{came}",
            where=self._shown(),
            hints=(*hints, "UV_HTTP_RETRIES sets how often it is tried again.")
            if tries > 1
            else tuple(hints),
        )

    def _shown(self) -> str:
        if self._asked.url == self._address.url:
            return self._address.shown
        return f"{self._address.shown} (redirected to {self._asked.shown})"

    def _tell(self, text: str, depth: int = 1) -> None:
        self._wire.reporter.report(Note(f"{self._label}: {text}", depth))

    def _sleep(self, seconds: float) -> None:
        end = self._wire.clock.monotonic() + seconds
        while (left := end - self._wire.clock.monotonic()) > 0:
            self._heed_stop()
            self._wire.clock.sleep(min(left, _NAP))

    def _heed_stop(self) -> None:
        if self._wire.stopped():
            raise StoppedError


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
