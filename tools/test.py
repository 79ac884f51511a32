"""The whole test suite, from a fresh machine: makes the roots that it needs and runs pytest in them.

Words after the command go to pytest. Without any, all tests run on all cores, those marked slow last; those
marked endless only with SITEROOT_ENDLESS=1. Tests that need uv
or containers are skipped where these are not at hand, and say so. With SITEROOT_TEST_ROOT=pure no compiled dependency is
there. With SITEROOT_TEST_FAST_CALLS=off (or an errno, EOPNOTSUPP is meant by `off`) the kernel refuses links, clones,
copy_file_range, renameat2, flock on folders and fork (Linux).
"""

import os
import signal
import subprocess
import sys

from checkout import CHECKOUT, environment_with, make_root


def main() -> int:
    """Run it."""
    tests = make_root(os.environ.get("SITEROOT_TEST_ROOT", "test"))
    # a worker that has nothing left takes tests from another's end, where the slow ones are
    words = sys.argv[1:] or [
        "-q",
        "-n",
        str(len(os.sched_getaffinity(0))),
        "--dist",
        "worksteal",
        "--durations=15",
    ]

    # -S, and no plugins but ours: the interpreter's own site-packages may hold anything
    command = [sys.executable, "-S", "-m", "pytest", *words]
    environment = {**environment_with(tests), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    refused = os.environ.get("SITEROOT_TEST_FAST_CALLS")
    if refused:
        without = str(CHECKOUT / "tests" / "support" / "without_fast_calls.py")
        number = "EOPNOTSUPP" if refused == "off" else refused
        command = [sys.executable, "-I", "-S", without, number, *command]
    # what runs in the background of a script ignores Ctrl-C, and so would every process of the tests that send it
    signal.signal(signal.SIGINT, signal.default_int_handler)
    return subprocess.run(command, cwd=CHECKOUT, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
