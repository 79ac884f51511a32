"""ROOT.md 6: whatever stands around it, a whole sync imports nothing of it, and every Python that it starts has -I."""

import ast
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from support import spy
from support.command import plain_variables
from support.ground import Ground, digest_of, make_ground
from support.wheels import build_wheel

#: What siteroot and its libraries import, or try to: traps of these names stand in the way.
NAMES = (
    *("siteroot", "packaging", "platformdirs", "installer", "rich", "urllib3", "isal", "toml_rs", "keyring"),
    *("_manylinux", "brotli", "certifi", "sitecustomize", "usercustomize"),
    *("argparse", "ast", "bisect", "configparser", "contextlib", "copy", "csv", "ctypes", "dataclasses", "datetime"),
    *("difflib", "email", "enum", "fnmatch", "functools", "gettext", "hashlib", "heapq", "http", "importlib"),
    *("inspect", "ipaddress", "json", "locale", "logging", "netrc", "pathlib", "platform", "pkgutil", "posixpath"),
    *("queue", "random", "re", "shutil", "signal", "socket", "ssl", "string", "struct", "subprocess", "sysconfig"),
    *("tempfile", "textwrap", "threading", "tomllib", "traceback", "types", "typing", "urllib", "warnings"),
    *("weakref", "zipfile", "zlib", "zoneinfo"),
)  # fmt: skip

#: What each of them is run with: the folder of traps -> variables.
SURROUNDINGS: dict[str, Callable[[Path], Mapping[str, str]]] = {
    "PYTHONPATH": lambda traps: {"PYTHONPATH": str(traps)},
    "relative, among others": lambda _: {"PYTHONPATH": f"{os.pathsep}.{os.pathsep}/nowhere"},
    "safe path": lambda traps: {"PYTHONPATH": str(traps), "PYTHONSAFEPATH": "1"},
    "startup": lambda traps: {"PYTHONPATH": str(traps), "PYTHONSTARTUP": str(traps / "json.py")},
    "home": lambda traps: {"PYTHONPATH": str(traps), "PYTHONHOME": sys.base_prefix},
    "no bytecode": lambda traps: {"PYTHONPATH": str(traps), "PYTHONDONTWRITEBYTECODE": "1"},
    "no docstrings": lambda traps: {"PYTHONPATH": str(traps), "PYTHONOPTIMIZE": "2"},
    "bytecode elsewhere": lambda traps: {
        "PYTHONPATH": str(traps),
        "PYTHONPYCACHEPREFIX": str(traps.parent / "bytecode"),
    },
    "user site": lambda traps: {"PYTHONUSERBASE": str(traps / "base")},
}


def set_traps(folder: Path, names: tuple[str, ...]) -> None:
    """Write modules that end the process, but those that an interpreter itself loads when it starts."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / f"{name}.py").write_text(
            f"import os\nos.write(2, b'TRAP {name}\\n')\nos._exit(77)\n"
        )


@pytest.fixture(scope="module", name="names")
def _names() -> tuple[str, ...]:
    code = "import sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in done.stdout.split()} | {*sys.builtin_module_names}
    outside = {"sitecustomize", "usercustomize"}  # an interpreter's own start is not siteroot's
    return tuple(name for name in NAMES if name not in loaded | outside)


@pytest.fixture(scope="module", name="ground")
def _ground(tmp_path_factory: pytest.TempPathFactory) -> Ground:
    return make_ground(tmp_path_factory.mktemp("ground"))


@pytest.mark.parametrize("kind", SURROUNDINGS)
def test_a_whole_sync_imports_nothing_of_its_surroundings(
    ground: Ground, tmp_path: Path, names: tuple[str, ...], kind: str
) -> None:
    """In the root that it syncs, with a cache that holds nothing: the Python is asked and compiles, a wheel is fetched."""
    assert {"siteroot", "packaging", "dataclasses", "json"} <= set(names)
    root = tmp_path / "root"
    set_traps(root, names)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    set_traps(root / "base" / "lib" / version / "site-packages", names)
    # a foreign sitecustomize may run, and is all that may
    (root / "sitecustomize.py").write_text("import sys\nsys.foreign = True\n")
    project = ground.project(f"project-{kind}", build_wheel(tmp_path, "demo", "1.0"))
    log = tmp_path / "log"
    command = ground.command(project, root, cache=tmp_path / "cache")
    for words in ((), ("--reinstall",), ("--compile-bytecode",)):
        done = subprocess.run(
            [command[0], spy.__file__, str(log), *command[1:], *words],
            cwd=root,
            env=plain_variables(tmp_path, SURROUNDINGS[kind](root)),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
    lines = log.read_text().splitlines()
    loaded = [Path(line.removeprefix("load ")) for line in lines if line.startswith("load ")]
    read = {root / "sitecustomize.py"}  # to see whose it is
    assert {path for path in loaded if path.is_relative_to(root)} == read
    started = [ast.literal_eval(line[6:]) for line in lines if line.startswith("start ")]
    assert started
    # what compiles has to be told a PYTHONHASHSEED, which -I would not hear
    assert [words for words in started if not {"-I", "-s"} & {*words[1:]}] == []
    assert any("-s" in words for words in started)
    assert (root / "demo.py").exists()


def _latin_1(folder: Path) -> Mapping[str, str]:
    """Return the variables of a locale that few systems have made ready, so it is made here."""
    if shutil.which("localedef") is None:
        pytest.skip("there is no localedef to make a locale")
    made = folder / "en_US.ISO-8859-1"
    words = ["localedef", "--no-archive", "-i", "en_US", "-f", "ISO-8859-1", str(made)]
    if subprocess.run(words, capture_output=True, check=False).returncode:
        pytest.skip("localedef has no sources to make a locale of")
    return {"LOCPATH": str(folder), "LC_ALL": made.name}


LOCALES: dict[str, Callable[[Path], Mapping[str, str]]] = {
    "C": lambda _: {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    "Latin-1": _latin_1,
}


@pytest.mark.parametrize("locale", LOCALES)
def test_4_names_are_the_same_in_every_locale(ground: Ground, tmp_path: Path, locale: str) -> None:
    files: dict[str, bytes | str] = {"demo/é.py": "X = 1\n", "demo/中.py": "X = 2\n"}
    project = ground.project(f"locale-{locale}", build_wheel(tmp_path, "demo", "1.0", files))
    variables = LOCALES[locale](tmp_path)
    for name, more in (("é", variables), ("plain", {})):
        root, cache = tmp_path / name, tmp_path / f"cache of {name}"
        ground.sync(project, root, "--compile-bytecode", cache=cache, variables=more)
    assert (tmp_path / "plain" / "demo" / "é.py").exists()
    assert digest_of(tmp_path / "é") == digest_of(tmp_path / "plain")
    ground.sync(project, tmp_path / "é", "--verify", "--compile-bytecode", variables=variables)


def test_the_traps_are_sprung_by_any_other_program(tmp_path: Path, names: tuple[str, ...]) -> None:
    set_traps(tmp_path / "root", names)
    for name in names:
        done = subprocess.run(
            [sys.executable, "-c", f"import {name}"],
            env=plain_variables(tmp_path, {"PYTHONPATH": str(tmp_path / "root")}),
            capture_output=True,
            check=False,
        )
        assert done.returncode == 77, (name, done)
