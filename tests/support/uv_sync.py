"""What uv selects from a lock: `uv sync --frozen --dry-run`, offline, as an oracle."""

import json
import os
import subprocess
from collections.abc import Mapping

from .interpreters import need_uv

#: Distributions by name with their versions (None: built from a source tree), or the first line of an error.
Answer = dict[str, str | None] | str


def run_uv(
    folder: str, python: str, *words: str, variables: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run uv in a folder with nothing of the caller's settings, cache or network."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("UV_", "VIRTUAL_ENV"))
    }
    environment = kept | {
        "COLUMNS": "10000",  # uv wraps its error lines to this
        "UV_OFFLINE": "1",
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_PROJECT_ENVIRONMENT": os.path.join(folder, "never-made"),
        "UV_CACHE_DIR": os.path.join(folder, "uv-cache"),
        **(variables or {}),
    }
    command = [need_uv(), *words, "--python", python]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def uv_selects(folder: str, python: str, *words: str) -> tuple[int, Answer]:
    """Return uv's exit code, and what it would install or the first line of why not."""
    result = run_uv(
        folder, python, "sync", "--frozen", "--dry-run", "--output-format", "json", "-q", *words
    )
    if result.returncode:
        return result.returncode, result.stderr.partition("error: ")[2].partition("\n")[0]
    changes = json.loads(result.stdout)["sync"]["changes"]
    return 0, {change["name"]: change.get("version") for change in changes}
