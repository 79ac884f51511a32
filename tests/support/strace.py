"""Commands under strace; a test is skipped, with the reason, where nothing can be watched."""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest


def run_traced(
    options: Sequence[str],
    log: Path,
    command: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: Path | None = None,
) -> None:
    """Run a command that must do well; strace writes the calls of all its processes to the log."""
    if shutil.which("strace") is None:
        pytest.skip("needs strace")
    done = subprocess.run(
        ["strace", "-qq", *options, "-o", os.fspath(log), *command],
        cwd=cwd,
        env=env,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    if "PTRACE_TRACEME" in done.stderr:
        pytest.skip(f"strace may not watch here: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
