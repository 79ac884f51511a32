"""Forked workers that share the units of one placing.

They take groups of units, heaviest first, from a pipe that the parent fills: one read of two bytes is one group, so no
worker waits for another. It is filled when all are forked and known, so that one whose parent was interrupted just
then, and cannot end it, has nothing to do. Each reports through a pipe of its own, ends with `os._exit`, and ends by
itself when its parent is gone. It holds a copy of the descriptor of the root's lock, so that nobody takes the root
while it still writes. A worker that fails or is lost makes its parent end the others and raise.

This module imports no dataclasses, typing, pathlib or re (DESIGN.md 3).
"""

# ruff: noqa: SIM105 - contextlib would load collections and functools

import marshal
import os
import select
import sys

from siteroot import fs
from siteroot.errors import InvariantError, RootError
from siteroot.model.rows import Job, PackedJob

from .units import Errand, Unit, count_rows, flush, place_unit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

Report = tuple[str | int, ...]

#: Below this many bytes a file's cost is that of its system calls, not of its content.
_FLOOR = 16 << 10
#: The token pipe takes this many groups without anybody reading: 2 bytes each, and a pipe holds a page at least.
_MOST_GROUPS = 2000


class WorkerLostError(RootError):
    """A process that placed files ended before its work did."""


def alone() -> bool:
    """Whether no other Python thread lives, so that a fork copies no lock that another holds."""
    threading = sys.modules.get("threading")
    return threading is None or threading.active_count() == 1


def divide(jobs: "Sequence[Job | PackedJob]", workers: int, *, by_count: bool) -> list[list[Unit]]:
    """Return the groups of units that workers take at once, heaviest first.

    A job that is more than its share is split, if it is not packed. Links weigh alike, copies by their bytes.
    """
    weights = [(count_rows(job) if by_count else _weigh(job)) + len(job[-1]) for job in jobs]
    share = max(sum(weights) // (workers * 8), 200 if by_count else 200 * _FLOOR)
    units: list[tuple[int, Unit]] = []
    for job, weight in zip(jobs, weights, strict=True):
        if weight <= share or len(job) == 6:
            units.append((weight, (job, 0, count_rows(job))))
            continue
        start = heavy = 0
        for index, row in enumerate(job[2], 1):
            heavy += 1 if by_count else row[2] + _FLOOR
            if heavy >= share:
                units.append((heavy, (job, start, index)))
                start, heavy = index, 0
        if start < len(job[2]) or not start:
            units.append((heavy, (job, start, len(job[2]))))
    units.sort(key=_weight, reverse=True)
    step = -(-len(units) // _MOST_GROUPS) or 1
    return [[unit for _, unit in units[at : at + step]] for at in range(0, len(units), step)]


def _weigh(job: Job | PackedJob) -> int:
    size = job[4] if len(job) == 6 else sum(row[2] for row in job[2])
    return size + _FLOOR * count_rows(job)


def _weight(weighed: tuple[int, Unit]) -> int:
    return weighed[0]


def share_out(groups: list[list[Unit]], workers: int, errand: Errand) -> None:
    """Have forked workers place the groups, and gather what they report into the errand."""
    children: dict[int, int] = {}  # the reading end of a worker's pipe: its process
    tokens, fill = os.pipe()
    try:
        parent = os.getpid()
        for _ in range(min(workers, len(groups))):
            reading, writing = os.pipe()
            try:
                pid = os.fork()
                if pid == 0:
                    os.close(fill)
                    _work(groups, tokens, writing, parent, errand)
            except OSError:  # no room for another process: fewer do
                os.close(reading)
                os.close(writing)
                break
            finally:
                if os.getpid() != parent:
                    os._exit(1)  # interrupted before it began: what follows is the parent's to do
            os.close(writing)
            children[reading] = pid
        if children:
            os.write(fill, b"".join(at.to_bytes(2, "big") for at in range(len(groups))))
            os.close(fill)
            fill = -1
            _gather(dict(children), errand)
        else:
            for group in groups:
                for unit in group:
                    place_unit(unit, errand)
            flush(errand)
    finally:
        if fill >= 0:
            os.close(fill)
        os.close(tokens)
        _dismiss(children)


def _dismiss(children: dict[int, int]) -> None:
    """End the workers that still live, and wait for all."""
    for reading, pid in children.items():
        os.close(reading)
        try:
            os.kill(pid, 9)  # not waited for yet, so the number is its own
        except ProcessLookupError:
            pass
    for pid in children.values():
        try:
            os.waitpid(pid, 0)
        except ChildProcessError:
            pass


def _work(groups: list[list[Unit]], tokens: int, writing: int, parent: int, errand: Errand) -> None:
    """Be a worker: place groups until none is left, report, and end this process."""
    status = 1
    try:
        errand.parent = parent
        errand.tell = lambda count: _send(writing, ("placed", count))
        while token := os.read(tokens, 2):
            for unit in groups[int.from_bytes(token, "big")]:
                place_unit(unit, errand)
        flush(errand)
        for found in errand.poisoned:
            _send(writing, ("poisoned", *found))
        _send(writing, ("ended", errand.copied))
        status = 0
    except OSError as error:
        _send(
            writing,
            (
                "fault",
                error.errno or 0,
                error.strerror or str(error),
                str(error.filename2 or error.filename or ""),
            ),
        )
    finally:
        os._exit(status)


def _send(writing: int, report: Report) -> None:
    content = marshal.dumps(report)
    try:
        fs.write_all(writing, len(content).to_bytes(4, "big") + content)
    except OSError:
        os._exit(1)  # nobody listens any more


def _gather(listening: dict[int, int], errand: Errand) -> None:
    """Hear all workers to their end; raise on the first fault or loss."""
    heard = {reading: bytearray() for reading in listening}
    poll = select.poll()
    for reading in listening:
        poll.register(reading, select.POLLIN)
    while listening:
        for reading, _ in poll.poll():
            content = os.read(reading, 1 << 16)
            if not content:
                raise WorkerLostError(
                    f"process {listening[reading]}, which placed files, was ended from outside",
                    hints=("Was it killed for lack of memory? Then run it again.",),
                )
            heard[reading] += content
            if [True for report in _reports(heard[reading]) if _hear(report, errand)]:
                poll.unregister(reading)
                del listening[reading]


def _reports(buffer: bytearray) -> "list[Report]":
    """Take the complete reports off a buffer."""
    reports = []
    at = 0
    while len(buffer) >= at + 4:
        end = at + 4 + int.from_bytes(buffer[at : at + 4], "big")
        if len(buffer) < end:
            break
        reports.append(marshal.loads(buffer[at + 4 : end]))  # noqa: S302 - our own worker wrote it
        at = end
    del buffer[:at]
    return reports


def _hear(report: Report, errand: Errand) -> bool:
    """Take one report; return whether it is a worker's last."""
    match report:
        case ("placed", int(count)):
            errand.tell(count)
        case ("poisoned", str(label), str(source), str(name)):
            errand.poisoned.append((label, source, name))
        case ("ended", copied):
            errand.copied = errand.copied or bool(copied)
            return True
        case ("fault", int(number), str(text), str(path)):
            raise OSError(number, text, path)
        case _:
            raise InvariantError(f"a placing process reports {report!r}")
    return False
