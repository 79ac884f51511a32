"""The writer's operations are all that there are: as many as the kernel sees, kind by kind, in every process.

What the other tests of this folder stop, fail and count are calls of `fs.Writer`; a change that went past it would be
seen by none of them.
"""

import marshal
import os
import re
import sys
from collections import Counter
from pathlib import Path

import pytest

from support import root_driver
from support.roots import Tree, change_of, fresh_of, write_tree
from support.strace import run_traced

#: Enough files for workers.
OLD = {f"pkg/part{n % 9}/m{n}.py": b"old %d " % n for n in range(640)} | {
    **{f"gone/m{n}.py": b"gone" for n in range(30)},
    "turn": b"a file",
    "pkg-1.dist-info/RECORD.txt": b"1",
}
NEW = {f"pkg/part{n % 8}/m{n}.py": b"new %d " % n for n in range(660)} | {
    "turn/x.py": b"a folder",
    "pkg-2.dist-info/RECORD.txt": b"2",
    "pkg/empty.py": b"",
}
LEFT = {path: content for path, content in OLD.items() if path.startswith("pkg/part1")}

#: The system calls that are each operation's. A call with "?" may be unknown to strace on this machine.
CALLS = {
    "mkdir": ("?mkdir", "mkdirat"),
    "rmdir": ("?rmdir",),
    "unlink": ("?unlink", "unlinkat"),
    "rename": ("?rename", "?renameat"),
    "rename_noreplace": ("renameat2",),
    "link": ("?link", "linkat"),
    "symlink": ("?symlink", "symlinkat"),
    "create": ("?open", "openat", "?openat2", "?creat"),
    "write": ("write",),
    "clone": ("ioctl",),
    "copy_file_range": ("copy_file_range",),
    "utime": ("utimensat", "?utime", "?utimes", "?futimesat"),
    "chmod": ("?chmod", "fchmod", "fchmodat", "?fchmodat2"),
    "chown": ("?chown", "?lchown", "fchown", "fchownat"),
    "setxattr": ("setxattr", "lsetxattr", "fsetxattr", "?setxattrat"),
    "removexattr": ("removexattr", "lremovexattr", "fremovexattr", "?removexattrat"),
    "fsync": ("fsync", "fdatasync"),
    "syncfs": ("syncfs",),
    "flock": ("flock",),
    # and what no operation is
    "none": (
        *("truncate", "ftruncate", "fallocate", "?mknod", "mknodat", "?sendfile", "splice"),
        *("pwrite64", "writev", "pwritev", "?pwritev2", "sync_file_range"),
    ),
}
KINDS = {call.lstrip("?"): kind for kind, calls in CALLS.items() for call in calls}


def kind_of(line: str) -> str:
    """Return the operation that a line of strace's is, "" where it changes nothing."""
    call = line.partition("(")[0]
    kind = KINDS[call]
    if kind == "create" and "O_CREAT" not in line:
        return "none" if re.search("O_WRONLY|O_RDWR|O_TRUNC", line) else ""
    if kind == "clone" and "FICLONE" not in line:
        return ""
    if call == "unlinkat" and "AT_REMOVEDIR" in line:
        return "rmdir"
    if call == "renameat2" and "RENAME_NOREPLACE" not in line:
        return "rename"
    return kind


def seen_below(folder: Path, traces: list[Path]) -> list[Counter[str]]:
    """Return, for each process, how many calls of each kind named something below the folder."""
    found = []
    for trace in traces:
        lines = [line for line in trace.read_text().splitlines() if str(folder) in line]
        kinds = [kind for line in lines if (kind := kind_of(line))]
        found.append(Counter(kinds))
    return found


@pytest.mark.fast_calls
@pytest.mark.parametrize("link_mode", ["copy", "hardlink"])
@pytest.mark.parametrize(
    ("old", "new"),
    [(None, NEW), (OLD, NEW), (OLD, LEFT)],
    ids=["fresh root", "upgrade", "removal"],
)
def test_the_kernel_sees_the_recorded_operations_and_no_more(
    tmp_path: Path, old: Tree | None, new: Tree, link_mode: str
) -> None:
    place, rows, log = tmp_path / "place", tmp_path / "rows", tmp_path / "log"
    root, store = str(place / "root"), str(place / "store")
    if old is None:
        place.mkdir()
        rows.write_bytes(marshal.dumps(fresh_of(store, new)))
    else:
        write_tree(root, old)
        rows.write_bytes(marshal.dumps(change_of(root, store, old, new)))
    watched = ",".join(call for calls in CALLS.values() for call in calls)
    run_traced(
        ["-ff", "-y", "-e", f"trace={watched}"],
        tmp_path / "trace",
        [sys.executable, root_driver.__file__, root, str(rows), link_mode, str(log)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    found = {str(path.relative_to(root)) for path in Path(root).rglob("*") if path.is_file()}
    assert found == set(new)

    processes = seen_below(place, sorted(tmp_path.glob("trace.*")))
    kernel = sum(processes, Counter[str]())
    recorded = Counter(log.read_text().split())
    assert "none" not in kernel
    assert recorded == kernel
    working = [each for each in processes if each]
    assert len(working) == (1 if old and not set(new) - set(old) else 3), "the workers' too"
