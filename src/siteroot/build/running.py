"""Runs what a source tree brings along: in a group of its own that ends as a whole, its output in a log.

The environment is the caller's, for compilers are found through it, without what steers Python and siteroot, and with
what makes equal sources give equal wheels: one locale, time zone, umask, hash seed and SOURCE_DATE_EPOCH.
"""

import inspect
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from siteroot import fs
from siteroot.errors import BuildError
from siteroot.model.build import BuildOptions, BuildRoot

from . import hook_start

_DROPPED = ("PYTHON", "SITEROOT_", "UV_", "LC_", "__PYVENV_")
_DROPPED_NAMES = frozenset(("LANGUAGE", "VIRTUAL_ENV", "VIRTUAL_ENV_PROMPT", "CONDA_PREFIX"))
_LOG_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC
_NO_NAMESPACE = 126  # hook_start.py
_PAUSE = 0.05  # seconds
_SHOWN = 25  # lines of a log
_WIDEST = 400  # characters of one


class NoNetworkNamespaceError(BuildError):
    """A build is to see no network, and the system has no way to take it away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a command ended: its exit code, below 0 a signal's number; None where its time was over."""

    code: int | None

    def __str__(self) -> str:
        if self.code is None:
            return "did not end in time"
        if self.code >= 0:
            return f"exit code {self.code}"
        with suppress(ValueError):
            return f"ended by {signal.Signals(-self.code).name}"
        return f"ended by signal {-self.code}"


def backend_variables(
    environ: Mapping[str, str], root: BuildRoot, options: BuildOptions, scratch: str
) -> dict[str, str]:
    """Return the environment of a backend. What it writes on the way goes below `scratch`.

    HOME stays: cargo, ccache and git keep their toolchains and settings there.
    """
    kept = {
        name: value
        for name, value in environ.items()
        if not name.startswith(_DROPPED) and name not in _DROPPED_NAMES
    }
    return kept | {
        "PATH": f"{root.scripts}{os.pathsep}{environ.get('PATH', os.defpath)}",
        "VIRTUAL_ENV": root.folder,
        "PYTHONNOUSERSITE": "1",
        "PYTHONPYCACHEPREFIX": f"{scratch}/bytecode",
        "PYTHONHASHSEED": "0",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "TMPDIR": os.path.join(scratch, "tmp"),
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        "SOURCE_DATE_EPOCH": str(options.source_date_epoch),
        **options.variables,
    }


def run_logged(
    command: Sequence[str],
    *,
    cwd: str,
    variables: Mapping[str, str],
    log: str,
    options: BuildOptions,
) -> Ended:
    """Run a command to its end, its output added to the log. Whatever it started ends with it, or with this process.

    What begins a session of its own, as a compiler's server does, stays.
    Raises NoNetworkNamespaceError.
    """
    watched, held = os.pipe()
    words = [str(watched), "any" if options.network else "none", *command]
    descriptor = os.open(log, _LOG_FLAGS)
    try:
        child = subprocess.Popen(  # noqa: S603 - to run what the source brings is the task
            [command[0], "-I", "-S", "-B", "-c", inspect.getsource(hook_start), *words],
            stdin=subprocess.DEVNULL,
            stdout=descriptor,
            stderr=subprocess.STDOUT,
            cwd=cwd,
            env=dict(variables),
            umask=0o022,
            process_group=0,
            pass_fds=(watched,),
        )
    except BaseException:
        os.close(held)
        raise
    finally:
        os.close(watched)
        os.close(descriptor)
    ended = Ended(code=None)
    try:
        with suppress(subprocess.TimeoutExpired):
            ended = Ended(code=_wait(child, options.timeout))
    finally:
        with suppress(ProcessLookupError, PermissionError):  # macOS says the latter of a dead group
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        os.close(held)
    if ended.code == _NO_NAMESPACE and not options.network:
        raise NoNetworkNamespaceError(
            "a build cannot be kept from the network here: the system gives no network namespace",
            where="--build-network none",
            hints=(
                "In a container, let it have user namespaces, or run the build without a network.",
            ),
        )
    return ended


def _wait(child: subprocess.Popen[bytes], timeout: float | None) -> int:
    """Return the exit code. Looks again and again: a signal's handler runs between two looks in any thread's stead."""
    until = None if timeout is None else time.monotonic() + timeout
    while True:
        with suppress(subprocess.TimeoutExpired):
            return child.wait(_PAUSE)
        if until is not None and time.monotonic() > until:
            raise subprocess.TimeoutExpired(child.args, timeout or 0)


def read_last_lines(log: str) -> tuple[str, ...]:
    """Return the end of a log, with nothing in it that a terminal obeys."""
    try:
        with open(log, "rb") as file:
            file.seek(max(os.fstat(file.fileno()).st_size - _SHOWN * _WIDEST, 0))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return ()
    lines = [line.rstrip() for line in text.replace("\r\n", "\n").split("\n")]
    shown = [_printable(line) for line in lines if line.strip()]
    return tuple(shown[-_SHOWN:])


def _printable(line: str) -> str:
    plain = "".join(
        sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in line.expandtabs()
    )
    return plain if len(plain) <= _WIDEST else f"{plain[:_WIDEST]}…"


def begin_log(log: str, words: str) -> None:
    """Make a new log that begins with a line."""
    fs.make_folder(os.path.dirname(log))
    fs.write_whole(log, f"{words}\n".encode())


def add_to_log(log: str, texts: Sequence[str]) -> None:
    """Add texts to a log."""
    descriptor = os.open(log, _LOG_FLAGS)
    try:
        for text in texts:
            fs.write_all(descriptor, f"{text}\n".encode("utf-8", "replace"))
    finally:
        os.close(descriptor)
