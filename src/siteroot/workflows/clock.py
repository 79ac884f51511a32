"""The machine's own time: the real adapter of `ports.Clock`."""

import time


class SystemClock:
    """Time as the operating system tells it."""

    __slots__ = ()

    def monotonic(self) -> float:
        """Return seconds since some moment."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait that long."""
        time.sleep(seconds)
