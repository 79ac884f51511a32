import errno
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from siteroot import fs
from support.writers import failing_writer, guarded_writer, plain_writer, recording_writer


def test_every_changing_call_of_the_writer_is_listed() -> None:
    assert {"mkdir", "rename", "link", "create", "write", "utime", "chmod"} <= set(fs.operations())
    writer, done = recording_writer()
    fs.make_folder("/tmp", writer=writer)
    assert done == []


def test_a_whole_file_has_the_content_and_mode_whatever_the_umask(tmp_path: Path) -> None:
    umask = os.umask(0o077)
    try:
        fs.write_whole(str(tmp_path / "x"), b"one")
        fs.write_whole(str(tmp_path / "x"), b"two", mode=0o755)
    finally:
        os.umask(umask)
    assert (tmp_path / "x").read_bytes() == b"two"
    assert stat.S_IMODE((tmp_path / "x").stat().st_mode) == 0o755
    assert os.listdir(tmp_path) == ["x"]


def test_a_failed_write_leaves_the_old_file_and_no_partial_one(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"old")
    for after in range(4):
        with pytest.raises(OSError, match="No space"):
            fs.write_whole(str(path), b"new", writer=failing_writer(after))
        assert os.listdir(tmp_path) == ["x"]
        assert path.read_bytes() == b"old"


def test_write_file_refuses_a_name_that_is_taken_even_by_a_dangling_link(tmp_path: Path) -> None:
    (tmp_path / "x").symlink_to(tmp_path / "nowhere")
    with pytest.raises(FileExistsError):
        fs.write_file(str(tmp_path / "x"), b"")
    assert not (tmp_path / "nowhere").exists()


def test_write_file_sets_mode_and_time_exactly(tmp_path: Path) -> None:
    fs.write_file(str(tmp_path / "x"), b"c", mode=0o777, mtime=400_000_002)
    status = (tmp_path / "x").stat()
    assert (stat.S_IMODE(status.st_mode), status.st_mtime_ns) == (0o777, 400_000_002_000_000_000)


class ShortWriter(fs.Writer):
    """Takes and copies at most 3 bytes a call."""

    __slots__ = ()

    @staticmethod
    def write(descriptor: int, content: Any, /) -> int:
        return os.write(descriptor, bytes(content[:3]))

    @staticmethod
    def copy_file_range(source: int, target: int, count: int, /) -> int:
        return os.copy_file_range(source, target, min(3, count))


class EmptyWriter(fs.Writer):
    """Its copy_file_range copies nothing and says so, as some file systems' does."""

    __slots__ = ()

    @staticmethod
    def copy_file_range(_source: int, _target: int, _count: int, /) -> int:
        return 0


@pytest.mark.parametrize(
    "writer",
    [fs.DISK, ShortWriter(), EmptyWriter(), plain_writer(errno.ENOSYS)],
    ids=["disk", "short counts", "no bytes", "no such call"],
)
@pytest.mark.parametrize("size", [0, 1, 10, 2_500_001])
def test_content_is_copied_whole_by_every_way(tmp_path: Path, writer: fs.Writer, size: int) -> None:
    if size > 100 and isinstance(writer, ShortWriter):
        size = 1000
    content = os.urandom(size)
    (tmp_path / "from").write_bytes(content)
    with open(tmp_path / "from", "rb") as source, open(tmp_path / "to", "wb") as target:
        copied = fs.copy_content(source.fileno(), target.fileno(), size, writer=writer)
    assert copied == size
    assert (tmp_path / "to").read_bytes() == content


@pytest.mark.parametrize("done", [0, 3])
@pytest.mark.parametrize("number", sorted(fs.FALLBACKS))
def test_every_number_of_a_missing_call_is_heard(tmp_path: Path, number: int, done: int) -> None:
    """Refused at once, and half way; any other number goes on."""

    class Refusing(fs.Writer):
        __slots__ = ()

        @staticmethod
        def copy_file_range(source: int, target: int, count: int, /) -> int:
            if os.lseek(source, 0, os.SEEK_CUR) >= done:
                raise OSError(number, os.strerror(number))
            return os.copy_file_range(source, target, min(done, count))

    (tmp_path / "from").write_bytes(b"some content")
    with open(tmp_path / "from", "rb") as source, open(tmp_path / "to", "wb") as target:
        assert fs.copy_content(source.fileno(), target.fileno(), 12, writer=Refusing()) == 12
    assert (tmp_path / "to").read_bytes() == b"some content"
    fs.rename_new(str(tmp_path / "to"), str(tmp_path / "new"), writer=plain_writer(number))
    assert sorted(os.listdir(tmp_path)) == ["from", "new"]


def test_a_full_disk_is_no_missing_call(tmp_path: Path) -> None:
    (tmp_path / "from").write_bytes(b"some content")
    writer = plain_writer(errno.ENOSPC)
    with (
        open(tmp_path / "from", "rb") as source,
        open(tmp_path / "to", "wb") as target,
        pytest.raises(OSError, match="No space"),
    ):
        fs.copy_content(source.fileno(), target.fileno(), 12, writer=writer)
    with pytest.raises(OSError, match="No space"):
        fs.rename_new(str(tmp_path / "to"), str(tmp_path / "new"), writer=writer)


def test_a_file_that_is_shorter_than_said_is_told(tmp_path: Path) -> None:
    (tmp_path / "from").write_bytes(b"abc")
    with open(tmp_path / "from", "rb") as source, open(tmp_path / "to", "wb") as target:
        assert fs.copy_content(source.fileno(), target.fileno(), 10) == 3


def test_make_folder_tells_which_it_made(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    made = fs.make_folder(str(tmp_path / "a/b/c"))
    assert made == (str(tmp_path / "a/b"), str(tmp_path / "a/b/c"))
    assert fs.make_folder(str(tmp_path / "a/b/c/")) == ()
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(FileExistsError):
        fs.make_folder(str(tmp_path / "file/x"))
    with pytest.raises(OSError, match="No space"):
        fs.make_folder(str(tmp_path / "p/q"), writer=failing_writer(1))
    assert not (tmp_path / "p").exists()


def test_remove_tree_removes_what_is_deeper_than_a_path_can_say(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    descriptor = os.open(tree, os.O_RDONLY)
    for _ in range(3000):
        os.mkdir("deeper", dir_fd=descriptor)
        inner = os.open("deeper", os.O_RDONLY, dir_fd=descriptor)
        os.close(os.open("file", os.O_CREAT | os.O_WRONLY, dir_fd=descriptor))
        os.close(descriptor)
        descriptor = inner
    os.close(descriptor)
    fs.remove_tree(str(tree))
    assert not tree.exists()


def test_remove_tree_asks_no_mode(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    for name, mode in (("read-only", 0o500), ("closed", 0o000), ("dark", 0o200)):
        (tree / name / "inner").mkdir(parents=True)
        (tree / name / "file").touch()
        (tree / name).chmod(mode)
    command = [sys.executable, "-c", f"from siteroot import fs; fs.remove_tree({str(tree)!r})"]
    if os.geteuid() == 0:  # whom no mode stops, unless that right is taken away
        if shutil.which("setpriv") is None:
            pytest.skip("needs setpriv, as root")
        command = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", *command]
    environ = {**os.environ, "PYTHONPATH": str(Path(fs.__file__).parents[1])}
    subprocess.run(command, env=environ, check=True)
    assert not tree.exists()


def test_remove_tree_follows_no_link(tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious/x").write_bytes(b"x")
    tree = tmp_path / "tree"
    (tree / "deep/er").mkdir(parents=True)
    (tree / "deep/link").symlink_to(tmp_path / "precious")
    (tree / "deep/er/file").write_bytes(b"")
    fs.remove_tree(str(tree))
    assert not tree.exists()
    (tmp_path / "alias").symlink_to(tmp_path / "precious")
    fs.remove_tree(str(tmp_path / "alias"))
    fs.remove_tree(str(tmp_path / "alias"))
    assert (tmp_path / "precious/x").read_bytes() == b"x"
    assert not os.path.lexists(tmp_path / "alias")


@pytest.mark.parametrize("writer", [fs.DISK, plain_writer(errno.ENOSYS)], ids=["disk", "plain"])
def test_rename_new_replaces_nothing(tmp_path: Path, writer: fs.Writer) -> None:
    source, target = str(tmp_path / "source"), str(tmp_path / "target")
    os.mkdir(source)
    os.mkdir(target)  # an empty folder: plain rename(2) would replace it
    inode = os.stat(target).st_ino
    with pytest.raises(FileExistsError):
        fs.rename_new(source, target, writer=writer)
    assert os.stat(target).st_ino == inode
    os.rmdir(target)
    fs.rename_new(source, target, writer=writer)
    assert os.listdir(tmp_path) == ["target"]


@pytest.mark.fast_calls
def test_an_flock_excludes_and_ends_with_its_descriptor(tmp_path: Path) -> None:
    one, other = fs.open_folder(str(tmp_path)), fs.open_folder(str(tmp_path))
    assert fs.try_flock(one)
    assert not fs.try_flock(other)
    os.close(one)
    assert fs.try_flock(other)
    os.close(other)


def test_a_folder_behind_a_link_is_not_opened(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    with pytest.raises(OSError, match=r"directory|symbolic"):
        fs.open_folder(str(tmp_path / "link"))


def test_an_inode_is_told_from_another_at_the_same_path(tmp_path: Path) -> None:
    path = str(tmp_path / "x")
    os.mkdir(path)
    descriptor = fs.open_folder(path)
    assert fs.is_same_inode(descriptor, path)
    os.rename(path, path + "2")
    assert not fs.is_same_inode(descriptor, path)
    os.mkdir(path)
    assert not fs.is_same_inode(descriptor, path)
    os.close(descriptor)


@pytest.mark.fast_calls
def test_a_guarded_writer_sees_the_calls_of_every_function(tmp_path: Path) -> None:
    seen: list[str] = []
    writer = guarded_writer(seen.append)
    fs.write_whole(str(tmp_path / "x"), b"c", sync=True, writer=writer)
    fs.make_folder(str(tmp_path / "f"), writer=writer)
    fs.rename_new(str(tmp_path / "x"), str(tmp_path / "f/x"), writer=writer)
    fs.remove_tree(str(tmp_path / "f"), writer=writer)
    assert seen == [
        *("create", "chmod", "write", "fsync", "rename"),
        "mkdir",
        "rename_noreplace",
        *("unlink", "rmdir"),
    ]


def test_the_placing_modules_import_nothing_heavy() -> None:
    modules = (
        "siteroot.fs, siteroot.root.placing, siteroot.root.fingerprint, siteroot.root.fresh,"
        " siteroot.root.lock"
    )
    source = str(Path(fs.__file__).parents[1])
    code = f"import sys; sys.path.insert(0, {source!r}); import {modules}"
    listing = subprocess.run(
        [sys.executable, "-I", "-S", "-X", "importtime", "-c", code],
        capture_output=True,
        check=True,
        text=True,
    ).stderr
    loaded = {line.rpartition("|")[2].strip() for line in listing.splitlines()}
    assert "siteroot.root.placing" in loaded
    heavy = {"dataclasses", "typing", "pathlib", "re", "enum", "contextlib", "ctypes", "hashlib"}
    assert not loaded & heavy
