"""Hints that name a command name the one that was said: whoever runs it gets the same."""

import shlex
import sys
from pathlib import Path

import pytest

from support.desk import Done, make_desk
from support.projects import make_project
from support.sdists import source_files, write_sdist
from support.source_projects import make_source_project, sdist_entry
from support.wheels import build_wheel

SECRET = "https://someone:secret@index.test/simple"


def hint(done: Done, before: str, after: str = "\n") -> list[str]:
    """Return the words of the command that a hint names."""
    command = done.err.partition(before)[2].partition(after)[0]
    program, *words = shlex.split(command)
    assert program == "siteroot"
    assert "secret" not in done.err
    return words


@pytest.mark.parametrize("index", [f"--index={SECRET}", f"--index=named={SECRET}"])
def test_a_failed_build_is_done_once_more_by_its_hint(tmp_path: Path, index: str) -> None:
    desk = make_desk(tmp_path / "home with spaces")
    words = ("--no-editable", "--python", sys.executable, "--no-install-workspace")
    archive = write_sdist(tmp_path / "inner_app-1.0.tar.gz", source_files(backend="no"))
    failing = sdist_entry("inner-app", archive)
    project = make_source_project(tmp_path / "other", [failing])
    done = desk.sync(*words, "--target", "my root", index, cwd=project)
    again = hint(done, "the same once more: ")
    assert "--no-install-workspace" not in again
    assert {"--frozen", "--no-editable", "--dry-run", "my root"} <= {*again}
    repeated = desk.run(*again, cwd=project)
    assert (done.code, repeated.code) == (1, 1)
    assert hint(repeated, "the same once more: ") == again
    assert not (project / "my root").exists()


def test_an_outdated_root_is_updated_by_its_hint(tmp_path: Path) -> None:
    desk = make_desk(tmp_path / "home")
    project = make_project(tmp_path / "app", [build_wheel(tmp_path, "one", "1.0", {"one.py": ""})])
    words = ("--python", sys.executable, "--python-platform", "linux", "--target", "pkgs", "-v")
    done = desk.sync(*words, "--check", cwd=project)
    assert done.code == 1
    again = hint(done, "run `", "` to update it")
    assert desk.run(*again, cwd=project).code == 0
    assert desk.sync(*words, "--check", cwd=project).code == 0


@pytest.mark.parametrize("command", ["install", "compile"])
def test_what_pip_could_not_build_is_built_once_more_by_its_hint(
    tmp_path: Path, command: str
) -> None:
    desk = make_desk(tmp_path / "home with spaces")
    folder = tmp_path / "the files"
    folder.mkdir()
    texts = source_files(backend="no")
    texts["pyproject.toml"] += 'dynamic = ["dependencies"]\n'  # only a build can say them
    write_sdist(folder / "inner_app-1.0.tar.gz", texts)
    (tmp_path / "asked.txt").write_text("inner-app\n")
    words = ("-r", "asked.txt", "--target", "pkgs") if command == "install" else ("asked.txt",)
    done = desk.run(
        "pip", command, *words, "--no-index", "-f", "the files", "--python", sys.executable,
        "--exclude-newer-package", "inner-app=false", "-C", "a=b c", cwd=tmp_path,
    )  # fmt: skip
    again = hint(done, "the same once more: ")
    assert {"the files", sys.executable, "a=b c", "inner-app==1.0"} <= {*again}
    assert not {"asked.txt", "pkgs"} & {*again}
    repeated = desk.run(*again, cwd=tmp_path)
    assert (done.code, repeated.code) == (1, 1)
    assert hint(repeated, "the same once more: ") == again
    assert not (tmp_path / "new-folder").exists()
