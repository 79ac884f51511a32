"""The live display of running downloads, drawn with rich. Imported when there is something to draw."""

from collections.abc import Callable
from typing import TextIO

from rich.console import Console, Group, RenderableType
from rich.constrain import Constrain
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from .terminal import escape, render_size

_PAUSE = 0.1  # seconds between two drawings
_LINES = 8  # downloads shown at a time, the largest
_ROOM = 3  # columns left free: the ^C that a terminal echoes there must not begin a line of its own
_SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_PLAIN_SPINNER = "|/-\\"


class Bars:
    """One line for all, one for each of the largest running downloads. Draws in the caller's thread, never in its own."""

    def __init__(self, stream: TextIO, *, color: bool, clock: Callable[[], float]) -> None:
        # names are shown as they are, and nothing is looked up (nor imported) once a change has begun
        console = Console(
            file=stream, force_terminal=True, no_color=not color, highlight=False, emoji=False
        )
        self._live = Live(
            console=console,
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._clock = clock
        self._drawn_at = clock()
        self._running: dict[str, tuple[int, int | None]] = {}  # name -> bytes come, bytes in all
        self._hosts: dict[str, str | None] = {}
        utf8 = (stream.encoding or "").lower().replace("-", "") == "utf8"
        self._spinner = _SPINNER if utf8 else _PLAIN_SPINNER
        self._finished = self._come = 0
        self._count = 0
        self._size: int | None = None
        self._live.start()

    def expect(self, count: int, size: int | None) -> None:
        """Take note of how much is to come."""
        self._count, self._size = self._count + count, size
        self._draw(now=True)

    def start(self, name: str, size: int | None, host: str | None) -> None:
        """Show a download, and whom it is awaited from."""
        self._running[name] = (0, size)
        self._hosts[name] = host
        self._draw()

    def advance(self, name: str, count: int) -> None:
        """Show that so many bytes more have come."""
        come, size = self._running.get(name, (0, None))
        self._running[name] = (come + count if size is None else min(come + count, size), size)
        self._come += count
        self._draw()

    def tick(self) -> None:
        """Show that work goes on."""
        self._draw()

    def finish(self, name: str) -> None:
        """Show a download no more."""
        self._running.pop(name, None)
        self._finished += 1
        self._draw()

    def say(self, line: str) -> None:
        """Write a line above what is drawn."""
        self._live.console.print(Text.from_ansi(line), soft_wrap=True)

    def close(self) -> None:
        """Leave no trace."""
        self._live.update(Text(), refresh=False)
        self._live.stop()

    def _draw(self, *, now: bool = False) -> None:
        moment = self._clock()
        if not now and moment - self._drawn_at < _PAUSE:
            return
        self._drawn_at = moment
        self._live.update(self._picture(), refresh=True)

    def _picture(self) -> RenderableType:
        count = max(self._count, self._finished + len(self._running))
        total = f"/{render_size(self._size)}" if self._size else ""
        turn = self._spinner[int(self._drawn_at / _PAUSE) % len(self._spinner)]
        title = Text(
            f"{turn} Preparing packages... ({self._finished}/{count})  {render_size(self._come)}{total}",
            no_wrap=True,
            overflow="ellipsis",
        )
        largest = sorted(self._running.items(), key=lambda item: -(item[1][1] or 0))[:_LINES]
        width = self._live.console.width - _ROOM
        table = Table.grid(padding=(0, 1))
        table.add_column(no_wrap=True, overflow="ellipsis", max_width=max(width - 47, width // 5))
        table.add_column(no_wrap=True, overflow="ellipsis", max_width=max(20, width // 3))
        table.add_column(no_wrap=True)
        for name, (come, size) in sorted(largest):
            total = f"/{render_size(size)}" if size else ""
            table.add_row(
                Text(escape(name), style="dim"), self._bar(name), f"{render_size(come)}{total}"
            )
        return Constrain(Group(title, table), width)

    def _bar(self, name: str) -> RenderableType:
        """Return how far a download is, or whom it is awaited from while nothing has come."""
        come, size = self._running[name]
        host = self._hosts.get(name)
        if not come and host is not None:
            return Text(f"waiting for {escape(host)}", style="dim")
        return ProgressBar(
            total=size, completed=come, width=min(30, (self._live.console.width - _ROOM) // 3)
        )
