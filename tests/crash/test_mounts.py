"""A root that is a mount, with another one in it: stopped at each moment it is old or new too (ROOT.md 1, 3)."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from siteroot.model.rows import Change
from siteroot.root.areas import find_bases
from siteroot.root.faults import RecoveryError
from siteroot.root.journal import apply_change, recover_root
from support.mounts import mounted_memory
from support.roots import CASES, Case, change_of, folders_of, write_tree
from support.trees import describe_difference, snapshot
from support.writers import StoppedError, recording_writer, stopping_writer

pytestmark = pytest.mark.mount
INNER = ("bin", "demo")


@pytest.fixture
def root(tmp_path: Path) -> Iterator[str]:
    """The scheme folders in it are mounts, one of them below the other's file system."""
    top = tmp_path / "root"
    with mounted_memory(top), mounted_memory(top / "bin"), mounted_memory(top / "demo"):
        yield str(top)


def anchored(change: Change) -> Change:
    """Return the change with the mounts among the folders that may lie on another file system."""
    (_, folders, jobs), moves, times, kept = change
    return (INNER, folders, jobs), moves, times, kept


def empty(folder: str) -> None:
    """Take all away but the mounts themselves."""
    for name in os.listdir(folder):
        path = os.path.join(folder, name)
        if os.path.ismount(path):
            empty(path)
        elif os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
        else:
            os.unlink(path)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_on_mounts_it_is_old_or_new_too(root: str, case: Case, tmp_path: Path) -> None:
    store = str(tmp_path / "store")

    def begin_anew() -> None:
        empty(root)
        write_tree(root, {**case.old, **case.foreign})

    begin_anew()
    change = anchored(change_of(root, store, case.old, case.new))
    assert find_bases(root, INNER) == ("", *INNER)
    old = snapshot(root)
    writer, done = recording_writer()
    apply_change(root, change, workers=1, writer=writer)
    new = snapshot(root)
    files = {path for path, seen in new.items() if seen[0] == "file"}
    assert files == {*case.new, *case.foreign}
    owned = {".", *folders_of(case.new)}
    others = {path for path, seen in new.items() if seen[0] == "folder"} - owned  # the clock's
    for moment in range(len(done)):
        begin_anew()
        with pytest.raises(StoppedError):
            apply_change(root, change, workers=1, writer=stopping_writer(moment))
        recover_root(root)
        found = snapshot(root)
        unlike_new = [
            line
            for line in describe_difference(found, new)
            if line.partition(":")[0] not in others or found.keys() != new.keys()
        ]
        differences = [describe_difference(found, old), unlike_new]
        if moment == len(done) - 1:  # before the last call of all, which gives DIR its time
            assert [line.partition(":")[0] for line in differences[1]] in ([], ["."])
        else:
            assert [] in differences, (moment, differences)


def test_a_mount_that_went_away_is_waited_for(root: str, tmp_path: Path) -> None:
    """Without it the change can be neither finished nor undone: nothing is touched until it is there again."""
    case = CASES[1]
    write_tree(root, case.old)
    change = anchored(change_of(root, str(tmp_path / "store"), case.old, case.new))
    writer, done = recording_writer()
    apply_change(root, change, workers=1, writer=writer)
    new = snapshot(root)
    empty(root)
    write_tree(root, case.old)
    with pytest.raises(StoppedError):
        apply_change(root, change, workers=1, writer=stopping_writer(len(done) - 40))
    assert os.path.exists(f"{root}/.siteroot/journal")
    with mounted_memory(Path(root, "bin")):  # hides the one that is meant
        before = snapshot(root)
        with pytest.raises(RecoveryError, match="staged files"):
            recover_root(root)
        assert snapshot(root) == before
    recover_root(root)
    assert not describe_difference(snapshot(root), new)
