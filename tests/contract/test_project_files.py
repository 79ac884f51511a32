"""What every ProjectFiles promises, on the fake and on the real disk."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from siteroot.errors import ProjectError
from siteroot.ports import ProjectFiles
from siteroot.workflows.project_files import DiskProjectFiles
from support.project_files import MemoryProjectFiles

Make = Callable[[dict[str, bytes], list[str]], tuple[ProjectFiles, str]]


def _in_memory(files: dict[str, bytes], folders: list[str]) -> tuple[ProjectFiles, str]:
    made = MemoryProjectFiles(
        {f"/home/{path}": content for path, content in files.items()},
        folders=[f"/home/{path}" for path in folders],
    )
    return made, "/home"


@pytest.fixture(params=["memory", "disk"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Make:
    def on_disk(files: dict[str, bytes], folders: list[str]) -> tuple[ProjectFiles, str]:
        for path, content in files.items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_bytes(content)
        for folder in folders:
            (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        return DiskProjectFiles(), str(tmp_path)

    return _in_memory if request.param == "memory" else on_disk


def test_a_file_is_read_byte_for_byte(make: Make) -> None:
    files, home = make({"a/b.toml": b"\xff\r\n"}, [])
    assert files.read(f"{home}/a/b.toml") == b"\xff\r\n"


@pytest.mark.parametrize("path", ["absent", "a", "a/absent", "a/b.toml/below"])
def test_what_is_no_file_reads_as_none(make: Make, path: str) -> None:
    files, home = make({"a/b.toml": b""}, [])
    assert files.read(f"{home}/{path}") is None


def test_names_are_sorted_and_of_one_folder_alone(make: Make) -> None:
    files, home = make({"a/z": b"", "a/b/deep": b"", "a/.hidden": b"", "c": b""}, ["a/empty"])
    assert files.names(f"{home}/a") == [".hidden", "b", "empty", "z"]
    assert files.names(f"{home}/a/empty") == []


@pytest.mark.parametrize("path", ["absent", "a/file", "a/file/below"])
def test_names_of_what_is_no_folder_are_none(make: Make, path: str) -> None:
    files, home = make({"a/file": b""}, [])
    assert files.names(f"{home}/{path}") is None


def test_is_folder(make: Make) -> None:
    files, home = make({"a/file": b""}, ["empty"])
    answers = [files.is_folder(f"{home}/{path}") for path in ("a", "empty", "a/file", "absent")]
    assert answers == [True, True, False, False]


def test_a_file_that_may_not_be_read_is_a_project_error() -> None:
    files = MemoryProjectFiles({}, unreadable=["/home/uv.toml"])
    with pytest.raises(ProjectError, match="cannot be read"):
        files.read("/home/uv.toml")


def test_a_disk_file_that_cannot_be_read_is_a_project_error(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(ProjectError, match="cannot be read"):
        DiskProjectFiles().read(str(tmp_path / "loop"))
    with pytest.raises(ProjectError, match="cannot be read"):
        DiskProjectFiles().names(str(tmp_path / "loop"))


def test_a_path_that_no_disk_can_hold_is_a_project_error() -> None:
    with pytest.raises(ProjectError, match="null character"):
        DiskProjectFiles().read("/tmp/a\0b")


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
def test_links_are_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "pyproject.toml").write_bytes(b"x = 1")
    (tmp_path / "link").symlink_to("real")
    files = DiskProjectFiles()
    assert files.is_folder(str(tmp_path / "link"))
    assert files.read(str(tmp_path / "link" / "pyproject.toml")) == b"x = 1"
