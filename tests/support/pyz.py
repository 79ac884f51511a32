"""The one-file build, made from this checkout as a person makes it."""

import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]


def make_pyz(out: Path, *words: str) -> Path:
    """Return the archive."""
    tool = CHECKOUT / "tools" / "make_pyz.py"
    made = subprocess.run(
        [sys.executable, str(tool), str(out), *words], check=False, capture_output=True, text=True
    )
    assert made.returncode == 0, made.stderr
    return out
