"""What the deciding floors need of the world, as they need it (owned here, implemented above).

Each port has one real adapter, one public fake in `tests/support`, and one suite that both pass.
"""

from collections.abc import Sequence
from typing import Protocol

from siteroot.model.event import Event
from siteroot.model.pin import WheelPin
from siteroot.model.wheel import StoredWheel


class ProjectFiles(Protocol):
    """Reads a project's files. Paths are absolute; nothing is written, nothing is cached."""

    def read(self, path: str) -> bytes | None:
        """Return the file's bytes, None where there is no such file.

        Raises ProjectError where it is there and cannot be read.
        """
        ...

    def names(self, folder: str) -> Sequence[str] | None:
        """Return the sorted names in a folder, None where there is no such folder."""
        ...

    def is_folder(self, path: str) -> bool:
        """Whether the path is a folder (links followed)."""
        ...


class WheelSupply(Protocol):
    """Has wheels, or gets them: checked, unpacked, with their manifests."""

    def find(self, pin: WheelPin) -> StoredWheel | None:
        """Return the stored wheel of the pin, None where it would have to be fetched."""
        ...

    def obtain(self, pins: Sequence[WheelPin]) -> Sequence[StoredWheel]:
        """Return the stored wheel of each pin, in their order, fetching what is lacking.

        Waits for the network. Raises SourceError (unreachable, offline) or IntegrityError; then nothing of the
        failed wheel is in the store.
        """
        ...

    def discard(self, wheel: StoredWheel) -> None:
        """Forget a wheel whose stored bytes turned out to be wrong."""
        ...


class Reporter(Protocol):
    """Hears what happens. Called from any thread."""

    def report(self, event: Event) -> None:
        """Take one event."""
        ...


class Clock(Protocol):
    """Time that passes."""

    def monotonic(self) -> float:
        """Return seconds since some moment."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait that long."""
        ...


class Interrupts(Protocol):
    """When a signal that asks the command to end may end it: at once, or where it is looked for."""

    def defer(self) -> None:
        """From here on nothing is interrupted but where `check` is called."""
        ...

    def check(self) -> None:
        """Raise KeyboardInterrupt if a signal has come."""
        ...

    def allow(self) -> None:
        """From here on a signal interrupts at once; raise KeyboardInterrupt if one has come."""
        ...


class Uninterrupted:
    """Nobody interrupts."""

    def defer(self) -> None:
        """Change nothing."""

    def check(self) -> None:
        """Change nothing."""

    def allow(self) -> None:
        """Change nothing."""
