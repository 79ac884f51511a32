"""A sync whose memo still holds: nothing to do, or the root that the memo's plan makes. The starter of DESIGN.md 5.

Nothing is decided here. Whatever is not just as the memo has it (a root that changed, a stored file that is not what
was stored, another process at work) is left to the whole sync, which then sees the disk as it was before.

This module imports no dataclasses, typing, pathlib or re (DESIGN.md 3).
"""

# ruff: noqa: PLC0415 - what places files is loaded only when files are placed

import os
from time import monotonic, time_ns

from siteroot.fs import read_head
from siteroot.model.cache import bucket
from siteroot.model.reserved import STATE_FILE, WORK_FOLDER, staging_folder
from siteroot.root.fingerprint import find_fingerprint, keep_fingerprint

from .memo import memo_place, read_memo, read_plan, still_so

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from siteroot.model.rows import PackedStaging
    from siteroot.root.workers import WorkerLostError

    from .memo import Came, Memo, MemoPlace, Speech

    #: Hears that files begin to be placed: how to speak, and how many they are. What it returns hears of each lot.
    Watch = Callable[["Speech", int], Callable[[int], None]]


class Replayed:
    """What came of it. `came` is None where there was nothing to do, and `count` distributions were as they shall be."""

    __slots__ = (
        "came",
        "copied",
        "count",
        "failed",
        "link_mode",
        "placing",
        "root",
        "size",
        "speech",
    )

    def __init__(self, memo: "Memo") -> None:
        self.speech = memo.speech
        self.root = memo.root
        self.count = memo.count
        self.link_mode = memo.link_mode
        self.came: tuple[Came, ...] | None = None
        self.size = 0  # bytes placed
        self.placing = 0.0  # seconds
        self.copied = False  # whether files that were to be links were copied
        self.failed: WorkerLostError | None = None  # then nothing of it is left


class _Occupied(Exception):  # noqa: N818 - no fault: somebody else has the root
    """Another process has the root."""


def replay(
    argv: "Sequence[str]", environ: "Mapping[str, str]", cwd: str, watch: "Watch"
) -> Replayed | None:
    """Return what came of the command, None where the whole sync has to decide; then nothing was changed.

    `watch` is called only where files are placed.
    """
    place = memo_place(argv, environ, cwd)
    memo = None if place is None else read_memo(place)
    if place is None or memo is None or not still_so(memo.looks, environ):
        return None
    if not os.path.lexists(memo.root):
        return _make(place, memo, watch)
    return Replayed(memo) if _is_as_left(place, memo) else None


def _is_as_left(place: "MemoPlace", memo: "Memo") -> bool:
    """Whether the root holds what the memo says, and nobody is changing it, or was killed when it had just come to be."""
    root = memo.root
    kept = f"{place.cache}/{bucket('roots')}"
    if find_fingerprint(kept, root, memo.how, now=time_ns()) is None:
        return False
    try:
        state = read_head(f"{root}/{STATE_FILE}", len(memo.state) + 1)
    except OSError:
        return False
    at_work = f"{root}/{WORK_FOLDER}", staging_folder(root)
    return state == memo.state and not any(map(os.path.lexists, at_work))


def _make(place: "MemoPlace", memo: "Memo", watch: "Watch") -> Replayed | None:
    from siteroot.errors import SiterootError
    from siteroot.root.fresh import apply_fresh
    from siteroot.root.lock import lock_root
    from siteroot.root.workers import WorkerLostError

    plan = read_plan(place, memo)
    if plan is None:
        return None
    fresh, fingerprint, came, size = plan
    advanced = watch(memo.speech, _count(fresh[0]))
    done = Replayed(memo)
    try:
        with lock_root(memo.root, waiting=_leave) as lock:
            if lock.existed:
                return None
            began = monotonic()
            done.copied = apply_fresh(memo.root, fresh, link_mode=memo.link_mode, advanced=advanced)
            done.placing = monotonic() - began
    except WorkerLostError as error:  # who strikes a worker would strike the next one
        done.failed = error
        return done
    except (_Occupied, SiterootError):
        return None  # the whole sync mends it, or tells it
    kept = f"{place.cache}/{bucket('roots')}"
    keep_fingerprint(kept, memo.root, memo.how, fingerprint, now=time_ns())
    done.came, done.size = came, size
    return done


def _leave(_holder: int | None) -> None:
    raise _Occupied


def _count(staging: "PackedStaging") -> int:
    return sum(count + len(rendered) for _, _, _, count, _, rendered in staging[2])
