"""Where members go, and what RECORD says of them: decided from names alone."""

import pytest
from packaging.version import Version

from siteroot.formats.record import RecordRow
from siteroot.store.archive import ArchiveMember, HostileWheelError
from siteroot.store.contents import (
    DistInfo,
    collect_folders,
    find_dist_info,
    judge_record,
    place_members,
)

INFO = DistInfo(
    folder="demo-1.0.dist-info", name="demo", version_text="1.0", version=Version("1.0")
)


def members(*names: str, size: int = 1) -> list[ArchiveMember]:
    return [
        ArchiveMember(
            name=name,
            folder=name.endswith("/"),
            executable=False,
            method=0,
            crc=0,
            packed_size=size,
            size=size,
            start=0,
        )
        for name in names
    ]


def place(*names: str, purelib: bool = True, launchers: tuple[str, ...] = ()) -> dict[str, str]:
    placed = place_members(members(*names), INFO, purelib=purelib, launchers=frozenset(launchers))
    return {member.name: f"{scheme}:{path}" for scheme, path, member in placed}


# -- whose wheel it is --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("folder", "name", "version"),
    [
        ("Demo.Pkg-1.0.dist-info", "demo-pkg", "1.0"),
        ("demo-1.0+cu118.dist-info", "demo", "1.0+cu118"),
        ("demo-1.0_1.dist-info", "demo", "1.0.post1"),
        ("de-mo-1.0.dist-info", "de-mo", "1.0"),
    ],
)
def test_the_dist_info_names_the_distribution(folder: str, name: str, version: str) -> None:
    found = find_dist_info(["x.py", f"{folder}/METADATA", f"{folder}/RECORD"])
    assert (found.folder, found.name, found.version) == (folder, name, Version(version))


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        (["x.py"], "it has none"),
        (["a-1.dist-info/x", "b-1.dist-info/x"], "it has several"),
        (["a-1.dist-info/x", "A-1.DIST-INFO/x"], "it has several"),
        (["a.dist-info/x"], "is not named NAME-VERSION"),
        (["a-one.dist-info/x"], "is not named NAME-VERSION"),
        (["-1.dist-info/x"], "is not named NAME-VERSION"),
    ],
)
def test_no_dist_info_or_a_senseless_one(names: list[str], reason: str) -> None:
    with pytest.raises(HostileWheelError, match=reason):
        find_dist_info(names)


# -- where members go ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("purelib", [True, False])
def test_schemes(*, purelib: bool) -> None:
    root = "purelib" if purelib else "platlib"
    assert place(
        "pkg/",
        "pkg/__init__.py",
        "demo-1.0.dist-info/METADATA",
        "demo-1.0.dist-info/RECORD",
        "demo-1.0.dist-info/INSTALLER",
        "demo-1.0.dist-info/REQUESTED",
        "demo-1.0.dist-info/direct_url.json",
        "demo-1.0.dist-info/licenses/RECORD",
        "demo-1.0.data/",
        "demo-1.0.data/purelib/a.py",
        "demo-1.0.data/platlib/b.so",
        "demo-1.0.data/scripts/run",
        "demo-1.0.data/headers/demo.h",
        "demo-1.0.data/data/share/x",
        "Demo-1.0.0.data/data/share/y",
        "other-1.0.data/anything/z",
        purelib=purelib,
    ) == {
        "pkg/__init__.py": f"{root}:pkg/__init__.py",
        "demo-1.0.dist-info/METADATA": f"{root}:demo-1.0.dist-info/METADATA",
        "demo-1.0.dist-info/licenses/RECORD": f"{root}:demo-1.0.dist-info/licenses/RECORD",
        "demo-1.0.data/purelib/a.py": "purelib:a.py",
        "demo-1.0.data/platlib/b.so": "platlib:b.so",
        "demo-1.0.data/scripts/run": "scripts:run",
        "demo-1.0.data/headers/demo.h": "headers:demo.h",
        "demo-1.0.data/data/share/x": "data:share/x",
        "Demo-1.0.0.data/data/share/y": "data:share/y",
        "other-1.0.data/anything/z": f"{root}:other-1.0.data/anything/z",
    }


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("demo-1.0.data/config/x", "'config' is no scheme"),
        ("demo-1.0.data/Scripts/x", "'Scripts' is no scheme"),
        ("demo-1.0.data/config/", "'config' is no scheme"),
        ("demo-1.0.data/x", "'x' is no scheme"),
        ("demo-1.0.data/purelib", "a scheme is a folder"),
        ("demo-1.0.data", "'' is no scheme"),
        ("demo-1.0.data/scripts/sub/x", "is a folder among the scripts"),
        ("demo-1.0.data/scripts/tool", "land on the launcher of the entry point 'tool'"),
        ("demo-1.0.data/data/bin/tool", "land on the launcher of the entry point 'tool'"),
        ("demo-1.0.data/scripts/python3", "takes an interpreter's name"),
        ("demo-1.0.data/data/bin/python", "takes an interpreter's name"),
        ("demo-1.0.data/purelib/demo-1.0.dist-info/RECORD", "land in a dist-info"),
        ("demo-1.0.data/data/demo-1.0.dist-info/x", "land in a dist-info"),
        ("demo-1.0.data/platlib/other-1.0.dist-info/RECORD", "land in a dist-info"),
        (".siteroot/journal", "keeps for itself"),
        (".siteroot.json", "keeps for itself"),
        ("demo-1.0.data/data/.siteroot.json", "keeps for itself"),
        ("demo-1.0.dist-info", "is a file"),
    ],
)
def test_members_that_may_not_go_where_they_want(name: str, reason: str) -> None:
    with pytest.raises(HostileWheelError, match=reason):
        place("pkg.py", name, launchers=("tool",))


@pytest.mark.parametrize("scheme", ["purelib", "platlib"])
@pytest.mark.parametrize("path", ["pkg.py", "pkg.py/x"])
def test_data_may_not_land_on_the_wheels_own_files(scheme: str, path: str) -> None:
    with pytest.raises(HostileWheelError, match=r"once \.data is unpacked"):
        place("pkg.py", f"demo-1.0.data/{scheme}/{path}")


def test_folders_come_parents_first_with_their_names() -> None:
    assert collect_folders(["a/b/c.py", "a/d.py", "e.py", "a-x/f"]) == (
        ("", ("a", "a-x", "e.py")),
        ("a", ("b", "d.py")),
        ("a-x", ("f",)),
        ("a/b", ("c.py",)),
    )


# -- RECORD -------------------------------------------------------------------------------------------------------------


def row(path: str, size: int | None = 1) -> RecordRow:
    return (path, "sha256", b"d" * 32, size)


@pytest.mark.parametrize(
    ("rows", "faults"),
    [
        ([row("a"), row("b")], ()),
        ([row("a"), row("b", None)], ()),
        ([row("a"), row("b"), row("f/")], ()),
        ([row("a"), row("b"), row("f\\")], ()),
        ([row("a"), row("b"), row(".\\b")], ("'./b' is listed and not there",)),
        ([row("a")], ("'b' is not listed",)),
        ([row("a"), row("b"), row("c")], ("'c' is listed and not there",)),
        ([row("a"), row("b"), row("../../x")], ("'../../x' is listed and not there",)),
        ([row("a"), row("b"), row("b")], ("'b' is listed twice",)),
        ([row("a"), ("b", "", b"", 1)], ("'b' is listed without a digest",)),
        ([row("a"), row("b", 2)], ("'b' has 1 bytes, and 2 are listed",)),
        ([row("a"), row("B")], ("'B' is listed and not there", "'b' is not listed")),
    ],
)
def test_rows_are_judged(rows: list[RecordRow], faults: tuple[str, ...]) -> None:
    found = members("a", "b", "f/", "demo-1.0.dist-info/RECORD", "demo-1.0.dist-info/RECORD.jws")
    own: RecordRow = ("demo-1.0.dist-info/RECORD", "", b"", None)
    digests, told = judge_record([*rows, own], found, INFO.folder)
    assert told == faults
    assert "demo-1.0.dist-info/RECORD" not in digests
