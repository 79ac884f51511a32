"""The manifest beside a stored wheel: all that placing it has to know, to be loaded in a millisecond.

    magic (16 bytes) | crc32 of the rest (4 bytes, big endian) | marshal, version 4, of plain tuples

marshal loads a thousand rows in a third of the time that any other format takes, and its version 4 is read by every
Python from 3.4 on. It is not safe on hostile bytes, and gets none: the store is ours, and the checksum finds damage.
Another shape gets another magic.
"""

import marshal
from zlib import crc32

from siteroot.model.digest import Digest
from siteroot.model.wheel import EntryPoint, StoredFile, StoredScheme, StoredWheel

#: Its name in the folder of a stored wheel.
MANIFEST = "manifest"
#: The number is the format's.
MAGIC = b"siteroot-wheel 1"

#: The name and the beginning of the manifest of a wheel's bytecode, which has the same shape otherwise.
BYTECODE_MAGIC = b"siteroot-pycs 1 "

_START = len(MAGIC) + 4

#: (scheme, bytecode, uncompiled), as `StoredScheme` has them.
CompiledScheme = tuple[str, tuple[StoredFile, ...], tuple[tuple[str, str], ...]]


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
    body = _body(content, MAGIC)
    if body is None:
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


def render_bytecode_manifest(label: str, schemes: tuple[CompiledScheme, ...]) -> bytes:
    """Return the manifest of a wheel's bytecode; `label` is what messages call the wheel."""
    body = marshal.dumps((label, schemes), 4)
    return BYTECODE_MAGIC + crc32(body).to_bytes(4, "big") + body


def parse_bytecode_manifest(content: bytes) -> tuple[str, tuple[CompiledScheme, ...]] | None:
    """Return the wheel's label and what was compiled, None where the manifest is damaged or of another format."""
    body = _body(content, BYTECODE_MAGIC)
    if body is None:
        return None
    try:
        label, schemes = marshal.loads(body)  # noqa: S302 - as above
    except (ValueError, TypeError, EOFError):
        return None
    return label, schemes


def _body(content: bytes, magic: bytes) -> memoryview | None:
    """Return what follows magic and checksum, None where either is wrong."""
    body = memoryview(content)[_START:]
    right = (
        content.startswith(magic) and crc32(body).to_bytes(4, "big") == content[len(magic) : _START]
    )
    return body if right else None
