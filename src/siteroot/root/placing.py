"""Placing: the rows of a `Staging` become files in an empty folder that nobody looks at yet.

Whatever goes wrong, the folder is the caller's to remove; nothing here repairs it. How one file is placed is
`units`' business, how many processes share the work is `workers`'.

This module imports no dataclasses, typing, pathlib or re (DESIGN.md 3).
"""

import os
import stat

from siteroot import fs
from siteroot.errors import StoreError
from siteroot.model.rows import Job, PackedJob, PackedStaging, Staging

from .units import Errand, count_rows, flush, place_unit, unpack
from .workers import alone, divide, share_out

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

#: Fewer files than this the process places itself: two forks cost as much as 300 links.
FEW = 600
_PROBE = ".probe"


class PoisonedError(StoreError):
    """Stored files are not what was checked and stored. `sources` are the store entries' folders."""

    def __init__(self, found: "Sequence[tuple[str, str, str]]") -> None:
        label, source, name = found[0]
        more = len({entry for _, entry, _ in found}) - 1
        others = f" (and files of {more} other distributions)" if more else ""
        super().__init__(
            f"the cache's file {name} of {label} is not what was stored{others}: it was edited, removed or closed"
            " to readers, maybe through a root that shares it by hard link",
            where=source,
            hints=("Run again with the index reachable, so that it can be fetched anew.",),
        )
        self.sources = tuple(sorted({entry for _, entry, _ in found}))
        self.labels = tuple(sorted({text for text, _, _ in found}))


def copied_words(root: str, link_mode: str | None) -> str:
    """Return the warning that files were copied which were to be links."""
    return (
        f"files were copied, because {root} and the cache cannot share them by {link_mode};"
        " --link-mode=copy says so beforehand"
    )


def place(
    staging: Staging | PackedStaging,
    folder: int,
    *,
    link_mode: str | None = None,
    workers: int | None = None,
    advanced: "Callable[[int], None] | None" = None,
    writer: fs.Writer = fs.DISK,
) -> bool:
    """Place everything below the open, empty folder; return whether files that were to be links were copied.

    `link_mode` is clone, copy, hardlink or symlink. None is clone, which is hardlink where the disk cannot, and copy
    where it can neither, as with uv. `workers` None: as many as there are processors for this process. `advanced`
    hears how many files more are there. Files have exactly their rows' modes and times; folders' times are left to
    the caller.

    Raises PoisonedError, WorkerLostError, or the OSError that stopped it. The process's umask is 0 meanwhile, and
    no other thread may live: where one does, nothing is forked.
    """
    umask = os.umask(0)
    try:
        exact = _make_folders(staging[1], folder, writer)
        jobs = staging[2]
        mode = _settle(link_mode, jobs, folder, writer)
        errand = Errand(folder, mode, exact=exact, tell=advanced or _nobody, writer=writer)
        if workers is None:
            workers = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
        files = sum(map(count_rows, jobs))
        if workers < 2 or files < FEW or not alone() or not hasattr(os, "fork"):
            for job in jobs:
                place_unit((job, 0, count_rows(job)), errand)
            flush(errand)
        else:
            share_out(divide(jobs, workers, by_count=mode != "copy"), workers, errand)
    finally:
        os.umask(umask)
    if errand.poisoned:
        raise PoisonedError(sorted(errand.poisoned))
    return errand.copied and link_mode in ("hardlink", "symlink")


def _nobody(_count: int) -> None:
    """Hear progress and say nothing."""


def _make_folders(folders: "Sequence[str]", top: int, writer: fs.Writer) -> bool:
    """Make the folders with mode 0755; return whether modes come out as asked here.

    They do not below a set-group-id folder or a default ACL: then every mode is set once more.
    """
    for path in folders:
        writer.mkdir(path, 0o755, dir_fd=top)
    if not folders:
        return False
    made = os.stat(folders[0], dir_fd=top, follow_symlinks=False)
    if stat.S_IMODE(made.st_mode) == 0o755:
        return True
    for path in folders:
        writer.chmod(path, 0o755, dir_fd=top)
    return False


def _settle(
    link_mode: str | None, jobs: "Sequence[Job | PackedJob]", folder: int, writer: fs.Writer
) -> str:
    """Return the mode to begin with: one try at the first stored file says whether the disk clones."""
    if link_mode not in (None, "clone"):
        return link_mode
    job = next(filter(count_rows, jobs), None)
    if job is None:
        return "hardlink"
    entry, _, stored, _ = unpack(job)
    try:
        source = os.open(f"{entry}/{stored[0][1]}", fs.FILE_FLAGS)
    except OSError:
        return "hardlink"  # the unit that comes to it says what is wrong with it
    try:
        target = writer.create(_PROBE, fs.CREATE_FLAGS, 0o600, dir_fd=folder)
        try:
            writer.clone(target, source)
        except OSError as error:
            if error.errno not in fs.FALLBACKS:
                raise
            return "hardlink"
        finally:
            os.close(target)
            writer.unlink(_PROBE, dir_fd=folder)
    finally:
        os.close(source)
    return "clone"
