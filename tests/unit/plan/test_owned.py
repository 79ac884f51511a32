from siteroot.model.layout import Layout, LayoutKind
from siteroot.model.root import FolderView, Inventory, Kind
from siteroot.plan.layout import prefix_layout, pypackages_layout, target_layout
from siteroot.plan.owned import kind_at, own_file_rows, own_paths, yield_to_others
from siteroot.plan.place import rendered_row
from support.memory_roots import made_target

TARGET = made_target()
EMPTY = Inventory(exists=False, state=None, distributions=(), folders={})
ROW = rendered_row(".siteroot-start/sitecustomize.py", b"")


def own(layout: Layout, *paths: str, pth: bool = True) -> set[str]:
    return {row[0] for row in own_file_rows(layout, TARGET, paths, pth=pth)}


def test_what_a_root_needs_follows_from_its_paths() -> None:
    target = target_layout("/r")
    assert own(target, "demo.py", "sub/x.pth", "bin/sub/x") == set()
    assert own(target, "x.pth") == {"sitecustomize.py"}
    assert own(target, "x.pth", pth=False) == set()
    assert own(target, "bin/x") == {".siteroot-start/sitecustomize.py"}
    prefix = prefix_layout("/r", TARGET)
    library = "lib/python3.12/site-packages"
    assert own(prefix, "x.pth") == set()
    assert own(prefix, f"{library}/x.pth") == {f"{library}/sitecustomize.py"}
    assert own(pypackages_layout("/r", TARGET)) == {".gitignore"}
    interpreter = Layout(kind=LayoutKind.INTERPRETER, root="/r", folders=target.folders)
    assert own(interpreter, "x.pth", "bin/x") == set()


def inventory(**kinds: Kind) -> Inventory:
    names = {name.replace("_", "-"): kind for name, kind in kinds.items()}
    names = {f".{name}": kind for name, kind in names.items()}
    return Inventory(
        exists=True,
        state=None,
        distributions=(),
        folders={"": FolderView(names=names, mtime_ns=0)},
    )


def test_ours_gives_way_to_a_file_above_it() -> None:
    assert yield_to_others([ROW], set(), set(), EMPTY) == ((ROW,), ())
    assert yield_to_others([ROW], set(), set(), inventory(siteroot_start=Kind.FOLDER))[0] == (ROW,)
    for kind in (Kind.FILE, Kind.LINK):
        there = inventory(siteroot_start=kind)
        rows, warnings = yield_to_others([ROW], set(), set(), there)
        assert (rows, len(warnings)) == ((), 1)
        assert yield_to_others([ROW], set(), {".siteroot-start"}, there) == ((ROW,), ())
    assert yield_to_others([ROW], {".siteroot-start"}, set(), EMPTY)[0] == ()
    assert yield_to_others([ROW], {ROW[0]}, set(), EMPTY)[0] == ()


def test_what_nobody_looked_at_is_nothing() -> None:
    assert kind_at("a/b", EMPTY) is None
    assert own_paths(EMPTY) == {}


def test_5_a_package_named_sitecustomize_goes_before_ours() -> None:
    rows = (rendered_row("sitecustomize.py", b""),)
    mine, warnings = yield_to_others(rows, {"sitecustomize/__init__.py"}, set(), EMPTY)
    assert mine == ()
    assert "brings a package" in warnings[0]
