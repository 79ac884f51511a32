"""The store: wheels that were checked and unpacked once, by the digest of their archive (ROOT.md 7).

    CACHE/
      CACHEDIR.TAG                    what keeps backups away
      wheels-v1/AB/SHA256/            a wheel whose archive has the sha256 "AB..."; there whole or not at all
        manifest                      all that placing has to know (formats/manifest.py)
        purelib/ platlib/ scripts/ headers/ data/
      wheels-v1/AB/SHA256.tolerated/  one whose RECORD is wrong, let in because the user said so
      bytecode-v1/AB/SHA256/KIND/     that wheel's bytecode of one kind (store/bytecode.py)
      names-v1/ALGORITHM/AB/HEX       the sha256 of the archive that has that other digest
      names-v1/url/AB/HEX             the same, of a URL and a size, for a file that the lock has no digest of
      locks-v1/KEY                    held while that wheel is being fetched, or built
      tmp-v1/PID-RANDOM/              work, held while it lasts; what is unheld is dead

An entry is never changed after its rename: one that turns out to be wrong is moved away, and made anew. A store that
this user cannot write, or does not own, is read all the same, and what it lacks goes to a temporary one.
"""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from errno import EACCES, EPERM, EROFS, EXDEV
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from packaging.version import InvalidVersion, Version

from siteroot.formats.manifest import MANIFEST, MANIFEST_MOST, parse_manifest
from siteroot.fs import DISK, Writer, make_folder, read_plain, remove_tree, rename_new, write_whole
from siteroot.model.cache import BUCKETS, bucket
from siteroot.model.digest import HEX_LENGTHS, Digest
from siteroot.model.event import Waiting, Warned
from siteroot.model.pin import WheelPin
from siteroot.model.value import dataclass, replace
from siteroot.model.wheel import Limits, StoredWheel
from siteroot.ports import Clock, Reporter

from .faults import StoreWriteError, WrongArchiveError, write_error
from .work import hold_lock, temporary_folder, work_folder

if TYPE_CHECKING:
    from .admit import Admission, BadRecordError

WHEELS, NAMES, LOCKS, WORK = bucket("wheels"), bucket("names"), bucket("locks"), bucket("tmp")

#: The end of the name of an entry whose RECORD was wrong.
TOLERATED = ".tolerated"

_TAG = b"""Signature: 8a477f597d28d172789f06886806bc55
# This folder is a cache of siteroot (https://bford.info/cachedir/).
"""
_UNWRITABLE = frozenset((EACCES, EPERM, EROFS))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """The sole right to bring one wheel into the store.

    `wheel` is set where it turned out to be there; else the archive is to be fetched into the path `archive`.
    """

    wheel: StoredWheel | None
    archive: str


class Store:
    """The store in a folder. Safe for many threads and processes.

    `temporary` is a path for a store in place of one that cannot be written: made when it is needed, gone at `close`.
    Nothing is written before `reserve` or `admit`.
    """

    def __init__(
        self,
        folder: str,
        *,
        temporary: str,
        clock: Clock,
        reporter: Reporter,
        limits: Limits | None = None,
        writer: Writer = DISK,
    ) -> None:
        self.folder = folder
        self._temporary = temporary
        self._clock = clock
        self._reporter = reporter
        self._limits = limits or Limits()
        self._writer = writer
        self._lock = threading.Lock()
        self._writable: str | None = None
        self._discarded: frozenset[str] = frozenset()
        self._made = ExitStack()

    def close(self) -> None:
        """Remove the temporary store, if there is one."""
        self._made.close()

    # -- finding ------------------------------------------------------------------------------------------------------

    def find(self, pin: WheelPin, *, tolerate_record: bool = False) -> StoredWheel | None:
        """Return the stored wheel of the pin, None where it would have to be fetched: absent, damaged, half there.

        Every digest that the lock names must be known to be its. Raises WrongArchiveError where the stored wheel
        is another distribution's.
        """
        for base in self.bases():
            sha256 = _resolve(base, pin)
            if sha256 is None:
                continue
            for suffix in ("", TOLERATED) if tolerate_record else ("",):
                wheel = self._load(_entry(base, sha256) + suffix, sha256)
                if wheel is not None:
                    _check_pin(wheel, pin)
                    return wheel
        return None

    def bases(self) -> tuple[str, ...]:
        """Return the stores that are read: ours, and the temporary one once there is one."""
        writable = self._writable
        return (self.folder,) if writable in (None, self.folder) else (self.folder, self._temporary)

    def _load(self, folder: str, sha256: str) -> StoredWheel | None:
        if folder in self._discarded:
            return None
        try:
            content = read_plain(f"{folder}/{MANIFEST}", MANIFEST_MOST, follow=False)
        except OSError:
            return None
        wheel = parse_manifest(content, folder)
        return wheel if wheel is not None and wheel.digest.hexadecimal == sha256 else None

    def prepare(self) -> None:
        """Find out where to write, and load what `admit` needs, so that a process forked then does neither."""
        self.writable_base()
        from . import admit  # noqa: F401, PLC0415 - as in `admit`

    # -- bringing in --------------------------------------------------------------------------------------------------

    @contextmanager
    def reserve(
        self,
        pin: WheelPin,
        *,
        tolerate_record: bool = False,
        stopped: Callable[[], bool] = lambda: False,
        look: bool = True,
    ) -> Iterator[Reservation]:
        """Give the sole right, among all processes, to bring in the pin's wheel.

        Waits while another has it, and says so once; then the wheel is there, mostly. `stopped` tells that waiting
        has become pointless: then it raises StoreWriteError. `look` False: fetched, even if it is there. Other errors
        are those of the disk, as StoreWriteError.
        """
        base = self.writable_base()
        with ExitStack() as held:
            held.enter_context(self.hold(_key(pin), f"{pin.name}=={pin.version}", stopped=stopped))
            wheel = self.find(pin, tolerate_record=tolerate_record) if look else None
            archive = ""
            if wheel is None:
                with in_words(f"{base}/{WORK}"):
                    work = held.enter_context(work_folder(f"{base}/{WORK}", writer=self._writer))
                archive = f"{work}/archive.whl"
            yield Reservation(wheel=wheel, archive=archive)

    @contextmanager
    def hold(
        self, key: str, what: str, *, stopped: Callable[[], bool] = lambda: False
    ) -> Iterator[None]:
        """Be the only process that brings in what the key stands for; `what` and `stopped` as in `reserve`."""
        base = self.writable_base()
        told = False

        def wait(holder: int | None) -> None:
            nonlocal told
            if stopped():
                raise StoreWriteError(f"{what} is no longer waited for")
            if not told:
                told = True
                self._reporter.report(Waiting(what=what, holder=holder))
            self._clock.sleep(0.05)

        with ExitStack() as held:
            with in_words(f"{base}/{LOCKS}"):
                # A `cache clean` may have come by.
                make_folder(f"{base}/{LOCKS}", writer=self._writer)
                held.enter_context(
                    hold_lock(f"{base}/{LOCKS}/{key}", wait=wait, writer=self._writer)
                )
            yield

    @contextmanager
    def work(self, name: str | None = None) -> Iterator[str]:
        """Give a folder for what is unfinished, which goes at the end, and is known to be dead if this process dies.

        A `name` is the folder's where nobody else has it.
        """
        base = self.writable_base()
        with ExitStack() as held:
            with in_words(f"{base}/{WORK}"):
                path = held.enter_context(
                    work_folder(f"{base}/{WORK}", writer=self._writer, name=name)
                )
            yield path

    def admit(
        self,
        archive: str,
        pin: WheelPin,
        *,
        sha256: str | None = None,
        tolerate_record: bool = False,
    ) -> StoredWheel:
        """Check and unpack the archive, and return its entry; an entry that is there and good is taken instead.

        `sha256` is the archive's, where whoever fetched it computed it and checked size and all other digests; else
        that is done here. Raises IntegrityError (nothing is in the store then) or StoreWriteError.
        """
        # 9 ms, with the reader of archives, that a sync pays only where a wheel is new
        from .admit import Admission, BadRecordError, read_digest  # noqa: PLC0415

        admission = Admission(pin=pin, limits=self._limits, tolerate_record=False)
        digest = read_digest(archive, admission) if sha256 is None else Digest("sha256", sha256)
        base = self.writable_base()
        with in_words(base):
            wheel = self._admit(base, archive, admission, digest)
            if isinstance(wheel, BadRecordError):
                if not tolerate_record:
                    raise wheel
                tolerant = replace(admission, tolerate_record=True)
                again = self._admit(base, archive, tolerant, digest)
                if isinstance(again, BadRecordError):
                    raise again
                wheel = again
            _write_names(base, pin, digest, self._writer)
        return wheel

    def _admit(
        self, base: str, archive: str, admission: "Admission", digest: Digest
    ) -> "StoredWheel | BadRecordError":
        from .admit import BadRecordError, unpack_wheel  # noqa: PLC0415 - as above

        final = _entry(base, digest.hexadecimal) + (TOLERATED if admission.tolerate_record else "")
        found = self._load(final, digest.hexadecimal)
        if found is not None:
            _check_pin(found, admission.pin)
            return found
        with work_folder(f"{base}/{WORK}", writer=self._writer) as work:
            new = f"{work}/entry"
            self._writer.mkdir(new, 0o755)
            try:
                wheel = unpack_wheel(archive, new, admission, digest, writer=self._writer)
            except BadRecordError as error:
                return error
            make_folder(os.path.dirname(final), writer=self._writer)
            while True:
                try:
                    rename_new(new, final, writer=self._writer)
                except FileExistsError:
                    found = self._load(final, digest.hexadecimal)
                    if found is not None:
                        return found
                    self.move_away(final, work)
                else:
                    return replace(wheel, folder=final)

    # -- forgetting ---------------------------------------------------------------------------------------------------

    def discard(self, wheel: StoredWheel) -> None:
        """Forget an entry whose bytes are wrong; in a store that cannot be written it is only looked past."""
        base = self.writable_base()
        if not wheel.folder.startswith(f"{base}/"):
            with self._lock:
                self._discarded |= {wheel.folder}
            return
        with (
            in_words(wheel.folder),
            work_folder(f"{base}/{WORK}", writer=self._writer) as work,
        ):
            self.move_away(wheel.folder, work)

    def move_away(self, folder: str, work: str) -> None:
        """Take an entry out of its place at once, so that nobody sees a part of it."""
        try:
            self._writer.rename(folder, f"{work}/{os.urandom(6).hex()}")
        except FileNotFoundError:
            pass
        except OSError as error:
            if error.errno != EXDEV:  # an overlay's lower folder cannot be renamed
                raise
            remove_tree(folder, writer=self._writer)

    # -- where to write -----------------------------------------------------------------------------------------------

    def writable_base(self) -> str:
        """Return the store that may be written, which is there then: ours, or the temporary one."""
        with self._lock:
            if self._writable is None:
                if self.folder == self._temporary:
                    self._made.enter_context(temporary_folder(self._temporary, writer=self._writer))
                why = self._try_folder()
                self._writable = self._temporary if why else self.folder
                if why:
                    self._reporter.report(
                        Warned(
                            f"the cache {self.folder} {why}: it is read, and what it lacks is kept"
                            " for this run only"
                        )
                    )
                    self._made.enter_context(temporary_folder(self._temporary, writer=self._writer))
                    with in_words(self._temporary):
                        make_folder(f"{self._temporary}/{LOCKS}", writer=self._writer)
            return self._writable

    def _try_folder(self) -> str:
        """Return why the store cannot be written, "" where it can."""
        try:
            make_folder(self.folder, writer=self._writer)
            if os.stat(self.folder).st_uid != os.geteuid():
                return "belongs to another user"
            make_folder(f"{self.folder}/{LOCKS}", writer=self._writer)
            with work_folder(f"{self.folder}/{WORK}", writer=self._writer):
                pass
            # answers may have been kept before the first wheel; a folder with other people's files is to be backed up
            if all(name.rpartition("-v")[0] in BUCKETS for name in os.listdir(self.folder)):
                write_whole(f"{self.folder}/CACHEDIR.TAG", _TAG, writer=self._writer)
        except OSError as error:
            if error.errno in _UNWRITABLE:
                return f"cannot be written ({error.strerror})"
            raise write_error(error, self.folder) from error
        return ""


def read_stored(wheel: StoredWheel, scheme: str, path: str) -> bytes | None:
    """Return the bytes of a stored file, None where they are not those that were checked and stored."""
    import hashlib  # noqa: PLC0415 - 3 ms that a resolution need not pay

    for part in wheel.schemes:
        for name, size, _, _, sha256 in part.files if part.scheme == scheme else ():
            if name == path:
                try:
                    content = read_plain(f"{wheel.folder}/{scheme}/{path}", size, follow=False)
                except OSError:
                    return None
                return content if hashlib.sha256(content).digest() == sha256 else None
    return None


@contextmanager
def in_words(path: str) -> Iterator[None]:
    """Turn a fault of the disk into words."""
    try:
        yield
    except OSError as error:
        raise write_error(error, error.filename or path) from error


# -- names ------------------------------------------------------------------------------------------------------------


def _entry(base: str, sha256: str) -> str:
    return f"{base}/{WHEELS}/{sha256[:2]}/{sha256}"


def _is_hex(text: str, length: int) -> bool:
    return len(text) == length and not text.strip("0123456789abcdef")


def _names(pin: WheelPin) -> tuple[str, ...] | None:
    """Return where below NAMES the digests other than sha256 and, if need be, the URL point from.

    None where the pin cannot be found by name: a digest that no algorithm of ours makes, a file without digests on
    this disk, which is quicker read than trusted.
    """
    file = pin.artifact.file
    paths = []
    for digest in file.digests:
        if not _is_hex(digest.hexadecimal, HEX_LENGTHS.get(digest.algorithm, 0)):
            return None
        if digest.algorithm != "sha256":
            paths.append(f"{digest.algorithm}/{digest.hexadecimal[:2]}/{digest.hexadecimal}")
    if not any(digest.strong for digest in file.digests):
        if not pin.artifact.location.startswith(("http://", "https://")):
            return None
        key = _location_key(pin)
        paths.append(f"url/{key[:2]}/{key}")
    return tuple(paths)


def _location_key(pin: WheelPin) -> str:
    """Return a digest of the URL, without credentials, and the size that the lock says."""
    location = pin.artifact.location
    if "://" in location:
        parts = urlsplit(location)
        location = parts._replace(netloc=parts.netloc.rpartition("@")[2], fragment="").geturl()
    import hashlib  # noqa: PLC0415 - as above

    return hashlib.sha256(f"{location}\n{pin.artifact.file.size}".encode()).hexdigest()


def _key(pin: WheelPin) -> str:
    """Return a file name that all who fetch the same file agree on."""
    digests = [d.hexadecimal for d in pin.artifact.file.digests if d.strong]
    name = max(digests, key=len, default="")
    return name if name and _is_hex(name, len(name)) else _location_key(pin)


def _resolve(base: str, pin: WheelPin) -> str | None:
    """Return the sha256 of the archive that has every digest of the pin, as far as this store knows."""
    paths = _names(pin)
    if paths is None:
        return None
    found = {d.hexadecimal for d in pin.artifact.file.digests if d.algorithm == "sha256"}
    for path in paths:
        try:
            found.add(
                read_plain(f"{base}/{NAMES}/{path}", 80, follow=False).decode("ascii").strip()
            )
        except (OSError, UnicodeDecodeError):
            return None
    sha256 = found.pop() if len(found) == 1 else ""
    return sha256 if _is_hex(sha256, 64) else None


def _write_names(base: str, pin: WheelPin, digest: Digest, writer: Writer) -> None:
    for path in _names(pin) or ():
        target = f"{base}/{NAMES}/{path}"
        make_folder(os.path.dirname(target), writer=writer)
        write_whole(target, f"{digest.hexadecimal}\n".encode(), writer=writer)


def _check_pin(wheel: StoredWheel, pin: WheelPin) -> None:
    try:
        same = wheel.version == str(pin.version) or (
            Version(wheel.version.replace("_", "-")) == pin.version
        )
    except InvalidVersion:
        same = False
    if wheel.name != pin.name or not same:
        raise WrongArchiveError(
            f"the wheel holds {wheel.dist_info!r}, and {pin.name} {pin.version} is asked for",
            where=pin.artifact.file.filename,
        )
