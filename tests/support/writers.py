"""Writers that do what the real one does, and tell, fail or stop at a moment that a test chooses."""

import errno
import os
import stat
from collections.abc import Callable
from typing import Any, cast

from siteroot import fs


class StoppedError(BaseException):
    """The process is as good as killed: no changing call works any more."""


def guarded_writer(before: Callable[[str], None], *, durable: bool = False) -> fs.Writer:
    """Return a writer that calls `before` with each operation's name before it does it."""

    def wrap(name: str) -> Any:
        real = getattr(fs.Writer, name)

        def call(*arguments: Any, **options: Any) -> Any:
            before(name)
            return real(*arguments, **options)

        return staticmethod(call)

    members = {name: wrap(name) for name in fs.operations()}
    kind = fs.DurableWriter if durable else fs.Writer
    return cast("fs.Writer", type("GuardedWriter", (kind,), {"__slots__": (), **members})())


def recording_writer(*, durable: bool = False) -> tuple[fs.Writer, list[str]]:
    """Return a writer and the list that it adds each operation's name to."""
    done: list[str] = []
    return guarded_writer(done.append, durable=durable), done


def logging_writer(log: str) -> fs.Writer:
    """Return a writer that adds a line with each operation's name to a file, in the processes that are forked too."""
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o666)

    def before(name: str) -> None:
        os.write(descriptor, f"{name}\n".encode())

    return guarded_writer(before)


def stopping_writer(after: int, *, durable: bool = False) -> fs.Writer:
    """Return a writer that does so many operations, and from then on none: what a kill leaves is what is there."""
    left = [after]

    def before(_name: str) -> None:
        if left[0] <= 0:
            raise StoppedError
        left[0] -= 1

    return guarded_writer(before, durable=durable)


def failing_writer(
    after: int, *, number: int = errno.ENOSPC, stop_after: int = -1, durable: bool = False
) -> fs.Writer:
    """Return a writer whose operation after so many fails once; after `stop_after` further ones it stops."""
    count = [0]

    def before(_name: str) -> None:
        count[0] += 1
        if count[0] == after + 1:
            raise OSError(number, os.strerror(number))
        if stop_after >= 0 and count[0] > after + 1 + stop_after:
            raise StoppedError

    return guarded_writer(before, durable=durable)


def interrupting_writer(after: int) -> fs.Writer:
    """Return a writer that is interrupted by Ctrl-C, once, before the operation after so many."""
    count = [0]

    def before(_name: str) -> None:
        count[0] += 1
        if count[0] == after + 1:
            raise KeyboardInterrupt

    return guarded_writer(before)


def plain_writer(number: int = errno.EPERM) -> fs.Writer:
    """Return a writer that has no fast calls: no links, clones, copy_file_range, renameat2 or folder locks."""

    def before(name: str) -> None:
        if name in ("link", "clone", "copy_file_range", "rename_noreplace"):
            raise OSError(number, os.strerror(number))

    writer = guarded_writer(before)

    def flock(descriptor: int, operation: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(number, os.strerror(number))
        fs.DISK.flock(descriptor, operation)

    setattr(type(writer), "flock", staticmethod(flock))  # noqa: B010 - mypy sees a Writer
    return writer
