"""The manifest beside a stored wheel: all that placing it has to know, to be loaded in a millisecond.

    magic (16 bytes) | crc32 of the rest (4 bytes, big endian) | marshal, version 4, of plain tuples

marshal loads a thousand rows in a third of the time that any other format takes, and its version 4 is read by every
Python from 3.4 on. It is not safe on hostile bytes, and gets none: the store is ours, and the checksum finds damage.
Another shape gets another magic.
"""

import marshal
from zlib import crc32

from siteroot.model.digest import Digest
from siteroot.model.wheel import EntryPoint, StoredScheme, StoredWheel

#: Its name in the folder of a stored wheel.
MANIFEST = "manifest"
#: The number is the format's.
MAGIC = b"siteroot-wheel 1"

_START = len(MAGIC) + 4


def render_manifest(wheel: StoredWheel) -> bytes:
    """Return a manifest of everything but the folder."""
    body = marshal.dumps(
        (
            wheel.name,
            wheel.version,
            wheel.digest.hexadecimal,
            wheel.dist_info,
            wheel.purelib,
            tuple((part.scheme, part.folders, part.files, part.bytecode) for part in wheel.schemes),
            tuple(
                (point.name, point.module, point.attribute, point.gui)
                for point in wheel.entry_points
            ),
            wheel.python_scripts,
            wheel.pth,
            wheel.warnings,
        ),
        4,
    )
    return MAGIC + crc32(body).to_bytes(4, "big") + body


def parse_manifest(content: bytes, folder: str) -> StoredWheel | None:
    """Return the wheel that lies in `folder`, None where the manifest is damaged or of another format."""
    if not content.startswith(MAGIC):
        return None
    body = memoryview(content)[_START:]
    if crc32(body).to_bytes(4, "big") != content[len(MAGIC) : _START]:
        return None
    try:
        name, version, sha256, dist_info, purelib, schemes, points, scripts, pth, warnings = (
            marshal.loads(body)  # noqa: S302 - our own file, and its checksum holds
        )
        return StoredWheel(
            name=name,
            version=version,
            digest=Digest("sha256", sha256),
            folder=folder,
            dist_info=dist_info,
            purelib=purelib,
            schemes=tuple(
                StoredScheme(scheme=scheme, folders=folders, files=files, bytecode=bytecode)
                for scheme, folders, files, bytecode in schemes
            ),
            entry_points=tuple(
                EntryPoint(name=name, module=module, attribute=attribute, gui=gui)
                for name, module, attribute, gui in points
            ),
            python_scripts=scripts,
            pth=pth,
            warnings=warnings,
        )
    except (ValueError, TypeError, EOFError):
        return None
