"""The way in: finds out what is asked, lets a workflow do it, says what came of it, picks the exit code.

Errors are caught here and nowhere else. Each part is loaded where it is first wanted (DESIGN.md 5): `--version` and a
mistake must not pay for what a sync needs.
"""
# ruff: noqa: PLC0415 - see above

import os
import sys

from siteroot import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:  # typing alone would take longer than all of `--version`
    from collections.abc import Callable, Mapping
    from types import FrameType
    from typing import TextIO

    from siteroot.model.surroundings import Surroundings
    from siteroot.workflows.keeping import Keeper
    from siteroot.workflows.memo import MemoPlace
    from siteroot.workflows.trail import NotedVariables

    from .parsing import Cache, Sync
    from .progress import Display, Teller
    from .terminal import Paint


class Terminated(KeyboardInterrupt):
    """SIGTERM came: whoever undoes its work after Ctrl-C does so now too."""


def run() -> None:
    """Run the program on this process: its arguments, variables, folder, streams and signals. Does not return."""
    out = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, TID251 - the one mouth
    err = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, TID251 - the one mouth
    argv = sys.argv[1:]
    if argv in (["--version"], ["-V"]):
        code = main(argv, {}, "", out, err)
    else:
        try:
            cwd = os.getcwd()  # noqa: TID251 - read here, handed down
        except OSError:
            cwd = ""
        code = main(argv, dict(os.environ), cwd, out, err, _heed_termination)  # noqa: TID251 - read here, handed down
    for stream in (out, err):
        try:
            stream.flush()
        except (OSError, ValueError):
            from .exits import DONE, PIPE_CLOSED

            code = PIPE_CLOSED if code == DONE else code
    os._exit(code)  # taking the interpreter down bit by bit costs more than a whole no-op


def main(
    argv: list[str],
    environ: "Mapping[str, str]",
    cwd: str,
    out: "TextIO",
    err: "TextIO",
    begin: "Callable[[], None] | None" = None,
) -> int:
    """Return the exit code of a whole command (`exits.EXIT_CODES`). `cwd` is "" where the folder is gone.

    `begin` is called before anything is changed; a sync with nothing to do never comes so far.
    """
    if argv in (["--version"], ["-V"]):
        out.write(f"siteroot {__version__}\n")
        return 0
    try:
        if "sync" in argv:
            from .starter import start

            code = start(argv, environ, cwd, err, begin or _nothing)
            if code is not None:
                return code
        (begin or _nothing)()
        return _answer(argv, environ, cwd, out, err)
    except KeyboardInterrupt as interrupt:
        from .exits import INTERRUPTED, TERMINATED

        return TERMINATED if isinstance(interrupt, Terminated) else INTERRUPTED
    except BrokenPipeError:
        from .exits import PIPE_CLOSED

        return PIPE_CLOSED
    except ImportError as error:
        return _tell_half(error, err)
    except Exception:  # noqa: BLE001 - whatever is no SiterootError is a defect of ours
        import traceback

        from .exits import DEFECT

        err.write(traceback.format_exc())
        err.write(
            f"error: this is a defect of siteroot {__version__}; please report it, with the lines above\n"
        )
        return DEFECT


def _tell_half(error: ImportError, err: "TextIO") -> int:
    """Tell that modules of siteroot, or of what it needs, are missing: it may lie in a half-changed root."""
    from .exits import FAILED

    place = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    err.write(
        f"error: {place}: siteroot is not whole there: {error}\n\n"
        "hint: Install it anew with what it needs, or use siteroot.pyz.\n"
        "hint: Where a sync of that folder was interrupted, run it again with a siteroot from another place.\n"
    )
    return FAILED


def _nothing() -> None:
    """Prepare for nothing."""


def _heed_termination() -> None:
    """Let SIGTERM be heard, unless whoever started this process has other plans for it."""
    import signal

    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _terminate)


def _terminate(_number: int, _frame: "FrameType | None") -> None:
    import signal

    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # undoing has begun and shall come to its end
    raise Terminated


def _answer(
    argv: list[str], environ: "Mapping[str, str]", cwd: str, out: "TextIO", err: "TextIO"
) -> int:
    from siteroot.errors import SiterootError, UsageError
    from siteroot.workflows.memo import memo_place
    from siteroot.workflows.trail import NotedVariables, Trail

    from .exits import DONE, REFUSED, exit_code
    from .faults import render_error
    from .parsing import Cache, Help, ShowVersion, Sync, parse_command
    from .terminal import Paint, wants_color

    try:
        if not cwd:
            raise UsageError("the current folder does not exist any more")
        variables = NotedVariables(environ, Trail())
        command = parse_command(argv, variables, cwd)
    except SiterootError as error:
        paint = Paint(on=wants_color("auto", environ, terminal=err.isatty()))
        err.write("\n".join(render_error(error, paint)) + "\n")
        return exit_code(error)
    match command:
        case ShowVersion():
            out.write(f"siteroot {__version__}\n")
            return DONE
        case Help(command=topic, asked=asked, color=color):
            from .guide import render_help

            stream = out if asked else err
            paint = Paint(on=wants_color(color, environ, terminal=stream.isatty()))
            stream.write(render_help(topic, _width(stream, environ), paint))
            return DONE if asked else REFUSED
        case Sync() | Cache():
            return _work(command, variables, memo_place(argv, environ, cwd), out, err)


def _work(
    command: "Sync | Cache",
    environ: "NotedVariables",
    place: "MemoPlace | None",
    out: "TextIO",
    err: "TextIO",
) -> int:
    from siteroot.errors import SiterootError

    from .exits import exit_code
    from .faults import render_error
    from .parsing import Cache, Sync
    from .surroundings import read_surroundings
    from .terminal import Paint, wants_color

    presentation = command.presentation
    paint = Paint(on=wants_color(presentation.color, environ, terminal=err.isatty()))
    teller = _make_teller(command, environ, err, paint)
    try:
        for notice in command.notices:
            teller.report(notice)
        surroundings = read_surroundings(
            environ, command.folder, system_settings=command.system_settings
        )
        match command:
            case Sync():
                keeper = _keeper(command, place, environ)
                return _sync(command, surroundings, teller, out, paint, keeper)
            case Cache():
                return _cache(command, surroundings, teller, out, paint)
    except SiterootError as error:
        teller.close()
        if presentation.quiet < 2:
            err.write("\n".join(render_error(error, paint)) + "\n")
        return exit_code(error)
    finally:
        teller.close()


def _keeper(
    command: "Sync", place: "MemoPlace | None", variables: "NotedVariables"
) -> "Keeper | None":
    """Return who keeps the memo of a sync; there is none where more is told than the starter tells."""
    from siteroot.model.event import Warned
    from siteroot.workflows.keeping import Keeper

    presentation = command.presentation
    told = any(isinstance(notice, Warned) for notice in command.notices)
    if place is None or told or presentation.verbose or presentation.json:
        return None
    speech = (presentation.quiet, presentation.color, presentation.progress)
    return Keeper(place, variables, speech)


def _sync(
    command: "Sync",
    surroundings: "Surroundings",
    teller: "Teller",
    out: "TextIO",
    paint: "Paint",
    keeper: "Keeper | None",
) -> int:
    from siteroot.workflows.sync import sync

    from .exits import DONE
    from .output import OutdatedRootError, render_outcome

    presentation = command.presentation
    outcome = sync(command.request, surroundings, teller, keeper)
    teller.close()
    if presentation.json and presentation.quiet < 2:
        from .document import render_document

        out.write(render_document(outcome))
        out.flush()
    if not presentation.quiet:
        for line in render_outcome(outcome, paint, surroundings.cwd):
            teller.say(line)
    if outcome.check and outcome.outdated:
        raise OutdatedRootError(
            "the site root is outdated", hints=("run `siteroot sync` to update it",)
        )
    return DONE


def _cache(
    command: "Cache", surroundings: "Surroundings", teller: "Teller", out: "TextIO", paint: "Paint"
) -> int:
    from siteroot.model.request import CacheAction
    from siteroot.workflows.cache import cache

    from .exits import DONE
    from .output import render_collected
    from .terminal import render_size

    presentation, action = command.presentation, command.request.action
    outcome = cache(command.request, surroundings, teller)
    if action in (CacheAction.PRUNE, CacheAction.CLEAN):
        for line in () if presentation.quiet else render_collected(outcome, paint):
            teller.say(line)
        return DONE
    size = render_size(outcome.size) if presentation.human else str(outcome.size)
    if presentation.quiet < 2:
        out.write(f"{outcome.folder if action is CacheAction.DIR else size}\n")
        out.flush()
    return DONE


def _make_teller(
    command: "Sync | Cache", environ: "Mapping[str, str]", err: "TextIO", paint: "Paint"
) -> "Teller":
    """Return the reporter; it may draw where a person sits at a terminal and wants neither silence nor reasons."""
    import time

    from .progress import Teller
    from .terminal import may_draw

    def open_display() -> "Display":
        from .bars import Bars

        return Bars(err, color=paint.on, clock=time.monotonic)

    presentation = command.presentation
    live = (
        presentation.progress
        and not presentation.quiet
        and not presentation.verbose
        and may_draw(environ, terminal=err.isatty())
    )
    return Teller(err, paint, presentation, time.monotonic, open_display if live else None)


def _width(stream: "TextIO", environ: "Mapping[str, str]") -> int:
    """Return how wide a page may be: the terminal's width or COLUMNS, 100 at most, as uv's."""
    columns = environ.get("COLUMNS", "")
    try:
        width = int(columns) if columns.isdigit() else os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError):
        width = 100
    return min(max(width, 40), 100)
