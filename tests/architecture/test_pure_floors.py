"""The deciding floors touch nothing: their own tests pass where every file, process, socket and clock call is refused."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
PURE = ("model", "formats", "project", "select", "resolve", "plan")

#: A pytest plugin: while a test's own function runs, an audit event that means I/O raises, and os calls that raise no
#: audit event are replaced. Loading a module late is not I/O of the code under test, and hypothesis keeps no
#: database, and needs few examples: what reaches for the machine does so in the first.
PLUGIN = '''
import os, sys, traceback
import pytest
from hypothesis import settings

WATCHED = ("open", "os.", "socket.", "subprocess.", "shutil.", "tempfile.", "glob.", "fcntl.", "pathlib.")
SILENT = ("stat", "lstat", "access", "getcwd", "read", "write", "close", "fstat", "pipe", "getpid")
inside = False
importing = 0


class Touched(BaseException):
    """The code under test reached for the machine: how, and by which calls."""

    def __init__(self, how):
        global inside
        inside = False  # the stack's lines are read from files
        super().__init__(how + "\\n" + "".join(traceback.format_stack(sys._getframe(2), 25)))
        inside = True


def loads_a_module():
    frame = sys._getframe(2)
    while frame is not None:
        folders = frame.f_code.co_filename.split(os.sep)
        if folders[0].startswith("<frozen importlib") or "hypothesis" in folders:
            return True
        if ["src", "siteroot"] == folders[-4:-2] or ["src", "siteroot"] == folders[-3:-1]:
            return False
        frame = frame.f_back
    return False


def hook(event, arguments):
    if inside and event.startswith(WATCHED) and not loads_a_module():
        raise Touched(f"{event} {arguments!r}")


def refusing(name, call):
    def refused(*words, **named):
        if inside and not loads_a_module():
            raise Touched(f"os.{name} {words!r}")
        return call(*words, **named)
    return refused


sys.addaudithook(hook)
for name in SILENT:
    setattr(os, name, refusing(name, getattr(os, name)))


def pytest_collection():
    settings.register_profile("guarded", parent=settings.default, max_examples=10)
    settings.load_profile("guarded")


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem):
    global inside
    inside = True
    try:
        return (yield)
    finally:
        inside = False
'''


def run_guarded(tmp_path: Path, *tests: str) -> subprocess.CompletedProcess[str]:
    (tmp_path / "no_io.py").write_text(PLUGIN)
    path = os.pathsep.join([str(tmp_path), *filter(None, sys.path)])
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no_io", *tests],
        cwd=CHECKOUT,
        env={**os.environ, "PYTHONPATH": path, "HYPOTHESIS_STORAGE_DIRECTORY": str(tmp_path / "h")},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("floor", PURE)
def test_a_pure_floor_does_nothing_but_think(floor: str, tmp_path: Path) -> None:
    folder = f"tests/unit/{floor}"
    assert list((CHECKOUT / folder).glob("test_*.py")), f"{folder} holds no test"
    ran = run_guarded(tmp_path, folder)
    # A touch in a finaliser is somewhere in it, and an error within pytest ends with pages of pytest's own calls.
    assert ran.returncode == 0, ran.stdout + ran.stderr


TOUCHES = (
    "open('/dev/null')",
    "os.listdir('/')",
    "os.stat('/')",
    "os.getcwd()",
    "os.path.exists('/')",
    "socket.socket()",
    "subprocess.run(['true'])",
    "pathlib.Path('/').is_dir()",
)


def test_the_guard_sees_a_touch(tmp_path: Path) -> None:
    tests = [f"def test_{n}() -> None:\n    {touch}\n" for n, touch in enumerate(TOUCHES)]
    (tmp_path / "test_touching.py").write_text(
        "\n".join(["import os, pathlib, socket, subprocess\n", *tests])
    )
    ran = run_guarded(tmp_path, str(tmp_path / "test_touching.py"))
    touched = re.findall(r"^E +no_io\.Touched: ", ran.stdout, re.MULTILINE)
    assert len(touched) == len(TOUCHES), ran.stdout
    assert "in test_0" in ran.stdout  # and says where
