"""What git tells of this checkout."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

_CHECKOUT = Path(__file__).parents[2]


def need_git() -> str:
    """Return the path of git, or skip the test."""
    git = shutil.which("git")
    if git is None:
        pytest.skip("there is no git on PATH")
    return git


def ask_git(*words: str) -> str:
    """Return git's answer, or skip the test where there is no git or this is no git checkout."""
    asked = subprocess.run([need_git(), *words], cwd=_CHECKOUT, capture_output=True, check=False)
    if asked.returncode:
        pytest.skip(f"not a git checkout: {asked.stderr.decode()}")
    return os.fsdecode(asked.stdout)
