"""Where a root goes and for which Python it is made, by flags, variables and settings (ROOT.md 1), through real syncs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.desk import Desk, make_desk
from support.flags import HERE, build_flag_wheels, parse_variables, write_project
from support.interpreters import need_pythons, real_pythons
from support.launching import minor_of
from support.projects import make_project
from support.wheels import build_wheel


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return build_flag_wheels(tmp_path_factory.mktemp("wheels"))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return make_desk(tmp_path / "home")


@pytest.fixture
def project(tmp_path: Path, wheels: dict[str, Path]) -> Path:
    return write_project(tmp_path / "project", wheels)


# -- where the root goes (ROOT.md 1)


PLACES = {
    "--target over all": ("--target f", "SITEROOT_TARGET=v UV_PROJECT_ENVIRONMENT=u", 'target = "s"', "f"),
    "--prefix": ("--prefix f", "SITEROOT_TARGET=v", 'target = "s"', "f/lib/pythonX/site-packages"),
    "--pypackages": ("--pypackages", "SITEROOT_TARGET=v", 'target = "s"', "__pypackages__/X/lib"),
    "SITEROOT_TARGET": ("", "SITEROOT_TARGET=v UV_PROJECT_ENVIRONMENT=u", 'target = "s"', "v"),
    "SITEROOT_PREFIX": ("", "SITEROOT_PREFIX=v", 'target = "s"', "v/lib/pythonX/site-packages"),
    "the target setting": ("", "UV_PROJECT_ENVIRONMENT=u", 'target = "s"', "s"),
    "the prefix setting": ("", "", 'prefix = "s"', "s/lib/pythonX/site-packages"),
    "the pypackages setting": ("", "UV_PROJECT_ENVIRONMENT=u", "pypackages = true", "__pypackages__/X/lib"),
    "UV_PROJECT_ENVIRONMENT": ("", "UV_PROJECT_ENVIRONMENT=u", "", "u"),
    "nothing said": ("", "", "", "__pypackages__/X/lib"),
    "--system picks the Python alone": ("--system --target f", "", "", "f"),
    "VIRTUAL_ENV is nothing without --active": ("", "VIRTUAL_ENV=v", "", "__pypackages__/X/lib"),
    "UV_SYSTEM_PYTHON is nothing": ("", "UV_SYSTEM_PYTHON=1", "", "__pypackages__/X/lib"),
}  # fmt: skip


@pytest.mark.parametrize("name", PLACES)
def test_1_where_the_root_goes(
    desk: Desk, tmp_path: Path, wheels: dict[str, Path], name: str
) -> None:
    words, variables, settings, place = PLACES[name]
    project = write_project(tmp_path / "project", wheels, f"[tool.siteroot]\n{settings}")
    done = desk.synced(
        *HERE, "-v", *words.split(), cwd=project, variables=parse_variables(variables)
    )
    folder = project / place.replace("X", minor_of(sys.executable))
    assert (folder / "base.py").is_file(), done.err
    assert "root: " in done.err  # says what was chosen, and why
    if place == "u":
        assert "warning: UV_PROJECT_ENVIRONMENT" in done.err
    if "__pypackages__" in place:
        assert (folder.parent / ".gitignore").read_text().strip() == "*"


def _venv(folder: Path) -> Path:
    command = [need_pythons(1)[0], "-I", "-m", "venv", "--without-pip", str(folder)]
    subprocess.run(command, check=True)
    (library,) = (folder / "lib").glob("python*/site-packages")
    return library


@pytest.mark.parametrize(
    ("words", "variable"), [("--active", "VIRTUAL_ENV"), ("", "UV_PROJECT_ENVIRONMENT")]
)
def test_1_an_environment(
    desk: Desk, project: Path, tmp_path: Path, words: str, variable: str
) -> None:
    library = _venv(tmp_path / "env")
    given = {variable: str(tmp_path / "env")}
    done = desk.synced(*words.split(), "--output-format", "json", cwd=project, variables=given)
    assert (library / "base.py").is_file()
    assert done.document["sync"]["environment"]["layout"] == "interpreter"


def test_1_system_is_the_chosen_pythons_site_packages(
    desk: Desk, project: Path, tmp_path: Path
) -> None:
    """A venv's interpreter stands for one that nobody minds being changed."""
    library = _venv(tmp_path / "env")
    desk.synced("--system", "--python", tmp_path / "env" / "bin" / "python", cwd=project)
    assert (library / "base.py").is_file()


def _managed() -> str:
    for python in real_pythons().values():
        code = "import sysconfig; print(sysconfig.get_path('stdlib'))"
        asked = subprocess.run(
            [python, "-I", "-c", code], capture_output=True, text=True, check=True
        )
        if os.path.exists(os.path.join(asked.stdout.strip(), "EXTERNALLY-MANAGED")):
            return python
    if os.path.exists("/usr/bin/python3") and list(
        Path("/usr/lib").glob("python3*/EXTERNALLY-MANAGED")
    ):
        return "/usr/bin/python3"
    pytest.skip("needs a Python that its system manages")


def test_1_an_externally_managed_python_is_refused_with_its_own_text(
    desk: Desk, project: Path, tmp_path: Path
) -> None:
    python = _managed()
    done = desk.sync("--system", "--python", python, cwd=project)
    assert done.code == 2
    assert "externally managed" in done.err
    assert "--break-system-packages" in done.err
    for way in (("--break-system-packages",), ()):
        given = {} if way else {"UV_BREAK_SYSTEM_PACKAGES": "1"}
        dry = desk.sync("--system", "--python", python, *way, "--dry-run", cwd=project, variables=given)  # fmt: skip
        assert dry.code == 0, dry.err
    desk.synced("--target", tmp_path / "root", "--python", python, cwd=project)


def _make_debian(prefix: Path) -> None:
    """What siteroot sees of a Python whose distributions lie apart from its standard library, as Debian's."""
    for name in ("bin/python3", "lib/python3.11/os.py", "lib/python3.11/site.py"):
        path = prefix / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (prefix / "lib/python3/dist-packages").mkdir(parents=True)


@pytest.mark.parametrize(
    "place",
    ["", "lib/python3.11", "lib/python3.11/site-packages", "lib/python3/dist-packages"],
)
@pytest.mark.parametrize("word", ["--target", "--prefix"])
def test_1_an_interpreters_own_folders_are_refused(
    desk: Desk, project: Path, tmp_path: Path, place: str, word: str
) -> None:
    """Whichever Python is chosen, and whatever flags are said."""
    _make_debian(tmp_path / "debian")
    folder = tmp_path / "debian" / place
    done = desk.sync(*HERE, word, folder, "--dry-run", "--exact", "--overwrite", cwd=project)
    assert done.code == 2
    assert f"{folder}: is an interpreter's own" in done.err
    assert "give" in done.err


@pytest.mark.parametrize("place", ["usr/lib/python3/dist-packages", "usr"])
def test_1_a_root_in_an_interpreters_shape_is_no_interpreters(
    desk: Desk, project: Path, tmp_path: Path, place: str
) -> None:
    """As makers of Debian's packages and of layers fill one."""
    (tmp_path / place).mkdir(parents=True)
    desk.synced(*HERE, "--target", tmp_path / place, cwd=project)


def test_1_all_folders_that_the_chosen_python_imports_from_are_refused(
    desk: Desk, project: Path
) -> None:
    asked = [
        sys.executable,
        "-I",
        "-c",
        "import site, sys; print(sys.prefix, *site.getsitepackages())",
    ]
    for folder in subprocess.run(asked, capture_output=True, text=True, check=True).stdout.split():
        done = desk.sync(*HERE, "--target", folder, "--dry-run", "--overwrite", cwd=project)
        assert (done.code, "is an interpreter's own" in done.err) == (2, True), done.err


# -- for which Python


def test_a_python_that_is_not_here(desk: Desk, tmp_path: Path) -> None:
    tags = ("py3-none-any", "cp314-cp314-manylinux_2_28_aarch64", "cp314-cp314-win_amd64")
    wheels = [build_wheel(tmp_path, "base", "1.0", tag=tag) for tag in tags]
    project = make_project(tmp_path / "project", wheels)
    root = tmp_path / "root"
    named = ("--python-version", "3.14", "--python-platform", "aarch64-manylinux_2_28")
    done = desk.synced(*named, "--target", root, "--output-format", "json", cwd=project)
    assert done.document["sync"]["environment"]["python"]["version"].startswith("3.14")
    wheel = (root / "base-1.0.dist-info" / "WHEEL").read_text()
    assert "manylinux_2_28_aarch64" in wheel


def test_the_pinned_python(desk: Desk, project: Path, tmp_path: Path) -> None:
    older, newer = need_pythons(2)
    path = {"PATH": os.pathsep.join(map(os.path.dirname, (newer, older)))}

    def version(*words: str | Path, **variables: str) -> str:
        plain = ("--target", tmp_path / "root", "--dry-run", "--output-format", "json")
        done = desk.synced(*plain, *words, cwd=project, variables={**path, **variables})
        text: str = done.document["sync"]["environment"]["python"]["version"]
        return ".".join(text.split(".")[:2])

    (project / ".python-version").write_text(f"{minor_of(older)}\n")
    assert version() == minor_of(older)
    assert version(UV_PYTHON=minor_of(newer)) == minor_of(newer)
    assert version("--python", newer, UV_PYTHON=older) == minor_of(newer)
    (project / ".python-version").write_text(f"{minor_of(newer)}\n")
    assert version() == minor_of(newer)
