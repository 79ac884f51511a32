"""Whatever a root held before, the planned way leads to what a fresh root of the same distributions holds."""

import posixpath

import pytest
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from siteroot.model.layout import Layout
from siteroot.model.plan import Keep, Plan
from siteroot.model.reserved import STATE_FILE
from siteroot.plan.diff import FilesInTheWayError
from siteroot.plan.layout import prefix_layout, pypackages_layout, target_layout
from siteroot.plan.meeting import ClobberRefusedError
from support.memory_roots import Brought, MemoryRoot, made_policy, made_target

TARGET = made_target()
LAYOUTS = (
    target_layout("/r"),
    prefix_layout("/r", TARGET),
    pypackages_layout("/r", TARGET),
)
#: Few paths, so that distributions meet, and so that files become folders and the reverse.
PATHS = (
    *("m.py", "n.py", "a", "a.py", "a/__init__.py", "a/b", "a/b/c.py", "a/b/d.txt", "a/b.py"),
    *("ns/x.py", "ns/y.py", "ns/sub/z.py", "p.pth", "sitecustomize.py"),
)


def folders_above(path: str) -> list[str]:
    found = []
    while path := posixpath.dirname(path):
        found.append(path)
    return found


def crossings(paths: set[str]) -> set[str]:
    """Paths that would have to be a file and a folder."""
    return {folder for path in paths for folder in folders_above(path)} & paths


@st.composite
def brought(draw: st.DrawFn, name: str) -> Brought:
    paths = draw(st.sets(st.sampled_from(PATHS), max_size=5))
    paths -= crossings(paths)
    return Brought(
        name=name,
        version=draw(st.sampled_from(("1.0", "2.0"))),
        schemes={"purelib": {path: draw(st.sampled_from((b"x", b"y"))) for path in paths}},
        scripts=sorted(draw(st.sets(st.sampled_from(("run", "go")), max_size=1))),
        direct=draw(st.booleans()),
    )


@st.composite
def selections(draw: st.DrawFn) -> tuple[list[Brought], list[Brought]]:
    """What was selected, and what is selected now; some distributions are the same in both."""
    old = [draw(brought(name)) for name in ("d1", "d2", "d3") if draw(st.booleans())]
    new = []
    for name in ("d1", "d2", "d3", "d4"):
        same = [each for each in old if each.name == name]
        choice = draw(st.sampled_from(("same", "other", "none")))
        if choice == "same":
            new += same
        elif choice == "other":
            new.append(draw(brought(name)))
    return old, new


def fresh_root(layout: Layout, wanted: list[Brought]) -> MemoryRoot:
    root = MemoryRoot(layout, TARGET)
    root.sync(wanted)
    return root


def disturb(
    root: MemoryRoot, modules: set[str], compiled: set[str], foreign: set[str]
) -> tuple[set[str], set[str]]:
    """Write bytecode as an interpreter does, and files that are nobody's; return which."""
    library = root.layout.folders["purelib"]
    owned = set(root.files)
    sources = {posixpath.join(library, path) for path in compiled & modules}
    if "sitecustomize.py" in compiled:
        sources |= {path for path in owned if path.endswith("sitecustomize.py")}
    bytecode = {bytecode_of(path) for path in sources}
    strangers = {posixpath.join(library, path) for path in foreign} - owned
    if crossings({*owned, *bytecode, *strangers}):
        strangers = set()
    strangers -= root.folders.keys()
    for path in sorted(bytecode | strangers):
        root.write(path)
    return bytecode, strangers


def bytecode_of(module: str) -> str:
    folder, name = posixpath.split(module)
    return posixpath.join(folder, "__pycache__", f"{name[:-3]}.cpython-312.pyc")


def staying_bytecode(
    root: MemoryRoot, old: list[Brought], plan: Plan, bytecode: set[str]
) -> set[str]:
    """The bytecode whose module stays untouched: that of kept distributions, and of our own unchanged files."""
    library = root.layout.folders["purelib"]
    kept = {step.old.name for step in plan.steps if isinstance(step, Keep)}
    modules = {
        posixpath.join(library, path)
        for each in old
        if each.name in kept
        for path in each.schemes["purelib"]
    }
    modules |= plan.state.files.keys() - {row[0] for row in plan.own_files}
    return {bytecode_of(path) for path in modules} & bytecode


@given(
    layout=st.sampled_from(LAYOUTS),
    pair=selections(),
    compiled=st.sets(st.sampled_from([path for path in PATHS if path.endswith(".py")])),
    foreign=st.sets(
        st.sampled_from((*PATHS, ".siteroot-start", "a/mine.txt", "bin/run", "ns/sub/q")),
        max_size=2,
    ),
    overwrite=st.booleans(),
)
@settings(max_examples=300, deadline=None)
def test_every_way_leads_to_the_fresh_root(
    layout: Layout,
    pair: tuple[list[Brought], list[Brought]],
    compiled: set[str],
    foreign: set[str],
    overwrite: bool,
) -> None:
    old, new = pair
    old_paths = {path for each in old for path in each.schemes["purelib"]}
    new_paths = {path for each in new for path in each.schemes["purelib"]}
    assume(not crossings(old_paths | {".siteroot-start/sitecustomize.py"}))
    root = fresh_root(layout, old)
    bytecode, strangers = disturb(root, old_paths, compiled, foreign)
    before = {**root.files}

    if crossings(new_paths):
        with pytest.raises((ClobberRefusedError, FilesInTheWayError)):
            root.sync(new, made_policy(overwrite=overwrite))
        assert root.files == before
        return
    expected = fresh_root(layout, new)
    try:
        plan = root.sync(new, made_policy(overwrite=overwrite))
    except FilesInTheWayError:
        event("in the way")
        needed = {*expected.files, *expected.folders}
        stands = strangers & needed
        blocked = {folder for path in strangers for folder in folders_above(path)}
        assert (stands and not overwrite) or blocked & set(expected.files)
        assert root.files == before
        return

    staying = staying_bytecode(root, old, plan, bytecode)
    lost = strangers & set(plan.overwritten)
    assert not lost or overwrite
    left = {path: before[path] for path in staying | strangers - lost}
    custom = {path for path in strangers if path.endswith(("sitecustomize.py", ".siteroot-start"))}
    wanted = {**expected.files, **left}
    ours = {STATE_FILE, *(path for path in expected.files if path.endswith("sitecustomize.py"))}
    if custom:  # siteroot's own gives way, and the state says so
        wanted = {path: file for path, file in wanted.items() if path not in ours or path in left}
        assert {p: f for p, f in root.files.items() if p not in ours or p in left} == wanted
    else:
        assert root.files == wanted
        assert set(root.folders) == {
            "",
            *(folder for path in wanted for folder in folders_above(path)),
        }
        strange = {posixpath.dirname(path) for path in left}
        strange |= {folder for path in left for folder in folders_above(posixpath.dirname(path))}
        strange |= {""} if left else set()
        for folder, time in expected.folders.items():
            assert folder in strange or root.folders[folder] == time, folder

    again, _ = root.plan(new, made_policy(overwrite=overwrite))
    assert all(isinstance(step, Keep) for step in again.steps)
    assert again.nothing_to_do


@given(layout=st.sampled_from(LAYOUTS), pair=selections())
@settings(max_examples=60, deadline=None)
def test_a_root_made_for_another_python_becomes_the_fresh_one(
    layout: Layout, pair: tuple[list[Brought], list[Brought]]
) -> None:
    """`--prefix DIR` has the Python's version in its folders: the old ones go (ROOT.md 1, 2)."""
    old, new = pair
    assume(not crossings({p for each in old for p in each.schemes["purelib"]}))
    assume(not crossings({p for each in new for p in each.schemes["purelib"]}))
    reserved = {".siteroot-start"}
    assume(not any(reserved & set(each.schemes["purelib"]) for each in (*old, *new)))
    later = made_target((3, 13))
    root = fresh_root(layout, old)
    root.target = later
    if layout.kind.value == "prefix":
        root.layout = prefix_layout("/r", later)
    root.sync(new)
    expected = MemoryRoot(root.layout, later)
    expected.sync(new)
    assert root.files == expected.files
    assert root.folders == expected.folders
