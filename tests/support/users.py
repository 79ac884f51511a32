"""Commands run as another user, who may read everything, so that interpreter, checkout and cache may lie anywhere."""

import os
import shutil
import subprocess

import pytest


def as_user(number: int) -> tuple[str, ...]:
    """Return the words that come before a command to run it as this user. Skips where that cannot be."""
    if os.geteuid():
        pytest.skip("only root can become another user")
    if shutil.which("setpriv") is None:
        pytest.skip("there is no setpriv to become another user with")
    read_all = ("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search")
    words = ("setpriv", f"--reuid={number}", f"--regid={number}", "--clear-groups", *read_all)
    tried = subprocess.run([*words, "true"], capture_output=True, text=True, check=False)
    if tried.returncode:
        pytest.skip(f"no other user can be had here: {tried.stderr.strip()}")
    return words
