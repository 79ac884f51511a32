"""Bytecode, made by the Python that it is for: one process for each processor, for as long as there are modules."""

import fcntl
import hashlib
import inspect
import os
import selectors
import signal
import subprocess
import time
from collections import deque
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import IO, cast

from siteroot.errors import BuildError
from siteroot.model.value import dataclass

from . import compile_script

#: How many bytes of questions a process is given before it has answered the first, so that it need not wait for us.
#: The smallest pipe takes as many: more, and both of us might wait until the other reads.
_AHEAD = 4000
#: How large we would have the pipe of its answers.
_ROOM = 256 << 10

#: What goes before an answer: a sign, the source's sha256, a length.
_HEAD = 1 + 32 + 4

#: How a Python ends that a module was too much for: deep nesting overflows the stack of some.
_CRASHES = (signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGSEGV)


class CompilerLostError(BuildError):
    """A Python that was to compile modules does not do it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """A module to compile. `name` is what tracebacks show until it is imported; `mtime` in seconds."""

    path: str
    name: str
    mtime: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """What became of one: the sha256 of its source as it was read, and a whole .pyc, or why there is none."""

    module: Module
    source: bytes
    content: bytes
    why: str  # "" where there is one


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiler:
    """A Python, the mode of its bytecode ("timestamp", "checked-hash", "unchecked-hash"), and our patience.

    `timeout` is how many seconds one module may take, None for any time.
    """

    executable: str
    mode: str
    timeout: float | None
    environ: Mapping[str, str]

    def compile(self, modules: Sequence[Module], workers: int | None = None) -> Generator[Compiled]:
        """Yield what becomes of each module, as it becomes known. Ending early ends the processes.

        `workers` None: as many as there are processors for this process. Raises CompilerLostError.
        """
        if workers is None:
            workers = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
        pending = deque(modules)
        crew: list[_Process] = []
        with selectors.DefaultSelector() as selector:
            try:
                for _ in range(min(workers, len(modules))):
                    self._engage(crew, selector).ask(pending)
                while any(process.asked for process in crew):
                    for key, _ in selector.select(_soonest(crew, self.timeout)):
                        process = cast("_Process", key.data)
                        yield from process.hear()
                        if process.crash:
                            yield from process.blame()
                            pending.extendleft(reversed(process.asked))
                            selector.unregister(process.answers)
                            process.end()
                            crew.remove(process)
                            process = self._engage(crew, selector)
                        process.ask(pending)
                    _refuse_slow(crew, self.timeout)
            finally:
                for process in crew:
                    process.end()

    def _engage(self, crew: list["_Process"], selector: selectors.BaseSelector) -> "_Process":
        process = _Process(self)
        crew.append(process)
        selector.register(process.answers, selectors.EVENT_READ, process)
        return process


def _size(module: Module) -> int:
    """Return how many bytes a question takes, at most: four for each letter, and the rest."""
    return 4 * (len(module.path) + len(module.name)) + 30


def _digest(path: str) -> bytes:
    """Return the sha256 of a source, zeros where it cannot be read, as the script does."""
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    except OSError:
        return bytes(32)


def _soonest(crew: Sequence["_Process"], timeout: float | None) -> float | None:
    """Return how long to wait at most, in seconds."""
    if timeout is None:
        return None
    began = min((process.began for process in crew if process.asked), default=time.monotonic())
    return max(0.0, began + timeout - time.monotonic())


def _refuse_slow(crew: Sequence["_Process"], timeout: float | None) -> None:
    now = time.monotonic()
    for process in crew:
        if timeout is not None and process.asked and now - process.began >= timeout:
            raise CompilerLostError(
                f"it was not compiled within {timeout:g} seconds",
                where=process.asked[0].path,
                hints=(
                    "UV_COMPILE_BYTECODE_TIMEOUT=SECONDS gives it more time, 0 any",
                    "--no-compile-bytecode goes without",
                ),
            )


class _Process:
    """One compiling Python. It ends when its stdin does: so it never outlives us."""

    def __init__(self, compiler: Compiler) -> None:
        # -I would take no PYTHONHASHSEED: without the environment's own PYTHON* variables and without user site
        # and `site`, nothing of it is left, and the script takes the current folder off its path.
        environ = {
            name: value
            for name, value in compiler.environ.items()
            if not name.startswith(("PYTHON", "__PYVENV"))
        }
        environ["PYTHONHASHSEED"] = "0"
        flags = ("-s", "-S", "-B", "-W", "ignore", "-X", "utf8")
        source = inspect.getsource(compile_script)
        try:
            self._child = subprocess.Popen(  # noqa: S603 - the Python that the root is made for
                [compiler.executable, *flags, "-c", source, compiler.mode],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environ,
                process_group=0,
            )
        except OSError as error:
            raise CompilerLostError(
                f"it cannot be started: {error.strerror}", where=compiler.executable
            ) from error
        self.answers = cast("IO[bytes]", self._child.stdout)
        self.asked: deque[Module] = deque()
        self.crash = ""  # the signal that it was ended by while it was at work
        self._executable = compiler.executable
        self._answered = False
        self.began = time.monotonic()
        with suppress(OSError, AttributeError):  # not everywhere, and not for everybody
            fcntl.fcntl(self.answers, fcntl.F_SETPIPE_SZ, _ROOM)
        self._questions = cast("IO[bytes]", self._child.stdin)
        self._heard = bytearray()

    def ask(self, pending: deque[Module]) -> None:
        """Give it work, as long as there is some and it has less than it should."""
        if not self.asked:
            self.began = time.monotonic()
        questions, length = [], sum(map(_size, self.asked))
        while pending and (not length or length + _size(pending[0]) <= _AHEAD):
            module = pending.popleft()
            fields = (os.fsencode(module.path), os.fsencode(module.name), b"%d" % module.mtime)
            questions += [
                part for field in fields for part in (len(field).to_bytes(4, "little"), field)
            ]
            length += _size(module)
            self.asked.append(module)
        with suppress(OSError):  # it has ended: its answers say so
            self._questions.write(b"".join(questions))
            self._questions.flush()

    def hear(self) -> Iterator[Compiled]:
        """Yield the answers that are there, or see a `crash`. Raises CompilerLostError where it has ended otherwise."""
        block = os.read(self.answers.fileno(), 1 << 20)
        if not block and self.asked:
            self._end_unasked()
        self._heard += block
        while len(self._heard) >= _HEAD:
            end = _HEAD + int.from_bytes(self._heard[_HEAD - 4 : _HEAD], "little")
            if len(self._heard) < end:
                return
            result = bytes(self._heard[_HEAD:end])
            good, source = self._heard[:1] == b"+", bytes(self._heard[1:33])
            del self._heard[:end]
            self.began = time.monotonic()
            self._answered = True
            yield Compiled(
                module=self.asked.popleft(),
                source=source,
                content=result if good else b"",
                why="" if good else result.decode("utf-8", "replace"),
            )

    def blame(self) -> Iterator[Compiled]:
        """Yield what is to be said of the module that it crashed at, if no other can have been the cause.

        One that had compiled others before says nothing: the module is asked of a new one, alone.
        """
        if not self._answered:
            module = self.asked.popleft()
            source, why = _digest(module.path), f"it crashes the compiler: {self.crash}"
            yield Compiled(module=module, source=source, content=b"", why=why)

    def _end_unasked(self) -> None:
        code = self._child.wait()
        if -code in _CRASHES:
            self.crash = signal.Signals(-code).name
            return
        how = f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
        raise CompilerLostError(
            f"{self._executable} {how} while it compiled this module",
            where=self.asked[0].path,
            hints=("--no-compile-bytecode goes without",),
        )

    def end(self) -> None:
        """End it, whatever it does."""
        with suppress(OSError):  # it has ended already
            os.killpg(self._child.pid, signal.SIGKILL)
        self._child.wait()
        self.answers.close()
        with suppress(OSError):  # what was left to be asked
            self._questions.close()
