"""What lies at no index says of itself: wheels and archives at a URL or path, repositories, source trees.

A wheel goes into the store, an archive of sources and a repository's mirror into the cache, so that whoever installs it
has it; a tree is read where it stands. What is said in plain words ([project], PKG-INFO) is believed, all else is built.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from urllib.parse import unquote, urlsplit

from packaging.utils import parse_wheel_filename
from packaging.version import InvalidVersion, Version

from siteroot import fs
from siteroot.errors import InvariantError, SiterootError, SourceError
from siteroot.formats.distribution_names import SDIST_ENDINGS, is_wheel
from siteroot.formats.markers import TargetMarkers
from siteroot.formats.pyproject import parse_pyproject
from siteroot.formats.resolution_metadata import read_static_project
from siteroot.index.fetch import FetchRequest
from siteroot.index.sdist_metadata import read_sdist_metadata
from siteroot.model.digest import Digest
from siteroot.model.lock import (
    DirectorySource,
    EditableSource,
    GitSource,
    LockedFile,
    PathSource,
    Source,
    UrlSource,
    VirtualSource,
)
from siteroot.model.metadata import DistributionMetadata
from siteroot.model.pin import (
    Artifact,
    DirectoryArtifact,
    Pin,
    SdistArtifact,
    WheelArtifact,
    WheelPin,
)
from siteroot.model.release import ListedFile
from siteroot.model.resolution import ResolvedPin
from siteroot.model.value import dataclass, replace
from siteroot.model.wheel import StoredWheel
from siteroot.project.declared_sources import declared_sources
from siteroot.select.artifacts import checkout

from .build_means import BuildMeans
from .building import metadata_of
from .project_files import DiskProjectFiles
from .sources import Sources, match_digests

#: The largest METADATA or pyproject.toml that is read.
_MOST = 64 << 20


class UnreadableSourceError(SourceError):
    """What a requirement names by a URL or path cannot be a distribution."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What a source came to: its words, itself with the commit that it is now, and the file that it is, if it is one."""

    metadata: DistributionMetadata
    source: Source
    file: ListedFile | None = None


class SourceReader:
    """Reads each source once.

    `renews` says whose wheels are to be fetched anew, `no_sources` of which names a tree may not say where they are.
    """

    def __init__(
        self,
        means: BuildMeans,
        describe: Callable[[Pin], DistributionMetadata],
        renews: Callable[[str], bool],
        no_sources: Callable[[str], bool],
    ) -> None:
        self._no_sources = no_sources
        self._means = means
        self._describe = describe
        self._renews = renews
        self._digests: dict[Source, tuple[Digest, ...]] = {}
        self._found: dict[Source, _Found] = {}

    def expect(self, digests: Iterable[tuple[Source, tuple[Digest, ...]]]) -> None:
        """Take of a source only a file that has one of its digests of each algorithm."""
        self._digests.update(digests)

    def read(self, source: Source) -> DistributionMetadata:
        """Return the metadata of a source, whatever its name. Raises SourceError, IntegrityError, BuildError."""
        return self._read(source).metadata

    def settle(self, pin: ResolvedPin) -> ResolvedPin:
        """Return a resolved pin with its commit, or the file that it is."""
        found = self._found.get(pin.source)
        if found is None:
            return pin
        files = () if found.file is None else (found.file,)
        return replace(pin, source=found.source, files=files, file=found.file)

    def _read(self, source: Source) -> _Found:
        found = self._found.get(source)
        if found is None:
            found = self._found[source] = self._find(source)
        return found

    def _find(self, source: Source) -> _Found:
        match source:
            case UrlSource(url=url):
                filename = os.path.basename(unquote(urlsplit(url).path))
                return self._read_file(source, url, filename)
            case PathSource(path=path):
                if os.path.isdir(path):
                    return self._read_tree(DirectorySource(path=path))
                return self._read_file(source, path, os.path.basename(path))
            case GitSource():
                return self._read_repository(source)
            case DirectorySource() | EditableSource() | VirtualSource():
                return self._read_tree(source)
            case _:
                raise InvariantError(f"an index is no source by itself: {source}")

    # -- files --------------------------------------------------------------------------------------------------------

    def _read_file(self, source: UrlSource | PathSource, location: str, filename: str) -> _Found:
        digests = self._digests.get(source, ())
        request = FetchRequest(
            name=filename, version="", location=location, digests=_single(digests), size=None
        )
        if is_wheel(filename):
            wheel = self._bring_wheel(source, request, digests)
            metadata, digest = metadata_of(wheel), wheel.digest
        else:
            kept = Sources(self._means).keep(request, lambda path: match_digests(path, digests))
            (digest,) = kept.digests
            metadata = self._archive_metadata(source, kept)
        file = ListedFile(
            filename=filename,
            location=location,
            digests=tuple(dict.fromkeys((digest, *request.digests))),
            size=None,
            upload_time=None,
            requires_python=None,
            yanked=None,
            metadata=None,
        )
        return _Found(metadata=metadata, source=source, file=file)

    def _bring_wheel(
        self, source: Source, request: FetchRequest, digests: tuple[Digest, ...]
    ) -> StoredWheel:
        """Return the wheel, from the store where it is known to be the one."""
        filename, store = request.name, self._means.store
        try:
            name, version, *_ = parse_wheel_filename(filename)
        except ValueError:
            raise UnreadableSourceError("is no name of a wheel", where=filename) from None
        file = LockedFile(
            filename=filename, location=request.location, digests=request.digests, size=None
        )
        pin = WheelPin(
            name=name,
            version=version,
            source=source,
            artifact=WheelArtifact(file=file, location=request.location),
            direct=True,
        )
        tolerates = self._means.tolerates(name)
        if len(digests) == len(request.digests) and not self._renews(name):
            found = store.find(pin, tolerate_record=tolerates)
            if found is not None:
                return found
        with store.work() as scratch:
            archive = f"{scratch}/archive.whl"
            sha256 = self._means.fetcher.fetch(request, archive).sha256
            match_digests(archive, digests)
            return store.admit(archive, pin, sha256=sha256, tolerate_record=tolerates)

    def _archive_metadata(
        self, source: UrlSource | PathSource, file: LockedFile
    ) -> DistributionMetadata:
        if not getattr(source, "subdirectory", None):
            archive = Sources(self._means).place(file)
            metadata = read_sdist_metadata(archive, _version_of(file.filename))
            if metadata is not None:
                return metadata
        artifact = SdistArtifact(file=file, location=file.location)
        return self._built_metadata(source, artifact, "")

    # -- repositories and trees ---------------------------------------------------------------------------------------

    def _read_repository(self, source: GitSource) -> _Found:
        sources = Sources(self._means)
        settled = replace(source, commit=sources.resolve_commit(source))
        if source.path is not None:
            told = self._built_metadata(settled, checkout(settled), "")
            return _Found(metadata=told, source=settled)
        folder = f"{source.subdirectory}/" if source.subdirectory else ""
        content = sources.read_committed(settled, f"{folder}pyproject.toml")
        metadata = None if content is None else read_static_project(content, None)
        if metadata is None:
            metadata = self._built_metadata(settled, checkout(settled), _static_name(content))
        return _Found(metadata=metadata, source=settled)

    def _read_tree(self, source: DirectorySource | EditableSource | VirtualSource) -> _Found:
        content = _read_file(f"{source.path}/pyproject.toml")
        metadata = None if content is None else read_static_project(content, None)
        if metadata is None:
            artifact = DirectoryArtifact(
                folder=source.path, editable=isinstance(source, EditableSource)
            )
            metadata = self._built_metadata(source, artifact, _static_name(content))
        if content is not None:
            sources = dict(self._declared_sources(content, source.path))
            metadata = replace(metadata, sources=sources)
        return _Found(metadata=metadata, source=source)

    def _declared_sources(self, content: bytes, folder: str) -> Iterator[tuple[str, Source]]:
        """Yield where a tree wants what it requires from (`[tool.uv.sources]`), as far as that is so on the target."""
        path = f"{folder}/pyproject.toml"
        pyproject, files = parse_pyproject(content, path), DiskProjectFiles()
        markers = TargetMarkers(self._means.target.markers)
        for name in pyproject.uv.sources or ():
            if self._no_sources(name):
                continue
            try:
                declared = tuple(declared_sources(name, pyproject, files, extra=None, group=None))
            except ValueError as error:
                raise UnreadableSourceError(str(error), where=path) from None
            for source, marker in declared:
                if markers.holds(marker):
                    yield name, source
                    break

    def _built_metadata(
        self, source: Source, artifact: Artifact, name: str
    ) -> DistributionMetadata:
        pin = Pin(name=name, version=None, source=source, artifact=artifact, direct=True)
        return self._describe(pin)


def _single(digests: tuple[Digest, ...]) -> tuple[Digest, ...]:
    """Return the digests that a file has to have: those that are the only ones of their algorithm."""
    algorithms = [digest.algorithm for digest in digests]
    return tuple(each for each in digests if algorithms.count(each.algorithm) == 1)


def _version_of(filename: str) -> Version | None:
    """Return the version that an archive's name ends with, if it is one."""
    stem = filename
    for ending in SDIST_ENDINGS:
        stem = stem.removesuffix(ending)
    try:
        return Version(stem.rpartition("-")[2])
    except InvalidVersion:
        return None


def _static_name(content: bytes | None) -> str:
    """Return the name that a pyproject.toml gives, "" where only a build can tell."""
    try:
        project = None if content is None else parse_pyproject(content, "pyproject.toml").project
    except SiterootError:
        return ""
    return "" if project is None else project.normalized_name


def _read_file(path: str) -> bytes | None:
    try:
        return fs.read_plain(path, _MOST)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    except OSError as error:
        raise UnreadableSourceError(f"cannot be read: {error.strerror}", where=path) from None
