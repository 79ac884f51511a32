"""The main job, from a fresh machine: bring siteroot in, sync examples/webapp into a root, ask it for its page."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from urllib.error import URLError

from checkout import CHECKOUT, ROOTS, run_siteroot

WEBAPP = CHECKOUT / "examples" / "webapp"


def main() -> int:
    """Run it."""
    root = ROOTS / "webapp"
    run_siteroot(
        ["sync", "--frozen", "--no-install-project", "--no-dev", "--python", sys.executable]
        + ["--project", str(WEBAPP), "--target", str(root)]
    )
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "PYTHONPATH": f"{WEBAPP / 'src'}{os.pathsep}{root}"}
    command = [sys.executable, "-m", "webapp", "--port", str(port)]
    with subprocess.Popen(command, env=environment) as service:
        try:
            where = json.loads(ask(f"http://127.0.0.1:{port}/where", service))
            page = ask(f"http://127.0.0.1:{port}/", service, b"name=Ada&words=It+runs")
        finally:
            service.terminate()
    print(f"GET  /where  {json.dumps(where)}")
    print(f"POST /       {page.decode()}")
    return 0 if b"<li>Ada: It runs</li>" in page and not where["virtual"] else 1


def ask(url: str, service: subprocess.Popen[bytes], form: bytes | None = None) -> bytes:
    """Return the answer of the service, waiting until it listens."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    for _ in range(200):
        try:
            return bytes(opener.open(url, form, timeout=10).read())
        except URLError:
            if service.poll() is not None:
                raise
            time.sleep(0.1)
    raise TimeoutError(url)


if __name__ == "__main__":
    sys.exit(main())
