"""The file that a download goes into: written, counted and hashed in one pass."""

import hashlib
import os
from types import TracebackType
from typing import Self

from siteroot.errors import IntegrityError, StoreError
from siteroot.fs import DISK, LIMITS, Writer, remove_file, write_all
from siteroot.model.digest import Digest

_FRESH = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC

#: What to do for a file that changed rightly.
_ANEW = "lock again, or put its hash where the old one was asked for"


class WrongSizeError(IntegrityError):
    """A file is longer or shorter than is asked for."""


class WrongDigestError(IntegrityError):
    """A file's bytes have another digest than is asked for."""


class UnknownDigestError(IntegrityError):
    """A file is asked for by a digest whose algorithm cannot be computed here."""


class UnwritableError(StoreError):
    """A download cannot be written to the disk."""


class Sink:
    """Bytes on their way to a file, open from entry to exit; what is left by an exception is removed.

    `label` and `shown` name the distribution and the URL in messages. Every digest that is asked for is computed,
    and sha256 always.
    """

    def __init__(
        self,
        path: str,
        *,
        digests: tuple[Digest, ...],
        size: int | None,
        label: str,
        shown: str,
        writer: Writer = DISK,
    ) -> None:
        self._path = path
        self._digests = digests
        self.size = size
        self._label = label
        self._shown = shown
        self._writer = writer
        self._descriptor: int | None = None
        self.restart()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._close()
        if kind is not None:
            remove_file(self._path, writer=self._writer)

    def restart(self) -> None:
        """Forget all bytes that came."""
        self.received = 0
        names = {digest.algorithm for digest in self._digests} | {"sha256"}
        self._hashes = {name: self._start(name) for name in names}
        self._close()
        try:
            self._descriptor = self._writer.create(self._path, _FRESH, 0o644)
        except OSError as error:
            if error.errno in LIMITS:
                raise
            raise self._unwritable(error) from None

    def write(self, chunk: bytes) -> None:
        """Take the next bytes. Raises WrongSizeError as soon as they are too many, UnwritableError."""
        received = self.received + len(chunk)
        if self.size is not None and received > self.size:
            raise self.wrong_size(f"more than {self.size} bytes")
        for running in self._hashes.values():
            running.update(chunk)
        assert self._descriptor is not None, "a sink is written to while it is open"
        try:
            write_all(self._descriptor, chunk, writer=self._writer)
        except OSError as error:
            if error.errno in LIMITS:
                raise
            raise self._unwritable(error) from None
        self.received = received

    def mismatch(self) -> IntegrityError | None:
        """Return what is wrong with the bytes as they are now, None where size and every digest are those asked for."""
        if self.size is not None and self.received != self.size:
            return self.wrong_size(f"{self.received} bytes")
        for digest in self._digests:
            found = self._hashes[digest.algorithm].hexdigest()
            if found != digest.hexadecimal:
                changed = "The file was changed"
                if not self._shown.startswith(("/", "file:")):
                    changed += " on the server, or something between here and there changes it"
                return WrongDigestError(
                    f"{self._label} has another {digest.algorithm} than is asked for: {found} instead of "
                    f"{digest.hexadecimal}",
                    where=self._shown,
                    hints=(f"{changed}; if the new file is meant, {_ANEW}.",),
                )
        return None

    def wrong_size(self, found: str) -> WrongSizeError:
        """Return the error for a file of another size, in the words of `found`."""
        return WrongSizeError(
            f"{self._label} has another size than is asked for: {found} instead of {self.size}",
            where=self._shown,
            hints=(f"If the new file is meant, {_ANEW}.",),
        )

    @property
    def sha256(self) -> str:
        """The hexadecimal sha256 of the bytes so far."""
        return self._hashes["sha256"].hexdigest()

    def _start(self, algorithm: str) -> "hashlib._Hash":
        try:
            return hashlib.new(algorithm, usedforsecurity=False)
        except ValueError:
            raise UnknownDigestError(
                f"{self._label} is asked for by its {algorithm}, which this Python cannot compute",
                where=self._shown,
            ) from None

    def _close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _unwritable(self, error: OSError) -> UnwritableError:
        return UnwritableError(
            f"{self._label} could not be written: {error.strerror or type(error).__name__}",
            where=self._path,
            hints=("`--cache-dir` (UV_CACHE_DIR) puts the cache on another disk.",),
        )
