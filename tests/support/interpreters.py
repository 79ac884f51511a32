"""Real Pythons on this machine, for tests that ask them: those on PATH and among pyenv's versions."""

import functools
import glob
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping

import pytest

_ASK = "import sys; print(sys.implementation.name, *sys.version_info[:3])"


@functools.cache
def all_pythons() -> tuple[str, ...]:
    """Return the real executables of all CPythons from 3.8 on, without virtual environments."""
    return tuple(path for path, _ in _versions())


@functools.cache
def real_pythons() -> Mapping[tuple[int, int], str]:
    """Return one CPython's real executable for each version that is here, the running one before others."""
    return {version: path for path, version in reversed(_versions())}


@functools.cache
def _versions() -> tuple[tuple[str, tuple[int, int]], ...]:
    folders = os.environ.get("PATH", "").split(os.pathsep)
    root = os.environ.get("PYENV_ROOT", os.path.expanduser("~/.pyenv"))
    names = ["python3", *(f"python3.{minor}" for minor in range(8, 16))]
    candidates = [
        sys.executable,
        *glob.glob(os.path.join(root, "versions", "3*", "bin", "python3")),
    ]
    candidates += [os.path.join(folder, name) for folder in folders for name in names]
    pythons: dict[str, tuple[int, int]] = {}
    for candidate in candidates:
        real = os.path.realpath(candidate)
        if real in pythons or not os.access(real, os.X_OK) or not _is_binary(real):
            continue
        asked = subprocess.run(
            [real, "-I", "-c", _ASK], capture_output=True, text=True, check=False
        )
        words = asked.stdout.split()
        if words[:2] == ["cpython", "3"] and int(words[2]) >= 8:
            pythons[real] = (3, int(words[2]))
    return tuple(pythons.items())


def need_pythons(count: int) -> tuple[str, ...]:
    """Return that many Pythons of different versions, the oldest first, or skip the test."""
    pythons = [path for _, path in sorted(real_pythons().items())]
    if len(pythons) < count:
        pytest.skip(f"needs {count} Pythons of different versions, {len(pythons)} are here")
    return (pythons[0], *pythons[len(pythons) - count + 1 :]) if count > 1 else (pythons[-1],)


def need_patch_releases() -> tuple[str, str]:
    """Return two CPythons of one minor version, the running one's before others, or skip the test."""
    for path, version in _versions():
        for other, other_version in _versions():
            if version == other_version and _patch(path) != _patch(other):
                return path, other
    pytest.skip("needs two patch releases of one Python version")


def need_uv() -> str:
    """Return the path of the uv binary, which is an oracle, or skip the test."""
    uv = os.environ.get("UV_ORACLE") or shutil.which("uv")
    if uv is None:
        pytest.skip("needs the uv binary, on PATH or in UV_ORACLE")
    return uv


def _patch(python: str) -> str:
    code = "import platform; print(platform.python_version())"
    return subprocess.run(
        [python, "-I", "-c", code], capture_output=True, text=True, check=True
    ).stdout


def _is_binary(path: str) -> bool:
    with open(path, "rb") as file:
        return file.read(2) != b"#!"
