"""What a pylock.toml looks like, as `uv pip compile --format pylock.toml` lays it out, and that it reads back."""

import tomllib

from packaging.pylock import Pylock
from packaging.version import Version

from siteroot.formats.compiled_pylock import PylockPlace, render_pylock
from siteroot.formats.compiled_requirements import CompiledDistribution
from siteroot.formats.wheel_tags import WheelTags
from siteroot.model.digest import Digest
from siteroot.model.lock import (
    DirectorySource,
    EditableSource,
    GitSource,
    PathSource,
    RegistrySource,
    Source,
    UrlSource,
)
from siteroot.model.release import ListedFile
from siteroot.model.resolution import ResolvedPin

PLACE = PylockPlace(
    folder="/p/locks", python="3.12", tags=WheelTags(("cp312-cp312-linux_x86_64", "py3-none-any"))
)


def a_file(filename: str, location: str | None = None, time: float | None = None) -> ListedFile:
    return ListedFile(
        filename=filename,
        location=location or f"https://h/{filename}",
        digests=(Digest("sha256", "0a" * 32),),
        size=None if time is None else 7,
        upload_time=time,
        requires_python=None,
        yanked=None,
        metadata=None,
    )


def a_distribution(
    name: str, source: Source, *files: ListedFile, written: str | None = None
) -> CompiledDistribution:
    pin = ResolvedPin(
        name=name, version=Version("1.0"), source=source, extras=(), files=files, file=None
    )
    return CompiledDistribution(
        pin=pin, place=written, written=written, index=None, askers=(), requirers=()
    )


def test_of_an_index_the_wheels_that_fit_and_the_sdist_are_written() -> None:
    index = RegistrySource("https://h/simple")
    files = (
        a_file("demo-1.0-cp311-cp311-linux_x86_64.whl"),
        a_file("demo-1.0-cp312-cp312-linux_x86_64.whl", time=1788180246.9),
        a_file("demo-1.0-py3-none-any.whl", "https://me:secret@h/blob/7"),
        a_file("demo-1.0.tar.gz"),
    )
    digest = f'{{ sha256 = "{"0a" * 32}" }}'
    assert (
        render_pylock([a_distribution("demo", index, *files)], PLACE)
        == f"""\
lock-version = "1.0"
created-by = "siteroot"
requires-python = ">=3.12"

[[packages]]
name = "demo"
version = "1.0"
sdist = {{ url = "https://h/demo-1.0.tar.gz", hashes = {digest} }}
wheels = [
    {{ url = "https://h/demo-1.0-cp312-cp312-linux_x86_64.whl", upload-time = 2026-08-31T12:44:06Z, size = 7, hashes = {digest} }},
    {{ name = "demo-1.0-py3-none-any.whl", url = "https://h/blob/7", hashes = {digest} }},
]
"""
    )


def test_all_other_places_read_back_as_they_were() -> None:
    wheel = a_file("w-1.0-py3-none-any.whl")
    distributions = [
        a_distribution("archive", UrlSource("https://h/a.zip", "sub"), a_file("a.zip")),
        a_distribution("checkout", GitSource("https://h/x", "0a" * 20, "sub", "v1")),
        a_distribution("linked", EditableSource("/p/linked"), written="./linked"),
        a_distribution("member", EditableSource("/p/member")),
        a_distribution("tree", DirectorySource('/p/a "tree"'), written='/p/a "tree"'),
        a_distribution("wheel", PathSource("/p/locks/w.whl"), wheel, written="locks/w.whl"),
    ]
    text = render_pylock(distributions, PLACE)
    archive, checkout, linked, member, tree, path = Pylock.from_dict(tomllib.loads(text)).packages
    assert archive.archive is not None
    assert (archive.archive.url, archive.archive.subdirectory) == ("https://h/a.zip", "sub")
    assert checkout.vcs is not None
    assert (checkout.vcs.commit_id, checkout.vcs.requested_revision) == ("0a" * 20, "v1")
    assert linked.directory is not None
    assert (linked.version, linked.directory.path, linked.directory.editable) == (
        None,
        "../linked",
        True,
    )
    assert member.directory is not None
    assert member.directory.path == "../member"
    assert tree.directory is not None
    assert tree.directory.path == '/p/a "tree"'
    assert path.archive is not None
    assert path.archive.path == "w.whl"


def test_a_lock_of_nothing_says_so() -> None:
    assert render_pylock([], PLACE).endswith("packages = []\n")
