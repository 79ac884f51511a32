"""Judging a project's lock with siteroot and with uv, for tests that compare the two."""

import os
import subprocess
import sys
from pathlib import Path

from siteroot.formats.uv_lock import parse_uv_lock
from siteroot.project.discover import discover_project
from siteroot.project.freshness import LockState, lock_state
from siteroot.project.settings import SettingsPlaces, combine_settings, read_settings_layers
from siteroot.workflows.project_files import DiskProjectFiles

from .interpreters import need_uv


def run_uv(home: Path, *words: str, offline: bool = True) -> subprocess.CompletedProcess[str]:
    """Run uv in the project `app` below `home`, with a cache there and no other settings."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("UV_")}
    environment |= {
        "UV_PYTHON": sys.executable,
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_CACHE_DIR": str(home / "cache"),
    }
    environment |= {"TZ": "UTC", "UV_OFFLINE": str(int(offline))}
    return subprocess.run(
        [need_uv(), *words],
        cwd=home / "app",
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def judge(home: Path, python: tuple[int, int] | None = None) -> LockState:
    """Return how siteroot judges the lock of the project `app` below `home`."""
    files = DiskProjectFiles()
    project = discover_project(files, str(home / "app"), frozen=False)
    layers = read_settings_layers(files, project.root, SettingsPlaces()).layers
    lock = parse_uv_lock((home / "app" / "uv.lock").read_bytes(), "uv.lock")
    return lock_state(lock, project, combine_settings(layers), files, python)


def edit(home: Path, where: str, old: str, new: str) -> None:
    """Replace a text, which has to be there, in the pyproject.toml of a folder below `home`."""
    path = home / where / "pyproject.toml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
