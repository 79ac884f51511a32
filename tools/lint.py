"""Runs one of the linters from a root made for them: `python3 tools/lint.py ruff check`; without words, all of them."""

import subprocess
import sys

from checkout import CHECKOUT, environment_with, make_root

ALL = (
    ("ruff", "format", "--check", "."),
    ("ruff", "check", "."),
    ("mypy",),
    ("lint-imports", "--no-cache"),
)


def main() -> int:
    """Run it."""
    root = make_root("lint")
    commands = [tuple(sys.argv[1:])] if sys.argv[1:] else ALL
    codes = [
        subprocess.run(
            [str(root / "bin" / name), *words],
            cwd=CHECKOUT,
            env={**environment_with(root), "SITEROOT_PYTHON": sys.executable},
            check=False,
        ).returncode
        for name, *words in commands
    ]
    return max(codes)


if __name__ == "__main__":
    sys.exit(main())
