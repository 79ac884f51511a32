"""A change that is stopped before each of its operations in turn: afterwards the old tree or the new one."""

import errno
import os
import random
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from siteroot import fs
from siteroot.root.faults import ApplyFailedError, RecoveryError
from siteroot.root.journal import apply_change, recover_root, recovery_due
from support.roots import CASES, Case, change_of, folders_of, write_tree
from support.trees import Seen, describe_difference, snapshot
from support.writers import (
    StoppedError,
    failing_writer,
    interrupting_writer,
    plain_writer,
    recording_writer,
    stopping_writer,
)


class Stage:
    """One case on disk, put back to its old tree as often as needed."""

    def __init__(self, case: Case, place: Path) -> None:
        self.root = str(place / "root")
        self.store = str(place / "store")
        self._old_tree = str(place / "old")
        self._case = case
        write_tree(self._old_tree, {**case.old, **case.foreign})
        self.reset()
        self.old = snapshot(self.root)
        writer, done = recording_writer()
        self.apply(writer)
        self.count = len(done)
        self.done = done
        # Without extended attributes one moment of all, the last, costs DIR its own time (`root/work.py`).
        self.has_gap = "removexattr" not in done
        # A folder that stays for what others put there has whatever time the last removal left it.
        owned = {".", *folders_of(case.new)}
        self.loose = {path for path, seen in self.snapshot().items() if seen[0] == "folder"} - owned
        self.new = self.snapshot()

    def snapshot(self) -> dict[str, Seen]:
        """Return the root's tree."""
        return snapshot(self.root)

    def differences(self, *, own_time: bool = True) -> list[str]:
        """Return how the root differs from the tree, old or new, that it is nearer to."""
        found = self.snapshot()
        loose = set() if own_time else {"."}
        return min(
            describe_difference(without_times(found, loose), without_times(self.old, loose)),
            describe_difference(
                without_times(found, loose | self.loose),
                without_times(self.new, loose | self.loose),
            ),
            key=len,
        )

    def reset(self) -> None:
        shutil.rmtree(self.root, ignore_errors=True)
        shutil.copytree(self._old_tree, self.root)  # copystat: times in nanoseconds

    def apply(self, writer: fs.Writer = fs.DISK) -> None:
        """Apply the change; the reset tree is the one that it was planned for."""
        change = change_of(self.root, self.store, self._case.old, self._case.new)
        apply_change(self.root, change, link_mode="copy", workers=1, writer=writer)


@pytest.fixture(name="stage", params=CASES, ids=lambda case: case.name)
def make_stage(request: pytest.FixtureRequest, tmp_path: Path) -> Stage:
    return Stage(request.param, tmp_path)


def attributes(path: str) -> list[str]:
    """Return the names of extended attributes."""
    return os.listxattr(path) if hasattr(os, "listxattr") else []


def without_times(tree: dict[str, Seen], paths: set[str]) -> dict[str, Seen]:
    return {
        path: (kind, mode, 0 if path in paths else time, digest)
        for path, (kind, mode, time, digest) in tree.items()
    }


def assert_old_or_new(stage: Stage, moment: object, *, last_gap: bool = False) -> None:
    """Fail unless the root is as it was or as it shall be.

    `last_gap` lets the root's own time be the present, where the file system has no attribute to keep it in.
    """
    recent = os.stat(stage.root).st_mtime > time.time() - 60
    differences = stage.differences(own_time=not (last_gap and stage.has_gap and recent))
    assert not differences, (moment, differences)


def test_a_change_leads_to_the_new_tree_and_leaves_nothing_of_its_own(stage: Stage) -> None:
    assert stage.old != stage.new
    assert not any(".siteroot" in path for path in stage.new)
    assert not recovery_due(stage.root)
    for path, content in stage._case.new.items():
        assert Path(stage.root, path).read_bytes() == content
    for path in set(stage._case.old) - set(stage._case.new):
        assert not Path(stage.root, path).is_file()
    for path, content in stage._case.foreign.items():
        assert Path(stage.root, path).read_bytes() == content


def test_stopped_before_any_operation_it_recovers_to_old_or_new(stage: Stage) -> None:
    outcomes = set()
    for moment in range(stage.count):
        stage.reset()
        with pytest.raises(StoppedError):
            stage.apply(stopping_writer(moment))
        recover_root(stage.root)
        assert not recovery_due(stage.root)
        assert_old_or_new(stage, moment, last_gap=moment == stage.count - 1)
        assert not [name for name in attributes(stage.root) if "siteroot" in name]
        outcomes.add(stage.snapshot().keys() == stage.new.keys())
    assert outcomes == {True, False}, "the moments do not reach both sides of the commit"


def test_a_recovery_that_is_stopped_itself_recovers_too(stage: Stage) -> None:
    chance = random.Random(4)
    for moment in range(0, stage.count, 2):
        stage.reset()
        with pytest.raises(StoppedError):
            stage.apply(stopping_writer(moment))
        gap = moment == stage.count - 1
        for _ in range(3):
            after = chance.randrange(12)
            try:
                recover_root(stage.root, writer=stopping_writer(after))
            except StoppedError:
                gap = gap or not recovery_due(stage.root)
        recover_root(stage.root)
        assert_old_or_new(stage, moment, last_gap=gap)


def test_a_failure_at_any_operation_brings_the_old_tree_back(stage: Stage) -> None:
    restored = 0
    for moment in range(stage.count):
        stage.reset()
        if stage.done[moment] == "setxattr":  # it only guards against a kill
            stage.apply(failing_writer(moment))
            assert_old_or_new(stage, moment)
            continue
        with pytest.raises(ApplyFailedError, match="the disk is full") as caught:
            stage.apply(failing_writer(moment))
        assert caught.value.hints or not caught.value.restored
        if caught.value.restored:
            restored += 1
            assert not recovery_due(stage.root)
            assert not describe_difference(stage.snapshot(), stage.old), moment
        else:  # only what is left after the change could not be removed
            recover_root(stage.root)
            assert_old_or_new(stage, moment, last_gap=moment == stage.count - 1)
    assert restored > stage.count // 2


def test_interrupted_before_any_operation_it_leaves_old_or_new_at_once(stage: Stage) -> None:
    for moment in range(stage.count):
        stage.reset()
        with pytest.raises(KeyboardInterrupt):
            stage.apply(interrupting_writer(moment))
        assert not recovery_due(stage.root), moment
        assert_old_or_new(stage, moment)


def test_a_taking_back_that_is_stopped_is_finished_by_recovery(stage: Stage) -> None:
    chance = random.Random(7)
    for moment in range(stage.count):
        stage.reset()
        gap = moment == stage.count - 1
        try:
            stage.apply(failing_writer(moment, stop_after=chance.randrange(stage.count)))
        except StoppedError:
            gap = gap or not recovery_due(stage.root)
        except ApplyFailedError:
            pass
        recover_root(stage.root)
        assert_old_or_new(stage, moment, last_gap=gap)


def test_a_moved_root_recovers(stage: Stage, tmp_path: Path) -> None:
    for moment in range(0, stage.count, 5):
        stage.reset()
        with pytest.raises(StoppedError):
            stage.apply(stopping_writer(moment))
        moved = str(tmp_path / "elsewhere")
        os.rename(stage.root, moved)
        shutil.rmtree(stage.store, ignore_errors=True)
        recover_root(moved)
        os.rename(moved, stage.root)
        assert_old_or_new(stage, moment, last_gap=moment == stage.count - 1)


@contextmanager
def as_user(number: int) -> Iterator[None]:
    """Have the rights of another user for a while."""
    os.setegid(number)
    os.seteuid(number)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be two users")
def test_what_one_user_began_another_recovers_or_is_told_why_not() -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as place:  # pytest's folders are closed to others
        os.chmod(place, 0o755)
        stage = Stage(CASES[1], Path(place))
        for owner, stranger in ((4321, 0), (0, 4321)):
            refused: list[RecoveryError] = []
            for moment in range(0, stage.count, 3):
                stage.reset()
                change = change_of(stage.root, stage.store, CASES[1].old, CASES[1].new)
                for folder, _, names in os.walk(stage.root):
                    for path in (folder, *(os.path.join(folder, name) for name in names)):
                        os.chown(path, 4321, 4321)
                writer = stopping_writer(moment)
                with as_user(owner), pytest.raises(StoppedError):
                    apply_change(stage.root, change, link_mode="copy", workers=1, writer=writer)
                try:
                    with as_user(stranger):
                        recover_root(stage.root)
                except RecoveryError as error:
                    refused.append(error)
                    recover_root(stage.root)
                assert_old_or_new(stage, moment, last_gap=moment == stage.count - 1)
            assert bool(refused) == (stranger != 0)
            assert all("permi" in str(error) for error in refused)
            assert all(error.hints[0].startswith("Run it as the user") for error in refused)


@pytest.mark.parametrize("number", [errno.EPERM, errno.EOPNOTSUPP, errno.EXDEV, errno.EMLINK])
def test_without_fast_calls_the_outcome_is_the_same(stage: Stage, number: int) -> None:
    stage.reset()
    stage.apply(plain_writer(number))
    assert stage.snapshot().keys() == stage.new.keys()
    assert not stage.differences()
