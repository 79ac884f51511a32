"""What an environment is born with, and keeps though all else goes that was not asked for: as uv has it."""

import os

from siteroot.model.layout import LayoutKind

from .places import Place
from .project_files import DiskProjectFiles

_ALWAYS = frozenset({"pip", "uv"})
_BEFORE_312 = _ALWAYS | {"setuptools", "wheel"}  # `python -m venv` put setuptools there


def seeds_of(place: Place) -> frozenset[str]:
    """Return the names that stay in a root; none but an interpreter's has any, and none that uv made without `--seed`."""
    interpreter = place.target.interpreter
    if interpreter is None or place.layout.kind is not LayoutKind.INTERPRETER:
        return frozenset()
    config = DiskProjectFiles().read(os.path.join(interpreter.prefix, "pyvenv.cfg")) or b""
    pairs = (line.partition("=")[::2] for line in config.decode(errors="replace").splitlines())
    said = {key.strip(): value.strip() for key, value in pairs}
    if "uv" in said and said.get("seed") != "true":
        return frozenset()
    return _BEFORE_312 if place.target.python < (3, 12) else _ALWAYS
