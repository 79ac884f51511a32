import errno
import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from siteroot import fs
from siteroot.errors import InvariantError
from siteroot.formats.journal_log import Journal, JournalSyntaxError, render_journal
from siteroot.model.rows import Change, Move
from siteroot.model.times import derive_mtime
from siteroot.root.areas import find_bases, split_path
from siteroot.root.faults import ApplyFailedError, DriftedError, InTheWayError, RecoveryError
from siteroot.root.journal import Outcome, Recovered, apply_change, recover_root, recovery_due
from siteroot.root.placing import PoisonedError
from support.roots import change_of, write_tree
from support.trees import describe_difference, snapshot
from support.writers import StoppedError, recording_writer, stopping_writer

OLD = {"pkg/a.py": b"a1", "pkg/b.py": b"b1"}
NEW = {"pkg/a.py": b"a2", "pkg/c.py": b"c2"}


def stop_after_commit(root: str, change: Change, *, moves: int = 0) -> None:
    """Leave the root as a kill would that comes so many operations after the journal holds."""
    probe, done = recording_writer()
    committed = [0]

    class Watching(fs.Writer):
        __slots__ = ()

        @staticmethod
        def rename(source: Any, target: Any, **options: Any) -> None:  # type: ignore[override]
            probe.rename(source, target, **options)
            if target.endswith("/journal"):
                committed[0] = len(done)
                raise StoppedError

    for name in fs.operations():
        if name != "rename":
            setattr(Watching, name, staticmethod(getattr(probe, name)))
    with pytest.raises((StoppedError, ApplyFailedError)):
        apply_change(root, change, workers=1, writer=Watching())
    recover_root(root)
    with pytest.raises(StoppedError):
        apply_change(root, change, workers=1, writer=stopping_writer(committed[0] + moves))


@pytest.fixture(name="root")
def make_root(tmp_path: Path) -> str:
    root = str(tmp_path / "root")
    write_tree(root, OLD)
    return root


def test_a_committed_change_is_finished_and_told(tmp_path: Path, root: str) -> None:
    stop_after_commit(root, change_of(root, str(tmp_path / "store"), OLD, NEW))
    assert recovery_due(root)
    assert recover_root(root) == Recovered(Outcome.FINISHED)
    assert recover_root(root) is None
    assert sorted(os.listdir(f"{root}/pkg")) == ["a.py", "c.py"]
    assert Path(root, "pkg/a.py").read_bytes() == b"a2"


def test_who_is_asked_before_anything_moves_may_refuse(tmp_path: Path, root: str) -> None:
    stop_after_commit(root, change_of(root, str(tmp_path / "store"), OLD, NEW), moves=1)
    before = snapshot(root)

    def refuse(paths: Sequence[str]) -> None:
        assert {"pkg/a.py", "pkg/b.py", "pkg/c.py"} <= set(paths)
        raise DriftedError("not this one")

    with pytest.raises(DriftedError, match="not this one"):
        recover_root(root, check=refuse)
    assert snapshot(root) == before
    assert recover_root(root) == Recovered(Outcome.FINISHED)


def test_a_foreign_file_that_appeared_is_refused_by_name_and_kept(
    tmp_path: Path, root: str
) -> None:
    stop_after_commit(root, change_of(root, str(tmp_path / "store"), OLD, NEW))
    foreign = Path(root, "pkg/c.py")
    foreign.write_bytes(b"somebody's")
    for _ in range(2):
        with pytest.raises(InTheWayError, match=r"pkg/c\.py") as caught:
            recover_root(root)
        assert caught.value.path == "pkg/c.py"
        assert foreign.read_bytes() == b"somebody's"
    foreign.rename(tmp_path / "away")
    assert recover_root(root) == Recovered(Outcome.FINISHED)
    assert Path(root, "pkg/c.py").read_bytes() == b"c2"


def test_a_foreign_file_in_the_way_takes_the_change_back(tmp_path: Path, root: str) -> None:
    change = change_of(root, str(tmp_path / "store"), OLD, NEW)
    Path(root, "pkg/c.py").write_bytes(b"somebody's")
    before = snapshot(root)
    with pytest.raises(InTheWayError, match=r"pkg/c\.py"):
        apply_change(root, change)
    assert not describe_difference(snapshot(root), before)


@pytest.mark.parametrize("what", ["folder", "parent"])
def test_links_in_a_root_are_not_followed(tmp_path: Path, root: str, what: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    change = change_of(root, str(tmp_path / "store"), OLD, {**NEW, "pkg/sub/d.py": b"d"})
    if what == "folder":
        Path(root, "pkg/sub").symlink_to(outside)
    else:
        Path(root, "pkg").rename(outside / "pkg")
        Path(root, "pkg").symlink_to(outside / "pkg")
    before, kept = snapshot(root), snapshot(outside)
    with pytest.raises((DriftedError, InTheWayError), match="pkg"):
        apply_change(root, change)
    assert not describe_difference(snapshot(root), before)
    assert not describe_difference(snapshot(outside), kept)


def test_a_link_that_is_owned_is_replaced_and_never_looked_through(tmp_path: Path) -> None:
    root, precious = str(tmp_path / "root"), tmp_path / "precious"
    write_tree(root, OLD)
    precious.write_bytes(b"precious")
    Path(root, "pkg/a.py").unlink()
    Path(root, "pkg/a.py").symlink_to(precious)
    apply_change(root, change_of(root, str(tmp_path / "store"), OLD, NEW), link_mode="copy")
    assert not Path(root, "pkg/a.py").is_symlink()
    assert precious.read_bytes() == b"precious"


def test_a_folder_where_a_file_was_is_not_moved(tmp_path: Path, root: str) -> None:
    change = change_of(root, str(tmp_path / "store"), OLD, NEW)
    Path(root, "pkg/b.py").unlink()
    Path(root, "pkg/b.py").mkdir()
    before = snapshot(root)
    with pytest.raises(DriftedError, match=r"pkg/b\.py"):
        apply_change(root, change)
    assert not describe_difference(snapshot(root), before)


def test_an_owned_file_that_somebody_removed_does_not_stop_the_change(
    tmp_path: Path, root: str
) -> None:
    change = change_of(root, str(tmp_path / "store"), OLD, NEW)
    Path(root, "pkg/a.py").unlink()
    Path(root, "pkg/b.py").unlink()
    apply_change(root, change)
    assert sorted(os.listdir(f"{root}/pkg")) == ["a.py", "c.py"]


def test_the_same_stored_file_placed_again_by_hardlink_is_fine(tmp_path: Path) -> None:
    root, store = str(tmp_path / "root"), str(tmp_path / "store")
    os.mkdir(root)
    apply_change(root, change_of(root, store, {}, NEW), link_mode="hardlink")
    first = snapshot(root)
    again: list[Move] = [("replace", path) for path in NEW]
    staging, _, times, kept = change_of(root, store, {}, NEW)
    apply_change(root, (staging, tuple(again), times, kept), link_mode="hardlink")
    assert not describe_difference(snapshot(root), first)


def test_a_poisoned_store_leaves_the_old_tree(tmp_path: Path, root: str) -> None:
    before = snapshot(root)
    change = change_of(root, str(tmp_path / "store"), OLD, NEW)
    (tmp_path / "store/pkg/c.py").write_bytes(b"xx")
    with pytest.raises(PoisonedError):
        apply_change(root, change)
    assert not describe_difference(snapshot(root), before)


def test_dropped_folders_come_back_with_their_modes(tmp_path: Path) -> None:
    root = str(tmp_path / "root")
    write_tree(root, {"gone/deep/x.py": b"x", "keep.py": b"k"})
    os.chmod(f"{root}/gone/deep", 0o2770)
    os.chmod(f"{root}/gone", 0o700)
    before = snapshot(root)
    change = change_of(root, str(tmp_path / "store"), {"gone/deep/x.py": b"x"}, {"z/new.py": b"z"})
    staging, moves, times, kept = change
    blocked = (staging, (*moves, ("place", "z/new.py")), times, kept)
    Path(root, "blocker").write_bytes(b"")
    before = snapshot(root)
    rows = staging[2][0][2][0]
    job = (*staging[2][0][:2], (rows, ("blocker", *rows[1:])), ())
    blocked = ((staging[0], staging[1], (job,)), (*moves, ("place", "blocker")), times, kept)
    with pytest.raises(InTheWayError, match="blocker"):
        apply_change(root, blocked)
    assert not describe_difference(snapshot(root), before)


def test_rows_and_moves_that_differ_are_a_defect_of_ours(tmp_path: Path, root: str) -> None:
    staging, moves, times, kept = change_of(root, str(tmp_path / "store"), OLD, NEW)
    with pytest.raises(InvariantError, match="differ"):
        apply_change(root, (staging, moves[1:], times, kept))


def test_a_hostile_journal_does_not_lead_out(tmp_path: Path, root: str) -> None:
    precious = tmp_path / "precious"
    precious.write_bytes(b"precious")
    work = Path(root, ".siteroot")
    for path in ("../precious", "/precious", "pkg/../../precious", "pkg//x", ".siteroot/journal"):
        (work / "new").mkdir(parents=True)
        (work / "old").mkdir()
        journal = Journal(pid=1, areas=(("", 5),), entries=(("aside", path, ""),))
        (work / "journal").write_bytes(render_journal(journal))
        with pytest.raises(JournalSyntaxError, match="leads out"):
            recover_root(root)
        fs.remove_tree(str(work))
    assert precious.read_bytes() == b"precious"


def test_hostile_staging_does_not_lead_in(tmp_path: Path, root: str) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/secret").write_bytes(b"secret")
    work = Path(root, ".siteroot")
    (work / "new").mkdir(parents=True)
    (work / "old").mkdir()
    (work / "new/pkg").symlink_to(tmp_path / "etc")
    journal = Journal(pid=1, areas=(("", 5),), entries=(("place", "pkg/secret", ""),))
    (work / "journal").write_bytes(render_journal(journal))
    with pytest.raises(DriftedError, match="not followed"):
        recover_root(root)
    assert (tmp_path / "etc/secret").read_bytes() == b"secret"
    assert not Path(root, "pkg/secret").exists()


@pytest.mark.parametrize("content", [b"", b"siteroot journal\0001\0area", b"\xff\0\0"])
def test_a_damaged_journal_is_refused_and_nothing_is_touched(root: str, content: bytes) -> None:
    work = Path(root, ".siteroot")
    work.mkdir()
    (work / "journal").write_bytes(content)
    before = snapshot(root)
    with pytest.raises(JournalSyntaxError):
        recover_root(root)
    assert not describe_difference(snapshot(root), before)


def test_what_is_not_ours_under_the_reserved_name_is_refused(root: str) -> None:
    Path(root, ".siteroot").mkdir()
    Path(root, ".siteroot/notes.md").write_bytes(b"mine")
    with pytest.raises(RecoveryError, match=r"notes\.md"):
        recover_root(root)
    assert Path(root, ".siteroot/notes.md").read_bytes() == b"mine"


def test_a_half_made_work_folder_gives_the_root_its_time_back(root: str) -> None:
    before = snapshot(root)
    os.mkdir(f"{root}/.siteroot-{before['.'][2]}")
    assert recovery_due(root)
    recover_root(root)
    assert not describe_difference(snapshot(root), before)


def test_a_root_from_before_1970_gets_its_time_back(tmp_path: Path, root: str) -> None:
    os.utime(root, ns=(-1_500_000_000, -1_500_000_000))
    before = snapshot(root)
    change = change_of(root, str(tmp_path / "store"), OLD, NEW)
    for moment in range(4):  # the work folder comes
        with pytest.raises(StoppedError):
            apply_change(root, change, workers=1, writer=stopping_writer(moment))
        recover_root(root)
        assert not describe_difference(snapshot(root), before), moment


@pytest.mark.parametrize("name", [".siteroot-", ".siteroot-x", ".siteroot.json", ".siterooted"])
def test_names_like_ours_are_not_ours(root: str, name: str) -> None:
    Path(root, name).mkdir()
    assert not recovery_due(root)
    assert recover_root(root) is None


@pytest.mark.parametrize("name", [".siteroot-5", ".siteroot-6/notes.md"])
def test_what_has_a_name_of_ours_and_is_not_ours_stays(
    tmp_path: Path, root: str, name: str
) -> None:
    foreign = Path(root, name)
    foreign.parent.mkdir(parents=True, exist_ok=True)
    foreign.write_bytes(b"mine")
    Path(root, ".siteroot-8").symlink_to(foreign.parent)
    assert not recovery_due(root)
    assert recover_root(root) is None
    apply_change(root, change_of(root, str(tmp_path / "store"), OLD, NEW))
    assert foreign.read_bytes() == b"mine"


@pytest.fixture(name="venv")
def make_venv(tmp_path: Path) -> Path:
    venv = tmp_path / "venv"
    write_tree(str(venv), {"lib/python3.12/site-packages/old.py": b"o", "bin/python": b"#!"})
    return venv


def interpreter_change(store: str) -> Change:
    """Return a change with files in the root, in an existing and in an absent outer folder."""
    digest = hashlib.sha256(b"x").digest()
    write_tree(store, {"x": b"x"})
    time = derive_mtime(digest)
    paths = ("new/m.py", "../../../bin/tool", "../../../include/site/python3.12/new/h.h")
    stored = tuple((path, "x", 1, 0o644, time, digest) for path in paths)
    anchors = ("../../..", "../../../bin", "../../../include/site/python3.12")
    folders = ("../../../include/site/python3.12/new", "new")
    moves = (
        ("make", "new"),
        ("make", "../../../include/site/python3.12/new"),
        *(("place", path) for path in paths),
        ("aside", "old.py"),
    )
    times = (("new", 400_000_000), ("", 400_000_002))
    return (anchors, folders, ((store, "new==1", stored, ()),)), moves, times, ()


def test_scheme_folders_outside_of_the_root_are_journalled_too(tmp_path: Path, venv: Path) -> None:
    root = str(venv / "lib/python3.12/site-packages")
    change = interpreter_change(str(tmp_path / "store"))
    outside = change[0][0]
    before = snapshot(venv)
    writer, done = recording_writer()
    apply_change(root, change, link_mode="copy", workers=1, writer=writer)
    after = snapshot(venv)
    assert (venv / "bin/tool").read_bytes() == b"x"
    assert (venv / "include/site/python3.12/new/h.h").read_bytes() == b"x"
    assert not any(".siteroot" in path for path in after)
    for moment in range(len(done)):
        fs.remove_tree(str(venv))
        write_tree(str(venv), {"lib/python3.12/site-packages/old.py": b"o", "bin/python": b"#!"})
        with pytest.raises(StoppedError):
            apply_change(root, change, link_mode="copy", workers=1, writer=stopping_writer(moment))
        recover_root(root, outside=outside)
        found = snapshot(venv)
        if found.keys() == before.keys():
            if moment < len(done) - 1:
                assert not describe_difference(found, before), moment
        else:
            assert found.keys() == after.keys(), moment


def test_a_journal_with_unknown_outer_folders_is_refused(tmp_path: Path, venv: Path) -> None:
    root = str(venv / "lib/python3.12/site-packages")
    change = interpreter_change(str(tmp_path / "store"))
    with pytest.raises(StoppedError):
        apply_change(root, change, workers=1, writer=stopping_writer(18))
    with pytest.raises(JournalSyntaxError, match="leads out"):
        recover_root(root)
    recover_root(root, outside=change[0][0])


def test_paths_belong_to_the_longest_base(tmp_path: Path, venv: Path) -> None:
    root = str(venv / "lib/python3.12/site-packages")
    bases = find_bases(root, ("../../..", "../../../bin", "../../../include/site/python3.12"))
    assert bases == ("", "../../..")  # no mount lies between
    bases = ("", "../../..", "../../../bin")
    assert split_path("new/m.py", bases) == (0, "new/m.py")
    assert split_path("../../../bin/tool", bases) == (2, "tool")
    assert split_path("../../../bin", bases) == (2, "")
    assert split_path("../../../include/x.h", bases) == (1, "include/x.h")


def test_a_full_disk_is_told_in_plain_words(tmp_path: Path, root: str) -> None:
    class Full(fs.Writer):
        __slots__ = ()

        @staticmethod
        def create(name: Any, *_arguments: Any, **_options: Any) -> int:  # type: ignore[override]
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), name)

    before = snapshot(root)
    with pytest.raises(ApplyFailedError) as caught:
        apply_change(root, change_of(root, str(tmp_path / "store"), OLD, NEW), writer=Full())
    assert "the disk is full" in str(caught.value)
    assert "as it was before" in str(caught.value)
    assert not describe_difference(snapshot(root), before)
