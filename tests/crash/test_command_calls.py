"""The whole command stopped at each changing system call, by strace: the store's work, the root's and its own notes.

Where the call is a kill, the tree is old or new after the next command, with the store, the wheels and the path gone;
where it is an error of the disk's, it is old or new at once, as the exit code says. Then a plain sync makes the fresh
root, and the store gives it again with no wheel there.
"""

import os
import shutil
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.command import plain_variables
from support.ground import Ground, build_versions, digest_of, make_ground
from support.trees import describe_difference, snapshot

#: All but those that open and write, most of which are not ours: loading modules, talking.
CALLS = (
    *("?mkdir", "mkdirat", "?rmdir", "?unlink", "unlinkat", "?rename", "?renameat", "renameat2"),
    *("?link", "linkat", "utimensat", "?chmod", "fchmod", "fchmodat", "copy_file_range", "fsync"),
    *("setxattr", "removexattr", "flock"),
)
FAULTS = ("signal=SIGKILL", "error=ENOSPC", "error=EIO")


class Watched:
    """A sync from one selection to another, under strace."""

    def __init__(self, ground: Ground, versions: dict[str, Path]) -> None:
        self.ground = ground
        self.root, self.cache = ground.home / "root", ground.home / "cache-of-root"
        self.kept, self.kept_cache = ground.home / "kept", ground.home / "kept-cache"
        self.old, self.new = versions["one"], versions["more"]
        ground.sync(self.old, self.kept, cache=self.kept_cache)
        ground.sync(self.new, ground.home / "fresh", "--compile-bytecode")
        self.fresh = digest_of(ground.home / "fresh")
        self.old_tree = snapshot(self.kept)
        self.new_tree = snapshot(ground.home / "fresh")

    def reset(self) -> None:
        """Put root and store back to what they were."""
        for folder, kept in ((self.root, self.kept), (self.cache, self.kept_cache)):
            shutil.rmtree(folder, ignore_errors=True)
            subprocess.run(["cp", "-a", kept, folder], check=True)

    def run(self, trace: Path, *words: str) -> subprocess.CompletedProcess[str]:
        """Run the command under strace.

        The interpreter's own bytecode of siteroot is not written: a first run would make more calls than the others.
        """
        command = self.ground.command(self.new, self.root, "--compile-bytecode", cache=self.cache)
        return subprocess.run(
            [
                "strace",
                "-ff",
                "-qqq",
                "-o",
                str(trace),
                "-e",
                "signal=none",
                "-e",
                f"trace={','.join(CALLS)}",
                *words,
                *command,
            ],
            cwd=self.ground.home,
            env=plain_variables(self.ground.home, {"PYTHONDONTWRITEBYTECODE": "1"}),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def moments(self, folder: Path) -> list[tuple[str, int]]:
        """Return each call that the command makes: its name, and which of that name it is in its thread."""
        self.reset()
        done = self.run(folder / "trace")
        if "PTRACE_TRACEME" in done.stderr:
            pytest.skip(f"strace may not watch here: {done.stderr.strip()}")
        assert done.returncode == 0, done.stderr
        assert digest_of(self.root) == self.fresh
        most = Counter[str]()
        for path in folder.glob("trace.*"):
            most |= Counter(line.partition("(")[0] for line in path.read_text().splitlines())
        return [(call, at) for call in sorted(most) for at in range(1, most[call] + 1)]

    def stop(self, folder: Path, call: str, at: int, fault: str) -> str:
        """Stop it at that call; return what was found then."""
        self.reset()
        folder.mkdir()
        done = self.run(folder / "trace", "-e", f"inject={call}:{fault}:when={at}")
        what = (call, at, fault, done.returncode, done.stderr)
        assert is_struck(folder, call, at), (*what, "no thread came so far")
        assert "Traceback" not in done.stderr, what
        if fault.startswith("signal"):
            assert done.returncode == -signal.SIGKILL, what
        else:
            assert done.returncode in (0, 1), what
            if done.returncode == 0 or "between two states" not in done.stderr:
                right = self.new_tree if done.returncode == 0 else self.old_tree
                assert not describe_difference(snapshot(self.root), right), what
        with self._all_gone() as moved:
            command = self.ground.command(self.new, moved, "--compile-bytecode")
            command[command.index("--cache-dir") + 1] = str(folder / "empty")
            subprocess.run(
                command,
                cwd=self.ground.home,
                env=plain_variables(self.ground.home),
                capture_output=True,
                check=False,
                timeout=60,
            )
            seen = snapshot(moved)
        lines = describe_difference(seen, self.new_tree), describe_difference(seen, self.old_tree)
        assert [] in lines, (what, lines)
        self.ground.sync(self.new, self.root, "--compile-bytecode", cache=self.cache)
        assert digest_of(self.root) == self.fresh, what
        with self._all_gone():
            again = self.ground.home / "again"
            self.ground.sync(self.new, again, "--compile-bytecode", cache=self.cache)
            assert digest_of(again) == self.fresh, what
            shutil.rmtree(again)
        return "new" if lines[0] == [] else "old"

    @contextmanager
    def _all_gone(self) -> Iterator[Path]:
        """Have the wheels away and the root at another path."""
        home = self.ground.home
        os.rename(home / "wheels", home / "wheels-away")
        os.rename(self.root, home / "moved")
        try:
            yield home / "moved"
        finally:
            os.rename(home / "moved", self.root)
            os.rename(home / "wheels-away", home / "wheels")


def is_struck(folder: Path, call: str, at: int) -> bool:
    """Tell by strace's own account whether a thread came to that call, and it was not let through."""
    made = (
        [line for line in path.read_text().splitlines() if line.startswith(f"{call}(")]
        for path in folder.glob("trace.*")
    )
    return any(lines[at - 1].endswith(("= ?", "(INJECTED)")) for lines in made if len(lines) >= at)


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Watched:
    if shutil.which("strace") is None:
        pytest.skip("needs strace")
    ground = make_ground(tmp_path_factory.mktemp("ground"))
    built = build_versions(ground.home / "wheels")
    return Watched(
        ground, {name: ground.project(f"p-{name}", *built[name]) for name in ("one", "more")}
    )


@pytest.fixture(scope="module")
def moments(watched: Watched, tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, int]]:
    return watched.moments(tmp_path_factory.mktemp("count"))


@pytest.mark.fast_calls
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(
    ("part", "parts"),
    [
        pytest.param(0, 0, id="few"),
        *(pytest.param(n, 8, id=f"part {n}", marks=pytest.mark.endless) for n in range(8)),
    ],
)
def test_stopped_at_any_call_the_store_and_the_root_are_whole(
    watched: Watched,
    moments: list[tuple[str, int]],
    tmp_path: Path,
    fault: str,
    part: int,
    parts: int,
) -> None:
    few = [("rename", 4)] if fault == FAULTS[0] else [("utimensat", 9)]
    chosen = moments[part::parts] if parts else [each for each in few if each in moments]
    found = {
        (call, at): watched.stop(tmp_path / f"{call}-{at}", call, at, fault) for call, at in chosen
    }
    print(f"{fault}: {len(found)} of {len(moments)} calls struck: {found}")
    assert found
