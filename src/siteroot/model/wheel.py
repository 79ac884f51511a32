"""A wheel that was checked, unpacked and kept: what the store knows of it without opening it again.

Rows are plain tuples: a large selection has many thousands of them.
"""

from .digest import Digest
from .value import dataclass

#: (path, size, mode, mtime, sha256): path relative to the scheme's folder, POSIX; mode 0o644 or 0o755; mtime derived
#: from the content, in seconds; sha256 of 32 bytes.
StoredFile = tuple[str, int, int, int, bytes]

#: (path, names): a folder relative to the scheme's folder ("" is that itself) and the sorted names that the wheel
#: brings into it. Parents come before children.
StoredFolder = tuple[str, tuple[str, ...]]

#: The schemes of "Binary distribution format"; a wheel's root belongs to purelib or platlib.
SCHEMES = ("purelib", "platlib", "scripts", "headers", "data")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much one wheel may hold: members, and bytes unpacked."""

    members: int = 100_000
    size: int = 16 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryPoint:
    """One line of `[console_scripts]` or `[gui_scripts]`: a script's name, a module and a dotted attribute."""

    name: str
    module: str
    attribute: str
    gui: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredScheme:
    """The part of a wheel that goes to one scheme's folder; it lies in the store under the scheme's name."""

    scheme: str
    folders: tuple[StoredFolder, ...]
    files: tuple[StoredFile, ...]  # sorted by path
    #: bytecode of this scheme's modules, in the shape of `files`; it lies in the wheel's `bytecode_folder`
    bytecode: tuple[StoredFile, ...] = ()
    #: (path, why) of modules that do not compile: another Python's syntax, test data
    uncompiled: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredWheel:
    """One entry of the store.

    `files` leave out RECORD, INSTALLER, REQUESTED and direct_url.json, which are rendered for each root.
    `python_scripts` are paths of the scripts scheme whose first line is `#!python` and gets the root's own header;
    `pth` are names of `.pth` files that purelib or platlib hold at their top.
    """

    name: str  # normalised
    version: str  # as in the dist-info's name
    digest: Digest  # of the archive, sha256
    folder: str  # absolute
    dist_info: str  # "NAME-VERSION.dist-info", as the archive spells it
    purelib: bool  # Root-Is-Purelib: where dist_info lies
    schemes: tuple[StoredScheme, ...]
    entry_points: tuple[EntryPoint, ...]
    python_scripts: tuple[str, ...]
    pth: tuple[str, ...]
    warnings: tuple[
        str, ...
    ]  # told at each use: a tolerated RECORD, names that differ in case only
    bytecode_folder: str = ""  # absolute; "" unless bytecode is placed with it

    @property
    def label(self) -> str:
        """What messages call it."""
        return f"{self.name}=={self.version}"
