import errno
import os
from pathlib import Path

import pytest

from siteroot.root.faults import ApplyFailedError, DriftedError
from siteroot.root.fresh import apply_fresh
from siteroot.root.lock import lock_root
from siteroot.root.placing import PoisonedError
from support.roots import fresh_of
from support.trees import describe_difference, snapshot
from support.writers import StoppedError, failing_writer, recording_writer, stopping_writer

TREE = {"pkg/a.py": b"a", "pkg/sub/b.py": b"b", "pkg-1.dist-info/RECORD.txt": b"r", "top.py": b""}


def test_a_fresh_root_has_the_files_and_the_times(tmp_path: Path) -> None:
    root = str(tmp_path / "deep/er/root")
    fresh = fresh_of(str(tmp_path / "store"), TREE)
    with lock_root(root):
        assert not apply_fresh(root, fresh, link_mode="copy")
    seen = snapshot(root)
    assert {path for path, entry in seen.items() if entry[0] == "file"} == set(TREE)
    for folder, time in fresh[1]:
        assert seen[folder or "."][1:3] == (0o755, time * 10**9)
    assert os.listdir(tmp_path / "deep/er") == ["root"]


def test_two_roots_of_one_selection_are_the_same(tmp_path: Path) -> None:
    fresh = fresh_of(str(tmp_path / "store"), TREE)
    for name, mode in (("one", "copy"), ("other", "hardlink")):
        with lock_root(str(tmp_path / name)):
            apply_fresh(str(tmp_path / name), fresh, link_mode=mode)
    assert not describe_difference(snapshot(tmp_path / "one"), snapshot(tmp_path / "other"))


def test_stopped_before_any_operation_there_is_no_root_or_the_whole_one(tmp_path: Path) -> None:
    root = str(tmp_path / "root")
    fresh = fresh_of(str(tmp_path / "store"), TREE)
    writer, done = recording_writer()
    with lock_root(root):
        apply_fresh(root, fresh, workers=1, writer=writer)
    whole = snapshot(root)
    for moment in range(len(done)):
        os.rename(root, str(tmp_path / "done"))
        with lock_root(root), pytest.raises(StoppedError):
            apply_fresh(root, fresh, workers=1, writer=stopping_writer(moment))
        assert not os.path.lexists(root)
        with lock_root(root):
            apply_fresh(root, fresh, workers=1)
        assert not describe_difference(snapshot(root), whole)
        os.rename(root, str(tmp_path / f"old{moment}"))
        os.rename(str(tmp_path / "done"), root)


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EDQUOT, "the disk quota is used up"),
        (errno.EACCES, "permission is denied"),
        (errno.EROFS, "the file system is read-only"),
    ],
)
def test_a_failure_leaves_nothing_and_says_why(tmp_path: Path, number: int, words: str) -> None:
    root = str(tmp_path / "away/root")
    fresh = fresh_of(str(tmp_path / "store"), TREE)
    for after in (0, 3, 9):
        with lock_root(root), pytest.raises(ApplyFailedError, match=words) as caught:
            apply_fresh(root, fresh, workers=1, writer=failing_writer(after, number=number))
        assert caught.value.restored
        assert caught.value.where == root
        assert os.listdir(tmp_path) == ["store"]


def test_a_poisoned_store_leaves_nothing_and_can_be_tried_again(tmp_path: Path) -> None:
    root = str(tmp_path / "root")
    fresh = fresh_of(str(tmp_path / "store"), TREE)
    (tmp_path / "store/pkg/a.py").write_bytes(b"X")
    with lock_root(root):
        with pytest.raises(PoisonedError):
            apply_fresh(root, fresh)
        fresh = fresh_of(str(tmp_path / "store"), TREE)
        apply_fresh(root, fresh)
    assert Path(root, "pkg/a.py").read_bytes() == b"a"


@pytest.mark.parametrize("kind", ["folder", "file", "dangling link"])
def test_what_came_to_stand_there_is_not_replaced(tmp_path: Path, kind: str) -> None:
    root = tmp_path / "root"
    fresh = fresh_of(str(tmp_path / "store"), TREE)
    with lock_root(str(root)):
        if kind == "folder":
            root.mkdir()
        elif kind == "file":
            root.write_bytes(b"mine")
        else:
            root.symlink_to("nowhere")
        inode = root.lstat().st_ino
        with pytest.raises(DriftedError):
            apply_fresh(str(root), fresh)
    assert root.lstat().st_ino == inode
    assert sorted(os.listdir(tmp_path)) == ["root", "store"]
