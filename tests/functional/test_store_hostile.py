"""Whole hostile wheels: each kind of ROOT.md 6 is refused by name, and nothing of it is in the store or outside."""

import os
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from siteroot.errors import IntegrityError
from siteroot.model.wheel import Limits
from support.stores import open_store, pin_of
from support.trees import snapshot
from support.wheels import (
    STORED,
    Member,
    build_wheel,
    record_of,
    render_archive,
    wheel_filename,
    wheel_members,
)

INFO = "demo-1.0.dist-info"
WHEEL = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\n"
METADATA = "Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n"
ROW = "demo.py,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,{size}\n"


def wheel_of(**changes: Any) -> bytes:
    return render_archive(wheel_members("demo", "1.0", **changes))


def listed(*extra: Member, **changes: Any) -> bytes:
    """Return a wheel with more members, all in a right RECORD: they have to be refused for what they are."""
    members = [m for m in wheel_members("demo", "1.0", **changes) if m.name != f"{INFO}/RECORD"]
    members += extra
    record = record_of(members, f"{INFO}/RECORD")
    return render_archive([*members, Member(name=f"{INFO}/RECORD", content=record)])


def claims(**lies: Any) -> bytes:
    members = wheel_members("demo", "1.0")
    for name, value in lies.items():
        setattr(members[0], name, value)
    return render_archive(members)


def claims_with_record() -> bytes:
    members = wheel_members("demo", "1.0")
    members[-1].content = members[-1].content.replace(b",16\n", b",3\n", 1)
    members[0].size = 3
    return render_archive(members)


def edited_record(edit: Callable[[str], str]) -> bytes:
    members = wheel_members("demo", "1.0")
    text = members[-1].content.decode()
    return wheel_of(record=edit(text))


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    # paths
    "absolute path": (lambda: listed(Member(name="/etc/evil")), "'/etc/evil' is an absolute path"),
    "parent path": (lambda: listed(Member(name="../evil.txt")), r"'\.\./evil\.txt' leads out"),
    "parent path inside": (lambda: listed(Member(name="a/../../evil")), "leads out"),
    "drive path": (lambda: listed(Member(name="C:/evil")), "is an absolute path"),
    "backslash": (lambda: listed(Member(name="..\\evil")), "holds a backslash"),
    "NUL": (lambda: listed(Member(name="evil\0.py")), r"'evil\\x00.py' holds a control"),
    "control character": (lambda: listed(Member(name="a\nb.py")), r"'a\\nb.py' holds a control"),
    # kinds
    "symlink": (
        lambda: listed(Member(name="link", content=b"/etc/passwd", mode=0o120777)),
        "'link' is a symbolic link",
    ),
    "device": (lambda: listed(Member(name="dev", mode=0o060644)), "'dev' is a device"),
    "duplicate member": (lambda: listed(Member(name="demo.py", content=b"x")), "there twice"),
    "file where a folder is": (
        lambda: listed(Member(name="demo.py/x")),
        "'demo.py' is both a file and a folder",
    ),
    # the archive
    "overlap": (lambda: claims(offset=1), "demo.py.*(overlaps|not where|before it)"),
    "wrong CRC": (lambda: claims(crc=1), "'demo.py' has not the checksum"),
    "size that lies": (lambda: claims(size=3), "has 3 bytes, and 16 are listed"),
    "size that lies, in RECORD too": (
        claims_with_record,
        "'demo.py' unpacks to more than the 3 bytes",
    ),
    "zip64 trap": (lambda: claims(size=0xFFFFFFFF), "zip64 field of 'demo.py'"),
    "data-descriptor trap": (lambda: claims(flags=8), "data descriptor of the member 'demo.py'"),
    "bytes before": (
        lambda: render_archive(wheel_members("demo", "1.0"), before=b"MZ"),
        "2 bytes stand before it",
    ),
    "bytes after": (lambda: wheel_of() + b"\0", "1 bytes stand after the archive"),
    "truncation": (lambda: wheel_of()[:-30], "cut short"),
    "bzip2": (lambda: claims(method=12), "'demo.py' is compressed with bzip2"),
    "lzma": (lambda: claims(method=14), "'demo.py' is compressed with lzma"),
    # RECORD
    "no RECORD": (lambda: wheel_of(without=["RECORD"]), "has no RECORD"),
    "row for an absent file": (
        lambda: edited_record(lambda text: text + "gone.py,,\n"),
        "'gone.py' is listed and not there",
    ),
    "row that leads out": (
        lambda: edited_record(lambda text: text + "../../../etc/passwd,,\n"),
        r"'\.\./\.\./\.\./etc/passwd' is listed and not there",
    ),
    "row with a wrong digest": (
        lambda: edited_record(lambda text: ROW.format(size=16) + text.partition("\n")[2]),
        "'demo.py' has not the sha256 that is listed",
    ),
    "row with a wrong size": (
        lambda: edited_record(lambda text: text.replace(",16\n", ",17\n", 1)),
        "'demo.py' has 16 bytes, and 17 are listed",
    ),
    "row without a digest": (
        lambda: edited_record(lambda text: "demo.py,,\n" + text.partition("\n")[2]),
        "'demo.py' is listed without a digest",
    ),
    "row with a weak digest": (
        lambda: edited_record(lambda text: "demo.py,md5=AAAA,\n" + text.partition("\n")[2]),
        "line 1: the digest 'md5=AAAA' is not of sha256",
    ),
    "missing row": (
        lambda: wheel_of(extra_members=[Member(name="unlisted.py", content=b"x")]),
        "'unlisted.py' is not listed",
    ),
    "missing row of a file that is left out": (
        lambda: wheel_of(extra_members=[Member(name=f"{INFO}/INSTALLER", content=b"x")]),
        "INSTALLER' is not listed",
    ),
    "wrong digest of a file that is left out": (
        lambda: wheel_of(
            dist_info_files={"INSTALLER": b"x"},
            without=["INSTALLER"],
            extra_members=[Member(name=f"{INFO}/INSTALLER", content=b"y")],
        ),
        "INSTALLER' has not the sha256",
    ),
    "doubled row": (
        lambda: edited_record(lambda text: text.partition("\n")[0] + "\n" + text),
        "'demo.py' is listed twice",
    ),
    "broken RECORD": (lambda: edited_record(lambda text: text + "a,b\n"), "2 fields in place of 3"),
    "RECORD that is not UTF-8": (lambda: wheel_of(record=b"\xff"), "is not UTF-8"),
    # whose wheel it is
    "no dist-info": (
        lambda: render_archive([Member(name="demo.py", content=b"")]),
        "one dist-info folder, and it has none",
    ),
    "second dist-info": (
        lambda: listed(Member(name="other-1.0.dist-info/METADATA")),
        "it has several",
    ),
    "dist-info of another name": (
        lambda: render_archive(wheel_members("other", "1.0")),
        "demo 1.0 is asked for",
    ),
    "dist-info of another version": (
        lambda: render_archive(wheel_members("demo", "2.0")),
        "demo 1.0 is asked for",
    ),
    "METADATA of another name": (
        lambda: wheel_of(metadata=METADATA.replace("demo", "other")),
        "METADATA is of other 1.0",
    ),
    "METADATA of another version": (
        lambda: wheel_of(metadata=METADATA.replace("1.0", "1.1")),
        "METADATA is of demo 1.1",
    ),
    "no METADATA": (lambda: listed_without("METADATA"), "has no METADATA"),
    "no WHEEL": (lambda: listed_without("WHEEL"), "has no WHEEL"),
    "Wheel-Version 2": (
        lambda: wheel_of(wheel=WHEEL.replace("1.0", "2.0")),
        "Wheel-Version is 2.0",
    ),
    # .data
    "unknown scheme": (lambda: wheel_of(data={"evil/x": ""}), "'evil' is no scheme"),
    "escape from .data": (lambda: wheel_of(data={"data/../../x": ""}), "leads out"),
    "folder in scripts": (lambda: wheel_of(data={"scripts/a/b": ""}), "folder among the scripts"),
    "member on RECORD": (
        lambda: wheel_of(data={f"purelib/{INFO}/RECORD": ""}),
        "would land in a dist-info",
    ),
    "member on another distribution": (
        lambda: wheel_of(data={"platlib/pip-1.dist-info/RECORD": ""}),
        "would land in a dist-info",
    ),
    "member on a launcher": (
        lambda: wheel_of(entry_points="[console_scripts]\nx = m:a\n", data={"scripts/x": ""}),
        "would land on the launcher of the entry point 'x'",
    ),
    "member on a member": (
        lambda: wheel_of(data={"purelib/demo.py": "other"}),
        r"once \.data is unpacked, the member 'demo\.py' is there twice",
    ),
    "script with an interpreter's name": (
        lambda: wheel_of(data={"scripts/python3": ""}),
        "takes an interpreter's name",
    ),
    # entry points
    "entry point that escapes": (
        lambda: wheel_of(entry_points="[console_scripts]\n../../x = m:a\n"),
        "'../../x' leads to another folder",
    ),
    "entry point that is absolute": (
        lambda: wheel_of(entry_points="[console_scripts]\n/x = m:a\n"),
        "'/x' leads to another folder",
    ),
    "entry point that holds code": (
        lambda: wheel_of(entry_points="[console_scripts]\nx = m:a;import os\n"),
        "is no object reference",
    ),
    "entry point with an interpreter's name": (
        lambda: wheel_of(entry_points="[gui_scripts]\npython3.12 = m:a\n"),
        "is an interpreter's",
    ),
    "doubled entry point": (
        lambda: wheel_of(entry_points="[console_scripts]\nx = m:a\nx = m:b\n"),
        "asked for twice",
    ),
    "entry points that are not UTF-8": (lambda: wheel_of(entry_points=b"\xff"), "is not UTF-8"),
    # ours
    "siteroot's own names": (lambda: wheel_of(files={".siteroot/journal": ""}), "keeps for itself"),
}


def listed_without(name: str) -> bytes:
    members = [m for m in wheel_members("demo", "1.0") if m.name != f"{INFO}/{name}"][:-1]
    record = record_of(members, f"{INFO}/RECORD")
    return render_archive([*members, Member(name=f"{INFO}/RECORD", content=record)])


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_wheels_are_refused_by_name_and_leave_nothing(kind: str, tmp_path: Path) -> None:
    build, reason = HOSTILE[kind]
    path = tmp_path / wheel_filename("demo", "1.0")
    path.write_bytes(build())
    with pytest.raises(IntegrityError, match=reason) as caught:
        open_store(tmp_path).admit(str(path), pin_of(path))
    assert str(caught.value).startswith("demo==1.0 (demo-1.0-py3-none-any.whl): ")
    assert str(caught.value).isprintable()
    left = snapshot(tmp_path)
    assert set(left) == {
        ".",
        path.name,
        "cache",
        "cache/CACHEDIR.TAG",
        "cache/locks-v1",
        "cache/tmp-v1",
    }


def test_limits_are_settings(tmp_path: Path) -> None:
    path = build_wheel(tmp_path, "demo", "1.0", {"a.py": "", "b.py": "x" * 5000})
    with pytest.raises(IntegrityError, match="5 members, and the limit is 4"):
        open_store(tmp_path, limits=Limits(members=4)).admit(str(path), pin_of(path))
    with pytest.raises(IntegrityError, match="and the limit is 4999"):
        open_store(tmp_path, limits=Limits(size=4999)).admit(str(path), pin_of(path))
    open_store(tmp_path, limits=Limits(members=5, size=9000)).admit(str(path), pin_of(path))


def test_a_bomb_writes_no_more_than_it_said(tmp_path: Path) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(bytes(200 << 20)) + packer.flush()
    members = wheel_members("demo", "1.0")
    members[0] = Member(name="demo.py", packed=packed, crc=0, size=100)
    path = tmp_path / wheel_filename("demo", "1.0")
    path.write_bytes(render_archive(members))
    with pytest.raises(IntegrityError):
        open_store(tmp_path).admit(str(path), pin_of(path))
    assert os.listdir(tmp_path / "cache/tmp-v1") == []


def test_unusual_wheels_that_keep_the_rules_go_in(tmp_path: Path) -> None:
    """What the refusals must not hit."""
    kinds: dict[str, bytes] = {
        "folder entries": listed(Member(name="pkg/", mode=0o40755), Member(name="pkg/x.py")),
        "descriptors": render_archive(
            [
                Member(name=m.name, content=m.content, descriptor="signed")
                for m in wheel_members("demo", "1.0")
            ]
        ),
        "stored, zip64": render_archive(
            [
                Member(name=m.name, content=m.content, method=STORED)
                for m in wheel_members("demo", "1.0")
            ],
            zip64=True,
        ),
        "signatures": wheel_of(extra_members=[Member(name=f"{INFO}/RECORD.jws", content=b"{}")]),
        "odd names": listed(Member(name="é/ü.py"), Member(name="a b/c,d.py")),
        "RECORD first": render_archive(wheel_members("demo", "1.0")[::-1]),
    }
    for kind, content in kinds.items():
        path = tmp_path / wheel_filename("demo", "1.0")
        path.write_bytes(content)
        wheel = open_store(tmp_path).admit(str(path), pin_of(path))
        assert wheel.warnings == (), kind
