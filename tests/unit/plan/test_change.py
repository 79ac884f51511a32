from siteroot.model.layout import Layout, LayoutKind
from siteroot.model.rows import Change
from siteroot.plan.change import count_bytes, count_files, render_change, render_fresh
from siteroot.plan.layout import target_layout
from support.memory_roots import (
    Brought,
    MemoryRoot,
    coming_in,
    made_policy,
    made_target,
    staying_in,
)

OLD = Brought(
    name="demo",
    schemes={"purelib": {"demo/a.py": b"1", "demo/gone.py": b"1", "kind": b"", "was/x.py": b""}},
    scripts=["run"],
)
NEW = Brought(
    name="demo",
    version="2.0",
    schemes={"purelib": {"demo/a.py": b"2", "demo/new.py": b"2", "kind/y.py": b"", "was": b""}},
    scripts=["run", "go"],
)


def change_of(root: MemoryRoot, *wanted: Brought, overwrite: bool = False) -> Change:
    plan, inventory = root.plan(wanted, made_policy(overwrite=overwrite))
    return render_change(plan, inventory, staying_in(plan))


def test_the_order_is_that_of_the_rules() -> None:
    """Bytecode, then what changes its kind, new files, the rest of the old; launchers, dist-infos, ours (ROOT.md 3)."""
    root = MemoryRoot(target_layout("/r"), made_target())
    root.sync([OLD])
    root.write("demo/__pycache__/a.cpython-312.pyc")
    root.write("demo/__pycache__/gone.cpython-312.opt-1.pyc")
    root.write("demo/__pycache__/foreign.cpython-312.pyc")
    _, moves, _, _ = change_of(root, NEW)
    stages = [
        {
            ("aside", "demo/__pycache__/a.cpython-312.pyc"),
            ("aside", "demo/__pycache__/gone.cpython-312.opt-1.pyc"),
        },
        {("aside", "kind"), ("aside", "was/x.py"), ("drop", "was")},
        {("make", "demo-2.0.dist-info"), ("make", "kind")},
        {
            ("replace", "demo/a.py"),
            ("place", "demo/new.py"),
            ("place", "kind/y.py"),
            ("place", "was"),
        },
        {("aside", "demo/gone.py")},
        {("drop", "demo-1.0.dist-info"), ("drop", "demo/__pycache__")},
        {("place", "bin/go"), ("replace", "bin/run")},
        {("place", f"demo-2.0.dist-info/{name}") for name in ("METADATA", "INSTALLER", "RECORD")},
        {("replace", ".siteroot.json")},
    ]
    stage_of = {move: number for number, stage in enumerate(stages) for move in stage}
    info = [
        move
        for move in moves
        if move[1].startswith(("demo-1.0.dist-info/", "demo-2.0.dist-info/"))
        and move not in stage_of
    ]
    assert {kind for kind, _ in info} == {"aside"}
    ordered = [stage_of[move] for move in moves if move in stage_of]
    assert ordered == sorted(ordered)
    assert stage_of.keys() == set(moves) - set(info)


def test_only_folders_that_change_get_times_and_have_theirs_kept() -> None:
    root = MemoryRoot(target_layout("/r"), made_target())
    other = Brought(name="other", schemes={"purelib": {"o/x.py": b""}})
    root.sync([other, OLD])
    staging, _, times, kept_times = change_of(root, other, NEW)
    folders = [folder for folder, _ in times]
    assert "o" not in folders
    assert folders[-1] == ""
    assert {"demo", "bin", "demo-2.0.dist-info", "kind", ""} == set(folders)
    assert {folder for folder, _ in kept_times} == {"", "demo", "bin", "was", "demo-1.0.dist-info"}
    assert all(root.folders[folder] == time for folder, time in kept_times)
    assert count_files(staging) == len(
        [row for _, _, stored, rendered in staging[2] for row in (*stored, *rendered)]
    )


def test_an_overwritten_file_is_saved_first() -> None:
    root = MemoryRoot(target_layout("/r"), made_target())
    root.write("demo/a.py", b"mine")
    root.write("kind", b"mine")
    _, moves, _, _ = change_of(root, NEW, overwrite=True)
    assert ("replace", "demo/a.py") in moves
    assert moves.index(("aside", "kind")) < moves.index(("make", "kind"))


def test_a_fresh_root_has_every_folder_and_time() -> None:
    root = MemoryRoot(target_layout("/r"), made_target())
    twin = Brought(name="twin", schemes={"purelib": {"demo/a.py": b"3"}})
    plan, _ = root.plan([NEW, twin])
    (anchors, folders, jobs), times = render_fresh(plan, coming_in(plan))
    assert anchors == ()
    assert [folder for folder, _ in times][-1] == ""
    assert {folder for folder, _ in times} == {"", *folders}
    placed = [row[0] for _, _, stored, rendered in jobs for row in (*stored, *rendered)]
    assert len(placed) == len(set(placed))
    assert placed.index("demo/a.py") >= 0
    assert [job[1] for job in jobs] == ["demo==2.0", "twin==1.0", "siteroot"]
    assert "demo/a.py" in [row[0] for row in jobs[1][2]]  # the last by name places it
    size = count_bytes(((), (), jobs))
    assert size == sum(row[2] for job in jobs for row in job[2]) + sum(
        len(row[1]) for job in jobs for row in job[3]
    )


def test_only_the_folders_outside_that_are_used_are_anchors() -> None:
    """A venv gets no empty include/site for a wheel without headers."""
    interpreter = Layout(
        kind=LayoutKind.INTERPRETER,
        root="/v/lib/python3.12/site-packages",
        folders={
            "purelib": "",
            "platlib": "../../../lib64/python3.12/site-packages",
            "scripts": "../../../bin",
            "headers": "../../../include/site/python3.12",
            "data": "../../..",
        },
    )
    scripts = Brought(name="one", scripts=["run"])
    fast = Brought(name="two", purelib=False, schemes={"platlib": {"p/fast.so": b""}})
    shared = Brought(name="three", schemes={"data": {"share/x": b"", "lib64/y": b""}})
    platlib = "../../../lib64/python3.12/site-packages"
    cases = {
        ("one",): (("../../../bin",), ()),
        ("two",): ((platlib,), (f"{platlib}/p", f"{platlib}/two-1.0.dist-info")),
        ("three",): (("../../..",), ("../../../lib64", "../../../share")),
    }
    for names, expected in cases.items():
        root = MemoryRoot(interpreter, made_target())
        root.exists = True
        above = ("../../../lib64", "../../../lib64/python3.12")
        root.folders = dict.fromkeys(("", *above, *interpreter.folders.values()), 0)
        wanted = [each for each in (scripts, fast, shared) if each.name in names]
        (anchors, folders, _), _, _, _ = change_of(root, *wanted)
        outside = tuple(folder for folder in folders if folder.startswith(".."))
        assert (anchors, outside) == expected
