"""A project's files on a disk: the real adapter of `ports.ProjectFiles`."""

import os
from collections.abc import Sequence

from siteroot.errors import ProjectError
from siteroot.fs import read_plain

#: The largest file of a project that is read, in bytes; the largest locks known have some ten million.
_MOST = 512 << 20


class UnreadableFileError(ProjectError):
    """A file or folder of the project is there and cannot be read."""


class DiskProjectFiles:
    """Reads files below any absolute path. Links are followed, as uv follows them."""

    __slots__ = ()

    def read(self, path: str) -> bytes | None:
        """Return the file's bytes, None where there is no such file. Raises UnreadableFileError."""
        try:
            return read_plain(path, _MOST)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None
        except (OSError, ValueError) as error:
            raise _unreadable(path, error) from None

    def names(self, folder: str) -> Sequence[str] | None:
        """Return the sorted names in a folder, None where there is no such folder. Raises UnreadableFileError."""
        try:
            return sorted(os.listdir(folder))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError) as error:
            raise _unreadable(folder, error) from None

    def is_folder(self, path: str) -> bool:
        """Whether the path is a folder (links followed)."""
        return os.path.isdir(path)


def _unreadable(path: str, error: OSError | ValueError) -> UnreadableFileError:
    reason = error.strerror if isinstance(error, OSError) else "the path holds a null character"
    return UnreadableFileError(f"cannot be read: {reason}", where=path)
