"""A tree of files as a value, so that a test can say that two are the same."""

import hashlib
import os
import stat

#: (kind, permissions, mtime in nanoseconds, sha256 of the content, or a link's text)
Seen = tuple[str, int, int, str]


def snapshot(path: str | os.PathLike[str], *, times: bool = True) -> dict[str, Seen]:
    """Return all that lies under the path, itself as ".", by relative path; {} where there is nothing.

    Links are not followed, and their times and modes not taken. With `times` False all times are 0.
    """
    top = os.fspath(path)
    seen: dict[str, Seen] = {}
    if not os.path.lexists(top):
        return seen
    pending = [(top, ".")]
    while pending:
        full, relative = pending.pop()
        status = os.lstat(full)
        mode = stat.S_IMODE(status.st_mode)
        mtime = status.st_mtime_ns if times else 0
        if stat.S_ISDIR(status.st_mode):
            seen[relative] = ("folder", mode, mtime, "")
            prefix = "" if relative == "." else f"{relative}/"
            pending.extend((f"{full}/{name}", f"{prefix}{name}") for name in os.listdir(full))
        elif stat.S_ISLNK(status.st_mode):
            seen[relative] = ("link", 0, 0, os.readlink(full))
        elif stat.S_ISFIFO(status.st_mode):
            seen[relative] = ("pipe", mode, mtime, "")
        else:
            with open(full, "rb") as stream:
                digest = hashlib.sha256(stream.read()).hexdigest()
            seen[relative] = ("file", mode, mtime, digest)
    return seen


def describe_difference(one: dict[str, Seen], other: dict[str, Seen]) -> list[str]:
    """Return a line for each path that differs, for a failing test's message."""
    return [
        f"{path}: {one.get(path)} != {other.get(path)}"
        for path in sorted(one.keys() | other.keys())
        if one.get(path) != other.get(path)
    ]
