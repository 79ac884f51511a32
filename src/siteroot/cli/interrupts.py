"""Signals that end a command: the first one undoes what is at work, and no later one cuts that short.

SIGINT (Ctrl-C), SIGTERM and SIGHUP (the terminal is gone) are heard alike, unless whoever started this process ignores
them. While a root is held they strike only where the work looks for them (`ports.Interrupts`): an exception that comes
out of nowhere would come between a lock and what gives it back. What became of the root stands in the notes of the
exception (PEP 678).
"""

import signal
import sys

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
    """Hears the signals of one command, and tells of them on its stderr, or through `say` where something is drawn there."""

    def __init__(self, stream: "TextIO") -> None:
        self._stream = stream
        self.say = self._write
        self._count = 0
        self._pending = 0
        self._deferred = False

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
            if not self._deferred:
                self.check()
        elif self._count == 2:
            try:
                self.say("Ending as soon as the root is whole")
            except (OSError, RuntimeError, ValueError):
                return  # nobody listens, or this came in the middle of another line

    def _write(self, line: str) -> None:
        self._stream.write(f"{line}\n")
        self._stream.flush()

    def _keep(self, lost: "sys.UnraisableHookArgs") -> None:
        """Keep an interruption that struck where Python drops exceptions (in a destructor, say) for the next look."""
        if isinstance(lost.exc_value, Interruption):
            self._pending = lost.exc_value.number
        else:
            sys.__unraisablehook__(lost)
