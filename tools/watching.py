"""Runs a command that must end in time and leave no process behind. Linux: it adopts what its children leave."""

import contextlib
import ctypes
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

_SET_CHILD_SUBREAPER = 36  # prctl's number for it
_GRACE = 3.0  # seconds: who was told to end, or to print where it hangs, gets to do so


def watch(
    words: Sequence[str | Path], *, seconds: float, variables: Mapping[str, str]
) -> list[str]:
    """Run a command to its end and return what was wrong, nothing where all is well.

    When its time is up each process gets SIGABRT, at which Python prints every thread's stack, and is killed then.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    process = subprocess.Popen(words, env={**variables, "PYTHONFAULTHANDLER": "1"})
    faults = []
    try:
        code = _reap_until(lambda codes: process.pid in codes, seconds).get(process.pid)
        if code is None:
            faults.append(f"not done after {seconds:g} s")
            _end_all(signal.SIGABRT)
        elif code:
            faults.append(f"exit code {code}")
        _reap_until(lambda _: not descendants(), _GRACE)
        if code is not None:
            faults += [f"left running: {command_of(pid)}" for pid in descendants()]
        process.returncode = -signal.SIGKILL if code is None else code
    finally:
        _end_all(signal.SIGKILL)
        _reap_until(lambda _: not descendants(), _GRACE)
    return faults


def descendants() -> list[int]:
    """Return the processes that this one or one of its children started and that have not ended."""
    children: dict[int, list[int]] = {}
    for entry in os.scandir("/proc"):
        if entry.name.isdecimal():
            with contextlib.suppress(OSError):  # it has just ended
                stat = Path(entry.path, "stat").read_text("utf-8", "replace")
                state, parent = stat.rpartition(")")[2].split()[:2]
                if state not in "ZX":
                    children.setdefault(int(parent), []).append(int(entry.name))
    found = [os.getpid()]
    for pid in found:
        found += children.get(pid, ())
    return found[1:]


def command_of(pid: int) -> str:
    """Return a process' command line."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
    except (OSError, UnicodeDecodeError):
        return str(pid)


def _end_all(number: signal.Signals) -> None:
    for pid in descendants():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def _reap_until(done: Callable[[Mapping[int, int]], bool], seconds: float) -> Mapping[int, int]:
    """Reap children, the adopted too, until `done` or the time is up; return exit codes by pid.

    An adopted one that is not reaped at once looks alive to the tests that wait for its end.
    """
    codes: dict[int, int] = {}
    until = time.monotonic() + seconds
    while not done(codes) and time.monotonic() < until:
        time.sleep(0.02)
        codes |= _reap()
    return codes | _reap()


def _reap() -> dict[int, int]:
    codes: dict[int, int] = {}
    with contextlib.suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            codes[ended[0]] = os.waitstatus_to_exitcode(ended[1])
    return codes
