"""What can go wrong with a store, in words for people. Light, for a store is opened by every sync."""

import errno

from siteroot.errors import IntegrityError, StoreError


class WrongArchiveError(IntegrityError):
    """An archive is not the file that the lock names: another digest or size, name or version."""


class StoreWriteError(StoreError):
    """The store could not be written."""


def write_error(error: OSError, path: str) -> StoreWriteError:
    """Return a fault of the disk in words."""
    hints = {
        errno.ENOSPC: ("Free some space, or name another place with --cache-dir.",),
        errno.EDQUOT: ("Free some space, or name another place with --cache-dir.",),
        errno.EROFS: ("Name a place that can be written with --cache-dir.",),
        errno.EACCES: ("Name a place that can be written with --cache-dir.",),
    }.get(error.errno or 0, ())
    what = error.strerror or str(error)
    return StoreWriteError(f"the cache cannot be written: {what}", where=path, hints=hints)
