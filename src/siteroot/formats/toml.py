"""TOML to plain values: toml-rs where it is installed, else the standard library.

Both give equal values for TOML 1.0; toml-rs reads 1.1 too, as uv does. toml-rs ends the process, with no exception,
on values that are nested some thousand deep, so only text that surely is not goes to it.
"""

import re
from collections.abc import Callable
from functools import cache

from siteroot.errors import SiterootError

#: Brackets that may be open at once before toml-rs is not trusted. It fails at some 5,000 with a stack of 8 MB.
_SAFE_DEPTH = 500

#: Bytes that say nothing about how deep a value is nested.
_NEUTRAL = bytes(set(range(256)) - set(b"[]{}\"'#\\\r\n"))
_COMMENT = rb"#[^\n]*"
_COMMENTED_QUOTE = rb'#[^\n]*"'
_TOMLLIB_PLACE = r" \(at (?:line (\d+), column (\d+)|end of document)\)$"


class TomlError(SiterootError):
    """A file is not TOML. Whoever knows what the file is for raises an error of that family from it."""


def parse_toml(content: bytes, where: str) -> dict[str, object]:
    """Return the document's top table.

    A byte order mark is tolerated. Raises TomlError, with line and column in its `where` if they are known.
    """
    content = content.removeprefix(b"\xef\xbb\xbf")
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise TomlError("is not UTF-8 text", where=f"{where}:{line}") from None
    try:
        fast_loads = _find_fast_loads()
        if fast_loads is not None and _is_shallow(content):
            return fast_loads(text)
        import tomllib  # noqa: PLC0415 - 2 ms that go for nothing beside toml-rs

        return tomllib.loads(text)
    except RecursionError:
        raise TomlError("has values that are nested too deeply", where=where) from None
    except (ValueError, OverflowError) as error:
        raise _toml_error(error, text, where) from None


@cache
def _find_fast_loads() -> Callable[[str], dict[str, object]] | None:
    """Return what reads TOML in toml-rs, None where that is not installed."""
    try:
        from toml_rs import loads  # noqa: PLC0415 - 3 ms, where there is any TOML
    except ImportError:
        return None
    found: Callable[[str], dict[str, object]] = loads
    return found


def _toml_error(error: Exception, text: str, where: str) -> TomlError:
    """Tell a parser's complaint in one line, without the line of the file that toml-rs shows: it may hold a password."""
    reason = str(error).rstrip().rpartition("\n")[2]
    line, column = getattr(error, "lineno", None), getattr(error, "colno", None)
    if place := re.search(_TOMLLIB_PLACE, reason):
        line, column = place.groups()
        reason = reason[: place.start()] + ("" if line else " at the end of the file")
    if not reason.isprintable():
        reason = repr(reason)[1:-1]
    return TomlError(
        f"is not valid TOML: {reason}",
        where=f"{where}:{line}:{column}" if line else where,
        hints=("This is TOML 1.1, which is read where toml-rs is installed.",)
        if line
        and column
        and _find_fast_loads() is None
        and _is_newer(reason, text, int(line), int(column))
        else (),
    )


def _is_newer(reason: str, text: str, line: int, column: int) -> bool:
    """Whether what tomllib complains of is TOML 1.1: its escapes in strings, inline tables as free as arrays."""
    row = f"{text.split(chr(10))[line - 1]}\n"
    before, after = row[: column - 1], row[column - 1 :]
    if reason.startswith("Unescaped"):
        return before.endswith(("\\e", "\\x"))
    if reason.startswith(("Invalid initial character for a key", "Unclosed inline table")):
        return after.startswith(("\n", "\r", "#", "}"))
    return False


def _is_shallow(content: bytes) -> bool:
    """Whether the text surely holds no deeply nested values. A no may be wrong, a yes never.

    Only brackets outside strings and comments count. In a lock that a tool wrote every string is a plain "...", so
    that each second piece between quotes is a string; whatever could upset this is a no.
    """
    signs = content.translate(None, _NEUTRAL)
    if signs.count(b"[") + signs.count(b"{") <= _SAFE_DEPTH:
        return True
    if b"\\" in signs or b"\r" in signs or b'"""' in content:
        return False
    outside = b'"'.join(signs.split(b'"')[::2])
    if b"'" in outside or outside.count(b"\n") != signs.count(b"\n"):
        return False
    if b"#" in outside:
        if re.search(_COMMENTED_QUOTE, outside):
            return False
        outside = re.sub(_COMMENT, b"", outside)
    brackets = outside.translate(None, b'"\n')
    for _ in range(8):  # each round closes the innermost level
        brackets = brackets.replace(b"[]", b"").replace(b"{}", b"")
    return len(brackets) < _SAFE_DEPTH - 8
