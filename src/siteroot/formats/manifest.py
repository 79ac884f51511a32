"""The manifest beside a stored wheel: all that placing it has to know, to be loaded in a millisecond.

Plain tuples, sealed (`sealed.py`). Another shape gets another magic.
"""

from siteroot.model.digest import Digest
from siteroot.model.wheel import EntryPoint, StoredFile, StoredScheme, StoredWheel

from .sealed import seal, unseal

#: Its name in the folder of a stored wheel.
MANIFEST = "manifest"
#: The largest one that is read, in bytes: a hundred thousand files with long paths have some thirty million.
MANIFEST_MOST = 512 << 20
#: The number is the format's.
MAGIC = b"siteroot-wheel 1"

#: The name and the beginning of the manifest of a wheel's bytecode, which has the same shape otherwise.
BYTECODE_MAGIC = b"siteroot-pycs 1 "

#: (scheme, bytecode, uncompiled), as `StoredScheme` has them.
CompiledScheme = tuple[str, tuple[StoredFile, ...], tuple[tuple[str, str], ...]]


def render_manifest(wheel: StoredWheel) -> bytes:
    """Return a manifest of everything but the folder."""
    return seal(
        MAGIC,
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
    )


def parse_manifest(content: bytes, folder: str) -> StoredWheel | None:
    """Return the wheel that lies in `folder`, None where the manifest is damaged or of another format."""
    kept = unseal(MAGIC, content)
    try:
        name, version, sha256, dist_info, purelib, schemes, points, scripts, pth, warnings = kept
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
    except (ValueError, TypeError):
        return None


def render_bytecode_manifest(label: str, schemes: tuple[CompiledScheme, ...]) -> bytes:
    """Return the manifest of a wheel's bytecode; `label` is what messages call the wheel."""
    return seal(BYTECODE_MAGIC, (label, schemes))


def parse_bytecode_manifest(content: bytes) -> tuple[str, tuple[CompiledScheme, ...]] | None:
    """Return the wheel's label and what was compiled, None where the manifest is damaged or of another format."""
    kept = unseal(BYTECODE_MAGIC, content)
    try:
        label, schemes = kept
    except (ValueError, TypeError):
        return None
    return label, schemes
