"""What was measured, as a page: ratios in a table, the machine, the commit, and the goals that were missed."""

import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jobs import Job
from timing import Run, median_ratio, median_wall

OURS = "siteroot"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The runs of each tool at a job."""

    job: Job
    runs: Mapping[str, Sequence[Run]]


def render_results(results: Sequence[Result]) -> str:
    """Return the table of a project: seconds of siteroot, ratios to every other tool, peak memory."""
    others = list(dict.fromkeys(tool for result in results for tool in result.runs if tool != OURS))
    lines = [
        "| job | siteroot, s | " + " | ".join(f"/ {tool}" for tool in others) + " | peak, MB |",
        "|---" * (len(others) + 3) + "|",
    ]
    for result in results:
        ours = result.runs[OURS]
        cells = [result.job.title, f"{median_wall(ours):.3f}"]
        cells += [_ratio(result, tool) for tool in others]
        cells.append(f"{max(run.peak for run in ours) / 1e6:.0f}")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def missed_goals(results: Sequence[Result]) -> list[str]:
    """Return a line for every goal that was not reached."""
    missed = []
    for result in results:
        for tool, goal in result.job.goals.items():
            if tool in result.runs:
                ratio = median_ratio(result.runs[OURS], result.runs[tool])
                if ratio > goal:
                    missed.append(
                        f"{result.job.title}: {ratio:.2f} of `{tool}`, the goal is {goal:.2f}"
                    )
    return missed


def _ratio(result: Result, tool: str) -> str:
    if tool not in result.runs:
        return ""
    ratio = median_ratio(result.runs[OURS], result.runs[tool])
    goal = result.job.goals.get(tool)
    return f"{ratio:.2f}" if goal is None else f"{ratio:.2f} (goal {goal:.2f})"


def describe_machine(folder: Path, python: str) -> str:
    """Return what the figures depend on: processor, memory, kernel, file system, interpreter, commit."""
    processor = next(
        (
            line.partition(":")[2].strip()
            for line in _lines("/proc/cpuinfo")
            if line.startswith("model name")
        ),
        platform.processor(),
    )
    memory = next(
        int(line.split()[1]) for line in _lines("/proc/meminfo") if line.startswith("MemTotal")
    )
    commit = _output("git", "rev-parse", "--short=12", "HEAD", cwd=Path(__file__).parent)
    dirty = _output(
        "git", "status", "--porcelain", "--untracked-files=no", cwd=Path(__file__).parent
    )
    kind = _output("stat", "--file-system", "--format=%T", str(folder), cwd=folder)
    rows = (
        ("processors", f"{len(os.sched_getaffinity(0))} of {processor}"),
        ("memory", f"{memory / 1e6:.0f} GB"),
        ("kernel", platform.release().partition("-")[0]),
        ("file system", kind),
        ("Python", python),
        ("commit", f"{commit}{', with changes' if dirty else ''}"),
    )
    return "\n".join(f"- {name}: {value}" for name, value in rows)


def _lines(path: str) -> list[str]:
    return Path(path).read_text("utf-8").splitlines()


def _output(*command: str, cwd: Path) -> str:
    return subprocess.run(
        command, cwd=cwd, check=True, capture_output=True, text=True
    ).stdout.strip()
