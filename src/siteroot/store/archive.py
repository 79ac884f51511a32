"""A strict reader of wheel archives: every byte of the file is accounted for before one of them is believed.

A zip file says everything twice, in a directory at its end and before each member, and readers differ in whom they
believe; a hostile wheel lives in the difference. Here both have to say the same, members have to follow each other from
the first byte to the directory without gap or overlap, and the directory has to end where the file's end record
begins. What cannot be read in one way only is refused. (APPNOTE.TXT 6.3.10, sections 4.3 and 4.4; ROOT.md 6.)

Knows nothing of wheels but that their members are files.
"""

import mmap
import stat
from collections.abc import Iterator
from operator import itemgetter
from struct import Struct
from typing import NamedTuple

from siteroot.errors import IntegrityError
from siteroot.formats.member_names import fault_in_name, fault_in_tree
from siteroot.model.wheel import Limits

from .unpacking import (
    DEFLATED,
    METHODS,
    STORED,
    ZSTANDARD,
    UnpackingError,
    crc32,
    unpack,
    unpack_at_once,
    zstd_present,
)

_END = Struct("<4s4H2LH")
_END64 = Struct("<4sQ2H2L4Q")
_LOCATOR = Struct("<4sLQL")
_CENTRAL = Struct("<4s4x2H4x3L4H2x2L")  # nobody asks for versions, times and inner attributes
_LOCAL = Struct("<4s5H3L2H")
_FIELD = Struct("<HH")
_DESCRIPTORS = {
    12: Struct("<3L"),
    16: Struct("<4x3L"),
    20: Struct("<L2Q"),
    24: Struct("<4xL2Q"),
}

_FULL16, _FULL32 = 0xFFFF, 0xFFFFFFFF
_FULL = (
    _FULL32,
    _FULL32,
    _FULL32,
    _FULL16,
)  # of size, packed size, offset, disk: "see the zip64 field"
_ENCRYPTED, _DESCRIPTOR, _PATCHED, _STRONG, _UTF8, _MASKED = 0x1, 0x8, 0x20, 0x40, 0x800, 0x2000
_DECISIVE = _ENCRYPTED | _DESCRIPTOR | _UTF8 | _PATCHED | _STRONG | _MASKED

#: What nearly every member is, so that its kind needs no further look: a plain file, stored or deflated.
_PLAIN_FLAGS = _DESCRIPTOR | _UTF8 | 0x6  # the last two say how hard deflate tried
_PLAIN_METHODS = (STORED, DEFLATED)
_PLAIN_KIND = stat.S_IFREG >> 12

_ZIP64, _UNICODE_PATH = 0x0001, 0x7075


class HostileWheelError(IntegrityError):
    """A wheel's archive is broken, ambiguous, or reaches for what is not its own."""


class ArchiveMember(NamedTuple):
    """One member, as both of its headers have it. `start` is where its content begins in the archive."""

    name: str
    folder: bool
    executable: bool
    method: int
    crc: int
    packed_size: int
    size: int
    start: int


class _Entry(NamedTuple):
    """A member as the directory at the end has it.

    `echo` is its own header, where that has nothing to add; empty where there may be a zip64 field.
    """

    offset: int
    echo: bytes
    raw: bytes
    name: str
    flags: int
    method: int
    crc: int
    packed_size: int
    size: int
    mode: int


class Archive:
    """An archive whose members were all checked for being readable in one way only.

    `content` is the whole file. `where` names it in errors. Raises HostileWheelError.
    """

    def __init__(
        self, content: bytes | mmap.mmap, *, where: str, limits: Limits | None = None
    ) -> None:
        self._view = memoryview(content)
        self._content = content
        self._where = where
        self._limits = limits or Limits()
        self.members = self._read_members()

    def read_whole(self, member: ArchiveMember) -> bytes:
        """Return a member's content; it should not be a large one. Raises HostileWheelError as `read` does."""
        packed = self._view[member.start : member.start + member.packed_size]
        content = unpack_at_once(packed, member.method, member.size)
        if content is None or crc32(content) != member.crc:
            return b"".join(self.read(member))  # it says what is wrong
        return content

    def read(self, member: ArchiveMember) -> Iterator[bytes]:
        """Yield a member's content in pieces; raises HostileWheelError where it is not what the headers say."""
        crc = 0
        packed = self._view[member.start : member.start + member.packed_size]
        try:
            for piece in unpack(packed, member.method, member.size):
                crc = crc32(piece, crc)
                yield piece
        except UnpackingError as error:
            raise self._fault(f"the member {member.name!r} {error}") from None
        if crc != member.crc:
            raise self._fault(f"the member {member.name!r} has not the checksum that it says")

    def _fault(self, text: str) -> HostileWheelError:
        return HostileWheelError(text, where=self._where)

    # -- the end of the file ----------------------------------------------------------------------------------------

    def _read_members(self) -> tuple[ArchiveMember, ...]:
        count, start, end = self._read_end()
        entries = self._read_directory(count, start, end)
        entries.sort(key=itemgetter(0))
        if first := entries[0].offset:
            name = entries[0].name
            raise self._fault(
                f"the member {name!r} is the first, and {first} bytes stand before it"
            )
        ends = [*(entry.offset for entry in entries[1:]), start]
        members = list(map(self._read_local, entries, ends))
        if fault := fault_in_tree([member.name for member in members]):
            raise self._fault(fault)
        return tuple(members)

    def _find_end(self) -> int:
        """Return where the last end record begins; what follows it has to be its comment, and all of that."""
        size = len(self._view)
        at = size - _END.size
        if at >= 0 and bytes(self._view[at : at + 4]) != b"PK\5\6":
            at = self._content.rfind(b"PK\5\6", max(0, at - _FULL16))
        if at < 0 or at + _END.size > size:
            raise self._fault("this is no zip archive, or it is cut short")
        past = size - (at + _END.size + int.from_bytes(self._view[at + 20 : at + 22], "little"))
        if past:
            raise self._fault(
                f"{past} bytes stand after the archive" if past > 0 else "the archive is cut short"
            )
        return at

    def _read_end(self) -> tuple[int, int, int]:
        """Return how many members there are, and where the directory begins and ends."""
        end = at = self._find_end()
        _, disk, first_disk, here, count, length, start, _ = _END.unpack_from(self._view, at)
        if at >= _LOCATOR.size and bytes(self._view[at - 20 : at - 16]) == b"PK\6\7":
            narrow = (disk, first_disk, here, count, length, start)
            disk, first_disk, here, count, length, start, end = self._read_end64(at - 20, narrow)
        elif _FULL16 in (here, count) or _FULL32 in (length, start):
            raise self._fault("the archive's end speaks of a zip64 record that is not there")
        if disk or first_disk or here != count:
            raise self._fault("the archive is a part of several")
        if not count:
            raise self._fault("the archive is empty")
        if count > self._limits.members:
            raise self._fault(
                f"the archive has {count} members, and the limit is {self._limits.members}"
            )
        if start + length != end:
            raise self._fault("the archive's directory is not where its end record says")
        return count, start, end

    def _read_end64(self, at: int, narrow: tuple[int, ...]) -> tuple[int, ...]:
        """Return what `narrow` has of the end record, from the zip64 one, and where that begins."""
        _, disk, offset, disks = _LOCATOR.unpack_from(self._view, at)
        if disk or disks > 1 or offset + _END64.size != at:
            raise self._fault("the zip64 record is not where its locator says")
        sign, length, _, _, *wide = _END64.unpack_from(self._view, offset)
        if sign != b"PK\6\6" or length != _END64.size - 12:
            raise self._fault("the zip64 record is broken")
        full = (_FULL16, _FULL16, _FULL16, _FULL16, _FULL32, _FULL32)
        if any(n not in (f, w) for n, f, w in zip(narrow, full, wide, strict=True)):
            raise self._fault("the archive's two end records say different things")
        return (*wide, offset)

    # -- the directory ------------------------------------------------------------------------------------------------

    def _read_directory(self, count: int, start: int, end: int) -> list[_Entry]:
        if count * _CENTRAL.size > end - start:
            raise self._fault(f"the directory is too short for {count} members")
        entries = []
        position = start
        unpacked = 0
        for _ in range(count):
            if position + _CENTRAL.size > end:
                raise self._fault("the directory ends in the middle of a member")
            entry, position = self._read_entry(position, end)
            entries.append(entry)
            unpacked += entry.size
        if position != end:
            raise self._fault(f"the directory has {end - position} bytes more than its members")
        if unpacked > self._limits.size:
            raise self._fault(
                f"the archive unpacks to {unpacked} bytes, and the limit is {self._limits.size}"
            )
        return entries

    def _read_entry(self, position: int, end: int) -> tuple[_Entry, int]:
        (
            sign,
            flags,
            method,
            crc,
            packed_size,
            size,
            name_length,
            extra_length,
            comment_length,
            disk,
            attributes,
            offset,
        ) = _CENTRAL.unpack_from(self._content, position)
        after = position + _CENTRAL.size
        named = after + name_length
        following = named + extra_length + comment_length
        if sign != b"PK\1\2" or following > end:
            raise self._fault("the directory is broken")
        raw = self._content[after:named]
        name = self._decode_name(raw, flags)
        # A member's own header has these in the same order, up to the length of its name.
        echo = b"PK\3\4" + self._content[position + 6 : position + 30] + b"\0\0" + raw
        narrow = (size, packed_size, offset, disk)
        if extra_length or _FULL32 in narrow or disk:
            echo = b""
            extra = self._content[named : named + extra_length]
            size, packed_size, offset, disk = self._widen(name, extra, narrow)
        if disk:
            raise self._fault(f"the member {name!r} lies in another archive")
        if fault := fault_in_name(name):
            raise self._fault(fault)
        mode = attributes >> 16
        if (
            flags & ~_PLAIN_FLAGS
            or method not in _PLAIN_METHODS
            or mode >> 12 != _PLAIN_KIND
            or raw[-1:] == b"/"
        ):
            self._check_kind(name, flags, method, mode)
        entry = _Entry(offset, echo, raw, name, flags, method, crc, packed_size, size, mode)
        return entry, following

    def _decode_name(self, raw: bytes, flags: int) -> str:
        if raw.isascii():
            return raw.decode("ascii")
        if not flags & _UTF8:
            return raw.decode("cp437")
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError:
            raise self._fault(f"the member name {raw!r} is not UTF-8") from None

    def _fields(self, name: str, extra: bytes) -> dict[int, bytes]:
        """Return the extra fields that change what a header means."""
        fields: dict[int, bytes] = {}
        position = 0
        while position < len(extra):
            if position + _FIELD.size > len(extra):
                raise self._fault(f"the extra fields of {name!r} are broken")
            key, length = _FIELD.unpack_from(extra, position)
            position += _FIELD.size
            if position + length > len(extra) or key in fields:
                raise self._fault(f"the extra fields of {name!r} are broken")
            if key in (_ZIP64, _UNICODE_PATH):
                fields[key] = extra[position : position + length]
            position += length
        if _UNICODE_PATH in fields and fields[_UNICODE_PATH][5:] != name.encode():
            raise self._fault(f"the member {name!r} has a second name")
        return fields

    def _widen(self, name: str, extra: bytes, narrow: tuple[int, ...]) -> tuple[int, ...]:
        """Return size, packed size, offset and disk, from the zip64 field where they do not fit.

        The field holds those that do not fit, in this order. Some writers (Bazel's) put both sizes there all the
        same, which is fine where it says the same as the header.
        """
        if not extra and _FULL32 not in narrow and narrow[3] != _FULL16:
            return narrow
        wide = self._fields(name, extra).get(_ZIP64) if extra else None
        lacking = [index for index, value in enumerate(narrow) if value == _FULL[index]]
        if wide is None and not lacking:
            return narrow
        held = wide or b""
        present = lacking
        if len(held) == 16 and set(lacking) <= {0, 1}:
            present = [0, 1]
        values = list(narrow)
        at = 0
        for index in present:
            width = 4 if index == 3 else 8
            value = int.from_bytes(held[at : at + width], "little")
            at += width
            if at > len(held) or (index not in lacking and value != narrow[index]):
                raise self._fault(f"the zip64 field of {name!r} is missing, too short or wrong")
            values[index] = value
        if at != len(held):
            raise self._fault(f"the zip64 field of {name!r} says what nobody asked for")
        return tuple(values)

    def _check_kind(self, name: str, flags: int, method: int, mode: int) -> None:
        if flags & (_ENCRYPTED | _STRONG | _MASKED):
            raise self._fault(f"the member {name!r} is encrypted")
        if flags & _PATCHED:
            raise self._fault(f"the member {name!r} is a patch")
        if method not in (STORED, DEFLATED, ZSTANDARD):
            how = METHODS.get(method, f"method {method}")
            raise self._fault(
                f"the member {name!r} is compressed with {how}; a wheel may use stored, deflate, zstd"
            )
        if method == ZSTANDARD and not zstd_present():
            raise HostileWheelError(
                f"the member {name!r} is compressed with zstd, which this Python cannot read",
                where=self._where,
                hints=("Install siteroot with its extra `zstd`, or run it with Python 3.14.",),
            )
        kind = stat.S_IFMT(mode)
        if kind == stat.S_IFLNK:
            raise self._fault(f"the member {name!r} is a symbolic link")
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise self._fault(f"the member {name!r} is a device or another special file")
        if kind and (kind == stat.S_IFDIR) != name.endswith("/"):
            raise self._fault(f"the member {name!r} is both a file and a folder")

    # -- the members --------------------------------------------------------------------------------------------------

    def _read_local(self, entry: _Entry, following: int) -> ArchiveMember:
        """Return the member, after its own header said what the directory says; it ends at `following`."""
        start = entry.offset + len(entry.echo)
        if not (
            entry.echo
            and self._content[entry.offset : start] == entry.echo
            and start + entry.packed_size == following
            and not entry.flags & _DESCRIPTOR
        ):
            start = self._compare_local(entry, following)
        name, size = entry.name, entry.size
        folder = name[-1] == "/"
        if folder and size:
            raise self._fault(f"the member {name!r} is a folder that has content")
        executable = not folder and bool(entry.mode & 0o111)
        return ArchiveMember(
            name, folder, executable, entry.method, entry.crc, entry.packed_size, size, start
        )

    def _compare_local(self, entry: _Entry, following: int) -> int:
        """Return where the member's content begins, after its own header was compared with the directory."""
        name = entry.name
        if entry.offset + _LOCAL.size > following:
            raise self._fault(f"the member {name!r} overlaps another member")
        (sign, _, flags, method, _, _, crc, packed_size, size, name_length, extra_length) = (
            _LOCAL.unpack_from(self._view, entry.offset)
        )
        after = entry.offset + _LOCAL.size
        start: int = after + name_length + extra_length
        if sign != b"PK\3\4":
            raise self._fault(f"the member {name!r} is not where the directory says")
        if start + entry.packed_size > following:
            raise self._fault(f"the member {name!r} overlaps another member")
        if self._content[after : after + name_length] != entry.raw:
            raise self._fault(f"the member {name!r} has another name in its own header")
        extra = self._content[after + name_length : start]
        size, packed_size, *_ = self._widen(name, extra, (size, packed_size, 0, 0))
        if method != entry.method or (flags ^ entry.flags) & _DECISIVE:
            raise self._fault(f"the member {name!r} has other flags in its own header")
        found, truth = (crc, packed_size, size), (entry.crc, entry.packed_size, entry.size)
        late = bool(flags & _DESCRIPTOR)
        # A member with a data descriptor may leave its header's values at 0, and no others.
        if found != truth and not (
            late and all(value in (0, true) for value, true in zip(found, truth, strict=True))
        ):
            raise self._fault(f"the member {name!r} has other sizes in its own header")
        rest = following - (start + entry.packed_size)
        if late:
            self._check_descriptor(entry, start + entry.packed_size, rest)
        elif rest:
            raise self._fault(f"{rest} bytes after the member {name!r} belong to no member")
        return start

    def _check_descriptor(self, entry: _Entry, at: int, length: int) -> None:
        """Refuse a data descriptor that says anything else than the directory, or is followed by anything."""
        form = _DESCRIPTORS.get(length)
        signed = length in (16, 24)
        if (
            form is None
            or (signed and bytes(self._view[at : at + 4]) != b"PK\7\x08")
            or form.unpack_from(self._view, at) != (entry.crc, entry.packed_size, entry.size)
        ):
            raise self._fault(f"the data descriptor of the member {entry.name!r} is wrong")
