"""An answer over HTTP that is taken into memory: a page, a metadata file, a part of a wheel."""

import random
import zlib

from .address import Address
from .asking import Asking, Wire
from .exchange import MOST, BodyRequest, Received
from .failures import UnexpectedAnswerError
from .retry import Broken, Outcome, retry_after
from .transport import Answer, TransportError

_GZIP = zlib.MAX_WBITS | 16


def receive(wire: Wire, request: BodyRequest, address: Address) -> Received:
    """Return the answer. Raises SourceError, StoppedError where it shall break off."""
    asking = Asking(wire, request.label, address)
    tries = 0
    while True:
        tries += 1
        try:
            outcome = _attempt(asking, request)
        except TransportError as error:
            outcome = error.outcome
        asking.heed_stop()
        if isinstance(outcome, Received):
            return outcome
        wait = retry_after(tries, outcome, retries=wire.options.retries, draw=random.random())  # noqa: S311
        if wait is None:
            raise asking.failure(outcome, tries)
        asking.tell(
            f"{outcome.what}; trying again in {wait:.1f} s ({tries} of {wire.options.retries})"
        )
        asking.sleep(wait)


def _attempt(asking: Asking, request: BodyRequest) -> Received | Outcome:
    with asking.open(request.headers) as answer:
        if answer.status not in request.wanted:
            return asking.explain(answer.status, answer.headers)
        body = b"" if answer.status in request.unread else _read(asking, answer)
        return (
            body
            if isinstance(body, Broken)
            else Received(status=answer.status, headers=answer.headers, body=body, url=asking.url)
        )


def _read(asking: Asking, answer: Answer) -> bytes | Broken:
    parts, size = [], 0
    for chunk in answer.chunks():
        asking.heed_stop()
        parts.append(chunk)
        size += len(chunk)
        if size > MOST:
            raise UnexpectedAnswerError(
                f"the answer is larger than {MOST >> 20} MiB", where=asking.shown
            )
    body = b"".join(parts)
    match answer.headers.get("content-encoding", "").strip().lower():
        case "" | "identity":
            return body
        case "gzip" | "x-gzip":
            return _inflate(asking, body)
        case other:
            raise UnexpectedAnswerError(
                f"the answer is encoded as `{other[:40]}`, which was not asked for",
                where=asking.shown,
            )


def _inflate(asking: Asking, body: bytes) -> bytes | Broken:
    inflater = zlib.decompressobj(_GZIP)
    try:
        content = inflater.decompress(body, MOST)
    except zlib.error:
        return Broken("the answer's gzip is damaged")
    if inflater.unconsumed_tail:
        raise UnexpectedAnswerError(
            f"the answer unpacks to more than {MOST >> 20} MiB", where=asking.shown
        )
    return content if inflater.eof else Broken("the answer's gzip broke off")
