"""A process that makes changes which are stopped at one operation: a request per line in, an answer per line out.

A request is `{"kind", "at", "workers", "mode", "user", "root", "rows"}` as JSON: make the change (or, with no rows,
do what the next command does first: lock the root and recover it). `Kind` says what happens when the process that it
means comes to the operation with the number `at`, counted from 0. The change is made in a child that leads a process
group. The answer is `[exit, struck, count]`: how the child ended, a signal as a negative number, whether it came to that
operation, and how many operations it made itself, -1 where it could not tell.
"""

import ctypes
import errno
import json
import marshal
import os
import signal
import sys
import traceback
from collections.abc import Callable
from enum import StrEnum
from typing import Any

from siteroot.errors import SiterootError
from siteroot.root import placing
from siteroot.root.faults import ApplyFailedError
from siteroot.root.fresh import apply_fresh
from siteroot.root.journal import apply_change, recover_root
from siteroot.root.lock import lock_root
from support.writers import guarded_writer

#: How a child ends that was not killed.
MADE, RESTORED, UNFINISHED, REFUSED, INTERRUPTED, BROKEN = 0, 3, 4, 5, 6, 9
_PR_SET_CHILD_SUBREAPER = 36
_GROWING = frozenset(
    ("create", "mkdir", "write", "copy_file_range", "clone", "link", "symlink", "setxattr")
)


class Kind(StrEnum):
    """What happens at the operation: of the process that makes the change, or of the worker that comes to it first."""

    NOTHING = "nothing"
    KILLED = "killed"
    FULL_ONCE = "no space, once"
    FULL = "no space from then on"
    BROKEN_ONCE = "an input/output error, once"
    WORKER_KILLED = "a worker: it is killed"
    PARENT_KILLED = "a worker: its parent is killed"
    GROUP_KILLED = "a worker: all are killed"
    GROUP_INTERRUPTED = "a worker: all are interrupted"
    WORKER_FULL = "a worker: no space"
    WORKER_BROKEN = "a worker: an input/output error"

    @property
    def of_worker(self) -> bool:
        """Whether it is a worker's operation."""
        return self.value.startswith("a worker")


class Stop:
    """Counts the operations of each process, and stops where it shall."""

    def __init__(self, kind: Kind, at: int, once: int) -> None:
        self.kind = kind
        self._at = at
        self._once = once  # a pipe with one byte in it: who reads that strikes
        self._parent = self._process = os.getpid()
        self.count = 0
        self._full = False

    def before(self, name: str) -> None:
        """Be called before each operation."""
        process = os.getpid()
        if process != self._process:
            self._process, self.count = process, 0
        number = self.count
        self.count += 1
        if self._full and name in _GROWING:
            _fail(errno.ENOSPC)
        if number != self._at or (process != self._parent) != self.kind.of_worker:
            return
        if self._first():
            self._strike(name)

    def _first(self) -> bool:
        if self.kind is Kind.NOTHING:
            return False
        try:
            return bool(os.read(self._once, 1))
        except BlockingIOError:
            return False

    def _strike(self, name: str) -> None:
        match self.kind:
            case Kind.NOTHING:
                raise AssertionError
            case Kind.KILLED | Kind.WORKER_KILLED:
                os.kill(os.getpid(), signal.SIGKILL)
            case Kind.PARENT_KILLED:
                os.kill(self._parent, signal.SIGKILL)
            case Kind.GROUP_KILLED:
                os.killpg(self._parent, signal.SIGKILL)
            case Kind.GROUP_INTERRUPTED:
                os.killpg(self._parent, signal.SIGINT)
            case Kind.FULL_ONCE | Kind.WORKER_FULL:
                _fail(errno.ENOSPC)
            case Kind.FULL:
                self._full = True
                if name in _GROWING:
                    _fail(errno.ENOSPC)
            case Kind.BROKEN_ONCE | Kind.WORKER_BROKEN:
                _fail(errno.EIO)


def _fail(number: int) -> None:
    raise OSError(number, os.strerror(number))


def _work(request: dict[str, Any], stop: Stop) -> int:
    writer, root = guarded_writer(stop.before), request["root"]
    options = {"link_mode": request["mode"], "workers": request["workers"], "writer": writer}
    rows = None
    if request["rows"]:
        with open(request["rows"], "rb") as stream:
            rows = marshal.load(stream)
    try:
        with lock_root(root, writer=writer) as lock:
            if lock.existed:
                recover_root(root, writer=writer)
            if rows is not None:
                (apply_change if lock.existed else apply_fresh)(root, rows, **options)
    except ApplyFailedError as error:
        if stop.kind is Kind.NOTHING:
            traceback.print_exc()
        return RESTORED if error.restored else UNFINISHED
    except SiterootError:
        return REFUSED
    except KeyboardInterrupt:
        return INTERRUPTED
    return MADE


def _in_child(work: Callable[[], int], user: int) -> int:
    """Return how a child ends that leads a group of its own and has the user's rights; all that it forked has ended."""
    child = os.fork()
    if child == 0:
        code = BROKEN
        try:
            os.setsid()
            signal.signal(signal.SIGINT, signal.default_int_handler)
            if user:
                os.setgroups([])
                os.setgid(user)
                os.setuid(user)
            code = work()
        except BaseException:  # noqa: BLE001 - the test hears it by the exit code
            traceback.print_exc()
        finally:
            os._exit(code)
    ended: dict[int, int] = {}
    while True:
        try:
            process, status = os.waitpid(-1, 0)
        except ChildProcessError:
            return os.waitstatus_to_exitcode(ended[child])
        ended[process] = status


def answer(request: dict[str, Any]) -> tuple[int, bool, int]:
    """Have a child do it."""
    once, put = os.pipe()
    told, tell = os.pipe()
    os.set_blocking(once, False)
    os.write(put, b"x")

    def work() -> int:
        stop = Stop(Kind(request["kind"]), request["at"], once)
        code = _work(request, stop)
        os.write(tell, b"%d" % stop.count)
        return code

    code = _in_child(work, request["user"])
    try:
        struck = not os.read(once, 1)
    except BlockingIOError:
        struck = True
    os.close(tell)
    count = os.read(told, 80)
    for descriptor in (once, put, told):
        os.close(descriptor)
    return code, struck, int(count or b"-1")


def main() -> None:
    """Answer requests."""
    placing.FEW = 0  # so that the few files of these trees are shared out too
    # orphans become this process's children, so that it can wait for them
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
