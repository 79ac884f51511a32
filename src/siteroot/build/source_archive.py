"""From an archive of source to a source tree: tar (plain, gz, bz2, xz, lzma) and zip ("Source distribution format").

All of a member is judged before a byte of it is written: its path, its kind, where a link leads, what it and all
before it unpack to. `tarfile.data_filter` (PEP 706) looks at each once more. Links that stay in the tree are let
through, as PEP 721 says. Modes are 0644 and 0755, and every time is the same: what is made from what (C from Cython)
is never found out of date.
"""

import bz2
import gzip
import io
import lzma
import os
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from enum import Enum
from functools import partial
from typing import IO, cast

from siteroot import fs
from siteroot.errors import BuildError, IntegrityError
from siteroot.formats.member_names import fault_in_name, show
from siteroot.model.value import dataclass
from siteroot.model.wheel import Limits

_PIECE = 1 << 20
_HEADER = 16 << 20  # the longest header that a tar may have: names and other texts
_LINK = 4096  # bytes of a link's target

_STREAMS: dict[tuple[str, ...], Callable[[str], io.BufferedIOBase]] = {
    (".tar.gz", ".tgz"): gzip.GzipFile,
    (".tar.bz2", ".tbz", ".tbz2"): bz2.BZ2File,
    (".tar.xz", ".txz", ".tar.lzma", ".tlz"): lzma.LZMAFile,
    (".tar",): lambda path: io.BufferedReader(io.FileIO(path)),
}

_BROKEN = (
    tarfile.TarError,
    zipfile.BadZipFile,
    lzma.LZMAError,
    zlib.error,
    gzip.BadGzipFile,
    EOFError,
    NotImplementedError,  # a compression that zipfile does not know
    RuntimeError,  # an encrypted member
    ValueError,  # numbers in headers that are none, UnicodeDecodeError among them
    OverflowError,
)


class HostileSourceError(IntegrityError):
    """An archive of source is broken, or would do what no unpacking may do."""


class UnknownArchiveError(BuildError):
    """A file is to be built from, and is no archive that siteroot reads."""


class _Kind(Enum):
    FILE = "file"
    FOLDER = "folder"
    SYMBOLIC = "symbolic link"
    HARD = "hard link"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Member:
    """One member. `link` is where a link leads, as it says; `read` gives at most that many bytes more of a file.

    `recheck` is the second line: it raises where the library that reads the archive would not unpack the member.
    """

    name: str  # of a folder, too, without a "/" at its end
    kind: _Kind
    executable: bool
    size: int
    link: str
    read: Callable[[int], bytes]
    recheck: Callable[[], object] = bool


def unpack_source(archive: str, folder: str, limits: Limits, *, where: str, mtime: int) -> str:
    """Unpack an archive into a folder that is not there yet, and return the one top folder that it holds.

    `where` is what errors say that they speak of. Raises HostileSourceError or UnknownArchiveError; then the folder may
    be there in part, and is the caller's to remove.
    """
    fs.make_folder(folder, 0o700)
    with ExitStack() as scope:
        try:
            members = _open(archive, folder, limits, scope, where)
            tree = _Tree(folder, limits, mtime)
            for member in members:
                tree.add(member)
            tree.finish()
        except IntegrityError as error:
            error.where = error.where or where
            raise
        except _BROKEN as error:
            raise _broken(error, where) from None
        except OSError as error:
            if error.errno is None:  # what bz2 says of a broken stream
                raise _broken(error, where) from None
            raise
    return f"{folder}/{tree.top}"


def _broken(error: Exception, where: str) -> HostileSourceError:
    reason = str(error).partition("\n")[0] or type(error).__name__
    return HostileSourceError(f"the archive is broken: {show(reason)}", where=where)


def _open(
    archive: str, folder: str, limits: Limits, scope: ExitStack, where: str
) -> Iterator[_Member]:
    name = archive.lower()
    if name.endswith(".zip"):
        return _zip_members(scope.enter_context(zipfile.ZipFile(archive)))
    for endings, stream in _STREAMS.items():
        if name.endswith(endings):
            bounded = _Bounded(scope.enter_context(stream(archive)), limits)
            opened = tarfile.TarFile(fileobj=cast("IO[bytes]", bounded), encoding="utf-8")
            return _tar_members(scope.enter_context(opened), folder)
    known = ", ".join(ending for endings in _STREAMS for ending in endings)
    raise UnknownArchiveError(
        "no wheel, and no archive of source that siteroot reads",
        where=where,
        hints=(f"It reads .zip, {known}.",),
    )


class _Bounded:
    """An unpacked tar, read no further than its limits let it be, and no more than a header at once."""

    def __init__(self, stream: io.BufferedIOBase, limits: Limits) -> None:
        self._stream = stream
        self._end = limits.size + limits.members * 4096  # headers, and padding to their blocks

    def read(self, count: int) -> bytes:
        """Return that many bytes, fewer at the end."""
        if count > _HEADER:
            raise HostileSourceError("a header in the archive is too large")
        return self._stream.read(count)

    def seek(self, position: int) -> int:
        """Go to a place."""
        if position > self._end:
            raise HostileSourceError("the archive unpacks to more than its limit")
        return self._stream.seek(position)

    def tell(self) -> int:
        """Return the place."""
        return self._stream.tell()


def _tar_members(archive: tarfile.TarFile, folder: str) -> Iterator[_Member]:
    second_line = getattr(tarfile, "data_filter", None)  # from Python 3.11.4
    for info in archive:
        if info.type in (tarfile.XHDTYPE, tarfile.XGLTYPE):
            continue
        if info.isreg():
            kind = _Kind.FILE
        elif info.isdir():
            kind = _Kind.FOLDER
        elif info.issym():
            kind = _Kind.SYMBOLIC
        elif info.islnk():
            kind = _Kind.HARD
        else:
            raise HostileSourceError(
                f"the member {show(info.name)} is a device or another special file"
            )
        content = archive.extractfile(info) if kind is _Kind.FILE else None
        yield _Member(
            name=info.name.removeprefix("./").rstrip("/"),
            kind=kind,
            executable=bool(info.mode & 0o111),
            size=info.size if kind is _Kind.FILE else 0,
            link=info.linkname,
            read=_nothing if content is None else content.read,
            recheck=bool if second_line is None else partial(second_line, info, folder),
        )


def _zip_members(archive: zipfile.ZipFile) -> Iterator[_Member]:
    for info in archive.infolist():
        mode = info.external_attr >> 16 if info.create_system == 3 else 0
        if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK):
            raise HostileSourceError(
                f"the member {show(info.filename)} is a device or another special file"
            )
        kind = _Kind.FOLDER if info.filename.endswith("/") else _Kind.FILE
        with archive.open(info) as content:
            link = ""
            if stat.S_ISLNK(mode):
                kind, link = _Kind.SYMBOLIC, content.read(_LINK).decode()
            yield _Member(
                name=info.filename.removeprefix("./").rstrip("/"),
                kind=kind,
                executable=bool(mode & 0o111),
                size=info.file_size if kind is _Kind.FILE else 0,
                link=link,
                read=content.read,
            )


def _nothing(_count: int) -> bytes:
    return b""


class _Tree:
    """The tree as far as it is unpacked, and what each name in it is."""

    def __init__(self, folder: str, limits: Limits, mtime: int) -> None:
        self._folder = folder
        self._limits = limits
        self._mtime = mtime
        self._kinds: dict[str, _Kind] = {}
        self._size = 0
        self._count = 0
        self.top = ""

    def add(self, member: _Member) -> None:
        """Judge a member, and write it. Raises HostileSourceError."""
        self._count_in(member)
        if member.name in ("", "."):
            return
        if fault := fault_in_name(member.name):
            raise HostileSourceError(fault)
        self._enter(member)
        if member.kind is _Kind.SYMBOLIC:
            self._refuse_leaving(member, os.path.dirname(member.name))
        elif member.kind is _Kind.HARD:
            self._refuse_leaving(member, "")
        member.recheck()
        path = f"{self._folder}/{member.name}"
        fs.make_folder(path if member.kind is _Kind.FOLDER else os.path.dirname(path))
        match member.kind:
            case _Kind.FOLDER:
                pass
            case _Kind.FILE:
                self._write_file(path, member)
            case _Kind.SYMBOLIC:
                fs.DISK.symlink(member.link, path)
            case _Kind.HARD:
                self._link(path, member)

    def _count_in(self, member: _Member) -> None:
        self._count += 1
        self._size += member.size
        if self._count > self._limits.members:
            raise HostileSourceError(f"the archive has more than {self._limits.members} members")
        if self._size > self._limits.size:
            raise HostileSourceError(
                f"the archive unpacks to more than {self._limits.size} bytes, which is the limit"
            )

    def finish(self) -> None:
        """Refuse what is no source tree, and set the times of folders."""
        if self._kinds.get(self.top) is not _Kind.FOLDER:
            raise HostileSourceError("the archive does not hold one folder with all of the source")
        for name, kind in self._kinds.items():
            if kind is _Kind.SYMBOLIC:
                self._refuse_leaving_on_disk(name)
        for name, kind in self._kinds.items():
            if kind is _Kind.FOLDER:
                fs.DISK.utime(f"{self._folder}/{name}", (self._mtime, self._mtime))

    def _enter(self, member: _Member) -> None:
        """Note the name and the folders on the way to it, which may be no files and no links."""
        parent = os.path.dirname(member.name)
        self.top = self.top or member.name.partition("/")[0]
        if member.name.partition("/")[0] != self.top:
            raise HostileSourceError(
                f"the archive holds more than one folder at its top: {show(self.top)} and {show(member.name)}"
            )
        while parent and self._kinds.setdefault(parent, _Kind.FOLDER) is _Kind.FOLDER:
            parent = os.path.dirname(parent)
        if parent:
            raise HostileSourceError(
                f"the member {show(member.name)} lies in {show(parent)}, which is a {self._kinds[parent].value}"
            )
        before = self._kinds.get(member.name)
        again = member.kind in (_Kind.FILE, _Kind.FOLDER) and before is member.kind
        if before is not None and not again:
            raise HostileSourceError(f"the member {show(member.name)} is there twice")
        self._kinds[member.name] = member.kind

    def _write_file(self, path: str, member: _Member) -> None:
        fs.remove_file(path)  # of a file that is there twice the last counts, as in every tar
        mode = 0o755 if member.executable else 0o644
        descriptor = fs.DISK.create(path, fs.CREATE_FLAGS, mode)
        try:
            fs.DISK.chmod(descriptor, mode)
            left = member.size
            while left and (piece := member.read(min(left, _PIECE))):
                fs.write_all(descriptor, piece)
                left -= len(piece)
            if left:
                raise HostileSourceError(f"the member {show(member.name)} is cut short")
            fs.DISK.utime(descriptor, (self._mtime, self._mtime))
        finally:
            os.close(descriptor)

    def _link(self, path: str, member: _Member) -> None:
        target = os.path.normpath(member.link)
        if self._kinds.get(target) is not _Kind.FILE:
            raise HostileSourceError(
                f"the member {show(member.name)} is a link to {show(member.link)}, which is no file before it"
            )
        fs.DISK.link(f"{self._folder}/{target}", path)

    def _refuse_leaving(self, member: _Member, start: str) -> None:
        """Refuse a link that leads out of the top folder, or nowhere that can be said."""
        target = os.path.normpath(os.path.join(start, member.link))
        odd = not member.link or "\\" in member.link or "\0" in member.link
        if odd or os.path.isabs(member.link) or not f"{target}/".startswith(f"{self.top}/"):
            raise HostileSourceError(
                f"the member {show(member.name)} is a link out of the archive, to {show(member.link)}"
            )

    def _refuse_leaving_on_disk(self, name: str) -> None:
        """Refuse a link that leads out by way of other links."""
        top = os.path.realpath(f"{self._folder}/{self.top}")
        target = os.path.realpath(f"{self._folder}/{name}")
        if target != top and not target.startswith(f"{top}/"):
            raise HostileSourceError(f"the member {show(name)} is a link out of the archive")
