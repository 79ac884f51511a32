"""The families of errors, imported by every floor and importing none of ours.

A family says what kind of thing went wrong; the leaf classes beside their raisers say what exactly. Only
`siteroot.cli.main` catches families, prints them and picks the exit code. A broken promise inside siteroot itself
is an `InvariantError`, which is no `SiterootError`: it keeps its traceback.
"""


class SiterootError(Exception):
    """Something a person can understand and act on.

    `message` is one sentence: what happened, to what, and why. `where` is the file, key path, distribution or URL
    that it happened to. `hints` say what to try, one sentence each. No credential may stand in any of them.
    """

    def __init__(
        self, message: str, *, where: str | None = None, hints: tuple[str, ...] = ()
    ) -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.hints = hints

    def __str__(self) -> str:
        return f"{self.where}: {self.message}" if self.where else self.message


class UsageError(SiterootError):
    """The words of the command, a variable or a setting are unknown, contradictory or senseless."""


class ProjectError(SiterootError):
    """The project, its workspace or one of its files cannot be found or understood."""


class LockError(SiterootError):
    """A lock cannot be found, read or used."""


class LockAbsentError(LockError):
    """There is no lock where one has to be: the work failed, nobody's words are wrong (exit 1, as uv)."""


class LockOutdatedError(LockError):
    """The lock no longer says what its project says (exit 1, as uv)."""


class SelectionError(SiterootError):
    """The lock does not offer what was asked for: an extra, a group, a member, a usable file."""


class ResolutionError(SiterootError):
    """There are no versions that satisfy all that is required, or what is required makes no sense."""


class TargetError(SiterootError):
    """No interpreter or platform answers to what was asked for."""


class SourceError(SiterootError):
    """A file could not be had from where the lock says that it is."""


class IntegrityError(SiterootError):
    """Bytes are not what the lock or a wheel's own RECORD says. Never retried, never softened."""


class BuildError(SiterootError):
    """A distribution has to be built, and that is refused or failed."""


class StoreError(SiterootError):
    """The store of unpacked wheels cannot be read or written."""


class RootError(SiterootError):
    """A site root cannot be opened, planned or changed as asked."""


class RootPlaceError(RootError):
    """A root cannot go where it was asked for: nothing was looked at further (exit 2, as uv)."""


class InvariantError(Exception):
    """siteroot broke a rule of its own: a defect to report, never the user's fault."""
