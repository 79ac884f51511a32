"""Public fakes of the small ports: a reporter that remembers, a clock whose sleeps take no time."""

import threading
import time

from siteroot.model.event import Event


class RecordingReporter:
    """Keeps every event, in the order in which they came."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def report(self, event: Event) -> None:
        """Take one event."""
        self.events.append(event)

    def of(self, *kinds: type) -> list[Event]:
        """Return the events of some kinds."""
        return [event for event in self.events if isinstance(event, kinds)]


class InstantClock:
    """A clock that moves on when someone sleeps, and does not wait, unless `waits` says so."""

    def __init__(self, *, waits: bool = False) -> None:
        self.slept = 0.0
        self._waits = waits
        self._lock = threading.Lock()

    def monotonic(self) -> float:
        """Return real time, and what was slept."""
        return time.monotonic() + self.slept

    def sleep(self, seconds: float) -> None:
        """Let that much time be over."""
        if self._waits:
            time.sleep(seconds)
            return
        with self._lock:
            self.slept += seconds
