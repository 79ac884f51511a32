"""What of a project's tree is its source: no root in it, no cache, not the root that it is; and its repository, which tells versions."""

import os
import shutil
from pathlib import Path

import pytest

from support.desk import Desk, make_desk
from support.repositories import VARIABLES, Repo
from support.sdists import BACKEND, source_files, write_tree
from support.source_projects import inner_project, make_source_project, wheel_entry
from support.wheels import build_wheel

#: A backend that takes all of its tree.
GREEDY = BACKEND.replace('os.walk("src")', 'os.walk(".")').replace('path, "src")', 'path, ".")')

#: A backend whose version is what git says, as those do that have it from tags.
VERSIONED = BACKEND.replace(
    '        return tomllib.load(file)["project"]\n',
    '        return tomllib.load(file)["project"] | {"version": _told()}\n\n\n'
    "def _told():\n"
    "    import subprocess\n"
    "    words = ['git', 'describe', '--tags', '--dirty']\n"
    "    return subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()\n",
)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return make_desk(tmp_path / "home")


def test_a_root_in_the_project_does_not_get_into_its_wheel(tmp_path: Path, desk: Desk) -> None:
    project = inner_project(tmp_path / "app", backend=GREEDY)
    desk.synced("--target", "pkgs", "--no-editable", cwd=project)
    record = (project / "pkgs" / "app-1.0.dist-info" / "RECORD").read_text()
    for _ in range(2):
        (project / "src" / "inner.py").write_text("X = 7\n")
        desk.synced("--target", "pkgs", "--no-editable", "--reinstall", cwd=project)
        again = (project / "pkgs" / "app-1.0.dist-info" / "RECORD").read_text()
        assert [line.partition(",")[0] for line in again.splitlines()] == [
            line.partition(",")[0] for line in record.splitlines()
        ]


def test_a_root_that_is_the_projects_own_folder_does_not_get_into_its_wheel(
    tmp_path: Path, desk: Desk
) -> None:
    project = inner_project(tmp_path / "app", backend=GREEDY)
    lock = project / "uv.lock"
    dep = build_wheel(tmp_path, "dep", "1.0", {"dep/__init__.py": ""})
    held = make_source_project(tmp_path / "held", [wheel_entry(dep)]) / "uv.lock"
    held.write_text(held.read_text().replace('virtual = "."', 'editable = "."'))
    shutil.copy(held, lock)
    out, records, built = tmp_path / "out", [], []
    for _ in range(2):
        built.append(desk.synced("--target", out, "--no-editable", cwd=project).built)
        records.append((out / "app-1.0.dist-info" / "RECORD").read_text())
        desk.synced("--target", ".", cwd=project)
        assert (project / "dep" / "__init__.py").exists()
    assert records[0] == records[1]
    assert built == [["app==1.0"], []]


@pytest.mark.parametrize("variable", ["UV_CACHE_DIR", "TMPDIR"])
def test_a_cache_in_the_project_is_no_source_of_it(
    tmp_path: Path, desk: Desk, variable: str
) -> None:
    project = inner_project(tmp_path / "app", backend=GREEDY)
    (project / "made").mkdir()
    variables = {variable: str(project / "made")}
    words = ["--no-cache"] if variable == "TMPDIR" else []
    built = []
    for _ in range(2):
        done = desk.run(
            *("sync", "--frozen", "--target", "pkgs", "--no-editable", *words),
            cwd=project,
            variables=variables,
        )
        assert done.code == 0, done.err
        built.append(done.built)
    record = (project / "pkgs" / "app-1.0.dist-info" / "RECORD").read_text()
    assert "made/" not in record
    assert built == [["app==1.0"], ["app==1.0"] if words else []]


@pytest.mark.parametrize("where", ["at the top", "below the top", "a linked work tree"])
def test_a_version_is_told_by_the_repository_with_a_root_in_the_tree(
    tmp_path: Path, desk: Desk, where: str
) -> None:
    repo = Repo(tmp_path / "repo")
    project = repo.folder / "sub" if where == "below the top" else repo.folder
    make_source_project(project, [], itself='editable = "."', version=None)
    files = source_files("app", backend=VERSIONED)
    head = files.pop("pyproject.toml").partition("[project]")[0]
    del files["PKG-INFO"]
    write_tree(project, files | {".gitignore": "pkgs\n"})
    said = (project / "pyproject.toml").read_text()
    (project / "pyproject.toml").write_text(head + said)
    repo.commit({})
    repo.git("tag", "3.5")
    if where == "a linked work tree":
        project = tmp_path / "linked"
        repo.git("worktree", "add", "--quiet", str(project), "HEAD")
    variables = {name: value for name, value in VARIABLES.items() if name.startswith("GIT_")}
    for _ in range(2):
        words = ("--target", "pkgs", "--no-editable", "--reinstall")
        done = desk.sync(*words, cwd=project, variables=variables)
        assert done.code == 0, done.err
        assert (project / "pkgs" / "app-3.5.dist-info").is_dir(), done.err


def test_a_path_that_is_no_utf8_is_one_like_another(tmp_path: Path, desk: Desk) -> None:
    odd = tmp_path / os.fsdecode(b"\xff")
    write_tree(odd / "tree", source_files("inner", "1.0"))
    build_wheel(tmp_path, "lib", "1.0", {"lib.py": ""})
    done = desk.run(
        "pip", "install", "--no-index", "--find-links", tmp_path, "--target", odd / "root", odd / "tree", "lib",
        cwd=tmp_path,
    )  # fmt: skip
    assert done.code == 0, done.err
    assert {"inner.py", "lib.py"} <= set(os.listdir(odd / "root"))
