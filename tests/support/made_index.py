"""An index in memory, in the shape of `siteroot.ports.MetadataSource`: a few projects, told by a mapping or a table."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement as ParsedRequirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from siteroot.formats.dependency_specifiers import take_apart
from siteroot.model.digest import Digest
from siteroot.model.lock import RegistrySource, Source
from siteroot.model.metadata import DependencySpecifier, DistributionMetadata, InvalidMetadataError
from siteroot.model.release import ListedFile, ProjectPage
from siteroot.model.requirement import Requirement

#: Where an index says that it is, if nobody said otherwise.
URL = "https://index.example/simple"


@dataclass(frozen=True, kw_only=True)
class MadeRelease:
    """A version as its index and its metadata tell it; `wheel_tags` are those of each of its wheels."""

    requires: tuple[str, ...] = ()
    extras: Mapping[str, Sequence[str]] = field(default_factory=dict)
    requires_python: str | None = None
    metadata_python: str | None = None  # what the metadata says, where the index does not
    wheel_tags: tuple[str, ...] = ("py3-none-any",)
    sdist: bool = True
    yanked: str | None = None
    upload_time: float | None = None
    broken: bool = False  # its metadata make no sense


def release(*requires: str, **said: Any) -> MadeRelease:
    """Return a version that requires what is said."""
    return MadeRelease(requires=requires, **said)


def read_release(table: Mapping[str, Any]) -> MadeRelease:
    """Return a version as a scenario's table tells it; its Python is 3.12 at least where none is said."""
    tags = tuple(table.get("wheel_tags", ())) or ("py3-none-any",)
    return MadeRelease(
        requires=tuple(table.get("requires", ())),
        extras=table.get("extras", {}),
        requires_python=table.get("requires_python", ">=3.12") or None,
        wheel_tags=tags if table.get("wheel", True) else (),
        sdist=table.get("sdist", True),
        yanked="" if table.get("yanked") else None,
    )


class MadeIndex:
    """One index or several. `asked` says which metadata were read, `surprises` those that nobody had announced."""

    def __init__(
        self,
        projects: Mapping[str, Mapping[str, MadeRelease]],
        *,
        others: Mapping[str, Mapping[str, Mapping[str, MadeRelease]]] | None = None,
        sources: Mapping[Source, DistributionMetadata] | None = None,
    ) -> None:
        self._indexes = {URL: projects, **(others or {})}
        self._sources = sources or {}
        self.asked: list[str] = []
        self.refusals: dict[str, str] = {}
        self.surprises: list[str] = []
        self._expected: set[str] = set()

    def pages(self, name: str, index: str | None) -> Sequence[ProjectPage]:
        return [
            _page(url, name, projects[name])
            for url, projects in self._indexes.items()
            if name in projects and index in (None, url)
        ]

    def places(self, index: str | None) -> Sequence[str]:
        return list(self._indexes) if index is None else [index]

    def refusal(self, name: str) -> str | None:
        return self.refusals.get(name)

    def known(self) -> Collection[str]:
        return {name for projects in self._indexes.values() for name in projects}

    def read(self, file: ListedFile) -> DistributionMetadata:
        self.asked.append(file.filename)
        if file.filename not in self._expected:
            self.surprises.append(file.filename)
        url, _, rest = file.location.partition("/files/")
        name, version, _ = rest.split("/")
        made = self._indexes[url][name][version]
        if made.broken:
            raise InvalidMetadataError(f"the metadata of {file.filename} cannot be used")
        return _metadata(name, version, made)

    def read_source(self, source: Source) -> DistributionMetadata:
        return self._sources[source]

    def expect(self, names: Sequence[str]) -> None:
        assert not isinstance(names, str)

    def expect_metadata(self, files: Sequence[ListedFile]) -> None:
        self._expected.update(file.filename for file in files)


def digest_of(filename: str) -> Digest:
    """Return the digest of a file that does not exist."""
    return Digest("sha256", hashlib.sha256(filename.encode()).hexdigest())


def _page(url: str, name: str, releases: Mapping[str, MadeRelease]) -> ProjectPage:
    files = []
    for version, made in releases.items():
        stem = f"{name.replace('-', '_')}-{Version(version)}"
        names = [f"{stem}-{tags}.whl" for tags in made.wheel_tags]
        names += [f"{stem}.tar.gz"] if made.sdist else []
        files += [
            ListedFile(
                filename=filename,
                location=f"{url}/files/{name}/{version}/{filename}",
                digests=(digest_of(filename),),
                size=None,
                upload_time=made.upload_time,
                requires_python=made.requires_python,
                yanked=made.yanked,
                metadata=None,
            )
            for filename in names
        ]
    return ProjectPage(name=name, source=RegistrySource(url), files=tuple(files))


def _metadata(name: str, version: str, made: MadeRelease) -> DistributionMetadata:
    optional = [_with_extra(text, extra) for extra, texts in made.extras.items() for text in texts]
    requires = (*made.requires, *optional)
    return DistributionMetadata(
        name=name,
        version=Version(version),
        requires_dist=requires,
        specifiers=tuple(map(_apart, requires)),
        requires_python=made.metadata_python or made.requires_python,
        provides_extras=tuple(made.extras),
        dynamic=frozenset(),
    )


def _apart(text: str) -> DependencySpecifier | None:
    try:
        return take_apart([ParsedRequirement(text)])[0]
    except InvalidRequirement:
        return None  # as an installed distribution may say it


def _with_extra(text: str, extra: str) -> str:
    head, _, marker = text.partition(";")
    also = f"({marker.strip()}) and " if marker else ""
    return f"{head.strip()}; {also}extra == '{extra}'"


def asks(
    *texts: str, origin: str = "requirements.in", **sources: Source
) -> tuple[Requirement, ...]:
    """Return requirements as somebody writes them; `sources` say where a name comes from."""
    found = []
    for text in texts:
        parsed = ParsedRequirement(text)
        name = canonicalize_name(parsed.name)
        found.append(
            Requirement(
                name=name,
                extras=tuple(sorted(map(canonicalize_name, parsed.extras))),
                specifier=parsed.specifier,
                marker=parsed.marker,
                source=sources.get(name.replace("-", "_")),
                origin=origin,
            )
        )
    return tuple(found)
