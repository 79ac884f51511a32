"""Whatever a root holds: what a dry run prints is what the sync then does, in lines and in JSON (issue 4)."""

import shutil
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from support.desk import Desk, Done, make_desk
from support.flags import HERE
from support.projects import make_project
from support.trees import describe_difference, snapshot
from support.wheels import build_wheel

NAMES = ("one", "two", "three")
Shelf = dict[str, list[Path]]  # by name, one wheel of each version


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    """Wheels with a file in common: of equal bytes in version 1, of different ones in version 2."""
    folder = tmp_path_factory.mktemp("wheels")

    def build(name: str, version: int) -> Path:
        shared = "V = 1\n" if version == 1 else f"V = '{name}'\n"
        files: dict[str, bytes | str] = {
            f"{name}/__init__.py": f"V = {version}\n",
            "all/v.py": shared,
        }
        return build_wheel(folder, name, f"{version}.0", files)

    return {name: [build(name, 1), build(name, 2)] for name in NAMES}


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


def _remove(root: Path, pattern: str) -> None:
    for path in root.glob(pattern):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def _append(root: Path, pattern: str) -> None:
    for path in root.glob(pattern):
        path.write_text(path.read_text() + "\n")


#: What may happen to a root between two syncs; each finds nothing to do where its file is not there.
MISHAPS: dict[str, Callable[[Path], object]] = {
    "a module is gone": lambda root: _remove(root, "one/__init__.py"),
    "a shared file is gone": lambda root: _remove(root, "all/v.py"),
    "a folder is gone": lambda root: _remove(root, "two"),
    "a RECORD is gone": lambda root: _remove(root, "one-*/RECORD"),
    "a RECORD is changed": lambda root: _append(root, "two-*/RECORD"),
    "the METADATA is gone": lambda root: _remove(root, "three-*/METADATA"),
    "a dist-info is gone": lambda root: _remove(root, "three-*"),
    "our own file is gone": lambda root: _remove(root, ".siteroot.json"),
    "our own file is broken": lambda root: (root / ".siteroot.json").write_text("{"),
    "a file is nobody's": lambda root: (root / "theirs.py").write_text(""),
    "a folder was touched": lambda root: root.touch(),
}  # fmt: skip
WORDS = (
    "",
    "--inexact",
    "--exact",
    "--overwrite",
    "--reinstall",
    "--reinstall-package two",
    "--strict",
)


selections = st.dictionaries(st.sampled_from(NAMES), st.integers(0, 1))


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    selections,
    selections,
    st.lists(st.sampled_from(sorted(MISHAPS)), max_size=2, unique=True),
    st.sampled_from(WORDS),
)
def test_a_dry_run_prints_the_plan_that_the_sync_takes(
    shelf: Shelf,
    cache: Path,
    before: dict[str, int],
    after: dict[str, int],
    mishaps: list[str],
    words: str,
) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        project, root = folder / "project", folder / "root"
        desk = make_desk(cache)
        if before:
            make_project(project, [shelf[each][version] for each, version in before.items()])
            assert _sync(desk, project, root).code == 0
            for mishap in mishaps:
                MISHAPS[mishap](root)
        make_project(project, [shelf[each][version] for each, version in after.items()])
        seen = snapshot(folder)
        said = words.split()
        dry = _sync(desk, project, root, "--dry-run", *said)
        check = _sync(desk, project, root, "--check", *said)
        assert describe_difference(seen, snapshot(folder)) == []
        done = _sync(desk, project, root, *said)
    assert dry.code == done.code, (dry.err, done.err)
    if done.code:
        event("refused")
        assert _told(dry) == _told(done) == _told(check)
        return
    ours, theirs = done.document["sync"], dry.document["sync"]
    assert ours["changes"] == theirs["changes"] == check.document["sync"]["changes"]
    assert (ours["action"], ours["kept"]) == (theirs["action"], theirs["kept"])
    assert done.document["warnings"] == dry.document["warnings"]
    assert _changes(done) == _changes(dry) == _changes(check)
    assert check.code == (ours["action"] != "check")
    event(f"{ours['action']}, {'some' if ours['changes'] else 'no'} changes")


def _sync(desk: Desk, project: Path, root: Path, *words: str) -> Done:
    return desk.sync(*HERE, "--target", root, "--output-format", "json", *words, cwd=project)


def _told(done: Done) -> list[str]:
    """All but that wheels were fetched, which the first of several commands tells."""
    return [line for line in done.err.splitlines() if not line.startswith("Prepared")]


def _changes(done: Done) -> list[str]:
    return [line for line in done.err.splitlines() if line[:3] in (" + ", " - ", " ~ ")]
