"""Real HTTP servers on loopback: a folder served as a static index, with faults by script, and a proxy.

    with serve_folder(path) as server:                                   # the folder's files under server.url
        server.script("/a.whl", Answer(status=503), Answer(cut_at=1000)) # the first two answers, then the file

Every request is in `server.requests`, in the order in which they came.
"""

import contextlib
import hashlib
import os
import socket
import ssl
import struct
import threading
import time
from base64 import b64encode
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One scripted answer. `body` None is the file's own bytes (a part of them where a part is asked for).

    `headers` add to and replace the usual ones, one that is None goes. `cut_at` breaks the connection after so many
    bytes of the body, `reset` with an RST rather than in good order. `pause` waits before the answer, `drip` after
    every 8 KiB of the body, in seconds. `chunked` sends no Content-Length.
    """

    status: int | None = None
    headers: Mapping[str, str | None] = field(default_factory=dict)
    body: bytes | None = None
    cut_at: int | None = None
    reset: bool = False
    pause: float = 0.0
    drip: float = 0.0
    chunked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A request that came. Header names are lower-case; `connection` is the peer's port."""

    method: str
    path: str
    headers: Mapping[str, str]
    connection: int


class Server(ThreadingHTTPServer):
    """A server of a folder. `url` has no slash at its end."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(
        self,
        folder: Path | None = None,
        *,
        context: ssl.SSLContext | None = None,
        login: tuple[str, str] | None = None,
        private: str = "/",
        ranges: bool = True,
        validators: bool = True,
    ) -> None:
        self.folder = folder
        self.login = login
        self.private = private
        self.ranges = ranges
        self.validators = validators
        self.context = context
        self.requests: list[Seen] = []
        self.scripts: dict[str, deque[Answer]] = defaultdict(deque)
        self.always: dict[str, Answer] = {}
        self.etags: dict[tuple[str, int], str] = {}
        super().__init__(("127.0.0.1", 0), _Handler)
        self.port: int = self.server_address[1]
        self.url = f"{'https' if context else 'http'}://127.0.0.1:{self.port}"

    def script(self, path: str, *answers: Answer) -> None:
        """Give these answers to the next requests for a path, one each."""
        self.scripts[path].extend(answers)

    def redirect(self, path: str, location: str, status: int = 302) -> None:
        """Always send a path elsewhere."""
        self.always[path] = Answer(status=status, headers={"Location": location}, body=b"")

    def asked(self, path: str) -> list[Seen]:
        """Return the requests for a path."""
        return [seen for seen in self.requests if seen.path == path]

    def get_request(self) -> tuple[socket.socket, tuple[str, int]]:
        """Take a connection; TLS shakes hands later, in the connection's own thread."""
        connection, address = super().get_request()
        if self.context is not None:
            connection = self.context.wrap_socket(
                connection, server_side=True, do_handshake_on_connect=False
            )
        return connection, address

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: connections that break are what the tests want."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else a body waits 40 ms for the ACK of its header
    server: Server

    def setup(self) -> None:
        super().setup()
        if isinstance(self.connection, ssl.SSLSocket):
            self.connection.do_handshake()

    def do_GET(self) -> None:
        server = self.server
        path = urlsplit(self.path).path
        headers = {name.lower(): value for name, value in self.headers.items()}
        server.requests.append(
            Seen(method="GET", path=path, headers=headers, connection=self.client_address[1])
        )
        if server.login is not None and path.startswith(server.private):
            wanted = b64encode(":".join(server.login).encode()).decode()
            if headers.get("authorization") != f"Basic {wanted}":
                self._send(Answer(status=401, body=b"who are you?"), path)
                return
        script = server.scripts.get(path)
        self._send(script.popleft() if script else server.always.get(path, Answer()), path)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in http.server
        """Say nothing."""

    def _send(self, answer: Answer, path: str) -> None:
        time.sleep(answer.pause)
        status, headers = answer.status or 200, {}
        file = self._file_of(path) if answer.body is None else None
        if answer.body is None and file is None and answer.status is None:
            answer, status = Answer(body=b"no such file"), 404
        start, length = 0, len(answer.body or b"")
        if file is not None:
            size = file.stat().st_size
            if self.server.validators:
                headers["ETag"] = self._etag(file)
            if self.server.ranges:
                headers["Accept-Ranges"] = "bytes"
            start, stop = self._part_of(size, headers.get("ETag")) if status == 200 else (0, size)
            length = stop - start
            if length < size:
                status = 206
                headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
            headers["Content-Type"] = "application/octet-stream"
        if answer.chunked:
            headers["Transfer-Encoding"] = "chunked"
        else:
            headers["Content-Length"] = str(length)
        headers.update({k: v for k, v in answer.headers.items() if v is not None})
        phrase = HTTPStatus(status).phrase if status in set(HTTPStatus) else "Odd"
        self.send_response(status, phrase)
        for name, value in headers.items():
            if answer.headers.get(name, "") is not None:
                self.send_header(name, value)
        self.end_headers()
        self._send_body(answer, file, start, length)

    def _send_body(self, answer: Answer, file: Path | None, start: int, length: int) -> None:
        end = start + (length if answer.cut_at is None else min(answer.cut_at, length))
        if file is not None and not answer.drip and not answer.chunked:
            with file.open("rb") as source:
                if end > start:
                    self.connection.sendfile(source, start, end - start)
        else:
            body = file.read_bytes() if file is not None else answer.body or b""
            for place in range(start, end, 8192):
                piece = body[place : min(end, place + 8192)]
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece) if answer.chunked else piece)
                time.sleep(answer.drip)
            if answer.chunked and answer.cut_at is None:
                self.wfile.write(b"0\r\n\r\n")
        if answer.cut_at is not None or answer.headers.get("Content-Length", "") is None:
            self.close_connection = True
            if answer.reset:
                linger = struct.pack("ii", 1, 0)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            elif not isinstance(self.connection, ssl.SSLSocket):
                self.connection.shutdown(socket.SHUT_WR)

    def _file_of(self, path: str) -> Path | None:
        if self.server.folder is None:
            return None
        file = self.server.folder / unquote(path).lstrip("/")
        return file if ".." not in path and file.is_file() else None

    def _part_of(self, size: int, etag: str | None) -> tuple[int, int]:
        """Return where the body begins and ends, by Range and If-Range; of a suffix nothing is known."""
        wanted, condition = self.headers.get("Range", ""), self.headers.get("If-Range")
        if (
            not self.server.ranges
            or not wanted.startswith("bytes=")
            or condition not in {None, etag}
        ):
            return 0, size
        first, _, last = wanted.removeprefix("bytes=").partition("-")
        if not first.isdigit() or int(first) >= size:
            return 0, size
        return int(first), min(size, int(last) + 1) if last else size

    def _etag(self, file: Path) -> str:
        key = (str(file), os.stat(file).st_mtime_ns)
        if key not in self.server.etags:
            self.server.etags[key] = f'"{hashlib.sha256(file.read_bytes()).hexdigest()[:16]}"'
        return self.server.etags[key]


@contextlib.contextmanager
def serve_folder(
    folder: Path | None = None,
    *,
    context: ssl.SSLContext | None = None,
    login: tuple[str, str] | None = None,
    private: str = "/",
    ranges: bool = True,
    validators: bool = True,
) -> Iterator[Server]:
    """Serve a folder's files on a free port of 127.0.0.1.

    `login` is wanted for paths that start with `private`; without `ranges` every answer is whole, without
    `validators` it has no ETag.
    """
    server = Server(
        folder, context=context, login=login, private=private, ranges=ranges, validators=validators
    )
    with _running(server):
        yield server


@contextlib.contextmanager
def serve_proxy(
    *, login: tuple[str, str] | None = None, context: ssl.SSLContext | None = None
) -> Iterator["Proxy"]:
    """Serve as an HTTP proxy: absolute URLs and CONNECT."""
    proxy = Proxy(login=login, context=context)
    with _running(proxy):
        yield proxy


class Proxy(Server):
    """A proxy that keeps a log; `login` is what Proxy-Authorization has to say."""

    def __init__(self, *, login: tuple[str, str] | None, context: ssl.SSLContext | None) -> None:
        super().__init__(None, context=context, login=login)
        self.RequestHandlerClass = _ProxyHandler


class _ProxyHandler(_Handler):
    def do_GET(self) -> None:
        target = urlsplit(self.path)
        if not self._admits() or target.hostname is None:
            return
        with socket.create_connection((target.hostname, target.port or 80)) as upstream:
            kept = [
                f"{k}: {v}" for k, v in self.headers.items() if not k.lower().startswith("proxy-")
            ]
            lines = [f"GET {target.path} HTTP/1.1", *kept, "Connection: close", "", ""]
            upstream.sendall("\r\n".join(lines).encode("latin-1"))
            while piece := upstream.recv(65536):
                self.wfile.write(piece)
        self.close_connection = True

    def do_CONNECT(self) -> None:
        if not self._admits():
            return
        host, _, port = self.path.rpartition(":")
        with socket.create_connection((host, int(port))) as upstream:
            self.send_response(200)
            self.end_headers()
            back = threading.Thread(target=_pour, args=(upstream, self.connection), daemon=True)
            back.start()
            _pour(self.connection, upstream)
            back.join()
        self.close_connection = True

    def _admits(self) -> bool:
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.requests.append(
            Seen(
                method=self.command,
                path=self.path,
                headers=headers,
                connection=self.client_address[1],
            )
        )
        if self.server.login is None:
            return True
        wanted = b64encode(":".join(self.server.login).encode()).decode()
        if headers.get("proxy-authorization") == f"Basic {wanted}":
            return True
        self.send_response(407)
        self.send_header("Content-Length", "0")
        self.end_headers()
        return False


def _pour(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while piece := source.recv(65536):
            target.sendall(piece)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


@contextlib.contextmanager
def _running(server: Server) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
