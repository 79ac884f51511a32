"""`pylock.toml` (PEP 751), through packaging's own reading of it."""

from packaging.pylock import Pylock, PylockValidationError
from packaging.version import InvalidVersion, Version

from .toml import TomlError, parse_toml
from .uv_lock import LockSyntaxError, LockUnsupportedError

_MAJOR = 1


def parse_pylock(content: bytes, where: str) -> Pylock:
    """Return the lock, as packaging knows it.

    Raises LockSyntaxError with the key path of the first fault, or LockUnsupportedError. An empty `environments` is
    refused too: it says that the lock is for no environment at all.
    """
    try:
        document = parse_toml(content, where)
    except TomlError as error:
        raise LockSyntaxError(error.message, where=error.where, hints=error.hints) from None
    # packaging looks at the version last, when the shape of another version has failed already
    version = document.get("lock-version")
    try:
        major = Version(version).major if isinstance(version, str) else _MAJOR
    except InvalidVersion:
        major = _MAJOR
    if major != _MAJOR:
        raise LockUnsupportedError(
            f"is a lock of version {version}, and siteroot reads version 1", where=where
        )
    if document.get("environments") == []:
        raise LockSyntaxError(
            "environments: is empty, which says that the lock is for no environment at all",
            where=where,
            hints=("Make the lock anew, or delete that line if it is for every environment.",),
        )
    try:
        return Pylock.from_dict(document)
    except PylockValidationError as error:
        path = f"{error.context}: " if error.context else ""
        reason = error.message.partition("\n")[0]
        raise LockSyntaxError(f"{path}{reason}", where=where) from None


def is_pylock_name(name: str) -> bool:
    """Whether a file of this name is a pylock.toml (PEP 751: `pylock.toml`, `pylock.NAME.toml`)."""
    parts = name.split(".")
    return parts[0] == "pylock" and parts[-1] == "toml" and len(parts) in (2, 3) and all(parts)
