"""`build-constraint-dependencies` with hashes, `--require-build-hashes`, and whose code may run before its hash is known."""

import hashlib
from pathlib import Path

import pytest

from support.desk import Desk, make_desk
from support.sdists import BACKEND, source_files, write_sdist
from support.source_projects import make_source_project, sdist_entry
from support.wheels import build_wheel

BUILT_BY_ANOTHER = """\
[build-system]
requires = ["my-backend"]
build-backend = "my_backend"
[project]
name = "inner-app"
version = "1.0"
"""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return make_desk(tmp_path / "home")


@pytest.fixture
def index(tmp_path: Path) -> Path:
    """Return a folder with two versions of a backend, which needs a `helper`."""
    folder = tmp_path / "index"
    folder.mkdir()
    build_wheel(folder, "helper", "1.0", {"helper.py": ""})
    for version in ("1.0", "2.0"):
        backend = BACKEND.replace(
            "    return _write(wheel_directory, files)\n",
            f"    files['by.py'] = b'V = {version}'\n    return _write(wheel_directory, files)\n",
        )
        build_wheel(
            *(folder, "my-backend", version, {"my_backend.py": backend}), requires=("helper",)
        )
    return folder


def sha256(path: Path) -> str:
    return f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"


def constraint(text: str, path: Path | None) -> str:
    digest = f"sha256:{'0' * 64}" if path is None else sha256(path)
    return f'{{ requirement = "{text}", hashes = ["{digest}"] }}'


def constrained(tmp_path: Path, index: Path, *constraints: str) -> Path:
    files = source_files() | {"pyproject.toml": BUILT_BY_ANOTHER}
    archive = write_sdist(tmp_path / "inner_app-1.0.tar.gz", files)
    project = make_source_project(tmp_path / "app", [sdist_entry("inner-app", archive)])
    with (project / "pyproject.toml").open("a") as file:
        file.write(f'[[tool.uv.index]]\nurl = "{index}"\nformat = "flat"\ndefault = true\n')
        file.write(f"[tool.uv]\nbuild-constraint-dependencies = [{', '.join(constraints)}]\n")
    return project


def test_a_build_constraint_with_hashes_bounds_the_version_and_the_file(
    tmp_path: Path, desk: Desk, index: Path
) -> None:
    wheel = index / "my_backend-1.0-py3-none-any.whl"
    project = constrained(tmp_path, index, constraint("my-backend==1.0", wheel))
    desk.synced("--target", "pkgs", cwd=project)
    assert (project / "pkgs" / "by.py").read_text() == "V = 1.0"


def test_a_backend_of_another_hash_never_runs(tmp_path: Path, desk: Desk, index: Path) -> None:
    project = constrained(tmp_path, index, constraint("my-backend==1.0", None))
    done = desk.sync("--target", "pkgs", cwd=project)
    assert done.code == 1
    assert "none of the" in done.err
    assert "it is needed to build inner-app==1.0" in done.err
    assert not (project / "pkgs").exists()


@pytest.mark.parametrize("way", ["flag", "setting"])
def test_every_hash_can_be_required(tmp_path: Path, desk: Desk, index: Path, way: str) -> None:
    backend = constraint("my-backend==1.0", index / "my_backend-1.0-py3-none-any.whl")
    words = ["--require-build-hashes"] if way == "flag" else []
    for more, code in (("helper", 1), (constraint("helper", index / "helper-1.0-py3-none-any.whl"), 0)):  # fmt: skip
        project = constrained(tmp_path, index, backend, more if code == 0 else f'"{more}"')
        if way == "setting":
            with (project / "pyproject.toml").open("a") as file:
                file.write("require-build-hashes = true\n")
        done = desk.sync("--target", "pkgs", *words, cwd=project)
        assert done.code == code, done.err
        assert ("no trusted hash was provided for: `helper`" in done.err) is bool(code)
        assert (project / "pkgs").exists() is not bool(code)


def test_a_build_constraint_that_is_none_is_told(tmp_path: Path, desk: Desk, index: Path) -> None:
    project = constrained(tmp_path, index, '"my backend ="')
    done = desk.sync("--target", "pkgs", cwd=project)
    assert done.code == 2
    assert "'my backend =' is no requirement" in done.err


@pytest.mark.parametrize("required", [False, True])
def test_no_code_of_an_sdist_runs_whose_hash_is_not_the_one_that_was_asked_for(
    tmp_path: Path, desk: Desk, *, required: bool
) -> None:
    """An sdist that is read by building it is built before anything is chosen."""
    ran = tmp_path / "ran"
    files = source_files(backend=f"open({str(ran)!r}, 'w').close()\n{BACKEND}")
    del files["PKG-INFO"]
    files["pyproject.toml"] += 'dynamic = ["dependencies"]\n'
    (tmp_path / "index").mkdir()
    write_sdist(tmp_path / "index" / "inner_app-1.0.tar.gz", files)
    asked = tmp_path / "asked.txt"
    asked.write_text(f"inner-app==1.0 --hash=sha256:{'0' * 64}\n")
    words = ["--require-hashes"] if required else []
    done = desk.run(
        *("pip", "install", "--target", "pkgs", "--no-index", "--find-links", "index", *words),
        *("--cache-dir", desk.home / "cache", "-r", asked),
        cwd=tmp_path,
    )
    assert done.code == 1, done.err
    assert "has none of the sha256 digests that are allowed" in done.err
    assert not ran.exists()
