"""What is dear to make and the same for every test: made by the worker that wants it first, for all workers of a run."""

import fcntl
import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest


def shared_folder(factory: pytest.TempPathFactory, name: str) -> Path:
    """Return a folder that all workers of this run have in common, made where it is absent."""
    own = factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / f"shared-{name}"
    folder.mkdir(exist_ok=True)
    return folder


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """Return what `make` makes at the path that it is given, a file or a folder. Who changes it takes a copy."""
    digest = hashlib.sha256(name.encode()).hexdigest()[:16]
    folder = shared_folder(factory, f"made-{digest}")
    whole = folder / "whole"
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if not whole.exists():
            number = len(list(folder.iterdir()))  # what failed in the midst of it lies there yet
            make(folder / f"part-{number}")
            os.rename(folder / f"part-{number}", whole)
    finally:
        os.close(descriptor)
    return whole
