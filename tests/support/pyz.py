"""The one-file build, made from this checkout as a person makes it."""

import fcntl
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]


def make_pyz(out: Path, *words: str) -> Path:
    """Return the archive; one process at a time, for the tool keeps the roots that it builds from in the checkout."""
    tool = CHECKOUT / "tools" / "make_pyz.py"
    with tool.open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        subprocess.run([sys.executable, str(tool), str(out), *words], check=True, capture_output=True)
    return out
