"""From a wheel's archive to an unpacked folder with its manifest.

All is checked before the first byte is written, or, what only unpacking can show, before the folder gets its place in
the store.
"""

import hashlib
import mmap
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

from siteroot.errors import IntegrityError
from siteroot.formats.core_metadata import parse_core_metadata
from siteroot.formats.entry_points import parse_entry_points
from siteroot.formats.manifest import MANIFEST, render_manifest
from siteroot.formats.member_names import find_case_twins, show, show_twins
from siteroot.formats.record import RecordError, parse_record
from siteroot.formats.wheel_file import WheelFile, parse_wheel_file
from siteroot.fs import CREATE_FLAGS, DISK, Writer, open_folder, write_all, write_file
from siteroot.model.digest import Digest
from siteroot.model.pin import WheelPin
from siteroot.model.times import derive_mtime
from siteroot.model.wheel import (
    EntryPoint,
    Limits,
    StoredFile,
    StoredFolder,
    StoredScheme,
    StoredWheel,
)

from .archive import Archive, ArchiveMember, HostileWheelError
from .contents import (
    LIBRARIES,
    DistInfo,
    PlacedMember,
    collect_folders,
    find_dist_info,
    judge_record,
    place_members,
)
from .crew import Crew, processors
from .faults import WrongArchiveError, write_error
from .unpacking import PIECE

_LONGEST_TEXT = 64 << 20
_TOLD = 3
#: A wheel of so many bytes, unpacked, is worth the processes that share it; a file costs as much as so many bytes more.
_WORTH_SHARING, _FLOOR = 32 << 20, 16 << 10
_MARK = 16  # bytes of a script that show its first line


class BadRecordError(HostileWheelError):
    """A wheel's RECORD does not tell the truth of its members."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """What an archive is checked for, and how strictly."""

    pin: WheelPin
    limits: Limits
    tolerate_record: bool

    @property
    def where(self) -> str:
        """What errors say that they speak of."""
        return f"{self.pin.name}=={self.pin.version} ({self.pin.artifact.file.filename})"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Texts:
    """What the dist-info's own files say."""

    wheel: WheelFile
    entry_points: tuple[EntryPoint, ...]
    digests: dict[str, tuple[str, bytes]]
    record_faults: tuple[str, ...]


def read_digest(path: str, admission: Admission) -> Digest:
    """Return the sha256 of an archive, after its size and every digest that the lock names were found right."""
    file = admission.pin.artifact.file
    try:
        size = os.stat(path).st_size
        if file.size is not None and size != file.size:
            raise WrongArchiveError(
                f"the file has {size} bytes, and {file.size} are asked for", where=admission.where
            )
        hashes = {
            name: hashlib.new(name) for name in ("sha256", *(d.algorithm for d in file.digests))
        }
        with open(path, "rb") as archive:
            while block := archive.read(PIECE):
                for each in hashes.values():
                    each.update(block)
    except OSError as error:
        raise write_error(error, path) from error
    except ValueError as error:  # an algorithm that this Python does not have
        raise WrongArchiveError(
            f"a digest cannot be checked: {error}", where=admission.where
        ) from None
    for digest in file.digests:
        found = hashes[digest.algorithm].hexdigest()
        if found != digest.hexadecimal:
            raise WrongArchiveError(
                f"the file has the {digest.algorithm} {found}, and {digest.hexadecimal} is asked for",
                where=admission.where,
            )
    return Digest("sha256", hashes["sha256"].hexdigest())


def unpack_wheel(
    archive_path: str, folder: str, admission: Admission, digest: Digest, *, writer: Writer = DISK
) -> StoredWheel:
    """Unpack an archive into an empty folder, with its manifest, and return what is there.

    `digest` is the archive's sha256, which was checked. Raises HostileWheelError (BadRecordError, WrongArchiveError)
    or StoreWriteError; then the folder may be there in part, and is the caller's to remove.
    """
    try:
        with open(archive_path, "rb") as file:
            if not os.fstat(file.fileno()).st_size:
                raise HostileWheelError("the file is empty", where=admission.where)
            # Never closed by hand: a member that failed half way still holds a part of it, in the error's traceback.
            content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        archive = Archive(content, where=admission.where, limits=admission.limits)
        return _unpack(archive, folder, admission, digest, writer)
    except IntegrityError as error:
        if error.where is None:
            error.where = admission.where
        raise
    except OSError as error:
        raise write_error(error, folder) from error


def _unpack(
    archive: Archive, folder: str, admission: Admission, digest: Digest, writer: Writer
) -> StoredWheel:
    dist_info = find_dist_info(member.name for member in archive.members)
    _check_identity(dist_info, admission.pin)
    texts = _read_texts(archive, dist_info, admission)
    placed = place_members(
        archive.members,
        dist_info,
        purelib=texts.wheel.purelib,
        launchers=frozenset(point.name for point in texts.entry_points),
    )
    folders = _folders_of(placed)
    opened = open_folder(folder)
    try:
        exact = _make_folders(folders, opened, writer)
        unpacking = _Unpacking(
            archive=archive, digests=texts.digests, folder=opened, exact=exact, writer=writer
        )
        written = _write_members(placed, unpacking)
    finally:
        os.close(opened)
    files = written.files
    rest = _check_rest(archive, placed, texts.digests)
    faults = (*texts.record_faults, *written.faults, *rest)
    if faults and not admission.tolerate_record:
        raise _bad_record(faults, admission)
    wheel = StoredWheel(
        name=dist_info.name,
        version=dist_info.version_text,
        digest=digest,
        folder=folder,
        dist_info=dist_info.folder,
        purelib=texts.wheel.purelib,
        schemes=tuple(
            StoredScheme(
                scheme=scheme,
                folders=folders[scheme],
                files=tuple(rows),
            )
            for scheme, rows in files.items()
        ),
        entry_points=texts.entry_points,
        python_scripts=written.scripts,
        pth=tuple(
            row[0]
            for scheme in LIBRARIES
            for row in files.get(scheme, ())
            if row[0].endswith(".pth") and "/" not in row[0]
        ),
        warnings=_collect_warnings(texts.wheel, files, faults),
    )
    write_file(f"{folder}/{MANIFEST}", render_manifest(wheel), writer=writer)
    return wheel


def _check_identity(dist_info: DistInfo, pin: WheelPin) -> None:
    if (dist_info.name, dist_info.version) != (pin.name, pin.version):
        raise WrongArchiveError(
            f"the wheel holds {show(dist_info.folder)}, and {pin.name} {pin.version} is asked for"
        )


# -- the dist-info's texts --------------------------------------------------------------------------------------------


def _read_texts(archive: Archive, dist_info: DistInfo, admission: Admission) -> _Texts:
    members = {member.name: member for member in archive.members if not member.folder}

    def text(name: str) -> str | None:
        member = members.get(f"{dist_info.folder}/{name}")
        return None if member is None else _read_text(archive, member, lenient=name == "METADATA")

    wheel, metadata, record = text("WHEEL"), text("METADATA"), text("RECORD")
    for name, content in (("WHEEL", wheel), ("METADATA", metadata)):
        if content is None:
            raise HostileWheelError(f"the dist-info has no {name}")
    wheel_file = parse_wheel_file(wheel or "")
    said = parse_core_metadata(metadata or "")
    if (said.name, said.version) != (dist_info.name, dist_info.version):
        raise WrongArchiveError(
            f"METADATA is of {said.name} {said.version}, and the dist-info is {show(dist_info.folder)}"
        )
    digests: dict[str, tuple[str, bytes]] = {}
    faults: tuple[str, ...] = ("the dist-info has no RECORD",)
    if record is not None:
        try:
            digests, faults = judge_record(parse_record(record), archive.members, dist_info.folder)
        except RecordError as error:
            faults = error.faults
    if faults and not admission.tolerate_record:
        raise _bad_record(faults, admission)
    return _Texts(
        wheel=wheel_file,
        entry_points=parse_entry_points(text("entry_points.txt") or ""),
        digests=digests,
        record_faults=faults,
    )


def _read_text(archive: Archive, member: ArchiveMember, *, lenient: bool) -> str:
    if member.size > _LONGEST_TEXT:
        raise HostileWheelError(
            f"the member {show(member.name)} is too large to be what it is named"
        )
    content = b"".join(archive.read(member))
    try:
        # A description may be in any encoding that a careless author had; the two fields that count are ASCII.
        return content.decode("utf-8", "replace" if lenient else "strict")
    except UnicodeDecodeError as error:
        raise HostileWheelError(f"the member {show(member.name)} is not UTF-8: {error}") from None


def _bad_record(faults: Sequence[str], admission: Admission) -> BadRecordError:
    return BadRecordError(
        f"RECORD is wrong: {_tell(faults)}",
        where=admission.where,
        hints=(
            f"If you trust this wheel all the same, say --tolerate-record {admission.pin.name}.",
        ),
    )


def _tell(faults: Sequence[str]) -> str:
    more = len(faults) - _TOLD
    return "; ".join(faults[:_TOLD]) + (f"; and {more} more" if more > 0 else "")


def _collect_warnings(
    wheel_file: WheelFile, files: dict[str, list[StoredFile]], record_faults: Sequence[str]
) -> tuple[str, ...]:
    warnings = []
    if wheel_file.newer:
        major, minor = wheel_file.version
        warnings.append(f"its Wheel-Version {major}.{minor} is newer than siteroot knows")
    if record_faults:
        warnings.append(f"its RECORD was replaced by a right one: {_tell(record_faults)}")
    libraries = [row[0] for scheme in LIBRARIES for row in files.get(scheme, ())]
    others = [[row[0] for row in rows] for scheme, rows in files.items() if scheme not in LIBRARIES]
    for paths in (libraries, *others):
        if twins := find_case_twins(paths):
            named = "; ".join(show_twins(*pair) for pair in twins[:_TOLD])
            warnings.append(f"a disk that is blind to case takes names in it for one: {named}")
    return tuple(warnings)


# -- its files --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Written:
    """Rows of files by scheme, the scripts that begin with `#!python`, and RECORD's faults."""

    files: dict[str, list[StoredFile]]
    scripts: tuple[str, ...]
    faults: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Unpacking:
    """What all who write a wheel's files have in common.

    `digests` are RECORD's, `folder` is open, and where `exact` modes come out as asked there.
    """

    archive: Archive
    digests: dict[str, tuple[str, bytes]]
    folder: int
    exact: bool
    writer: Writer


def _folders_of(placed: Sequence[PlacedMember]) -> dict[str, tuple[StoredFolder, ...]]:
    return {
        scheme: collect_folders([path for _, path, _ in places])
        for scheme, places in groupby(placed, itemgetter(0))
    }


def _make_folders(folders: dict[str, tuple[StoredFolder, ...]], top: int, writer: Writer) -> bool:
    """Make all folders of all schemes; return whether modes come out as asked here.

    They do not under a strict umask or a default ACL: then every file's mode is set once more.
    """
    for scheme, rows in folders.items():
        for path, _ in rows:
            writer.mkdir(f"{scheme}/{path}", 0o755, dir_fd=top)
    return all(stat.S_IMODE(os.stat(scheme, dir_fd=top).st_mode) == 0o755 for scheme in folders)


def _write_members(placed: Sequence[PlacedMember], unpacking: _Unpacking) -> _Written:
    """Write all files; those of a large wheel in several processes, for one of them would be the last to end."""

    def write(share: Sequence[PlacedMember]) -> _Written:
        return _write_share(share, unpacking)

    width = processors()
    if width < 2 or sum(member.size for _, _, member in placed) < _WORTH_SHARING:
        return write(placed)
    shares: list[list[PlacedMember]] = [[] for _ in range(width)]
    weights = [0] * width
    for place in sorted(placed, key=lambda place: -place[2].size):
        least = weights.index(min(weights))
        shares[least].append(place)
        weights[least] += place[2].size + _FLOOR
    with Crew[Sequence[PlacedMember], _Written](write, width - 1) as crew:
        parts = crew.share(shares)
    files: dict[str, list[StoredFile]] = {scheme: [] for scheme, _, _ in placed}
    for part in parts:
        for scheme, rows in part.files.items():
            files[scheme] += rows
    return _Written(
        files={scheme: sorted(rows) for scheme, rows in files.items()},
        scripts=tuple(sorted(script for part in parts for script in part.scripts)),
        faults=tuple(sorted(fault for part in parts for fault in part.faults)),
    )


def _write_share(placed: Sequence[PlacedMember], unpacking: _Unpacking) -> _Written:
    archive, digests = unpacking.archive, unpacking.digests
    files: dict[str, list[StoredFile]] = {}
    scripts: list[str] = []
    faults: list[str] = []
    sha256_of = hashlib.sha256
    for scheme, path, member in placed:
        target = f"{scheme}/{path}"
        mode = 0o755 if member.executable or scheme == "scripts" else 0o644
        algorithm, expected = digests.get(member.name, ("", b""))
        if member.size <= PIECE:
            content = archive.read_whole(member)
            sha256 = sha256_of(content).digest()
            digest = sha256 if algorithm == "sha256" else _digest(content, algorithm)
            first, mtime = content[:_MARK], derive_mtime(sha256)
            write_file(
                target,
                content,
                folder=unpacking.folder,
                mode=mode,
                mtime=mtime,
                fix_mode=not unpacking.exact,
                writer=unpacking.writer,
            )
        else:
            stream = _HashedStream(archive.read(member), algorithm)
            mtime = _write_large(target, stream, mode, unpacking)
            sha256, digest, first = stream.sha256, stream.digest, stream.first
        if algorithm and digest != expected:
            faults.append(f"{show(member.name)} has not the {algorithm} that is listed")
        if scheme == "scripts" and first.startswith(b"#!python"):
            scripts.append(path)
        files.setdefault(scheme, []).append((path, member.size, mode, mtime, sha256))
    return _Written(files=files, scripts=tuple(scripts), faults=tuple(faults))


def _check_rest(
    archive: Archive, placed: Sequence[PlacedMember], digests: dict[str, tuple[str, bytes]]
) -> Iterator[str]:
    """Yield RECORD's faults in what is not placed, reading it all the same: folders too can hide bytes."""
    names = {member.name for _, _, member in placed}
    for member in archive.members:
        if member.name not in names:
            algorithm, expected = digests.get(member.name, ("", b""))
            stream = _HashedStream(archive.read(member), algorithm)
            for _ in stream:
                pass
            if algorithm and stream.digest != expected:
                yield f"{show(member.name)} has not the {algorithm} that is listed"


def _digest(content: bytes, algorithm: str) -> bytes:
    return hashlib.new(algorithm, content).digest() if algorithm else b""


class _HashedStream:
    """The pieces of a member, hashed as they pass. The digests are there once all have passed."""

    def __init__(self, pieces: Iterator[bytes], algorithm: str) -> None:
        self._pieces = pieces
        self._sha256 = hashlib.sha256()
        self._other = hashlib.new(algorithm) if algorithm not in {"", "sha256"} else self._sha256
        self.first = b""

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            self.first = self.first or piece[:_MARK]
            self._sha256.update(piece)
            if self._other is not self._sha256:
                self._other.update(piece)
            yield piece

    @property
    def sha256(self) -> bytes:
        return self._sha256.digest()

    @property
    def digest(self) -> bytes:
        return self._other.digest()


def _write_large(target: str, stream: _HashedStream, mode: int, unpacking: _Unpacking) -> int:
    """Write a file that is never whole in memory; return its time, which only the last piece tells."""
    writer = unpacking.writer
    descriptor = writer.create(target, CREATE_FLAGS, mode, dir_fd=unpacking.folder)
    try:
        if not unpacking.exact:
            writer.chmod(descriptor, mode)
        for piece in stream:
            write_all(descriptor, piece, writer=writer)
        mtime = derive_mtime(stream.sha256)
        writer.utime(descriptor, (mtime, mtime))
    finally:
        os.close(descriptor)
    return mtime
