"""A request whose answer is taken into memory, and that answer, as values: without the network they cost nothing."""

from collections.abc import Mapping

from siteroot.model.value import dataclass, field

#: How long a body may be, in bytes; the largest page of the public index has less than half of it.
MOST = 64 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyRequest:
    """What is asked for. `label` is what messages call it, `wanted` are the statuses that are an answer to the caller.

    Any other status is a fault, tried again where that may help. The body of those in `unread` is not taken: it may be
    a whole wheel. Header names are in lower case.
    """

    label: str
    location: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    wanted: frozenset[int] = frozenset({200})
    unread: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """An answer, its body whole and decoded. `url` is where it came from after redirects, without credentials."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str
