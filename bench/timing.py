"""Whole processes, timed in turns: every tool once in each round, so that a machine whose speed drifts is fair to all."""

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One tool at one job. `prepare` brings the disk to where the job begins and is not timed."""

    tool: str
    argv: tuple[str, ...]
    folder: Path
    variables: Mapping[str, str] = field(default_factory=dict)
    prepare: Callable[[], None] = lambda: None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What one process took: seconds on the wall and on processors (children too), and bytes at its peak."""

    wall: float
    processor: float
    peak: int


class FailedCommandError(RuntimeError):
    """A tool did not do its job, so there is nothing to compare."""


def run_once(command: Command) -> Run:
    """Prepare and run the command. Raises FailedCommandError with what it wrote."""
    command.prepare()
    environment = {
        key: value
        for key, value in os.environ.items()
        if key in ("HOME", "PATH", "SSL_CERT_FILE", "TMPDIR")
    }
    began = time.perf_counter()
    process = subprocess.Popen(
        command.argv,
        cwd=command.folder,
        env={**environment, **command.variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    assert process.stderr is not None
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise FailedCommandError(
            f"{command.tool} exited with {process.returncode}: {' '.join(command.argv)}\n{said.decode(errors='replace')}"
        )
    return Run(wall=wall, processor=usage.ru_utime + usage.ru_stime, peak=usage.ru_maxrss * 1024)


def run_rounds(commands: Sequence[Command], rounds: int) -> dict[str, list[Run]]:
    """Return the runs of every tool, by its name, after one round that does not count."""
    runs: dict[str, list[Run]] = {command.tool: [] for command in commands}
    for number in range(rounds + 1):
        shift = number % len(commands)
        for command in (*commands[shift:], *commands[:shift]):
            run = run_once(command)
            if number:
                runs[command.tool].append(run)
    return runs


def median_wall(runs: Sequence[Run]) -> float:
    """Return the median of the seconds on the wall."""
    return statistics.median(run.wall for run in runs)


def median_ratio(ours: Sequence[Run], theirs: Sequence[Run]) -> float:
    """Return the median of our seconds on the wall by theirs, round by round."""
    return statistics.median(our.wall / their.wall for our, their in zip(ours, theirs, strict=True))
