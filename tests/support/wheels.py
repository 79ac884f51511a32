"""Wheels for tests, made on the spot: well-formed ones in a line, hostile ones byte by byte.

`build_wheel` writes a wheel that every installer accepts. For anything else take `wheel_members`, change the list or a
`Member`'s claims, and write what `render_archive` makes of it. No zipfile here: it would mend what a test breaks.
"""

import base64
import hashlib
import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from struct import pack
from typing import TypedDict, Unpack

ANY = "py3-none-any"
STORED, DEFLATED, ZSTANDARD = 0, 8, 93
UTF8_NAME, HAS_DESCRIPTOR, ENCRYPTED = 0x800, 0x8, 0x1

Content = bytes | str


@dataclass(kw_only=True)
class Member:
    """One member as its two headers claim it to be. None means: the truth.

    `descriptor` is "", "signed", "bare", or "zip64" (signed, sizes of eight bytes). `gap` are bytes before the local
    header. `local` values stand in the local header alone, the others in both.
    """

    name: str | bytes
    content: bytes = b""
    mode: int = 0o100644
    method: int = DEFLATED
    flags: int | None = None
    packed: bytes | None = None
    crc: int | None = None
    packed_size: int | None = None
    size: int | None = None
    offset: int | None = None
    extra: bytes = b""
    comment: bytes = b""
    attributes: int | None = None  # the whole external_attr, in place of `mode`
    made_by: int = 3 << 8 | 20
    needs: int = 20
    disk: int = 0
    descriptor: str = ""
    gap: bytes = b""
    local_name: bytes | None = None
    local_flags: int | None = None
    local_method: int | None = None
    local_crc: int | None = None
    local_packed_size: int | None = None
    local_size: int | None = None
    local_extra: bytes | None = None

    @property
    def raw_name(self) -> bytes:
        """The name's bytes."""
        return self.name if isinstance(self.name, bytes) else self.name.encode()


def deflate(content: bytes) -> bytes:
    """Return the raw deflate stream of the content."""
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    return packer.compress(content) + packer.flush()


def _first(*values: int | None) -> int:
    return next(value for value in values if value is not None)


def render_archive(
    members: Iterable[Member],
    *,
    before: bytes = b"",
    between: bytes = b"",
    after: bytes = b"",
    comment: bytes = b"",
    zip64: bool = False,
    count: int | None = None,
    directory_size: int | None = None,
    directory_offset: int | None = None,
) -> bytes:
    """Return a zip archive with these members and these claims at its end.

    `before` stands before all members, `between` between the last one and the central directory, `after` after the
    whole. The offsets count from the true start.
    """
    body = bytearray(before)
    directory = bytearray()
    total = 0
    for member in members:
        total += 1
        body += member.gap
        offset = len(body)
        name = member.raw_name
        packed = member.packed
        if packed is None:
            packed = deflate(member.content) if member.method == DEFLATED else member.content
        flags = member.flags
        if flags is None:
            flags = (0 if name.isascii() else UTF8_NAME) | (
                HAS_DESCRIPTOR if member.descriptor else 0
            )
        crc = _first(member.crc, zlib.crc32(member.content))
        packed_size = _first(member.packed_size, len(packed))
        size = _first(member.size, len(member.content))
        late = bool(member.descriptor)
        local_name = name if member.local_name is None else member.local_name
        local_extra = member.extra if member.local_extra is None else member.local_extra
        body += pack(
            "<4s5H3L2H",
            b"PK\3\4",
            member.needs,
            _first(member.local_flags, flags),
            _first(member.local_method, member.method),
            0,
            0x21,
            _first(member.local_crc, 0 if late else crc),
            _first(member.local_packed_size, 0 if late else packed_size),
            _first(member.local_size, 0 if late else size),
            len(local_name),
            len(local_extra),
        )
        body += local_name + local_extra + packed
        if member.descriptor:
            signature = b"" if member.descriptor == "bare" else b"PK\7\x08"
            sizes = "<L2Q" if member.descriptor == "zip64" else "<3L"
            body += signature + pack(sizes, crc, packed_size, size)
        attributes = _first(member.attributes, member.mode << 16)
        directory += pack(
            "<4s6H3L5H2L",
            b"PK\1\2",
            member.made_by,
            member.needs,
            flags,
            member.method,
            0,
            0x21,
            crc,
            packed_size,
            size,
            len(name),
            len(member.extra),
            len(member.comment),
            member.disk,
            0,
            attributes,
            _first(member.offset, offset),
        )
        directory += name + member.extra + member.comment
    body += between
    total = _first(count, total)
    start = _first(directory_offset, len(body))
    length = _first(directory_size, len(directory))
    body += directory
    if zip64:
        at = len(body)
        body += pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, total, total, length, start)
        body += pack("<4sLQL", b"PK\6\7", 0, at, 1)
        total, length, start = 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF
    body += pack("<4s4H2LH", b"PK\5\6", 0, 0, total, total, length, start, len(comment))
    return bytes(body + comment + after)


def record_row(path: str, content: bytes, algorithm: str = "sha256") -> str:
    """Return the RECORD row of a file with that content."""
    digest = base64.urlsafe_b64encode(hashlib.new(algorithm, content).digest())
    quoted = f'"{path}"' if "," in path else path
    return f"{quoted},{algorithm}={digest.rstrip(b'=').decode()},{len(content)}\n"


def record_of(members: Iterable[Member], record_path: str) -> bytes:
    """Return a right RECORD of these members and of itself."""
    rows = [
        record_row(member.raw_name.decode(), member.content)
        for member in members
        if not member.raw_name.endswith(b"/") and member.raw_name.decode() != record_path
    ]
    return "".join([*rows, f"{record_path},,\n"]).encode()


def _encoded(content: Content) -> bytes:
    return content.encode() if isinstance(content, str) else content


class Details(TypedDict, total=False):
    """What may be said of a wheel beside its name, version and files."""

    tag: str  # py3-none-any
    entry_points: Content
    data: Mapping[str, Content]  # paths below .data: "scripts/x", "purelib/y"
    purelib: bool
    requires: Sequence[str]
    executable: Collection[str]  # members with x bits
    dist_info: str  # the folder's name
    metadata: Content  # that file's whole text, as are:
    wheel: Content
    record: Content
    dist_info_files: Mapping[str, Content]
    without: Collection[
        str
    ]  # members left out after RECORD was made; "METADATA" alone means the dist-info's
    extra_members: Sequence[Member]  # these come last and are in no RECORD


def wheel_members(
    name: str,
    version: str,
    files: Mapping[str, Content] | None = None,
    **details: Unpack[Details],
) -> list[Member]:
    """Return the members of a wheel, RECORD last. `files` are by default one module."""
    stem = f"{name.replace('-', '_')}-{version}"
    folder = details.get("dist_info", f"{stem}.dist-info")
    module = name.replace("-", "_").replace(".", "_").lower()
    contents = {
        path: _encoded(content)
        for path, content in (
            {f"{module}.py": f"VERSION = {version!r}\n"} if files is None else files
        ).items()
    }
    for path, content in details.get("data", {}).items():
        contents[f"{stem}.data/{path}"] = _encoded(content)
    needs = "".join(
        f"Requires-Dist: {requirement}\n" for requirement in details.get("requires", ())
    )
    contents[f"{folder}/METADATA"] = _encoded(
        details.get("metadata", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}")
    )
    pythons, abis, platforms = (part.split(".") for part in details.get("tag", ANY).split("-"))
    tags = "".join(f"Tag: {p}-{a}-{o}\n" for p in pythons for a in abis for o in platforms)
    purelib = str(details.get("purelib", True)).lower()
    contents[f"{folder}/WHEEL"] = _encoded(
        details.get(
            "wheel",
            f"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: {purelib}\n{tags}",
        )
    )
    if "entry_points" in details:
        contents[f"{folder}/entry_points.txt"] = _encoded(details["entry_points"])
    for path, content in details.get("dist_info_files", {}).items():
        contents[f"{folder}/{path}"] = _encoded(content)
    executable = details.get("executable", ())
    members = [
        Member(name=path, content=content, mode=0o100755 if path in executable else 0o100644)
        for path, content in contents.items()
    ]
    record_path = f"{folder}/RECORD"
    record = details["record"] if "record" in details else record_of(members, record_path)
    members.append(Member(name=record_path, content=_encoded(record)))
    without = details.get("without", ())
    gone = {f"{folder}/{path}" for path in without} | set(without)
    left = [member for member in members if member.name not in gone]
    return left + list(details.get("extra_members", ()))


def wheel_filename(name: str, version: str, tag: str = ANY) -> str:
    """Return the file's name that belongs to a wheel."""
    return f"{name.replace('-', '_')}-{version}-{tag}.whl"


def build_wheel(
    folder: Path,
    name: str,
    version: str,
    files: Mapping[str, Content] | None = None,
    *,
    filename: str | None = None,
    **details: Unpack[Details],
) -> Path:
    """Write a wheel into the folder and return its path; the same arguments give the same bytes."""
    path = folder / (filename or wheel_filename(name, version, details.get("tag", ANY)))
    path.write_bytes(render_archive(wheel_members(name, version, files, **details)))
    return path
