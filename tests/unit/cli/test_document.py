"""`--output-format json`: schema version 1."""

import json
from dataclasses import replace

from siteroot.cli.document import SCHEMA_VERSION, render_document
from siteroot.model.layout import LayoutKind
from siteroot.model.outcome import (
    NO_EFFORT,
    Change,
    ChangeAction,
    Effort,
    LockKind,
    LockUse,
    RootAction,
    SyncOutcome,
    TargetPython,
    UsedLock,
)

_OUTCOME = SyncOutcome(
    action=RootAction.UPDATE,
    root="/app/pkgs",
    layout=LayoutKind.TARGET,
    python=TargetPython(path=None, version="3.12", implementation="cpython"),
    project="/app/member",
    workspace="/app",
    lock=UsedLock(path="/app/uv.lock", kind=LockKind.UV, use=LockUse.CHECK),
    changes=(
        Change(
            name="b", version="2", action=ChangeAction.INSTALLED, origin="https://example.org/b.whl"
        ),
        Change(name="b", version="1", action=ChangeAction.UNINSTALLED),
        Change(name="a", version="1", action=ChangeAction.REINSTALLED, damaged=("a.py",)),
    ),
    kept=3,
    own_files=True,
    downloaded=Effort(count=1, size=10, seconds=0.5),
    placed=NO_EFFORT,
    seconds=1.0,
    warnings=("careful",),
    unseen=(),
    recovery_due=False,
    dry_run=False,
    check=False,
)


def test_the_whole_document() -> None:
    assert SCHEMA_VERSION == 1
    assert json.loads(render_document(_OUTCOME)) == {
        "schema": {"version": 1},
        "target": "project",
        "project": {"path": "/app/member", "workspace": {"path": "/app"}},
        "sync": {
            "environment": {
                "path": "/app/pkgs",
                "layout": "target",
                "python": {"path": None, "version": "3.12", "implementation": "cpython"},
            },
            "action": "update",
            "changes": [
                {"name": "a", "version": "1", "action": "reinstalled", "damaged": ["a.py"]},
                {"name": "b", "version": "1", "action": "uninstalled"},
                {
                    "name": "b",
                    "version": "2",
                    "action": "installed",
                    "origin": "https://example.org/b.whl",
                },
            ],
            "verified": None,
            "kept": 3,
            "downloaded": {"count": 1, "size": 10, "seconds": 0.5},
            "placed": {"count": 0, "size": 0, "seconds": 0.0},
            "seconds": 1.0,
        },
        "lock": {"path": "/app/uv.lock", "kind": "uv.lock", "action": "check"},
        "warnings": ["careful"],
        "partial": False,
        "unseen": [],
        "recovery_due": False,
        "dry_run": False,
    }


def test_a_check_is_a_dry_run_and_a_lone_lock_has_no_project() -> None:
    outcome = replace(_OUTCOME, check=True, project=None, workspace=None, unseen=("b", "a"))
    document = json.loads(render_document(outcome))
    assert (document["dry_run"], document["project"]) == (True, None)
    assert (document["partial"], document["unseen"]) == (True, ["a", "b"])


def test_paths_that_are_no_text_still_make_a_document() -> None:
    text = render_document(replace(_OUTCOME, root="/app/\udcff"))
    text.encode("ascii")
    assert json.loads(text)["sync"]["environment"]["path"] == "/app/\udcff"
