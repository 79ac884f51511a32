"""Paths of this machine as URLs, and back (RFC 8089). A path is bytes: what of it is no UTF-8 is kept."""

from urllib.parse import quote, unquote


def file_url(path: str) -> str:
    """Return the URL of an absolute path."""
    return f"file://{quoted_path(path)}"


def quoted_path(path: str) -> str:
    """Return a path as a URL has it."""
    return quote(path, errors="surrogateescape")


def unquoted_path(path: str) -> str:
    """Return the path that a file URL has for its path."""
    return unquote(path, errors="surrogateescape")
