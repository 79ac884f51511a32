"""`--output-format json`: the document on stdout, schema version 1, described in docs/reference/json.md.

Its shape is that of `uv sync --output-format json` where both say the same thing: target, project, sync, lock, dry_run.
"""

import json

from siteroot.model.outcome import Change, Effort, SyncOutcome

from .output import order_changes

SCHEMA_VERSION = 1


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


def _change(change: Change) -> dict[str, str]:
    row = {"name": change.name, "version": change.version, "action": change.action.value}
    return row if change.origin is None else {**row, "origin": change.origin}


def _effort(effort: Effort) -> dict[str, float]:
    return {"count": effort.count, "size": effort.size, "seconds": round(effort.seconds, 6)}
