"""`pylock.toml` (PEP 751), through packaging's own reading of it, which is loaded only where there is one."""

from typing import TYPE_CHECKING

from packaging.version import Version

from .pylock_faults import find_faults, find_url_faults
from .reading import Faults
from .toml import TomlError, parse_toml
from .uv_lock import LockSyntaxError, LockUnsupportedError

if TYPE_CHECKING:
    from packaging.pylock import Pylock

_MAJOR = 1


def parse_pylock(content: bytes, where: str) -> "Pylock":
    """Return the lock, as packaging knows it.

    Raises LockSyntaxError with all faults of the file, each with its key path, or LockUnsupportedError. Refused
    although packaging reads it: an empty `environments`, which says that the lock is for no environment at all, and a
    user name or password in a URL, as in a uv.lock.
    """
    from packaging.pylock import Pylock, PylockValidationError  # noqa: PLC0415 - 9 ms that a uv.lock needs not pay

    try:
        document = parse_toml(content, where)
    except TomlError as error:
        raise LockSyntaxError(error.message, where=error.where, hints=error.hints) from None
    # packaging looks at the version last, when the shape of another version has failed already
    version = document.get("lock-version")
    try:
        major = Version(version).major if isinstance(version, str) else _MAJOR
    except ValueError:
        major = _MAJOR
    if major != _MAJOR:
        raise LockUnsupportedError(
            f"is a lock of version {version}, and siteroot reads version 1", where=where
        )
    faults = Faults()
    if document.get("environments") == []:
        faults.add(
            "environments",
            "is empty, which says that the lock is for no environment at all:"
            " make the lock anew, or delete that line if it is for every environment",
        )
    try:
        lock = Pylock.from_dict(document)
    except PylockValidationError:
        lock, found = None, find_faults(document)
    else:
        found = find_url_faults(document)
    for path, message in found:
        faults.add(path, message)
    faults.raise_any(LockSyntaxError, where)
    assert lock is not None  # what packaging refuses as a whole has a first fault
    return lock
