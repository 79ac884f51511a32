"""A source tree's backend, run as it will be: what it sees, what it may not see, and what becomes of it when it fails."""

import json
import os
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from siteroot.build.hooks import (
    BackendFailedError,
    Job,
    NoEditableError,
    ask_requires,
    build,
    read_metadata,
)
from siteroot.build.running import NoNetworkNamespaceError
from siteroot.build.source_tree import read_build_system
from siteroot.model.build import BuildKind, BuildOptions, BuildRoot
from support.build_roots import WheelRoots, target_of
from support.sdists import BACKEND, source_files, write_tree

OPTIONS = BuildOptions(config_settings={}, variables={}, source_date_epoch=315_532_800)


def make_job(
    folder: Path,
    backend: str = BACKEND,
    *,
    options: BuildOptions = OPTIONS,
    environ: Mapping[str, str] | None = None,
) -> Job:
    source = write_tree(folder / "source", source_files(backend=backend))
    (folder / "scratch").mkdir(exist_ok=True)
    (folder / "out").mkdir(exist_ok=True)
    (folder / "build.log").touch()
    return Job(
        label="inner-app",
        name="inner-app",
        source=str(source),
        system=read_build_system(str(source), "inner-app"),
        options=options,
        scratch=str(folder / "scratch"),
        log=str(folder / "build.log"),
        environ=os.environ if environ is None else environ,
        again="siteroot sync",
    )


@pytest.fixture
def root(tmp_path: Path) -> BuildRoot:
    return WheelRoots(tmp_path, target_of(sys.executable)).provide([], "inner-app")


def built(job: Job, root: BuildRoot, kind: BuildKind = BuildKind.WHEEL) -> Path:
    return Path(build(job, root, kind, f"{Path(job.log).parent}/out"))


def telling(tmp_path: Path, code: str) -> str:
    """Return the backend, with code that runs first in `build_wheel` and puts `said` into a file."""
    lines = "\n".join(f"    {line}" for line in code.strip().splitlines())
    return (
        BACKEND.replace("def build_wheel(", "def _build(")
        + "\nimport json, subprocess\ndef build_wheel(folder, config_settings=None, metadata_directory=None):\n"
        + f"{lines}\n    json.dump(said, open({str(tmp_path / 'said.json')!r}, 'w'))\n    return _build(folder)\n"
    )


def test_a_wheel_and_an_editable_come_from_a_backend_in_the_tree_which_tells_no_metadata(
    tmp_path: Path, root: BuildRoot
) -> None:
    job = make_job(tmp_path)
    assert ask_requires(job, root, BuildKind.WHEEL) == ()
    with zipfile.ZipFile(built(job, root)) as wheel:
        assert wheel.read("inner.py") == b"X = 1\n"
    with zipfile.ZipFile(built(job, root, BuildKind.EDITABLE)) as wheel:
        assert wheel.read("inner.pth").decode() == f"{job.source}/src\n"
    assert read_metadata(job, root, BuildKind.WHEEL, f"{tmp_path}/out") is None


def test_what_is_installed_beside_the_interpreter_is_out_of_sight_of_all_that_a_backend_starts(
    tmp_path: Path, root: BuildRoot
) -> None:
    (Path(root.purelib) / "in_the_root.py").touch()
    code = """
ask = "import sys, json; import in_the_root; print(json.dumps([sys.path, sys.prefix]))"
nest = f"import subprocess; subprocess.run(['python3', '-c', {ask!r}], check=True)"
said = [
    json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)
    for command in (
        [sys.executable, "-c", ask],
        [sys.executable, "-c", nest],
        [sys.executable, "-I", "-c", nest],
        ["sh", "-c", f"exec python{sys.version_info[0]}.{sys.version_info[1]} -c '{ask}'"],
    )
]
"""
    (tmp_path / "user").mkdir()
    environ = {**os.environ, "PYTHONPATH": str(tmp_path), "PYTHONUSERBASE": str(tmp_path / "user")}
    built(make_job(tmp_path, telling(tmp_path, code), environ=environ), root)
    for path, prefix in json.loads((tmp_path / "said.json").read_text()):
        assert prefix == root.folder
        assert [entry for entry in path if entry.endswith(("site-packages", "dist-packages"))] == [
            root.purelib
        ]
        assert str(tmp_path) not in path


def test_a_backend_runs_in_the_same_surroundings_everywhere(
    tmp_path: Path, root: BuildRoot
) -> None:
    code = """
os.umask(mask := os.umask(0))
said = {
    "umask": mask, "stdin": sys.stdin.read(), "group": os.getpgid(0) == os.getpid(),
    "variables": {k: v for k, v in os.environ.items() if not k.startswith("_PYPROJECT")},
    "settings": config_settings,
}
"""
    options = replace(
        OPTIONS, config_settings={"a": "1", "b": ("2", "3")}, variables={"MY_FLAG": "on"}
    )
    environ = {
        "PATH": os.environ["PATH"], "HOME": "/home/me", "CC": "gcc", "LC_ALL": "de_DE", "TZ": "Asia/Tokyo",
        "SITEROOT_INDEX_X_PASSWORD": "secret", "UV_INDEX_X_PASSWORD": "secret", "PYTHONHASHSEED": "7",
    }  # fmt: skip
    previous = os.umask(0o077)
    try:
        built(make_job(tmp_path, telling(tmp_path, code), options=options, environ=environ), root)
    finally:
        os.umask(previous)
    said = json.loads((tmp_path / "said.json").read_text())
    variables = said.pop("variables")
    assert said == {
        "umask": 0o022, "stdin": "", "group": True, "settings": {"a": "1", "b": ["2", "3"]},
    }  # fmt: skip
    assert variables == {
        "PATH": f"{root.scripts}:{os.environ['PATH']}",
        "HOME": "/home/me", "CC": "gcc", "MY_FLAG": "on",
        "LC_ALL": "C.UTF-8", "TZ": "UTC", "SOURCE_DATE_EPOCH": "315532800",
        "TMPDIR": f"{tmp_path}/scratch/tmp", "VIRTUAL_ENV": root.folder,
        "PYTHONHASHSEED": "0", "PYTHONNOUSERSITE": "1", "PYTHONPYCACHEPREFIX": f"{tmp_path}/scratch/bytecode",
        "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0",
    }  # fmt: skip
    assert not list((tmp_path / "source").rglob("__pycache__"))


def test_a_failure_shows_the_last_lines_where_the_rest_is_and_how_to_try_again(
    tmp_path: Path, root: BuildRoot
) -> None:
    code = 'print("first " + "x" * 70_000)\nprint("\\x1b[31mred")\nraise RuntimeError("no compiler")\nsaid = 0'
    with pytest.raises(BackendFailedError) as caught:
        built(make_job(tmp_path, telling(tmp_path, code)), root)
    message, hints = caught.value.message, caught.value.hints
    assert message.startswith(
        "inner-app cannot be built: its build backend `inner_backend` failed in `build_wheel`: exit code 1\n"
    )
    assert message.endswith("RuntimeError: no compiler")
    assert "first" not in message
    assert message.isprintable() or message.replace("\n", "").isprintable()
    assert hints == (
        f"all of its output: {tmp_path}/build.log",
        "the same once more: siteroot sync",
    )
    assert "first" in (tmp_path / "build.log").read_text()


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("os._exit(0)\nsaid = 0", "it gave no answer that can be read"),
        ("return 'absent.whl'\nsaid = 0", "there is no such file"),
        ("return '../../x.whl'\nsaid = 0", "it answered no name of a wheel"),
        ("return 7\nsaid = 0", "it answered no name of a wheel"),
        ("os.symlink('/etc/passwd', folder + '/x.whl')\nreturn 'x.whl'\nsaid = 0", "there is no such file"),
        ("os.kill(os.getpid(), 11)\nsaid = 0", "ended by SIGSEGV"),
    ],
)  # fmt: skip
def test_an_answer_that_is_none_is_a_failure(
    tmp_path: Path, root: BuildRoot, code: str, words: str
) -> None:
    with pytest.raises(BackendFailedError) as caught:
        built(make_job(tmp_path, telling(tmp_path, code)), root)
    assert words in caught.value.message


def test_requirements_that_are_no_list_are_a_failure(tmp_path: Path, root: BuildRoot) -> None:
    hook = "\ndef get_requires_for_build_wheel(config_settings=None):\n    return 'setuptools'\n"
    with pytest.raises(BackendFailedError, match="no list of requirements"):
        ask_requires(make_job(tmp_path, BACKEND + hook), root, BuildKind.WHEEL)


def test_a_backend_that_is_not_there_is_named(tmp_path: Path, root: BuildRoot) -> None:
    job = make_job(tmp_path, "import not_installed\n")
    with pytest.raises(BackendFailedError) as caught:
        built(job, root)
    assert "cannot be imported (ModuleNotFoundError: No module named 'not_installed')" in str(
        caught.value
    )


def test_a_backend_without_editables_says_so(tmp_path: Path, root: BuildRoot) -> None:
    job = make_job(tmp_path, BACKEND.replace("def build_editable", "def other"))
    with pytest.raises(NoEditableError, match="cannot build editables"):
        built(job, root, BuildKind.EDITABLE)


def test_a_build_that_hangs_is_ended_with_all_that_it_started(
    tmp_path: Path, root: BuildRoot
) -> None:
    code = f"subprocess.run(['sh', '-c', 'echo $$ > {tmp_path}/pid; sleep 600'])\nsaid = 0"
    job = make_job(tmp_path, telling(tmp_path, code), options=replace(OPTIONS, timeout=2))
    with pytest.raises(BackendFailedError, match="did not end in time"):
        built(job, root)
    assert not lives(int((tmp_path / "pid").read_text()))


def test_what_a_build_leaves_running_is_ended_with_it(tmp_path: Path, root: BuildRoot) -> None:
    code = "said = subprocess.Popen(['sleep', '600']).pid"
    built(make_job(tmp_path, telling(tmp_path, code)), root)
    assert not lives(json.loads((tmp_path / "said.json").read_text()))


def lives(pid: int) -> bool:
    """Whether a process runs: one that was killed may wait for somebody to ask for its exit code."""
    for _ in range(100):
        try:
            if ") Z " in Path(f"/proc/{pid}/stat").read_text():
                return False
        except FileNotFoundError:
            return False
        time.sleep(0.02)
    return True


def test_a_build_can_be_kept_from_the_network(tmp_path: Path, root: BuildRoot) -> None:
    if subprocess.run(["unshare", "-n", "true"], check=False, capture_output=True).returncode:
        pytest.skip("no network namespaces here")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        code = f"import socket\ntry:\n    socket.create_connection(('127.0.0.1', {port}), 5)\n    said = 'reached'\nexcept OSError as error:\n    said = str(error)"
        built(make_job(tmp_path, telling(tmp_path, code)), root)
        assert json.loads((tmp_path / "said.json").read_text()) == "reached"
        job = make_job(tmp_path, telling(tmp_path, code), options=replace(OPTIONS, network=False))
        built(job, root)
    assert "unreachable" in json.loads((tmp_path / "said.json").read_text())


def test_a_system_without_namespaces_refuses_such_a_build(tmp_path: Path, root: BuildRoot) -> None:
    job = make_job(tmp_path, options=replace(OPTIONS, network=False))
    script = (
        tmp_path / "python"
    )  # a Python without ctypes is as good as a kernel without namespaces
    script.write_text(f'#!/bin/sh\nshift 4\nexec {root.executable} -c "import os; os._exit(126)"\n')
    script.chmod(0o755)
    with pytest.raises(NoNetworkNamespaceError, match="the system gives no network namespace"):
        built(job, replace(root, executable=str(script)))
