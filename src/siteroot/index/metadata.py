"""What a listed file says of itself, got as cheaply as its index allows.

In this order: out of the cache; the separate metadata file (PEP 658); the parts of a wheel that matter, by range
requests; the whole file. Of an sdist the whole file, and where only a build can tell, whoever builds.
"""

import os
import re
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from packaging.version import Version

from siteroot.errors import BuildError, IntegrityError, StoreError
from siteroot.formats.distribution_names import is_wheel, version_in
from siteroot.fs import DISK, LIMITS, make_folder, remove_file
from siteroot.model.cache import kept_archive
from siteroot.model.digest import Digest
from siteroot.model.event import Note
from siteroot.model.metadata import DistributionMetadata, InvalidMetadataError
from siteroot.model.release import ListedFile
from siteroot.ports import Reporter

from .address import show_url
from .exchange import BodyRequest, Received
from .failures import UnexpectedAnswerError
from .fetch import Fetcher, FetchRequest
from .metadata_cache import MetadataCache
from .pages import local_path

if TYPE_CHECKING:
    from .wheel_metadata import PartialFile

#: Gives a new folder, which goes at the end.
Work = Callable[[], AbstractContextManager[str]]

_CONTENT_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18})", re.ASCII | re.IGNORECASE)


class UnbuiltMetadataError(BuildError):
    """Only a build can tell what an sdist requires."""


class UnkeptArchiveError(StoreError):
    """The cache cannot take an sdist."""


class WrongMetadataDigestError(IntegrityError):
    """A metadata file is not the one that the index describes."""


class MetadataReader:
    """Reads the metadata of listed files. Safe for many threads.

    `work` gives a folder for a file that passes through, and takes it away again; `archives` is a cache in which sdists
    stay (`kept_archive`): who asks what one requires builds it next, more often than not.
    """

    def __init__(
        self,
        fetcher: Fetcher,
        cache: MetadataCache,
        reporter: Reporter,
        *,
        work: Work,
        archives: str | None = None,
    ) -> None:
        self._fetcher = fetcher
        self._cache = cache
        self._reporter = reporter
        self._work = work
        self._archives = archives
        self._wholesale: set[str] = set()  # hosts that send no parts

    def read(self, file: ListedFile, project: str) -> DistributionMetadata:
        """Return what a file of a project says of itself.

        Raises InvalidMetadataError where that makes no sense, or is of another project or version; BuildError where it
        has to be built, and cannot be; SourceError and IntegrityError where the file is not to be had as described.
        """
        metadata = self.recall(file)
        if metadata is not None:
            return metadata
        try:
            wheel = is_wheel(file.filename)
            metadata, teller = (
                self._read_wheel(file, project) if wheel else (self._read_sdist(file, project), "")
            )
            _check_identity(metadata, file, project)
        except InvalidMetadataError as error:
            raise InvalidMetadataError(
                f"the metadata of {file.filename} cannot be used: {error.message}",
                where=show_url(file.location),
            ) from None
        self._cache.write(file.digests, metadata, teller)
        return metadata

    def recall(self, file: ListedFile) -> DistributionMetadata | None:
        """Return what the cache has of a file, None where it would have to be asked for.

        Raises BuildError where the cache knows that only a build can tell.
        """
        metadata = self._cache.read(file.digests, lambda teller: _is_believed(teller, file))
        if metadata is None and not is_wheel(file.filename) and self._cache.is_silent(file.digests):
            raise _unbuilt(file)
        return metadata

    def _read_wheel(self, file: ListedFile, project: str) -> tuple[DistributionMetadata, str]:
        """Return the metadata of a wheel and who tells it, "" for the whole file."""
        # zipfile and parsers, where the cache has it not
        from siteroot.formats.resolution_metadata import parse_metadata  # noqa: PLC0415

        from .wheel_metadata import read_wheel_metadata  # noqa: PLC0415

        if local_path(file.location) is None:
            if file.metadata is not None:
                content = self._fetch_separate(file, file.metadata)
                if content is not None:
                    return parse_metadata(content), _teller(file)
            partial = self._open_partial(file)
            if partial is not None:
                return parse_metadata(read_wheel_metadata(partial, project)), show_url(
                    file.location
                )

        def read(path: str) -> DistributionMetadata:
            with open(path, "rb") as whole:
                return parse_metadata(read_wheel_metadata(whole, project))

        return self._with_whole(file, project, read), ""

    def _read_sdist(self, file: ListedFile, project: str) -> DistributionMetadata:
        from .sdist_metadata import read_sdist_metadata  # noqa: PLC0415 - tarfile, where the cache has it not

        version = Version(version_in(file.filename, project) or "0")

        def read(path: str) -> DistributionMetadata:
            metadata = read_sdist_metadata(path, version)
            if metadata is None:
                self._cache.write_silent(file.digests)
                raise _unbuilt(file)
            return metadata

        kept = None
        if self._archives is not None and local_path(file.location) is None:
            kept = kept_archive(self._archives, file.digests, file.filename)
        if kept is None:
            return self._with_whole(file, project, read)
        if not os.path.isfile(kept):
            self._keep(file, project, kept)
        return read(kept)

    def _keep(self, file: ListedFile, project: str, kept: str) -> None:
        """Fetch an archive into the cache; others see it whole or not at all."""
        folder = os.path.dirname(kept)
        partial = f"{folder}/.{os.urandom(8).hex()}.part"
        try:
            make_folder(folder)
            self._fetcher.fetch(_request(file, project), partial)
            DISK.rename(partial, kept)
        except OSError as error:
            remove_file(partial)
            if error.errno in LIMITS:
                raise
            raise UnkeptArchiveError(
                f"{file.filename} cannot be kept: {error.strerror}",
                where=folder,
                hints=("`--cache-dir` (UV_CACHE_DIR) puts the cache on another disk.",),
            ) from None

    def _with_whole(
        self, file: ListedFile, project: str, read: Callable[[str], DistributionMetadata]
    ) -> DistributionMetadata:
        """Return what `read` makes of the whole file, which lies on this disk while it reads."""
        with self._work() as folder:
            path = os.path.join(folder, file.filename)
            self._fetcher.fetch(_request(file, project), path)
            return read(path)

    def _fetch_separate(self, file: ListedFile, digests: Sequence[Digest]) -> bytes | None:
        """Return the metadata file that lies beside a wheel (PEP 658), None where there is none after all."""
        parts = urlsplit(file.location)
        request = BodyRequest(
            label=f"the metadata of {file.filename}",
            location=urlunsplit(parts._replace(path=f"{parts.path}.metadata")),
            headers={"accept-encoding": "gzip"},
            wanted=frozenset({200, 403, 404, 410}),
            unread=frozenset({403, 404, 410}),
        )
        answer = self._fetcher.receive(request)
        if answer.status != 200:
            self._reporter.report(
                Note(f"{request.label} is offered, and is not there ({answer.status})", 2)
            )
            return None
        import hashlib  # noqa: PLC0415 - 3 ms, where something is fetched

        for digest in digests:
            found = hashlib.new(digest.algorithm, answer.body, usedforsecurity=False).hexdigest()
            if found != digest.hexadecimal:
                raise WrongMetadataDigestError(
                    f"{request.label} has another {digest.algorithm} than the index says: {found} instead of "
                    f"{digest.hexadecimal}",
                    where=show_url(request.location),
                )
        return answer.body

    def _open_partial(self, file: ListedFile) -> "PartialFile | None":
        """Return a wheel whose parts come when they are read, None where the whole is as cheap, or all that is sent."""
        from .wheel_metadata import TAIL, PartialFile  # noqa: PLC0415 - as above

        origin = urlsplit(file.location).netloc
        if origin in self._wholesale or (file.size is not None and file.size <= TAIL):
            return None
        # a suffix is understood by fewer servers than a place
        first = f"-{TAIL}" if file.size is None else f"{max(0, file.size - TAIL)}-"
        answer = self._fetch_part(file, first, frozenset({200, 206, 416, 501}))
        place = _CONTENT_RANGE.fullmatch(answer.headers.get("content-range", "").strip())
        if answer.status != 206 or place is None:
            self._wholesale.add(origin)
            return None
        start, last, size = (int(number) for number in place.groups())
        if last + 1 != size or len(answer.body) != size - start:
            return None

        def read(start: int, stop: int) -> bytes:
            part = self._fetch_part(file, f"{start}-{stop - 1}", frozenset({206}))
            given = part.headers.get("content-range", "").strip().lower()
            if given != f"bytes {start}-{stop - 1}/{size}" or len(part.body) != stop - start:
                raise UnexpectedAnswerError(
                    f"a part of {file.filename} came, but not the one that was asked for",
                    where=show_url(file.location),
                )
            return part.body

        return PartialFile(answer.body, size, read)

    def _fetch_part(self, file: ListedFile, place: str, wanted: frozenset[int]) -> Received:
        return self._fetcher.receive(
            BodyRequest(
                label=f"the metadata of {file.filename}",
                location=file.location,
                headers={"range": f"bytes={place}"},
                wanted=wanted,
                unread=wanted - {206},
            )
        )


def _unbuilt(file: ListedFile) -> UnbuiltMetadataError:
    return UnbuiltMetadataError(
        f"what {file.filename} requires is known only once it is built",
        where=show_url(file.location),
    )


def _request(file: ListedFile, project: str) -> FetchRequest:
    return FetchRequest(
        name=project,
        version=version_in(file.filename, project) or "",
        location=file.location,
        digests=file.digests,
        size=file.size,
    )


def _teller(file: ListedFile) -> str:
    """Return who tells what a separate metadata file says: its digest, else the place."""
    strong = [digest for digest in file.metadata or () if digest.strong]
    return str(strong[0]) if strong else show_url(file.location)


def _is_believed(teller: str, file: ListedFile) -> bool:
    """Whether a file's own page leads to who told something of it."""
    digests = file.metadata or ()
    return any(teller == str(digest) for digest in digests) or teller == show_url(file.location)


def _check_identity(metadata: DistributionMetadata, file: ListedFile, project: str) -> None:
    """Raise InvalidMetadataError where a file speaks of another project or version than its name does."""
    if metadata.name != project:
        raise InvalidMetadataError(f"it is of {metadata.name}")
    version = Version(version_in(file.filename, project) or "0")
    if version not in {metadata.version, Version(metadata.version.public)}:
        raise InvalidMetadataError(f"it is of version {metadata.version}")
