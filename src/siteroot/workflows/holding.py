"""Holding a root: its lock is taken, and what an interrupted command left in it is brought to its end."""

from collections.abc import Sequence

from siteroot import fs
from siteroot.model.event import Waiting, Warned
from siteroot.model.layout import Layout
from siteroot.plan.layout import outer_folders
from siteroot.ports import Clock, Interrupts, Reporter
from siteroot.root.journal import recover_root, recovery_due
from siteroot.root.lock import lock_root

from .own_place import prepare_own_place, refuse_own_paths


class HeldRoot:
    """The root's lock, with the root recovered."""

    def __init__(
        self,
        layout: Layout,
        writer: fs.Writer,
        reporter: Reporter,
        *,
        clock: Clock,
        interrupts: Interrupts,
    ) -> None:
        self._root = layout.root
        self._outside = outer_folders(layout)
        self._writer = writer
        self._reporter = reporter
        self._clock, self._interrupts = clock, interrupts

    def __enter__(self) -> bool:
        prepare_own_place(self._root)
        self._lock = lock_root(self._root, waiting=self._wait, pause=self._pause)
        try:
            if self._lock.existed and recover_root(
                self._root, outside=self._outside, check=self._check, writer=self._writer
            ):
                self._reporter.report(
                    Warned(f"{self._root}: an interrupted change was brought to its end first")
                )
        except BaseException:
            self._lock.release()
            raise
        return False

    def __exit__(self, *_fault: object) -> None:
        self._lock.release()

    def _check(self, paths: Sequence[str]) -> None:
        refuse_own_paths(self._root, paths)

    def _wait(self, holder: int | None) -> None:
        self._reporter.report(Waiting(what=self._root, holder=holder))

    def _pause(self) -> None:
        self._clock.sleep(0.02)
        self._interrupts.check()


def recover_first(
    layout: Layout,
    reporter: Reporter,
    *,
    durable: bool,
    clock: Clock,
    interrupts: Interrupts,
) -> None:
    """Recover a root before a command reads what is in it, and asks an index that may not answer.

    Raises what `lock_root` and `recover_root` raise.
    """
    if recovery_due(layout.root):
        writer = fs.DURABLE if durable else fs.DISK
        interrupts.defer()
        with HeldRoot(layout, writer, reporter, clock=clock, interrupts=interrupts):
            pass
        interrupts.allow()
