"""ROOT.md 6, "Checked": from its first line on siteroot imports nothing from PYTHONPATH, the user site or the cwd."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.command import Place, make_place, plain_variables

#: Modules that siteroot, its libraries or the standard library's import; json and rich only late.
_BAIT = (
    "json",
    "rich",
    "packaging",
    "siteroot",
    "argparse",
    "dataclasses",
    "platformdirs",
    "signal",
)


@pytest.fixture(scope="module", name="place")
def _place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return make_place(tmp_path_factory.mktemp("place") / "siteroot place")


def _bait(folder: Path) -> Path:
    """Return a folder of modules that leave a trace when one is imported, and fail."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in _BAIT:
        if (folder / name).exists():  # the script, in its own folder
            continue
        trap = (
            f"open({str(folder / 'sprung')!r}, 'a').write({name!r}); raise RuntimeError({name!r})\n"
        )
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text(trap)
    return folder


def _assert_untouched(result: subprocess.CompletedProcess[str], bait: Path) -> None:
    assert result.returncode == 0, result.stderr
    assert not (bait / "sprung").exists(), (bait / "sprung").read_text()


def test_a_root_on_pythonpath_is_never_imported_from(place: Place, tmp_path: Path) -> None:
    bait = _bait(tmp_path / "pkgs")
    for pythonpath in (
        str(bait),
        "pkgs",
        "pkgs/",
        f"{os.pathsep}pkgs",
        str(tmp_path / "." / "pkgs"),
    ):
        result = place.run("cache", "dir", cwd=tmp_path, variables={"PYTHONPATH": pythonpath})
        _assert_untouched(result, bait)


def test_a_root_on_pythonpath_is_asked_where_the_script_does_not_clean(tmp_path: Path) -> None:
    """The bait works: without the script's first lines it would be sprung."""
    bait = _bait(tmp_path / "pkgs")
    command = [sys.executable, "-c", "import siteroot"]
    variables = plain_variables(tmp_path, {"PYTHONPATH": str(bait)})
    assert subprocess.run(command, env=variables, capture_output=True, check=False).returncode == 1
    assert (bait / "sprung").read_text() == "siteroot"


def test_the_current_folder_is_never_imported_from(place: Place, tmp_path: Path) -> None:
    bait = _bait(tmp_path / "project")
    _assert_untouched(place.run("cache", "dir", cwd=bait), bait)
    _assert_untouched(place.run("cache", "dir", cwd=bait, variables={"PYTHONPATH": "."}), bait)


def test_the_folder_of_the_script_is_never_imported_from(tmp_path: Path) -> None:
    place = make_place(tmp_path / "place")
    bait = _bait(place.folder / "bin")
    _assert_untouched(place.run("cache", "dir", cwd=tmp_path), bait)


def test_the_user_site_is_never_imported_from(place: Place, tmp_path: Path) -> None:
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    bait = _bait(tmp_path / "base" / "lib" / version / "site-packages")
    result = place.run(
        "cache", "dir", cwd=tmp_path, variables={"PYTHONUSERBASE": str(tmp_path / "base")}
    )
    _assert_untouched(result, bait)


def test_the_place_itself_may_stand_on_pythonpath(place: Place, tmp_path: Path) -> None:
    result = place.run("--version", cwd=tmp_path, variables={"PYTHONPATH": str(place.folder)})
    assert (result.returncode, result.stderr) == (0, "")


def test_a_link_to_the_script_finds_the_place(place: Place, tmp_path: Path) -> None:
    link = tmp_path / "anywhere" / "siteroot"
    link.parent.mkdir()
    link.symlink_to(place.script)
    result = subprocess.run(
        [sys.executable, str(link), "cache", "dir"],
        env=plain_variables(tmp_path),
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    assert (result.returncode, result.stderr) == (0, b"")


@pytest.mark.parametrize("flags", [("-I",), ("-S",), ("-I", "-S"), ("-P",)])
def test_it_starts_under_the_interpreters_own_fences(
    place: Place, tmp_path: Path, flags: tuple[str, ...]
) -> None:
    result = place.run("cache", "dir", cwd=tmp_path, python=(sys.executable, *flags))
    assert (result.returncode, result.stderr) == (0, "")


def test_python_m_goes_on_without_pythonpath_and_the_current_folder(
    place: Place, tmp_path: Path
) -> None:
    """Weaker than the command: siteroot itself was found on the path as it was."""
    bait = _bait(tmp_path / "pkgs")
    variables = plain_variables(
        tmp_path, {"PYTHONPATH": os.pathsep.join((str(place.folder), str(bait)))}
    )
    result = subprocess.run(
        [sys.executable, "-m", "siteroot", "cache", "dir"],
        env=variables,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    _assert_untouched(result, bait)


def test_the_version_costs_hardly_more_than_the_interpreter(place: Place, tmp_path: Path) -> None:
    """DESIGN.md 5: import time is part of the product."""
    result = place.run(
        "--version", cwd=tmp_path, python=(sys.executable, "-I", "-S", "-X", "importtime")
    )
    loaded = {line.rpartition("|")[2].strip() for line in result.stderr.splitlines()}
    assert result.stdout.startswith("siteroot ")
    assert loaded.isdisjoint({"argparse", "dataclasses", "typing", "re", "json", "pathlib", "enum"})
    assert {name for name in loaded if name.startswith("siteroot")} == {
        "siteroot",
        "siteroot.cli",
        "siteroot.cli.main",
        "siteroot.cli.streams",
    }


def test_a_mistake_loads_nothing_heavy(place: Place, tmp_path: Path) -> None:
    flags = (sys.executable, "-I", "-S", "-X", "importtime")
    result = place.run("sync", "--frozn", cwd=tmp_path, python=flags)
    loaded = {line.rpartition("|")[2].strip() for line in result.stderr.splitlines()}
    assert "argparse" in loaded
    assert not {
        name for name in loaded if name.partition(".")[0] in ("packaging", "rich", "urllib3")
    }
    starter = {f"siteroot.workflows{name}" for name in ("", ".memo", ".replay", ".trail")}
    assert {name for name in loaded if name.startswith("siteroot.workflows")} <= starter


@pytest.mark.parametrize("gone", ["siteroot/project/discover.py", "packaging"])
def test_a_siteroot_that_is_half_there_says_so(place: Place, tmp_path: Path, gone: str) -> None:
    half = tmp_path / "half"
    shutil.copytree(place.folder, half)
    path = half / gone
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    done = Place(half).run("sync", "--frozen", cwd=tmp_path, python=(sys.executable, "-S"))
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: {half}: siteroot is not whole there: No module named ")
    assert "hint: " in done.stderr
    assert "Traceback" not in done.stderr
