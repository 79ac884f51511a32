"""Makes what the other tools need, with nothing at hand but Python 3.11 or later and pip.

    .roots/bootstrap   siteroot's own dependencies, by `pip install --target`: works where Python is externally
                       managed and has neither venv nor ensurepip
    .roots/PURPOSE     a site root, made by siteroot itself from this checkout's own uv.lock
    .roots/cache       siteroot's cache, unless SITEROOT_CACHE_DIR or UV_CACHE_DIR names another

`python3 tools/checkout.py PURPOSE` makes one and prints where it is.
"""

import fcntl
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
ROOTS = CHECKOUT / ".roots"
PYTHON = f"{sys.implementation.name}-{sys.version_info[0]}.{sys.version_info[1]}"

#: The roots that the project's own work is done in, by purpose: the words that choose what is in them.
PURPOSES = {
    "run": (),
    "test": ("--group", "test", "--group", "docs", "--all-extras"),
    "pure": ("--group", "test"),
    "lint": ("--group", "lint", "--group", "test", "--extra", "fast"),
    "docs": ("--group", "docs"),
    "oracle": ("--only-group", "oracle"),
    "bench": ("--only-group", "bench"),
    "run-fast": ("--no-dev", "--extra", "fast"),
}


def make_bootstrap() -> Path:
    """Return a folder that siteroot and its own dependencies can be imported from.

    It appears whole, and is made anew when the dependencies change: pip leaves the old ones in a folder.
    """
    folder = ROOTS / f"bootstrap-{PYTHON}"
    dependencies = tomllib.loads((CHECKOUT / "pyproject.toml").read_text("utf-8"))["project"][
        "dependencies"
    ]
    script = (CHECKOUT / "scripts" / "siteroot").read_bytes()
    wanted = "\n".join(dependencies).encode() + b"\n\n" + script
    ROOTS.mkdir(exist_ok=True)
    with (ROOTS / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stamp = folder / "made-from"
        if stamp.is_file() and stamp.read_bytes() == wanted:
            return folder
        part = folder.with_name(f"{folder.name}.part")
        for old in (part, folder):
            shutil.rmtree(old, ignore_errors=True)
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        command += ["--no-cache-dir", "--target", str(part), *dependencies]
        environment = {**os.environ, "PIP_ROOT_USER_ACTION": "ignore"}
        environment.pop("PYTHONPATH", None)
        run_or_exit(command, environment)
        (part / "siteroot").symlink_to(Path("..", "..", "src", "siteroot"))
        (part / "bin").mkdir(exist_ok=True)
        (part / "bin" / "siteroot").write_bytes(script)
        (part / "bin" / "siteroot").chmod(0o755)
        (part / stamp.name).write_bytes(wanted)
        part.rename(folder)
    return folder


def run_siteroot(arguments: Sequence[str]) -> None:
    """Run this checkout's siteroot; nothing is left outside the checkout."""
    command = make_bootstrap() / "bin" / "siteroot"
    environment = dict(os.environ)
    if not {"SITEROOT_CACHE_DIR", "UV_CACHE_DIR"} & environment.keys():
        environment["SITEROOT_CACHE_DIR"] = str(ROOTS / "cache")
    run_or_exit([sys.executable, str(command), *arguments], environment)


def run_or_exit(command: Sequence[str], environment: Mapping[str, str]) -> None:
    """Run a command; where it fails it has said why, and that is the end."""
    code = subprocess.run(command, check=False, env=environment).returncode
    if code:
        raise SystemExit(code)


def make_root(purpose: str) -> Path:
    """Return a root made from this checkout's lock, for one of PURPOSES."""
    root = ROOTS / f"{purpose}-{PYTHON}"
    run_siteroot(
        ["sync", "--frozen", "--no-install-project", "--quiet", "--python", sys.executable]
        + ["--project", str(CHECKOUT), "--target", str(root), *PURPOSES[purpose]]
    )
    return root


def environment_with(*folders: Path) -> dict[str, str]:
    """Return the environment in which this checkout's code and the folders can be imported."""
    path = os.pathsep.join([str(CHECKOUT / "src"), *map(str, folders)])
    return {**os.environ, "PYTHONPATH": path}


if __name__ == "__main__":
    print(make_root(sys.argv[1]))
