"""A root that does not exist yet: staged beside its place, whole or not at all there by one rename (ROOT.md 1, 3).

The caller holds the lock of the absent root (`lock_root`), whose folder is where the staging lies. Killed at any
moment, DIR is absent or whole; what is left in the staging folder goes with the next sync of DIR.
"""

# ruff: noqa: SIM105 - contextlib would load collections and functools

import os

from siteroot import fs
from siteroot.model.reserved import staging_folder
from siteroot.model.rows import FolderTime, Fresh, PackedFresh

from .faults import DriftedError, UnsettledError, apply_failed
from .harden import harden, harden_tree
from .placing import place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def apply_fresh(
    root: str,
    fresh: Fresh | PackedFresh,
    *,
    link_mode: str | None = None,
    workers: int | None = None,
    advanced: "Callable[[int], None] | None" = None,
    writer: fs.Writer = fs.DISK,
) -> bool:
    """Make the root; return whether files that were to be links were copied (`placing.place`).

    Raises PoisonedError, WorkerLostError, DriftedError (something came to stand at DIR) or ApplyFailedError; then,
    and when it is interrupted, DIR is absent as before. Or UnsettledError: then it is there.
    """
    staging, times = fresh
    tree = f"{staging_folder(root)}/root"
    try:
        fs.remove_tree(tree, writer=writer)  # of an attempt before
        writer.mkdir(tree, 0o755)
        writer.chmod(tree, 0o755)
        descriptor = fs.open_folder(tree)
        try:
            copied = place(
                staging,
                descriptor,
                link_mode=link_mode,
                workers=workers,
                advanced=advanced,
                writer=writer,
            )
            _set_times(times, descriptor, writer)
            harden_tree(descriptor, writer=writer)
        finally:
            os.close(descriptor)
        fs.rename_new(tree, root, writer=writer)
    except FileExistsError as error:
        _withdraw(tree, writer)
        if os.path.lexists(root):
            raise DriftedError(
                "something came to stand there while the root was being made",
                where=root,
                hints=("Run the command again.",),
            ) from error
        raise apply_failed(error, root, restored=True) from error
    except OSError as error:
        _withdraw(tree, writer)
        raise apply_failed(error, root, restored=True) from error
    except BaseException as error:
        _withdraw(tree, writer)
        if isinstance(error, KeyboardInterrupt):
            made = os.path.lexists(root)
            error.add_note(f"{root} is whole" if made else f"{root} was not made")
        raise
    try:
        harden(os.path.dirname(root), writer=writer)
    except OSError as error:
        raise UnsettledError(error, root) from error
    return copied


def _set_times(times: "Sequence[FolderTime]", top: int, writer: fs.Writer) -> None:
    for folder, time in times:
        if folder:
            writer.utime(folder, (time, time), dir_fd=top, follow_symlinks=False)
        else:
            writer.utime(top, (time, time))


def _withdraw(tree: str, writer: fs.Writer) -> None:
    try:
        fs.remove_tree(tree, writer=writer)
    except OSError:  # the first fault is the one to tell, and the next sync clears what is left
        pass
