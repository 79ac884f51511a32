"""A small package index on loopback, which serves the files that a lock names.

A file that is asked for the first time is fetched from where the lock says, checked and kept; from then on it is served
from the disk, so one round that does not count is all that it takes to be a static server.

    python loopback_index.py FILES LOCK...      prints its port, and serves until it is ended
"""

import hashlib
import html
import re
import socket
import sys
import threading
import tomllib
import urllib.request
from collections.abc import Sequence
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Index(ThreadingHTTPServer):
    """Serves /files/NAME and, as the Simple API has it, /simple/DISTRIBUTION/."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, files: Path, locks: Sequence[Path]) -> None:
        self.files = files
        self.origins: dict[str, tuple[str, str]] = {}
        self.pages: dict[str, dict[str, None]] = {}
        self.fetching = threading.Lock()
        for lock in locks:
            for package in tomllib.loads(lock.read_text("utf-8"))["package"]:
                for wheel in package.get("wheels", ()):
                    name = wheel["url"].rpartition("/")[2]
                    self.origins[name] = (wheel["url"], wheel["hash"].removeprefix("sha256:"))
                    self.pages.setdefault(package["name"], {})[name] = None
        super().__init__(("127.0.0.1", 0), Handler)

    def find(self, name: str) -> Path | None:
        """Return where the file lies, None where the lock names none like it."""
        path = self.files / name
        if not path.is_file() and name in self.origins:
            with self.fetching:
                if not path.is_file():
                    self._fetch(path)
        return path if path.is_file() else None

    def _fetch(self, path: Path) -> None:
        url, digest = self.origins[path.name]
        with urllib.request.urlopen(url, timeout=60) as answer:
            content = answer.read()
        if hashlib.sha256(content).hexdigest() != digest:
            raise ValueError(f"{url} is not what the lock says")
        part = path.with_suffix(".part")
        part.write_bytes(content)
        part.rename(path)

    def page(self, distribution: str) -> str | None:
        """Return the Simple API's page of a distribution."""
        if distribution not in self.pages:
            return None
        links = "".join(
            f'<a href="/files/{html.escape(name)}#sha256={self.origins[name][1]}">{html.escape(name)}</a>\n'
            for name in self.pages[distribution]
        )
        return f"<!DOCTYPE html><html><body>\n{links}</body></html>\n"


class Handler(BaseHTTPRequestHandler):
    """Answers GET and HEAD over connections that stay open."""

    protocol_version = "HTTP/1.1"
    server: Index

    def do_GET(self) -> None:
        """Send a file by sendfile, or a page."""
        kind, _, rest = self.path.strip("/").partition("/")
        if kind == "files" and (path := self.server.find(rest)) is not None:
            with path.open("rb") as file:
                self._begin("application/octet-stream", path.stat().st_size)
                if self.command == "GET":
                    self.wfile.flush()
                    self.connection.sendfile(file)
        elif kind == "simple" and (page := self.server.page(rest)) is not None:
            content = page.encode()
            self._begin("text/html", len(content))
            if self.command == "GET":
                self.wfile.write(content)
        else:
            self.send_error(HTTPStatus.NOT_FOUND)

    do_HEAD = do_GET  # noqa: N815 - the base class names them so

    def setup(self) -> None:
        """Answer at once: a header must not wait for the file that follows it."""
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """Say nothing."""

    def _begin(self, kind: str, size: int) -> None:
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(size))
        self.end_headers()


def relocate_lock(lock: str, port: int) -> str:
    """Return the lock as it would be, had it been made with the index on this port."""
    index = f"http://127.0.0.1:{port}"
    moved = re.sub(r'"https://[^"]*/([^"/]+\.(?:whl|tar\.gz|zip))"', rf'"{index}/files/\1"', lock)
    return re.sub(r'registry = "https://[^"]*"', f'registry = "{index}/simple"', moved)


def main() -> None:
    """Serve until the process is ended."""
    files, *locks = map(Path, sys.argv[1:])
    index = Index(files, locks)
    print(index.server_address[1], flush=True)
    index.serve_forever()


if __name__ == "__main__":
    main()
