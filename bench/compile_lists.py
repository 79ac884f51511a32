"""Times `siteroot pip compile` beside uv's: whole processes in turns, at lists of requirements on the public index.

    python3 bench/compile_lists.py ../shared/corpus/compile            every list, what is asked in the cache
    python3 bench/compile_lists.py --cold --lists flask -- FOLDER      from an empty cache, over the network

FOLDER holds COMPILE.tsv (the lists, each with a Python) and DATE. Pythons are named by --python, so that the search for
one is not what is timed.
"""

import argparse
import csv
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from jobs import Job
from report import Result, describe_machine, missed_goals, render_results
from run import installed_siteroot
from timing import Command, FailedCommandError, run_once, run_rounds

WARM, COLD = 2.0, 1.5  # what siteroot has set itself, of uv


def main() -> int:
    """Run it."""
    arguments = _parse_arguments()
    uv = next((path for path in (arguments.uv, shutil.which("uv")) if path), None)
    if uv is None:
        raise SystemExit("say --uv PATH")
    with tempfile.TemporaryDirectory(prefix="siteroot-bench-", dir=arguments.tmp) as name:
        folder = Path(name)
        tools = {"siteroot": installed_siteroot(folder), "uv": Path(uv)}
        results = list(_measure(arguments, folder, tools))
        print(describe_machine(folder, sys.version.split()[0]))
        print("\n" + render_results(results))
        print("\n".join(missed_goals(results)))
    return 0


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--lists", nargs="+", help="their names, without .in")
    parser.add_argument("--uv", help="[default: the one on PATH]")
    parser.add_argument("--cold", action="store_true")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--tmp", default="/dev/shm")
    return parser.parse_args()


def _measure(
    arguments: argparse.Namespace, folder: Path, tools: dict[str, Path]
) -> Iterator[Result]:
    date = (arguments.folder / "DATE").read_text().strip()
    with (arguments.folder / "COMPILE.tsv").open(newline="") as table:
        lists = {row["list"] for row in csv.DictReader(table, delimiter="\t")}
    for name in sorted(lists):
        stem = name.removesuffix(".in")
        if arguments.lists and stem not in arguments.lists:
            continue
        words = (str(arguments.folder.resolve() / name), "--exclude-newer", date, "--python", sys.executable, "--no-header")  # fmt: skip
        commands = [
            _command(tool, path, folder, words, cold=arguments.cold) for tool, path in tools.items()
        ]
        title = f"{stem}, {'cold' if arguments.cold else 'warm'}"
        print(title, file=sys.stderr)
        job = Job(
            name=stem,
            title=title,
            command=lambda _: None,
            goals={"uv": COLD if arguments.cold else WARM},
        )
        yield Result(job=job, runs=run_rounds(commands, arguments.rounds))


def _command(tool: str, path: Path, folder: Path, words: tuple[str, ...], *, cold: bool) -> Command:
    """Return a tool's command; a warm one has been asked once with the network, and then does without."""
    cache = folder / f"{tool}-cache"
    argv = (str(path), "pip", "compile", *words, "--cache-dir", str(cache))
    if cold:
        return Command(tool=tool, argv=argv, folder=folder, prepare=_forget(cache))
    run_once(Command(tool=tool, argv=argv, folder=folder))
    return Command(tool=tool, argv=(*argv, "--offline"), folder=folder)


def _forget(cache: Path) -> Callable[[], None]:
    return lambda: shutil.rmtree(cache, ignore_errors=True)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except FailedCommandError as error:
        sys.exit(str(error))
