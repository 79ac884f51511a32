"""ROOT.md 3, `--durable`: what has reached the disk before what comes next, as the kernel saw it."""

import errno
import os
import re
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, cast

import pytest

from siteroot import fs
from siteroot.errors import RootError
from siteroot.model.reserved import staging_folder
from siteroot.root.fresh import apply_fresh
from siteroot.root.journal import apply_change, recover_root
from siteroot.root.lock import lock_root
from support.command import plain_variables
from support.ground import Ground, make_ground
from support.roots import change_of, fresh_of, write_tree
from support.strace import run_traced
from support.trees import Seen, snapshot
from support.wheels import build_wheel
from support.writers import StoppedError, failing_writer, recording_writer, stopping_writer

_SYNCS = "fsync,fdatasync,syncfs,sync"
_CHANGES = "?rename,?renameat,renameat2,?link,linkat,?unlink,unlinkat,?rmdir,?open,openat,utimensat"
_WORK = "/.siteroot"


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Ground:
    return make_ground(tmp_path_factory.mktemp("ground"))


@pytest.fixture(scope="module")
def projects(ground: Ground) -> tuple[Path, Path]:
    """Two projects that differ by a version; the cache has all of it."""
    made = []
    for version, files in (("1.0", ("a", "gone")), ("2.0", ("a", "b"))):
        wheel = build_wheel(
            ground.home, "demo", version, {f"demo/{name}.py": version for name in files}
        )
        made.append(ground.project(f"project-{version}", wheel))
        ground.sync(made[-1], ground.home / f"warm-{version}")
    return made[0], made[1]


def trace(ground: Ground, project: Path, root: Path, *words: str) -> list[str]:
    """Return the changing calls and the syncs of a command that name the root, its staging or its folder, in order."""
    log = root.parent / "trace"
    run_traced(
        ["-f", "-y", "-e", f"trace={_SYNCS},{_CHANGES}"],
        log,
        ground.command(project, root, "--link-mode", "hardlink", *words),
        cwd=ground.home,
        env=plain_variables(ground.home),
    )
    calls = [line.split(maxsplit=1)[1] for line in log.read_text().splitlines()]
    return [
        call
        for call in calls
        if str(root.parent) in call and not (call.startswith("open") and "O_CREAT" not in call)
    ]


def at(calls: list[str], *patterns: str, after: int = -1) -> int:
    """Return where the first call is, after another, that holds all of the patterns."""
    for number, call in enumerate(calls[after + 1 :], after + 1):
        if all(re.search(pattern, call) for pattern in patterns):
            return number
    raise AssertionError(f"no {patterns} after call {after} of:\n" + "\n".join(calls))


def every(calls: list[str], *patterns: str) -> list[int]:
    found = [
        number
        for number, call in enumerate(calls)
        if all(re.search(pattern, call) for pattern in patterns)
    ]
    assert found, (patterns, calls)
    return found


def in_order(*moments: int) -> None:
    assert sorted(set(moments)) == list(moments)


@pytest.mark.fast_calls
def test_3_a_new_root_is_on_the_disk_before_it_appears(
    ground: Ground, projects: tuple[Path, Path], tmp_path: Path
) -> None:
    """The second time too, when the starter could have made it from a memo."""
    root = tmp_path / "root"
    staged = re.escape(f"{staging_folder(str(root))}/root")
    for _ in range(2):
        calls = trace(ground, projects[0], root, "--durable")
        filled = every(calls, staged, "^(open|link|utime)")
        synced = at(calls, f"^syncfs.*{staged}>", after=filled[-1])
        renamed = at(calls, f"^rename.*{staged}", after=synced)
        in_order(filled[-1], synced, renamed, at(calls, f"^fsync.*{re.escape(str(tmp_path))}>"))
        shutil.rmtree(root)


@pytest.mark.fast_calls
def test_3_a_change_waits_for_the_disk_at_each_step(
    ground: Ground, projects: tuple[Path, Path], tmp_path: Path
) -> None:
    root = tmp_path / "root"
    ground.sync(projects[0], root)
    calls = trace(ground, projects[1], root, "--durable")
    work = re.escape(f"{root}{_WORK}")
    begun = at(calls, "^rename", f"{work}-[0-9]+", f'{work}"')
    staged = every(calls, f"{work}/new", "^(open|link)")
    commit = at(calls, "^rename", f'{work}/journal.part"', f'{work}/journal"')
    moved = [each for each in every(calls, f"{work}/(new|old)", "^(rename|link)") if each > commit]
    staged = [each for each in staged if each < commit]
    done = at(calls, "^rename", f'{work}/journal"', f'{work}/journal.done"')
    in_order(
        at(calls, "^fsync", "/begin>"),
        begun,
        staged[-1],
        at(calls, f"^syncfs.*{work}>", after=staged[-1]),
        at(calls, f"^fsync.*{work}/journal.part>"),
        commit,
        at(calls, f"^fsync.*{work}>", after=commit),
        moved[0],
        moved[-1],
        at(calls, "^syncfs", after=moved[-1]),
        done,
        at(calls, f"^fsync.*{work}>", after=done),
        at(calls, "^unlink", f"{work}/old"),
        at(calls, f"^fsync.*{re.escape(str(root))}>", after=at(calls, "^unlink", f"{work}/old")),
    )


@pytest.mark.fast_calls
def test_3_without_the_word_nobody_waits(
    ground: Ground, projects: tuple[Path, Path], tmp_path: Path
) -> None:
    root = tmp_path / "root"
    calls = trace(ground, projects[0], root) + trace(ground, projects[1], root)
    assert not [call for call in calls if call.startswith(tuple(_SYNCS.split(",")))]


@pytest.mark.parametrize(
    ("settings", "variables", "words"),
    [
        ("[tool.siteroot]\ndurable = true\n", {}, ()),
        ("", {"SITEROOT_DURABLE": "1"}, ()),
        ("[tool.siteroot]\ndurable = false\n", {}, ("--durable",)),
    ],
)
def test_3_it_is_said_in_three_ways(
    ground: Ground, tmp_path: Path, settings: str, variables: dict[str, str], words: tuple[str, ...]
) -> None:
    project = ground.project(tmp_path.name, build_wheel(tmp_path, "demo", "1.0", {"demo.py": ""}))
    with (project / "pyproject.toml").open("a") as stream:
        stream.write(settings)
    log = tmp_path / "trace"
    run_traced(
        ["-f", "-e", "trace=syncfs"],
        log,
        ground.command(project, tmp_path / "root", *words),
        cwd=ground.home,
        env=plain_variables(ground.home, variables),
    )
    assert "syncfs" in log.read_text()


OLD = {"pkg/a.py": b"a1", "pkg/b.py": b"b1", "turn": b"a file"}
NEW = {"pkg/a.py": b"a2", "pkg/c.py": b"c2", "turn/x.py": b"a folder", "empty.py": b""}


def without_syncfs(seen: list[tuple[str, str]]) -> fs.Writer:
    """Return a durable writer that has no syncfs, and tells each fsync's and rename's path."""

    def absent(_descriptor: int) -> None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    def fsync(descriptor: int) -> None:
        seen.append(("fsync", os.readlink(f"/proc/self/fd/{descriptor}")))
        os.fsync(descriptor)

    def tell(name: str) -> Callable[..., None]:
        real = getattr(fs.Writer, name)

        def call(source: Any, target: Any, **options: Any) -> None:
            seen.append((name, f"{source} -> {target}"))
            real(source, target, **options)

        return call

    members = {"syncfs": absent, "fsync": fsync}
    members |= {name: tell(name) for name in ("rename", "rename_noreplace")}
    made = {name: staticmethod(member) for name, member in members.items()}
    return cast("fs.Writer", type("Telling", (fs.DurableWriter,), {"__slots__": (), **made})())


def synced(seen: Iterable[tuple[str, str]]) -> set[str]:
    return {path for name, path in seen if name == "fsync"}


def test_3_where_one_call_cannot_each_file_and_folder_is_waited_for(tmp_path: Path) -> None:
    root, store = str(tmp_path / "root"), str(tmp_path / "store")
    seen: list[tuple[str, str]] = []
    writer = without_syncfs(seen)
    with lock_root(root):
        tree = f"{staging_folder(root)}/root"
        apply_fresh(root, fresh_of(store, OLD), workers=1, writer=writer)
    renamed = [name for name, _ in seen].index("rename_noreplace")
    staged = {f"{tree}/{path}" for path in ("pkg/a.py", "pkg/b.py", "turn", "pkg")} | {tree}
    assert synced(seen[:renamed]) == staged
    assert synced(seen[renamed:]) == {str(tmp_path)}

    seen.clear()
    shutil.rmtree(store)
    apply_change(root, change_of(root, store, OLD, NEW), workers=1, writer=writer)
    said = [path for _, path in seen]
    commit = next(at for at, path in enumerate(said) if path.endswith(".siteroot/journal"))
    done = next(at for at, path in enumerate(said) if path.endswith("/journal.done"))
    new = f"{root}/.siteroot/new"
    assert {f"{new}/{path}" for path in (*NEW, "pkg", "turn")} | {new} <= synced(seen[:commit])
    assert {root, f"{root}/pkg", f"{root}/turn", f"{root}/.siteroot"} <= synced(seen[commit:done])


def test_3_a_durable_change_that_is_stopped_anywhere_is_old_or_new(tmp_path: Path) -> None:
    base, root = tmp_path / "base", str(tmp_path / "root")
    write_tree(str(base), OLD)
    change = change_of(str(base), str(tmp_path / "store"), OLD, NEW)

    def begin() -> None:
        shutil.rmtree(root, ignore_errors=True)
        shutil.copytree(base, root, copy_function=shutil.copy2)
        os.utime(root, ns=(0, base.stat().st_mtime_ns))

    begin()
    old = snapshot(root)
    writer, done = recording_writer(durable=True)
    apply_change(root, change, workers=1, writer=writer)
    new = snapshot(root)
    assert {"fsync", "syncfs"} <= set(done)
    for moment in range(len(done)):
        begin()
        with pytest.raises(StoppedError):
            apply_change(root, change, workers=1, writer=stopping_writer(moment, durable=True))
        recover_root(root, writer=fs.DURABLE)
        assert snapshot(root) in (old, new), f"stopped before {done[moment]} ({moment})"


def test_3_what_a_failing_disk_leaves_is_what_is_told(tmp_path: Path) -> None:
    """Each call that waits fails once: the old tree stands, or the new one does."""
    root, store = str(tmp_path / "root"), str(tmp_path / "store")
    write_tree(root, OLD)
    change = change_of(root, store, OLD, NEW)
    shutil.copytree(root, tmp_path / "base")

    def begin() -> dict[str, Seen]:
        shutil.rmtree(root, ignore_errors=True)
        shutil.copytree(tmp_path / "base", root, copy_function=shutil.copy2)
        return snapshot(root)

    writer, done = recording_writer(durable=True)
    begin()
    apply_change(root, change, workers=1, writer=writer)
    new = snapshot(root)
    told = []
    for moment in [at for at, name in enumerate(done) if name in ("fsync", "syncfs")]:
        old = begin()
        failing = failing_writer(moment, number=errno.EIO, durable=True)
        with pytest.raises(RootError) as caught:
            apply_change(root, change, workers=1, writer=failing)
        recover_root(root)
        assert "the disk reports an error" in str(caught.value)
        made = snapshot(root) == new
        assert made or snapshot(root) == old
        restored = "the root is as it was before" in str(caught.value)
        assert restored != made
        told.append(restored)
    assert told == sorted(told, reverse=True)
    assert set(told) == {True, False}


def test_3_a_folder_that_cannot_be_waited_for_leaves_the_root_there(tmp_path: Path) -> None:
    root = str(tmp_path / "root")
    writer, done = recording_writer(durable=True)
    with lock_root(root):
        apply_fresh(root, fresh_of(str(tmp_path / "store"), OLD), workers=1, writer=writer)
    shutil.rmtree(root)
    failing = failing_writer(len(done) - 1, number=errno.EIO, durable=True)
    with lock_root(root), pytest.raises(RootError, match="outlast a loss of power is not known"):
        apply_fresh(root, fresh_of(str(tmp_path / "store"), OLD), workers=1, writer=failing)
    assert Path(root, "pkg/a.py").read_bytes() == b"a1"
