"""What can go wrong with a root on disk, in words for people. The leaves of RootError that several modules raise."""

import errno

from siteroot.errors import RootError
from siteroot.model.reserved import WORK_FOLDER

_REASONS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EACCES: "permission is denied",
    errno.EPERM: "the system does not permit it",
    errno.EROFS: "the file system is read-only",
    errno.EIO: "the disk reports an error",
    errno.ENAMETOOLONG: "the name is too long for this file system",
    errno.EMFILE: "too many files are open",
    errno.ENOENT: "it is not there any more",
    errno.ENOTDIR: "a part of the path is no folder",
    errno.ELOOP: "a part of the path is a symbolic link",
    errno.EISDIR: "it is a folder",
    errno.EEXIST: "something stands there already",
    errno.EXDEV: "it lies on another file system",
    errno.EBUSY: "it is in use, maybe a mount point",
}
_HINTS = {
    errno.ENOSPC: ("Free some space and run it again.",),
    errno.EDQUOT: ("Free some space and run it again.",),
    errno.EACCES: ("Run it as the user whom the folder and what is in it belong to.",),
    errno.EPERM: (
        "Run it as the user whom the folder and what is in it belong to.",
        "lsattr shows whether it is marked immutable or append-only.",
    ),
    errno.EROFS: ("Mount it writable, or choose another folder.",),
}


class ApplyFailedError(RootError):
    """A change could not be made. `restored` says whether the root is as it was before."""

    def __init__(
        self, message: str, *, restored: bool, where: str, hints: tuple[str, ...] = ()
    ) -> None:
        state = (
            "the root is as it was before"
            if restored
            else "the root is between two states until the next siteroot command on it, which finishes the recovery"
        )
        super().__init__(f"{message}; {state}", where=where, hints=hints)
        self.restored = restored


class UnsettledError(RootError):
    """A change is made, and could not be waited for until it was on the disk (`--durable`)."""

    def __init__(self, error: OSError, root: str) -> None:
        super().__init__(
            f"the root is as asked for, but whether it would outlast a loss of power is not known:"
            f" {name_of(error, root)}: {explain_os_error(error)}",
            where=root,
            hints=hints_for(error),
        )


class InTheWayError(RootError):
    """Something that siteroot did not place stands where a file or folder has to go."""

    def __init__(self, root: str, path: str) -> None:
        super().__init__(
            f"{path} stands where a file has to go, and siteroot did not put it there",
            where=root,
            hints=("Move it away and run the command again.",),
        )
        self.path = path


class DriftedError(RootError):
    """The root is not what it was when the change was planned."""


class RecoveryError(RootError):
    """An interrupted change can be neither finished nor taken back."""


class ClaimedError(RootError):
    """A folder that several roots share is between two states of another one."""


def explain_os_error(error: OSError) -> str:
    """Return why the system refused, without the number: "the disk is full"."""
    reason = _REASONS.get(error.errno or 0)
    return reason or (error.strerror or str(error)).lower()


def hints_for(error: OSError) -> tuple[str, ...]:
    """Return what a person may try."""
    return _HINTS.get(error.errno or 0, ())


def name_of(error: OSError, otherwise: str) -> str:
    """Return the path that a system call failed at."""
    for name in (error.filename2, error.filename):
        if isinstance(name, bytes):
            return name.decode("utf-8", "surrogateescape")
        if isinstance(name, str):
            return name
    return otherwise


def apply_failed(error: OSError, root: str, *, restored: bool) -> ApplyFailedError:
    """Return the error that tells a person what the system refused, and what state the root is in."""
    name = name_of(error, root).removeprefix(f"{root}/")
    whole = name == root or name.startswith((f"{WORK_FOLDER}/", f"{WORK_FOLDER}-"))
    return ApplyFailedError(
        f"{'it' if whole else name} cannot be written: {explain_os_error(error)}",
        restored=restored,
        where=root,
        hints=hints_for(error),
    )
