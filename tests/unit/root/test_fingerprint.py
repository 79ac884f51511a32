import hashlib
import os
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable
from pathlib import Path

import pytest

from siteroot.root.fingerprint import (
    find_fingerprint,
    fingerprint_name,
    keep_fingerprint,
    take_fingerprint,
)
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


def holds(root: Path, fingerprint: bytes, since: int = LATE) -> bool:
    """Whether a fingerprint holds that was kept at the time `since`."""
    kept = str(root.parent / "kept")
    keep_fingerprint(kept, str(root), "how", fingerprint, now=since)
    return find_fingerprint(kept, str(root), "how", now=LATE) is not None


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
    assert holds(root, fingerprint)
    (root / "pkg/a.py").write_bytes(b"edited in place")  # --verify's business (ROOT.md 8)
    assert holds(root, fingerprint)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_every_change_that_a_sync_must_notice_is_noticed(
    root: Path, change: Callable[[Path], object]
) -> None:
    fingerprint = take(root)
    assert fingerprint is not None
    change(root)
    assert not holds(root, fingerprint)


def test_a_damaged_fingerprint_never_holds(root: Path) -> None:
    fingerprint = take(root)
    assert fingerprint is not None
    for content in (b"", b"junk", fingerprint[:-9], fingerprint[:40], b"i\0\0\0\0"):
        assert not holds(root, content)


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
    assert not holds(root, after)
    (root / "pkg/sub/b.py").write_bytes(b"b")
    os.utime(root / "pkg/sub", ns=(0, 10**18))
    assert not holds(root, after)
    told = take_fingerprint(
        str(root), folders, files, now=LATE, before=before, touched=touched | {"pkg/sub"}
    )
    assert told is not None
    assert holds(root, told)


def edit_unseen(path: Path, content: bytes) -> None:
    """Edit a file in place, to the same size, and set its time back."""
    times = path.stat()
    with path.open("r+b") as stream:
        stream.write(content)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


@pytest.mark.fast_calls
def test_a_status_that_changed_is_looked_into_and_then_known(root: Path) -> None:
    info = root / "d-1.dist-info"
    digest = urlsafe_b64encode(hashlib.sha256(b"m").digest()).rstrip(b"=").decode()
    (info / "RECORD").write_text(
        f"d-1.dist-info/METADATA,sha256={digest},1\nd-1.dist-info/RECORD,,\n"
    )
    (info / "METADATA").write_bytes(b"m")
    files = [f"d-1.dist-info/{name}" for name in ("METADATA", "RECORD")]
    fingerprint = take_fingerprint(str(root), ["d-1.dist-info"], files, now=LATE)
    assert fingerprint is not None
    time.sleep(0.05)
    since = time.time_ns()
    assert holds(root, fingerprint, since)
    time.sleep(0.05)
    os.link(info / "METADATA", root / "other")  # as another root does that shares it
    assert holds(root, fingerprint, since)
    kept = root.parent / "kept" / fingerprint_name(str(root))
    assert since.to_bytes(8, "little") not in kept.read_bytes()  # it need not be read again
    edit_unseen(info / "METADATA", b"x")
    assert not holds(root, fingerprint, since)
    edit_unseen(info / "METADATA", b"m")
    assert holds(root, fingerprint, since)
    edit_unseen(info / "RECORD", b"d-2")
    assert not holds(root, fingerprint, since)
