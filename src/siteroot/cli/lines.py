"""The lines that a sync ends with, close to uv's. Imports nothing but the looks of words: the starter prints them too."""

from .terminal import Paint, escape, render_count, render_seconds, render_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO

#: What becomes of a distribution, in the order of its lines: the mark and its colour.
MARKS = {"uninstalled": ("-", "red"), "installed": ("+", "green"), "reinstalled": ("~", "yellow")}

ERASE = "\r\x1b[2K"
_PAUSE = 0.1  # seconds between two drawings


def render_sum(
    paint: Paint, verb: str, count: int, seconds: float | None = None, size: int = 0
) -> str:
    """Return how many distributions it were, how long it took, and the bytes. None is not counted, as with uv."""
    line = paint(f"{verb} ", "dim") + paint(render_count(count, "package"), "bold")
    if not count:
        line = paint(verb, "dim")
    if seconds is not None:
        line += paint(f" in {render_seconds(seconds)}", "dim")
    if size:
        line += paint(f" ({render_size(size)})", "dim")
    return line


def render_place(paint: Paint, verb: str, root: str, cwd: str) -> str:
    """Return where the root is."""
    return paint(f"{verb} site root at: ", "dim") + paint(escape(render_path(root, cwd)), "cyan")


def render_change(paint: Paint, action: str, name: str, version: str, origin: str | None) -> str:
    """Return the line of one distribution."""
    mark, color = MARKS[action]
    told = f"=={version}" + (f" (from {origin})" if origin is not None else "")
    return f" {paint(mark, color)} {paint(escape(name), 'bold')}{paint(escape(told), 'dim')}"


def render_path(path: str, cwd: str) -> str:
    """Return a path as people know it: relative where it lies in the current folder."""
    if path == cwd:
        return "."
    folder = cwd.rstrip("/") + "/"
    return path.removeprefix(folder) if path.startswith(folder) else path


class PlacingLine:
    """How far placing, or compiling, has come: one line, drawn over itself. What is over before the first pause is never drawn."""

    def __init__(
        self, stream: "TextIO", paint: Paint, files: int, now: float, doing: str = "Placing files"
    ) -> None:
        self._stream, self._paint, self._doing = stream, paint, doing
        self._files = files
        self._done = 0
        self._drawn_at = now
        self._visible = False

    def advance(self, count: int, now: float) -> None:
        """Take note of files that are done with."""
        self._done += count
        if now - self._drawn_at < _PAUSE:
            return
        self._drawn_at, self._visible = now, True
        share = min(self._done / max(self._files, 1), 1.0)
        bar = ("#" * round(share * 30)).ljust(30, "-")
        count_line = f"{self._done:,}/{self._files:,}"
        self._stream.write(f"{ERASE}{self._paint(self._doing, 'dim')} {bar} {count_line}")
        self._stream.flush()

    def erase(self) -> None:
        """Leave no trace."""
        if self._visible:
            self._visible = False
            self._stream.write(ERASE)
            self._stream.flush()
