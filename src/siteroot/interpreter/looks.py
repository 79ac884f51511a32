"""What a search for a Python asks the disk: each question a method, so that whoever wants to know them can listen.

The answers are plain values, for they are kept and compared (`workflows.memo`). This module imports no dataclasses,
typing, pathlib or re (DESIGN.md 3).
"""

import os

from siteroot.fs import read_head, read_plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    #: Executable, its real path, size, mtime in ns, text of its pyvenv.cfg, the kernel, the C library.
    Identity = tuple[str, str, int, int, "str | None", tuple[str, ...], "str | None"]

#: No pyvenv.cfg that a Python heeds is longer, in bytes.
_LONGEST = 1 << 20

#: How executables begin: ELF, Mach-O (both byte orders, both widths, universal), PE.
_BINARIES = (
    b"\x7fELF",
    b"\xfe\xed\xfa\xce",
    b"\xfe\xed\xfa\xcf",
    b"\xce\xfa\xed\xfe",
    b"\xcf\xfa\xed\xfe",
    b"\xca\xfe\xba\xbe",
    b"MZ",
)


class Looks:
    """The disk's own answers. It has no state."""

    __slots__ = ()

    def names(self, folder: str) -> tuple[str, ...]:
        """Return the sorted names in a folder, none where it is absent or may not be listed."""
        try:
            return tuple(sorted(os.listdir(folder)))
        except OSError:
            return ()

    def exists(self, path: str) -> bool:
        """Whether something stands there, links followed."""
        return os.path.exists(path)

    def is_folder(self, path: str) -> bool:
        """Whether it is a folder, links followed."""
        return os.path.isdir(path)

    def is_program(self, path: str) -> bool:
        """Whether a file can be started. The Windows Store leaves empty files that open a shop window."""
        if not (os.path.isfile(path) and os.access(path, os.X_OK)):
            return False
        return os.name != "nt" or os.path.getsize(path) > 0

    def place(self, folder: str) -> "tuple[int, int] | None":
        """Return the folder's device and inode, None where there is none."""
        try:
            status = os.stat(folder)
        except OSError:
            return None
        return status.st_dev, status.st_ino

    def real(self, path: str) -> str:
        """Return the path with its links resolved."""
        return os.path.realpath(path)

    def identity(self, executable: str) -> "Identity | None":
        """Return all that an interpreter's answer hangs on, None where it must not be kept.

        What is no binary (pyenv's shims are shell scripts) answers for something else each time.
        """
        try:
            real = os.path.realpath(executable)
            status = os.stat(real)
            if not read_head(real, 4).startswith(_BINARIES):
                return None
        except OSError:
            return None
        kernel = tuple(os.uname()) if hasattr(os, "uname") else ()
        settings = _settings(executable)
        return executable, real, status.st_size, status.st_mtime_ns, settings, kernel, _libc()


#: The real ones.
DISK = Looks()


def _settings(executable: str) -> str | None:
    """Return the text of the pyvenv.cfg that holds for an executable."""
    folder = os.path.dirname(executable)
    for place in (folder, os.path.dirname(folder)):
        try:
            content = read_plain(f"{place}/pyvenv.cfg", _LONGEST)
            return content.decode("utf-8", "surrogateescape")
        except OSError:
            continue
    return None


def _libc() -> str | None:
    """Return this machine's glibc, which an interpreter's tags hang on and its own file does not tell."""
    try:
        return os.confstr("CS_GNU_LIBC_VERSION")
    except (AttributeError, OSError, ValueError):
        return None
