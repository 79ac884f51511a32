"""The words of `siteroot sync` beside those of the real `uv sync`: what each refuses, the other refuses."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import gettempdir

import pytest

from siteroot.cli.option import Kind, Option
from siteroot.cli.options import OPTIONS, SYNC
from siteroot.cli.parsing import parse_command
from siteroot.errors import UsageError
from support.command import plain_variables
from support.interpreters import need_uv

pytestmark = pytest.mark.uv

_PROJECT = """
[project]
name = "app"
version = "1"
requires-python = ">=3.8"
optional-dependencies = { e = [] }

[dependency-groups]
dev = []
g = []
"""

_SELECTING = (
    "--extra e", "--all-extras", "--no-extra e", "--group g", "--no-group g", "--only-group g", "--all-groups",
    "--no-default-groups", "--dev", "--no-dev", "--only-dev", "--package app", "--all-packages",
)  # fmt: skip
_OTHERS = (
    "--frozen --locked", "--frozen --frozen", "--link-mode copy --link-mode copy", "--exact --inexact",
    "--inexact --no-exact", "--offline --refresh", "--no-offline --refresh", "--offline --refresh-package app",
    "--offline --reinstall", "-q -v", "-qq", "-vv", "--color never --no-color", "--no-cache --refresh",
    "--link-mode x", "--link-mode", "--output-format yaml", "--color sometimes", "--extra a,", "--extra=",
    "--package app,app", "--no-install-package a,b", "--no-build-package=-", "--froz", "--frozen=1", "stray",
    "--no-install-project --only-install-project", "--no-install-workspace --only-install-workspace",
    "--no-install-local --only-install-local", "--no-install-package app --only-install-package app",
    "--no-install-project --only-install-local", "--keyring-provider none", "--cache-dir=", "--directory absent",
    "--quiet=1", "--no-active --active", "--no-dev --dev", "--editable --no-editable", "--build --no-build",
    "--python-preference x", "--no-build --no-binary-package app", "--check --dry-run", "--no-check --check",
)  # fmt: skip
#: Not here: UV_NO_SOURCES=0 with --frozen, which uv 0.13.9 takes for a yes and siteroot for a no.
_ENVIRONS = (
    "UV_FROZEN=1", "UV_FROZEN=", "UV_FROZEN=maybe", "UV_FROZEN=0 UV_LOCKED=0", "UV_LOCKED=1 UV_FROZEN=1", "UV_NO_DEV=on",
    "UV_NO_DEV=2", "UV_DEV=1 UV_NO_DEV=1", "UV_NO_GROUP=g", "UV_NO_GROUP=", "UV_NO_GROUP=g,g", "UV_LINK_MODE=",
    "UV_LINK_MODE=copy", "UV_LINK_MODE=x", "UV_CACHE_DIR=", "UV_PYTHON=", "UV_NO_BUILD=", "UV_NO_BUILD=y",
    "UV_NO_BUILD_PACKAGE=", "UV_NO_BUILD_PACKAGE=app", "UV_HTTP_TIMEOUT=", "UV_HTTP_TIMEOUT=1.5", "UV_HTTP_TIMEOUT=9",
    "UV_HTTP_RETRIES=-1", "UV_CONCURRENT_DOWNLOADS=0", "UV_CONCURRENT_DOWNLOADS=", "UV_PROJECT=", "UV_WORKING_DIR=",
    "UV_CONFIG_FILE=", "UV_NO_CONFIG=", "UV_OFFLINE=TRUE", "UV_OFFLINE=x", "UV_INDEX=", "UV_DEFAULT_INDEX=",
    "UV_INDEX_URL=", "UV_EXTRA_INDEX_URL=", "UV_FIND_LINKS=", "UV_INSECURE_HOST=", "UV_KEYRING_PROVIDER=",
    "UV_KEYRING_PROVIDER=subprocess", "UV_PYTHON_PREFERENCE=", "UV_RESOLUTION=", "UV_RESOLUTION=lowest",
    "UV_PRERELEASE=x", "UV_NO_SOURCES=1", "UV_MANAGED_PYTHON=x", "UV_SYSTEM_CERTS=", "UV_NATIVE_TLS=x",
    "UV_NO_SYSTEM_CONFIG=x", "UV_NO_PROGRESS=", "UV_NO_EDITABLE=x", "UV_NO_INSTALL_PROJECT=x", "UV_ONLY_INSTALL_LOCAL=",
    "UV_NO_INSTALL_PROJECT=1 UV_ONLY_INSTALL_PROJECT=1", "UV_NO_INSTALL_PACKAGE=a,b", "UV_PROJECT_ENVIRONMENT=",
)  # fmt: skip

#: What uv says where the words themselves are at fault.
_AT_FAULT = (
    "cannot be used with", "cannot be used multiple times", "invalid value", "a value is required", "unexpected argument",
    "unexpected value", "Failed to parse environment variable", "No such file or directory",
)  # fmt: skip


def _variables(folder: Path, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return a plain environment, in which uv keeps its locks where pytest clears up."""
    return plain_variables(folder, {"TMPDIR": gettempdir(), **(more or {})})


@pytest.fixture(scope="module", name="project")
def _project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("app")
    (folder / "pyproject.toml").write_text(_PROJECT)
    command = [need_uv(), "lock", "--offline", "--no-config", "--python", sys.executable]
    subprocess.run(command, cwd=folder, env=_variables(folder), capture_output=True, check=True)
    return folder


def _uv_refuses(project: Path, words: str, environ: dict[str, str]) -> bool:
    variables = {"UV_PYTHON_DOWNLOADS": "never", "UV_CACHE_DIR": str(project / "cache"), **environ}
    result = subprocess.run(
        [need_uv(), "sync", "--dry-run", *words.split()],
        cwd=project,
        env=_variables(project, variables),
        capture_output=True,
        text=True,
        check=False,
    )
    refuses = any(sign in result.stderr for sign in _AT_FAULT)
    assert not refuses or result.returncode == 2, result.stderr
    return refuses


def _we_refuse(project: Path, words: str, environ: dict[str, str]) -> bool:
    try:
        parse_command(["sync", "--dry-run", *words.split()], environ, os.fspath(project))
    except UsageError:
        return True
    return False


@pytest.mark.parametrize("one", _SELECTING)
def test_selecting_options_exclude_each_other_as_uvs_do(project: Path, one: str) -> None:
    later = _SELECTING[_SELECTING.index(one) + 1 :]
    for other in later:
        words = f"--frozen {one} {other}"
        assert _we_refuse(project, words, {}) == _uv_refuses(project, words, {}), words


@pytest.mark.parametrize("words", _OTHERS)
def test_words_are_refused_as_uv_does(project: Path, words: str) -> None:
    assert _we_refuse(project, words, {}) == _uv_refuses(project, words, {})


@pytest.mark.parametrize("assignments", _ENVIRONS)
def test_variables_are_refused_as_uv_does(project: Path, assignments: str) -> None:
    environ = dict(one.split("=", 1) for one in assignments.split())
    words = "" if "LOCKED" in assignments or "FROZEN" in assignments else "--frozen"
    assert _we_refuse(project, words, environ) == _uv_refuses(project, words, environ)


def test_every_option_that_we_call_uvs_is_uvs(project: Path) -> None:
    """Where uv has no such option the table must say so (`own`)."""

    def words(option: Option) -> str:
        value = "linux" if option.name == "--python-platform" else (*option.choices, "1")[0]
        return (
            f"{option.name} {value}"
            if option.kind not in (Kind.SWITCH, Kind.COUNT)
            else option.name
        )

    for option in OPTIONS:
        if SYNC not in option.commands or not option.names or option.refused:
            continue
        result = subprocess.run(
            [need_uv(), "sync", *words(option).split(), "--help"],
            cwd=project,
            env=_variables(project),
            capture_output=True,
            text=True,
            check=False,
        )
        assert ("unexpected argument" in result.stderr) is option.own, option.name
