"""Writes the tables of docs/reference anew from those that the program runs by: `python3 tools/reference.py`."""

import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(CHECKOUT / "src"))

from siteroot.cli.reference import fill_page  # noqa: E402 - it is found in the checkout


def main() -> None:
    """Write the pages that are not as they should be."""
    for page in sorted((CHECKOUT / "docs" / "reference").glob("*.md")):
        there = page.read_text("utf-8")
        right = fill_page(there)
        if right != there:
            page.write_text(right, "utf-8")
            print(page.relative_to(CHECKOUT))


if __name__ == "__main__":
    main()
