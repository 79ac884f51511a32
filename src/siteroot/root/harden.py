"""What is brought to the disk where power may fail between two changes (ROOT.md 3, `--durable`).

All of it does nothing but for a durable writer. This module imports no dataclasses, typing, pathlib or re (DESIGN.md 3).
"""

import errno
import os

from siteroot import fs


def harden(path: str, *, folder: int | None = None, writer: fs.Writer) -> None:
    """Bring a file's content, or a folder's names, to the disk; one that is not there any more is let be."""
    if not writer.durable:
        return
    try:
        descriptor = os.open(path, fs.FILE_FLAGS, dir_fd=folder)
    except OSError as error:
        if error.errno in (
            errno.ENOENT,
            errno.ENOTDIR,
            errno.ELOOP,
        ):  # a link has nothing to be written
            return
        raise
    try:
        harden_open(descriptor, writer=writer)
    finally:
        os.close(descriptor)


def harden_open(descriptor: int, *, writer: fs.Writer) -> None:
    """Bring an open file's content, or an open folder's names, to the disk."""
    if not writer.durable:
        return
    try:
        writer.fsync(descriptor)
    except OSError as error:
        if error.errno not in fs.FALLBACKS:  # some file systems have no fsync of folders
            raise


def harden_disk(descriptor: int, *, writer: fs.Writer) -> bool:
    """Bring all of an open folder's file system to the disk; return whether that could be.

    One call takes a tenth of the time of one for each file.
    """
    if not writer.durable:
        return True
    try:
        writer.syncfs(descriptor)
    except OSError as error:
        if error.errno not in fs.FALLBACKS:
            raise
        return False
    return True


def harden_tree(descriptor: int, *, writer: fs.Writer) -> None:
    """Bring an open folder with all that it holds to the disk."""
    if not harden_disk(descriptor, writer=writer):
        _harden_each(descriptor, writer)


def _harden_each(descriptor: int, writer: fs.Writer) -> None:
    with os.scandir(descriptor) as entries:
        found = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
    for name, is_folder in found:
        if not is_folder:
            harden(name, folder=descriptor, writer=writer)
            continue
        deeper = os.open(name, fs.FOLDER_FLAGS, dir_fd=descriptor)
        try:
            _harden_each(deeper, writer)
        finally:
            os.close(deeper)
    harden_open(descriptor, writer=writer)
