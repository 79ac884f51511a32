"""What files say of themselves, from a real server: by the metadata file, by parts of the wheel, by the whole."""

import hashlib
import io
import os
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from packaging.version import Version

from siteroot.errors import IntegrityError, SourceError
from siteroot.formats.releases import PageFiles
from siteroot.formats.resolution_metadata import parse_metadata
from siteroot.index.fetch import Fetcher, FetchRequest
from siteroot.index.metadata import MetadataReader, UnbuiltMetadataError, WrongMetadataDigestError
from siteroot.index.metadata_cache import MetadataCache
from siteroot.index.options import FetchOptions
from siteroot.model.cache import kept_archive
from siteroot.model.digest import Digest
from siteroot.model.metadata import DistributionMetadata, InvalidMetadataError
from siteroot.model.release import ListedFile
from siteroot.model.settings import IndexSetting, Settings
from siteroot.workflows.paging import open_pages
from support.http_server import Answer, Server, serve_folder
from support.ports import InstantClock, RecordingReporter
from support.wheels import build_wheel


@dataclass
class Bench:
    """A server of files, and a reader with a cache of its own."""

    folder: Path
    server: Server
    offline: bool = False
    keeps: bool = False

    def reader(self) -> MetadataReader:
        fetcher = Fetcher(
            FetchOptions(timeout=5, retries=0, offline=self.offline),
            clock=InstantClock(),
            reporter=RecordingReporter(),
        )
        return MetadataReader(
            fetcher,
            MetadataCache(str(self.folder / "cache")),
            RecordingReporter(),
            work=partial(TemporaryDirectory, prefix="work-", dir=self.folder),
            archives=str(self.folder / "cache") if self.keeps else None,
        )

    def read(self, file: ListedFile) -> DistributionMetadata:
        return self.reader().read(file, "demo")

    def listed(self, path: Path, *, hashed: bool = True, sized: bool = True) -> ListedFile:
        content = path.read_bytes()
        return ListedFile(
            filename=path.name,
            location=f"{self.server.url}/{path.name}",
            digests=(Digest("sha256", hashlib.sha256(content).hexdigest()),) if hashed else (),
            size=len(content) if sized else None,
            upload_time=None,
            requires_python=None,
            yanked=None,
            metadata=None,
        )

    @property
    def asked(self) -> list[str]:
        return [seen.path for seen in self.server.requests]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    (tmp_path / "files").mkdir()
    with serve_folder(tmp_path / "files") as server:
        yield Bench(tmp_path, server)
    assert not list(tmp_path.glob("work-*"))


def big_wheel(bench: Bench, *, padding: int = 1 << 20) -> Path:
    """Return a wheel whose METADATA lies far from its end."""
    small = build_wheel(bench.folder, "demo", "1.0", requires=["other>=1"])
    path = bench.folder / "files" / small.name
    with zipfile.ZipFile(small) as source, zipfile.ZipFile(path, "w") as target:
        names = source.namelist()
        for name in sorted(names, key=lambda name: not name.endswith("METADATA")):
            target.writestr(name, source.read(name))
        target.writestr("demo_data.bin", b"\0" * padding)
    small.unlink()
    return path


def sdist(bench: Bench, members: dict[str, str], name: str = "demo-1.0.tar.gz") -> ListedFile:
    path = bench.folder / "files" / name
    if name.endswith(".zip"):
        with zipfile.ZipFile(path, "w") as archive:
            for member, text in members.items():
                archive.writestr(f"demo-1.0/{member}", text)
    else:
        with tarfile.open(path, "w:gz") as tar:
            for member, text in members.items():
                entry = tarfile.TarInfo(f"demo-1.0/{member}")
                entry.size = len(text.encode())
                tar.addfile(entry, io.BytesIO(text.encode()))
    return bench.listed(path)


PKG_INFO = "Metadata-Version: {}\nName: demo\nVersion: 1.0\nRequires-Dist: other>=1\n"


def test_a_metadata_file_is_enough(bench: Bench) -> None:
    wheel = big_wheel(bench)
    content = b"Metadata-Version: 2.1\nName: demo\nVersion: 1.0\nRequires-Dist: beside\n"
    wheel.with_name(f"{wheel.name}.metadata").write_bytes(content)
    digest = Digest("sha256", hashlib.sha256(content).hexdigest())
    for metadata in ((), (digest,)):
        file = replace(bench.listed(wheel, hashed=False), metadata=metadata)
        assert bench.read(file) == parse_metadata(content)
    assert set(bench.asked) == {f"/{wheel.name}.metadata"}


def test_a_metadata_file_that_is_another_is_refused(bench: Bench) -> None:
    wheel = big_wheel(bench)
    wheel.with_name(f"{wheel.name}.metadata").write_bytes(b"Name: demo\nVersion: 1.0\n")
    file = replace(bench.listed(wheel), metadata=(Digest("sha256", "0" * 64),))
    with pytest.raises(WrongMetadataDigestError):
        bench.read(file)


def test_a_metadata_file_that_is_not_there(bench: Bench) -> None:
    wheel = big_wheel(bench)
    assert bench.read(replace(bench.listed(wheel), metadata=())).requires_dist == ("other>=1",)


def test_a_small_wheel_is_fetched_whole(bench: Bench) -> None:
    assert bench.read(bench.listed(big_wheel(bench, padding=0))).requires_dist == ("other>=1",)
    assert len(bench.asked) == 1


@pytest.mark.parametrize("padding", [1 << 16, 1 << 20])
def test_parts_of_a_wheel_are_enough(bench: Bench, padding: int) -> None:
    wheel = big_wheel(bench, padding=padding)
    assert bench.read(bench.listed(wheel)).requires_dist == ("other>=1",)
    assert all("range" in seen.headers for seen in bench.server.requests)
    assert len(bench.asked) <= 2


def test_a_server_without_parts_sends_the_whole_once(bench: Bench) -> None:
    bench.server.ranges = False
    wheel = big_wheel(bench)
    reader = bench.reader()
    assert reader.read(bench.listed(wheel, hashed=False), "demo").version == Version("1.0")
    assert len(bench.asked) == 2
    assert reader.read(bench.listed(wheel, hashed=False), "demo").version == Version("1.0")
    assert len(bench.asked) == 3


def test_a_server_that_knows_no_suffixes(bench: Bench) -> None:
    wheel = big_wheel(bench)
    metadata = bench.read(bench.listed(wheel, sized=False))
    assert metadata.requires_dist == ("other>=1",)


@pytest.mark.parametrize(
    "answer",
    [
        Answer(status=416, body=b""),
        Answer(status=206, body=b"x" * 10, headers={"Content-Range": "bytes 0-9/99"}),
        Answer(status=206, body=b"x" * 10),
    ],
)
def test_senseless_answers_to_a_part_cost_a_download(bench: Bench, answer: Answer) -> None:
    wheel = big_wheel(bench)
    bench.server.script(f"/{wheel.name}", answer)
    assert bench.read(bench.listed(wheel)).requires_dist == ("other>=1",)


def test_another_part_than_asked_for_is_refused(bench: Bench) -> None:
    wheel = big_wheel(bench)
    size = wheel.stat().st_size
    tail = wheel.read_bytes()[-(1 << 16) :]
    wrong = {"Content-Range": f"bytes 7-16/{size}"}
    first = {"Content-Range": f"bytes {size - len(tail)}-{size - 1}/{size}"}
    bench.server.script(
        f"/{wheel.name}",
        Answer(status=206, body=tail, headers=first),
        Answer(status=206, body=b"0123456789", headers=wrong),
    )
    with pytest.raises(SourceError, match="not the one that was asked for"):
        bench.read(bench.listed(wheel))


def test_the_cache_needs_no_network(bench: Bench) -> None:
    file = bench.listed(big_wheel(bench))
    first = bench.read(file)
    bench.offline = True
    asked = len(bench.asked)
    assert bench.read(file) == first
    assert len(bench.asked) == asked
    with pytest.raises(SourceError, match="not in the cache"):
        bench.read(replace(file, digests=()))


@pytest.mark.parametrize("separate", [True, False], ids=["a separate file", "parts of a wheel"])
def test_what_one_index_tells_of_a_file_no_other_is_believed_to(
    bench: Bench, tmp_path: Path, *, separate: bool
) -> None:
    """A mirror hides a requirement; the honest index has the same wheel, and is asked all the same."""
    honest = bench.listed(big_wheel(bench))
    lie = b"Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n"
    wheel = bench.folder / "files" / honest.filename
    (tmp_path / "evil").mkdir()
    with serve_folder(tmp_path / "evil") as evil:
        location, metadata = f"{evil.url}/{honest.filename}", None
        if separate:
            (tmp_path / "evil" / f"{wheel.name}.metadata").write_bytes(lie)
            metadata = (Digest("sha256", hashlib.sha256(lie).hexdigest()),)
        else:
            with zipfile.ZipFile(tmp_path / "evil" / wheel.name, "w") as false:
                false.writestr("demo-1.0.dist-info/METADATA", lie)
                false.writestr("demo_data.bin", b"\0" * (1 << 20))
        lying = replace(honest, location=location, metadata=metadata)
        for unhashed in (False, True):
            told = replace(lying, metadata=()) if separate and unhashed else lying
            assert bench.read(told).requires_dist == ()
            assert bench.read(honest).requires_dist == ("other>=1",)
            assert bench.read(honest) == bench.read(honest)


def test_a_damaged_cache_is_looked_past(bench: Bench) -> None:
    file = bench.listed(big_wheel(bench))
    first = bench.read(file)
    (kept,) = [path for path in (bench.folder / "cache").rglob("*") if path.is_file()]
    kept.write_bytes(kept.read_bytes()[:-1])
    assert bench.read(file) == first


def test_a_wheel_on_this_disk(bench: Bench) -> None:
    wheel = big_wheel(bench)
    file = replace(bench.listed(wheel), location=wheel.as_uri())
    assert bench.read(file).requires_dist == ("other>=1",)
    assert bench.asked == []


@pytest.mark.parametrize("name", ["demo-1.0.tar.gz", "demo-1.0.zip"])
def test_an_sdist_that_says_it_all(bench: Bench, name: str) -> None:
    file = sdist(bench, {"setup.py": "", "PKG-INFO": PKG_INFO.format("2.2")}, name)
    assert bench.read(file).requires_dist == ("other>=1",)


def test_an_sdist_whose_project_table_says_it_all(bench: Bench) -> None:
    project = '[project]\nname = "demo"\ndynamic = ["version"]\ndependencies = ["third"]\n'
    file = sdist(bench, {"PKG-INFO": PKG_INFO.format("2.1"), "pyproject.toml": project})
    metadata = bench.read(file)
    assert metadata.requires_dist == ("third",)
    assert metadata.version == Version("1.0")


@pytest.mark.parametrize(
    "members",
    [
        {"setup.py": ""},
        {"PKG-INFO": PKG_INFO.format("2.1")},
        {"PKG-INFO": PKG_INFO.format("2.2") + "Dynamic: Requires-Dist\n"},
        {"src/PKG-INFO": PKG_INFO.format("2.2")},
        {"pyproject.toml": '[project]\nname = "demo"\ndynamic = ["dependencies"]\nversion = "1"'},
        {"pyproject.toml": "[project"},
    ],
)
def test_an_sdist_that_has_to_be_built(bench: Bench, members: dict[str, str]) -> None:
    with pytest.raises(UnbuiltMetadataError, match=r"demo-1\.0\.tar\.gz"):
        bench.read(sdist(bench, members))


def test_an_sdist_stays_for_whoever_builds_it(bench: Bench) -> None:
    bench.keeps = True
    file = sdist(bench, {"setup.py": ""})
    for offline in (False, True):
        bench.offline = offline
        with pytest.raises(UnbuiltMetadataError):
            bench.read(file)
    kept = kept_archive(str(bench.folder / "cache"), file.digests, file.filename)
    assert kept is not None
    assert Path(kept).read_bytes() == (bench.folder / "files" / file.filename).read_bytes()
    assert len(bench.asked) == 1
    Path(kept).unlink()  # that only a build can tell is known without opening it again
    with pytest.raises(UnbuiltMetadataError):
        bench.read(file)


def test_an_archive_that_is_another_is_not_kept(bench: Bench) -> None:
    bench.keeps = True
    file = replace(sdist(bench, {"setup.py": ""}), digests=(Digest("sha256", "0" * 64),))
    with pytest.raises(IntegrityError):
        bench.read(file)
    assert not [path for path in (bench.folder / "cache").rglob("*") if path.is_file()]


def test_an_sdist_is_checked_before_it_is_read(bench: Bench) -> None:
    file = sdist(bench, {"PKG-INFO": PKG_INFO.format("2.2")})
    with pytest.raises(IntegrityError):
        bench.read(replace(file, digests=(Digest("sha256", "0" * 64),)))


@pytest.mark.parametrize(
    "line", ["Name: other\nVersion: 1.0", "Name: demo\nVersion: 2.0", "Name: demo", "Version: 1.0"]
)
def test_metadata_of_something_else_is_refused(bench: Bench, line: str) -> None:
    wheel = big_wheel(bench)
    wheel.with_name(f"{wheel.name}.metadata").write_text(f"Metadata-Version: 2.1\n{line}\n")
    with pytest.raises(InvalidMetadataError, match=r"demo-1\.0-py3"):
        bench.read(replace(bench.listed(wheel), metadata=()))


@pytest.mark.parametrize("cut", [0, 10, 1 << 16, 1 << 17])
def test_a_damaged_wheel_is_told(bench: Bench, cut: int) -> None:
    wheel = big_wheel(bench)
    wheel.write_bytes(wheel.read_bytes()[: -cut or None][:-30])
    with pytest.raises(InvalidMetadataError, match="no archive"):
        bench.read(bench.listed(wheel))


@pytest.mark.index
@pytest.mark.parametrize("name", ["packaging", "numpy"])
def test_a_real_wheel_says_the_same_each_way(tmp_path: Path, name: str) -> None:
    options = FetchOptions(ssl_cert_file=os.environ.get("SSL_CERT_FILE"))
    with Fetcher(options, clock=InstantClock(), reporter=RecordingReporter()) as fetcher:
        where = MetadataCache(None), RecordingReporter()
        reader = MetadataReader(fetcher, *where, work=partial(TemporaryDirectory, dir=tmp_path))
        pages = open_pages(Settings(), fetcher, None, RecordingReporter())
        page = pages.read(name, IndexSetting(url="https://pypi.org/simple"))
        assert isinstance(page, PageFiles)
        wheel = [file for file in page if file.filename.endswith(".whl")][-1]
        beside = reader.read(replace(wheel, metadata=()), name)
        partly = reader.read(replace(wheel, metadata=None), name)
        local = tmp_path / wheel.filename
        request = FetchRequest(
            name=name, version="", location=wheel.location, digests=wheel.digests, size=wheel.size
        )
        fetcher.fetch(request, str(local))
        assert beside == partly == reader.read(replace(wheel, location=local.as_uri()), name)


def test_a_wheel_without_metadata(bench: Bench) -> None:
    path = bench.folder / "files" / "demo-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("other-1.0.dist-info/METADATA", "Name: other\nVersion: 1.0\n")
    with pytest.raises(InvalidMetadataError, match="no METADATA"):
        bench.read(bench.listed(path))
