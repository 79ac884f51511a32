"""What distributions say of themselves, in the cache, by the digest of the file that says it.

    CACHE/metadata-v4/
        AB/HEX          who told, name, version, requirements as text and taken apart … as plain values, sealed;
                        () of an sdist of which only a build can tell

A file without a strong digest may become another one: nothing of it is kept. What another packaging took apart counts as
absent. An index that tells of a file what is not in it shall be believed by nobody who asks another one: what was not
read out of the whole file, its digests checked, is kept with who told it, a digest of what was told or a place.
"""

import contextlib
import os
from collections.abc import Callable, Sequence
from typing import Any

import packaging
from packaging.version import Version

from siteroot.formats.sealed import seal, unseal
from siteroot.fs import DISK, Writer, make_folder, read_plain, write_whole
from siteroot.model.digest import STRONG, Digest
from siteroot.model.metadata import DistributionMetadata

_MAGIC = f"siteroot metadata 4, parsed by packaging {packaging.__version__}\n".encode()
_MOST = 16 << 20
_SILENT = ()


class MetadataCache:
    """The metadata that a cache holds; without a folder it keeps none. Safe for many threads and processes."""

    def __init__(self, folder: str | None, *, writer: Writer = DISK) -> None:
        self._folder = folder
        self._writer = writer

    def read(
        self, digests: Sequence[Digest], is_believed: Callable[[str], bool] | None = None
    ) -> DistributionMetadata | None:
        """Return the metadata of the file with these digests, None where it is not there.

        `is_believed` says of who told it whether that counts; without it, what was read out of the file alone does.
        """
        teller, metadata = self._load(digests)
        if teller and (is_believed is None or not is_believed(teller)):
            return None
        return metadata

    def read_told(self, digests: Sequence[Digest]) -> DistributionMetadata | None:
        """Return what somebody told of the file with these digests, None where nobody did or it was read itself."""
        teller, metadata = self._load(digests)
        return metadata if teller else None

    def _load(self, digests: Sequence[Digest]) -> tuple[str, DistributionMetadata | None]:
        """Return who told, "" for the file itself, and what is there."""
        value = self._value(digests)
        if not value:
            return "", None
        teller, name, version, requires_dist, specifiers, requires_python, extras, dynamic = value
        return teller, DistributionMetadata(
            name=name,
            version=Version(version),
            requires_dist=requires_dist,
            specifiers=specifiers,
            requires_python=requires_python,
            provides_extras=extras,
            dynamic=dynamic,
        )

    def write(
        self, digests: Sequence[Digest], metadata: DistributionMetadata, teller: str = ""
    ) -> None:
        """Keep the metadata of the file with these digests, where the disk lets us. `teller` is "" for the file itself."""
        value = (
            teller,
            metadata.name,
            str(metadata.version),
            metadata.requires_dist,
            metadata.specifiers,
            metadata.requires_python,
            metadata.provides_extras,
            metadata.dynamic,
        )
        self._keep(digests, value)

    def is_silent(self, digests: Sequence[Digest]) -> bool:
        """Whether the file with these digests was found to be an sdist of which only a build can tell."""
        return self._value(digests) == _SILENT

    def write_silent(self, digests: Sequence[Digest]) -> None:
        """Keep that only a build can tell of an sdist, which need not be opened again to know that."""
        self._keep(digests, _SILENT)

    def _value(self, digests: Sequence[Digest]) -> tuple[Any, ...] | None:
        path = self._path(digests)
        if path is None:
            return None
        try:
            value: tuple[Any, ...] | None = unseal(_MAGIC, read_plain(path, _MOST))
        except OSError:
            return None
        return value

    def _keep(self, digests: Sequence[Digest], value: tuple[Any, ...]) -> None:
        path = self._path(digests)
        if path is None:
            return
        with contextlib.suppress(OSError):  # a full disk, another's cache: it is fetched again
            make_folder(os.path.dirname(path), writer=self._writer)
            write_whole(path, seal(_MAGIC, value, recurring=True), writer=self._writer)

    def _path(self, digests: Sequence[Digest]) -> str | None:
        strong = [digest for digest in digests if digest.strong]
        if self._folder is None or not strong:
            return None
        best = max(strong, key=lambda digest: STRONG.index(digest.algorithm))
        return os.path.join(self._folder, best.hexadecimal[:2], best.hexadecimal[2:])
