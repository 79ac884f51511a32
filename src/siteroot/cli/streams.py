"""The streams of this process, opened so that a command can rely on them. Imports nothing that is not loaded already."""

# ruff: noqa: TID251 - this is the one mouth

import io
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO

    from _typeshed import ReadableBuffer


class _Unheard(io.FileIO):
    """What cannot be said is not said, and the work goes on.

    A terminal that was closed, a full disk behind a redirection, a reader that is gone: no root is left half done for it.
    """

    def write(self, content: "ReadableBuffer", /) -> int:
        try:
            return super().write(content)
        except OSError:
            return len(memoryview(content))


def open_streams() -> "tuple[TextIO, TextIO]":
    """Return stdout and stderr; a closed one leads nowhere, and its descriptor is not left for other files."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) < 3:
        os.set_inheritable(descriptor, True)  # noqa: FBT003 - as 0, 1 and 2 are
    os.close(descriptor)
    out = sys.stdout or _text(io.FileIO(1, "w", closefd=False), "utf-8", "strict")
    if isinstance(out, io.TextIOWrapper):
        out.reconfigure(errors="surrogateescape")  # a program reads the very bytes of a name
    encoding = "utf-8" if sys.stderr is None else sys.stderr.encoding
    err = _text(_Unheard(2, "w", closefd=False), encoding, "backslashreplace")
    sys.stderr = err
    return out, err


def _text(raw: io.FileIO, encoding: str, errors: str) -> "TextIO":
    return io.TextIOWrapper(io.BufferedWriter(raw), encoding, errors, line_buffering=True)
