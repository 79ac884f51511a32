"""Roots that somebody damaged, or that another Python's are: what `siteroot sync` makes of them on a real disk."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from support.desk import make_desk
from support.interpreters import need_pythons
from support.launching import Lab, make_lab, minor_of
from support.projects import make_project
from support.trees import describe_difference, snapshot
from support.wheels import build_wheel


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    return make_lab(tmp_path_factory.mktemp("lab"))


@pytest.fixture(scope="module")
def project(lab: Lab) -> Path:
    return make_project(lab.folder / "project", lab.wheels(pth=True))


def sync(lab: Lab, project: Path, *words: str | Path) -> "subprocess.CompletedProcess[str]":
    common = ("sync", "--frozen", "--cache-dir", str(lab.folder / "cache"), "--link-mode", "copy")
    return lab.place.run(*common, *map(str, words), cwd=project)


@pytest.mark.parametrize(
    "lost", ["tool-1.0.dist-info/RECORD", "tool-1.0.dist-info", ".siteroot.json", "bin", "late"]
)
def test_what_was_deleted_is_put_back(lab: Lab, project: Path, tmp_path: Path, lost: str) -> None:
    python, root = need_pythons(1)[0], tmp_path / "root"
    assert sync(lab, project, "--target", root, "--python", python).returncode == 0
    before = snapshot(root)
    if (root / lost).is_dir():
        shutil.rmtree(root / lost)
    else:
        (root / lost).unlink()
    done = sync(lab, project, "--target", root, "--python", python)
    assert done.returncode == 0, done.stderr
    assert describe_difference(before, snapshot(root)) == []
    again = sync(lab, project, "--target", root, "--python", python, "--check")
    assert again.returncode == 0, again.stderr


def emptied(record: Path) -> None:
    record.write_text("")


def without_launcher(record: Path) -> None:
    rows = record.read_text().splitlines(keepends=True)
    record.write_text("".join(row for row in rows if not row.startswith("bin/")))


@pytest.mark.parametrize("words", [(), ("--verify",), ("--reinstall",)], ids=str)
@pytest.mark.parametrize("edit", [emptied, without_launcher])
def test_an_edited_record_is_put_back(
    lab: Lab,
    project: Path,
    tmp_path: Path,
    edit: Callable[[Path], None],
    words: tuple[str, ...],
) -> None:
    """`.siteroot.json` names the wheel, so the files that the RECORD has lost are known to be nobody else's."""
    python, root = need_pythons(1)[0], tmp_path / "root"
    assert sync(lab, project, "--target", root, "--python", python).returncode == 0
    before = snapshot(root)
    edit(root / "tool-1.0.dist-info" / "RECORD")
    done = sync(lab, project, "--target", root, "--python", python, *words, "-v")
    assert done.returncode == 0, done.stderr
    assert "tool==1.0" in done.stderr
    assert describe_difference(before, snapshot(root)) == []


@pytest.mark.parametrize("selected", ["another version", "nothing"])
def test_what_an_edited_record_has_lost_is_nobodys_where_the_wheel_does_not_come(
    tmp_path: Path, selected: str
) -> None:
    """What it still names goes, with all of the dist-info; what it has lost stays, and a warning says so."""
    desk, root = make_desk(tmp_path / "home"), tmp_path / "root"
    words = ("--python", sys.executable, "--target", root)
    wheels = [
        build_wheel(tmp_path, "base", version, {"base.py": version, f"only_{version[0]}.py": ""})
        for version in ("1.0", "2.0")
    ]
    desk.synced(*words, cwd=make_project(tmp_path / "one", wheels[:1]))
    record = root / "base-1.0.dist-info" / "RECORD"
    record.write_text("base.py,,\n")
    later = make_project(tmp_path / "later", wheels[1:] if selected == "another version" else [])
    done = desk.synced(*words, cwd=later)
    assert "RECORD was edited, so nobody knows which files were base's" in done.err
    assert (root / "only_1.py").exists()
    assert not record.parent.exists()
    assert desk.synced(*words, "--check", cwd=later).code == 0


@pytest.mark.parametrize("lost", ["base-1.0.dist-info/RECORD", "base-1.0.dist-info"])
def test_whose_files_are_not_known_any_more_are_nobodys(tmp_path: Path, lost: str) -> None:
    """Another wheel finds them in its way; without any they stay, and a warning says so."""
    desk, root = make_desk(tmp_path / "home"), tmp_path / "root"
    words = ("--python", sys.executable, "--target", root)
    projects = {}
    for name, version in (("one", "1.0"), ("two", "2.0")):
        files = {"base.py": version, f"only_{name}.py": ""}
        wheel = build_wheel(tmp_path, "base", version, files)
        projects[name] = make_project(tmp_path / name, [wheel])
    projects["none"] = make_project(tmp_path / "none", [])

    def lose() -> None:
        shutil.rmtree(root, ignore_errors=True)
        desk.synced(*words, cwd=projects["one"])
        path = root / lost
        shutil.rmtree(path) if path.is_dir() else path.unlink()

    lose()
    refused = desk.sync(*words, cwd=projects["two"])
    assert (refused.code, "base.py (file)" in refused.err) == (1, True)
    told = desk.synced(*words, "--overwrite", cwd=projects["two"]).err
    assert "nobody knows which files were base's" in told
    assert (root / "base.py").read_text() == "2.0"
    assert (root / "only_one.py").exists()
    lose()
    assert "nobody knows which files were base's" in desk.synced(*words, cwd=projects["none"]).err
    assert (root / "base.py").read_text() == "1.0"
    assert not list(root.glob("*.dist-info"))


def folder_with_notes(path: Path) -> None:
    path.unlink()
    path.mkdir()
    (path / "notes").write_text("mine")


def fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def linked(path: Path) -> None:
    path.rename(path.parent.parent.parent / "away")
    path.symlink_to(path.parent.parent.parent / "away")


def immutable(path: Path) -> None:
    if subprocess.run(["chattr", "+i", path], capture_output=True, check=False).returncode:
        pytest.skip("no file can be made immutable here")


@pytest.mark.parametrize(
    ("spoil", "path", "words"),
    [
        (folder_with_notes, "tool/__init__.py", "tool/__init__.py (folder)"),
        (fifo, "tool-1.0.dist-info/RECORD", "in the way"),
        (linked, "tool-1.0.dist-info/RECORD", "in the way"),
        (immutable, "tool/__init__.py", "tool/__init__.py cannot be written"),
    ],
)
def test_what_came_to_stand_for_an_owned_file_is_refused_by_name(
    tmp_path: Path, spoil: Callable[[Path], None], path: str, words: str
) -> None:
    """With `--overwrite` too: a folder that somebody put there is never given up."""
    desk, root = make_desk(tmp_path / "home"), tmp_path / "root"
    one, two = (
        make_project(
            tmp_path / version,
            [
                build_wheel(
                    tmp_path, "tool", version, {"tool/__init__.py": version, "tool/x.py": ""}
                )
            ],
        )
        for version in ("1.0", "2.0")
    )
    into = ("--python", sys.executable, "--target", root, "--link-mode", "copy")
    desk.synced(*into, cwd=one)
    spoil(root / path)
    before = snapshot(root / "tool")  # to read the other would wait for ever
    more = ("--overwrite",) if spoil is folder_with_notes else ()
    try:
        done = desk.sync(*into, *more, cwd=two)
        assert done.code == 1, done.err
        assert words in done.err
        assert describe_difference(before, snapshot(root / "tool")) == []
    finally:
        if spoil is immutable:
            subprocess.run(["chattr", "-i", root / path], check=True)


@pytest.mark.fast_calls  # without locks on folders it is the lock's file that cannot be made
def test_a_root_that_cannot_be_written_is_named_once(tmp_path: Path) -> None:
    project = make_project(tmp_path / "project", [build_wheel(tmp_path, "one", "1.0")])
    root = tmp_path / "ro"
    root.mkdir()
    immutable(root)
    try:
        done = make_desk(tmp_path / "home").sync("--target", root, cwd=project)
    finally:
        subprocess.run(["chattr", "-i", root], check=True)
    assert f"error: {root}: it cannot be written: the system does not permit it; " in done.err


def test_a_prefix_root_that_goes_to_another_python(lab: Lab, project: Path, tmp_path: Path) -> None:
    older, newer = need_pythons(2)
    root, fresh = tmp_path / "root", tmp_path / "fresh"
    assert sync(lab, project, "--prefix", root, "--python", older).returncode == 0
    library = root / "lib" / f"python{minor_of(older)}" / "site-packages"
    subprocess.run([older, "-c", "import tool"], env={"PYTHONPATH": str(library)}, check=True)
    assert (library / "__pycache__").is_dir()
    done = sync(lab, project, "--prefix", root, "--python", newer)
    assert done.returncode == 0, done.stderr
    assert sync(lab, project, "--prefix", fresh, "--python", newer).returncode == 0
    assert describe_difference(snapshot(root), snapshot(fresh)) == []


def test_a_state_file_leads_nowhere_out_of_the_root(
    lab: Lab, project: Path, tmp_path: Path
) -> None:
    """`.siteroot.json` may be anybody's text: what it names outside is neither read nor removed."""
    python, root = need_pythons(1)[0], tmp_path / "deep" / "root"
    assert sync(lab, project, "--target", root, "--python", python).returncode == 0
    outside = tmp_path / "victim-1.0.dist-info"
    outside.mkdir()
    (outside / "RECORD").write_text("victim.py,,\nvictim-1.0.dist-info/RECORD,,\n")
    (tmp_path / "victim.py").write_text("")
    state = json.loads((root / ".siteroot.json").read_text())
    entry = dict(state["distributions"]["tool"])
    entry["dist-info"] = "../../victim-1.0.dist-info"
    state["distributions"]["victim"] = entry
    (root / ".siteroot.json").write_text(json.dumps(state))
    seen = snapshot(tmp_path / "victim-1.0.dist-info")
    done = sync(lab, project, "--target", root, "--python", python)
    assert done.returncode == 0, done.stderr
    assert snapshot(outside) == seen
    assert (tmp_path / "victim.py").exists()


def test_launchers_that_go_take_their_start_folder_along(lab: Lab, tmp_path: Path) -> None:
    """With the bytecode that interpreters wrote for what we put there."""
    python, root = need_pythons(1)[0], tmp_path / "root"
    tool, effects = lab.wheels(pth=True)
    both = make_project(tmp_path / "both", [tool, effects])
    assert sync(lab, both, "--target", root, "--python", python).returncode == 0
    environment = {"PATH": os.path.dirname(python) + os.pathsep + os.defpath}
    words = [str(root / "bin" / "tool"), "run", "PYTHON", "-c", "pass"]
    subprocess.run(words, env=environment, check=True)
    subprocess.run([python, "-c", "pass"], env={"PYTHONPATH": str(root)}, check=True)
    assert (root / ".siteroot-start" / "__pycache__").is_dir()
    assert (root / "__pycache__").is_dir()
    other = build_wheel(tmp_path, "other", "1.0")
    alone = make_project(tmp_path / "alone", [other])
    fresh = tmp_path / "fresh"
    for folder in (root, fresh):
        done = sync(lab, alone, "--target", folder, "--python", python)
        assert done.returncode == 0, done.stderr
    assert describe_difference(snapshot(root), snapshot(fresh)) == []


def test_an_interpreters_layout(lab: Lab, project: Path, tmp_path: Path) -> None:
    """A venv: launchers name its Python, its own `site` takes the `.pth` files, its own distributions stay."""
    python = need_pythons(1)[0]
    venv = tmp_path / "venv"
    subprocess.run([python, "-I", "-m", "venv", "--without-pip", str(venv)], check=True)
    before = snapshot(venv)
    variables = {"VIRTUAL_ENV": str(venv)}
    words = ("sync", "--frozen", "--active", "--cache-dir", str(lab.folder / "cache"))
    done = lab.place.run(*words, cwd=project, variables=variables)
    assert done.returncode == 0, done.stderr
    library = venv / "lib" / f"python{minor_of(python)}" / "site-packages"
    assert (venv / "bin" / "tool").read_text().startswith(f"#!{venv}/bin/python")
    assert not (library / "sitecustomize.py").exists()
    assert not (library / ".siteroot-start").exists()
    seen = subprocess.run(
        [venv / "bin" / "tool"], env={}, capture_output=True, text=True, check=True
    )
    assert json.loads(seen.stdout)["effects"] >= 1  # CPython's site reads a venv's .pth files twice
    assert lab.place.run(*words, "--check", cwd=project, variables=variables).returncode == 0
    empty = make_project(tmp_path / "empty", [])
    done = lab.place.run(*words, "--exact", cwd=empty, variables=variables)
    assert done.returncode == 0, done.stderr
    left = snapshot(venv, times=False).keys() - before.keys()
    state = f"lib/python{minor_of(python)}/site-packages/.siteroot.json"
    assert {path for path in left if "__pycache__" not in path} == {state}
