"""Reads every byte of files and compares it with what they should be (ROOT.md 8).

On all processors: by forked processes, where no other thread lives. They change nothing, and end with their parent.
"""

import errno
import hashlib
import marshal
import os
import stat
from collections.abc import Iterable, Sequence

from siteroot import fs
from siteroot.model.times import derive_mtime
from siteroot.plan.claims import ANY, PLACED, Claim

from .faults import explain_os_error
from .workers import WorkerLostError, alone

#: (path, why) of a file that is not what it should be.
Damage = tuple[str, str]

#: Fewer files than this the process reads itself.
_FEW = 400
_MANY_BYTES = 64 << 20
_BLOCK = 1 << 20
_BATCH = 64


def find_damage(
    folder: str, claims: Sequence[Claim], *, follow: bool = False, workers: int | None = None
) -> tuple[list[Damage], int]:
    """Return which files below the folder are not what they should be, in the claims' order, and the bytes read.

    `follow`: a link in a file's place is as it should be, and what it leads to is read. Raises WorkerLostError, and
    OSError where the folder itself cannot be opened.
    """
    if workers is None:
        workers = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    worth = len(claims) >= _FEW or sum(claim[3] for claim in claims) >= _MANY_BYTES
    flags = fs.FILE_FLAGS & ~os.O_NOFOLLOW if follow else fs.FILE_FLAGS
    top = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        if workers > 1 and worth and alone() and hasattr(os, "fork"):
            return _share_out(top, claims, flags, workers)
        found, size = _look_at(top, enumerate(claims), flags)
    finally:
        os.close(top)
    return [(claims[at][0], why) for at, why in found], size


def find_wrong_folders(root: str, folders: Iterable[str]) -> list[Damage]:
    """Return the folders that have not the mode which siteroot gives."""
    found = []
    for path in folders:
        try:
            mode = os.lstat(f"{root}/{path}").st_mode
        except OSError:
            continue  # what it held is missing, and told so
        if stat.S_ISDIR(mode) and mode & 0o777 != 0o755:
            found.append((path, f"its mode is {mode & 0o777:04o} rather than 0755"))
    return found


def _share_out(
    top: int, claims: Sequence[Claim], flags: int, workers: int
) -> tuple[list[Damage], int]:
    order = sorted(range(len(claims)), key=lambda at: -claims[at][3])
    parent = os.getpid()
    children: dict[int, int] = {}  # the reading end of its pipe: the process
    found: list[tuple[int, str]] = []
    size = 0
    try:
        for share in range(1, workers):
            part = [(at, claims[at]) for at in order[share::workers]]
            reading, writing = os.pipe()
            pid = _fork()
            if pid == 0:
                _work(top, part, flags, writing, parent)
            os.close(writing)
            if pid < 0:  # no room for another process
                os.close(reading)
                more, read = _look_at(top, part, flags)
                found, size = found + more, size + read
            else:
                children[reading] = pid
        mine = ((at, claims[at]) for at in order[::workers])
        more, read = _look_at(top, mine, flags)
        found, size = found + more, size + read
        for reading, pid in children.items():
            more, read = _hear(reading, pid)
            found, size = found + more, size + read
    finally:
        if os.getpid() != parent:
            os._exit(1)  # interrupted before it began
        _dismiss(children)
    return [(claims[at][0], why) for at, why in sorted(found)], size


def _fork() -> int:
    try:
        return os.fork()
    except OSError:
        return -1


def _work(
    top: int, part: Sequence[tuple[int, Claim]], flags: int, writing: int, parent: int
) -> None:
    """Be a worker: look, report, and end this process."""
    status = 1
    try:
        content = marshal.dumps(_look_at(top, part, flags, parent))
        fs.write_all(writing, content)
        status = 0
    finally:
        os._exit(status)


def _hear(reading: int, pid: int) -> tuple[list[tuple[int, str]], int]:
    content = b""
    while block := os.read(reading, 1 << 16):
        content += block
    try:
        found, size = marshal.loads(content)  # noqa: S302 - our own worker wrote it
    except (EOFError, ValueError, TypeError):
        raise WorkerLostError(
            f"process {pid}, which read files, was ended from outside",
            hints=("Was it killed for lack of memory? Then run it again.",),
        ) from None
    return found, size


def _dismiss(children: dict[int, int]) -> None:
    for reading, pid in children.items():
        os.close(reading)
        os.kill(pid, 9)  # not waited for yet, so the number is its own
    for pid in children.values():
        os.waitpid(pid, 0)


def _look_at(
    top: int, claims: Iterable[tuple[int, Claim]], flags: int, parent: int = 0
) -> tuple[list[tuple[int, str]], int]:
    found, total = [], 0
    for count, (at, claim) in enumerate(claims):
        if parent and count % _BATCH == 0 and os.getppid() != parent:
            os._exit(1)
        why, size = _judge(top, claim, flags)
        total += size
        if why:
            found.append((at, why))
    return found, total


def _judge(top: int, claim: Claim, flags: int) -> tuple[str, int]:
    """Return why the file is not what it should be, "" where it is, and how many bytes of it were read."""
    path, algorithm, digest, size, mode = claim
    try:
        descriptor = os.open(path, flags, dir_fd=top)
    except OSError as error:
        return _why_unopened(error), 0
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            return "it is no file", 0
        if size not in (-1, status.st_size):
            return f"it has {status.st_size} bytes rather than {size}", 0
        read = 0
        if algorithm:
            hashed = hashlib.new(algorithm, usedforsecurity=False)
            while block := os.read(descriptor, _BLOCK):
                hashed.update(block)
                read += len(block)
            if hashed.digest() != digest:
                return "it has other bytes", read
    except OSError as error:
        return f"it cannot be read: {explain_os_error(error)}", 0
    finally:
        os.close(descriptor)
    why = _why_mode(status.st_mode & 0o7777, mode)
    # what a link leads to is the store's, which looks at its times itself
    if not why and algorithm == "sha256" and mode != ANY and flags & os.O_NOFOLLOW:
        why = _why_time(status.st_mtime_ns, digest)
    return why, read


def _why_time(found_ns: int, digest: bytes) -> str:
    if found_ns == derive_mtime(digest) * 1_000_000_000:
        return ""
    return "its time is not the one that siteroot gave it"


def _why_mode(found: int, mode: int) -> str:
    if mode in (ANY, found) or (mode == PLACED and found in (0o644, 0o755)):
        return ""
    return f"its mode is {found:04o}" + ("" if mode == PLACED else f" rather than {mode:04o}")


def _why_unopened(error: OSError) -> str:
    if error.errno == errno.ELOOP:
        return "a symbolic link stands in its place"
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return "it is missing"
    return f"it cannot be opened: {explain_os_error(error)}"
