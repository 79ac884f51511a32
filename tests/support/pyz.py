"""The one-file build, made from this checkout as a person makes it."""

import subprocess
import sys
from pathlib import Path

import pytest

from .once import made_once

CHECKOUT = Path(__file__).parents[2]


def make_pyz(out: Path, *words: str) -> Path:
    """Return the archive."""
    tool = CHECKOUT / "tools" / "make_pyz.py"
    made = subprocess.run(
        [sys.executable, str(tool), str(out), *words], check=False, capture_output=True, text=True
    )
    assert made.returncode == 0, made.stderr
    return out


def shared_pyz(factory: pytest.TempPathFactory, *words: str) -> Path:
    """Return an archive that is made once in a run."""
    return made_once(factory, " ".join(["siteroot.pyz", *words]), lambda out: make_pyz(out, *words))
