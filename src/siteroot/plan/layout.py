"""The four layouts: where each scheme of a distribution lies, relative to the root (DESIGN.md, section 1)."""

import posixpath

from siteroot.model.layout import Layout, LayoutKind
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


def interpreter_layout(interpreter: Interpreter) -> Layout:
    """Return the layout of an interpreter's own sysconfig; the root is its purelib."""
    root = interpreter.schemes["purelib"]
    folders = {}
    for scheme in ("purelib", "platlib", "scripts", "headers", "data"):
        relative = posixpath.relpath(interpreter.schemes[scheme], root)
        folders[scheme] = "" if relative == "." else relative
    return Layout(kind=LayoutKind.INTERPRETER, root=root, folders=folders)


def outer_folders(layout: Layout) -> tuple[str, ...]:
    """Return the scheme folders that lie outside the root: the anchors of `model.rows`."""
    return tuple(sorted({f for f in layout.folders.values() if f == ".." or f.startswith("../")}))


def _library_name(target: Target) -> str:
    return "pypy" if target.implementation == "pypy" else "python"
