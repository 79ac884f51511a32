"""`--output-format json`: the document on stdout, schema version 1, described in docs/reference/json.md.

Its shape is that of `uv sync --output-format json` where both say the same thing: target, project, sync, lock, dry_run.
"""

import json

from siteroot.model.outcome import Change, Effort, InstallOutcome, SyncOutcome

from .output import order_changes

SCHEMA_VERSION = 1

#: Every key of the document, its type and its meaning: docs/reference/json.md is made of it, a test compares both.
KEYS = (
    ("schema.version", "number", "1. Keys may be added in version 1; none changes its meaning or goes."),
    ("target", "string", "Always `project`."),
    ("project", "object or null", "The project; null where a pylock.toml stood alone."),
    ("project.path", "string", "Its folder."),
    ("project.workspace.path", "string", "The folder of its workspace, its own where it has none."),
    ("sync.environment.path", "string", "The root's folder."),
    ("sync.environment.layout", "string", "`target`, `prefix`, `pypackages` or `interpreter`."),
    ("sync.environment.python.path", "string or null", "The Python that the root is made for; null where it is not here."),
    ("sync.environment.python.version", "string", "Its version."),
    ("sync.environment.python.implementation", "string", "`cpython`, `pypy` and the like."),
    ("sync.action", "string", "`create`, `update`, or `check`: nothing was, or is, to be done."),
    ("sync.changes[]", "array", "What changed, or would: by name, what goes before what comes."),
    ("sync.changes[].name", "string", "The distribution's normalised name."),
    ("sync.changes[].version", "string", "Its version. Another version is two entries: one goes, one comes."),
    ("sync.changes[].action", "string", "`installed`, `uninstalled` or `reinstalled`."),
    ("sync.changes[].origin", "string, may be absent", "The URL of one that comes from no index, without credentials."),
    ("sync.changes[].damaged[]", "array of strings, may be absent", "Its files that `--verify` found otherwise than they were placed."),
    ("sync.verified", "object or null", "What `--verify` read; null without it."),
    ("sync.verified.count", "number", "How many files."),
    ("sync.verified.size", "number", "Their bytes."),
    ("sync.verified.seconds", "number", "How long that took."),
    ("sync.kept", "number", "How many selected distributions stay as they are."),
    ("sync.downloaded.count", "number", "How many wheels were fetched into the cache, in a dry run too."),
    ("sync.downloaded.size", "number", "Their bytes."),
    ("sync.downloaded.seconds", "number", "How long that took."),
    ("sync.placed.count", "number", "How many files were written into the root."),
    ("sync.placed.size", "number", "Their bytes."),
    ("sync.placed.seconds", "number", "How long that took."),
    ("sync.seconds", "number", "How long all took."),
    ("lock.path", "string", "The lock that was read."),
    ("lock.kind", "string", "`uv.lock` or `pylock.toml`."),
    ("lock.action", "string", "`use` with --frozen; `check` where it was compared with the project and found fresh."),
    ("warnings[]", "array of strings", "Each warning, as on stderr."),
    ("partial", "boolean", "Whether the plan is partial: a dry run under --offline lacked wheels, or --check needed none."),
    ("unseen[]", "array of strings", "Those wheels, as `NAME==VERSION`."),
    ("recovery_due", "boolean", "Of a dry run: whether an interrupted change is still to be finished or undone."),
    ("dry_run", "boolean", "Whether nothing was changed on purpose: --dry-run or --check."),
)  # fmt: skip


def render_document(outcome: SyncOutcome) -> str:
    """Return the JSON text, with a newline at its end. Keys may be added in version 1, none changed or taken away."""
    document = {
        "schema": {"version": SCHEMA_VERSION},
        "target": "project",
        "project": None
        if outcome.project is None
        else {"path": outcome.project, "workspace": {"path": outcome.workspace}},
        "sync": {
            "environment": {
                "path": outcome.root,
                "layout": outcome.layout.value,
                "python": {
                    "path": outcome.python.path,
                    "version": outcome.python.version,
                    "implementation": outcome.python.implementation,
                },
            },
            "action": outcome.action.value,
            "changes": [_change(change) for change in order_changes(outcome.changes)],
            "verified": None if outcome.verified is None else _effort(outcome.verified),
            "kept": outcome.kept,
            "downloaded": _effort(outcome.downloaded),
            "placed": _effort(outcome.placed),
            "seconds": round(outcome.seconds, 6),
        },
        "lock": {
            "path": outcome.lock.path,
            "kind": outcome.lock.kind.value,
            "action": outcome.lock.use.value,
        },
        "warnings": list(outcome.warnings),
        "partial": bool(outcome.unseen),
        "unseen": sorted(outcome.unseen),
        "recovery_due": outcome.recovery_due,
        "dry_run": outcome.dry_run or outcome.check,
    }
    return json.dumps(document, indent=2) + "\n"


def render_install_document(outcome: InstallOutcome) -> str:
    """Return the JSON text of a `siteroot pip install` or `sync`: the keys that uv's has."""
    document = {
        "schema": {"version": SCHEMA_VERSION},
        "changes": [_change(change) for change in order_changes(outcome.changes)],
        "dry_run": outcome.dry_run or outcome.check,
    }
    return json.dumps(document, indent=2) + "\n"


def _change(change: Change) -> dict[str, str | list[str]]:
    row: dict[str, str | list[str]] = {
        "name": change.name,
        "version": change.version,
        "action": change.action.value,
    }
    if change.origin is not None:
        row["origin"] = change.origin
    if change.damaged:
        row["damaged"] = list(change.damaged)
    return row


def _effort(effort: Effort) -> dict[str, float]:
    return {"count": effort.count, "size": effort.size, "seconds": round(effort.seconds, 6)}
