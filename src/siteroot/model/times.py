"""Times that are derived, not taken (ROOT.md 4).

A file's time follows from its content, a folder's from its owned names, so that a root's bytes and times are a function
of what was asked for. Archive times lie: two releases can hold a changed module of equal size and equal time, and an
interpreter's bytecode of the old one would still match.
"""

import hashlib
from collections.abc import Sequence

#: 1980-01-02 00:00 UTC: the first whole day that a zip archive's clock can tell in every time zone.
EARLIEST = 315_619_200


def derive_mtime(sha256: bytes) -> int:
    """Return the time of a file with that digest: an even second (zip counts in twos) between 1980 and 1997."""
    return EARLIEST + 2 * (int.from_bytes(sha256[:4], "big") >> 4)


def derive_folder_mtime(names: Sequence[str]) -> int:
    """Return the time of a folder that owns these names; they have to be sorted."""
    joined = "\0".join(names).encode("utf-8", "surrogateescape")
    return derive_mtime(hashlib.sha256(joined).digest())
