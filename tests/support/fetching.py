"""A fetcher with a remembering reporter and a clock that does not wait, and requests for real files."""

import hashlib
import os
from pathlib import Path

from siteroot.index.fetch import Fetched, Fetcher, FetchRequest
from siteroot.index.options import FetchOptions
from siteroot.model.digest import Digest

from .ports import InstantClock, RecordingReporter


class Desk:
    """Where tests fetch: `folder` takes what comes. With `waits` time is real."""

    def __init__(
        self, folder: Path, options: FetchOptions | None = None, *, waits: bool = False
    ) -> None:
        self.folder = folder
        self.reporter = RecordingReporter()
        self.clock = InstantClock(waits=waits)
        self.fetcher = Fetcher(
            options or FetchOptions(timeout=5, connect_timeout=5),
            clock=self.clock,
            reporter=self.reporter,
        )

    def fetch(self, request: FetchRequest) -> Fetched:
        """Fetch into `landed`, with connections closed afterwards."""
        with self.fetcher:
            return self.fetcher.fetch(request, str(self.landed))

    @property
    def landed(self) -> Path:
        """The file that `fetch` writes."""
        return self.folder / "landed.part"

    @property
    def told(self) -> str:
        """All that was reported, as the most talkative display could show it."""
        return "\n".join(repr(event) for event in self.reporter.events)


def ask_for(location: str, content: bytes | None, *, size: int | None = -1) -> FetchRequest:
    """Return the request for a file with that content; None: of which nothing is known."""
    digests: tuple[Digest, ...] = ()
    if content is not None:
        digests = (Digest("sha256", hashlib.sha256(content).hexdigest()),)
    known = len(content) if content is not None else None
    return FetchRequest(
        name="acme",
        version="1.0",
        location=location,
        digests=digests,
        size=known if size == -1 else size,
    )


def make_file(path: Path, size: int) -> bytes:
    """Write a file of random bytes and return them."""
    content = os.urandom(size)
    path.write_bytes(content)
    return content
