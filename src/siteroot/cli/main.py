"""The way in: finds out what is asked, lets a workflow do it, says what came of it, picks the exit code.

Errors are caught here and nowhere else. Each part is loaded where it is first wanted (DESIGN.md 5): `--version` and a
mistake must not pay for what a sync needs.
"""
# ruff: noqa: PLC0415 - see above

import gc
import os
import sys

from siteroot import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:  # typing alone would take longer than all of `--version`
    from collections.abc import Callable, Mapping
    from typing import TextIO

    from siteroot.model.outcome import SyncOutcome
    from siteroot.model.surroundings import Surroundings
    from siteroot.ports import Interrupts
    from siteroot.workflows.keeping import Keeper
    from siteroot.workflows.trail import NotedVariables

    from .parsing import Cache, Pip, Presentation, Sync
    from .progress import Display, Teller
    from .terminal import Paint


def run() -> None:
    """Run the program on this process: its arguments, variables, folder, streams and signals. Does not return."""
    from .streams import open_streams

    _speak_utf8()
    gc.disable()  # what a command makes lives to its end: looking it through takes 15 ms, and frees next to nothing
    out, err = open_streams()
    argv = sys.argv[1:]
    if argv in (["--version"], ["-V"]):
        code = main(argv, {}, "", out, err)
    else:
        try:
            cwd = os.getcwd()  # noqa: TID251 - read here, handed down
        except OSError:
            cwd = ""
        environ = dict(os.environ)  # noqa: TID251 - read here, handed down

        heard: list[Interrupts] = []

        def begin() -> "Interrupts":
            if not heard:
                from .interrupts import SignalInterrupts
                from .terminal import may_draw

                drawn = may_draw(environ, terminal=err.isatty())
                interrupts = SignalInterrupts(err, drawn=drawn)
                interrupts.heed()
                heard.append(interrupts)
            return heard[0]

        code = main(argv, environ, cwd, out, err, begin)
    try:
        out.flush()
    except (OSError, ValueError) as error:
        code = code or _tell_unwritten(error, err)
    except KeyboardInterrupt as interrupt:  # whoever reads stdout is slow
        interrupt.add_note("all was done, and not all of the answer was written")
        code = _tell_interrupt(interrupt, err)
    err.flush()
    os._exit(code)  # taking the interpreter down bit by bit costs more than a whole no-op


def _speak_utf8() -> None:
    """Start this process anew where file names are not UTF-8 for it: a root's are, whatever the locale (ROOT.md 4)."""
    if sys.getfilesystemencoding() != "utf-8" and not sys.flags.utf8_mode and sys.executable:
        os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])  # noqa: S606


def _tell_unwritten(error: OSError | ValueError, err: "TextIO") -> int:
    """Return the code of a command whose answer could not be written, and say why where that is news."""
    from .exits import FAILED, PIPE_CLOSED

    if isinstance(error, BrokenPipeError):
        return PIPE_CLOSED
    reason = error.strerror if isinstance(error, OSError) else str(error)
    err.write(f"error: stdout cannot be written: {reason}\n")
    return FAILED


def main(
    argv: list[str],
    environ: "Mapping[str, str]",
    cwd: str,
    out: "TextIO",
    err: "TextIO",
    begin: "Callable[[], Interrupts] | None" = None,
) -> int:
    """Return the exit code of a whole command (`exits.EXIT_CODES`). `cwd` is "" where the folder is gone.

    `begin` is called before anything is changed, and hears signals from then on, whoever calls it again; a sync with
    nothing to do never comes so far.
    """
    if argv in (["--version"], ["-V"]):
        out.write(f"siteroot {__version__}\n")
        return 0
    try:
        if "sync" in argv:
            from .starter import start

            code = start(argv, environ, cwd, err, begin or _uninterrupted)
            if code is not None:
                return code
        interrupts = (begin or _uninterrupted)()
        interrupts.allow()  # the starter may have begun
        return _answer(_Session(argv, environ, cwd, out, err, interrupts))
    except KeyboardInterrupt as interrupt:
        if "sync" in argv and not getattr(interrupt, "__notes__", ()):
            interrupt.add_note("nothing was changed")  # else whoever changed it has noted that
        return _tell_interrupt(interrupt, err)
    except BrokenPipeError as error:
        return _tell_unwritten(error, err)
    except ImportError as error:
        return _tell_half(error, err)
    except Exception as error:  # noqa: BLE001 - whatever is no SiterootError is a defect of ours
        import traceback

        from .exits import DEFECT, FAILED
        from .faults import explain_limit, render_text

        limit = explain_limit(error)
        if limit is not None:
            err.write(limit)
            return FAILED

        err.write(render_text(traceback.format_exc()))
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


def _uninterrupted() -> "Interrupts":
    from siteroot.ports import Uninterrupted

    return Uninterrupted()


def _tell_interrupt(interrupt: KeyboardInterrupt, err: "TextIO") -> int:
    """Return the code of a command that a signal ended, and say what became of the root."""
    from .exits import INTERRUPTED
    from .terminal import escape

    for note in getattr(interrupt, "__notes__", ()):
        err.write(f"Interrupted: {escape(note)}\n")
    number = getattr(interrupt, "number", 0)
    return 128 + number if number else INTERRUPTED


class _Session:
    """What a process is started with and speaks by."""

    __slots__ = ("argv", "cwd", "environ", "err", "interrupts", "out")

    def __init__(
        self,
        argv: list[str],
        environ: "Mapping[str, str]",
        cwd: str,
        out: "TextIO",
        err: "TextIO",
        interrupts: "Interrupts",
    ) -> None:
        self.argv = argv
        self.environ = environ
        self.cwd = cwd
        self.out = out
        self.err = err
        self.interrupts = interrupts

    def paint(self, choice: str, stream: "TextIO | None" = None) -> "Paint":
        """Return how words look on a stream, stderr where none is named."""
        from .terminal import Paint, wants_color

        terminal = (stream or self.err).isatty()
        return Paint(on=wants_color(choice, self.environ, terminal=terminal))


def _answer(session: _Session) -> int:
    from siteroot.errors import SiterootError, UsageError
    from siteroot.workflows.trail import NotedVariables, Trail

    from .exits import DONE, REFUSED, exit_code
    from .faults import render_error
    from .parsing import Cache, Help, Pip, ShowVersion, Sync, parse_command

    out, err = session.out, session.err
    try:
        if not session.cwd:
            raise UsageError("the current folder does not exist any more")
        variables = NotedVariables(session.environ, Trail())
        command = parse_command(session.argv, variables, session.cwd)
    except SiterootError as error:
        err.write("\n".join(render_error(error, session.paint("auto"))) + "\n")
        return exit_code(error)
    match command:
        case ShowVersion():
            out.write(f"siteroot {__version__}\n")
            return DONE
        case Help(command=topic, asked=asked, color=color):
            from .guide import render_help

            stream = out if asked else err
            width = _width(stream, session.environ)
            stream.write(render_help(topic, width, session.paint(color, stream)))
            return DONE if asked else REFUSED
        case Sync() | Cache() | Pip():
            return _work(command, session, variables)


def _work(command: "Sync | Cache | Pip", session: _Session, variables: "NotedVariables") -> int:
    from siteroot.errors import SiterootError

    from .exits import exit_code
    from .faults import render_error
    from .interrupts import SignalInterrupts
    from .parsing import Cache, Pip, Sync
    from .surroundings import read_surroundings

    presentation = command.presentation
    paint = session.paint(presentation.color)
    teller = _make_teller(command, session, paint)
    if isinstance(session.interrupts, SignalInterrupts):
        session.interrupts.say = teller.interject
    try:
        for notice in command.notices:
            teller.report(notice)
        surroundings = read_surroundings(
            variables, command.folder, system_settings=command.system_settings
        )
        match command:
            case Sync():
                keeper = _keeper(command, session, variables)
                return _sync(command, session, surroundings, teller, keeper)
            case Cache():
                return _cache(command, session, surroundings, teller)
            case Pip():
                from .pip import PipSpeech, run_pip, under_settings

                speech = PipSpeech(session.out, teller, paint, presentation)
                request = under_settings(
                    command, session.argv, variables, session.cwd, surroundings
                )
                return run_pip(request, surroundings, session.interrupts, speech)
    except SiterootError as error:
        teller.close()
        if presentation.quiet < 2:
            session.err.write("\n".join(render_error(error, paint)) + "\n")
        return exit_code(error)
    finally:
        teller.close()


def _keeper(command: "Sync", session: _Session, variables: "NotedVariables") -> "Keeper | None":
    """Return who keeps the memo of a sync; there is none where more is told, or looked at, than the starter does."""
    from siteroot.model.event import Warned
    from siteroot.workflows.keeping import Keeper
    from siteroot.workflows.memo import memo_place

    presentation = command.presentation
    told = any(isinstance(notice, Warned) for notice in command.notices)
    if told or presentation.verbose or presentation.json or command.request.verify:
        return None
    place = memo_place(session.argv, session.environ, session.cwd)
    speech = (presentation.quiet, presentation.color, presentation.progress)
    return None if place is None else Keeper(place, variables, speech)


def _sync(
    command: "Sync",
    session: _Session,
    surroundings: "Surroundings",
    teller: "Teller",
    keeper: "Keeper | None",
) -> int:
    from siteroot.workflows.noted import noted
    from siteroot.workflows.sync import sync

    from .exits import DONE
    from .output import OutdatedRootError

    outcome = sync(command.request, surroundings, teller, session.interrupts, keeper)
    is_so = "was not changed" if outcome.dry_run or outcome.check else "is as it shall be"
    with noted(f"{outcome.root} {is_so}"):
        _tell_outcome(outcome, command.presentation, session, surroundings.cwd, teller)
        session.interrupts.allow()
    if outcome.check and outcome.outdated:
        from .arguments import parse_arguments
        from .parsing import sync_command

        update = sync_command(parse_arguments(session.argv))
        raise OutdatedRootError(
            "the site root is outdated", hints=(f"run `{update}` to update it",)
        )
    return DONE


def _tell_outcome(
    outcome: "SyncOutcome",
    presentation: "Presentation",
    session: _Session,
    cwd: str,
    teller: "Teller",
) -> None:
    from .output import render_outcome

    teller.close()
    if presentation.json and presentation.quiet < 2:
        from .document import render_document

        session.out.write(render_document(outcome))
    if not presentation.quiet:
        for line in render_outcome(outcome, session.paint(presentation.color), cwd):
            teller.say(line)


def _cache(
    command: "Cache", session: _Session, surroundings: "Surroundings", teller: "Teller"
) -> int:
    from siteroot.model.request import CacheAction
    from siteroot.workflows.cache import cache

    from .exits import DONE
    from .output import render_collected
    from .terminal import render_size

    presentation, action = command.presentation, command.request.action
    outcome = cache(command.request, surroundings, teller)
    if action in (CacheAction.PRUNE, CacheAction.CLEAN):
        pruned = action is CacheAction.PRUNE
        lines = render_collected(outcome, session.paint(presentation.color), pruned=pruned)
        for line in () if presentation.quiet else lines:
            teller.say(line)
        return DONE
    size = render_size(outcome.size) if presentation.human else str(outcome.size)
    if presentation.quiet < 2:
        session.out.write(f"{outcome.folder if action is CacheAction.DIR else size}\n")
    return DONE


def _make_teller(command: "Sync | Cache | Pip", session: _Session, paint: "Paint") -> "Teller":
    """Return the reporter; it may draw where a person sits at a terminal and wants neither silence nor reasons."""
    import time

    from .progress import Teller
    from .terminal import may_draw

    def open_display() -> "Display":
        from .bars import Bars

        return Bars(err, color=paint.on, clock=time.monotonic)

    presentation, err = command.presentation, session.err
    live = (
        presentation.progress
        and not presentation.quiet
        and not presentation.verbose
        and may_draw(session.environ, terminal=err.isatty())
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
