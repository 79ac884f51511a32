"""How errors look: uv's shape."""

from siteroot.cli.faults import render_error, render_warning
from siteroot.cli.terminal import Paint
from siteroot.errors import LockError, RootError

_PLAIN = Paint(on=False)


def _raised(error: Exception, cause: Exception | None) -> Exception:
    error.__cause__ = cause
    return error


def test_fault_causes_blank_hints() -> None:
    deepest = OSError(28, "No space left on device", "/app/pkgs")
    middle = _raised(RootError("the change was undone"), deepest)
    error = _raised(
        RootError(
            "the root could not be changed",
            where="/app/pkgs",
            hints=("make room", "or go elsewhere"),
        ),
        middle,
    )
    assert render_error(error, _PLAIN) == [
        "error: /app/pkgs: the root could not be changed",
        "  cause: the change was undone",
        "  cause: /app/pkgs: No space left on device",
        "",
        "hint: make room",
        "hint: or go elsewhere",
    ]


def test_an_error_alone_is_one_line_and_a_cause_is_not_said_twice() -> None:
    error = _raised(LockError("there is no lock"), ValueError("there is no lock"))
    assert render_error(error, _PLAIN) == ["error: there is no lock"]


def test_a_cause_without_words_has_its_name() -> None:
    assert render_error(_raised(LockError("x"), ValueError()), _PLAIN)[1] == "  cause: ValueError"


def test_colours() -> None:
    """As `uv sync --color always` prints them, with plain resets."""
    paint = Paint(on=True)
    assert render_error(LockError("x"), paint) == ["\x1b[1m\x1b[31merror\x1b[0m\x1b[1m:\x1b[0m x"]
    assert (
        render_warning("x", paint) == "\x1b[1m\x1b[33mwarning\x1b[0m\x1b[1m:\x1b[0m \x1b[1mx\x1b[0m"
    )
