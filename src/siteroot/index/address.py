"""Where a file is fetched from: an http(s) URL taken apart, its credentials kept apart from it."""

from base64 import b64encode
from urllib.parse import SplitResult, unquote, urlsplit

from siteroot.errors import SourceError
from siteroot.formats.credentials import without_credentials
from siteroot.model.value import dataclass, field

DEFAULT_PORTS = {"http": 80, "https": 443}


class UnusableUrlError(SourceError):
    """A URL cannot be understood, or has a scheme that files are not fetched by."""


@dataclass(frozen=True, slots=True)
class Login:
    """A username and a password, and in words where they come from. Only `source` is ever shown."""

    username: str = field(repr=False)
    password: str = field(repr=False)
    source: str

    @property
    def authorization(self) -> str:
        """The value of an Authorization header (RFC 7617, UTF-8)."""
        pair = f"{self.username}:{self.password}".encode("utf-8", "surrogateescape")
        return "Basic " + b64encode(pair).decode("ascii")


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """An http(s) URL. `host` is lower-case, without brackets; `target` is path and query, as they go to the server."""

    scheme: str
    host: str
    port: int
    target: str = field(repr=False)
    login: Login | None = None

    @property
    def origin(self) -> tuple[str, str, int]:
        """What credentials belong to: scheme, host and port."""
        return self.scheme, self.host, self.port

    @property
    def path(self) -> str:
        """The path alone, as it is written."""
        return self.target.partition("?")[0]

    @property
    def netloc(self) -> str:
        """Host and port as a URL writes them, the port only where it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The whole URL without credentials, for the transport."""
        return f"{self.scheme}://{self.netloc}{self.target}"

    @property
    def shown(self) -> str:
        """The URL for messages: without credentials, and without a query, which may hold a signature or a token."""
        query = "?…" if "?" in self.target else ""
        return f"{self.scheme}://{self.netloc}{self.path}{query}"


def split_url(url: str) -> SplitResult:
    """Return the parts of a URL. Raises UnusableUrlError."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise UnusableUrlError(
            f"the URL cannot be understood: {_without_url(error)}", where=_show_broken(url)
        ) from None
    return parts


def parse_address(url: str, *, source: str = "the URL") -> Address:
    """Return the address of an http(s) URL, its userinfo as `login` with `source` in words.

    Raises UnusableUrlError.
    """
    parts = split_url(url)
    scheme = parts.scheme.lower()
    if scheme not in DEFAULT_PORTS:
        raise UnusableUrlError(
            f"`{scheme}` is not a scheme that files are fetched by; http, https and file are",
            where=show_url(url),
        )
    if not parts.hostname:
        raise UnusableUrlError("the URL names no host", where=show_url(url))
    login = None
    if "@" in parts.netloc:
        login = Login(unquote(parts.username or ""), unquote(parts.password or ""), source)
    path = parts.path or "/"
    return Address(
        scheme=scheme,
        host=parts.hostname,
        port=parts.port or DEFAULT_PORTS[scheme],
        target=f"{path}?{parts.query}" if parts.query else path,
        login=login if login and (login.username or login.password) else None,
    )


def show_url(location: str) -> str:
    """Return a URL or path as messages may show it: no userinfo, no query, no fragment."""
    try:
        parts = urlsplit(location)
    except ValueError:
        return _show_broken(location)
    if not parts.scheme or not parts.netloc:
        return (
            location
            if location.startswith("/")
            else without_credentials(location.partition("?")[0])
        )
    query = "?…" if parts.query else ""
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}{query}"


def _show_broken(location: str) -> str:
    """Return what of a URL that has no parts can hold neither user, password nor query."""
    scheme, mark, rest = location.partition("://")
    user, _, place = rest.rpartition("@")
    if not mark or "@" in scheme or not {"?", "#"}.isdisjoint(user):
        return "a URL that cannot be understood"
    return f"{scheme}://{place.partition('?')[0].partition('#')[0]}"


def _without_url(error: ValueError) -> str:
    """Return the kind of a URL fault; urllib's own words can repeat the netloc, and with it a password."""
    text = str(error)
    if "port" in text.lower():
        return "its port is no number from 0 to 65535"
    if "IPv6" in text or "IP" in text:
        return "its host is no valid IPv6 address"
    return "its host holds characters that no host may have"
