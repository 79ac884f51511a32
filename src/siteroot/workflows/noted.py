"""What an interrupt leaves behind, said with it (PEP 678); `cli/` shows it."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def noted(note: str) -> Iterator[None]:
    """Let an interrupt that comes meanwhile say this, unless whoever was at work has said more."""
    try:
        yield
    except KeyboardInterrupt as interrupt:
        if not getattr(interrupt, "__notes__", ()):
            interrupt.add_note(note)
        raise
