"""The four layouts: where each scheme of a distribution lies, relative to the root (DESIGN.md, section 1)."""

import posixpath
from collections.abc import Mapping

from siteroot.model.layout import Layout, LayoutKind, is_below
from siteroot.model.target import Interpreter, Target


def target_layout(root: str) -> Layout:
    """Return the layout of `--target`: modules at the root, scripts in `bin` on every platform, as uv and pip do."""
    return Layout(
        kind=LayoutKind.TARGET,
        root=root,
        folders={"purelib": "", "platlib": "", "scripts": "bin", "headers": "include", "data": ""},
    )


def prefix_layout(root: str, target: Target) -> Layout:
    """Return the layout of `--prefix`: sysconfig's `venv` scheme below the root."""
    if target.windows:
        library, scripts, headers = "Lib/site-packages", "Scripts", "Include"
    else:
        python = (
            f"{_library_name(target)}{target.python_version}{'t' if target.free_threaded else ''}"
        )
        library, scripts, headers = f"lib/{python}/site-packages", "bin", f"include/site/{python}"
    return Layout(
        kind=LayoutKind.PREFIX,
        root=root,
        folders={
            "purelib": library,
            "platlib": library,
            "scripts": scripts,
            "headers": headers,
            "data": "",
        },
    )


def pypackages_layout(root: str, target: Target) -> Layout:
    """Return the layout of `__pypackages__/X.Y` (PEP 582, as pdm has it); `root` is that folder."""
    scripts = "Scripts" if target.windows else "bin"
    return Layout(
        kind=LayoutKind.PYPACKAGES,
        root=root,
        folders={
            "purelib": "lib",
            "platlib": "lib",
            "scripts": scripts,
            "headers": "include",
            "data": "",
        },
    )


def interpreter_layout(interpreter: Interpreter, schemes: Mapping[str, str]) -> Layout:
    """Return the layout of an interpreter's own sysconfig; the root is its purelib.

    `schemes` are its scheme folders with all links resolved, for paths between them are written with "..".
    """
    root = schemes["purelib"]
    folders = {}
    for scheme in ("purelib", "platlib", "scripts", "headers", "data"):
        relative = posixpath.relpath(schemes[scheme], root)
        folders[scheme] = "" if relative == "." else relative
    return Layout(
        kind=LayoutKind.INTERPRETER,
        root=root,
        folders=folders,
        virtual=interpreter.is_virtual,
    )


def root_form(layout: Layout, target: Target) -> str:
    """Return what all that is rendered into a root depends on, beside the Python's version (`RootState.form`)."""
    system = "windows" if target.windows else "posix"
    return f"{layout.kind.value}-{system}" + ("-t" if target.free_threaded else "")


def outer_folders(layout: Layout) -> tuple[str, ...]:
    """Return the scheme folders that lie outside the root, and the one above headers that stays when these go."""
    folders = {*layout.folders.values(), _above_headers(layout)}
    return tuple(sorted(f for f in folders if f == ".." or f.startswith("../")))


def inner_folders(layout: Layout) -> tuple[str, ...]:
    """Return the scheme folders that lie inside the root, itself not among them."""
    return tuple(sorted({f for f in layout.folders.values() if f} - {*outer_folders(layout)}))


def is_standing(folder: str, layout: Layout) -> bool:
    """Whether a folder is the interpreter's own: a change that leaves it empty leaves it there.

    These are the scheme folders and what lies above them, and where others than Python use them too, all that lies
    directly in data (`/usr/local/etc`). Of the headers' folder only the first one in data is.
    """
    if layout.movable:
        return False
    own = {f for scheme, f in layout.folders.items() if scheme != "headers"}
    own.add(_above_headers(layout))
    if folder in own or any(is_below(each, folder) for each in own):
        return True
    return not layout.virtual and posixpath.dirname(folder) == layout.folders["data"]


def _above_headers(layout: Layout) -> str:
    """Return the folder directly in data that headers lie in, "include"; where they lie elsewhere, their own."""
    headers, data = layout.folders["headers"], layout.folders["data"]
    if not is_below(headers, data):
        return headers
    prefix = f"{data}/" if data else ""
    return prefix + headers[len(prefix) :].partition("/")[0]


def _library_name(target: Target) -> str:
    return "pypy" if target.implementation == "pypy" else "python"
