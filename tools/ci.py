"""All that CI asks of a checkout: `.ci/run`, or `.ci/run STEP...` for some of it.

On a bare machine with Python 3.11 or later and pip. What it installs goes to .roots/ (git ignores it), but for Debian
packages, where apt-get may install them, and the container lab's images. Every step runs, and one that fails fails the
whole. Slow tests run while there is time for them. A step fails where a command of it does, does not end in its time, or leaves a process behind. A test that is
skipped fails, unless it says that it needs what this machine lacks.
"""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from checkout import CHECKOUT, PYTHON, ROOTS
from watching import watch

LAB = Path(os.environ.get("SITEROOT_CONTAINER_LAB", CHECKOUT.parent / "shared/container-lab.sh"))
CORPUS = Path(os.environ.get("SITEROOT_CORPUS", CHECKOUT.parent / "shared/corpus"))

#: Programs that tests use where they are here, with the Debian packages that bring them.
PROGRAMS = {
    "git": "git",
    "git-lfs": "git-lfs",
    "mount": "mount",
    "strace": "strace",
    "unzip": "unzip",
    "zip": "zip",
    "chromium": "chromium",
    "chromedriver": "chromium-driver",
    "mkfs.ext4": "e2fsprogs",
    "mkfs.btrfs": "btrfs-progs",
    "mkfs.xfs": "xfsprogs",
}
#: What no command can bring. Tests that are skipped for want of it say so with these words.
MACHINE = (
    "Python",
    "Pythons",
    "root",
    "processor",
    "cargo",
    "glibc",
    "packaging",
    "environments",
    "mounted",
    "user",
    "time",
    "SITEROOT_PEER_SUITES",
    "resolvelib",
    "nab_resolver",
)
#: When the last slow test may begin, in seconds: a run has 15 minutes, and the long ones begin first.
SLOW_UNTIL = 780
#: What tests may take of it while they run, with room to spare: then their files lie in memory.
MEMORY = 12 << 30
PARALLEL = ("-q", "-n", "2", "--dist", "worksteal")
#: What a run may leave in the checkout.
CACHES = re.compile(r".*(\.roots|__pycache__|\.hypothesis|_cache)/")


class CI:
    """One run: its faults so far, the variables that its commands see, and a folder in memory where there is one."""

    def __init__(self, scratch: str, memory: str) -> None:
        self.memory = memory
        hidden = {"PYTHONPATH", "VIRTUAL_ENV", "UV_ORACLE"}
        self.variables = {name: value for name, value in os.environ.items() if name not in hidden}
        self.variables["TMPDIR"] = scratch
        self.variables["SITEROOT_SLOW_UNTIL"] = str(time.time() + SLOW_UNTIL)
        self.faults: list[str] = []

    def call(self, *words: str | Path, seconds: float, **more: str) -> bool:
        """Run a command; whether it did well. `seconds` is several times what it takes."""
        faults = watch(words, seconds=seconds, variables=self.variables | more)
        self.faults += [f"{' '.join(map(str, words))}: {fault}" for fault in faults]
        return not faults

    def tool(self, name: str, *words: str, seconds: float, **more: str) -> bool:
        """Run one of the tools beside this one."""
        path = CHECKOUT / "tools" / f"{name}.py"
        return self.call(sys.executable, path, *words, seconds=seconds, **more)


def lint(ci: CI) -> None:
    """Check format, lint, types and floors."""
    ci.tool("lint", seconds=600)


def docs(ci: CI) -> None:
    """Build the documentation, each warning an error."""
    if ci.tool("checkout", "docs", seconds=300):
        words = ("-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", CHECKOUT / "docs")
        path = os.pathsep.join([str(CHECKOUT / "src"), str(ROOTS / f"docs-{PYTHON}")])
        ci.call(sys.executable, *words, ROOTS / "docs-html", seconds=300, PYTHONPATH=path)


def pure(ci: CI) -> None:
    """Run the unit tests without compiled dependencies, as on a new Python, musl or in siteroot.pyz."""
    words = (*PARALLEL, "tests/unit")
    ci.tool("test", *words, seconds=900, SITEROOT_TEST_ROOT="pure")


def plain(ci: CI) -> None:
    """Run what changes a root or the store with links, clones, copy_file_range, folder locks and forks refused."""
    if sys.platform != "linux":
        return
    functional = CHECKOUT / "tests" / "functional"
    kinds = ("store", "sync_again", "sync_builds", "sync_locks", "sync_places", "root", "ownership")
    chosen = [str(path) for kind in kinds for path in functional.glob(f"test_{kind}*.py")]
    units = ("tests/unit/root", "tests/unit/store", "tests/unit/test_fs.py")
    words = (*PARALLEL, "-m", "not slow and not container and not uv")
    places = ("tests/rules", "tests/crash", *units, *sorted(chosen))
    ci.tool(
        "test",
        *words,
        *places,
        seconds=900,
        SITEROOT_TEST_FAST_CALLS="off",
        SITEROOT_MAY_SKIP=",".join([*list_lacking(), "calls"]),
    )


def tests(ci: CI) -> None:
    """Run README's own command, with uv as an oracle and all that can be set up here."""
    lacking = list_lacking()
    if os.geteuid() or not LAB.is_file():
        lacking.append("lab")
    elif ci.call("bash", LAB, "setup", seconds=900):
        ci.variables["SITEROOT_CONTAINER_LAB"] = str(LAB)
    if ci.tool("checkout", "oracle", seconds=300):
        ci.variables["UV_ORACLE"] = str(ROOTS / f"oracle-{PYTHON}" / "bin" / "uv")
    # most of their time goes into small files; `pure` and `plain` write theirs to the disk
    ci.tool("test", seconds=1800, SITEROOT_MAY_SKIP=",".join(lacking), TMPDIR=ci.memory)


def install_programs(ci: CI) -> None:
    """Install what tests use and this machine lacks, where that can be done, and tell what stays lacking."""
    absent = [package for program, package in PROGRAMS.items() if shutil.which(program) is None]
    if absent and os.geteuid() == 0 and shutil.which("apt-get") is not None:
        install = f"apt-get install -y -qq --no-install-recommends {' '.join(absent)}"
        script = (
            f"(apt-get update -qq && {install}) >/dev/null 2>&1 || echo apt-get cannot install them"
        )
        ci.call("sh", "-c", script, seconds=600, DEBIAN_FRONTEND="noninteractive")
    for program in PROGRAMS:
        if shutil.which(program) is None:
            print(f"there is no {program} here: tests that need it are skipped", flush=True)


def list_lacking() -> list[str]:
    """Return what this machine lacks, in the words of tests that are skipped for want of it."""
    lacking = [*MACHINE, *(program for program in PROGRAMS if shutil.which(program) is None)]
    if not (CHECKOUT / ".git").exists():
        lacking.append("git")
    if not CORPUS.is_dir():
        lacking.append("corpus")
    return lacking


STEPS: dict[str, Callable[[CI], None]] = {
    "lint": lint,
    "docs": docs,
    "pure": pure,
    "plain": plain,
    "tests": tests,
}


def list_checkout() -> set[str]:
    """Return what lies in the checkout and is not tracked, caches aside; nothing where git cannot tell."""
    command = ["git", "status", "--porcelain", "--ignored"]
    try:
        listed = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return set()
    return {line for line in listed.stdout.splitlines() if not CACHES.fullmatch(line)}


def find_memory() -> str | None:
    """Return a file system in memory that programs can be run from and that has room for all, if there is one."""
    try:
        found = os.statvfs("/dev/shm")  # noqa: S108 - a folder of our own is made in it
        free = re.search(
            r"^MemAvailable: +(\d+) kB", Path("/proc/meminfo").read_text(), re.MULTILINE
        )
    except OSError:
        return None
    room = min(found.f_bavail * found.f_frsize, int(free[1]) * 1024 if free else 0)
    if room < MEMORY or found.f_flag & os.ST_NOEXEC or not os.access("/dev/shm", os.W_OK):  # noqa: S108
        return None
    return "/dev/shm"  # noqa: S108


@contextlib.contextmanager
def temporary_folder(place: str | None) -> Iterator[str]:
    """Give a folder that goes with all in it, what a killed test had mounted there too."""
    with tempfile.TemporaryDirectory(prefix="siteroot-ci-", dir=place) as folder:
        try:
            yield folder
        finally:
            mounts = Path("/proc/self/mounts").read_text("utf-8", "replace").splitlines()
            points = [line.split(" ")[1] for line in mounts]
            for point in reversed([point for point in points if point.startswith(f"{folder}/")]):
                subprocess.run(["umount", "--lazy", point], check=False)


def main() -> int:
    """Run the steps."""
    chosen = sys.argv[1:] or list(STEPS)
    if unknown := [name for name in chosen if name not in STEPS]:
        print(f"no such step: {', '.join(unknown)}; there are {', '.join(STEPS)}", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started ends too
    os.chdir(CHECKOUT)
    before = list_checkout()
    with temporary_folder(None) as scratch, temporary_folder(find_memory()) as memory:
        ci = CI(scratch, memory)
        if {"plain", "tests"} & set(chosen):
            install_programs(ci)
        for name in chosen:
            began = time.monotonic()
            print(f"\n== {name}", flush=True)
            STEPS[name](ci)
            print(f"-- {name}: {time.monotonic() - began:.0f} s", flush=True)
    ci.faults += [f"left in the checkout: {line}" for line in sorted(list_checkout() - before)]
    print("", *(f"failed: {fault}" for fault in ci.faults), sep="\n")
    return 1 if ci.faults else 0


if __name__ == "__main__":
    sys.exit(main())
