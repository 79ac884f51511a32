"""What siteroot keeps for itself and reads back in a moment: plain values, with a checksum before them.

    magic | crc32 of the rest (4 bytes, big endian) | marshal, version 2 or 4

marshal loads a thousand rows in a third of the time that any other format takes, and its version 2 is read by every
Python. Later ones look for values that are there twice, which takes rows three times as long to write, and pays where
most are. It is not safe on hostile bytes, and gets none: the cache is ours, and the checksum finds damage.

This module imports no dataclasses, typing, pathlib or re: it is the starter's too (DESIGN.md 5).
"""

import marshal
from binascii import crc32

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def seal(magic: bytes, value: "Any", *, recurring: bool = False) -> bytes:
    """Return the bytes of a value that is made of what marshal can hold; `recurring`: most parts are there many times."""
    body = marshal.dumps(value, 4 if recurring else 2)
    return magic + crc32(body).to_bytes(4, "big") + body


def unseal(magic: bytes, content: bytes) -> "Any":
    """Return the value, None where the bytes are damaged or begin with another magic."""
    start = len(magic) + 4
    body = memoryview(content)[start:]
    if (
        not content.startswith(magic)
        or crc32(body).to_bytes(4, "big") != content[start - 4 : start]
    ):
        return None
    try:
        return marshal.loads(body)  # noqa: S302 - our own file, and its checksum holds
    except (ValueError, TypeError, EOFError):
        return None
