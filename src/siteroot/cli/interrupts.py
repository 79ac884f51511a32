"""Signals that end a command: the first one undoes what is at work, and no later one cuts that short.

SIGINT (Ctrl-C), SIGTERM and SIGHUP (the terminal is gone) are heard alike, unless whoever started this process ignores
them. While a root is held they strike only where the work looks for them (`ports.Interrupts`): an exception that comes
out of nowhere would come between a lock and what gives it back. What became of the root stands in the notes of the
exception (PEP 678).
"""

import os
import signal
import sys

from .lines import ERASE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import TextIO

_DEFAULTS = (signal.SIG_DFL, signal.default_int_handler)


class Interruption(KeyboardInterrupt):
    """A signal asked the command to end."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


class SignalInterrupts:
    """Hears the signals of one command, and tells of them on its stderr, or through `say` where more is drawn there.

    `drawn`: whether the starter's one line may stand there.
    """

    def __init__(self, stream: "TextIO", *, drawn: bool = False) -> None:
        self._stream, self._drawn = stream, drawn
        self._process = os.getpid()
        self.say = self._write
        self._count = 0
        self._pending = 0
        self._deferred = self._told = False

    def heed(self) -> None:
        """Hear them from now on."""
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)  # Windows has no SIGHUP
            if number is not None and signal.getsignal(number) in _DEFAULTS:
                signal.signal(number, self._hear)
        sys.unraisablehook = self._keep

    def defer(self) -> None:
        """From here on nothing is interrupted but where `check` is called."""
        self._deferred = True

    def check(self) -> None:
        """Raise Interruption if a signal has come."""
        if self._pending:
            number, self._pending = self._pending, 0
            raise Interruption(number)

    def allow(self) -> None:
        """From here on a signal interrupts at once; raise Interruption if one has come."""
        self._deferred = False
        self.check()

    def _hear(self, number: int, _frame: "FrameType | None") -> None:
        self._count += 1
        if self._count == 1:
            self._pending = number
        if not self._told and (self._deferred or self._count > 1) and os.getpid() == self._process:
            self._told = True  # and not by each forked helper, which the terminal signals too
            try:
                end = "the root is whole" if self._deferred else "what was begun is put away"
                self.say(f"Ending as soon as {end}")
            except (OSError, RuntimeError, ValueError):
                self._told = False  # nobody listens, or this came in the middle of another line
        if self._count == 1 and not self._deferred:
            self.check()

    def _write(self, line: str) -> None:
        self._stream.write(f"{ERASE if self._drawn else ''}{line}\n")
        self._stream.flush()

    def _keep(self, lost: "sys.UnraisableHookArgs") -> None:
        """Keep an interruption that struck where Python drops exceptions (in a destructor, say) for the next look."""
        if isinstance(lost.exc_value, Interruption):
            self._pending = lost.exc_value.number
        else:
            sys.__unraisablehook__(lost)
