"""Real interpreters, and uv and packaging as oracles of what siteroot makes of them."""

import json
import os
import subprocess
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import packaging
import pytest

from siteroot.interpreter.find import Found, Surroundings, find_interpreter
from siteroot.interpreter.platforms import named_target
from siteroot.interpreter.probe import probe_interpreter
from siteroot.model.target import Target
from support.interpreters import all_pythons, need_pythons, need_uv

VARIABLES = dict(os.environ)
PYTHONS = all_pythons()

#: What packaging and the standard library say inside an interpreter, with its site loaded.
ORACLE = """
import sys, json
sys.path.insert(0, sys.argv[1])
import sysconfig, site
try:
    from packaging.markers import default_environment
    from packaging.tags import sys_tags
except TypeError:  # a packaging of today in a Python of yesterday
    from pip._vendor.packaging.markers import default_environment
    from pip._vendor.packaging.tags import sys_tags
scheme = sysconfig.get_preferred_scheme("prefix") if sys.version_info >= (3, 10) else "posix_prefix"
print(json.dumps({
    "markers": default_environment(),
    "tags": [str(tag) for tag in sys_tags()],
    "paths": sysconfig.get_paths(scheme),
    "prefixes": [sys.prefix, sys.base_prefix, sys.executable],
    "site": site.getsitepackages(),
}))
"""


def oracle(python: str) -> dict[str, object]:
    library = os.path.dirname(os.path.dirname(packaging.__file__))
    asked = subprocess.run(
        [python, "-I", "-c", ORACLE, library], capture_output=True, text=True, check=False
    )
    if asked.returncode:
        pytest.skip(f"this packaging does not run there: {asked.stderr.splitlines()[-1]}")
    answer = json.loads(asked.stdout)
    assert isinstance(answer, dict)
    return answer


@pytest.mark.parametrize("python", PYTHONS)
def test_an_interpreter_is_what_packaging_says_inside_it(python: str) -> None:
    theirs = oracle(python)
    ours = probe_interpreter(python, None, VARIABLES)
    assert ours.markers == theirs["markers"]
    tags = theirs["tags"]
    assert isinstance(tags, list)
    own = f"cp{ours.python[0]}{ours.python[1]}-none-any"  # older packagings forgot it
    assert set(ours.tags) == {*tags, own}
    # packaging 26.3 puts linux_ARCH before manylinux, uv behind it
    ours_ranked, theirs_ranked = (
        [tag for tag in some if "-linux_" not in tag and tag != own] for some in (ours.tags, tags)
    )
    assert ours_ranked == theirs_ranked
    assert ours.interpreter is not None
    assert [
        ours.interpreter.prefix,
        ours.interpreter.base_prefix,
        ours.interpreter.executable,
    ] == theirs["prefixes"]
    paths, sites = theirs["paths"], theirs["site"]
    assert isinstance(paths, dict)
    assert isinstance(sites, list)
    schemes = {
        "purelib": "purelib",
        "platlib": "platlib",
        "scripts": "scripts",
        "data": "data",
        "headers": "include",
    }
    if ours.python >= (3, 10):
        assert dict(ours.interpreter.schemes) == {
            name: paths[theirs] for name, theirs in schemes.items()
        }
    assert ours.interpreter.schemes["purelib"] in sites
    assert ours.interpreter.stdlib == (paths["stdlib"], paths["platstdlib"])


@pytest.mark.parametrize("python", PYTHONS)
def test_a_real_environment_is_what_it_says_of_itself(python: str, tmp_path: Path) -> None:
    made = subprocess.run(
        [python, "-I", "-m", "venv", "--without-pip", str(tmp_path / "env")],
        capture_output=True,
        check=False,
    )
    if made.returncode:
        pytest.skip("this Python makes no virtual environments")
    inside = str(tmp_path / "env" / "bin" / "python")
    ours = probe_interpreter(inside, None, VARIABLES)
    code = "import sys, sysconfig, json; print(json.dumps([sys.prefix, sys.base_prefix, sysconfig.get_path('purelib')]))"
    asked = subprocess.run([inside, "-I", "-c", code], capture_output=True, text=True, check=True)
    assert ours.interpreter is not None
    told = [
        ours.interpreter.prefix,
        ours.interpreter.base_prefix,
        ours.interpreter.schemes["purelib"],
    ]
    assert told == json.loads(asked.stdout)


def test_each_version_here_is_found_by_its_number(tmp_path: Path) -> None:
    for python in need_pythons(2):
        target = probe_interpreter(python, None, VARIABLES)
        around = Surroundings(
            folder=str(tmp_path),
            variables={"PATH": os.path.dirname(python), "HOME": str(tmp_path)},
            running=python,
            cache_folder=str(tmp_path / "cache"),
        )
        found = find_interpreter(target.python_version, None, around)
        assert isinstance(found, Found)
        assert found.target.markers == target.markers


# -- uv as the oracle -------------------------------------------------------------------------------------------------


def write_wheel(folder: Path, name: str, tag: str, requires: Iterable[str] = ()) -> None:
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n"
    metadata += "".join(f"Requires-Dist: {line}\n" for line in requires)
    with zipfile.ZipFile(folder / f"{name}-1-{tag}.whl", "w") as archive:
        archive.writestr(f"{name}-1.dist-info/METADATA", metadata)
        archive.writestr(
            f"{name}-1.dist-info/WHEEL", f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n"
        )
        archive.writestr(f"{name}-1.dist-info/RECORD", "")


def uv_install(
    tmp_path: Path, words: Sequence[str], names: Iterable[str], variables: dict[str, str]
) -> Path:
    """Let uv choose among the wheels in `tmp_path`/wheels and return the folder that it filled."""
    (tmp_path / "wanted.txt").write_text("\n".join(names))
    command = [
        need_uv(),
        "pip",
        "install",
        "--no-index",
        "--find-links",
        str(tmp_path / "wheels"),
        *words,
    ]
    command += ["--target", str(tmp_path / "root"), "-r", str(tmp_path / "wanted.txt"), "--quiet"]
    environment = {
        **VARIABLES,
        **variables,
        "UV_CACHE_DIR": str(tmp_path / "cache"),
        "UV_NO_CONFIG": "1",
        "TMPDIR": str(tmp_path),
    }
    asked = subprocess.run(
        command, capture_output=True, text=True, env=environment, check=False, cwd=tmp_path
    )
    assert asked.returncode == 0, asked.stderr
    return tmp_path / "root"


def target_and_words(
    name: str | None, version: str | None, variables: dict[str, str]
) -> tuple[Target, list[str]]:
    [python] = need_pythons(1)
    own = probe_interpreter(python, None, VARIABLES)
    words = ["--python", python]
    words += [] if name is None else ["--python-platform", name]
    words += [] if version is None else ["--python-version", version]
    return named_target(name, version, own, own, variables), words


CASES = [
    (None, None, {}),
    (None, "3.9", {}),
    ("linux", "3.14", {}),
    ("aarch64-manylinux_2_31", None, {}),
    ("riscv64-unknown-linux", None, {}),
    ("x86_64-unknown-linux-musl", "3.12.4", {}),
    ("windows", "3.10", {}),
    ("i686-pc-windows-msvc", None, {}),
    ("aarch64-pc-windows-msvc", None, {}),
    ("macos", None, {}),
    ("x86_64-apple-darwin", "3.11", {"MACOSX_DEPLOYMENT_TARGET": "11.2"}),
    ("aarch64-linux-android", "3.13", {"ANDROID_API_LEVEL": "26"}),
    ("arm64-apple-ios", "3.13", {"IPHONEOS_DEPLOYMENT_TARGET": "14.2"}),
    ("x86_64-apple-ios-simulator", "3.13", {}),
    ("wasm32-pyodide2024", "3.12", {}),
    ("wasm32-pyodide2025", "3.13", {}),
]


@pytest.mark.uv
@pytest.mark.parametrize(("name", "version", "variables"), CASES)
def test_uv_puts_the_tags_in_the_same_order(
    name: str | None, version: str | None, variables: dict[str, str], tmp_path: Path
) -> None:
    """Each of two neighbouring tags is a wheel of one distribution; uv has to take the first."""
    target, words = target_and_words(name, version, variables)
    tags = target.tags
    kinds = [tag.rpartition("-")[0] for tag in tags]
    turns = {at for at in range(len(tags) - 1) if kinds[at] != kinds[at + 1]}
    platforms = range(0, len(tags) - 1, max(1, len(tags) // 15))
    chosen = sorted({*range(4), *sorted(turns)[::2], *platforms})
    (tmp_path / "wheels").mkdir()
    for at in chosen:
        for tag in tags[at : at + 2]:
            write_wheel(tmp_path / "wheels", f"pair{at}", tag)
    root = uv_install(tmp_path, [*words, "--no-deps"], (f"pair{at}" for at in chosen), variables)
    took = {at: (root / f"pair{at}-1.dist-info" / "WHEEL").read_text().split()[-1] for at in chosen}
    assert took == {at: tags[at] for at in chosen}


@pytest.mark.uv
@pytest.mark.parametrize(("name", "version", "variables"), CASES)
def test_uv_evaluates_markers_alike(
    name: str | None, version: str | None, variables: dict[str, str], tmp_path: Path
) -> None:
    target, words = target_and_words(name, version, variables)
    (tmp_path / "wheels").mkdir()
    wanted = {
        f"has_{key}": f"has-{key.replace('_', '-')}; {key} == '{value}'"
        for key, value in target.markers.items()
    }
    write_wheel(tmp_path / "wheels", "asking", "py3-none-any", wanted.values())
    for has in wanted:
        write_wheel(tmp_path / "wheels", has, "py3-none-any")
    root = uv_install(tmp_path, words, ["asking"], variables)
    got = {entry.name.removesuffix("-1.dist-info") for entry in root.glob("has_*.dist-info")}
    assert got == set(wanted)


@pytest.mark.uv
def test_uv_finds_the_same_pythons(tmp_path: Path) -> None:
    uv = need_uv()
    old, new = need_pythons(2)
    names = {}
    for place, python, words in (
        ("one", old, ("python", "python3", "python{}")),
        ("two", new, ("python3", "special")),
        ("three", new, ("python{}",)),
        ("env/bin", new, ("python",)),
    ):
        version = probe_interpreter(python, None, VARIABLES).python_version
        names[python] = version
        (tmp_path / place).mkdir(parents=True)
        for word in words:
            (tmp_path / place / word.format(version)).symlink_to(python)
    (tmp_path / "env/pyvenv.cfg").write_text(f"home = {os.path.dirname(new)}\n")
    variables = {
        "PATH": os.pathsep.join(
            str(tmp_path / place) for place in ("env/bin", "one", "two", "three")
        ),
        "HOME": str(tmp_path),
        "UV_CACHE_DIR": str(tmp_path / "cache"),
        "UV_PYTHON_DOWNLOADS": "never",
    }
    around = Surroundings(
        folder=str(tmp_path),
        variables=variables,
        running=old,
        cache_folder=str(tmp_path / "ours"),
    )
    requests = [
        names[old],
        names[new],
        "3",
        f">={names[new]}",
        f"<{names[new]}",
        f"=={names[new]}.*",
    ]
    requests += [
        "any",
        "special",
        f"cpython@{names[new]}",
        f"cpython-{names[new]}",
        "env",
        "one/python3",
    ]
    for request in requests:
        asked = subprocess.run(
            [uv, "python", "find", "--no-project", "--system", request],
            capture_output=True,
            text=True,
            env=variables,
            cwd=tmp_path,
            check=False,
        )
        found = find_interpreter(request, None, around)
        assert isinstance(found, Found), (request, asked.stdout)
        assert found.target.interpreter is not None
        assert found.target.interpreter.executable == asked.stdout.strip(), (request, asked.stderr)
