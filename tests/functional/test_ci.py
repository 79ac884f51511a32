"""CI that cannot lie: what hangs, stays behind, or is skipped for want of what must be here, fails."""

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
TOOLS = CHECKOUT / "tools"

WATCH = """
import os, sys
from watching import watch
print(watch(sys.argv[2:], seconds=float(sys.argv[1]), variables=os.environ))
"""
HANG = "import threading; threading.Event().wait()  # it hangs here"


def watch(seconds: float, *words: str | Path) -> tuple[str, str]:
    """Return the faults of a watched command, and what it wrote to stderr."""
    done = subprocess.run(
        [sys.executable, "-c", WATCH, str(seconds), *words],
        env={**os.environ, "PYTHONPATH": str(TOOLS)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout, done.stderr


def test_a_command_that_does_well_has_no_faults() -> None:
    assert watch(60, "sh", "-c", "sleep 0.2 & wait") == ("[]\n", "")
    assert watch(60, "false") == ("['exit code 1']\n", "")


def test_an_orphan_that_ended_is_seen_to_have_ended() -> None:
    script = 'pid=$(sh -c "sleep 0.1 >&- & echo \\$!"); while kill -0 $pid; do sleep 0.1; done 2>/dev/null'
    assert watch(20, "sh", "-c", script)[0] == "[]\n"


@pytest.mark.parametrize("way", ["", "setsid "])
def test_a_process_that_is_left_behind_is_named_and_ended(way: str, tmp_path: Path) -> None:
    script = f"{way}sh -c 'echo $$ > {tmp_path}/pid; exec sleep 1234' & while [ ! -s {tmp_path}/pid ]; do sleep 0.1; done"
    assert watch(60, "sh", "-c", script)[0] == "['left running: sleep 1234']\n"
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_a_command_that_hangs_ends_and_shows_where(tmp_path: Path) -> None:
    (tmp_path / "hang.py").write_text(HANG)
    began = time.monotonic()
    faults, stacks = watch(1.5, sys.executable, tmp_path / "hang.py")
    assert faults == "['not done after 1.5 s']\n"
    assert f'"{tmp_path}/hang.py", line 1' in stacks
    assert time.monotonic() - began < 30


def run_tests(folder: Path, text: str, *words: str, **variables: str) -> tuple[int, str]:
    """Run a test module below this suite's own conftest and settings."""
    shutil.copy(CHECKOUT / "tests" / "conftest.py", folder)
    (folder / "test_one.py").write_text(text)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-c", str(CHECKOUT / "pyproject.toml"), *words]
        + ["--rootdir", str(folder), "-p", "no:cacheprovider", str(folder / "test_one.py")],
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", **variables},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, done.stdout + done.stderr


SKIPPING = """
import pytest
from support.interpreters import need_uv

def test_uv(): need_uv()

@pytest.mark.skipif(True, reason="needs strace")
def test_strace(): pass

def test_library(): pytest.importorskip("no_such_library")
"""


def test_a_skip_for_want_of_what_must_be_here_fails(tmp_path: Path) -> None:
    variables = {"PATH": "/nowhere", "UV_ORACLE": "", "SITEROOT_MAY_SKIP": "strace,Python"}
    variables["PYTHONPATH"] = os.pathsep.join(
        filter(None, [str(CHECKOUT / "tests"), os.environ.get("PYTHONPATH")])
    )
    code, told = run_tests(tmp_path, SKIPPING, **variables)
    assert code == 1
    assert "2 failed, 1 skipped" in told
    assert "must not be skipped here: needs the uv binary" in told
    assert "must not be skipped here: could not import 'no_such_library'" in told
    code, told = run_tests(
        tmp_path, SKIPPING, **variables | {"SITEROOT_MAY_SKIP": "strace,uv,import"}
    )
    assert (code, "3 skipped" in told) == (0, True), told


def test_a_test_that_hangs_fails_with_its_name_and_shows_where(tmp_path: Path) -> None:
    text = f"def test_stuck():\n    {HANG}\n\ndef test_other(): pass\n"
    code, told = run_tests(tmp_path, text, "-n", "1", "-o", "faulthandler_timeout=1")
    assert code == 1
    assert "test_one.py::test_stuck" in told
    assert 'test_one.py", line 2 in test_stuck' in told
    assert "1 failed, 1 passed" in told


def test_slow_tests_come_last_and_the_longest_of_them_first(tmp_path: Path) -> None:
    slow = "import pytest\n@pytest.mark.slow\ndef test_a(): pass\n@pytest.mark.slow(9)\ndef test_b(): pass\n"
    code, told = run_tests(tmp_path, f"{slow}def test_c(): pass\n", "--collect-only")
    assert (code, re.findall("::(test_.)", told)) == (0, ["test_c", "test_b", "test_a"]), told


def test_slow_tests_begin_while_there_is_time(tmp_path: Path) -> None:
    text = "import pytest\n@pytest.mark.slow\ndef test_a(): pass\ndef test_b(): pass\n"
    late = {"SITEROOT_SLOW_UNTIL": str(time.time() - 1), "SITEROOT_MAY_SKIP": "time"}
    code, told = run_tests(tmp_path, text, "-rs", **late)
    assert (code, "1 passed, 1 skipped" in told, "no time left" in told) == (0, True, True)
    early = {"SITEROOT_SLOW_UNTIL": str(time.time() + 600)}
    assert "2 passed" in run_tests(tmp_path, text, **early)[1]


def test_ci_fails_where_uv_cannot_be_had(tmp_path: Path) -> None:
    """A checkout of its own, with no index and no apt-get."""
    for name in ("tools", ".ci"):
        shutil.copytree(CHECKOUT / name, tmp_path / name)
    for name in ("scripts", "src", "pyproject.toml", "uv.lock"):
        (tmp_path / name).symlink_to(CHECKOUT / name)
    programs = tmp_path / "programs"
    programs.mkdir()
    for program in ("sh", "dirname"):
        (programs / program).symlink_to(shutil.which(program) or program)
    done = run_ci(tmp_path, "tests", PATH=str(programs), PIP_NO_INDEX="1")
    assert done.returncode == 1, done.stderr
    assert "failed: " in done.stdout
    assert "checkout.py oracle: exit code 1" in done.stdout
    assert "tools/test.py: exit code 1" in done.stdout


def run_ci(folder: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(folder / ".ci" / "run"), *words],
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "PYTHON": sys.executable,
            **variables,
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_an_unknown_step_is_refused() -> None:
    done = run_ci(CHECKOUT, "tests", "test")
    assert (done.returncode, done.stdout) == (2, "")
    assert "no such step: test" in done.stderr
