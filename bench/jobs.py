"""The jobs that tools are timed at, and the goals that siteroot has set itself for each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from timing import Command
from tools import Tool


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job. `command` returns how a tool does it, None for a tool that cannot. `goals`: at most this ratio to a tool."""

    name: str
    title: str
    command: Callable[[Tool], Command | None]
    goals: Mapping[str, float] = field(default_factory=dict)


def _fresh(mode: str) -> Callable[[Tool], Command | None]:
    def command(tool: Tool) -> Command | None:
        words = tool.install(mode)
        return None if words is None else tool.command(*words, prepare=tool.forget_root)

    return command


def _first(tool: Tool) -> Command | None:
    words = tool.install("hardlink")
    return None if words is None else tool.command(*words, prepare=tool.forget_decisions)


def _compiled(prepare: Callable[[Tool], Callable[[], None]]) -> Callable[[Tool], Command | None]:
    def command(tool: Tool) -> Command | None:
        words = tool.install("hardlink") if tool.compiles else None
        if words is None:
            return None
        return tool.command(*words, "--compile-bytecode", prepare=prepare(tool))

    return command


def _cold(tool: Tool) -> Command | None:
    words = tool.install_cold()
    return None if words is None else tool.command(*words, prepare=tool.forget_all)


def _nothing(tool: Tool) -> Command | None:
    words = tool.install("hardlink")
    return None if words is None else tool.command(*words, prepare=lambda: None)


def _changed(tool: Tool) -> Command | None:
    words = tool.install("hardlink")
    return None if words is None else tool.command(*words, prepare=tool.change)


JOBS = (
    Job(
        name="copy",
        title="warm cache, fresh root, copy",
        command=_fresh("copy"),
        goals={"uv sync": 0.75, "uv pip": 0.70},
    ),
    Job(
        name="hardlink",
        title="warm cache, fresh root, hard links",
        command=_fresh("hardlink"),
        goals={"uv sync": 0.90, "uv pip": 0.70},
    ),
    Job(
        name="first",
        title="the same for a lock never seen before: nothing is remembered but wheels",
        command=_first,
    ),
    Job(
        name="bytecode",
        title="hard links with `--compile-bytecode`, compiled before",
        command=_compiled(lambda tool: tool.forget_root),
        goals={"uv sync": 0.02},
    ),
    Job(
        name="compile",
        title="hard links with `--compile-bytecode`, for the first time",
        command=_compiled(lambda tool: tool.forget_bytecode),
        goals={"uv sync": 1.0},
    ),
    Job(
        name="nothing",
        title="nothing to do",
        command=_nothing,
        goals={"uv sync": 1.3},
    ),
    Job(
        name="changed",
        title="one distribution changed",
        command=_changed,
        goals={"uv sync": 1.0, "uv pip": 0.5},
    ),
    Job(
        name="cold",
        title="cold cache, index on loopback, copy",
        command=_cold,
        goals={"uv sync": 0.75, "uv pip": 0.60},
    ),
)
