import errno
import os
from pathlib import Path

import pytest

from siteroot.store.work import is_dead, work_folder
from support.writers import guarded_writer, plain_writer

NUMBERS = (errno.ENOSYS, errno.EINVAL, errno.EPERM, errno.EOPNOTSUPP)


@pytest.mark.parametrize("number", NUMBERS)
def test_where_folders_have_no_locks_dead_work_is_told_from_living(
    tmp_path: Path, number: int
) -> None:
    writer = plain_writer(number)
    with work_folder(str(tmp_path), writer=writer) as work:
        assert not is_dead(work, writer=writer)
        assert os.listdir(work) == ["held"]
    assert os.listdir(tmp_path) == []
    dead = tmp_path / "1-dead"
    dead.mkdir()
    (dead / "archive.whl").write_bytes(b"")
    (dead / "held").write_bytes(b"")
    for _ in range(2):  # the second time there is no file to lock any more
        assert is_dead(str(dead), writer=writer)
        assert os.listdir(dead) == ["archive.whl"]


def test_work_that_somebody_cleared_before_it_was_held_begins_anew(tmp_path: Path) -> None:
    """Between the folder's making and its lock comes one that clears what is dead."""
    writer = plain_writer()
    cleared: list[str] = []

    def mkdir(path: str, mode: int = 0o777) -> None:
        os.mkdir(path, mode)
        if not cleared:
            cleared.append(path)
            assert is_dead(path, writer=writer)
            os.rmdir(path)

    setattr(type(writer), "mkdir", staticmethod(mkdir))  # noqa: B010 - mypy sees a Writer
    with work_folder(str(tmp_path), writer=writer) as work:
        assert [work] != cleared
        assert os.listdir(tmp_path) == [os.path.basename(work)]


def test_a_folder_that_cannot_be_held_does_not_stay(tmp_path: Path) -> None:
    writer = plain_writer()

    def create(*_arguments: object, **_options: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    setattr(type(writer), "create", staticmethod(create))  # noqa: B010 - mypy sees a Writer
    with pytest.raises(OSError, match="No space"), work_folder(str(tmp_path), writer=writer):
        pytest.fail("it is not held")
    assert os.listdir(tmp_path) == []


def test_work_that_cannot_be_removed_is_no_fault_of_what_was_done(tmp_path: Path) -> None:
    """It is dead work, which the next command clears."""
    writer = guarded_writer(refuse_removal)
    with work_folder(str(tmp_path), writer=writer) as work:
        assert not is_dead(work)
    assert is_dead(work)
    with (
        pytest.raises(ValueError, match="the first fault"),
        work_folder(str(tmp_path), writer=writer),
    ):
        raise ValueError("the first fault")


def refuse_removal(name: str) -> None:
    if name == "rmdir":
        raise OSError(errno.EIO, os.strerror(errno.EIO))
