"""Pages in a cache that several processes read and write at once."""

import subprocess
import sys
from pathlib import Path

import siteroot

_WORK = """
import sys
from siteroot.formats.listing import Listing
from siteroot.formats.releases import sort_listing
from siteroot.index.caching import Validity
from siteroot.index.page_cache import KeptPage, PageCache

cache, own = PageCache(sys.argv[1]), sys.argv[2]
validity = Validity(since=0.0, until=9.0, etag=own, last_modified="")
names = [f"demo-{number}.{own}.zip" for number in range(300)]
rows = [(name, name, {}, None, None, None, None, None) for name in names]
page = KeptPage(validity=validity, files=sort_listing(Listing(base="https://h/", rows=rows), "demo"))
for _ in range(60):
    cache.write("https://h", "demo", page)
    read = cache.read("https://h", "demo")
    assert read is not None
    whose = {file.filename.split(".")[1] for file in read.files}
    assert whose == {read.validity.etag}, whose
"""


def test_a_page_is_that_of_one_writer_or_of_another(tmp_path: Path) -> None:
    environ = {"PYTHONPATH": ":".join((str(Path(siteroot.__file__).parents[1]), *sys.path))}
    running = [
        subprocess.Popen(
            [sys.executable, "-c", _WORK, str(tmp_path), own],
            env=environ,
            stderr=subprocess.PIPE,
            text=True,
        )
        for own in ("1", "2", "3")
    ]
    told = [each.communicate(timeout=60)[1] for each in running]
    assert [each.returncode for each in running] == [0, 0, 0], told
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["demo"]
