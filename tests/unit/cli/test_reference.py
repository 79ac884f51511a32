"""The reference in docs/: complete, and Markdown that shows words as they are."""

import json

import pytest

from siteroot.cli.document import KEYS, render_document
from siteroot.cli.options import OPTIONS
from siteroot.cli.pip_options import RESOLVING
from siteroot.cli.reference import render_json, render_options
from siteroot.model.layout import LayoutKind
from siteroot.model.outcome import (
    NO_EFFORT,
    Change,
    ChangeAction,
    LockKind,
    LockUse,
    RootAction,
    SyncOutcome,
    TargetPython,
    UsedLock,
)

OUTCOME = SyncOutcome(
    action=RootAction.UPDATE,
    root="/app/pkgs",
    layout=LayoutKind.TARGET,
    python=TargetPython(path="/usr/bin/python3.12", version="3.12.1", implementation="cpython"),
    project="/app",
    workspace="/app",
    lock=UsedLock(path="/app/uv.lock", kind=LockKind.UV, use=LockUse.USE),
    changes=(
        Change(
            name="a",
            version="1",
            action=ChangeAction.REINSTALLED,
            origin="https://a.test/a.whl",
            damaged=("a.py",),
        ),
    ),
    kept=3,
    own_files=False,
    downloaded=NO_EFFORT,
    placed=NO_EFFORT,
    seconds=0.1,
    warnings=("so it is",),
    unseen=("b==1",),
    recovery_due=False,
    dry_run=True,
    check=False,
    verified=NO_EFFORT,
)


def keys_of(value: object, path: str = "") -> set[str]:
    """Return the path of each leaf, as docs/reference/json.md writes it."""
    match value:
        case dict():
            return set().union(
                *(keys_of(each, f"{path}.{key}" if path else key) for key, each in value.items())
            )
        case [dict() as first, *_]:
            return keys_of(first, f"{path}[]")
        case list():
            return {f"{path}[]"}
        case _:
            return {path}


def test_every_key_of_the_document_is_told_and_no_other() -> None:
    told = {path for path, _, _ in KEYS}
    shown = keys_of(json.loads(render_document(OUTCOME)))
    # what holds others, told for its own sake
    assert told - shown == {"project", "sync.changes[]", "sync.verified"}
    assert shown - told == set()
    assert all(f"| `{path}` |" in render_json() for path in told)


def test_every_shown_option_is_a_directive_of_its_own() -> None:
    text = render_options()
    for option in OPTIONS:
        if option.names and option.help and not option.refused:
            value = f" <{option.metavar}>" if option.metavar else ""
            of_pip = all(name.startswith("pip ") for name in option.commands)
            installs = set(option.commands) <= set(RESOLVING)
            others, _, installing = text.partition(":::{program} siteroot pip install\n")
            rest, _, pip = others.partition(":::{program} siteroot pip\n")
            part = installing if installs else pip if of_pip else rest
            assert part.count(f":::{{option}} {', '.join(option.names)}{value}\n") == 1


@pytest.mark.parametrize(
    ("words", "markdown"),
    [
        ("--target", "distributions in `DIR`, their scripts in `DIR/bin`."),
        ("--prefix", "in `DIR/lib/pythonX.Y/site-packages`, scripts in `DIR/bin`."),
        ("--pypackages", "Use `__pypackages__/X.Y` beside"),
        ("--active", "that `VIRTUAL_ENV` names"),
        ("--no-extra", "out of `--all-extras`."),
        ("--cache-dir", "[default: `siteroot cache dir` tells]"),
    ],
)
def test_paths_variables_and_options_are_code(words: str, markdown: str) -> None:
    _, _, entry = render_options().partition(f":::{{option}} {words}")
    assert markdown in entry.partition("\n:::")[0]
