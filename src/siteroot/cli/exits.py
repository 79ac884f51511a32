"""Which exit code a command ends with: the one table, for `main`, for `--help` and for the reference in docs/."""

from siteroot.errors import (
    BuildError,
    IntegrityError,
    LockAbsentError,
    LockError,
    LockOutdatedError,
    ResolutionError,
    RootError,
    RootPlaceError,
    SiterootError,
    SourceError,
    StoreError,
)

DONE = 0
FAILED = 1
REFUSED = 2
DEFECT = 70
HUNG_UP = 129
INTERRUPTED = 130
PIPE_CLOSED = 141
TERMINATED = 143

EXIT_CODES = (
    (DONE, "Done, or nothing to do. A dry run too, whatever it would change."),
    (
        FAILED,
        "The work failed, or --check found the root outdated: no lock, a stale lock, a file that could not be"
        " fetched or is not what the lock says, a root that could not be changed. The root is as it was,"
        " or the message says that the next command on it brings it there.",
    ),
    (
        REFUSED,
        "The words make no sense here: unknown or contradictory options, a bad variable or setting, a project or"
        " lock that cannot be understood, an unknown extra, group or member, no such Python or platform, no file"
        " that fits, a file without a strong hash under --require-hashes, a place where no root may go. Nothing"
        " was touched.",
    ),
    (DEFECT, "A defect of siteroot itself, with a traceback to report."),
    (
        HUNG_UP,
        "The terminal is gone (SIGHUP). As after Ctrl-C.",
    ),
    (
        INTERRUPTED,
        "Interrupted (SIGINT, Ctrl-C). What became of the root is said: it is as it was, or, where all was done by"
        " then, as asked for. Further signals do not cut that short; after a SIGKILL the next command brings it there.",
    ),
    (
        PIPE_CLOSED,
        "Nobody reads what is written to stdout (SIGPIPE). The work was done all the same.",
    ),
    (TERMINATED, "Terminated (SIGTERM). As after Ctrl-C."),
)

#: The nearest class in an error's ancestry decides. What is not named here was refused.
_FAMILIES = {
    LockError: REFUSED,
    LockAbsentError: FAILED,
    LockOutdatedError: FAILED,
    ResolutionError: FAILED,
    SourceError: FAILED,
    IntegrityError: FAILED,
    BuildError: FAILED,
    StoreError: FAILED,
    RootError: FAILED,
    RootPlaceError: REFUSED,
}


def exit_code(error: SiterootError) -> int:
    """Return the code that a command ends with after this error."""
    families = (_FAMILIES[kind] for kind in type(error).__mro__ if kind in _FAMILIES)
    return next(families, REFUSED)
