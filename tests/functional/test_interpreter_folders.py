"""An environment's folders that others use too: their times, and what a removal leaves of them (ROOT.md 4)."""

import subprocess
import time
from pathlib import Path

import pytest

from support.interpreters import need_pythons
from support.launching import Lab, make_lab, minor_of
from support.projects import make_project
from support.trees import describe_difference, snapshot
from support.wheels import build_wheel

#: Before it lie all derived times.
DERIVED_BEFORE = 883_612_800


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    return make_lab(tmp_path_factory.mktemp("lab"))


@pytest.fixture(scope="module")
def projects(lab: Lab) -> dict[str, Path]:
    folder = lab.folder / "wheels"
    folder.mkdir()
    data = {"headers/demo.h": "", "data/share/demo/one": "", "data/share/man/man1/demo.1": ""}
    words = "[console_scripts]\ndemo = demo:main\n"
    one = build_wheel(
        folder,
        "demo",
        "1.0",
        {"demo/__init__.py": "1", "demo/old.py": ""},
        data=data,
        entry_points=words,
    )
    files = {"demo/__init__.py": "2", "shared/two.py": ""}
    two = build_wheel(
        folder, "demo", "2.0", files, data={"data/share/man/man1/demo2.1": ""}, entry_points=words
    )
    return {
        name: make_project(lab.folder / name, wheels)
        for name, wheels in {"one": [one], "two": [two], "none": []}.items()
    }


@pytest.fixture
def venv(tmp_path: Path) -> Path:
    venv = tmp_path / "venv"
    subprocess.run([need_pythons(1)[0], "-I", "-m", "venv", "--without-pip", str(venv)], check=True)
    return venv


def sync(lab: Lab, project: Path, venv: Path, *words: str) -> str:
    done = lab.place.run(
        *("sync", "--frozen", "--active", "--cache-dir", str(lab.folder / "cache"), *words),
        cwd=project,
        variables={"VIRTUAL_ENV": str(venv)},
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


def library_of(venv: Path) -> Path:
    return venv / "lib" / f"python{minor_of(need_pythons(1)[0])}" / "site-packages"


def is_derived(folder: Path) -> bool:
    return folder.stat().st_mtime < DERIVED_BEFORE


def test_4_folders_that_hold_others_files_keep_the_clocks_time(
    lab: Lab, projects: dict[str, Path], venv: Path
) -> None:
    """What goes by them (an index of man pages, an interpreter that runs) sees that they changed."""
    library = library_of(venv)
    theirs = [venv / "share/man/man1/theirs.1", library / "shared/theirs.py", library / "theirs.py"]
    for path in theirs:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    shared = [venv / "bin", venv / "share/man/man1", library]
    for name in ("one", "two", "one"):
        before = {folder: folder.stat().st_mtime_ns for folder in shared}
        time.sleep(0.01)
        sync(lab, projects[name], venv)
        for folder in (venv, venv / "include", *shared):
            assert not is_derived(folder), folder
        for folder in shared[1:]:
            assert folder.stat().st_mtime_ns > before[folder]
        assert is_derived(library / "demo")
        assert [is_derived(info) for info in library.glob("*.dist-info")] == [True]
        assert sync(lab, projects[name], venv).splitlines()[-1].startswith("Checked")
    assert is_derived(venv / "share/demo")
    sync(lab, projects["two"], venv)
    assert not is_derived(library / "shared")
    assert all(path.exists() for path in theirs)


def test_4_folders_of_its_own_are_the_same_in_every_environment(
    lab: Lab, projects: dict[str, Path], venv: Path, tmp_path: Path
) -> None:
    """Also where an interpreter has written bytecode meanwhile."""
    fresh = tmp_path / "fresh"
    subprocess.run(["cp", "-a", str(venv), str(fresh)], check=True)
    sync(lab, projects["one"], venv)
    subprocess.run([str(venv / "bin/python"), "-I", "-c", "import demo"], check=True)
    sync(lab, projects["two"], venv)
    sync(lab, projects["two"], fresh)
    library = library_of(Path())
    mine, theirs = snapshot(venv / library / "demo"), snapshot(fresh / library / "demo")
    assert describe_difference(mine, theirs) == []
    assert is_derived(venv / library)  # nothing but siteroot's lies in it
    assert is_derived(fresh / library)


def test_4_what_a_removal_empties_goes_and_the_environments_own_stays(
    lab: Lab, projects: dict[str, Path], venv: Path
) -> None:
    before = snapshot(venv, times=False)
    sync(lab, projects["one"], venv)
    assert list((venv / "include/site").rglob("demo.h"))
    sync(lab, projects["none"], venv, "--exact")
    state = str(library_of(Path()) / ".siteroot.json")
    after = snapshot(venv, times=False)
    assert after.pop(state)
    assert describe_difference(after, before) == []
    assert sync(lab, projects["none"], venv, "--exact", "--check")


def test_4_no_settling_where_pip_has_put_something(
    lab: Lab, projects: dict[str, Path], venv: Path
) -> None:
    """A distribution of others in site-packages, with a RECORD."""
    info = library_of(venv) / "theirs-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1.0\n")
    (info / "RECORD").write_text(
        "theirs.py,,\ntheirs-1.0.dist-info/METADATA,,\ntheirs-1.0.dist-info/RECORD,,\n"
    )
    (library_of(venv) / "theirs.py").write_text("")
    sync(lab, projects["one"], venv)
    assert not is_derived(library_of(venv))
    for _ in range(2):
        before = snapshot(venv)
        assert sync(lab, projects["one"], venv).splitlines()[-1].startswith("Checked")
        assert snapshot(venv) == before
    assert info.exists()


def test_2_data_between_the_prefix_and_the_modules_comes_and_goes(
    lab: Lab, projects: dict[str, Path], venv: Path
) -> None:
    """As wheels with shared libraries bring it (tbb): `lib/x.so` beside `lib/pythonX.Y`."""
    own = f"lib/{library_of(venv).parent.name}"
    paths = ["lib/libdemo.so", "lib/pkgconfig/demo.pc", f"{own}/demo_sub/x.py", f"{own}/x.py"]
    wheels = lab.folder / "between"
    wheels.mkdir()
    brought = {f"data/{path}": path for path in paths}
    wheel = build_wheel(wheels, "demo", "1.0", {"demo.py": ""}, data=brought)
    project = make_project(lab.folder / "between-project", [wheel])
    before = snapshot(venv)
    sync(lab, project, venv)
    assert {path: (venv / path).read_text() for path in paths} == dict(
        zip(paths, paths, strict=True)
    )
    sync(lab, project, venv, "--check", "--verify")
    (venv / paths[0]).unlink()
    sync(lab, project, venv)
    assert (venv / paths[0]).read_text() == paths[0]
    sync(lab, projects["none"], venv, "--exact")
    left = {*snapshot(venv)} - {*before}
    assert {path for path in left if not path.endswith(".siteroot.json")} == set()
