"""What fetching costs a sync that fetches nothing."""

import os
import subprocess
import sys
from pathlib import Path

import siteroot

PROBE = """
import sys
from siteroot.index.fetch import Fetcher, FetchRequest
from siteroot.index.options import FetchOptions

class Quiet:
    def report(self, event): pass
    def monotonic(self): return 0.0
    def sleep(self, seconds): pass

quiet = Quiet()
request = FetchRequest(name="a", version="1", location=sys.argv[1], digests=(), size=None)
with Fetcher(FetchOptions(), clock=quiet, reporter=quiet) as fetcher:
    fetcher.fetch_many([request], lambda fetching: fetching.into(sys.argv[2]))
print(*sorted(sys.modules), sep="\\n")
"""


def test_neither_urllib3_nor_ssl_is_loaded_for_a_file_of_this_machine(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x")
    assert siteroot.__file__ is not None
    run = subprocess.run(
        [sys.executable, "-c", PROBE, str(tmp_path / "a"), str(tmp_path / "b")],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        check=True,
        capture_output=True,
        text=True,
    )
    loaded = set(run.stdout.split())
    assert "siteroot.index.fetch" in loaded
    assert not loaded & {"urllib3", "ssl", "http.client", "email", "netrc"}
