"""Starts siteroot from siteroot.pyz, importing nothing from PYTHONPATH, site-packages or the current folder.

Up to the look at its version this runs on any Python 3.
"""
# ruff: noqa: E402, UP031, UP036 - sys.path is cleaned before much is imported; older Pythons read this too

import os
import sys

if sys.version_info < (3, 11):
    version = sys.version.split()[0]
    sys.stderr.write("error: siteroot needs Python 3.11 or later to run, this is %s\n" % version)
    sys.exit(2)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType, ModuleType, TracebackType


def tell(kind: type[BaseException], error: BaseException, trace: "TracebackType | None") -> None:
    """Tell of an error, but not of a Ctrl-C that comes before signals are heard: nothing is begun then."""
    if kind is not KeyboardInterrupt:
        sys.__excepthook__(kind, error, trace)


sys.excepthook = tell

ARCHIVE = os.path.dirname(os.path.abspath(__file__))
LIBRARY = f"{ARCHIVE}/lib"
GIVEN = {os.path.abspath(e) for e in os.environ.get("PYTHONPATH", "").split(os.pathsep) if e}
STANDARD = os.path.dirname(os.__file__)
BESIDE = ("lib-dynload", "DLLs", "python%d%d.zip" % sys.version_info[:2])

sys.path[:] = [LIBRARY] + [
    entry
    for entry in sys.path
    if entry == STANDARD
    or (os.path.basename(entry) in BESIDE and os.path.abspath(entry) not in GIVEN)
]

import marshal
from importlib.machinery import EXTENSION_SUFFIXES, ExtensionFileLoader, ModuleSpec
from zipimport import zipimporter

#: Where this Python's bytecode lies, if it is there. Releases of one version share a form; what comes before may not.
BYTECODE = f"{ARCHIVE}/{sys.implementation.cache_tag}"
RELEASED = sys.version_info.releaselevel == "final"


class Importer(zipimporter):
    """Imports from this archive. zipimport has no place for several Pythons' bytecode, and reads each module twice."""

    def get_filename(self, fullname: str) -> str:
        """Return the path of a module's source, without compiling it."""
        ending = "/__init__.py" if self.is_package(fullname) else ".py"
        return f"{self.archive}/{self.prefix}{fullname.rpartition('.')[2]}{ending}"

    def get_code(self, fullname: str) -> "CodeType":
        """Return a module's bytecode where there is some for this Python, else compile it."""
        name = self.get_filename(fullname).removeprefix(LIBRARY)
        try:
            bytecode = self.get_data(f"{BYTECODE}{name}c") if RELEASED else b""
        except OSError:
            bytecode = b""
        return marshal.loads(bytecode[16:]) if bytecode else super().get_code(fullname)  # noqa: S302 - our own

    def find_spec(self, fullname: str, target: "ModuleType | None" = None) -> "ModuleSpec | None":
        """Return a module's spec; of a compiled one for this Python, too, where the system loads such from memory."""
        spec = super().find_spec(fullname, target)
        if spec is None and hasattr(os, "memfd_create"):
            name = f"{self.prefix}{fullname.rpartition('.')[2]}{EXTENSION_SUFFIXES[0]}"
            try:
                content = self.get_data(name)
                memory = os.memfd_create(fullname)
                with open(
                    memory, "wb", closefd=False
                ) as file:  # libraries are told apart by these numbers
                    file.write(content)
            except OSError:
                return None
            path = f"/proc/self/fd/{memory}"
            spec = ModuleSpec(fullname, ExtensionFileLoader(fullname, path), origin=path)
        return spec


sys.path_hooks.insert(0, Importer)

from siteroot.cli.main import run

run()
