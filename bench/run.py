"""Times siteroot beside uv, pip, pdm and pex: whole processes in turns, on a tmpfs, against an index on loopback.

    python3 bench/run.py                          all jobs beside all tools
    python3 bench/run.py --tools uv --jobs copy   one of them
    python3 bench/run.py --write                  the same, and writes bench/RESULTS.md

What the project needs is fetched once and kept in .roots/bench-files. PROFILE.md, which says where the time of the
goals that are missed goes, is written by hand and ends the page.
"""

import argparse
import contextlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "tools")]

from checkout import ROOTS, make_bootstrap, make_root  # noqa: E402 - the checkout's own tools
from jobs import JOBS, Job  # noqa: E402
from loopback_index import relocate_lock  # noqa: E402
from made_wheels import MadeWheel, add_to_lock, lock_of, make_wheel  # noqa: E402
from report import Result, describe_machine, missed_goals, render_results  # noqa: E402
from timing import FailedCommandError, median_wall, run_rounds  # noqa: E402
from tools import Bench, Pdm, Pex, Pip, Siteroot, Tool, UvPip, UvSync  # noqa: E402

TOOLS: dict[str, tuple[type[Tool], ...]] = {
    "uv": (UvSync, UvPip),
    "pip": (Pip,),
    "pdm": (Pdm,),
    "pex": (Pex,),
}
SERIES = (10, 100, 1000)


def main() -> int:
    """Run it."""
    arguments = _parse_arguments()
    files = ROOTS / "bench-files"
    files.mkdir(parents=True, exist_ok=True)
    jobs = [job for job in JOBS if not arguments.jobs or job.name in arguments.jobs]
    kinds = [kind for name in arguments.tools for kind in TOOLS[name]]
    with tempfile.TemporaryDirectory(prefix="siteroot-bench-", dir=arguments.folder) as name:
        folder = Path(name)
        pages = [
            f"# siteroot beside its peers\n\n{describe_machine(folder, sys.version.split()[0])}"
        ]
        pages.append(_render_project(folder, files, kinds, jobs, arguments.rounds))
        if arguments.series:
            pages.append(_render_series(folder, arguments.rounds))
    pages.append((HERE / "PROFILE.md").read_text("utf-8").strip())
    page = "\n\n".join(pages) + "\n"
    print(page)
    if arguments.write:
        (HERE / "RESULTS.md").write_text(page, "utf-8")
    return 0


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--tools", nargs="+", choices=TOOLS, default=list(TOOLS), help="beside which tools"
    )
    parser.add_argument("--jobs", nargs="+", choices=[job.name for job in JOBS], help="which jobs")
    parser.add_argument("--rounds", type=int, default=5, help="how many pairs count (%(default)s)")
    parser.add_argument(
        "--folder", type=Path, default=Path("/dev/shm"), help="where, a tmpfs (%(default)s)"
    )
    parser.add_argument(
        "--series", action="store_true", help=f"also how time grows over {SERIES} distributions"
    )
    parser.add_argument("--write", action="store_true", help="write bench/RESULTS.md")
    return parser.parse_args()


def _render_project(
    folder: Path, files: Path, kinds: Sequence[type[Tool]], jobs: Sequence[Job], rounds: int
) -> str:
    """Measure the jobs on the project of real distributions."""
    lock = (HERE / "project" / "uv.lock").read_text("utf-8")
    changing = [make_wheel(files, "changing", version, 40) for version in ("1.0", "2.0")]
    with _bench(
        folder / "project", files, [add_to_lock(lock, wheel) for wheel in changing]
    ) as bench:
        results = list(_measure(bench, kinds, jobs, rounds))
    missed = missed_goals(results)
    goals = "\n\n".join(["Goals missed:", "\n".join(f"- {line}" for line in missed)])
    title = f"## A web service with a job queue and some data work, {lock.count('[[package]]')} distributions in its lock"
    return f"{title}\n\nMedians of {rounds} pairs.\n\n{render_results(results)}\n\n{goals if missed else 'Every goal is reached.'}"


def _measure(
    bench: Bench, kinds: Sequence[type[Tool]], jobs: Sequence[Job], rounds: int
) -> Iterator[Result]:
    tools = [Siteroot(bench), *[kind(bench) for kind in kinds]]
    for tool in tools:
        tool.warm()
    for job in jobs:
        commands = [command for tool in tools if (command := job.command(tool)) is not None]
        print(f"{job.title}: {', '.join(command.tool for command in commands)}", file=sys.stderr)
        runs = run_rounds(commands, rounds)
        for name, each in runs.items():
            print(f"    {name}: {median_wall(each):.3f} s", file=sys.stderr)
        yield Result(job=job, runs=runs)


def _render_series(folder: Path, rounds: int) -> str:
    """Measure how the warm jobs grow with the number of distributions, 20 modules each."""
    jobs = [job for job in JOBS if job.name in ("copy", "hardlink", "nothing")]
    rows = {job.title: [job.title] for job in jobs}
    for count in SERIES:
        files = folder / f"files-{count}"
        files.mkdir()
        wheels: list[MadeWheel] = [
            make_wheel(files, f"made{n:04}", "1.0", 20) for n in range(count)
        ]
        lock = lock_of(wheels)
        with _bench(folder / f"series-{count}", files, [lock, lock]) as bench:
            for result in _measure(bench, [], jobs, rounds):
                seconds = median_wall(result.runs["siteroot"])
                rows[result.job.title].append(
                    f"{seconds:.3f} s, {seconds / count * 1000:.2f} ms each"
                )
    head = "| job | " + " | ".join(map(str, SERIES)) + " |\n" + "|---" * (len(SERIES) + 1) + "|\n"
    return (
        "## Growth with the number of distributions\n\n"
        + head
        + "\n".join(f"| {' | '.join(cells)} |" for cells in rows.values())
    )


@contextlib.contextmanager
def _bench(folder: Path, files: Path, locks: Sequence[str]) -> Iterator[Bench]:
    """Serve the files of the locks, and give the bench that names them so."""
    folder.mkdir()
    paths = []
    for number, lock in enumerate(locks):
        paths.append(folder / f"{number}.lock")
        paths[-1].write_text(lock, "utf-8")
    command = [sys.executable, str(HERE / "loopback_index.py"), str(files), *map(str, paths)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            port = int(server.stdout.readline())
            before, after = (relocate_lock(lock, port) for lock in locks)
            yield Bench(
                folder=folder,
                port=port,
                python=Path(sys.executable),
                project=(HERE / "project" / "pyproject.toml").read_text("utf-8"),
                locks=(before, after),
                siteroot=installed_siteroot(folder),
                uv=make_root("oracle") / "bin" / "uv",
                peers=make_root("bench"),
            )
        finally:
            server.terminate()


def installed_siteroot(folder: Path) -> Path:
    """Return the command as `pip install siteroot[fast]` would have made it, on the same disk as all else."""
    place = folder / "installed"
    shutil.copytree(make_root("run-fast"), place, symlinks=True)
    shutil.copytree(HERE.parent / "src" / "siteroot", place / "siteroot")
    script = (make_bootstrap() / "bin" / "siteroot").read_bytes()
    command = place / "bin" / "siteroot"
    command.write_bytes(b"#!" + sys.executable.encode() + script[script.index(b"\n") :])
    command.chmod(0o755)
    subprocess.run([sys.executable, "-m", "compileall", "-q", str(place)], check=True)
    return command


if __name__ == "__main__":
    try:
        sys.exit(main())
    except FailedCommandError as error:
        sys.exit(str(error))
