"""What a stream can show: colours, texts of strangers, and numbers in uv's words. Imports nothing, for errors must be cheap to print."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_RESET = "\x1b[0m"
_CODES = {
    "bold": "\x1b[1m",
    "dim": "\x1b[2m",
    "red": "\x1b[31m",
    "green": "\x1b[32m",
    "yellow": "\x1b[33m",
    "cyan": "\x1b[36m",
}


class Paint:
    """Colours words, or leaves them plain."""

    def __init__(self, *, on: bool) -> None:
        self.on = on

    def __call__(self, text: str, *looks: str) -> str:
        """Return the text in these looks: bold, dim, red, green, yellow, cyan."""
        if not self.on or not text:
            return text
        return "".join(_CODES[look] for look in looks) + text + _RESET


def escape(text: str, keep: str = "") -> str:
    """Return a text in which nothing steers a terminal, but for what is kept: control, bidi and lone surrogate characters as Python writes them.

    Wheels, locks, projects and servers have a say in most messages, and one of theirs must not look like ours.
    """
    if text.isprintable():
        return text
    return "".join(
        sign
        if sign.isprintable() or sign in keep
        else sign.encode("unicode_escape").decode("ascii")
        for sign in text
    )


def wants_color(choice: str, environ: "Mapping[str, str]", *, terminal: bool) -> bool:
    """Whether to colour: `--color`, else NO_COLOR, FORCE_COLOR and CLICOLOR_FORCE, else whether it is a terminal."""
    if choice != "auto":
        return choice == "always"
    if environ.get("NO_COLOR"):
        return False
    if any(environ.get(name, "0") not in ("", "0") for name in ("FORCE_COLOR", "CLICOLOR_FORCE")):
        return True
    return terminal and environ.get("TERM") != "dumb"


def may_draw(environ: "Mapping[str, str]", *, terminal: bool) -> bool:
    """Whether lines may be drawn over: on a terminal that can, where no CI pretends to be one."""
    return terminal and environ.get("TERM", "dumb") != "dumb" and not environ.get("CI")


def render_seconds(seconds: float) -> str:
    """Return a duration as uv writes it: 0.21ms, 66ms, 1.05s, 2m 07s."""
    if seconds >= 60:
        return f"{int(seconds) // 60}m {int(seconds) % 60:02}s"
    if seconds >= 1:
        return f"{int(seconds * 100) / 100:.2f}s"
    if seconds >= 0.001:
        return f"{int(seconds * 1000)}ms"
    return f"{int(seconds * 100_000) / 100:.2f}ms"


def render_size(size: int) -> str:
    """Return bytes as uv writes them: 12B, 1.5KiB, 3.0MiB."""
    if size < 1024:
        return f"{size}B"
    amount = float(size)
    for unit in ("KiB", "MiB", "GiB"):
        amount /= 1024
        if amount < 1024:
            return f"{amount:.1f}{unit}"
    return f"{amount / 1024:.1f}TiB"


def render_count(count: int, noun: str) -> str:
    """Return `1 package`, `3 packages`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
