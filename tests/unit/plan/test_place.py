import hashlib

import pytest

from siteroot.formats.record import parse_record
from siteroot.model.layout import Layout, LayoutKind
from siteroot.model.plan import DesiredDistribution
from siteroot.model.target import Target
from siteroot.plan.landing import MeetingFilesError
from siteroot.plan.layout import prefix_layout, pypackages_layout, target_layout
from siteroot.plan.place import Extras, place_distribution
from support.memory_roots import Brought, made_placing, made_target

TARGET = made_target()
LIBRARY = "lib/python3.12/site-packages"
#: As on Fedora: platlib lies elsewhere than purelib.
SPLIT = Layout(
    kind=LayoutKind.PREFIX,
    root="/opt/py/lib/python3.12/site-packages",
    folders={
        "purelib": "",
        "platlib": "../../../lib64/python3.12/site-packages",
        "scripts": "../../../bin",
        "headers": "../../../include",
        "data": "../../..",
    },
)


def place(
    brought: Brought, layout: Layout, target: Target = TARGET, direct_url: bytes | None = None
) -> DesiredDistribution:
    extras = Extras(
        direct=brought.direct, direct_url=direct_url, scripts=dict(brought.python_scripts)
    )
    return place_distribution(brought.wheel, made_placing(layout, target), extras)


def paths_of(placed: DesiredDistribution) -> set[str]:
    return {row[0] for row in placed.stored} | {row[0] for row in placed.rendered}


def record_of(placed: DesiredDistribution) -> list[str]:
    content = next(row[1] for row in placed.rendered if row[0].endswith("/RECORD"))
    assert hashlib.sha256(content).hexdigest() == placed.record
    return [row[0] for row in parse_record(content.decode())]


def test_every_scheme_goes_to_its_folder() -> None:
    brought = Brought(
        name="demo",
        schemes={
            "purelib": {"demo.py": b""},
            "data": {"share/x": b"x"},
            "headers": {"demo.h": b"h"},
            "scripts": {"sh": b"#!/bin/sh\n"},
        },
        scripts=["run"],
        direct=True,
    )
    expected = {
        *("{lib}demo.py", "share/x", "{headers}/demo/demo.h", "bin/sh", "bin/run"),
        *(f"{{lib}}demo-1.0.dist-info/{n}" for n in ("METADATA", "RECORD", "INSTALLER")),
        "{lib}demo-1.0.dist-info/REQUESTED",
    }
    for layout, lib, headers in (
        (target_layout("/r"), "", "include"),
        (prefix_layout("/r", TARGET), f"{LIBRARY}/", "include/site/python3.12"),
        (pypackages_layout("/r", TARGET), "lib/", "include"),
    ):
        placed = place(brought, layout)
        assert paths_of(placed) == {each.format(lib=lib, headers=headers) for each in expected}
        assert placed.launchers == {"bin/run"}
        assert {row[2] for row in placed.rendered if row[0] in placed.launchers} == {0o755}


def test_record_is_sorted_and_seen_from_its_library() -> None:
    brought = Brought(
        name="demo",
        schemes={"purelib": {"demo.py": b""}, "data": {"etc/x": b"", "lib/y": b""}},
        scripts=["run"],
    )
    rows = record_of(place(brought, prefix_layout("/r", TARGET)))
    assert rows == sorted(rows)
    assert {row for row in rows if not row.startswith("demo-1.0.dist-info/")} == {
        "demo.py",
        "../../../etc/x",
        "../../y",
        "../../../bin/run",
    }


def test_record_of_a_library_outside_of_the_root() -> None:
    """The way back from platlib to purelib goes by purelib's own name."""
    brought = Brought(
        name="demo",
        purelib=False,
        schemes={"platlib": {"fast.so": b""}, "purelib": {"slow.py": b""}},
        scripts=["run"],
    )
    placed = place(brought, SPLIT)
    assert placed.dist_info == "../../../lib64/python3.12/site-packages/demo-1.0.dist-info"
    rows = [row for row in record_of(placed) if ".dist-info" not in row]
    assert rows == [
        "../../../bin/run",
        "../../../lib/python3.12/site-packages/slow.py",
        "fast.so",
    ]


def test_a_direct_url_is_kept_as_it_is_given() -> None:
    placed = place(Brought(name="demo"), target_layout("/r"), direct_url=b"{}")
    assert ("demo-1.0.dist-info/direct_url.json", b"{}") in {row[:2] for row in placed.rendered}
    assert "demo-1.0.dist-info/direct_url.json" in record_of(placed)


@pytest.mark.parametrize(
    "schemes",
    [
        {"purelib": {"bin/run": b"mine"}},
        {"purelib": {"share/x": b"1"}, "data": {"share/x": b"2"}},
        {"scripts": {"tool": b"1"}, "data": {"bin/tool": b"2"}},
        {"data": {"demo-1.0.dist-info/RECORD": b""}},
        {"data": {"other-1.0.dist-info/RECORD": b""}},
        {"data": {"demo-1.0.dist-info/extra": b""}},
        {"data": {"other.egg-info": b""}},
        {"purelib": {"bin/python3": b""}},
        {"headers": {".siteroot/x": b""}},
        {"data": {"bin": b""}},
    ],
)
def test_files_that_meet_only_in_a_layout_are_refused(schemes: dict[str, dict[str, bytes]]) -> None:
    brought = Brought(name="demo", schemes=schemes, scripts=["run"])
    with pytest.raises(MeetingFilesError, match=r"demo==1\.0"):
        place(brought, target_layout("/r"))


def test_data_may_not_land_in_a_dist_info_of_a_prefix() -> None:
    schemes = {"data": {f"{LIBRARY}/other-2.0.dist-info/METADATA": b""}}
    with pytest.raises(MeetingFilesError, match="dist-info"):
        place(Brought(name="demo", schemes=schemes), prefix_layout("/r", TARGET))
    later = prefix_layout("/r", made_target((3, 13)))
    placed = place(Brought(name="demo", schemes=schemes), later)
    assert f"{LIBRARY}/other-2.0.dist-info/METADATA" in paths_of(placed)


@pytest.mark.parametrize(
    "path",
    [
        "lib/python3.12/site-packages/demo-1.0.dist-info/RECORD",
        "lib64/python3.12/site-packages/x.dist-info/METADATA",
        "lib/python3.12/site-packages/demo.py",
        "lib/python3.12",
        "lib64/python3.12/site-packages",
        "bin/python",
    ],
)
def test_data_may_not_land_in_another_place_of_an_interpreters_folders(path: str) -> None:
    schemes = {"purelib": {"demo.py": b"1"}, "data": {path: b"2"}}
    with pytest.raises(MeetingFilesError, match=r"demo==1\.0"):
        place(Brought(name="demo", schemes=schemes), SPLIT)


def test_what_data_brings_into_a_library_is_a_file_of_the_library() -> None:
    schemes = {"data": {"lib/python3.12/site-packages/more/x.py": b"", "lib/y": b""}}
    placed = place(Brought(name="demo", schemes=schemes), SPLIT)
    assert {"more/x.py", "../../../lib/y"} < paths_of(placed)
    assert {"more/x.py", "../../../lib/y"} < {*record_of(placed)}


def test_equal_files_that_meet_are_one() -> None:
    schemes = {"purelib": {"share/x": b"1"}, "data": {"share/x": b"1"}}
    placed = place(Brought(name="demo", schemes=schemes), target_layout("/r"))
    assert [row[0] for row in placed.stored].count("share/x") == 1
    assert record_of(placed).count("share/x") == 1


def test_windows_launchers_are_exes_and_its_scripts_are_left_to_it() -> None:
    brought = Brought(name="demo", scripts=["run"], python_scripts={"own": b"print()\n"})
    placed = place(brought, target_layout("/r"), made_target(platform="win32"))
    contents = {row[0]: row[1] for row in placed.rendered}
    assert contents["bin/run.exe"].startswith(b"MZ")
    assert contents["bin/own"] == b"#!python\nprint()\n"
    assert "bin/run" not in contents


def test_pip_gets_the_targets_own_version() -> None:
    placed = place(Brought(name="pip", scripts=["pip", "pip3", "pip3.9"]), target_layout("/r"))
    assert placed.launchers == {"bin/pip", "bin/pip3", "bin/pip3.12"}
