"""`siteroot sync`, struck by SIGKILL while it places; then the next command; then what stands there.

How far the work is shows on the disk (`Phase`), and how long each phase takes is measured first. Phases and
victims have their turns, so that few strikes meet all of them; the moment within a phase is drawn. It is aimed at from the beginning of its phase, so that a busy machine does not carry it past the end. All processes of the command are stopped first, so that what is struck is known; one that was not at
work any more does not count, and another moment is drawn.

After the strike one of two things is done. Everything a recovery could lean on is taken away (the cache, the wheels;
the root goes to another path), and a sync runs, which can do no more than recover: it must leave the old tree or the
new one, to the last time. Or nothing is taken away, and the sync must reach the new tree. In the end all of them do.
"""

import contextlib
import hashlib
import itertools
import json
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
from enum import IntEnum
from pathlib import Path
from statistics import median

from .command import Place, plain_variables
from .trees import describe_difference, snapshot

#: Each long matrix makes so many strikes: with SITEROOT_STRIKES=200 all, else the first of them.
STRIKES = int(os.environ.get("SITEROOT_STRIKES", "20"))
#: ... in tests of so many: (number of the first, how many).
_MOST = 40
PARTS = tuple((start, min(_MOST, STRIKES - start)) for start in range(0, STRIKES, _MOST))
MODES = ("copy", "hardlink")
_LONGEST_WAIT = 120.0


class Phase(IntEnum):
    """What a command is at, as the disk shows it."""

    EARLY = 0  # nothing of its work is there yet
    STAGING = 1  # a kill leaves the old tree
    MOVING = 2  # the journal holds: a kill leaves the new tree
    CLEARING = 3  # the new tree stands, what is left of the work goes
    ENDING = 4  # the root is done; the command still notes what it did


@dataclass(frozen=True, slots=True)
class Moment:
    """When to strike whom."""

    phase: Phase
    delay: float
    victim: str
    mode: str

    def __str__(self) -> str:
        return (
            f"{self.victim}, {self.delay * 1000:.1f} ms into {self.phase.name.lower()}, {self.mode}"
        )


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


def workers_of(process: "subprocess.Popen[bytes]") -> list[int]:
    """Return the processes that it has forked and that have not ended."""
    workers = []
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        listed = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text("ascii")
        for child in listed.split():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                state = Path(f"/proc/{child}/stat").read_text("ascii").rpartition(")")[2].split()[0]
                if state not in "ZX":
                    workers.append(int(child))
    return workers


def stop_all(process: "subprocess.Popen[bytes]") -> bool:
    """Stop the process and all that it started; return whether it was there to be stopped."""
    os.killpg(process.pid, signal.SIGSTOP)
    found = os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
    return found is not None and found.si_code == os.CLD_STOPPED


def strike_stopped(process: "subprocess.Popen[bytes]", victim: str) -> str:
    """Kill the parent, one worker or all of a stopped command, let the rest go on; return who was struck.

    Where there is no worker at the moment, it is the parent.
    """
    workers = workers_of(process) if victim == "worker" else []
    if victim == "group":
        os.killpg(process.pid, signal.SIGKILL)
    elif workers:
        os.kill(workers[0], signal.SIGKILL)
    else:
        victim = "parent"
        process.kill()
    os.killpg(process.pid, signal.SIGCONT)
    process.wait(timeout=_LONGEST_WAIT)
    return victim


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
        self.old = {}
        if self.before is not None:
            self._must(self.before)
            self.old = snapshot(self.root)
            os.rename(self.root, self.kept)
        self._reset()
        self._must(self.after)  # the store has all wheels now
        self.new = snapshot(self.root)
        assert self.new != self.old
        self.victims: tuple[str, ...] = ("parent", "group")
        self.lengths = {mode: self._measure(mode) for mode in MODES}

    def strike_all(self, count: int, seed: int) -> None:
        """Strike at so many moments of the work. Raises AssertionError for the first tree that is neither."""
        moments = self._moments(random.Random(seed))
        while self.found["struck"] < count:
            moment = next(moments)
            what = f"strike {self.found['struck']}: {moment}"
            self._reset()
            if not self._strike(moment, what):
                self.found["too late"] += 1
                assert self.found["too late"] <= 2 * count + 10, "most moments come too late"
                continue
            self.found["struck"] += 1
            if self.found["struck"] % 3 == 0:
                self._recover_with_nothing(what)
                self._must(self.after, "--link-mode", moment.mode)
            else:
                self._recover_and_sync(moment.mode)
            lines = describe_difference(snapshot(self.root), self.new)
            assert not lines, (what, len(lines), lines[:9])
            self.found["new tree in the end"] += 1
            beside = sorted(name for name in os.listdir(self.home) if name.startswith("."))
            assert not beside, (what, beside)

    def describe(self) -> str:
        """Return the lengths of the phases, and what was struck and found."""
        lengths = ", ".join(
            f"{mode} "
            + " ".join(
                f"{phase.name.lower()} {length * 1000:.0f}" for phase, length in each.items()
            )
            for mode, each in self.lengths.items()
        )
        return f"ms: {lengths}; {dict(sorted(self.found.items()))}"

    # -- moments --------------------------------------------------------------------------------------------------

    def _measure(self, mode: str) -> dict[Phase, float]:
        """Return how long each phase takes, in seconds: the median of three."""
        runs: list[dict[Phase, float]] = []
        for _ in range(3):
            self._reset()
            with self._started(mode) as process:
                seen = {Phase.STAGING: time.monotonic()}
                while process.poll() is None:
                    phase = self._phase()
                    seen.setdefault(phase, time.monotonic())
                    if phase is Phase.STAGING and workers_of(process):
                        self.victims = ("parent", "worker", "group")
                    time.sleep(0.0002)
                assert process.returncode == 0
                ended = time.monotonic()
            order = [phase for phase in Phase if phase in seen]
            ends = [*(seen[phase] for phase in order[1:]), ended]
            runs.append({phase: end - seen[phase] for phase, end in zip(order, ends, strict=True)})
        seen_once = [phase for phase in Phase if any(phase in run for run in runs)]
        return {phase: median(run.get(phase, 0.0) for run in runs) for phase in seen_once}

    def _moments(self, chance: random.Random) -> Iterator[Moment]:
        """Draw without end: victims and phases in turn, each with the other mode the next time."""
        longest = {
            phase: max(each.get(phase, 0) for each in self.lengths.values()) for phase in Phase
        }
        met = [phase for phase in (Phase.STAGING, Phase.MOVING, Phase.CLEARING) if longest[phase]]
        short = (
            sum(longest[phase] for phase in met) / 10
        )  # most moments in a shorter one come too late
        turns = [("parent", phase) for phase in met if longest[phase] > short]
        turns += [("group", phase) for phase in met]
        if "worker" in self.victims:  # they live while files are staged, and at no other time
            turns[1:1] = [("worker", Phase.STAGING)]
            turns += [("worker", Phase.STAGING)]
        for number in itertools.count():
            turn, place = divmod(number, len(turns))
            victim, phase = turns[place]
            mode = MODES[(turn + place) % len(MODES)]
            if phase in self.lengths[mode]:
                yield Moment(phase, chance.uniform(0, self.lengths[mode][phase]), victim, mode)

    def _phase(self) -> Phase:
        if self.before is None:
            staging = self.home / ".root.siteroot"
            if self.root.exists():
                return Phase.CLEARING if staging.exists() else Phase.ENDING
            return Phase.STAGING if (staging / "root").exists() else Phase.EARLY
        names = set(os.listdir(self.root))
        if ".siteroot" in names:
            try:
                within = os.listdir(self.root / ".siteroot")
            except FileNotFoundError:
                return Phase.CLEARING
            if "journal.done" in within:
                return Phase.CLEARING
            return Phase.MOVING if "journal" in within else Phase.STAGING
        if any(name.startswith(".siteroot-") and name[10:].isdigit() for name in names):
            return Phase.CLEARING  # or, for an instant, not yet STAGING
        return Phase.ENDING  # or EARLY: who asks knows whether it has begun

    # -- striking -------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _started(self, mode: str) -> "Iterator[subprocess.Popen[bytes]]":
        """Run the sync up to where it begins to stage."""
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

    def _strike(self, moment: Moment, what: str) -> bool:
        """Return whether the command was at work on the root then, and was struck."""
        with self._started(moment.mode) as process:
            while process.poll() is None and not self._has_come(moment, process):
                time.sleep(0.0002)
            time.sleep(moment.delay)
            if process.poll() is not None or not stop_all(process):
                return False
            phase = self._phase()
            if phase is Phase.ENDING:
                os.killpg(process.pid, signal.SIGCONT)
                return False
            struck = strike_stopped(process, moment.victim)
        self.found[f"struck while {phase.name.lower()}"] += 1
        self.found[f"{struck} struck"] += 1
        if struck == "worker":
            # The parent takes all back, unless that worker's part was done.
            assert process.returncode in (0, 1), (what, process.returncode)
            right = self.old if process.returncode else self.new
            lines = describe_difference(snapshot(self.root), right)
            assert not lines, (what, process.returncode, lines[:9])
            self.found[f"worker struck, exit {process.returncode}"] += 1
        return True

    def _has_come(self, moment: Moment, process: "subprocess.Popen[bytes]") -> bool:
        phase = self._phase()
        if moment.victim == "worker" and phase is Phase.STAGING:
            return bool(workers_of(process))
        return phase >= moment.phase

    def _reset(self) -> None:
        shutil.rmtree(self.root, ignore_errors=True)
        if self.before is not None:
            subprocess.run(["cp", "-a", self.kept, self.root], check=True)

    def _words(self, project: Path, *more: str) -> list[str]:
        return [
            *("sync", "--frozen", "--project", str(project), "--target", str(self.root)),
            *("--cache-dir", str(self.cache), "--python", sys.executable, *more),
        ]

    def _must(self, project: Path, *more: str) -> str:
        done = self.place.run(*self._words(project, *more), cwd=self.home)
        assert done.returncode == 0, done.stderr
        return done.stdout

    # -- the next command -----------------------------------------------------------------------------------------

    def _recover_and_sync(self, mode: str) -> None:
        """Run the sync that was struck again, and note from what it said which tree it found after recovering."""
        said = json.loads(self._must(self.after, "--link-mode", mode, "--output-format", "json"))
        is_new = said["sync"]["action"] == "check"
        self.found["new tree, then the sync" if is_new else "old tree, then the sync"] += 1

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
