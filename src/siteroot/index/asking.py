"""One thing that is asked for over HTTP: redirected, logged in, refused in words. What comes is the caller's."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from siteroot.errors import SourceError
from siteroot.model.event import Note
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
from .retry import Answered, Broken, Outcome
from .transport import Answer, Transport

#: Answers after which another login is tried; some indexes hide what is private behind a 404 (as uv does).
_REFUSALS = frozenset({401, 403, 404})

#: Seconds between two looks at whether to stop.
_NAP = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """What all downloads share. `stopped` says whether they shall break off."""

    options: FetchOptions
    transport: Transport
    credentials: Credentials
    clock: Clock
    reporter: Reporter
    stopped: Callable[[], bool]


class Asking:
    """Requests for one address. `label` is what messages call that which is asked for."""

    def __init__(self, wire: Wire, label: str, address: Address) -> None:
        self._wire = wire
        self._label = label
        self._address = address
        self._asked = address  # after redirects
        self._sent = ""  # where the login that was sent last comes from

    def open(self, headers: Mapping[str, str]) -> Answer:
        """Return the answer that redirects lead to. Raises TransportError, RedirectError, RefusedError."""
        address = self._address
        passed: set[str] = set()
        while True:
            self.heed_stop()
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
                self.tell(f"the server answered {answer.status}; trying {login.source}", depth=2)

    def explain(self, status: int, headers: Mapping[str, str]) -> Outcome:
        """Return an answer that may pass as an outcome. Raises the error of one that will not."""
        answered = Answered(status, headers.get("retry-after"), headers.get("date"))
        if status in {404, 410}:
            raise NotFoundError(
                f"{self._label} is not there: {answered.what}",
                where=self.shown,
                hints=(
                    "If the file was taken away, lock again, or ask for another one.",
                    *self._login_hint(),
                ),
            )
        if status in {401, 403}:
            sent = (
                f" with the credentials of {self._sent}" if self._sent else " without credentials"
            )
            raise RefusedError(
                f"{self._label} is refused{sent}: {answered.what}; credentials were looked for in "
                f"{self._wire.credentials.describe(self._asked)}",
                where=self.shown,
                hints=(
                    "Name the index and set UV_INDEX_<NAME>_USERNAME and UV_INDEX_<NAME>_PASSWORD.",
                ),
            )
        if status < 400:
            raise UnexpectedAnswerError(
                f"{self._label} could not be fetched: {answered.what}, which is not the file",
                where=self.shown,
            )
        return answered

    def _login_hint(self) -> tuple[str, ...]:
        if self._sent:
            return ()
        return ("Some indexes answer so to who is not logged in.",)

    def failure(self, outcome: Outcome, tries: int, came: str = "") -> SourceError:
        """Return the error of an outcome that is not tried again; `came` says what there is so far."""
        times = "once" if tries == 1 else f"{tries} times"
        hints = []
        match outcome:
            case Broken(hint=str(hint)):
                hints.append(hint)
            case Answered(retry_after=str(asked)):
                hints.append(f"The server asks to come back later (Retry-After: {asked[:40]!r}).")
            case Broken() | Answered():
                pass
        return UnreachableError(
            f"{self._label} could not be fetched: {outcome.what}; tried {times}{came}",
            where=self.shown,
            hints=(*hints, "UV_HTTP_RETRIES sets how often it is tried again.")
            if tries > 1
            else tuple(hints),
        )

    @property
    def url(self) -> str:
        """Where it was asked last, after redirects, without credentials."""
        return self._asked.url

    @property
    def shown(self) -> str:
        """Where it was asked, in words."""
        if self._asked.url == self._address.url:
            return self._address.shown
        return f"{self._address.shown} (redirected to {self._asked.shown})"

    def tell(self, text: str, depth: int = 1) -> None:
        """Report a note."""
        self._wire.reporter.report(Note(f"{self._label}: {text}", depth))

    def sleep(self, seconds: float) -> None:
        """Wait that long. Raises StoppedError where it shall break off meanwhile."""
        end = self._wire.clock.monotonic() + seconds
        while (left := end - self._wire.clock.monotonic()) > 0:
            self.heed_stop()
            self._wire.clock.sleep(min(left, _NAP))

    def heed_stop(self) -> None:
        """Raise StoppedError where it shall break off."""
        if self._wire.stopped():
            raise StoppedError
