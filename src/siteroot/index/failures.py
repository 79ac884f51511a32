"""The ways in which a file is not to be had. Raised for the network and for the disk alike."""

from siteroot.errors import SourceError


class OfflineError(SourceError):
    """A file would have to be fetched, and the network is not to be used."""


class UnreachableError(SourceError):
    """A server could not be reached, broke off or was not well, however often it was asked; a file cannot be read."""


class NotFoundError(SourceError):
    """There is no such file on the server or on the disk."""


class RefusedError(SourceError):
    """The server wants credentials, or others than those that it got."""


class UnexpectedAnswerError(SourceError):
    """The server answered with what is neither the file nor a fault that it knows."""


class StoppedError(Exception):
    """A download was broken off because another one failed. It never leaves `Fetcher.fetch_many`."""
