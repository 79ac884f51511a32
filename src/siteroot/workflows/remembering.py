"""What the cache remembers of roots, so that a root which is as it was left need not be read (ROOT.md 8).

The fingerprint says that a root looks as it did; beside it stands what was true of it then. Without either everything
is slower, never different.
"""

import marshal
import os
import time
from collections.abc import Iterable

from siteroot import fs
from siteroot.model.cache import bucket
from siteroot.model.layout import Layout
from siteroot.model.plan import Keep, Plan
from siteroot.model.root import STATE_FILE, InstalledDistribution, Inventory
from siteroot.plan.meeting import distribution_paths
from siteroot.plan.paths import folders_of
from siteroot.root.fingerprint import fingerprint_name, root_unchanged, take_fingerprint
from siteroot.root.inventory import read_state

_FORM = "siteroot memory 1"


class Memory:
    """Remembers roots in a cache's folder; None: remembers nothing.

    `how` is what of a command's words bears on a root beside its pins (`--pth`, links into the store): another word,
    and nothing is recalled.
    """

    def __init__(self, cache_folder: str | None, how: str) -> None:
        self._folder = None if cache_folder is None else os.path.join(cache_folder, bucket("roots"))
        self._how = how

    def recall(self, layout: Layout) -> Inventory | None:
        """Return the root's inventory without its files, None unless it looks just as it was remembered.

        Such an inventory serves to see that nothing is to be done, and for nothing else.
        """
        slot = self._slot(layout)
        if slot is None:
            return None
        try:
            with open(slot, "rb") as file:
                form, how, fingerprint = marshal.loads(file.read())  # noqa: S302 - the cache is the user's own
        except (OSError, EOFError, ValueError, TypeError):
            return None
        if form != _FORM or how != f"{layout.kind.value} {self._how}":
            return None
        if not root_unchanged(layout.root, fingerprint):
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

    def remember(self, layout: Layout, plan: Plan) -> None:
        """Remember the root as the plan left it, if it holds nothing that is not siteroot's to know of."""
        if any(isinstance(step, Keep) and step.old.entry is None for step in plan.steps):
            return
        paths = set(plan.state.files) | {STATE_FILE}
        infos: list[str] = []
        for step in plan.steps:
            match step:
                case Keep(old=old):
                    files: Iterable[str] = old.files
                    info = old.dist_info
                case _ if hasattr(step, "new"):
                    files, info = distribution_paths(step.new), step.new.dist_info
                case _:
                    continue
            paths.update(files)
            infos += [path for path in files if path.startswith(f"{info}/")]
        slot = self._slot(layout)
        if slot is None:
            return
        fingerprint = take_fingerprint(
            layout.root,
            sorted(folders_of(paths) | {""}),
            [*infos, *plan.state.files, STATE_FILE],
            now=time.time_ns(),
        )
        try:
            if fingerprint is None:
                fs.remove_file(slot)
                return
            content = marshal.dumps((_FORM, f"{layout.kind.value} {self._how}", fingerprint), 4)
            fs.make_folder(os.path.dirname(slot))
            fs.write_whole(slot, content)
        except OSError:
            return  # a cache that cannot be written costs time, nothing else

    def _slot(self, layout: Layout) -> str | None:
        if self._folder is None:
            return None
        try:
            return os.path.join(self._folder, fingerprint_name(layout.root))
        except OSError:
            return None
