import hashlib
import os
from dataclasses import replace
from pathlib import Path

import pytest

from siteroot.formats.record import render_record
from siteroot.formats.root_state import render_root_state
from siteroot.model.digest import Digest
from siteroot.model.layout import Layout, LayoutKind
from siteroot.model.root import InstalledDistribution, Kind, RootEntry, RootState
from siteroot.root.inventory import UnreadableRootError, look_again, read_inventory, with_files


def layout_of(root: Path, **folders: str) -> Layout:
    kind = LayoutKind.INTERPRETER if folders else LayoutKind.TARGET
    schemes = {"purelib": "", "platlib": "", "scripts": "bin", "headers": "include", "data": ""}
    return Layout(kind=kind, root=str(root), folders={**schemes, **folders})


def sha256(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


def install(root: Path, name: str, files: dict[str, bytes], *, library: str = "") -> str:
    """Write a distribution by hand; return its RECORD's hexadecimal sha256."""
    dist_info = f"{name}-1.0.dist-info"
    base = root / library
    everything = {
        **files,
        f"{dist_info}/METADATA": f"Name: {name}\n".encode(),
        f"{dist_info}/INSTALLER": b"siteroot\n",
    }
    rows: list[tuple[str, bytes | None, int | None]] = []
    for path, content in everything.items():
        full = Path(os.path.normpath(base / path))
        full.parent.mkdir(parents=True, exist_ok=True)
        full.write_bytes(content)
        rows.append((path, sha256(content), len(content)))
    record = render_record([*rows, (f"{dist_info}/RECORD", None, None)])
    (base / dist_info / "RECORD").write_bytes(record)
    return hashlib.sha256(record).hexdigest()


def write_state(root: Path, records: dict[str, str], files: dict[str, str] | None = None) -> None:
    state = RootState(
        implementation="cpython",
        python="3.12",
        distributions={
            name: RootEntry(
                name=name,
                version="1.0",
                dist_info=f"{name}-1.0.dist-info",
                digests=(Digest("sha256", "a" * 64),),
                record=record,
                direct=True,
            )
            for name, record in records.items()
        },
        winners={},
        files=files or {},
    )
    (root / ".siteroot.json").write_bytes(render_root_state(state))


def only(root: Path, *, links_are_files: bool = False) -> InstalledDistribution:
    inventory = read_inventory(layout_of(root), links_are_files=links_are_files)
    (found,) = inventory.distributions
    return found


def test_an_absent_root_holds_nothing(tmp_path: Path) -> None:
    inventory = read_inventory(layout_of(tmp_path / "none"))
    assert not inventory.exists
    assert inventory.distributions == ()
    assert inventory.folders == {}


def test_an_owned_distribution_is_known_with_all_its_files(tmp_path: Path) -> None:
    record = install(tmp_path, "demo", {"demo/a.py": b"a", "demo/sub/b.py": b"b", "bin/x": b"#!"})
    write_state(tmp_path, {"demo": record})
    found = only(tmp_path)
    assert (found.name, found.version, found.dist_info) == ("demo", "1.0", "demo-1.0.dist-info")
    assert set(found.files) == {
        *("demo/a.py", "demo/sub/b.py", "bin/x"),
        *(f"demo-1.0.dist-info/{name}" for name in ("METADATA", "INSTALLER", "RECORD")),
    }
    assert found.missing == ()
    assert found.entry is not None
    assert found.installer == "siteroot"
    assert found.foreign_form == ""


def test_names_are_normalised(tmp_path: Path) -> None:
    install(tmp_path, "My.Odd__Name", {"odd.py": b""})
    assert only(tmp_path).name == "my-odd-name"


@pytest.mark.parametrize("how", ["gone", "renamed", "folder gone", "a link", "a folder"])
def test_missing_files_are_seen(tmp_path: Path, how: str) -> None:
    record = install(tmp_path, "demo", {"demo/a.py": b"a", "demo/sub/b.py": b"b"})
    write_state(tmp_path, {"demo": record})
    victim = tmp_path / "demo/sub/b.py"
    if how == "folder gone":
        victim.unlink()
        victim.parent.rmdir()
    elif how == "renamed":
        victim.rename(victim.with_name("c.py"))
    else:
        victim.rename(tmp_path / "elsewhere")
        if how == "a link":
            victim.symlink_to(tmp_path / "elsewhere")
        elif how == "a folder":
            victim.mkdir()
    assert only(tmp_path).missing == ("demo/sub/b.py",)
    linked = only(tmp_path, links_are_files=True).missing
    assert linked == (() if how == "a link" else ("demo/sub/b.py",))


def test_a_record_may_name_a_file_at_any_depth(tmp_path: Path) -> None:
    install(tmp_path, "demo", {"demo.py": b"a"})
    deep = f"{'d/' * 4000}x.py"  # no disk has it
    with (tmp_path / "demo-1.0.dist-info" / "RECORD").open("a") as record:
        record.write(f"{deep},,\n")
    assert only(tmp_path).missing == (deep,)


def test_what_lies_behind_a_link_is_not_there(tmp_path: Path) -> None:
    root = tmp_path / "root"
    install(root, "demo", {"demo/a.py": b"a"})
    (root / "demo").rename(tmp_path / "outside")
    (root / "demo").symlink_to(tmp_path / "outside")
    layout = layout_of(root)
    inventory = look_again(read_inventory(layout), layout, ["demo", "demo/sub"])
    assert inventory.distributions[0].missing == ("demo/a.py",)
    assert inventory.folders[""].names["demo"] is Kind.LINK
    assert "demo" not in inventory.folders


@pytest.mark.parametrize("victim", ["METADATA", "INSTALLER"])
def test_an_edit_in_a_dist_info_is_seen(tmp_path: Path, victim: str) -> None:
    record = install(tmp_path, "demo", {"demo/a.py": b"a"})
    write_state(tmp_path, {"demo": record})
    (tmp_path / "demo-1.0.dist-info" / victim).write_bytes(b"else\n")
    assert only(tmp_path).missing == (f"demo-1.0.dist-info/{victim}",)


def test_an_edited_record_is_no_longer_the_one_we_wrote(tmp_path: Path) -> None:
    record = install(tmp_path, "demo", {"demo/a.py": b"a"})
    write_state(tmp_path, {"demo": record})
    with open(tmp_path / "demo-1.0.dist-info/RECORD", "ab") as stream:
        stream.write(b"demo/b.py,,\n")
    found = only(tmp_path)
    assert found.entry is None
    assert "demo/b.py" in found.files


def test_rows_that_lead_out_of_the_layout_are_nobodys(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (tmp_path / "precious").mkdir()
    install(
        root,
        "demo",
        {"../precious/x": b"", "demo/../demo/a.py": b"", "./b.py": b"", "demo//c.py": b""},
    )
    with open(root / "demo-1.0.dist-info/RECORD", "ab") as stream:
        stream.write(f"/etc/passwd,,\n{root}/abs.py,,\n.siteroot/journal,,\n".encode())
    found = only(root)
    assert set(found.files) == {
        *("demo/a.py", "b.py", "demo/c.py", "abs.py"),
        *(f"demo-1.0.dist-info/{name}" for name in ("METADATA", "INSTALLER", "RECORD")),
    }


def test_files_are_known_from_the_records_that_the_state_names(tmp_path: Path) -> None:
    files = {"demo/a.py": b"a", "demo/b, c.py": b"b", "bin/../top.py": b"", "d..e/f.py": b""}
    write_state(tmp_path, {"demo": install(tmp_path, "demo", files)})
    layout = layout_of(tmp_path)
    read = read_inventory(layout)
    bare = tuple(replace(each, files=()) for each in read.distributions)
    known = with_files(replace(read, distributions=bare), layout)
    assert known is not None
    assert sorted(known.distributions[0].files) == sorted(read.distributions[0].files)
    assert {"demo/b, c.py", "top.py", "d..e/f.py"} < set(known.distributions[0].files)
    with (tmp_path / "demo-1.0.dist-info/RECORD").open("ab") as stream:
        stream.write(b"more.py,,\n")
    assert with_files(read, layout) is None


def test_foreign_forms_are_told(tmp_path: Path) -> None:
    (tmp_path / "six-1.16.0.egg-info").write_bytes(b"")
    (tmp_path / "Odd_One-2.0-py3.11.egg-info").mkdir()
    (tmp_path / "dev.egg-link").write_bytes(b"")
    (tmp_path / "norecord-3.dist-info").mkdir()
    install(tmp_path, "broken", {"b.py": b""})
    (tmp_path / "broken-1.0.dist-info/RECORD").write_bytes(b'b.py,sha256="x\n')
    found = {each.name: each for each in read_inventory(layout_of(tmp_path)).distributions}
    forms = {name: (each.version, each.foreign_form) for name, each in found.items()}
    assert forms == {
        "six": ("1.16.0", "egg-info"),
        "odd-one": ("2.0", "egg-info"),
        "dev": ("", "egg-link"),
        "norecord": ("3", "no RECORD"),
        "broken": ("1.0", "a RECORD that cannot be understood"),
    }


def test_both_libraries_and_outer_scheme_folders_are_read(tmp_path: Path) -> None:
    root = tmp_path / "lib/site-packages"
    install(root, "pure", {"pure.py": b"", "../../bin/tool": b""})
    install(root, "plat", {"plat.so": b""}, library="../../lib64/site-packages")
    layout = layout_of(
        root,
        platlib="../../lib64/site-packages",
        scripts="../../bin",
        headers="../../include",
        data="../..",
    )
    found = {each.name: each for each in read_inventory(layout).distributions}
    assert "../../bin/tool" in found["pure"].files
    assert "../../lib64/site-packages/plat.so" in found["plat"].files
    assert found["pure"].missing == found["plat"].missing == ()
    (tmp_path / "bin/tool").unlink()
    found = {each.name: each for each in read_inventory(layout).distributions}
    assert found["pure"].missing == ("../../bin/tool",)


def test_folders_that_are_asked_for_are_looked_into(tmp_path: Path) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/file").write_bytes(b"")
    os.mkfifo(tmp_path / "a/pipe")
    os.utime(tmp_path / "a", ns=(7, 1_234_567_890_123_456_789))
    layout = layout_of(tmp_path)
    before = read_inventory(layout)
    (tmp_path / "late").write_bytes(b"")
    views = look_again(before, layout, ["", "a", "a/none", "a/file", "zz"]).folders
    assert set(views) == {"", "a"}
    assert "late" in views[""].names
    assert views["a"].names == {"b": Kind.FOLDER, "file": Kind.FILE, "pipe": Kind.OTHER}
    assert views["a"].mtime_ns == 1_234_567_890_123_456_789


def test_our_own_files_are_hashed_where_they_are(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_bytes(b"ours")
    (tmp_path / "other").write_bytes(b"")
    (tmp_path / "link").symlink_to("other")
    digest = "0" * 64
    write_state(tmp_path, {}, {"sitecustomize.py": digest, "gone": digest, "link": digest})
    inventory = read_inventory(layout_of(tmp_path))
    state = hashlib.sha256((tmp_path / ".siteroot.json").read_bytes()).hexdigest()
    ours = hashlib.sha256(b"ours").hexdigest()
    assert inventory.digests == {".siteroot.json": state, "sitecustomize.py": ours}


@pytest.mark.parametrize("content", [b"{", b'{"schema": 9}', b"\xff"])
def test_a_state_that_cannot_be_read_makes_all_foreign(tmp_path: Path, content: bytes) -> None:
    install(tmp_path, "demo", {"demo.py": b""})
    (tmp_path / ".siteroot.json").write_bytes(content)
    inventory = read_inventory(layout_of(tmp_path))
    assert inventory.state is None
    assert inventory.distributions[0].entry is None


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "demo-1.dist-info").mkdir(mode=0)
    with pytest.raises(UnreadableRootError, match="permission"):
        read_inventory(layout_of(tmp_path))
