"""Every build backend that people use, from a small tree, beside a root that lies in that tree."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from siteroot.model.outcome import SyncOutcome
from siteroot.store.collect import prune_cache
from support.backend_trees import TREES, WHEELS
from support.sdists import write_tree
from support.source_projects import make_source_project, wheel_entry
from support.wheel_folder import WheelFolder, download_wheels, sync_with
from support.wheels import build_wheel

pytestmark = [pytest.mark.index, pytest.mark.slow]

NEEDED = {"maturin": "cargo", "scikit-build-core": "gcc", "meson-python": "gcc"}


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> WheelFolder:
    kept = os.environ.get("SITEROOT_TEST_WHEELS")
    return WheelFolder(
        Path(kept) if kept else download_wheels(tmp_path_factory.mktemp("wheels"), *WHEELS)
    )


@pytest.fixture(params=TREES)
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    backend: str = request.param
    if (tool := NEEDED.get(backend)) and shutil.which(tool) is None:
        pytest.skip(f"there is no {tool} on PATH")
    return make_tree(tmp_path / "tree", backend)


def make_tree(folder: Path, backend: str) -> Path:
    make_source_project(folder, [], itself='editable = "."')
    if "pyproject.toml" not in TREES[backend]:
        # uv.lock has to belong to a project: the old kind is a dependency of one
        make_source_project(folder, [], itself='virtual = "."')
        lock = (folder / "uv.lock").read_text()
        lock = lock.replace('name = "app"', 'name = "host"').replace(
            "dependencies = []", 'dependencies = [{ name = "app" }]'
        )
        lock += '\n[[package]]\nname = "app"\nversion = "1.0"\nsource = { editable = "lib" }\n'
        (folder / "uv.lock").write_text(lock)
        text = (folder / "pyproject.toml").read_text().replace('"app"', '"host"')
        (folder / "pyproject.toml").write_text(
            text.replace("dependencies = []", 'dependencies = ["app"]')
        )
        write_tree(folder / "lib", TREES[backend])
        return folder
    return write_tree(folder, TREES[backend])


def imported(root: Path, cwd: Path) -> str:
    ran = subprocess.run(
        [sys.executable, "-c", "import app; print(app.VALUE, app.__file__)"],
        cwd=cwd,
        env={"PYTHONPATH": str(root), "PATH": os.defpath},
        capture_output=True,
        text=True,
        check=False,
    )
    return ran.stdout.strip() or ran.stderr


def entry(root: Path) -> dict[str, Any]:
    state = json.loads((root / ".siteroot.json").read_text())
    found: dict[str, Any] = state["distributions"]["app"]
    return found


def test_a_copy_is_the_same_wheel_whether_or_not_a_root_lies_in_the_tree(
    tmp_path: Path, project: Path, wheels: WheelFolder
) -> None:
    def copy(target: Path, home: str) -> SyncOutcome:
        return sync_with(
            wheels, "--no-editable", "--target", target, cwd=project, home=tmp_path / home
        )

    copy(tmp_path / "outside", "one")
    copy(project / "pkgs", "two")
    if not (project / "Cargo.toml").exists():
        assert imported(project / "pkgs", tmp_path) == f"1 {project}/pkgs/app/__init__.py"
    copy(project / "pkgs", "three")
    if (project / "Cargo.toml").exists():
        return  # what cargo makes hangs on where its tree lies
    assert entry(project / "pkgs")["digests"] == entry(tmp_path / "outside")["digests"]


# maturin's tree is a program of its own: nothing in it is imported
@pytest.mark.parametrize("project", [tree for tree in TREES if tree != "maturin"], indirect=True)
def test_an_editable_imports_from_its_sources(
    tmp_path: Path, project: Path, wheels: WheelFolder
) -> None:
    tree = project / "lib" if (project / "lib").exists() else project
    home = tmp_path / "home"
    sync_with(wheels, "--target", project / "pkgs", cwd=project, home=home)
    assert imported(project / "pkgs", tmp_path).startswith("1 ")
    (module,) = (path for path in tree.rglob("app/__init__.py") if "pkgs" not in path.parts)
    module.write_text("VALUE = 22\n")
    assert imported(project / "pkgs", tmp_path).startswith("22 ")
    sync_with(wheels, "--target", project / "pkgs", "--reinstall", cwd=project, home=home)
    assert imported(project / "pkgs", tmp_path).startswith("22 ")


@pytest.mark.parametrize("module", ["app/__init__.py", "app.py"])
def test_a_root_that_is_the_projects_own_folder_is_no_package_of_an_editable(
    tmp_path: Path, wheels: WheelFolder, module: str
) -> None:
    dep = build_wheel(tmp_path, "dep", "1.0", {"dep/__init__.py": "", "also.py": ""})
    project = make_source_project(tmp_path / "app", [wheel_entry(dep)], itself='editable = "."')
    pyproject = TREES["setuptools"]["pyproject.toml"]
    write_tree(project, {"pyproject.toml": pyproject, module: "VALUE = 1\n"})
    for words in ((), ("--reinstall",)):
        sync_with(wheels, "--target", ".", *words, cwd=project, home=tmp_path / "home")
        assert imported(project, tmp_path) == f"1 {project / module}"
    names = (project / "app-1.0.dist-info" / "top_level.txt").read_text().split()
    assert names == ["app"]


def test_an_editable_that_is_rebuilt_when_it_is_imported_keeps_its_build_root(
    tmp_path: Path, wheels: WheelFolder
) -> None:
    tools = tmp_path / "tools"  # a PATH without ninja, which the build root has to bring then
    tools.mkdir()
    for tool in ("cc", "gcc", "as", "ld", "ar", "strip", "sh"):
        if (found := shutil.which(tool)) is None:
            pytest.skip(f"there is no {tool} on PATH")
        (tools / tool).symlink_to(found)
    project = make_tree(tmp_path / "tree", "meson-python")
    home = tmp_path / "home"

    def synced() -> None:
        sync_with(
            *(wheels, "--target", project / "pkgs"),
            cwd=project,
            home=home,
            variables={"PATH": str(tools), "UV_PYTHON": sys.executable},
        )

    def value() -> str:
        ran = subprocess.run(
            [sys.executable, "-c", "import app; print(app.VALUE)"],
            cwd=tmp_path,
            env={"PYTHONPATH": str(project / "pkgs"), "PATH": str(tools)},
            capture_output=True,
            text=True,
            check=False,
        )
        return ran.stdout.strip() or ran.stderr

    synced()
    kept = home / "cache" / "build-roots-v1"
    assert len(list(kept.iterdir())) == 1
    assert value() == "1"
    source = project / "ext.c"
    source.write_text(source.read_text().replace('"VALUE", 1', '"VALUE", 22'))
    assert value() == "22"
    assert prune_cache(str(home / "cache")).files == 0
    shutil.rmtree(kept)
    synced()
    assert value() == "22"
    shutil.rmtree(project / "pkgs")
    prune_cache(str(home / "cache"))
    assert list(kept.iterdir()) == []
