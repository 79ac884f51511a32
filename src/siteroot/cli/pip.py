"""`siteroot pip`: lets the workflow of a request do it, and writes what came of it."""
# ruff: noqa: PLC0415 - each command loads what it needs: the listings alone take 10 ms

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TextIO, assert_never

from siteroot.errors import UsageError
from siteroot.model.event import Warned
from siteroot.model.outcome import RootAction
from siteroot.model.pip_request import (
    CheckRequest,
    CompileRequest,
    FreezeRequest,
    InstallRequest,
    ListRequest,
    PipRequest,
    ShowRequest,
    TreeRequest,
    UninstallRequest,
)
from siteroot.model.surroundings import Surroundings
from siteroot.ports import Interrupts
from siteroot.workflows.settings import read_pip_words

from .exits import DONE, FAILED
from .output import OutdatedRootError, render_installed, render_uninstalled
from .parsing import Pip, Presentation, parse_command
from .progress import Teller
from .terminal import Paint, escape

if TYPE_CHECKING:
    from siteroot.select.installed import Incompatibility


class PipSpeech:
    """What `siteroot pip` speaks by: stdout for what was asked, the teller for the rest; `quiet` as -q was said."""

    def __init__(
        self, out: TextIO, teller: Teller, paint: Paint, presentation: Presentation
    ) -> None:
        self.out = out
        self.teller = teller
        self.paint = paint
        self.quiet = presentation.quiet
        self.json = presentation.json

    def write(self, lines: "list[str]", *, below: int) -> None:
        """Write lines to stdout, unless -q was said so often."""
        if lines and self.quiet < below:
            # a program reads the very bytes of a name, as of `ls`
            seen = map(escape, lines) if self.out.isatty() else lines
            self.out.write("\n".join(seen) + "\n")

    def warn(self, conflicts: "tuple[Incompatibility, ...]") -> None:
        """Warn of what does not fit together."""
        from .listing import render_conflict

        for conflict in conflicts:
            self.teller.report(Warned(render_conflict(conflict)))


def under_settings(
    command: Pip,
    argv: Sequence[str],
    variables: Mapping[str, str],
    cwd: str,
    surroundings: Surroundings,
) -> PipRequest:
    """Return the request of a command with what `[tool.uv.pip]` says where no word does. Raises UsageError."""
    words = read_pip_words(command.request.context, surroundings)
    if not words:
        return command.request
    again = parse_command(argv, variables, cwd, words)
    assert isinstance(again, Pip)
    return again.request


def run_pip(
    request: PipRequest, surroundings: Surroundings, interrupts: Interrupts, speech: PipSpeech
) -> int:
    """Do what is asked and return the exit code."""
    match request:
        case ListRequest() | FreezeRequest() | ShowRequest() | CheckRequest() | TreeRequest():
            return _tell_installed(request, surroundings, speech)
        case InstallRequest():
            _install(request, surroundings, interrupts, speech)
        case CompileRequest():
            _compile(request, surroundings, speech)
        case UninstallRequest():
            _uninstall(request, surroundings, interrupts, speech)
        case _ as never:
            assert_never(never)
    return DONE


def _tell_installed(
    request: ListRequest | FreezeRequest | ShowRequest | CheckRequest | TreeRequest,
    surroundings: Surroundings,
    speech: PipSpeech,
) -> int:
    from siteroot.workflows.pip_listing import pip_check, pip_freeze, pip_list, pip_tree

    from .listing import render_checked, render_freeze, render_list, render_tree

    match request:
        case ListRequest():
            listing = pip_list(request, surroundings, speech.teller)
            speech.write(list(render_list(listing, request.format)), below=2)
            speech.warn(listing.conflicts)
        case FreezeRequest():
            listing = pip_freeze(request, surroundings, speech.teller)
            speech.write(render_freeze(listing), below=2)
            speech.warn(listing.conflicts)
        case ShowRequest():
            return _show(request, surroundings, speech)
        case CheckRequest():
            checking = pip_check(request, surroundings, speech.teller)
            for line in () if speech.quiet else render_checked(checking, speech.paint):
                speech.teller.say(line)
            return FAILED if checking.conflicts else DONE
        case TreeRequest(specifiers=specifiers, invert=invert, no_dedupe=no_dedupe):
            growing = pip_tree(request, surroundings, speech.teller)
            lines = render_tree(growing, specifiers=specifiers, invert=invert, dedupe=not no_dedupe)
            speech.write(lines, below=1)
            speech.warn(growing.conflicts)
    return DONE


def _uninstall(
    request: UninstallRequest, surroundings: Surroundings, interrupts: Interrupts, speech: PipSpeech
) -> None:
    from siteroot.workflows.noted import noted
    from siteroot.workflows.pip_uninstall import pip_uninstall

    outcome = pip_uninstall(request, surroundings, speech.teller, interrupts, _read_stdin)
    is_so = "was not changed" if outcome.dry_run or not outcome.changes else "is as it shall be"
    with noted(f"{outcome.root} {is_so}"):
        for name in outcome.absent if not outcome.dry_run else ():
            speech.teller.report(Warned(f"Skipping {name} as it is not installed"))
        if not (outcome.changes or outcome.dry_run):
            speech.teller.report(Warned("No packages to uninstall"))
        speech.teller.close()
        for line in () if speech.quiet else render_uninstalled(outcome, speech.paint):
            speech.teller.say(line)
        interrupts.allow()


def _install(
    request: InstallRequest, surroundings: Surroundings, interrupts: Interrupts, speech: PipSpeech
) -> None:
    from siteroot.workflows.noted import noted
    from siteroot.workflows.pip_install import pip_install

    outcome = pip_install(request, surroundings, speech.teller, interrupts, _read_stdin)
    looked = outcome.dry_run or outcome.check
    is_so = "was not changed" if looked or not outcome.changes else "is as it shall be"
    with noted(f"{outcome.root} {is_so}"):
        speech.teller.close()
        if speech.json:
            from .document import render_install_document

            speech.write([render_install_document(outcome).rstrip()], below=2)
        for line in () if speech.quiet else render_installed(outcome, speech.paint):
            speech.teller.say(line)
        if request.strict and not looked:
            from siteroot.workflows.pip_listing import find_conflicts

            speech.warn(find_conflicts(request.context, surroundings, speech.teller))
        interrupts.allow()
    if outcome.check and outcome.action is not RootAction.CHECK:
        raise OutdatedRootError(
            "the site root does not hold what is asked for",
            hints=("run the command without --check to bring it in",),
        )


def _compile(request: CompileRequest, surroundings: Surroundings, speech: PipSpeech) -> None:
    from siteroot.workflows.pip_compile import pip_compile

    compiled = pip_compile(request, surroundings, speech.teller, _read_stdin)
    speech.teller.close()
    if request.file.path is None or not speech.quiet:  # with a file too, as uv
        speech.out.write(compiled.text)
    for note in compiled.notes:
        speech.teller.report(Warned(note))


def _read_stdin() -> bytes:
    try:
        return sys.stdin.buffer.read()
    except (OSError, ValueError, AttributeError) as error:
        raise UsageError("stdin cannot be read", where="-r -") from error


def _show(request: ShowRequest, surroundings: Surroundings, speech: PipSpeech) -> int:
    from siteroot.workflows.pip_listing import pip_show

    from .listing import render_shown

    if not request.names:
        speech.teller.report(Warned("say the names of distributions to show"))
        return FAILED
    showing = pip_show(request, surroundings, speech.teller)
    if showing.absent:
        speech.teller.report(Warned(f"Package(s) not found for: {', '.join(showing.absent)}"))
    speech.write(list(render_shown(showing.shown)), below=1)
    for each in showing.shown if request.files else ():
        if each.files is None:
            speech.teller.report(Warned(f"there is no list of the files of {each.described.name}"))
    speech.warn(showing.conflicts)
    return DONE if showing.shown else FAILED
