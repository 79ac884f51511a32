"""What a command says at its end: lines for people, close to uv's. Pure: outcomes in, text out."""

from siteroot.errors import RootError
from siteroot.model.outcome import (
    CacheOutcome,
    Change,
    ChangeAction,
    Effort,
    InstallOutcome,
    RootAction,
    SyncOutcome,
    UninstallOutcome,
)

from .faults import render_warning
from .lines import MARKS, render_change, render_place, render_sum
from .terminal import Paint, escape, render_count, render_seconds, render_size


class OutdatedRootError(RootError):
    """--check found that a sync would change something."""


_NAMED = 3  # damaged files of one distribution
_WOULD = {
    RootAction.CREATE: "Would create",
    RootAction.UPDATE: "Would update",
    RootAction.CHECK: "Would use",
}


def render_outcome(outcome: SyncOutcome, paint: Paint, cwd: str) -> list[str]:
    """Return the lines that say what a sync did, or would do. Paths below `cwd` are shown relative to it."""
    lines = [] if outcome.verified is None else [_render_verified(outcome.verified, paint)]
    dry = outcome.dry_run or outcome.check
    return lines + (_render_dry if dry else _render_done)(outcome, paint, cwd)


def _render_done(outcome: SyncOutcome, paint: Paint, cwd: str) -> list[str]:
    if outcome.action is RootAction.CHECK:
        return [render_sum(paint, "Checked", outcome.kept, outcome.seconds)]
    lines = []
    if outcome.action is RootAction.CREATE:
        lines.append(render_place(paint, "Created", outcome.root, cwd))
    elif not outcome.changes:
        lines.append(paint("Settled siteroot's own files and the folders' times", "dim"))
    gone, came = _counts(outcome.changes)
    if gone:
        seconds = None if came else outcome.placed.seconds
        lines.append(render_sum(paint, "Uninstalled", gone, seconds))
    if came:
        lines.append(
            render_sum(paint, "Installed", came, outcome.placed.seconds, outcome.placed.size)
        )
    return lines + render_changes(outcome.changes, paint)


def render_changes(changes: tuple[Change, ...], paint: Paint) -> list[str]:
    """Return a line for each change: by name, what goes before what comes. A dry run has the same lines."""
    return [
        render_change(paint, change.action.value, change.name, change.version, change.origin)
        + _render_damage(change.damaged, paint)
        for change in order_changes(changes)
    ]


def _render_damage(paths: tuple[str, ...], paint: Paint) -> str:
    if not paths:
        return ""
    count = "1 file was" if len(paths) == 1 else f"{len(paths)} files were"
    more = ", …" if len(paths) > _NAMED else ""
    named = escape(", ".join(paths[:_NAMED]))
    return paint(f" ({count} not as placed: {named}{more})", "dim")


def order_changes(changes: tuple[Change, ...]) -> list[Change]:
    """Return the changes by name, what goes before what comes, as uv orders them."""
    order = list(MARKS)
    return sorted(
        changes, key=lambda change: (change.name, order.index(change.action.value), change.version)
    )


def render_compiled(modules: int, seconds: float, paint: Paint) -> str:
    """Return the line that bytecode has been compiled."""
    count = paint(render_count(modules, "file"), "bold")
    took = paint(f" in {render_seconds(seconds)}", "dim")
    return paint("Bytecode compiled ", "dim") + count + took


def _render_verified(effort: Effort, paint: Paint) -> str:
    count = paint(render_count(effort.count, "file"), "bold")
    took = f" in {render_seconds(effort.seconds)} ({render_size(effort.size)})"
    return paint("Verified ", "dim") + count + paint(took, "dim")


def render_prepared(count: int, effort: Effort, paint: Paint) -> str:
    """Return the line that says how many wheels were fetched."""
    return render_sum(paint, "Prepared", count, effort.seconds, effort.size)


def render_collected(outcome: CacheOutcome, paint: Paint, *, pruned: bool) -> list[str]:
    """Return the lines that say what was taken out of the cache."""
    if not outcome.files:
        return ["No unused entries found" if pruned else "No cache entries found"]
    lines = [
        f" {paint('-', 'red')} {paint(escape(wheel), 'bold')}" for wheel in sorted(outcome.wheels)
    ]
    return [*lines, f"Removed {render_count(outcome.files, 'file')} ({render_size(outcome.size)})"]


def _render_dry(outcome: SyncOutcome, paint: Paint, cwd: str) -> list[str]:
    lines = [render_place(paint, _WOULD[outcome.action], outcome.root, cwd)]
    if outcome.recovery_due:
        lines.append(paint("Would first recover from an interrupted command", "dim"))
    if outcome.unseen and not outcome.check:  # a check's answer is whole without them
        lines.append(_render_partial(outcome.unseen, paint))
    gone, came = _counts(outcome.changes)
    if gone:
        lines.append(render_sum(paint, "Would uninstall", gone))
    if came:
        lines.append(render_sum(paint, "Would install", came, size=outcome.placed.size))
    if outcome.action is RootAction.CHECK:
        lines.append(render_sum(paint, "Checked", outcome.kept, outcome.seconds))
        lines.append(paint("Would make no changes", "dim"))
    elif outcome.action is RootAction.UPDATE and not outcome.changes:
        lines.append(paint("Would settle siteroot's own files and the folders' times", "dim"))
    return lines + render_changes(outcome.changes, paint)


def render_uninstalled(outcome: UninstallOutcome, paint: Paint) -> list[str]:
    """Return the lines that say what an uninstall took out, or would."""
    if not outcome.changes:
        due = "Would first recover from an interrupted command"
        return [
            paint(due if outcome.recovery_due else "Would make no changes", "dim")
        ] * outcome.dry_run
    verb, seconds = (
        ("Would uninstall", None) if outcome.dry_run else ("Uninstalled", outcome.seconds)
    )
    total = render_sum(paint, verb, len(outcome.changes), seconds)
    return [total, *render_changes(outcome.changes, paint)]


def render_installed(outcome: InstallOutcome, paint: Paint) -> list[str]:
    """Return the lines that say what `siteroot pip install` or `sync` did, or would."""
    if outcome.nothing_asked:
        return [
            "No requirements found (hint: use `--allow-empty-requirements` to clear the environment)"
        ]
    dry = outcome.dry_run or outcome.check
    lines = [] if not outcome.unseen else [_render_partial(outcome.unseen, paint)]
    if outcome.recovery_due:
        lines.append(paint("Would first recover from an interrupted command", "dim"))
    elif not outcome.changes:
        lines.append(render_sum(paint, "Checked", outcome.kept, outcome.seconds))
        lines += [paint("Would make no changes", "dim")] * dry
    gone, came = _counts(outcome.changes)
    placed = outcome.placed
    if gone:
        seconds = None if came or dry else placed.seconds
        lines.append(render_sum(paint, "Would uninstall" if dry else "Uninstalled", gone, seconds))
    if came:
        verb, seconds = ("Would install", None) if dry else ("Installed", placed.seconds)
        lines.append(render_sum(paint, verb, came, seconds, placed.size))
    return lines + render_changes(outcome.changes, paint)


def _render_partial(unseen: tuple[str, ...], paint: Paint) -> str:
    names = ", ".join(sorted(unseen))
    return render_warning(
        f"the plan is partial: --offline kept {render_count(len(unseen), 'wheel')}"
        f" from being looked at ({names})",
        paint,
    )


def _counts(changes: tuple[Change, ...]) -> tuple[int, int]:
    gone = sum(change.action is not ChangeAction.INSTALLED for change in changes)
    came = sum(change.action is not ChangeAction.UNINSTALLED for change in changes)
    return gone, came
