"""siteroot.pyz: one file, any CPython from 3.11 on, nothing installed, nothing imported from the caller's surroundings."""

import os
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from support.interpreters import real_pythons
from support.pyz import CHECKOUT, make_pyz

pytestmark = pytest.mark.index  # its dependencies are fetched when no earlier run of the tools has

WEBAPP = CHECKOUT / "examples" / "webapp"


@pytest.fixture(scope="module")
def pyz(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_pyz(tmp_path_factory.mktemp("pyz") / "siteroot.pyz")


def new_enough() -> list[str]:
    return [path for version, path in sorted(real_pythons().items()) if version >= (3, 11)]


def run(
    *command: str, cwd: Path, variables: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    kept = {
        name: os.environ[name]
        for name in ("PATH", "SSL_CERT_FILE", "HTTPS_PROXY", "UV_DEFAULT_INDEX")
        if name in os.environ
    }
    return subprocess.run(
        command,
        cwd=cwd,
        env={**kept, "HOME": str(cwd), **(variables or {})},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_the_same_checkout_gives_the_same_bytes(pyz: Path, tmp_path: Path) -> None:
    assert make_pyz(tmp_path / "again.pyz").read_bytes() == pyz.read_bytes()
    plain = [make_pyz(tmp_path / name, "--no-bytecode").read_bytes() for name in ("a", "b")]
    assert plain[0] == plain[1]
    assert len(plain[0]) < pyz.stat().st_size


def test_it_is_one_executable_file_of_pure_modules_that_names_no_folder_of_its_maker(
    pyz: Path,
) -> None:
    assert os.access(pyz, os.X_OK)
    with zipfile.ZipFile(pyz) as archive:
        assert archive.testzip() is None
        for name in archive.namelist():
            assert not name.endswith((".so", ".pyd", ".pth")), name
            content = archive.read(name)
            assert str(CHECKOUT).encode() not in content, name
            assert os.fsencode(os.path.dirname(os.__file__)) not in content, name
        assert archive.getinfo("__main__.py").compress_type == zipfile.ZIP_STORED


@pytest.mark.parametrize("python", new_enough())
def test_every_module_loads_from_the_archive_alone(pyz: Path, python: str, tmp_path: Path) -> None:
    code = (
        "import sys, pkgutil, importlib, inspect\n"
        f"sys.path[:] = [{str(pyz)!r} + '/lib'] + [p for p in sys.path if 'site-packages' not in p]\n"
        "import siteroot\n"
        "for found in pkgutil.walk_packages(siteroot.__path__, 'siteroot.'):\n"
        "    importlib.import_module(found.name)\n"
        "from siteroot.interpreter import probe_script\n"
        "assert 'def ' in inspect.getsource(probe_script)\n"
        "from installer.scripts import Script\n"
        "assert Script('x', 'x', 'x', 'gui').generate('python', 'win-arm64')[1][:2] == b'MZ'\n"
        "ours = {m.__file__ for n, m in sys.modules.items() if n.partition('.')[0] in\n"
        "        ('siteroot', 'packaging', 'installer', 'urllib3', 'rich', 'filelock')}\n"
        f"assert all(f and f.startswith({str(pyz)!r}) for f in ours), ours\n"
        "print(len(ours))\n"
    )
    ran = run(python, "-I", "-S", "-W", "error", "-c", code, cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert int(ran.stdout) > 100


@pytest.mark.parametrize("python", new_enough())
def test_a_real_project_is_synced_by_it_and_starts(pyz: Path, python: str, tmp_path: Path) -> None:
    root = tmp_path / "pkgs"
    cache = str(tmp_path.parent / "cache")  # one for all interpreters
    words = ["sync", "--frozen", "--no-install-project", "--no-dev", "--project", str(WEBAPP)]
    words += ["--cache-dir", cache, "--python", python, "--target", str(root)]
    synced = run(python, "-I", "-S", str(pyz), *words, cwd=tmp_path)
    assert synced.returncode == 0, synced.stderr
    assert " + fastapi==" in synced.stderr
    variables = {"PYTHONPATH": f"{WEBAPP / 'src'}{os.pathsep}{root}"}
    started = run(
        python,
        "-c",
        "import webapp.service as s; print(s.__file__)",
        cwd=tmp_path,
        variables=variables,
    )
    assert started.returncode == 0, started.stderr
    again = run(python, "-I", "-S", str(pyz), *words, cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    assert " + " not in again.stderr


@pytest.mark.parametrize("place", ["PYTHONPATH", "below the base prefix", "cwd", "user site"])
def test_nothing_is_imported_from_the_callers_surroundings(
    pyz: Path, place: str, tmp_path: Path
) -> None:
    traps = tmp_path / "traps"
    if place == "user site":
        version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
        traps = tmp_path / ".local" / "lib" / version / "site-packages"
    traps.mkdir(parents=True)
    # what siteroot imports first, what zipimport needs, and what libraries would use
    for name in (
        "siteroot",
        "zlib",
        "packaging",
        "installer",
        "argparse",
        "json",
        "tomllib",
        "isal",
    ):
        (traps / f"{name}.py").write_text(
            f"import os\nos.write(2, b'TRAP {name}\\n')\nos._exit(99)\n"
        )
    cwd, variables = tmp_path, {}
    if place == "PYTHONPATH":
        variables = {"PYTHONPATH": str(traps)}
    elif place == "below the base prefix":  # /usr/src/app/pkgs under Debian's Python
        variables = {"PYTHONPATH": "traps:lib-dynload"}
        traps.joinpath("lib-dynload").mkdir()
    elif place == "cwd":
        cwd, variables = traps, {"PYTHONPATH": ":"}
    lock = tmp_path / "project"
    lock.mkdir()
    (lock / "pyproject.toml").write_text('[project]\nname = "p"\nversion = "1"\n')
    (lock / "uv.lock").write_text(
        'version = 1\nrequires-python = ">=3.8"\n[[package]]\nname = "p"\nversion = "1"\nsource = { virtual = "." }\n'
    )
    words = ("sync", "--frozen", "--project", str(lock), "--target", str(tmp_path / "root"))
    cache = ("--cache-dir", str(tmp_path / "cache"))
    # the interpreter's own site may hold a .pth that imports before our first line: outside (ROOT.md 6)
    start = (sys.executable,) if place == "user site" else (sys.executable, "-S")
    ran = run(*start, str(pyz), *words, *cache, cwd=cwd, variables=variables)
    assert ran.returncode == 0, ran.stderr
    assert "TRAP" not in ran.stderr


def test_an_interpreter_that_is_too_old_is_told_so(pyz: Path, tmp_path: Path) -> None:
    old = [path for version, path in sorted(real_pythons().items()) if version < (3, 11)]
    if not old:
        pytest.skip("no Python older than 3.11 is here")
    for python in old:
        ran = run(python, str(pyz), "--version", cwd=tmp_path)
        assert ran.returncode == 2
        assert ran.stderr.count("\n") == 1
        assert "Python 3.11 or later" in ran.stderr
