"""`--compile-bytecode`, through the command: compiled once by the target's Python, then placed like any other file."""

import csv
import importlib.util
import json
import marshal
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import pytest

from support.desk import Desk, make_desk
from support.ground import Ground, digest_of, make_ground
from support.interpreters import need_patch_releases, need_pythons, real_pythons
from support.projects import make_project
from support.wheels import build_wheel

FLAG = "--compile-bytecode"
MODES = {"TIMESTAMP": 0, "CHECKED_HASH": 3, "UNCHECKED_HASH": 1}
TAG = sys.implementation.cache_tag

DEMO = {
    "demo/__init__.py": "def fail():\n    raise RuntimeError('here')\n",
    "demo/inner.py": "NAMES = {'alpha', 'beta'}\nVALUE = (1, 'alpha', ('beta', 2.5))\n",
    "demo/data.txt": "no module\n",
    "single.py": "import demo\n",
}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return make_desk(tmp_path / "desk")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_project(
        tmp_path / "p",
        [
            build_wheel(tmp_path, "demo", "1.0", DEMO),
            build_wheel(tmp_path, "other", "1.0", {"other/__init__.py": "X = 'alpha'\n"}),
        ],
    )


def pycs(root: Path) -> dict[str, bytes]:
    return {str(p.relative_to(root)): p.read_bytes() for p in sorted(root.rglob("*.pyc"))}


def wheel_pycs(cache: Path) -> list[Path]:
    return sorted((cache / "bytecode-v1").rglob("*.pyc"))


def run_python(
    root: Path, code: str, python: str = sys.executable
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [python, "-S", "-v", "-c", code],
        env={"PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


def test_it_is_placed_recorded_and_used(desk: Desk, project: Path, tmp_path: Path) -> None:
    root = tmp_path / "root"
    desk.synced(FLAG, "--target", root, cwd=project)
    names = [f"demo/__pycache__/__init__.{TAG}.pyc", f"demo/__pycache__/inner.{TAG}.pyc"]
    assert set(pycs(root)) == {
        *names,
        f"__pycache__/single.{TAG}.pyc",
        f"other/__pycache__/__init__.{TAG}.pyc",
    }
    with (root / "demo-1.0.dist-info" / "RECORD").open(newline="") as file:
        rows = {row[0]: row for row in csv.reader(file)}
    for name in names:
        assert rows[name][1].startswith("sha256="), name
        assert int(rows[name][2]) == (root / name).stat().st_size
        assert (root / name).stat().st_mode & 0o7777 == 0o644
        assert (root / name).stat().st_mtime < 900_000_000, "a derived time"
    done = run_python(root, "import demo.inner, single, other")
    assert done.returncode == 0, done.stderr
    assert "code object from '" not in "".join(
        line for line in done.stderr.splitlines() if str(root) in line and ".pyc" not in line
    )
    for module in ("demo/__init__", "demo/inner", "single", "other/__init__"):
        assert f"matches {root}/{module}.py" in done.stderr, module
    assert "wrote" not in done.stderr


def test_a_traceback_shows_where_the_module_lies_now(
    desk: Desk, project: Path, tmp_path: Path
) -> None:
    desk.synced(FLAG, "--target", tmp_path / "root", cwd=project)
    moved = tmp_path / "moved"
    (tmp_path / "root").rename(moved)
    done = run_python(moved, "import demo; demo.fail()")
    assert f'File "{moved}/demo/__init__.py", line 2, in fail' in done.stderr
    assert "raise RuntimeError('here')" in done.stderr
    assert f"matches {moved}/demo/__init__.py" in done.stderr, "still valid after the move"


def test_no_path_of_the_building_machine_is_inside(
    desk: Desk, project: Path, tmp_path: Path
) -> None:
    root = tmp_path / "root"
    desk.synced(FLAG, "--target", root, cwd=project)
    for name, content in pycs(root).items():
        assert str(tmp_path).encode() not in content, name
        code = marshal.loads(content[16:])
        assert code.co_filename == name.replace("__pycache__/", "").replace(f".{TAG}.pyc", ".py")


@pytest.mark.parametrize("mode", MODES)
def test_the_modes_of_py_compile(desk: Desk, project: Path, tmp_path: Path, mode: str) -> None:
    root = tmp_path / "root"
    desk.synced(FLAG, "--target", root, cwd=project, variables={"PYC_INVALIDATION_MODE": mode})
    content = pycs(root)[f"demo/__pycache__/inner.{TAG}.pyc"]
    source = (root / "demo/inner.py").read_bytes()
    assert content[:4] == importlib.util.MAGIC_NUMBER
    assert int.from_bytes(content[4:8], "little") == MODES[mode]
    if mode == "TIMESTAMP":
        stands = int((root / "demo/inner.py").stat().st_mtime)
        assert int.from_bytes(content[8:12], "little") == stands
        assert int.from_bytes(content[12:16], "little") == len(source)
    else:
        assert content[8:16] == importlib.util.source_hash(source)


def test_the_mode_follows_source_date_epoch(desk: Desk, project: Path, tmp_path: Path) -> None:
    root = tmp_path / "root"
    desk.synced(FLAG, "--target", root, cwd=project, variables={"SOURCE_DATE_EPOCH": "1"})
    assert {content[4] for content in pycs(root).values()} == {3}
    desk.synced(FLAG, "--target", root, cwd=project)
    assert {content[4] for content in pycs(root).values()} == {0}, "another mode replaces it"


def test_a_mode_that_is_none_is_refused(desk: Desk, project: Path, tmp_path: Path) -> None:
    done = desk.sync(
        FLAG,
        *("--target", tmp_path / "root"),
        cwd=project,
        variables={"PYC_INVALIDATION_MODE": "SOMETIMES"},
    )
    assert done.code == 2
    assert "PYC_INVALIDATION_MODE" in done.err
    assert "SOMETIMES" in done.err
    assert not (tmp_path / "root").exists()


def test_it_is_compiled_once_and_shared(desk: Desk, project: Path, tmp_path: Path) -> None:
    desk.synced(FLAG, "--target", tmp_path / "a", cwd=project)
    kept = wheel_pycs(desk.home / "cache")
    stamps = [path.stat().st_ctime_ns for path in kept]
    assert len(kept) == 4
    words = ("-v", FLAG, "--link-mode", "copy", "--target")
    done = desk.synced(*words, tmp_path / "b", cwd=project)
    assert "compiling" not in done.err
    assert [path.stat().st_ctime_ns for path in wheel_pycs(desk.home / "cache")] == stamps
    assert digest_of(tmp_path / "a") == digest_of(tmp_path / "b")


def test_on_and_off_end_in_the_fresh_roots(desk: Desk, project: Path, tmp_path: Path) -> None:
    """Interpreters' own bytecode stands in the way at times: it is the module's, and ours replaces it."""
    fresh = {}
    for words in ((), (FLAG,)):
        desk.synced(*words, "--target", tmp_path / f"fresh{len(words)}", cwd=project)
        fresh[words] = digest_of(tmp_path / f"fresh{len(words)}")
    root = tmp_path / "root"
    desk.synced("--target", root, cwd=project)
    subprocess.run([sys.executable, "-m", "compileall", "-q", root], check=True)
    for words in ((FLAG,), (), (FLAG,), (FLAG,), ()):
        desk.synced(*words, "--target", root, cwd=project)
        assert digest_of(root) == fresh[words], words


def test_check_and_dry_run_compile_nothing_and_tell_the_same(
    desk: Desk, project: Path, tmp_path: Path
) -> None:
    root = tmp_path / "root"
    words = (FLAG, "--target", root, "--output-format", "json")
    desk.synced("--target", root, cwd=project)
    plan = desk.synced(*words, "--dry-run", cwd=project)
    assert plan.changes == {"demo": "1.0", "other": "1.0"}
    assert desk.sync(*words, "--check", cwd=project).code == 1
    assert not wheel_pycs(desk.home / "cache")
    assert desk.synced(*words, cwd=project).changes == plan.changes
    assert desk.sync(*words, "--check", cwd=project).code == 0
    assert desk.synced(*words, cwd=project).changes == {}
    assert desk.sync("--check", "--target", root, cwd=project).code == 1, "without the flag"


@pytest.mark.parametrize(
    ("words", "variables", "settings"),
    [
        (("--compile",), {}, ""),
        ((), {"UV_COMPILE_BYTECODE": "1"}, ""),
        ((), {"SITEROOT_COMPILE_BYTECODE": "1"}, ""),
        ((), {}, "[tool.uv]\ncompile-bytecode = true\n"),
        ((), {}, "[tool.siteroot]\ncompile-bytecode = true\n"),
    ],
)
def test_the_words_for_it(
    desk: Desk, tmp_path: Path, words: tuple[str, ...], variables: Mapping[str, str], settings: str
) -> None:
    wheel = build_wheel(tmp_path, "demo", "1.0", DEMO)
    project = make_project(tmp_path / "p", [wheel], settings=settings)
    desk.synced(*words, "--target", tmp_path / "on", cwd=project, variables=variables)
    assert pycs(tmp_path / "on")
    off = (*words, "--no-compile-bytecode")
    desk.synced(*off, "--target", tmp_path / "off", cwd=project, variables=variables)
    assert not pycs(tmp_path / "off")


def test_what_does_not_compile_is_told_once_and_not_tried_again(desk: Desk, tmp_path: Path) -> None:
    files: dict[str, bytes | str] = {
        **DEMO,
        "demo/old.py": "print 'Python 2'\n",
        "demo/null.py": b"x = '\0'\n",
        f"demo/{'x' * 250}.py": "X = 1\n",
    }
    project = make_project(tmp_path / "p", [build_wheel(tmp_path, "demo", "1.0", files)])
    first = desk.synced(FLAG, "--target", tmp_path / "a", cwd=project)
    assert first.err.count("does not compile") == 1, first.err
    assert "demo==1.0: demo/" in first.err
    assert f"demo/__pycache__/old.{TAG}.pyc" not in pycs(tmp_path / "a")
    again = desk.synced(FLAG, "--target", tmp_path / "b", cwd=project)
    assert "does not compile" not in again.err
    told = desk.synced(FLAG, "-v", "--target", tmp_path / "c", cwd=project)
    assert "demo/old.py does not compile: " in told.err
    assert "(line 1)" in told.err
    assert "(line None)" not in told.err
    assert f"{'x' * 250}.py does not compile: its bytecode's name would be too long" in told.err


def test_a_set_of_huge_numbers_compiles(desk: Desk, tmp_path: Path) -> None:
    """Python turns no int of 4,300 digits or more into text, unless told to."""
    text = f"def f(y):\n    return y in {{0x{'f' * 5000}, 2}}\n"
    project = make_project(
        tmp_path / "p", [build_wheel(tmp_path, "demo", "1.0", {"demo.py": text})]
    )
    done = desk.synced(FLAG, "-v", "--target", tmp_path / "root", cwd=project)
    assert "does not compile" not in done.err
    assert pycs(tmp_path / "root")


def _crashed_python(text: str) -> str:
    for python in real_pythons().values():
        words = [python, "-I", "-c", "import sys; compile(sys.stdin.read(), 'm', 'exec')"]
        if subprocess.run(words, input=text.encode(), check=False).returncode < 0:
            return python
    pytest.skip("no Python here crashes at it")


def test_a_module_that_crashes_the_compiler_goes_without(desk: Desk, tmp_path: Path) -> None:
    """The others get their bytecode, also those that the same process was asked for; there are two such modules."""
    crash = f"X = {'[' * 150}x{' for x in y]' * 150}\n"
    python = _crashed_python(crash)
    files = {f"demo/m{number}.py": f"X = {number}\n" for number in range(30)}
    files |= {"demo/crash1.py": crash, "demo/crash2.py": crash + "Y = 1\n"}
    project = make_project(tmp_path / "p", [build_wheel(tmp_path, "demo", "1.0", files)])
    words = (FLAG, "--python", python, "--target")
    done = desk.synced(*words, tmp_path / "a", cwd=project)
    assert "demo==1.0: demo/crash1.py does not compile (it crashes the compiler: SIG" in done.err
    assert len(pycs(tmp_path / "a")) == 30
    desk.synced(*words, tmp_path / "b", cwd=project)
    assert digest_of(tmp_path / "a") == digest_of(tmp_path / "b")


def test_a_named_platform_needs_a_python_of_its_version(
    desk: Desk, project: Path, tmp_path: Path
) -> None:
    words = (FLAG, "--python-platform", "aarch64-manylinux_2_28", "--python-version")
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    desk.synced(*words, version, "--target", tmp_path / "arm", cwd=project)
    desk.synced(FLAG, "--target", tmp_path / "here", cwd=project)
    assert pycs(tmp_path / "arm") == pycs(tmp_path / "here")
    done = desk.sync(*words, "3.99", "--target", tmp_path / "no", cwd=project)
    assert done.code == 2
    assert "3.99" in done.err
    assert not (tmp_path / "no").exists()


def test_of_two_that_bring_one_module_the_winners_bytecode_stands(
    desk: Desk, tmp_path: Path
) -> None:
    wheels = [
        build_wheel(tmp_path, name, "1.0", {"shared.py": f"WHO = {name!r}\n"}) for name in "ab"
    ]
    project, root = make_project(tmp_path / "p", wheels), tmp_path / "root"
    done = desk.synced(FLAG, "--target", root, cwd=project)
    assert done.err.count("bring different files") == 1, done.err
    told = run_python(root, "import shared; print(shared.WHO)")
    assert told.stdout == "b\n"
    assert f"matches {root}/shared.py" in told.stderr
    assert desk.sync(FLAG, "--target", root, "--check", cwd=project).code == 0


def test_bytecode_that_a_wheel_brings_itself_stays(desk: Desk, tmp_path: Path) -> None:
    name = f"demo/__pycache__/inner.{TAG}.pyc"
    files: dict[str, bytes | str] = {**DEMO, name: b"its own"}
    project = make_project(tmp_path / "p", [build_wheel(tmp_path, "demo", "1.0", files)])
    desk.synced(FLAG, "--target", tmp_path / "root", cwd=project)
    assert (tmp_path / "root" / name).read_bytes() == b"its own"


def test_edited_bytecode_and_edited_sources_in_the_store_are_mended(
    desk: Desk, project: Path, tmp_path: Path
) -> None:
    desk.synced(FLAG, "--target", tmp_path / "a", cwd=project)
    good = digest_of(tmp_path / "a")
    edited = next(p for p in wheel_pycs(desk.home / "cache") if p.name.startswith("inner"))
    edited.write_bytes(b"wrong")
    done = desk.synced(FLAG, "--target", tmp_path / "b", cwd=project)
    assert "not what was stored" in done.err
    assert digest_of(tmp_path / "b") == good
    shutil.rmtree(desk.home / "cache" / "bytecode-v1")
    source = next((desk.home / "cache" / "wheels-v1").rglob("demo/inner.py"))
    source.write_text("VALUE = 'evil'\n")
    done = desk.synced(FLAG, "--target", tmp_path / "c", cwd=project)
    assert "not what was stored" in done.err
    assert digest_of(tmp_path / "c") == good


def test_edited_sources_of_several_distributions_are_mended_in_one_command(
    desk: Desk, tmp_path: Path
) -> None:
    """One by one, as they are compiled, and one that is only linked after that."""
    wheels = [build_wheel(tmp_path, name, "1.0") for name in ("one", "two")]
    wheels.append(build_wheel(tmp_path, "three", "1.0", {"three.txt": "right"}))
    project = make_project(tmp_path / "p", wheels)
    desk.synced("--link-mode", "hardlink", "--target", tmp_path / "root", cwd=project)
    for name in ("one.py", "two.py", "three.txt"):
        with (tmp_path / "root" / name).open("a") as file:
            file.write("print('here')\n")
    done = desk.synced(FLAG, "--reinstall", "--target", tmp_path / "root", cwd=project)
    assert done.err.count("not what was stored") == 3
    assert (tmp_path / "root/three.txt").read_text() == "right"
    assert "here" not in (tmp_path / "root/one.py").read_text()


def test_a_damaged_entry_is_made_anew(desk: Desk, project: Path, tmp_path: Path) -> None:
    desk.synced(FLAG, "--target", tmp_path / "a", cwd=project)
    for manifest in (desk.home / "cache" / "bytecode-v1").rglob("manifest"):
        manifest.write_bytes(b"half")
    desk.synced(FLAG, "--target", tmp_path / "b", cwd=project)
    assert digest_of(tmp_path / "b") == digest_of(tmp_path / "a")


def test_clean_of_one_distribution_takes_its_bytecode(
    desk: Desk, project: Path, tmp_path: Path
) -> None:
    desk.synced(FLAG, "--target", tmp_path / "a", cwd=project)
    cache = ("--cache-dir", desk.home / "cache")
    desk.run("cache", "clean", "demo", *cache, cwd=project)
    assert len(wheel_pycs(desk.home / "cache")) == 1, "the other's"
    shutil.rmtree(desk.home / "cache" / "wheels-v1")
    desk.run("cache", "prune", *cache, cwd=project)
    assert not wheel_pycs(desk.home / "cache"), "nobody can use it without its wheel"


def test_several_at_once_with_one_empty_cache(project: Path, tmp_path: Path) -> None:
    ground = make_ground(tmp_path / "ground")
    roots = [tmp_path / name for name in ("a", "b", "c")]
    running = [subprocess.Popen(ground.command(project, root, FLAG)) for root in roots]
    assert [process.wait(timeout=60) for process in running] == [0, 0, 0]
    assert len({digest_of(root) for root in roots}) == 1
    assert len(wheel_pycs(ground.home / "cache")) == 4
    assert not list((ground.home / "cache" / "tmp-v1").iterdir())


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to give the store to somebody else")
def test_a_store_of_another_user_is_read_and_what_it_lacks_is_kept_for_the_run(
    desk: Desk, project: Path, tmp_path: Path
) -> None:
    desk.synced(FLAG, "--target", tmp_path / "a", cwd=project)
    shutil.rmtree(next((desk.home / "cache" / "bytecode-v1").glob("*/*")))
    kept = len(wheel_pycs(desk.home / "cache"))
    subprocess.run(["chown", "-R", "12345", desk.home / "cache"], check=True)
    done = desk.synced(FLAG, "--target", tmp_path / "b", cwd=project)
    assert "belongs to another user" in done.err
    assert len(wheel_pycs(desk.home / "cache")) == kept
    assert digest_of(tmp_path / "b") == digest_of(tmp_path / "a")


@pytest.mark.parametrize("how", ["cp", "times lost"])
def test_a_read_only_copy_starts_and_recompiles_nothing(
    desk: Desk, project: Path, tmp_path: Path, how: str
) -> None:
    """Where a copy loses times, UNCHECKED_HASH holds; where it keeps them, timestamps do."""
    variables = {} if how == "cp" else {"PYC_INVALIDATION_MODE": "UNCHECKED_HASH"}
    root, copy = tmp_path / "root", tmp_path / "copy"
    desk.synced(FLAG, "--target", root, cwd=project, variables=variables)
    subprocess.run(["cp", "-a" if how == "cp" else "-r", root, copy], check=True)
    before = pycs(copy)
    for folder in copy.rglob("__pycache__"):
        folder.chmod(0o555)
    done = run_python(copy, "import demo.inner, single, other")
    assert done.returncode == 0, done.stderr
    assert done.stderr.count(f"code object from '{copy}") >= 4
    assert f"code object from {copy}" not in done.stderr, "compiled from source"
    assert pycs(copy) == before


def test_a_zip_unpacked_in_another_zone_recompiles_nothing(
    desk: Desk, project: Path, tmp_path: Path
) -> None:
    """A zip holds local times, so the sources' times move: hash mode does not care."""
    root, copy, archive = tmp_path / "root", tmp_path / "copy", tmp_path / "root.zip"
    desk.synced(
        FLAG, "--target", root, cwd=project, variables={"PYC_INVALIDATION_MODE": "UNCHECKED_HASH"}
    )
    for zone, words, folder in (
        ("UTC", ["zip", "-qrX", str(archive), "."], root),
        ("Asia/Tokyo", ["unzip", "-q", str(archive), "-d", str(copy)], tmp_path),
    ):
        if shutil.which(words[0]) is None:
            pytest.skip(f"needs {words[0]}")
        subprocess.run(words, cwd=folder, env={**os.environ, "TZ": zone}, check=True)
    assert (copy / "single.py").stat().st_mtime != (root / "single.py").stat().st_mtime
    assert pycs(copy) == pycs(root)
    shutil.rmtree(root)
    done = run_python(copy, "import single, other, demo.inner; demo.fail()")
    assert f'File "{copy}/demo/__init__.py", line 2, in fail' in done.stderr
    assert done.stderr.count(f"code object from '{copy}") == 4
    assert "wrote" not in done.stderr


# -- equal bytes --------------------------------------------------------------------------------------------------


def _compiled_by(python: str, folder: Path, names: list[str], workers: int) -> dict[str, bytes]:
    from siteroot.interpreter.compiling import Compiler, Module

    compiler = Compiler(executable=python, mode="unchecked-hash", timeout=60, environ=os.environ)
    modules = [Module(path=str(folder / name), name=name, mtime=0) for name in names]
    return {done.module.name: done.content for done in compiler.compile(modules, workers)}


def _in_two_orders(python: str, folder: Path, names: list[str]) -> None:
    forward = _compiled_by(python, folder, names, 1)
    backward = _compiled_by(python, folder, names[::-1], 2)
    assert forward.keys() == backward.keys()
    assert sum(map(bool, forward.values())) > len(names) // 2
    assert [n for n in names if forward[n] != backward[n]] == []


def test_the_bytes_do_not_hang_on_the_order(tmp_path: Path) -> None:
    """The second module's strings are those that the first has left in the process."""
    sources = {
        "a.py": "alpha = beta = 1\ndef f(gamma): return gamma.delta, 'epsilon', (1, 'zeta')\n",
        "b.py": "import alpha\nX = {'beta', 'gamma', 'x y'}\ndef delta(): return 'zeta', alpha.epsilon\n",
        "c.py": "def test(v): return v in {'q', 'w', 'e', None, 'r', 3, b't'}\n",
    }
    for name, text in sources.items():
        (tmp_path / name).write_text(text)
    for python in real_pythons().values():
        _in_two_orders(python, tmp_path, sorted(sources))


@pytest.mark.slow(20)
def test_the_bytes_do_not_hang_on_the_order_of_a_thousand_modules() -> None:
    """Every CPython here compiles its own standard library, in two orders."""
    for python in need_pythons(1) if len(real_pythons()) == 1 else real_pythons().values():
        asked = subprocess.run(
            [python, "-I", "-c", "import sysconfig; print(sysconfig.get_path('stdlib'))"],
            capture_output=True,
            text=True,
            check=True,
        )
        folder = Path(asked.stdout.strip())
        names = sorted(str(path.relative_to(folder)) for path in folder.rglob("*.py"))[:1000]
        _in_two_orders(python, folder, names)


def test_two_caches_give_one_root(desk: Desk, project: Path, tmp_path: Path) -> None:
    other = make_desk(tmp_path / "another desk")
    wide = {"PYTHONHASHSEED": "7", "PYTHONOPTIMIZE": "2", "PYTHONDONTWRITEBYTECODE": "1"}
    desk.synced(FLAG, "--target", tmp_path / "a", cwd=project)
    other.synced(FLAG, "--target", tmp_path / "b", cwd=project, variables=wide)
    assert digest_of(tmp_path / "a") == digest_of(tmp_path / "b")


# -- stopped ------------------------------------------------------------------------------------------------------


def _slow_project(tmp_path: Path) -> Path:
    text = "".join(f"def f{n}(a, b=({n}, 'x')): return [a, b, {{'k': {n}}}]\n" for n in range(1500))
    files = {f"slow/m{n}.py": text + f"N = {n}\n" for n in range(10)}
    return make_project(tmp_path / "slow", [build_wheel(tmp_path, "slow", "1.0", files)])


def _children(pid: int) -> list[int]:
    try:
        found = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return []
    return [int(word) for word in found.split()]


def _command(pid: int) -> bytes:
    """Return a process's words, nothing where it is gone or only waits to be reaped."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _stop_a_compiler(pid: int) -> int:
    """Return a compiler of this process, stopped, so that its work is not done before it is killed."""
    for _ in range(4000):
        for child in _children(pid):
            if _command(child).endswith(b"\0timestamp\0"):
                os.kill(child, signal.SIGSTOP)
                return child
        time.sleep(0.002)
    raise AssertionError("no compiler was started")


@pytest.mark.parametrize("victim", ["siteroot", "a compiler"])
def test_a_stopped_compilation_leaves_nothing_half_and_nobody_behind(
    tmp_path: Path, victim: str
) -> None:
    ground: Ground = make_ground(tmp_path / "ground")
    project, root = _slow_project(tmp_path), tmp_path / "root"
    process = subprocess.Popen(
        ground.command(project, root, FLAG), stderr=subprocess.PIPE, text=True
    )
    compiler = _stop_a_compiler(process.pid)
    time.sleep(0.3)  # siteroot, and the others, come to wait for it
    compilers = _children(process.pid)
    os.kill(process.pid if victim == "siteroot" else compiler, signal.SIGKILL)
    with suppress(ProcessLookupError):
        os.kill(compiler, signal.SIGCONT)  # whoever is stopped does not see that its input ends
    _, told = process.communicate(timeout=30)
    if victim == "a compiler":
        assert process.returncode == 1
        assert "was ended by signal 9 while it compiled this module" in told
    for _ in range(200):
        if not any(_command(pid) for pid in compilers):
            break
        time.sleep(0.05)
    else:
        raise AssertionError("a compiler outlives siteroot")
    assert not list((ground.home / "cache" / "bytecode-v1").rglob("*.pyc"))
    assert not root.exists()
    if victim == "siteroot":
        ground.sync(project, root, FLAG)
        assert len(pycs(root)) == 10


def test_a_module_that_takes_too_long_is_named(desk: Desk, tmp_path: Path) -> None:
    text = "".join(f"def f{n}(a, b=({n}, 'x')): return [a, b]\n" for n in range(60_000))
    project = make_project(
        tmp_path / "p", [build_wheel(tmp_path, "slow", "1.0", {"slow.py": text})]
    )
    variables = {"UV_COMPILE_BYTECODE_TIMEOUT": "1"}
    done = desk.sync(FLAG, "--target", tmp_path / "root", cwd=project, variables=variables)
    assert done.code == 1
    assert "slow.py: it was not compiled within 1 seconds" in done.err
    assert not (tmp_path / "root").exists()


def test_other_pythons_get_their_own(desk: Desk, project: Path, tmp_path: Path) -> None:
    root = tmp_path / "root"
    for (major, minor), python in sorted(real_pythons().items())[:3]:
        desk.synced(FLAG, "--python", python, "--target", root, cwd=project)
        assert {Path(name).name.split(".")[1] for name in pycs(root)} == {f"cpython-{major}{minor}"}
        done = run_python(root, "import demo.inner, single, other", python)
        assert done.stderr.count("matches " + str(root)) == 4
    state = json.loads((root / ".siteroot.json").read_text())
    kind = state["distributions"]["demo"]["bytecode"]
    assert kind.startswith(f"cpython-{major}{minor}-{major}.{minor}.")


def test_of_one_magic_number_each_release_gets_its_own(desk: Desk, tmp_path: Path) -> None:
    """CPython 3.11.2 and 3.11.7 compile this differently: what stands in the root must not hang on who came first."""
    lines = ("def f(x):", "    match x:", "        case int():", "            return 1")
    text = "\n".join((*lines, "        case _:", "            return 2", ""))
    wheel = build_wheel(tmp_path, "demo", "1.0", {"demo.py": text})
    project, other = make_project(tmp_path / "p", [wheel]), make_desk(tmp_path / "other")
    first, second = need_patch_releases()
    for name, at, python in (("a", desk, first), ("b", desk, second), ("c", other, second)):
        done = at.synced(
            *(FLAG, "-v", "--python", python, "--target", tmp_path / name), cwd=project
        )
        assert f"made by {python}" in done.err
    assert digest_of(tmp_path / "b") == digest_of(tmp_path / "c")
    kinds = [json.loads((tmp_path / name / ".siteroot.json").read_text()) for name in "ab"]
    assert len({kind["distributions"]["demo"]["bytecode"] for kind in kinds}) == 2
