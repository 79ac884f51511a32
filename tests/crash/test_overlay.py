"""A root whose old tree lies in the lower layer of an overlay, as in the second RUN of a Dockerfile."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from siteroot.root.journal import apply_change, recover_root
from support.mounts import need_mount
from support.roots import CASES, Case, change_of, folders_of, write_tree
from support.trees import describe_difference, snapshot
from support.writers import StoppedError, recording_writer, stopping_writer

pytestmark = pytest.mark.container


class Overlay:
    """A mount that begins anew from its lower layer as often as asked."""

    def __init__(self, place: Path, case: Case) -> None:
        self._place = place
        self._mounted = str(place / "merged")
        self.root = f"{self._mounted}/root"  # the top of a mount has the time of its upper layer
        self._count = 0
        write_tree(str(place / "lower/root"), {**case.old, **case.foreign})
        os.mkdir(self._mounted)

    def mount(self) -> None:
        need_mount()
        self.unmount()
        self._count += 1
        upper, work = self._place / f"upper{self._count}", self._place / f"work{self._count}"
        upper.mkdir()
        work.mkdir()
        options = f"lowerdir={self._place}/lower,upperdir={upper},workdir={work}"
        mounted = subprocess.run(
            ["mount", "-t", "overlay", "overlay", "-o", options, self._mounted],
            capture_output=True,
            check=False,
        )
        if mounted.returncode:
            pytest.skip(f"no overlay can be mounted here: {mounted.stderr.decode()}")

    def unmount(self) -> None:
        if self._count:
            subprocess.run(["umount", self._mounted], check=True)


@pytest.fixture(name="overlay", params=CASES, ids=lambda case: case.name)
def make_overlay(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Overlay, Case]]:
    overlay = Overlay(tmp_path, request.param)
    overlay.mount()
    yield overlay, request.param
    overlay.unmount()


def test_on_an_overlay_it_is_old_or_new_too(overlay: tuple[Overlay, Case], tmp_path: Path) -> None:
    mount, case = overlay
    root, store = mount.root, str(tmp_path / "store")
    writer, done = recording_writer()
    old = snapshot(root)
    change = change_of(root, store, case.old, case.new)
    apply_change(root, change, link_mode="copy", workers=1, writer=writer)
    new = snapshot(root)
    owned = {".", *folders_of(case.new)}
    for moment in range(0, len(done), 3):
        mount.mount()
        with pytest.raises(StoppedError):
            apply_change(root, change, link_mode="copy", workers=1, writer=stopping_writer(moment))
        recover_root(root)
        found = snapshot(root)
        nearest = new if found.keys() == new.keys() else old
        loose = {path for path, seen in new.items() if seen[0] == "folder"} - owned
        wrong = [
            line
            for line in describe_difference(found, nearest)
            if nearest is old or line.partition(":")[0] not in loose
        ]
        assert not wrong, moment
