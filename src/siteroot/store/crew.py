"""Forked processes that check and unpack archives, so that all processors do: inflating in threads waits for one lock.

A process does one task at a time for the thread that hands it over, and answers with what came of it. It dies with its
parent; what it leaves then is unfinished work that nobody holds, as a killed siteroot leaves it.

Imported only when something is fetched.
"""

import contextlib
import gc
import os
import pickle
import queue
import signal
import threading
import traceback
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Generic, NoReturn, Self, TypeVar

from siteroot.errors import StoreError
from siteroot.fs import write_all

Task = TypeVar("Task")
Result = TypeVar("Result")

#: Seconds between two looks of a process at whether its parent lives.
_LOOK = 0.1
#: Up to so many bytes at a time, freed memory is kept for what comes next.
_KEPT = 4 << 20


def processors() -> int:
    """Return how many processes can work at once."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def spare_pages() -> None:
    """Spare this process, and those forked from it, page faults that they can do without. It holds until they end."""
    gc.freeze()  # to look through what is there by now would copy it, in parent and children
    bytes(
        _KEPT
    )  # what is no larger glibc gives back no more, only to have the kernel clear it anew


class UnpackerLostError(StoreError):
    """A process that unpacked a wheel ended before its work did."""


class Crew(Generic[Task, Result]):
    """Processes that do `work`. Safe for many threads while it is open (it is a context manager).

    Tasks, results and exceptions have to be picklable. Where no process can be had (a limit, other threads whose locks a
    fork would copy, a system without fork), the calling threads do the work themselves.
    """

    def __init__(self, work: Callable[[Task], Result], width: int) -> None:
        self._work = work
        self._members: list[_Member] = []
        self._idle: queue.SimpleQueue[_Member] = queue.SimpleQueue()
        if threading.active_count() > 1 or not hasattr(os, "fork"):
            return
        for _ in range(width):
            try:
                member = self._fork()
            except OSError:  # no room for another process: fewer do
                break
            self._members.append(member)
            self._idle.put(member)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Let each process end its task, and wait for it."""
        for member in self._members:
            member.close()
        for member in self._members:
            member.wait()
        self._members.clear()

    def call(self, task: Task) -> Result:
        """Return what `work` makes of the task, as soon as a process is free. Raises what it raises, UnpackerLostError."""
        if not self._members:
            return self._work(task)
        member = self._idle.get()
        try:
            member.send(pickle.dumps(task))
            return self._hear(member)
        finally:
            self._idle.put(member)

    def share(self, tasks: Sequence[Task]) -> list[Result]:
        """Return what `work` makes of all tasks at once, each in a process and the rest here. For one thread alone."""
        members = self._members[: len(tasks)]
        for member, task in zip(members, tasks, strict=False):
            member.send(pickle.dumps(task))
        rest = [self._work(task) for task in tasks[len(members) :]]
        return [*map(self._hear, members), *rest]

    def _hear(self, member: "_Member") -> Result:
        done, result = pickle.loads(member.receive())  # noqa: S301 - our own process wrote it
        if not done:
            raise result
        answer: Result = result
        return answer

    def _fork(self) -> "_Member":
        parent = os.getpid()
        tasks, tell = os.pipe()
        listen, answers = os.pipe()
        ours, theirs = (tell, listen), (tasks, answers)
        pid = -1
        try:
            pid = os.fork()
            if pid == 0:
                for other in (*ours, *(end for m in self._members for end in (m.tell, m.listen))):
                    os.close(other)  # or a pipe would not end with the parent
                _serve(self._work, tasks, answers, parent)
        finally:
            if os.getpid() != parent:
                os._exit(1)  # interrupted before it began: what follows is the parent's to do
            for end in theirs if pid > 0 else (*ours, *theirs):
                os.close(end)
        return _Member(pid, *ours)


class _Member:
    """A process as its parent has it: one end of the pipe for tasks, one of that for answers."""

    def __init__(self, pid: int, tell: int, listen: int) -> None:
        self.pid = pid
        self.tell = tell
        self.listen = listen

    def send(self, content: bytes) -> None:
        try:
            _send(self.tell, content)
        except OSError:
            raise self._lost() from None

    def receive(self) -> bytes:
        content = _receive(self.listen)
        if content is None:
            raise self._lost()
        return content

    def close(self) -> None:
        os.close(self.tell)

    def wait(self) -> None:
        _receive(self.listen)  # an answer that nobody awaits any more must not keep it from ending
        os.close(self.listen)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.pid, 0)

    def _lost(self) -> UnpackerLostError:
        return UnpackerLostError(
            f"process {self.pid}, which unpacked a wheel, was ended from outside",
            hints=("Was it killed for lack of memory? Then run it again.",),
        )


def _serve(work: Callable[[Task], Result], tasks: int, answers: int, parent: int) -> NoReturn:
    """Be a process of the crew until the parent closes its pipe, or dies."""
    status = 1
    try:

        def look(*_: object) -> None:
            if os.getppid() != parent:
                os._exit(1)

        signal.signal(signal.SIGALRM, look)
        signal.setitimer(signal.ITIMER_REAL, _LOOK, _LOOK)
        while (content := _receive(tasks)) is not None:
            _send(answers, _do(work, content))
        status = 0
    finally:
        os._exit(status)


def _do(work: Callable[[Task], Result], content: bytes) -> bytes:
    try:
        return pickle.dumps((True, work(pickle.loads(content))))  # noqa: S301 - our own parent wrote it
    except Exception as error:  # noqa: BLE001 - it is raised where the work was asked for
        if not isinstance(error, (StoreError, OSError)):
            error.add_note(traceback.format_exc())
        return pickle.dumps((False, error))


def _send(descriptor: int, content: bytes) -> None:
    write_all(descriptor, len(content).to_bytes(8, "big") + content)


def _receive(descriptor: int) -> bytes | None:
    """Return the next message, None where no whole one comes any more."""
    head = _read(descriptor, 8)
    return None if head is None else _read(descriptor, int.from_bytes(head, "big"))


def _read(descriptor: int, count: int) -> bytes | None:
    content = b""
    while len(content) < count:
        piece = os.read(descriptor, count - len(content))
        if not piece:
            return None
        content += piece
    return content
