import os
import threading
from pathlib import Path

import pytest

from siteroot import fs
from siteroot.formats.journal_log import Journal, JournalSyntaxError, render_journal
from siteroot.model.rows import Change
from siteroot.root.areas import find_bases, hold_areas, open_base
from siteroot.root.faults import ClaimedError, DriftedError
from siteroot.root.journal import apply_change, recover_root
from support.roots import store_job, write_tree
from support.trees import describe_difference, snapshot
from support.writers import StoppedError, recording_writer, stopping_writer

BIN = "../bin"


@pytest.fixture
def prefix(tmp_path: Path) -> Path:
    """Two roots that share a folder of scripts, as two Pythons of one prefix do."""
    write_tree(str(tmp_path / "prefix"), {"bin/old": b"o", "one/m.py": b"", "two/m.py": b""})
    return tmp_path / "prefix"


def replaces_old(store: str, content: bytes) -> Change:
    """Return a change that replaces `bin/old`."""
    source, label, (row,), _ = store_job(store, "demo==1", {"old": content})
    rows = ((f"{BIN}/old", *row[1:]),)
    return ((BIN,), (), ((source, label, rows, ()),)), (("replace", f"{BIN}/old"),), (), ()


def test_what_another_root_left_in_a_shared_folder_is_not_touched(
    tmp_path: Path, prefix: Path
) -> None:
    one, two = str(prefix / "one"), str(prefix / "two")
    first = replaces_old(str(tmp_path / "s1"), b"1")
    second = replaces_old(str(tmp_path / "s2"), b"2")
    writer, done = recording_writer()
    apply_change(one, first, workers=1, writer=writer)
    fs.remove_tree(str(prefix))
    write_tree(str(prefix), {"bin/old": b"o", "one/m.py": b"", "two/m.py": b""})
    with pytest.raises(StoppedError):
        apply_change(one, first, workers=1, writer=stopping_writer(len(done) - 14))
    assert os.listdir(prefix / "bin" / ".siteroot" / "old")
    before = snapshot(prefix)
    with pytest.raises(ClaimedError, match="another root"):
        apply_change(two, second, workers=1)
    assert not describe_difference(snapshot(prefix), before)
    recover_root(one, outside=(BIN,))
    apply_change(two, second, workers=1)
    assert (prefix / "bin" / "old").read_bytes() == b"2"


def test_a_change_that_did_not_come_so_far_claims_nothing(tmp_path: Path, prefix: Path) -> None:
    """Killed before it made its work folder in `bin`, where another root's has come to stand since."""
    one = prefix / "one"
    (one / ".siteroot").mkdir()
    begun = Journal(pid=1, areas=(("", 5), (BIN, 7)))
    (one / ".siteroot" / "begin").write_bytes(render_journal(begun))
    theirs = prefix / "bin" / ".siteroot"
    write_tree(str(theirs), {"old/0": b"theirs", "new/x": b"theirs"})
    before = snapshot(prefix / "bin")
    recover_root(str(one), outside=(BIN,))
    assert not (one / ".siteroot").exists()
    assert not describe_difference(snapshot(prefix / "bin"), before)


@pytest.mark.fast_calls  # without locks on folders whoever comes second is refused
def test_who_works_in_a_shared_folder_is_waited_for(prefix: Path) -> None:
    one, two = str(prefix / "one"), str(prefix / "two")
    took = threading.Event()

    def take() -> None:
        with hold_areas(two, ("", BIN, "../bin/../bin")):  # one folder by two names
            took.set()

    with hold_areas(one, ("", BIN)):
        other = threading.Thread(target=take)
        other.start()
        assert not took.wait(0.2)
    other.join(10)
    assert took.is_set()


def test_an_area_inside_is_not_reached_through_a_link(tmp_path: Path, prefix: Path) -> None:
    """Whoever can write to a root could have written its journal."""
    one, away = prefix / "one", tmp_path / "away"
    write_tree(str(away), {"etc/.siteroot/old/0": b"precious", "etc/.siteroot/new/x": b""})
    (one / "link").symlink_to(away)
    (one / ".siteroot").mkdir()
    journal = Journal(pid=1, areas=(("", 5), ("link/etc", 5)))
    before = snapshot(away)
    for marker in ("begin", "journal", "journal.undo", "journal.done"):
        (one / ".siteroot" / marker).write_bytes(render_journal(journal))
        with pytest.raises(DriftedError, match="not followed"):
            recover_root(str(one))
        os.unlink(one / ".siteroot" / marker)
    assert not describe_difference(snapshot(away), before)
    with pytest.raises(FileNotFoundError):
        open_base(str(one), "absent")
    assert find_bases(str(one), ("link/etc", "absent/x", "m.py/x")) == ("",)


@pytest.mark.parametrize("path", ["../../../../etc/passwd", "../../x", "../bin/../../x", ".."])
def test_a_journal_does_not_lead_above_the_scheme_folders(prefix: Path, path: str) -> None:
    """ ".." is one, and "../../x" does not lie in it."""
    work = prefix / "one" / ".siteroot"
    work.mkdir()
    journal = Journal(pid=1, areas=(("", 5),), entries=(("aside", path, ""),))
    (work / "journal").write_bytes(render_journal(journal))
    with pytest.raises(JournalSyntaxError, match="leads out"):
        recover_root(str(prefix / "one"), outside=("..", BIN))
