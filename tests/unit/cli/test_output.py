"""What a sync says at its end: uv's lines, byte for byte where uv has them."""

from dataclasses import replace

import pytest

from siteroot.cli.lines import render_path
from siteroot.cli.output import (
    render_changes,
    render_collected,
    render_outcome,
    render_prepared,
)
from siteroot.cli.terminal import Paint, render_count, render_seconds, render_size, wants_color
from siteroot.model.layout import LayoutKind
from siteroot.model.outcome import (
    NO_EFFORT,
    CacheOutcome,
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

_PLAIN = Paint(on=False)
_GONE, _CAME, _AGAIN = ChangeAction.UNINSTALLED, ChangeAction.INSTALLED, ChangeAction.REINSTALLED

NOTHING = SyncOutcome(
    action=RootAction.CHECK,
    root="/app/pkgs",
    layout=LayoutKind.TARGET,
    python=TargetPython(path="/usr/bin/python3", version="3.12.1", implementation="cpython"),
    project="/app",
    workspace="/app",
    lock=UsedLock(path="/app/uv.lock", kind=LockKind.UV, use=LockUse.USE),
    changes=(),
    kept=3,
    own_files=False,
    downloaded=NO_EFFORT,
    placed=NO_EFFORT,
    seconds=0.00012,
    warnings=(),
    unseen=(),
    recovery_due=False,
    dry_run=False,
    check=False,
)


def change(name: str, version: str, action: ChangeAction, origin: str | None = None) -> Change:
    return Change(name=name, version=version, action=action, origin=origin)


_CHANGES = (
    change("b", "2", _CAME),
    change("c", "1", _AGAIN),
    change("a", "1", _GONE),
    change("b", "1", _GONE),
)


def _told(outcome: SyncOutcome) -> list[str]:
    return render_outcome(outcome, _PLAIN, "/app")


def test_nothing_to_do() -> None:
    assert _told(NOTHING) == ["Checked 3 packages in 0.12ms"]


def test_what_was_verified_is_told_first() -> None:
    outcome = replace(NOTHING, verified=Effort(count=12, size=2048, seconds=0.5))
    assert _told(outcome) == ["Verified 12 files in 500ms (2.0KiB)", "Checked 3 packages in 0.12ms"]
    damaged = Change(name="a", version="1", action=_AGAIN, damaged=("a", "b", "c", "d"))
    *_, line = _told(replace(outcome, action=RootAction.UPDATE, changes=(damaged,)))
    assert line == " ~ a==1 (4 files were not as placed: a, b, c, …)"


def test_an_update_tells_what_went_what_came_and_each_change_in_uvs_order() -> None:
    placed = Effort(count=40, size=3 * 1024 * 1024, seconds=0.0123)
    assert _told(replace(NOTHING, action=RootAction.UPDATE, changes=_CHANGES, placed=placed)) == [
        "Uninstalled 3 packages",
        "Installed 2 packages in 12ms (3.0MiB)",
        " - a==1",
        " - b==1",
        " + b==2",
        " ~ c==1",
    ]


def test_a_fresh_root_is_told_with_its_place() -> None:
    created = replace(
        NOTHING,
        action=RootAction.CREATE,
        changes=(change("a", "1", _CAME),),
        placed=Effort(count=1, size=10, seconds=1.5),
    )
    assert _told(created) == [
        "Created site root at: pkgs",
        "Installed 1 package in 1.50s (10B)",
        " + a==1",
    ]


def test_a_removal_alone() -> None:
    removed = replace(
        NOTHING,
        action=RootAction.UPDATE,
        changes=(change("a", "1", _GONE),),
        placed=replace(NO_EFFORT, seconds=0.002),
    )
    assert _told(removed) == ["Uninstalled 1 package in 2ms", " - a==1"]


def test_own_files_alone() -> None:
    settled = replace(NOTHING, action=RootAction.UPDATE, own_files=True)
    assert _told(settled) == ["Settled siteroot's own files and the folders' times"]
    assert _told(replace(settled, dry_run=True)) == [
        "Would update site root at: pkgs",
        "Would settle siteroot's own files and the folders' times",
    ]


@pytest.mark.parametrize("word", ["dry_run", "check"])
def test_a_dry_run_tells_what_would_be(word: str) -> None:
    outcome = replace(NOTHING, action=RootAction.UPDATE, changes=_CHANGES)
    outcome = replace(outcome, dry_run=word == "dry_run", check=word == "check")
    assert _told(outcome) == [
        "Would update site root at: pkgs",
        "Would uninstall 3 packages",
        "Would install 2 packages",
        " - a==1",
        " - b==1",
        " + b==2",
        " ~ c==1",
    ]


def test_a_dry_run_with_nothing_to_do() -> None:
    assert _told(replace(NOTHING, dry_run=True)) == [
        "Would use site root at: pkgs",
        "Checked 3 packages in 0.12ms",
        "Would make no changes",
    ]


def test_an_empty_lock_makes_an_empty_root() -> None:
    empty = replace(NOTHING, action=RootAction.CREATE, own_files=True, kept=0)
    assert _told(empty) == ["Created site root at: pkgs"]
    assert _told(replace(empty, dry_run=True)) == ["Would create site root at: pkgs"]


def test_a_partial_plan_and_a_recovery_that_is_due_are_told() -> None:
    outcome = replace(
        NOTHING,
        action=RootAction.CREATE,
        dry_run=True,
        unseen=("b", "a"),
        recovery_due=True,
        changes=(change("a", "1", _CAME), change("b", "1", _CAME)),
    )
    assert _told(outcome) == [
        "Would create site root at: pkgs",
        "Would first recover from an interrupted command",
        "warning: the plan is partial: --offline kept 2 wheels from being looked at (a, b)",
        "Would install 2 packages",
        " + a==1",
        " + b==1",
    ]


def test_where_a_direct_distribution_comes_from() -> None:
    came = (change("a", "1", _CAME, "https://example.org/a.whl"), change("b", "1", _GONE, "/b"))
    assert render_changes(came, _PLAIN) == [
        " + a==1 (from https://example.org/a.whl)",
        " - b==1 (from /b)",
    ]


def test_colours_are_uvs() -> None:
    """Copied from `uv sync --color always`, whose resets are longer."""
    lines = render_outcome(
        replace(NOTHING, action=RootAction.UPDATE, changes=(change("a", "1", _CAME),)),
        Paint(on=True),
        "/",
    )
    assert lines == [
        "\x1b[2mInstalled \x1b[0m\x1b[1m1 package\x1b[0m\x1b[2m in 0.00ms\x1b[0m",
        " \x1b[32m+\x1b[0m \x1b[1ma\x1b[0m\x1b[2m==1\x1b[0m",
    ]


def test_prepared_and_collected() -> None:
    effort = Effort(count=2, size=2048, seconds=0.066)
    assert render_prepared(2, effort, _PLAIN) == "Prepared 2 packages in 66ms (2.0KiB)"
    assert render_collected(CacheOutcome(folder="/c"), _PLAIN, pruned=False) == [
        "No cache entries found"
    ]
    gone = CacheOutcome(folder="/c", wheels=("b==1", "a==1"), files=1200, size=2048)
    assert render_collected(gone, _PLAIN, pruned=True) == [
        " - a==1",
        " - b==1",
        "Removed 1,200 files (2.0KiB)",
    ]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0.00ms"), (0.000214, "0.21ms"), (0.066, "66ms"), (0.9999, "999ms"), (1.0567, "1.05s"), (127, "2m 07s")],
)  # fmt: skip
def test_times_are_written_as_uvs(seconds: float, text: str) -> None:
    assert render_seconds(seconds) == text


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0B"), (1023, "1023B"), (1024, "1.0KiB"), (1069056, "1.0MiB"), (462848, "452.0KiB"), (2**40, "1.0TiB")],
)  # fmt: skip
def test_sizes_are_written_as_uvs(size: int, text: str) -> None:
    assert render_size(size) == text


def test_counts_and_paths() -> None:
    assert [render_count(count, "file") for count in (0, 1, 2, 1000)] == [
        "0 files",
        "1 file",
        "2 files",
        "1,000 files",
    ]
    assert render_path("/a/b", "/a") == "b"
    assert render_path("/a", "/a") == "."
    assert render_path("/ab", "/a") == "/ab"
    assert render_path("/a", "/") == "a"


@pytest.mark.parametrize(
    ("choice", "environ", "terminal", "on"),
    [
        ("auto", {}, True, True),
        ("auto", {}, False, False),
        ("auto", {"TERM": "dumb"}, True, False),
        ("auto", {"NO_COLOR": "1"}, True, False),
        ("auto", {"NO_COLOR": ""}, True, True),
        ("auto", {"FORCE_COLOR": "1"}, False, True),
        ("auto", {"CLICOLOR_FORCE": "1"}, False, True),
        ("auto", {"CLICOLOR_FORCE": "0"}, False, False),
        ("auto", {"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, False),
        ("always", {"NO_COLOR": "1"}, False, True),
        ("never", {"FORCE_COLOR": "1"}, True, False),
    ],
)
def test_when_to_colour(choice: str, environ: dict[str, str], terminal: bool, on: bool) -> None:
    assert wants_color(choice, environ, terminal=terminal) is on
