"""Keeps what a sync came to as the memo of its command, for `replay`."""

import os
from typing import TYPE_CHECKING

from siteroot import fs
from siteroot.formats.root_state import render_root_state
from siteroot.model.outcome import Change, SyncOutcome
from siteroot.model.settings import Settings
from siteroot.ports import ProjectFiles

from .filling import Filled
from .memo import Memo, MemoPlace, render_memo, render_plan
from .trail import NotedFiles, NotedLooks, NotedVariables

if TYPE_CHECKING:
    from .memo import Came, Speech

#: How many files the memos of a cache may be; then the older half goes.
_MOST = 200


class Keeper:
    """Listens to a sync, and keeps what it came to. `variables` are those that the sync is to ask."""

    def __init__(self, place: MemoPlace, variables: NotedVariables, speech: "Speech") -> None:
        self._place = place
        self._trail = variables.trail
        self._speech = speech
        self.looks = NotedLooks(self._trail)

    @property
    def cache(self) -> str:
        """The cache in which the memo would be found again."""
        return self._place.cache

    def files(self, files: ProjectFiles) -> ProjectFiles:
        """Return the files, noted as they are read."""
        return NotedFiles(files, self._trail)

    def keep(self, filled: Filled, outcome: SyncOutcome, *, how: str, settings: Settings) -> None:
        """Write the memo, and where the root was made from nothing its plan; a cache that cannot be written has none."""
        if self._trail.spoilt:
            return
        memo = Memo(
            speech=self._speech,
            looks=self._trail.looks(),
            root=outcome.root,
            how=how,
            link_mode=None if settings.link_mode is None else settings.link_mode.value,
            state=render_root_state(filled.plan.state),
            count=outcome.kept + len({change.name for change in outcome.changes}),
        )
        path = self._place.path
        try:
            fs.make_folder(os.path.dirname(path), 0o700)
            _make_room(os.path.dirname(path))
            if filled.made is not None:
                fresh, fingerprint = filled.made
                came = tuple(_came(change) for change in outcome.changes)
                plan = render_plan(memo, fresh, fingerprint, came, outcome.placed.size)
                fs.write_whole(f"{path}.plan", plan, mode=0o600)
            fs.write_whole(path, render_memo(self._place, memo), mode=0o600)
        except (OSError, ValueError):
            return


def _came(change: Change) -> "Came":
    return change.name, change.version, change.origin


def _make_room(folder: str) -> None:
    names = os.listdir(folder)
    if len(names) < _MOST:
        return
    aged = sorted((os.stat(f"{folder}/{name}").st_mtime_ns, name) for name in names)
    for _, name in aged[: len(names) // 2]:
        fs.remove_file(f"{folder}/{name}")
