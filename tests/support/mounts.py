"""File systems that a test mounts for itself; it is skipped, with the reason, where nothing can be mounted."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

#: What each file system is made with: one that clones files (btrfs, XFS), one that does not.
MAKERS = {
    "btrfs": ("mkfs.btrfs", "-q"),
    "xfs": ("mkfs.xfs", "-q", "-m", "reflink=1"),
    "ext4": ("mkfs.ext4", "-q"),
}


def need_mount() -> None:
    """Skip the test where nothing can be mounted."""
    if os.geteuid():
        pytest.skip("only root can mount")
    if shutil.which("mount") is None:
        pytest.skip("there is no mount on PATH")


@contextmanager
def mounted(folder: Path, *words: str) -> Iterator[Path]:
    """Mount something at the folder, made where it is absent, until the block ends."""
    need_mount()
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        ["mount", *words, str(folder)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip(f"this cannot be mounted here: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@contextmanager
def mounted_memory(folder: Path, options: str = "mode=0755") -> Iterator[Path]:
    """Mount an empty file system in memory at the folder."""
    with mounted(folder, "-t", "tmpfs", "-o", options, "tmpfs"):
        yield folder


@contextmanager
def mounted_again(source: Path, folder: Path) -> Iterator[Path]:
    """Show a folder at another path too: files share a device number, and no rename leads from one to the other."""
    source.mkdir(exist_ok=True)
    with mounted(folder, "--bind", str(source)):
        yield folder


@contextmanager
def mounted_disk(kind: str, image: Path, folder: Path) -> Iterator[Path]:
    """Mount a new disk of 512 MiB, a file at `image`, at the folder."""
    maker = MAKERS[kind]
    if shutil.which(maker[0]) is None:
        pytest.skip(f"there is no {maker[0]}")
    with image.open("wb") as stream:
        stream.truncate(512 << 20)
    subprocess.run([*maker, str(image)], check=True, capture_output=True)
    with mounted(folder, "-t", kind, "-o", "loop", str(image)):
        yield folder
