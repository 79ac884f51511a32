"""When it is worth trying again, and after how long. Pure decisions about one outcome of one attempt."""

from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http import HTTPStatus

#: The longest wait that a server's Retry-After is granted, in seconds; one who asks for more is given up.
LONGEST_ASKED = 120.0

#: The first wait of our own, doubled with each attempt up to the longest, in seconds.
FIRST_WAIT = 0.5
LONGEST_WAIT = 20.0

#: 5xx answers that say "never", not "not now".
_LASTING = frozenset({501, 505, 506, 508, 510, 511})
_PASSING = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True)
class Broken:
    """No whole answer came. `what` says so in words; `again` whether another attempt may fare better."""

    what: str
    again: bool = True
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """The server answered with a status that is no success, and maybe said when to come back."""

    status: int
    retry_after: str | None = None
    date: str | None = None

    @property
    def what(self) -> str:
        """The answer in words."""
        try:
            return f"the server answered {self.status} {HTTPStatus(self.status).phrase}"
        except ValueError:
            return f"the server answered {self.status}"


Outcome = Broken | Answered


def retry_after(attempt: int, outcome: Outcome, *, retries: int, draw: float) -> float | None:
    """Return how many seconds to wait before the next attempt, None where another is not worth it.

    `attempt` counts those made in vain, from 1; `draw` is random, from 0 to 1, so that clients do not come back in
    step.
    """
    if attempt > retries:
        return None
    backoff = min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(attempt - 1, 16)) * (0.5 + draw / 2)
    match outcome:
        case Broken(again=again):
            return backoff if again else None
        case Answered(status=status, retry_after=asked, date=date):
            if status not in _PASSING and (not 500 <= status < 600 or status in _LASTING):
                return None
            wait = asked_wait(asked, date)
            if wait is None:
                return backoff
            return max(wait, backoff) if wait <= LONGEST_ASKED else None


def asked_wait(retry_after_header: str | None, date: str | None) -> float | None:
    """Return the seconds that a Retry-After header asks for (RFC 9110, 10.2.3), None where it does not say.

    A moment is measured against the answer's own Date header: the two clocks are then one.
    """
    text = (retry_after_header or "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    moment, now = _moment(text), _moment(date or "")
    return None if moment is None or now is None else max(0.0, moment - now)


def _moment(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError, OSError):
        return None
