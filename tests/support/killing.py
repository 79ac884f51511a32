"""`siteroot sync`, struck by SIGKILL while it places; then the next command; then what stands there.

After each strike one of two things is done. Everything a recovery could lean on is taken away (the cache, the wheels;
the root goes to another path), and a sync runs, which can do no more than recover: it must leave the old tree or the
new one, to the last time. Or nothing is taken away, and the sync must reach the new tree. In the end all of them do.
"""

import contextlib
import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from .command import Place, plain_variables
from .trees import describe_difference, snapshot

VICTIMS = ("parent", "worker", "group")
MODES = ("copy", "hardlink")
_LONGEST_WAIT = 60.0


def lock_wheels(folder: Path, wheels: Iterable[Path]) -> Path:
    """Write a project that depends on just these wheels, whatever they require themselves; return its folder."""
    folder.mkdir(parents=True)
    rows, edges = [], []
    for wheel in sorted(wheels):
        name, version = wheel.name.split("-")[:2]
        name = name.lower().replace("_", "-").replace(".", "-")
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        edges.append(f'    {{ name = "{name}" }},\n')
        rows.append(
            f'\n[[package]]\nname = "{name}"\nversion = "{version}"\n'
            'source = { registry = "https://index.test/simple" }\nwheels = [\n'
            f'    {{ url = "{wheel.resolve().as_uri()}", hash = "sha256:{digest}" }},\n]\n'
        )
    (folder / "pyproject.toml").write_text(
        '[project]\nname = "app"\nversion = "1.0"\nrequires-python = ">=3.8"\ndynamic = ["dependencies"]\n'
    )
    (folder / "uv.lock").write_text(
        'version = 1\nrevision = 3\nrequires-python = ">=3.8"\n\n[[package]]\nname = "app"\nversion = "1.0"\n'
        f'source = {{ virtual = "." }}\ndependencies = [\n{"".join(edges)}]\n' + "".join(rows)
    )
    return folder


@dataclass(kw_only=True)
class Strikes:
    """A change from one project's root (None: none there) to another's, to be struck. `home` is an empty folder."""

    place: Place
    home: Path
    wheels: Path
    before: Path | None
    after: Path
    found: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.root = self.home / "root"
        self.kept = self.home / "kept"
        self.cache = self.home / "cache"
        if self.before is not None:
            self._must(self.before)
            self.old = snapshot(self.root)
            os.rename(self.root, self.kept)
        else:
            self.old = {}
        lengths = []
        for _ in range(4):
            self._reset()
            with self._started("copy") as process:
                began = time.monotonic()
                assert process.wait() == 0
                lengths.append(time.monotonic() - began)
        self.longest = max(lengths)
        self.new = snapshot(self.root)
        assert self.new != self.old

    def strike_all(self, count: int, seed: int) -> None:
        """Strike at so many moments of the placing. Raises AssertionError for the first tree that is neither."""
        chance = random.Random(seed)
        for number in range(count):
            moment = chance.uniform(0, self.longest)
            victim, mode = chance.choice(VICTIMS), chance.choice(MODES)
            what = f"strike {number}: {victim} after {moment * 1000:.1f} ms, {mode}"
            self._reset()
            ended = self._strike(moment, victim, mode)
            self.found["ended before the strike" if ended else "struck"] += 1
            if number % 3 == 0:
                self._recover_with_nothing(what)
            self._must(self.after, "--link-mode", mode)
            self._compare(self.new, what)
            beside = sorted(name for name in os.listdir(self.home) if name.startswith("."))
            assert not beside, (what, beside)

    def _reset(self) -> None:
        shutil.rmtree(self.root, ignore_errors=True)
        if self.before is not None:
            subprocess.run(["cp", "-a", self.kept, self.root], check=True)

    def _words(self, project: Path, *more: str) -> list[str]:
        return [
            *("sync", "--frozen", "--project", str(project), "--target", str(self.root)),
            *("--cache-dir", str(self.cache), "--python", sys.executable, *more),
        ]

    def _must(self, project: Path, *more: str) -> None:
        done = self.place.run(*self._words(project, *more), cwd=self.home)
        assert done.returncode == 0, done.stderr

    @contextlib.contextmanager
    def _started(self, mode: str) -> "Iterator[subprocess.Popen[bytes]]":
        """Run the sync up to where it begins to place."""
        begun = self.root / ".siteroot"
        if self.before is None:
            begun = self.home / ".root.siteroot" / "root"
        with subprocess.Popen(
            [sys.executable, str(self.place.script), *self._words(self.after, "--link-mode", mode)],
            cwd=self.home,
            env=plain_variables(self.home),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        ) as process:
            late = time.monotonic() + _LONGEST_WAIT
            while not begun.exists() and process.poll() is None:
                assert time.monotonic() < late
                time.sleep(0.0002)
            yield process

    def _strike(self, moment: float, victim: str, mode: str) -> bool:
        """Return whether the command had ended by then."""
        with self._started(mode) as process:
            time.sleep(moment)
            ended = process.poll() is not None
            with contextlib.suppress(ProcessLookupError, FileNotFoundError):
                if victim == "group":
                    os.killpg(process.pid, signal.SIGKILL)
                elif victim == "parent":
                    process.kill()
                else:
                    self._strike_worker(process)
            process.wait(timeout=_LONGEST_WAIT)
        return ended

    def _strike_worker(self, process: "subprocess.Popen[bytes]") -> None:
        """Strike a worker alone, the parent where there is none at the moment."""
        listed = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text("ascii")
        children = [int(child) for child in listed.split()]
        os.kill(children[0] if children else process.pid, signal.SIGKILL)
        self.found["worker struck" if children else "no worker: parent struck"] += 1

    def _recover_with_nothing(self, what: str) -> None:
        """Run a sync of the root at another path, with neither cache nor wheels: it can recover, and that is all."""
        moved, away, elsewhere = self.home / "moved", self.home / "away", self.home / "cache-away"
        os.rename(self.wheels, away)
        os.rename(self.cache, elsewhere)
        there = self.root.exists()
        if there:
            os.rename(self.root, moved)
        try:
            words = self._words(self.after)
            words[words.index(str(self.root))] = str(moved)
            done = self.place.run(*words, cwd=self.home)
        finally:
            shutil.rmtree(self.cache, ignore_errors=True)
            os.rename(elsewhere, self.cache)
            os.rename(away, self.wheels)
            if moved.exists():
                os.rename(moved, self.root)
        seen = snapshot(self.root)
        is_new = bool(seen) and not describe_difference(seen, self.new)
        lines = describe_difference(seen, self.old)
        assert is_new or not lines, (
            what,
            done.stderr,
            lines[:9],
            describe_difference(seen, self.new)[:9],
        )
        self.found["new tree, by recovery alone" if is_new else "old tree, by recovery alone"] += 1
        if is_new:
            assert done.returncode == 0, (what, done.stderr)

    def _compare(self, whole: dict[str, tuple[str, int, int, str]], what: str) -> None:
        lines = describe_difference(snapshot(self.root), whole)
        assert not lines, (what, len(lines), lines[:9])
        self.found["new tree in the end"] += 1
