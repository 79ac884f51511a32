"""ROOT.md 8, `--verify`: every byte is read, what differs is told by name and mended, however well it was hidden."""

import base64
import hashlib
import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.desk import Desk, Done, make_desk
from support.projects import make_project
from support.trees import describe_difference, snapshot
from support.wheels import build_wheel

HERE = ("--python", sys.executable, "--target", "pkgs")
#: The damaged files, and how they came to be so.
Spoil = tuple[set[str], Callable[[Path], object]]


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("wheels")
    tool = {"tool/__init__.py": "", "tool/a.py": "A = 1\n", "tool/b.py": "B = 1\n"}
    scripts = "[console_scripts]\ntool = tool:main\n"
    return [
        build_wheel(folder, "tool", "1.0", tool, entry_points=scripts),
        build_wheel(folder, "one", "1.0", {"shared.py": "one", "same.py": ""}),
        build_wheel(folder, "two", "1.0", {"shared.py": "two", "same.py": ""}),
        build_wheel(folder, "late", "1.0", {"late.pth": "inner\n", "inner/late.py": ""}),
    ]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return make_desk(tmp_path / "home")


@pytest.fixture
def project(tmp_path: Path, wheels: list[Path]) -> Path:
    return make_project(tmp_path / "project", wheels)


def made(desk: Desk, project: Path, mode: str = "copy") -> Path:
    """Make the root, twice, so that its memo and its fingerprint are kept."""
    words = (*HERE, "--link-mode", mode)
    desk.synced(*words, cwd=project)
    desk.synced(*words, cwd=project)
    return project / "pkgs"


def edit(path: Path, content: bytes) -> None:
    """Write a file in place, and give it the size's and the time's looks of before."""
    status = path.stat()
    path.write_bytes(content)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def edit_with_record(root: Path) -> None:
    """Edit a module, and its RECORD to match."""
    path, record = root / "tool/a.py", root / "tool-1.0.dist-info/RECORD"
    before, after = path.read_bytes(), b"A = 2\n"
    edit(path, after)
    edit(record, record.read_bytes().replace(_digest(before), _digest(after)))


def edit_with_all(root: Path) -> None:
    """Edit a module, its RECORD, and what `.siteroot.json` says of that."""
    edit_with_record(root)
    edit_state(root, _say_record)


def _digest(content: bytes) -> bytes:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=")


def _say_record(root: Path, state: Any) -> None:
    record = root / "tool-1.0.dist-info/RECORD"
    state["distributions"]["tool"]["record"] = hashlib.sha256(record.read_bytes()).hexdigest()


def edit_state(root: Path, change: Callable[[Path, Any], object]) -> None:
    state = json.loads((root / ".siteroot.json").read_text())
    change(root, state)
    (root / ".siteroot.json").write_text(json.dumps(state, indent=1, sort_keys=True) + "\n")


def link_away(root: Path) -> None:
    copied = shutil.copy2(root / "tool/a.py", root.parent / "a.py")
    (root / "tool/a.py").unlink()
    (root / "tool/a.py").symlink_to(copied)


def touch(root: Path) -> None:
    """Bytecode of a touched module is stale, and the tar of the root another one."""
    for name in ("tool/a.py", "bin/tool"):
        (root / name).touch()


def rename_within(root: Path) -> None:
    """Of the same size, and its time set back."""
    path = root / INFO / "METADATA"
    edit(path, path.read_bytes().replace(b"Name: tool", b"Name: loot"))


def edit_both(root: Path) -> None:
    edit(root / "tool/a.py", b"x")
    edit(root / "tool/b.py", b"x")


def lose_and_edit(root: Path) -> None:
    (root / "tool/a.py").unlink()
    edit(root / "tool/b.py", b"x")


def make_pipe(root: Path) -> None:
    (root / "tool/a.py").unlink()
    os.mkfifo(root / "tool/a.py")


INFO = "tool-1.0.dist-info"
SPOILS: dict[str, Spoil] = {
    "one byte": ({"tool/a.py"}, lambda root: edit(root / "tool/a.py", b"A = 2\n")),
    "emptied": ({"tool/a.py"}, lambda root: edit(root / "tool/a.py", b"")),
    "two files": (
        {"tool/a.py", "tool/b.py"},
        edit_both,
    ),
    "a launcher": ({"bin/tool"}, lambda root: edit(root / "bin/tool", b"#!/bin/sh\n")),
    "a mode": ({"tool/a.py"}, lambda root: (root / "tool/a.py").chmod(0o600)),
    "a mode of the other kind": ({"bin/tool"}, lambda root: (root / "bin/tool").chmod(0o644)),
    "a time": ({"tool/a.py", "bin/tool"}, touch),
    "a link": ({"tool/a.py"}, link_away),
    "a pipe": ({"tool/a.py"}, make_pipe),
    "missing and edited": (
        {"tool/a.py", "tool/b.py"},
        lose_and_edit,
    ),
    "metadata": ({f"{INFO}/METADATA"}, lambda root: edit(root / INFO / "METADATA", b"Name: x\n")),
    "metadata of the same looks": ({f"{INFO}/METADATA"}, rename_within),
    "RECORD edited to match": ({"tool/a.py", f"{INFO}/RECORD"}, edit_with_record),
    ".siteroot.json too": ({"tool/a.py", f"{INFO}/RECORD"}, edit_with_all),
}


def damaged(done: Done) -> dict[str, set[str]]:
    changes = done.document["sync"]["changes"]
    assert all(each["action"] == "reinstalled" for each in changes)
    return {each["name"]: set(each.get("damaged", ())) for each in changes}


@pytest.mark.parametrize("spoilt", SPOILS)
def test_8_verify_finds_and_mends(desk: Desk, project: Path, spoilt: str) -> None:
    root = made(desk, project)
    before = snapshot(root)
    paths, spoil = SPOILS[spoilt]
    spoil(root)
    after = snapshot(root)
    told = desk.sync(*HERE, "--verify", "--check", "--output-format", "json", cwd=project)
    assert (told.code, damaged(told)) == (1, {"tool": paths}), told.err
    planned = desk.synced(*HERE, "--verify", "--dry-run", cwd=project).err
    assert snapshot(root) == after
    done = desk.synced(*HERE, "--verify", "--link-mode", "copy", cwd=project).err
    count = "1 file was" if len(paths) == 1 else f"{len(paths)} files were"
    line = f" ~ tool==1.0 ({count} not as placed: "
    assert line in done
    assert line in planned
    assert describe_difference(before, snapshot(root)) == []
    again = desk.sync(*HERE, "--verify", "--check", cwd=project)
    assert (again.code, "Verified" in again.err) == (0, True), again.err


def test_8_verify_is_never_answered_from_a_memo(desk: Desk, project: Path) -> None:
    """The words that found nothing before are asked again."""
    root = made(desk, project)
    for _ in range(2):
        assert "Verified" in desk.synced(*HERE, "--verify", cwd=project).err
    edit(root / "tool/a.py", b"A = 2\n")
    assert "tool/a.py" in desk.synced(*HERE, "--verify", cwd=project).err
    variables = {"SITEROOT_VERIFY": "1"}
    desk.synced(*HERE, cwd=project, variables=variables)
    edit(root / "tool/a.py", b"A = 2\n")
    assert "tool/a.py" in desk.synced(*HERE, cwd=project, variables=variables).err
    assert "Verified" not in desk.synced(*HERE, "--no-verify", cwd=project, variables=variables).err


@pytest.mark.parametrize("looks", ["as before", "changed"])
def test_8_verify_mends_what_was_edited_through_a_hard_link(
    desk: Desk, project: Path, looks: str
) -> None:
    """The store's own file is wrong then, and looks right or not: the wheel is taken anew."""
    root = made(desk, project, "hardlink")
    before = snapshot(root)
    if looks == "changed":
        (root / "tool/a.py").write_bytes(b"A = 2\n")
    else:
        edit(root / "tool/a.py", b"A = 2\n")
    done = desk.synced(*HERE, "--verify", "--link-mode", "hardlink", cwd=project).err
    assert "1 file was not as placed: tool/a.py" in done
    assert describe_difference(before, snapshot(root)) == []


def test_8_a_check_fetches_nothing_for_what_was_edited_through_a_hard_link(
    desk: Desk, tmp_path: Path
) -> None:
    wheel = build_wheel(tmp_path, "tool", "1.0", {"tool.py": "A = 1\n"})
    project = make_project(tmp_path / "project", [wheel])
    root = made(desk, project, "hardlink")
    edit(root / "tool.py", b"A = 2\n")
    wheel.unlink()
    told = desk.sync(*HERE, "--verify", "--check", "--link-mode", "hardlink", cwd=project)
    assert (told.code, "fetching" in told.err) == (1, False), told.err
    assert " ~ tool==1.0 (1 file was not as placed: tool.py)" in told.err


def test_8_without_the_wheel_verify_takes_the_record_at_its_word(desk: Desk, project: Path) -> None:
    root = made(desk, project)
    before = snapshot(root)
    shutil.rmtree(desk.home / "cache")
    told = desk.synced(*HERE, "--verify", "--check", cwd=project).err
    assert "does not have the wheel: late, one, tool, two" in told
    edit(root / "tool/a.py", b"A = 2\n")
    (root / "bin/tool").chmod(0o700)
    done = desk.synced(*HERE, "--verify", "--link-mode", "copy", cwd=project).err
    assert "2 files were not as placed: bin/tool, tool/a.py" in done
    assert describe_difference(before, snapshot(root)) == []


@pytest.mark.parametrize(
    ("said", "names"), [("one", {"one", "two"}), (None, {"one", "two"}), ("tool", {"one", "two"})]
)
def test_2_verify_heeds_whose_bytes_stand(
    desk: Desk, project: Path, said: str | None, names: set[str]
) -> None:
    """A contested path holds its winner's bytes: no damage; whoever says otherwise in `.siteroot.json` is put right."""
    root = made(desk, project)
    before = snapshot(root)
    assert desk.sync(*HERE, "--verify", "--check", cwd=project).code == 0

    def change(_root: Path, state: Any) -> None:
        state["winners"] = {} if said is None else {"shared.py": said}

    edit_state(root, change)
    if said == "one":
        edit(root / "shared.py", b"one")
    told = desk.sync(*HERE, "--verify", "--check", "--output-format", "json", cwd=project)
    assert (told.code, set(damaged(told))) == (1, names)
    desk.synced(*HERE, "--verify", "--link-mode", "copy", cwd=project)
    assert describe_difference(before, snapshot(root)) == []


@pytest.mark.fast_calls  # the edit comes through a hard link
@pytest.mark.parametrize("there", [False, True])
def test_8_verify_makes_a_root_that_is_not_there_of_right_bytes(
    desk: Desk, project: Path, *, there: bool
) -> None:
    """The store has one that looks as before and is not: it was edited through another root."""
    root = made(desk, project, "hardlink")
    before = snapshot(root)
    edit(root / "tool/a.py", b"A = 2\n")
    shutil.rmtree(root)
    if there:
        root.mkdir()
    told = desk.synced(*HERE, "--verify", "--link-mode", "hardlink", cwd=project).err
    assert "the cache's file purelib/tool/a.py of tool==1.0 is not what was stored" in told
    after = snapshot(root)
    assert before.pop(".")[1:2] == after.pop(".")[1:2]
    assert describe_difference(before, after) == []


def test_2_a_winner_that_is_not_selected_any_more_and_stays_is_heeded(
    desk: Desk, project: Path, wheels: list[Path]
) -> None:
    root = made(desk, project)
    make_project(project, wheels[1:2])
    desk.synced(*HERE, "--inexact", cwd=project)
    told = desk.sync(*HERE, "--verify", "--check", "--inexact", cwd=project)
    assert (told.code, "shared.py" in told.err) == (0, False), told.err
    assert (root / "shared.py").read_text() == "two"


def test_8_verify_looks_at_our_own_files_too(desk: Desk, project: Path) -> None:
    root = made(desk, project)
    before = snapshot(root)
    (root / "sitecustomize.py").chmod(0o755)
    (root / ".siteroot.json").touch()
    assert desk.sync(*HERE, "--verify", "--check", cwd=project).code == 1
    told = desk.synced(*HERE, "--verify", "-v", cwd=project).err
    assert "sitecustomize.py: its mode is 0755 rather than 0644" in told
    assert describe_difference(before, snapshot(root)) == []


def test_8_verify_tells_of_what_is_not_selected_and_of_folders(desk: Desk, project: Path) -> None:
    root = made(desk, project)
    make_project(project, [], dependencies=[])
    edit(root / "tool/a.py", b"A = 2\n")
    told = desk.synced(*HERE, "--verify", "--inexact", cwd=project).err
    assert "tool==1.0: not as its RECORD says: tool/a.py; it is not selected" in told
    assert (root / "tool/a.py").read_bytes() == b"A = 2\n"


def test_8_verify_leaves_alone_what_is_nobodys(desk: Desk, project: Path) -> None:
    root = made(desk, project)
    (root / "tool/notes.txt").write_text("mine")
    (root / "tool").chmod(0o700)
    done = desk.synced(*HERE, "--verify", cwd=project).err
    assert "tool: its mode is 0700 rather than 0755" in done
    assert (root / "tool/notes.txt").read_text() == "mine"
    assert "~" not in done
