"""The starter: a sync whose memo holds is done from it, before anything that takes long to load is loaded.

What it prints is what the whole sync would print (DESIGN.md 5).
"""

from time import monotonic

from siteroot.workflows.replay import replay

from .lines import PlacingLine, render_change, render_place, render_sum
from .terminal import Paint, may_draw, wants_color

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import TextIO

    from siteroot.errors import SiterootError
    from siteroot.ports import Interrupts
    from siteroot.workflows.memo import Speech
    from siteroot.workflows.replay import Replayed


def start(
    argv: "Sequence[str]",
    environ: "Mapping[str, str]",
    cwd: str,
    err: "TextIO",
    begin: "Callable[[], Interrupts]",
) -> int | None:
    """Return the exit code of the command, None where the whole program has to do it.

    `begin` is called before anything is changed.
    """
    began = monotonic()
    terminal = err.isatty()
    drawn: list[PlacingLine] = []

    def watch(speech: "Speech", files: int) -> "Callable[[int], None]":
        interrupts = begin()
        interrupts.defer()
        quiet, color, progress = speech
        if quiet or not progress or not may_draw(environ, terminal=terminal):
            return lambda _count: interrupts.check()
        paint = Paint(on=wants_color(color, environ, terminal=terminal))
        line = PlacingLine(err, paint, files, monotonic())
        drawn.append(line)

        def advance(count: int) -> None:
            line.advance(count, monotonic())
            interrupts.check()

        return advance

    try:
        done = replay(argv, environ, cwd, watch)
    finally:
        for line in drawn:
            line.erase()
    if done is None:
        return None
    paint = Paint(on=wants_color(done.speech[1], environ, terminal=terminal))
    if done.failed is not None:
        return _tell(done.failed, paint, err)
    if done.copied and not done.speech[0]:
        err.write(_warn(done, paint) + "\n")
    if not done.speech[0]:
        err.write("\n".join(_lines(done, paint, cwd, monotonic() - began)) + "\n")
    return 0


def _tell(error: "SiterootError", paint: Paint, err: "TextIO") -> int:
    from .exits import exit_code  # noqa: PLC0415 - a rare event
    from .faults import render_error  # noqa: PLC0415

    err.write("\n".join(render_error(error, paint)) + "\n")
    return exit_code(error)


def _lines(done: "Replayed", paint: Paint, cwd: str, seconds: float) -> list[str]:
    if done.came is None:
        return [render_sum(paint, "Checked", done.count, seconds)]
    lines = [render_place(paint, "Created", done.root, cwd)]
    if done.came:
        lines.append(render_sum(paint, "Installed", len(done.came), done.placing, done.size))
    return lines + [render_change(paint, "installed", *came) for came in sorted(done.came)]


def _warn(done: "Replayed", paint: Paint) -> str:
    from siteroot.root.placing import copied_words  # noqa: PLC0415 - a rare event

    from .faults import render_warning  # noqa: PLC0415

    return render_warning(copied_words(done.root, done.link_mode), paint)
