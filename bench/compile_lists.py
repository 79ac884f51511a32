"""Times `siteroot pip compile` beside all who resolve: whole processes in turns, at lists of requirements on the index.

    python3 bench/compile_lists.py ../shared/corpus/compile --write    every list, cold and warm; bench/RESULTS_RESOLVE.md
    python3 bench/compile_lists.py FOLDER --lists flask --peers ""     one of them, beside uv alone
    python3 bench/compile_lists.py FOLDER --peer-lists flask boto      every list, and all others at two of them alone

FOLDER holds lists (`*.in`) and DATE, from which on files are too new. Pythons are named by --python, so that the search
for one is not what is timed. pip-compile, pdm, poetry and nab are those of bench/resolvers.txt, which siteroot puts into
.roots/; without a network for that they are left out. They run once or twice, since they take long; what fails says so.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from report import describe_machine
from resolvers import Asked, Resolver, make_resolvers
from run import installed_siteroot
from timing import Command, FailedCommandError, Run, median_ratio, median_wall, run_once, run_rounds

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "RESULTS_RESOLVE.md"
GOALS = {"warm": 2.0, "cold": 1.5}  # what siteroot has set itself, of uv
OURS, UV, PEERS = "siteroot", "uv", ("pip-compile", "pdm", "poetry", "nab")


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The runs of each tool at a list; none of a tool that failed, and no entry for one that was not asked."""

    name: str
    runs: Mapping[str, Sequence[Run]]


def main() -> int:
    """Run it."""
    arguments = _parse_arguments()
    uv = next((path for path in (arguments.uv, shutil.which("uv")) if path), None)
    if uv is None:
        raise SystemExit("say --uv PATH")
    with tempfile.TemporaryDirectory(prefix="siteroot-bench-", dir=arguments.tmp) as name:
        folder = Path(name)
        commands = {OURS: installed_siteroot(folder), UV: Path(uv)}
        peers = _install_peers(commands[OURS]) if arguments.peers else None
        results: dict[str, list[Result]] = {kind: [] for kind in arguments.kinds}
        for asked in _lists(arguments):
            resolvers = make_resolvers(asked, folder / asked.name, commands, peers)
            peered = arguments.peer_lists is None or asked.name in arguments.peer_lists
            names = (*commands, *(arguments.peers if peered else ()))
            chosen = [each for each in resolvers if each.name in names]
            for kind in arguments.kinds:
                print(f"{asked.name}, {kind}", file=sys.stderr)
                results[kind].append(_measure(asked.name, kind, chosen, arguments))
            shutil.rmtree(folder / asked.name)
        machine = describe_machine(folder, sys.version.split()[0])
        page = _render(machine, results, arguments.peer_lists)
    print(page)
    if arguments.write:
        RESULTS.write_text(page, "utf-8")
    return 0


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--lists", nargs="+", help="their names, without .in")
    parser.add_argument("--uv", help="[default: the one on PATH]")
    parser.add_argument("--kinds", nargs="+", choices=GOALS, default=["warm", "cold"])
    parser.add_argument("--peers", nargs="*", choices=("", *PEERS), default=list(PEERS))
    parser.add_argument(
        "--peer-lists", nargs="+", metavar="NAME", help="the only lists that peers are asked [all]"
    )
    parser.add_argument("--rounds", type=int, default=7, help="of siteroot and uv (%(default)s)")
    parser.add_argument("--peer-rounds", type=int, default=1, help="of all others (%(default)s)")
    parser.add_argument("--tmp", default="/dev/shm", help="where, a tmpfs (%(default)s)")
    parser.add_argument("--write", action="store_true", help=f"write bench/{RESULTS.name}")
    arguments = parser.parse_args()
    arguments.peers = [name for name in arguments.peers if name]
    return arguments


def _lists(arguments: argparse.Namespace) -> Iterator[Asked]:
    date = (arguments.folder / "DATE").read_text().strip()
    for path in sorted(arguments.folder.glob("*.in")):
        if not arguments.lists or path.stem in arguments.lists:
            yield Asked(
                name=path.stem,
                path=path.resolve(),
                date=date,
                python=sys.executable,
                version=f"{sys.version_info.major}.{sys.version_info.minor}",
            )


def _install_peers(siteroot: Path) -> Path | None:
    """Return the folder of the other tools, None where they cannot be had."""
    place = HERE.parent / ".roots" / "resolvers"
    words = ("pip", "install", "--quiet", "--python", sys.executable, "--cache-dir")
    places = (place.with_name("cache"), "--target", place, "-r", HERE / "resolvers.txt")
    done = subprocess.run([siteroot, *words, *places], check=False)
    return place if done.returncode == 0 else None


def _measure(
    name: str, kind: str, resolvers: Sequence[Resolver], arguments: argparse.Namespace
) -> Result:
    both = [each for each in resolvers if each.name in (OURS, UV)]
    runs: dict[str, Sequence[Run]] = {}
    runs.update(run_rounds([_command(each, kind) for each in both], arguments.rounds))
    for each in resolvers:
        if each not in both:
            try:
                runs |= run_rounds([_command(each, kind)], arguments.peer_rounds)
            except FailedCommandError as error:
                print(error, file=sys.stderr)
                runs[each.name] = ()
    return Result(name=name, runs=runs)


def _command(resolver: Resolver, kind: str) -> Command:
    if kind == "cold":
        return resolver.cold()
    run_once(resolver.cold())
    return resolver.warm()


def _render(
    machine: str, results: Mapping[str, Sequence[Result]], peer_lists: Sequence[str] | None
) -> str:
    parts = ["# siteroot beside all who resolve", machine]
    for kind, rows in results.items():
        missed = [
            f"- {row.name}: {ratio:.2f}"
            for row in rows
            if (ratio := median_ratio(row.runs[OURS], row.runs[UV])) > GOALS[kind]
        ]
        parts += [f"## With a {kind} cache", _table(rows, GOALS[kind])]
        parts.append("Goals missed: " + ("\n\n" + "\n".join(missed) if missed else "none"))
    parts.append("Seconds, medians. poetry knows no cut-off: it takes what is newest.")
    if peer_lists is not None:
        parts.append(
            f"All but siteroot and uv were asked at these lists alone: {', '.join(peer_lists)}."
        )
    return "\n\n".join(parts) + "\n"


def _table(rows: Sequence[Result], goal: float) -> str:
    titles = ("list", OURS, UV, f"siteroot / uv (goal {goal})", *PEERS, "siteroot's peak, MB")
    lines = [f"| {' | '.join(titles)} |", "|---" * len(titles) + "|"]
    for row in rows:
        ours = row.runs[OURS]
        cells = [row.name, f"{median_wall(ours):.3f}", f"{median_wall(row.runs[UV]):.3f}"]
        cells.append(f"{median_ratio(ours, row.runs[UV]):.2f}")
        cells += [_seconds(row.runs.get(peer)) for peer in PEERS]
        cells.append(f"{max(run.peak for run in ours) / 1e6:.0f}")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _seconds(runs: Sequence[Run] | None) -> str:
    if runs is None:
        return ""
    return f"{median_wall(runs):.3f}" if runs else "failed"


if __name__ == "__main__":
    try:
        sys.exit(main())
    except FailedCommandError as error:
        sys.exit(str(error))
