import os
from collections.abc import Callable
from pathlib import Path

import pytest

from siteroot.root.fingerprint import fingerprint_name, root_unchanged, take_fingerprint
from support.roots import folders_of, write_tree

TREE = {"pkg/a.py": b"a", "pkg/sub/b.py": b"b", "d-1.dist-info/RECORD": b"r", ".siteroot.json": b""}
LATE = 2 * 10**18  # long after now


@pytest.fixture(name="root")
def make_root(tmp_path: Path) -> Path:
    write_tree(str(tmp_path / "root"), TREE)
    return tmp_path / "root"


def take(root: Path, now: int = LATE) -> bytes | None:
    files = ["d-1.dist-info/RECORD", ".siteroot.json"]
    return take_fingerprint(str(root), ["", *folders_of(TREE)], files, now=now)


def link_away(root: Path) -> None:
    (root / "pkg").rename(root / "../p")
    (root / "pkg").symlink_to("../p")


CHANGES: dict[str, Callable[[Path], object]] = {
    "file gone": lambda root: (root / "pkg/sub/b.py").unlink(),
    "file renamed": lambda root: (root / "pkg/a.py").rename(root / "pkg/z.py"),
    "folder renamed": lambda root: (root / "pkg/sub").rename(root / "pkg/bus"),
    "name added": lambda root: (root / "pkg/sub/new.py").write_bytes(b""),
    "folder added": lambda root: (root / ".siteroot").mkdir(),
    "dist-info edited": lambda root: (root / "d-1.dist-info/RECORD").write_bytes(b"x"),
    "state edited": lambda root: (root / ".siteroot.json").write_bytes(b"{}"),
    "root gone": lambda root: root.rename(root.with_name("away")),
    "folder is a link": link_away,
}


def test_an_untouched_root_is_unchanged(root: Path) -> None:
    fingerprint = take(root)
    assert fingerprint is not None
    assert root_unchanged(str(root), fingerprint)
    (root / "pkg/a.py").write_bytes(b"edited in place")  # --verify's business (ROOT.md 8)
    assert root_unchanged(str(root), fingerprint)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_every_change_that_a_sync_must_notice_is_noticed(
    root: Path, change: Callable[[Path], object]
) -> None:
    fingerprint = take(root)
    assert fingerprint is not None
    change(root)
    assert not root_unchanged(str(root), fingerprint)


def test_a_damaged_fingerprint_never_holds(root: Path) -> None:
    fingerprint = take(root)
    assert fingerprint is not None
    for content in (b"", b"junk", fingerprint[:-9], fingerprint[:40], b"i\0\0\0\0"):
        assert not root_unchanged(str(root), content)


def test_what_changed_just_now_cannot_be_relied_on(root: Path) -> None:
    (root / "pkg/sub/new.py").write_bytes(b"")
    changed = (root / "pkg/sub").stat().st_mtime_ns
    assert take(root, now=changed + 1000) is None
    assert take(root, now=changed + 10**9) is not None
    (root / "pkg/sub/new.py").unlink()
    (root / "pkg/sub/b.py").unlink()
    (root / "pkg/sub").rmdir()
    assert take(root) is None


def test_a_root_is_named_by_device_and_inode(root: Path) -> None:
    name = fingerprint_name(str(root))
    os.rename(root, root.with_name("moved"))
    assert fingerprint_name(str(root.with_name("moved"))) == name
    root.mkdir()
    assert fingerprint_name(str(root)) != name


def test_after_a_change_only_what_was_touched_is_looked_at(root: Path) -> None:
    before = take(root)
    (root / "pkg/sub/b.py").unlink()  # nobody tells of it
    (root / "d-1.dist-info/RECORD").write_bytes(b"more")
    files = ["d-1.dist-info/RECORD", ".siteroot.json"]
    touched = {"d-1.dist-info/RECORD", "d-1.dist-info", ""}
    folders = ["", *folders_of(TREE)]
    after = take_fingerprint(str(root), folders, files, now=LATE, before=before, touched=touched)
    assert after is not None
    assert not root_unchanged(str(root), after)
    (root / "pkg/sub/b.py").write_bytes(b"b")
    os.utime(root / "pkg/sub", ns=(0, 10**18))
    assert not root_unchanged(str(root), after)
    told = take_fingerprint(
        str(root), folders, files, now=LATE, before=before, touched=touched | {"pkg/sub"}
    )
    assert told is not None
    assert root_unchanged(str(root), told)
