"""Archives of source: what is unpacked and how, and each way in which a hostile one is refused by name."""

import os
import tarfile
import zipfile
from pathlib import Path

import pytest

from siteroot.build.source_archive import HostileSourceError, UnknownArchiveError, unpack_source
from siteroot.model.wheel import Limits
from support.sdists import TarMember, file_member, other_member, write_tar

MTIME = 315_532_800
SYM, HARD, FOLDER = tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE


def unpack(archive: Path, limits: Limits | None = None) -> Path:
    target = archive.parent / "out"
    top = unpack_source(
        str(archive), str(target), limits or Limits(), where="app==1.0", mtime=MTIME
    )
    return Path(top)


GOOD: list[TarMember] = [
    other_member("app-1.0", FOLDER),
    file_member("app-1.0/pyproject.toml", b"[project]\n"),
    file_member("app-1.0/run.sh", b"#!/bin/sh\n", mode=0o4777),
    other_member("app-1.0/link", SYM, "sub/../pyproject.toml"),
    other_member("app-1.0/hard", HARD, "app-1.0/pyproject.toml"),
]


@pytest.mark.parametrize("ending", ["tar.gz", "tgz", "tar.bz2", "tar.xz", "tar"])
def test_a_tree_comes_out_with_its_links_and_plain_modes_and_times(
    tmp_path: Path, ending: str
) -> None:
    tree = unpack(write_tar(tmp_path / f"app-1.0.{ending}", GOOD))
    assert tree.name == "app-1.0"
    assert (tree / "hard").read_bytes() == b"[project]\n"
    assert os.readlink(tree / "link") == "sub/../pyproject.toml"
    modes = {
        path.name: path.lstat().st_mode & 0o7777 for path in tree.iterdir() if not path.is_symlink()
    }
    assert modes == {"pyproject.toml": 0o644, "run.sh": 0o755, "hard": 0o644}
    assert {path.stat().st_mtime for path in (tree, tree / "run.sh")} == {MTIME}


def test_a_zip_comes_out_alike(tmp_path: Path) -> None:
    path = tmp_path / "app-1.0.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("app-1.0/setup.py", "pass\n")
        link = zipfile.ZipInfo("app-1.0/sub/link")
        link.create_system, link.external_attr = 3, 0o120777 << 16
        archive.writestr(link, "../setup.py")
    tree = unpack(path)
    assert (tree / "sub" / "link").read_text() == "pass\n"


def test_of_a_file_that_is_there_twice_the_last_counts(tmp_path: Path) -> None:
    members = [file_member("app/a", b"1"), file_member("app/a", b"2")]
    assert (unpack(write_tar(tmp_path / "app.tar", members)) / "a").read_bytes() == b"2"


HOSTILE = {
    "absolute": ([file_member("/app/x")], "'/app/x' is an absolute path"),
    "parent": ([file_member("app/../../x")], "'app/../../x' leads out of its folder"),
    "backslash": ([file_member("app\\..\\x")], "holds a backslash"),
    "drive": ([file_member("C:/x")], "is an absolute path"),
    "control": ([file_member("app/\x1b[2J")], "holds a control character"),
    "symlink out": ([file_member("app/a"), other_member("app/l", SYM, "../../etc")], "'app/l' is a link out of the archive, to '../../etc'"),
    "symlink to the folder above": ([file_member("app/a"), other_member("app/l", SYM, "..")], "is a link out of the archive"),
    "symlink absolute": ([file_member("app/a"), other_member("app/l", SYM, "/etc/passwd")], "is a link out of the archive, to '/etc/passwd'"),
    "symlink out through another": (
        [
            file_member("app/d/e/a"),
            other_member("app/s", SYM, "d/e"),
            other_member("app/d/e/u", SYM, "../../s/../../.."),
        ],
        "out of the archive",
    ),
    "file through a symlink": ([other_member("app/l", SYM, "sub"), file_member("app/l/x")], "'app/l/x' lies in 'app/l', which is a symbolic link"),
    "file over a symlink": ([file_member("app/a"), other_member("app/l", SYM, "a"), file_member("app/l")], "'app/l' is there twice"),
    "folder over a file": ([file_member("app/a"), other_member("app/a", FOLDER)], "'app/a' is there twice"),
    "file in a file": ([file_member("app/a"), file_member("app/a/b")], "'app/a/b' lies in 'app/a', which is a file"),
    "hard link out": ([file_member("app/a"), other_member("app/h", HARD, "/etc/passwd")], "is a link out of the archive"),
    "hard link to nothing": ([file_member("app/a"), other_member("app/h", HARD, "app/zz")], "no file before it"),
    "device": ([other_member("app/d", tarfile.CHRTYPE)], "'app/d' is a device"),
    "fifo": ([other_member("app/f", tarfile.FIFOTYPE)], "'app/f' is a device or another special file"),
    "two tops": ([file_member("app/a"), file_member("other/a")], "more than one folder at its top"),
    "no top": ([file_member("setup.py")], "does not hold one folder"),
    "empty": ([], "does not hold one folder"),
}  # fmt: skip


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_tar_is_refused_by_name(tmp_path: Path, case: str) -> None:
    members, words = HOSTILE[case]
    with pytest.raises(HostileSourceError) as caught:
        unpack(write_tar(tmp_path / "app.tar.gz", members))
    assert words in str(caught.value)
    assert str(caught.value).startswith("app==1.0: ")
    outside = {path.name for path in tmp_path.iterdir()} - {"app.tar.gz", "out"}
    assert outside == set()


def test_a_tree_that_is_too_large_is_not_unpacked(tmp_path: Path) -> None:
    archive = write_tar(tmp_path / "app.tar.gz", [file_member("app/a", b"x" * 5000)] * 3)
    with pytest.raises(HostileSourceError, match="more than 9999 bytes"):
        unpack(archive, Limits(size=9999))
    with pytest.raises(HostileSourceError, match="more than 2 members"):
        unpack(archive, Limits(members=2))


def test_a_header_of_gigabytes_is_not_read(tmp_path: Path) -> None:
    info, content = file_member("app/a", b"x")
    info.pax_headers = {"comment": "x" * (17 << 20)}
    with pytest.raises(HostileSourceError, match="header in the archive is too large"):
        unpack(write_tar(tmp_path / "app.tar.gz", [(info, content)]))


@pytest.mark.parametrize("ending", ["tar.gz", "tar.bz2", "tar.xz", "zip"])
def test_what_is_no_archive_is_refused(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"app.{ending}"
    path.write_bytes(b"<html>" * 100)
    with pytest.raises(HostileSourceError, match="is broken"):
        unpack(path)


@pytest.mark.parametrize("ending", ["tar.gz", "tar.bz2", "tar.xz", "tar"])
def test_an_archive_that_was_cut_short_is_refused(tmp_path: Path, ending: str) -> None:
    path = write_tar(tmp_path / f"app.{ending}", [file_member("app/a", os.urandom(30_000))])
    path.write_bytes(path.read_bytes()[:20_000])
    with pytest.raises(HostileSourceError):
        unpack(path)


def test_another_kind_of_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "app.rar"
    path.write_bytes(b"Rar!")
    with pytest.raises(UnknownArchiveError, match="siteroot reads"):
        unpack(path)
