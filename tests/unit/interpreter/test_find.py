import os
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

from siteroot.errors import TargetError
from siteroot.interpreter.find import (
    Found,
    NotFound,
    Place,
    Preference,
    PythonNotFoundError,
    Surroundings,
    executable_names,
    find_interpreter,
)
from siteroot.interpreter.probe import BrokenInterpreterError
from siteroot.interpreter.requests import VersionRequest, parse_request
from support.interpreters import need_pythons, real_pythons


class Machine:
    """A made-up machine: folders of a search path, of managed installations and of pyenv, linked to real Pythons."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path: list[str] = []
        self.running = str(folder / "no-such-python")
        self.preference = Preference.MANAGED
        self.variables: dict[str, str] = {}

    def link(self, name: str, python: str) -> str:
        place = self.folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(python)
        return str(place)

    def on_path(self, name: str, python: str) -> str:
        folder = str(self.folder / os.path.dirname(name))
        if folder not in self.path:
            self.path.append(folder)
        return self.link(name, python)

    def fake(self, name: str, *lines: str) -> str:
        place = self.folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("#!/bin/sh\n" + "\n".join(lines) + "\n")
        place.chmod(0o755)
        folder = str(place.parent)
        if folder not in self.path:
            self.path.append(folder)
        return str(place)

    def find(self, request: str | None, requires_python: str | None = None) -> Found | NotFound:
        surroundings = Surroundings(
            folder=str(self.folder),
            variables={
                "PATH": os.pathsep.join(
                    ["relative/bin", "", str(self.folder / "gone"), *self.path]
                ),
                "HOME": str(self.folder / "home"),
                "PYENV_ROOT": str(self.folder / "pyenv"),
                **self.variables,
            },
            running=self.running,
            cache_folder=str(self.folder / "cache"),
            preference=self.preference,
        )
        requires = None if requires_python is None else SpecifierSet(requires_python)
        return find_interpreter(request, requires, surroundings)

    def found(self, request: str | None, requires_python: str | None = None) -> tuple[str, Place]:
        result = self.find(request, requires_python)
        assert isinstance(result, Found), result
        assert result.target.interpreter is not None
        return result.target.interpreter.executable, result.place

    def missing(self, request: str | None, requires_python: str | None = None) -> NotFound:
        result = self.find(request, requires_python)
        assert isinstance(result, NotFound), result
        return result


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def version_of(path: str) -> str:
    return next(
        f"{major}.{minor}" for (major, minor), python in real_pythons().items() if python == path
    )


MANAGED = "home/.local/share/uv/python"


def manage(machine: Machine, python: str, patch: int, suffix: str = "") -> str:
    short = version_of(python)
    name = f"{MANAGED}/cpython-{short}.{patch}{suffix}-linux-x86_64-gnu/bin/python{short}"
    return machine.link(name, python)


# -- order ----------------------------------------------------------------------------------------------------------


def test_managed_installations_come_first_and_the_newest_of_them(machine: Machine) -> None:
    old, new = need_pythons(2)
    machine.on_path("bin/python3", old)
    manage(machine, old, 1)
    newest = manage(machine, new, 1)
    assert machine.found(None) == (newest, Place.MANAGED)
    assert machine.found(version_of(old))[1] is Place.MANAGED


def test_the_preference_moves_the_managed_ones(machine: Machine) -> None:
    old, new = need_pythons(2)
    on_path = machine.on_path("bin/python3", old)
    managed = manage(machine, new, 1)
    machine.preference = Preference.SYSTEM
    assert machine.found(None) == (on_path, Place.SEARCH_PATH)
    assert machine.found(version_of(new)) == (managed, Place.MANAGED)
    machine.preference = Preference.ONLY_SYSTEM
    machine.missing(version_of(new))
    machine.preference = Preference.ONLY_MANAGED
    machine.missing(version_of(old))


def test_the_search_path_goes_before_the_name_and_the_telling_name_first(machine: Machine) -> None:
    old, new = need_pythons(2)
    short = version_of(new)
    machine.on_path("one/python", old)
    second = machine.on_path("two/python3", new)
    machine.on_path("three/python" + short, new)
    assert machine.found(short) == (second, Place.SEARCH_PATH)
    telling = machine.link("two/python" + short, new)
    assert machine.found(short) == (telling, Place.SEARCH_PATH)


def test_with_no_request_the_first_that_satisfies_requires_python(machine: Machine) -> None:
    old, new = need_pythons(2)
    first = machine.on_path("one/python3", old)
    telling = machine.link(f"one/python{version_of(new)}", new)
    assert machine.found(None, ">=3.8") == (first, Place.SEARCH_PATH)
    assert machine.found(None, f">={version_of(new)}") == (telling, Place.SEARCH_PATH)
    assert machine.found(None, f"=={version_of(new)}.*") == (telling, Place.SEARCH_PATH)


def test_a_request_is_not_bound_by_requires_python(machine: Machine) -> None:
    old, _ = need_pythons(2)
    python = machine.on_path("bin/python3", old)
    assert machine.found(version_of(old), ">=3.90") == (python, Place.SEARCH_PATH)


def test_a_shim_that_answers_for_another_version_is_passed_over_for_pyenvs_own(
    machine: Machine,
) -> None:
    old, new = need_pythons(2)
    short = version_of(new)
    machine.fake(
        f"pyenv/shims/python{short}", f"echo 'pyenv: python{short}: not found' >&2", "exit 127"
    )
    machine.fake("pyenv/shims/python3", f'exec {old} "$@"')
    kept = machine.link(f"pyenv/versions/{short}.1/bin/python3", new)
    machine.link(f"pyenv/versions/{version_of(old)}.1/bin/python3", old)
    (machine.folder / "pyenv/versions/miniconda3-latest").mkdir()
    assert machine.found(short) == (kept, Place.PYENV)
    assert machine.found(version_of(old))[1] is Place.SEARCH_PATH


def test_the_running_python_is_a_last_candidate(machine: Machine) -> None:
    old, new = need_pythons(2)
    machine.running = new
    machine.on_path("bin/python3", old)
    assert machine.found(version_of(new)) == (new, Place.RUNNING)


def test_a_virtual_environment_is_taken_only_for_want_of_others(machine: Machine) -> None:
    old, new = need_pythons(2)
    inside = machine.on_path("env/bin/python3", new)
    (machine.folder / "env/pyvenv.cfg").write_text(f"home = {os.path.dirname(new)}\n")
    outside = machine.on_path("bin/python3", old)
    assert machine.found(None) == (outside, Place.SEARCH_PATH)
    assert machine.found(version_of(new)) == (inside, Place.SEARCH_PATH)


def test_broken_pythons_on_the_way_are_passed_over(machine: Machine) -> None:
    [python] = need_pythons(1)
    machine.fake("one/python3", "exit 1")
    machine.fake("two/python3", "echo hello")
    machine.on_path("three/python3", "/nonexistent")
    good = machine.on_path("four/python3", python)
    assert machine.found(None) == (good, Place.SEARCH_PATH)


def test_condas_base_comes_first_and_another_of_its_environments_not(machine: Machine) -> None:
    old, new = need_pythons(2)
    conda = machine.link("conda/bin/python3", old)
    managed = manage(machine, new, 1)
    machine.variables = {"CONDA_PREFIX": str(machine.folder / "conda"), "CONDA_DEFAULT_ENV": "base"}
    assert machine.found(None) == (conda, Place.CONDA)
    machine.variables["CONDA_DEFAULT_ENV"] = "mine"
    assert machine.found(None) == (managed, Place.MANAGED)


def test_the_folders_of_uv_can_be_moved(machine: Machine) -> None:
    old, new = need_pythons(2)
    short = version_of(new)
    managed = machine.link(f"pythons/cpython-{short}.1-linux-x86_64-gnu/bin/python{short}", new)
    elsewhere = machine.link("else/python3", old)
    machine.variables = {
        "UV_PYTHON_INSTALL_DIR": "pythons",
        "UV_PYTHON_SEARCH_PATH": str(machine.folder / "else"),
    }
    assert machine.found(short) == (managed, Place.MANAGED)
    assert machine.found(version_of(old)) == (elsewhere, Place.SEARCH_PATH)


# -- forms ----------------------------------------------------------------------------------------------------------


def test_a_path_is_an_executable_a_prefix_or_an_environment(machine: Machine) -> None:
    old, new = need_pythons(2)
    machine.on_path("bin/python3", new)
    assert machine.found(old) == (old, Place.GIVEN)
    assert machine.found(os.path.dirname(os.path.dirname(old)))[1] is Place.GIVEN
    inside = machine.link(".venv/bin/python3", old)
    (machine.folder / ".venv/pyvenv.cfg").write_text(f"home = {os.path.dirname(old)}\n")
    for request in (".venv", "./.venv", ".venv/bin/python3", str(machine.folder / ".venv")):
        assert machine.found(request) == (inside, Place.GIVEN)


def test_a_bare_name_is_looked_up_on_the_search_path(machine: Machine) -> None:
    [python] = need_pythons(1)
    named = machine.on_path("bin/our-python", python)
    assert machine.found("our-python") == (named, Place.SEARCH_PATH)
    assert "executable 'their-python'" in machine.missing("their-python").wanted


def test_an_alternative_implementation_is_not_a_plain_version(machine: Machine) -> None:
    [python] = need_pythons(1)
    machine.on_path("bin/pypy3", python)
    machine.missing("pypy3")
    plain = machine.on_path("bin/python3", python)
    assert machine.found("cpython") == (plain, Place.SEARCH_PATH)
    seen = machine.missing("pypy@3.10").seen
    assert (
        len(seen) == 2
    )  # pypy3 and python3 are one file here, and asked once; the running Python is not there
    assert seen[0].what.startswith("Python 3.")


def test_names_come_in_uvs_order() -> None:
    def names(text: str) -> tuple[str, ...]:
        request = parse_request(text, "/nonexistent")
        assert isinstance(request, VersionRequest)
        return executable_names(request)

    assert names("3.12.4") == ("python3.12.4", "python3.12", "python3", "python")
    assert names("3.13t") == (
        "python3.13t",
        "python3.13",
        "python3t",
        "python3",
        "pythont",
        "python",
    )
    assert names("3") == ("python3", "python")
    assert names(">=3.12") == ("python3", "python")
    assert names("any") == ("python", "python3")
    assert names("pypy3.10")[:4] == ("pypy3.10", "pypy3", "pypy", "python3.10")
    assert names("3.14rc1")[0] == "python3.14rc1"


# -- faults ---------------------------------------------------------------------------------------------------------


def test_not_found_tells_what_was_looked_for_where_and_what_was_there(machine: Machine) -> None:
    old, _ = need_pythons(2)
    python = machine.on_path("bin/python3", old)
    machine.fake("bin2/python3", "echo no good >&2", "exit 1")
    managed = manage(machine, old, 1)
    kept = machine.link("pyenv/versions/3.4.1/bin/python3", old)
    (machine.folder / "again").symlink_to(machine.folder / "bin")
    machine.path.append(str(machine.folder / "again"))
    error = machine.missing("3.99").error()
    assert isinstance(error, TargetError)
    assert "Python 3.99" in error.message
    assert f"{python} (Python {version_of(old)}." in error.message
    assert "bin2/python3 (it ended with exit code 1: no good)" in error.message
    assert str(machine.folder / "bin") in error.hints[0]
    assert str(machine.folder / MANAGED) in error.hints[0]
    assert str(machine.folder / "again") not in error.hints[0]  # the same folder
    assert managed not in error.message  # known by its name, never asked
    assert f"{kept} (Python 3.4.1)" in error.message  # so is this, and people give it by its path


def test_requires_python_that_nothing_satisfies_is_named(machine: Machine) -> None:
    [python] = need_pythons(1)
    machine.on_path("bin/python3", python)
    assert "Python >=3.90" in machine.missing(None, ">=3.90").error().message


def test_a_path_without_a_python_is_named(machine: Machine) -> None:
    (machine.folder / "empty").mkdir()
    with pytest.raises(PythonNotFoundError, match="no Python in this folder") as caught:
        machine.find("./empty")
    assert caught.value.where == str(machine.folder / "empty")
    with pytest.raises(PythonNotFoundError, match="no such file"):
        machine.find("./absent/python")
    broken = machine.fake("broken/python", "exit 9")
    with pytest.raises(BrokenInterpreterError, match="exit code 9") as broke:
        machine.find(broken)
    assert broke.value.where == broken


def test_a_path_that_cannot_be_followed_is_told_as_what_it_is(machine: Machine) -> None:
    folder = machine.folder
    (folder / "dangling").symlink_to("nowhere/python")
    (folder / "loop").symlink_to("loop")
    (folder / "file").write_text("")
    os.mkfifo(folder / "pipe")
    for request, why in (
        ("./dangling", r"link to nowhere/python, where there is no file"),
        ("./loop", r"cannot be looked at: Too many levels of symbolic links"),
        ("./file/python", r"no such file"),
        ("./pipe", r"neither a file nor a folder"),
        ("./" + "x" * 300, r"cannot be looked at: File name too long"),
    ):
        with pytest.raises(PythonNotFoundError, match=f"(?i){why}") as caught:
            machine.find(request)
        assert caught.value.where == os.path.normpath(folder / request)


def test_an_old_python_is_told_as_what_it_is(machine: Machine) -> None:
    machine.fake("bin/python3", """echo '{"too_old": "3.6.15"}'""")
    assert "(Python 3.6.15)" in machine.missing("3.12").error().message
