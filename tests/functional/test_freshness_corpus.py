"""Freshness of real projects' locks, against what `uv lock --check` said of them (CORPUS.tsv, column "relockable")."""

import csv
import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from siteroot.formats.uv_lock import parse_uv_lock
from siteroot.project.discover import discover_project
from siteroot.project.freshness import Fresh, LockState, Stale, Unknown, lock_state
from siteroot.project.settings import SettingsPlaces, combine_settings, read_settings_layers
from siteroot.workflows.project_files import DiskProjectFiles
from support.corpus import corpus_files

#: What uv could not check for want of the network or of sources, and what can be said without: a difference that no
#: relocking could take away, nothing, and that nothing differs.
UNCHECKED = {"nanochat": Stale, "mcp-python-sdk": Unknown, "cookiecutter-django": Fresh}


def cases() -> Sequence[object]:
    found = []
    for table in corpus_files("CORPUS.tsv"):
        with table.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, delimiter="\t"):
                if row["lock kind"] == "uv.lock":
                    root = table.parent / row["name"] / row["project root"]
                    found.append(pytest.param(root, row["relockable"], id=row["name"]))
    return found or [pytest.param(None, "", marks=pytest.mark.skip("no corpus: SITEROOT_CORPUS"))]


def judge(root: Path) -> LockState:
    files = DiskProjectFiles()
    project = discover_project(files, os.path.normpath(root), frozen=False)
    layers = read_settings_layers(files, project.root, SettingsPlaces()).layers
    lock = parse_uv_lock((root / "uv.lock").read_bytes(), "uv.lock")
    return lock_state(lock, project, combine_settings(layers), files)


@pytest.mark.parametrize(("root", "said"), cases())
def test_a_real_lock_is_judged_as_uv_judged_it(root: Path, said: str) -> None:
    state = judge(root)
    if "check ok" in said:
        assert state == Fresh()
    elif "check says outdated" in said:
        assert isinstance(state, Stale)
    else:
        assert isinstance(state, UNCHECKED[root.name])
