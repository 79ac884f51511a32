"""What the cache remembers of roots, so that a root which is as it was left need not be read (ROOT.md 8).

The fingerprint says that a root looks as it did; beside it stands what was true of it then. Without either everything
is slower, never different.
"""

import os
import time

from siteroot.model.cache import bucket
from siteroot.model.layout import Layout
from siteroot.model.plan import Install, Keep, Plan, Replace
from siteroot.model.reserved import STATE_FILE
from siteroot.model.root import InstalledDistribution, Inventory
from siteroot.model.rows import Change, Fresh
from siteroot.plan.paths import Tree, folders_of, parent
from siteroot.root.fingerprint import (
    find_fingerprint,
    foretell_fingerprint,
    keep_fingerprint,
    take_fingerprint,
)
from siteroot.root.inventory import read_state


class Memory:
    """Remembers roots in a cache's folder; None: remembers nothing.

    `how` is what of a command's words bears on a root beside its pins (`--pth`, links into the store): another word,
    and nothing is recalled.
    """

    def __init__(self, cache_folder: str | None, how: str) -> None:
        self._folder = None if cache_folder is None else os.path.join(cache_folder, bucket("roots"))
        self._how = how
        self._held: bytes | None = None  # the fingerprint that was found to hold

    def recall(self, layout: Layout) -> Inventory | None:
        """Return the root's inventory without its files, None unless it looks just as it was remembered.

        It serves to see that nothing is to be done; for more, `inventory.with_files` completes it.
        """
        self._held = None
        if self._folder is None:
            return None
        how = self.how(layout)
        self._held = find_fingerprint(self._folder, layout.root, how, now=time.time_ns())
        if self._held is None:
            return None
        state = read_state(layout)
        if state is None:
            return None
        distributions = tuple(
            InstalledDistribution(
                name=entry.name,
                version=entry.version,
                dist_info=entry.dist_info,
                files=(),
                missing=(),
                entry=entry,
                installer="siteroot",
                foreign_form="",
            )
            for entry in state.distributions.values()
        )
        return Inventory(
            exists=True,
            state=state,
            distributions=distributions,
            folders={},
            digests=state.files,
        )

    def how(self, layout: Layout) -> str:
        """Return what of the command's words bears on a root of this layout."""
        return f"{layout.kind.value} {self._how}"

    def remember(self, layout: Layout, plan: Plan, change: Change | None, staying: Tree) -> None:
        """Remember the root as the change left it, if it holds nothing that is not siteroot's to know of.

        `staying` are the files that the change left alone.
        """
        if self._folder is None:
            return
        telling = _telling(plan)
        if telling is None:
            return
        new = [step.new.paths for step in plan.steps if isinstance(step, Install | Replace)]
        folders = {"", *staying.folders(), *folders_of(set().union(*new, plan.state.files))}
        now = time.time_ns()
        fingerprint = take_fingerprint(
            layout.root,
            sorted(folders),
            telling,
            now=now,
            before=self._held,
            touched=() if change is None else _touched(change),
        )
        keep_fingerprint(self._folder, layout.root, self.how(layout), fingerprint, now=now)

    def remember_made(self, layout: Layout, plan: Plan, fresh: Fresh) -> bytes:
        """Remember a root that was made of these rows, and return its fingerprint."""
        fingerprint = foretell_fingerprint(fresh, _telling(plan) or ())
        if self._folder is not None:
            how, now = self.how(layout), time.time_ns()
            keep_fingerprint(self._folder, layout.root, how, fingerprint, now=now)
        return fingerprint


def _touched(change: Change) -> set[str]:
    """Return the files and folders that the change moves, and the folders that they lie in."""
    paths = {path for _, path in change[1]}
    return paths | {parent(path) for path in paths} | {folder for folder, _ in change[2]} | {""}


def _telling(plan: Plan) -> list[str] | None:
    """Return the files of the dist-infos, and our own; None where something is not ours to know of."""
    telling: list[str] = []
    for step in plan.steps:
        if isinstance(step, Keep):
            if step.old.entry is None:
                return None
            prefix = f"{step.old.dist_info}/"
            telling += [path for path in step.old.files if path.startswith(prefix)]
        elif isinstance(step, Install | Replace):
            telling += step.new.metadata
    return [*telling, *plan.state.files, STATE_FILE]
