"""A process that applies rows to a root, for tests that kill it: `root_driver.py ROOT ROWS LINK_MODE`.

ROWS is a file with marshalled `Fresh` or `Change` rows. A line "go" on stdout says that the work begins.
"""

import marshal
import sys

from siteroot.root.fresh import apply_fresh
from siteroot.root.journal import apply_change, recover_root
from siteroot.root.lock import lock_root


def main() -> None:
    """Apply the rows."""
    root, path, link_mode = sys.argv[1:]
    with open(path, "rb") as stream:
        rows = marshal.load(stream)
    print("go", flush=True)
    with lock_root(root) as lock:
        if lock.existed:
            recover_root(root)
            apply_change(root, rows, link_mode=link_mode, workers=2)
        else:
            apply_fresh(root, rows, link_mode=link_mode, workers=2)


if __name__ == "__main__":
    main()
