"""The whole test suite, from a fresh machine: makes the roots that it needs and runs pytest in them.

Words after the command go to pytest. Without any, all cores are used and tests run that need nothing but this
machine; tests that need the package index, uv or containers run where those are at hand, and say why where not.
"""

import os
import subprocess
import sys

from checkout import CHECKOUT, environment_with, make_root


def main() -> int:
    """Run it."""
    tests = make_root("test")
    words = sys.argv[1:] or ["-q", "-n", str(len(os.sched_getaffinity(0)))]
    command = [sys.executable, "-m", "pytest", *words]
    return subprocess.run(
        command, cwd=CHECKOUT, env=environment_with(tests), check=False
    ).returncode


if __name__ == "__main__":
    sys.exit(main())
