"""What a command says at its end: lines for people, close to uv's. Pure: outcomes in, text out."""

from siteroot.errors import RootError
from siteroot.model.outcome import (
    CacheOutcome,
    Change,
    ChangeAction,
    Effort,
    RootAction,
    SyncOutcome,
)

from .faults import render_warning
from .terminal import Paint, render_count, render_seconds, render_size


class OutdatedRootError(RootError):
    """--check found that a sync would change something."""


_MARKS = {
    ChangeAction.UNINSTALLED: ("-", "red"),
    ChangeAction.INSTALLED: ("+", "green"),
    ChangeAction.REINSTALLED: ("~", "yellow"),
}
_WOULD = {
    RootAction.CREATE: "Would create",
    RootAction.UPDATE: "Would update",
    RootAction.CHECK: "Would use",
}


def render_outcome(outcome: SyncOutcome, paint: Paint, cwd: str) -> list[str]:
    """Return the lines that say what a sync did, or would do. Paths below `cwd` are shown relative to it."""
    if outcome.dry_run or outcome.check:
        return _render_dry(outcome, paint, cwd)
    if outcome.action is RootAction.CHECK:
        return [_sum(paint, "Checked", outcome.kept, outcome.seconds)]
    lines = []
    if outcome.action is RootAction.CREATE:
        lines.append(_place(paint, "Created", outcome, cwd))
    elif not outcome.changes:
        lines.append(paint("Settled siteroot's own files and the folders' times", "dim"))
    gone, came = _counts(outcome.changes)
    if gone:
        seconds = None if came else outcome.placed.seconds
        lines.append(_sum(paint, "Uninstalled", gone, seconds))
    if came:
        lines.append(_sum(paint, "Installed", came, outcome.placed.seconds, outcome.placed))
    return lines + render_changes(outcome.changes, paint)


def render_changes(changes: tuple[Change, ...], paint: Paint) -> list[str]:
    """Return a line for each change: by name, what goes before what comes. A dry run has the same lines."""
    return [_change_line(change, paint) for change in order_changes(changes)]


def order_changes(changes: tuple[Change, ...]) -> list[Change]:
    """Return the changes by name, what goes before what comes, as uv orders them."""
    order = list(_MARKS)
    return sorted(
        changes, key=lambda change: (change.name, order.index(change.action), change.version)
    )


def render_prepared(count: int, effort: Effort, paint: Paint) -> str:
    """Return the line that says how many wheels were fetched."""
    return _sum(paint, "Prepared", count, effort.seconds, effort)


def render_collected(outcome: CacheOutcome, paint: Paint) -> list[str]:
    """Return the lines that say what was taken out of the cache."""
    if not outcome.files:
        return ["No cache entries found"]
    lines = [f" {paint('-', 'red')} {paint(wheel, 'bold')}" for wheel in sorted(outcome.wheels)]
    return [*lines, f"Removed {render_count(outcome.files, 'file')} ({render_size(outcome.size)})"]


def render_path(path: str, cwd: str) -> str:
    """Return a path as people know it: relative where it lies in the current folder."""
    if path == cwd:
        return "."
    folder = cwd.rstrip("/") + "/"
    return path.removeprefix(folder) if path.startswith(folder) else path


def _render_dry(outcome: SyncOutcome, paint: Paint, cwd: str) -> list[str]:
    lines = [_place(paint, _WOULD[outcome.action], outcome, cwd)]
    if outcome.recovery_due:
        lines.append(paint("Would first recover from an interrupted command", "dim"))
    if outcome.unseen:
        names = ", ".join(sorted(outcome.unseen))
        lines.append(
            render_warning(
                f"the plan is partial: --offline kept {render_count(len(outcome.unseen), 'wheel')}"
                f" from being looked at ({names})",
                paint,
            )
        )
    gone, came = _counts(outcome.changes)
    if gone:
        lines.append(_sum(paint, "Would uninstall", gone, None))
    if came:
        lines.append(_sum(paint, "Would install", came, None, outcome.placed))
    if outcome.action is RootAction.CHECK:
        lines.append(_sum(paint, "Checked", outcome.kept, outcome.seconds))
        lines.append(paint("Would make no changes", "dim"))
    elif outcome.action is RootAction.UPDATE and not outcome.changes:
        lines.append(paint("Would settle siteroot's own files and the folders' times", "dim"))
    return lines + render_changes(outcome.changes, paint)


def _place(paint: Paint, verb: str, outcome: SyncOutcome, cwd: str) -> str:
    return paint(f"{verb} site root at: ", "dim") + paint(render_path(outcome.root, cwd), "cyan")


def _sum(
    paint: Paint, verb: str, count: int, seconds: float | None, effort: Effort | None = None
) -> str:
    line = paint(f"{verb} ", "dim") + paint(render_count(count, "package"), "bold")
    if seconds is not None:
        line += paint(f" in {render_seconds(seconds)}", "dim")
    if effort is not None and effort.size:
        line += paint(f" ({render_size(effort.size)})", "dim")
    return line


def _counts(changes: tuple[Change, ...]) -> tuple[int, int]:
    gone = sum(change.action is not ChangeAction.INSTALLED for change in changes)
    came = sum(change.action is not ChangeAction.UNINSTALLED for change in changes)
    return gone, came


def _change_line(change: Change, paint: Paint) -> str:
    mark, color = _MARKS[change.action]
    origin = f" (from {change.origin})" if change.origin is not None else ""
    version = paint(f"=={change.version}{origin}", "dim")
    return f" {paint(mark, color)} {paint(change.name, 'bold')}{version}"
