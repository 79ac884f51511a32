"""HTTP/1.1 over urllib3: one request, one answer, told in our own words. No retry, redirect or login is decided here.

Imported only when something is fetched over HTTP, for urllib3 costs 80 ms.
"""

import contextlib
import errno
import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote
from weakref import WeakSet

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    IncompleteRead,
    InsecureRequestWarning,
    LocationValueError,
    NameResolutionError,
    NewConnectionError,
    ProtocolError,
    ProxyError,
    ReadTimeoutError,
    SSLError,
)

from siteroot.errors import UsageError
from siteroot.ports import Reporter

from .address import Address, Login, UnusableUrlError, show_url, split_url
from .hosts import allows_insecure, choose_proxy
from .options import FetchOptions
from .resume import read_length
from .retry import Broken
from .tls import make_context

#: How much of a body is taken at once, at most.
CHUNK = 1 << 18

#: Seconds between two looks at whether a connection is still waited for.
_TICK = 0.1

#: The longest body of a refusal that is read to its end so that its connection can serve again.
_DRAINED = 1 << 16
#: How many connections to one host are kept open: a pool has a place ready for each.
_MOST_KEPT = 1000

#: What urllib3's exceptions mean that need no further look, first match first.
_PLAIN_FAULTS = (
    (
        NameResolutionError,
        Broken("the host's name cannot be resolved", hint="Is the network up?"),
    ),
    (
        ReadTimeoutError,
        Broken(
            "the server was silent for too long", hint="UV_HTTP_TIMEOUT sets how long it may be."
        ),
    ),
    (IncompleteRead, Broken("the answer broke off")),
)


class UnusableProxyError(UsageError):
    """A proxy's URL cannot be understood, or is of a kind that is not spoken."""


class TransportError(Exception):
    """No whole answer came; `outcome` says why. It never leaves `index/`."""

    def __init__(self, outcome: Broken) -> None:
        super().__init__(outcome.what)
        self.outcome = outcome


@dataclass(frozen=True, slots=True)
class Answer:
    """A server's answer: status and headers (names in lower case) are there, the body is still to be read."""

    status: int
    headers: Mapping[str, str]
    response: urllib3.BaseHTTPResponse

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Give the connection back if the body was read, close it if not."""
        length = read_length(self.headers)
        if kind is None and length is not None and length <= _DRAINED:
            self.response.drain_conn()
        if self.response.closed or getattr(self.response, "length_remaining", 1) == 0:
            self.response.release_conn()
        else:
            self.response.close()

    def chunks(self) -> Iterator[bytes]:
        """Yield the body as it comes, its Content-Encoding untouched. Raises TransportError where it breaks off."""
        response = self.response
        assert isinstance(response, urllib3.HTTPResponse)
        with _translated():
            while chunk := response.read1(CHUNK, decode_content=False):
                yield chunk


class Transport:
    """Connections to all hosts, kept for reuse. Safe for many threads."""

    def __init__(self, options: FetchOptions, reporter: Reporter) -> None:
        self._options = options
        self._reporter = reporter
        self._live = _LiveSockets()
        self._pools: dict[tuple[str, bool, bool], urllib3.PoolManager] = {}
        self._lock = threading.Lock()

    def open(self, address: Address, headers: Mapping[str, str]) -> Answer:
        """Send a GET and return the answer as soon as its headers are there.

        Raises TransportError, UnusableProxyError, UnusableCertificateError.
        """
        pools = self._choose_pools(
            choose_proxy(self._options.proxies, address),
            encrypted=address.scheme == "https",
            insecure=allows_insecure(address, self._options.allow_insecure_hosts),
        )
        with _translated():
            response = pools.urlopen(
                "GET",
                address.url,
                headers={"user-agent": self._options.user_agent, **headers},
                redirect=False,
                retries=False,
                preload_content=False,
                decode_content=False,
            )
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status, headers, response)

    def cut(self) -> None:
        """Break all connections, so that threads that wait for a server wait no longer. Final."""
        self._live.cut()

    def close(self) -> None:
        """Close the connections that nobody uses."""
        with self._lock:
            for pools in self._pools.values():
                pools.clear()
            self._pools.clear()

    def _choose_pools(self, proxy: str, *, encrypted: bool, insecure: bool) -> urllib3.PoolManager:
        key = (proxy, encrypted, insecure)
        with self._lock:
            pools = self._pools.get(key)
            if pools is None:
                pools = self._make_pools(proxy, encrypted=encrypted, insecure=insecure)
                self._pools[key] = pools
            return pools

    def _make_pools(self, proxy: str, *, encrypted: bool, insecure: bool) -> urllib3.PoolManager:
        options = self._options
        settings: dict[str, Any] = {
            "maxsize": min(max(1, options.concurrent_downloads), _MOST_KEPT),
            "timeout": urllib3.Timeout(connect=options.connect_timeout, read=options.timeout),
        }
        if encrypted:  # to read the certificates takes 20 ms
            settings["ssl_context"] = make_context(options, self._reporter, verify=not insecure)
        if insecure:
            # the person allowed it by name; urllib3 would warn on stderr at each connection
            urllib3.disable_warnings(InsecureRequestWarning)
        if proxy:
            pools: urllib3.PoolManager = _make_proxied(proxy, settings, options, self._reporter)
        else:
            pools = urllib3.PoolManager(**settings)
        pools.pool_classes_by_scheme = _pool_classes(self._live)
        return pools


class _LiveSockets:
    """All open sockets, so that another thread can break them."""

    def __init__(self) -> None:
        self._sockets: WeakSet[socket.socket] = WeakSet()
        self._lock = threading.Lock()
        self._cut = False

    def connect(self, connection: HTTPConnection, connect: Callable[[], None]) -> None:
        """Let the connection come about. Raises what `connect` does, and ConnectionAbortedError when all is cut.

        Nothing ends a system's search for a name, which takes seconds where an answer is lost, so that a thread of its
        own does it: one that nobody waits for any more.
        """
        faults: list[BaseException] = []

        def work() -> None:
            try:
                connect()
                self.add(connection.sock)
            except BaseException as fault:  # noqa: BLE001 - it is raised in the thread that asked
                faults.append(fault)

        helper = threading.Thread(target=work, name="connect", daemon=True)
        try:
            helper.start()
        except RuntimeError:  # no more threads are allowed: a container's limit
            work()
        while helper.is_alive():
            helper.join(_TICK)
            if self._cut and helper.is_alive():
                raise ConnectionAbortedError(errno.ECONNABORTED, os.strerror(errno.ECONNABORTED))
        if faults:
            raise faults[0]

    def add(self, opened: object) -> None:
        if not isinstance(opened, socket.socket):
            return  # TLS within TLS, to an https proxy: its read timeout has to do
        with self._lock:
            self._sockets.add(opened)
            late = self._cut
        if late:
            _shut(opened)

    def cut(self) -> None:
        with self._lock:
            self._cut = True
            found = list(self._sockets)
        for opened in found:
            _shut(opened)


def _shut(opened: socket.socket) -> None:
    with contextlib.suppress(OSError):
        socket.socket.shutdown(opened, socket.SHUT_RDWR)  # SSLSocket's own drops its TLS state


def _pool_classes(live: _LiveSockets) -> dict[str, type[HTTPConnectionPool]]:
    """Return urllib3's connection pools with connections that enter their sockets into `live`."""

    class Connection(HTTPConnection):
        def connect(self) -> None:
            live.connect(self, super().connect)

    class SecureConnection(HTTPSConnection):
        def connect(self) -> None:
            live.connect(self, super().connect)

    class Pool(HTTPConnectionPool):
        ConnectionCls = Connection

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = SecureConnection

    return {"http": Pool, "https": SecurePool}


def _make_proxied(
    proxy: str, settings: dict[str, Any], options: FetchOptions, reporter: Reporter
) -> urllib3.ProxyManager:
    try:
        parts = split_url(proxy)
    except UnusableUrlError as error:
        raise UnusableProxyError(
            f"the proxy that a variable or setting names makes no sense: {error.message}"
        ) from None
    if parts.scheme.lower() not in {"http", "https"} or not parts.hostname:
        raise UnusableProxyError(
            f"a `{parts.scheme}` proxy cannot be used; it has to be http or https, with a host",
            where=show_url(proxy),
            hints=("Set HTTPS_PROXY and HTTP_PROXY to an http proxy, or NO_PROXY for that host.",),
        )
    login = {}
    if parts.username is not None:
        user = Login(unquote(parts.username), unquote(parts.password or ""), "the proxy's URL")
        login = {"proxy-authorization": user.authorization}
    netloc = parts.netloc.rpartition("@")[2]
    return urllib3.ProxyManager(
        f"{parts.scheme}://{netloc}",
        proxy_headers=login,
        proxy_ssl_context=make_context(options, reporter) if parts.scheme == "https" else None,
        **settings,
    )


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    """Turn urllib3's exceptions into one TransportError, whose words hold no URL."""
    try:
        yield
    except (HTTPError, OSError, ValueError) as error:
        raise TransportError(_explain(error)) from None


def _explain(error: BaseException) -> Broken:
    for kind, outcome in _PLAIN_FAULTS:
        if isinstance(error, kind):
            return outcome
    match error:
        case ProxyError():
            return _explain_proxy(error)
        case SSLError():
            return _explain_tls(error)
        case NewConnectionError():
            return Broken(f"no connection came about: {_cause(error)}")
        case ConnectTimeoutError():
            return Broken("no connection came about in time")
        case ProtocolError(__cause__=IncompleteRead()):
            return Broken("the answer broke off")
        case ProtocolError() | OSError():
            return Broken(f"the connection broke: {_cause(error)}")
        case LocationValueError():
            return Broken("the URL's host is not the name of one", again=False)
        case _:
            return Broken(f"the request failed ({type(error).__name__})", again=False)


def _explain_proxy(error: ProxyError) -> Broken:
    text = str(error.original_error)
    if "407" in text:
        return Broken(
            "the proxy wants other credentials (407)",
            again=False,
            hint="Put them into the proxy's URL: HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT.",
        )
    if "Tunnel connection failed" in text:
        status = next((word for word in text.split() if word.isdigit()), "")
        return Broken(f"the proxy did not let it through ({status})", again=status[:1] == "5")
    inner = _explain(error.original_error)
    return Broken(f"the proxy failed: {inner.what}", inner.again, inner.hint)


def _explain_tls(error: SSLError) -> Broken:
    cause = next((part for part in error.args if isinstance(part, ssl.SSLError)), None)
    if isinstance(cause, ssl.SSLCertVerificationError):
        return Broken(
            f"its certificate is not trusted: {cause.verify_message or cause.reason}",
            again=False,
            hint="SSL_CERT_FILE names a file of trusted certificates; in a bare container image the system's "
            "`ca-certificates` may be missing.",
        )
    if isinstance(cause, ssl.SSLEOFError):
        return Broken(
            "TLS failed: the server closed the connection",
            hint="A server that wants a client certificate may do so: SSL_CLIENT_CERT names one.",
        )
    reason = str(getattr(cause, "reason", "") or "").replace("_", " ").lower()
    refused = "alert" in reason or "wrong version" in reason
    hint = "SSL_CLIENT_CERT names a client certificate." if "certificate" in reason else None
    return Broken(f"TLS failed: {reason or type(error).__name__}", again=not refused, hint=hint)


def _cause(error: BaseException) -> str:
    """Return the system's own words under an exception of urllib3."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError) and seen.strerror:
            return seen.strerror
        inner = next((part for part in seen.args if isinstance(part, BaseException)), None)
        seen = inner or seen.__cause__ or seen.__context__
    return "it was closed before the answer came"
