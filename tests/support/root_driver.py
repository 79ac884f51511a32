"""A process that applies rows to a root, for tests that watch or kill it: `root_driver.py ROOT ROWS LINK_MODE [LOG]`.

ROWS is a file with marshalled `Fresh` or `Change` rows. A line "go" on stdout says that the work begins. With LOG, a
file, each changing operation adds its name to it, the workers' too.
"""

import marshal
import sys

from siteroot import fs
from siteroot.root.fresh import apply_fresh
from siteroot.root.journal import apply_change, recover_root
from siteroot.root.lock import lock_root
from support.writers import logging_writer


def main() -> None:
    """Apply the rows."""
    root, path, link_mode, *logs = sys.argv[1:]
    writer = logging_writer(logs[0]) if logs else fs.DISK
    with open(path, "rb") as stream:
        rows = marshal.load(stream)
    print("go", flush=True)
    with lock_root(root, writer=writer) as lock:
        if lock.existed:
            recover_root(root, writer=writer)
            apply_change(root, rows, link_mode=link_mode, workers=2, writer=writer)
        else:
            apply_fresh(root, rows, link_mode=link_mode, workers=2, writer=writer)


if __name__ == "__main__":
    main()
