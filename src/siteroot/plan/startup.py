"""What an interpreter runs so that a root is imported from: launchers and `sitecustomize.py` (ROOT.md 5).

The texts (`startup_texts`) hold no path: each finds its root from where it stands.

Three places, one rule: the root goes where PYTHONPATH would put it, behind the script's own folder (programs count
on that one: mypy takes the first entry away) and before site-packages; its `.pth` lines come after that, once.

    bin/NAME                          a launcher: starts a Python of the right kind on itself, then the root in it
    .siteroot-start/sitecustomize.py  put on PYTHONPATH by a launcher for what it starts in turn: acts only in the
                                      very interpreter that the launcher ran in, so that a virtual environment or
                                      another Python that inherits the variables does not see the root
    sitecustomize.py                  beside the modules, where a distribution brings `.pth` files: acts when the root
                                      is on PYTHONPATH
"""

import re

from siteroot.model.target import Target
from siteroot.model.value import dataclass
from siteroot.model.wheel import EntryPoint

from .startup_texts import (
    CALL,
    PYTHON_HALF,
    SHELL_HALF,
    SITECUSTOMIZE,
    SITECUSTOMIZE_HEAD,
    START_SITECUSTOMIZE,
)

#: The folder that launchers put on PYTHONPATH for their children; it holds nothing but a sitecustomize.py.
START_FOLDER = ".siteroot-start"
#: What every sitecustomize.py that siteroot wrote begins with.
SITECUSTOMIZE_BEGINS = b'"""Written by siteroot;'


#: What begins a script and would mean nothing, or another thing, further down: after blank lines and comments a string
#: or a future import; in its first line a coding line (PEP 263); a byte order mark.
_HAS_TO_BE_FIRST = (
    rb"\xef\xbb\xbf|[ \t\f]*#[^\n]*coding[:=]"
    rb"|(?:[ \t\f]*(?:#[^\n]*)?\r?\n)*(?:[rRuU]?['\"]|from[ \t]+__future__[ \t])"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LauncherPlace:
    """Where launchers stand: paths from the scripts folder to the modules and to the root, and for which Python."""

    to_modules: str  # "..", "../lib/python3.12/site-packages"
    to_start: str  # "../.siteroot-start"
    target: Target


def render_launcher(entry_point: EntryPoint, place: LauncherPlace) -> bytes:
    """Return a launcher that is a shell script and a Python file at once, and holds no path."""
    return (_shell_half(place.target) + _python_half(place) + _call(entry_point)).encode()


def render_script(text: bytes, place: LauncherPlace) -> bytes:
    """Return a wheel's own script that began with a `#!python` line; `text` is what follows that line.

    A docstring, a `from __future__` and a coding line have to come first in their file, so a script that has one is
    compiled by itself.
    """
    header = (_shell_half(place.target) + _python_half(place)).encode()
    if not re.match(_HAS_TO_BE_FIRST, text):
        return header + text
    lines = "".join(f"    {line!r}\n" for line in text.splitlines(keepends=True))
    call = f'exec(compile(\n{lines}    , __file__, "exec", dont_inherit=True))\n'
    return header + call.encode("ascii")


def render_absolute_launcher(entry_point: EntryPoint, executable: str) -> bytes:
    """Return the launcher of an interpreter layout, as uv and pip write it."""
    return (absolute_shebang(executable) + _call(entry_point)).encode()


def absolute_shebang(executable: str) -> str:
    """Return first lines that start an interpreter by its path, through /bin/sh where the kernel could not.

    Linux cuts a first line at 127 bytes (255 since 5.1) and cannot have a space in the path.
    """
    if " " not in executable and len(f"#!{executable}\n".encode()) <= 127:
        return f"#!{executable}\n"
    quoted = "'" + executable.replace("'", "'\"'\"'") + "'"
    return f"#!/bin/sh\n'''exec' {quoted} \"$0\" \"$@\"\n' '''\n"


def render_sitecustomize(target: Target) -> bytes:
    """Return the `sitecustomize.py` that gives `.pth` files their effect on a PYTHONPATH root."""
    text = SITECUSTOMIZE_HEAD + _fill(SITECUSTOMIZE, check=_right_python(target))
    return text.encode()


def render_start_sitecustomize(target: Target, to_modules: str) -> bytes:
    """Return `.siteroot-start/sitecustomize.py`; `to_modules` leads from its folder to the modules."""
    start = _fill(START_SITECUSTOMIZE, check=_right_python(target), modules=to_modules)
    return (SITECUSTOMIZE_HEAD + start).encode()


def render_windows_script(entry_point: EntryPoint, place: LauncherPlace) -> bytes:
    """Return the `__main__.py` that a Windows launcher's archive holds."""
    return (_python_half(place) + _call(entry_point)).encode()


def python_names(target: Target) -> tuple[str, ...]:
    """Return the names to look for on PATH, best first."""
    if target.implementation == "pypy":
        return (f"pypy{target.python_version}", "pypy3", "pypy")
    return (
        f"python{target.python_version}{'t' if target.free_threaded else ''}",
        "python3",
        "python",
    )


def _right_python(target: Target) -> str:
    """Return a Python expression that tells whether an interpreter is one the root is made for."""
    membership = "in" if target.free_threaded else "not in"
    return (
        f"sys.version_info[:2] == ({target.python[0]}, {target.python[1]})"
        f' and sys.implementation.name == "{target.implementation}"'
        f' and "t" {membership} getattr(sys, "abiflags", "")'
    )


def _fill(template: str, **values: str) -> str:
    """Fill `@NAME@` places; str.format would need every brace of the scripts doubled."""
    for name, value in values.items():
        template = template.replace(f"@{name.upper()}@", value)
    return template


def _shell_half(target: Target) -> str:
    names = python_names(target)
    return _fill(
        SHELL_HALF,
        names=" ".join(names),
        first=names[0],
        listed=", ".join(names),
        check=_right_python(target),
        kind=_kind(target),
    )


def _kind(target: Target) -> str:
    """Return what messages call the Python that a root is made for."""
    return f"{target.implementation} {target.python_version}{'t' if target.free_threaded else ''}"


def _python_half(place: LauncherPlace) -> str:
    return _fill(
        PYTHON_HALF,
        kind=_kind(place.target),
        check=_right_python(place.target),
        modules=place.to_modules,
        start=place.to_start,
    )


def _call(entry_point: EntryPoint) -> str:
    return _fill(
        CALL,
        module=entry_point.module,
        first=entry_point.attribute.split(".", 1)[0],
        attribute=entry_point.attribute,
    )
