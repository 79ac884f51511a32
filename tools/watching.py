"""Runs a command that must end in time and leave no process behind. Linux: it adopts what its children leave."""

import contextlib
import ctypes
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
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
    faults = []
    process = subprocess.Popen(words, env={**variables, "PYTHONFAULTHANDLER": "1"})
    try:
        code = process.wait(seconds)
    except subprocess.TimeoutExpired:
        faults.append(f"not done after {seconds:g} s")
        for pid in descendants():
            _send(pid, signal.SIGABRT)
        _wait_for_all(process)
    else:
        if code:
            faults.append(f"exit code {code}")
        _wait_for_all(process)
        faults += [f"left running: {command_of(pid)}" for pid in descendants()]
    finally:
        for pid in descendants():
            _send(pid, signal.SIGKILL)
        _wait_for_all(process)
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


def _send(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _wait_for_all(process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _GRACE
    while descendants() and time.monotonic() < until:
        time.sleep(0.05)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(0)
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:  # the adopted
            pass
