"""The Reporter that speaks to a person: lines as things happen, and on a terminal a live display.

No thread is ever started here: the live display is drawn by whoever reports, at most ten times a second, so that
nothing has to be stopped before the root's placing forks (ROOT.md 3). While files are placed only one line is drawn,
without any library.
"""

import threading
from collections.abc import Callable
from typing import Protocol, TextIO, assert_never

from siteroot.model.event import (
    BuildFinished,
    BuildStarted,
    CompilingAdvanced,
    CompilingFinished,
    CompilingStarted,
    EnvironmentUsed,
    Event,
    FetchAdvanced,
    FetchFinished,
    FetchStarted,
    Note,
    PlacingAdvanced,
    PlacingFinished,
    PlacingStarted,
    PreparedWheels,
    PreparingStarted,
    Resolved,
    TimePassed,
    Waiting,
    Warned,
)
from siteroot.model.outcome import Effort

from .faults import render_text, render_warning
from .lines import PlacingLine, render_sum
from .output import render_compiled, render_prepared
from .parsing import Presentation
from .terminal import Paint, escape, render_size

#: Downloads from this size on get a line of their own where no display is drawn.
_WORTH_A_LINE = 1024 * 1024


_Counted = (
    CompilingStarted
    | CompilingAdvanced
    | CompilingFinished
    | PlacingStarted
    | PlacingAdvanced
    | PlacingFinished
)


class Display(Protocol):
    """Draws running downloads; above them lines can be said."""

    def expect(self, count: int, size: int | None) -> None:
        """Take note of how much is to come."""
        ...

    def start(self, name: str, size: int | None, host: str | None) -> None:
        """Show a download, and whom it is awaited from."""
        ...

    def advance(self, name: str, count: int) -> None:
        """Show that so many bytes more have come."""
        ...

    def tick(self) -> None:
        """Show that work goes on."""
        ...

    def finish(self, name: str) -> None:
        """Show a download no more."""
        ...

    def say(self, line: str) -> None:
        """Write a line above what is drawn."""
        ...

    def close(self) -> None:
        """Leave no trace."""
        ...


class Teller:
    """Tells a person what happens, on one stream. `open_display` is None where nothing live may be drawn."""

    def __init__(
        self,
        stream: TextIO,
        paint: Paint,
        presentation: Presentation,
        clock: Callable[[], float],
        open_display: Callable[[], Display] | None,
    ) -> None:
        self._stream, self._paint, self._clock = stream, paint, clock
        self._quiet, self._verbose = presentation.quiet, presentation.verbose
        self._open_display = open_display
        self._lock = threading.Lock()
        self._display: Display | None = None
        self._placing: PlacingLine | None = None

    def report(self, event: Event) -> None:
        """Take one event, from any thread."""
        with self._lock:
            self._take(event)

    def say(self, line: str) -> None:
        """Write a line, above what is drawn."""
        with self._lock:
            self._write(line)

    def interject(self, line: str) -> None:
        """Write a line in the middle of whatever is at work, and draw nothing from then on. For a signal's handler."""
        held = self._lock.acquire(timeout=0.1)  # whoever was interrupted here may hold it
        try:
            if held:
                self._close_display()
                self._erase_placing()
                self._open_display = self._placing = None
            self._stream.write(f"{line}\n")
            self._stream.flush()
        finally:
            if held:
                self._lock.release()

    def close(self) -> None:
        """Take away what is drawn; to be called at the end, whatever the end was."""
        with self._lock:
            self._close_display()
            self._erase_placing()

    def _take(self, event: Event) -> None:  # noqa: C901, PLR0912 - one arm for each event is the whole of it
        match event:
            case Note(text=text, depth=depth):
                if self._verbose >= depth:
                    self._write(self._paint(render_text(text), "dim"))
            case Warned(text=text):
                if not self._quiet:
                    self._write(render_warning(text, self._paint))
            case EnvironmentUsed(version=version, prefix=prefix):
                if not self._quiet:
                    words = f"Using Python {version} environment at: "
                    self._write(
                        self._paint(escape(words), "dim") + self._paint(escape(prefix), "cyan")
                    )
            case Waiting(what=what, holder=holder):
                if not self._quiet:
                    who = f", which process {holder} holds" if holder is not None else ""
                    self._write(self._paint(f"Waiting for {escape(what)}{who}", "dim"))
            case Resolved(count=count, seconds=seconds):
                self._close_display()
                if not self._quiet:
                    self._write(render_sum(self._paint, "Resolved", count, seconds))
            case PreparingStarted(count=count, size=size):
                if (display := self._drawn()) is not None:
                    display.expect(count, size)
            case FetchStarted(name=name, size=size, host=host):
                self._start(name, size, host)
            case FetchAdvanced(name=name, count=count):
                if self._display is not None:
                    self._display.advance(name, count)
            case TimePassed():
                if self._display is not None:
                    self._display.tick()
            case FetchFinished(name=name):
                if self._display is not None:
                    self._display.finish(name)
            case BuildStarted(label=label):
                if not self._quiet:
                    self._write(f"   {self._paint('Building', 'cyan')} {escape(label)}")
            case BuildFinished(label=label, failed=failed):
                if not (self._quiet or failed):
                    self._write(f"      {self._paint('Built', 'green')} {escape(label)}")
            case PreparedWheels(count=count, size=size, seconds=seconds):
                self._close_display()
                if count and not self._quiet:
                    effort = Effort(count=count, size=size, seconds=seconds)
                    self._write(render_prepared(count, effort, self._paint))
            case (
                CompilingStarted()
                | CompilingAdvanced()
                | CompilingFinished()
                | PlacingStarted()
                | PlacingAdvanced()
                | PlacingFinished()
            ):
                self._take_counted(event)
            case _ as never:
                assert_never(never)

    def _take_counted(self, event: _Counted) -> None:  # noqa: C901 - as above
        """Take one event of work that one line shows."""
        match event:
            case CompilingStarted(modules=modules):
                self._close_display()
                if self._open_display is not None:
                    self._placing = PlacingLine(
                        self._stream, self._paint, modules, self._clock(), "Compiling bytecode"
                    )
            case CompilingAdvanced(modules=modules):
                if self._placing is not None:
                    self._placing.advance(modules, self._clock())
            case CompilingFinished(modules=modules, seconds=seconds):
                self._erase_placing()
                if modules and not self._quiet:
                    self._write(render_compiled(modules, seconds, self._paint))
            case PlacingStarted(files=files):
                self._close_display()
                if self._open_display is not None:
                    self._placing = PlacingLine(self._stream, self._paint, files, self._clock())
            case PlacingAdvanced(files=files):
                if self._placing is not None:
                    self._placing.advance(files, self._clock())
            case PlacingFinished():
                self._erase_placing()
            case _ as never:
                assert_never(never)

    def _start(self, name: str, size: int | None, host: str | None) -> None:
        if (display := self._drawn()) is not None:
            display.start(name, size, host)
        elif size is not None and size >= _WORTH_A_LINE and not self._quiet:
            self._write(
                f"{self._paint('Downloading', 'cyan')} {escape(name)} ({render_size(size)})"
            )

    def _drawn(self) -> Display | None:
        if self._display is None and self._open_display is not None:
            self._display = self._open_display()
        return self._display

    def _close_display(self) -> None:
        if self._display is not None:
            self._display.close()
            self._display = None

    def _write(self, line: str) -> None:
        if self._display is not None:
            self._display.say(line)
            return
        self._erase_placing()
        self._stream.write(line + "\n")
        self._stream.flush()

    def _erase_placing(self) -> None:
        if self._placing is not None:
            self._placing.erase()
