"""How errors and warnings look: uv's shape. Imports little, for a mistake must be cheap to hear of."""

from siteroot.errors import SiterootError
from siteroot.formats.credentials import without_credentials
from siteroot.fs import LIMITS

from .terminal import Paint, escape

_LONGEST = 2000  # characters of a line
_LINES = "\n\t"  # a message may be of several


def render_error(error: BaseException, paint: Paint) -> list[str]:
    """Return an error as uv shows it: the fault, its causes, a blank line, what to try."""
    lines = [f"{paint('error', 'bold', 'red')}{paint(':', 'bold')} {_told(error)}"]
    cause, seen = error.__cause__, {_told(error)}
    hints = error.hints if isinstance(error, SiterootError) else ()
    while cause is not None:
        if _told(cause) not in seen:
            seen.add(_told(cause))
            lines.append(f"  {paint('cause', 'bold', 'red')}{paint(':', 'bold')} {_told(cause)}")
        hints = hints or _limit_hints(cause)
        cause = cause.__cause__
    if hints:
        lines.append("")
        lines.extend(
            f"{paint('hint', 'bold', 'cyan')}{paint(':', 'bold')} {render_text(hint)}"
            for hint in hints
        )
    return lines


def render_warning(text: str, paint: Paint) -> str:
    """Return a warning's line."""
    return f"{paint('warning', 'bold', 'yellow')}{paint(':', 'bold')} {paint(render_text(text), 'bold')}"


def render_text(text: str) -> str:
    """Return a message's words as they may be shown: no password, nothing that steers a terminal, no endless line."""
    return escape(_cut(without_credentials(text)), _LINES)


def explain_limit(error: BaseException) -> str | None:
    """Return an error's lines where the process came to a limit of its own, which may happen anywhere; else None."""
    hints = _limit_hints(error)
    if not hints:
        return None
    fault = (
        "too many files are open" if isinstance(error, OSError) else "there is too little memory"
    )
    return f"error: {fault}\n\nhint: {hints[0]}\n"


def _limit_hints(error: BaseException) -> tuple[str, ...]:
    if isinstance(error, MemoryError):
        return ("Run the command again with more memory, or a higher limit of it (`ulimit -v`).",)
    if isinstance(error, OSError) and error.errno in LIMITS:
        return ("Run the command again with a higher limit of open files (`ulimit -n`).",)
    return ()


def _told(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        told = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
        return render_text(told)
    return render_text(str(error) or type(error).__name__)


def _cut(text: str) -> str:
    """Shorten lines that nobody would read: a requirement, a path or a URL may be of any length."""
    if len(text) <= _LONGEST:
        return text
    half = _LONGEST // 2
    return "\n".join(
        line if len(line) <= _LONGEST else f"{line[:half]} … {line[-half:]}"
        for line in text.split("\n")
    )
