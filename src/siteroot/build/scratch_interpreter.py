"""An interpreter for a build root: one that sees what the root holds, and nothing that is installed beside itself.

A `pyvenv.cfg` and links to the interpreter make Python take the root for its prefix (PEP 405). Nothing lighter reaches
the Pythons that a backend's tools start: they know `sys.executable`, PATH and VIRTUAL_ENV, and all three lead here.
What is installed for people never holds any of this.
"""

import os

from siteroot import fs
from siteroot.model.target import Interpreter


def link_interpreter(folder: str, interpreter: Interpreter) -> str:
    """Make a build root an interpreter's prefix, and return the path of that interpreter in it."""
    base = base_executable(interpreter)
    scripts = f"{folder}/bin"
    fs.make_folder(scripts)
    config = f"home = {os.path.dirname(base)}\ninclude-system-site-packages = false\nversion = {interpreter.version}\n"
    fs.write_whole(f"{folder}/pyvenv.cfg", config.encode())
    major, minor = interpreter.version.split(".")[:2]
    for name in {"python", f"python{major}", f"python{major}.{minor}", os.path.basename(base)}:
        fs.remove_file(f"{scripts}/{name}")
        fs.DISK.symlink(base, f"{scripts}/{name}")
    return f"{scripts}/python"


def base_executable(interpreter: Interpreter) -> str:
    """Return the interpreter itself, where what is named is a virtual environment's."""
    path = os.path.realpath(interpreter.executable)
    if interpreter.is_virtual and path.startswith(f"{os.path.realpath(interpreter.prefix)}/"):
        major, minor = interpreter.version.split(".")[:2]  # the environment holds a copy of it
        return f"{interpreter.base_prefix}/bin/python{major}.{minor}"
    return path
