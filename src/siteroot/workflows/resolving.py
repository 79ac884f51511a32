"""What requirements resolve to, by what the settings' indexes offer: for people, and for build backends."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from siteroot.errors import BuildError, SiterootError
from siteroot.formats.distribution_names import is_wheel, version_in
from siteroot.formats.wheel_tags import WheelTags, describe_target, rank_wheels
from siteroot.index.fetch import Fetcher
from siteroot.index.metadata import UnbuiltMetadataError, Work
from siteroot.model.digest import Digest
from siteroot.model.installed import DescribedDistribution
from siteroot.model.lock import FlatSource, LockedFile, LockedPackage, RegistrySource, Source
from siteroot.model.metadata import DistributionMetadata
from siteroot.model.pin import Pin, SdistArtifact, WheelArtifact
from siteroot.model.release import ListedFile, ProjectPage
from siteroot.model.requirement import Requirement
from siteroot.model.resolution import (
    Chosen,
    IndexStrategy,
    PrereleaseMode,
    Resolution,
    ResolutionOptions,
    ResolutionRequest,
    ResolvedPin,
    VersionChoice,
)
from siteroot.model.settings import Settings
from siteroot.model.target import Target
from siteroot.model.value import replace
from siteroot.ports import MetadataSource, Reporter
from siteroot.project.cutoffs import read_cutoffs
from siteroot.resolve.direct import read_requirement
from siteroot.resolve.solving import resolve
from siteroot.select.choice import normalize_names

from .installed_source import InstalledSource, versions_of
from .metadata_source import IndexedMetadata, refuse_source
from .paging import open_metadata
from .requested_hashes import check_requested

if TYPE_CHECKING:
    from .reading_sources import SourceReader

#: Returns what requirements resolve to for a target; the last word says whose build needs them.
Resolve = Callable[[Sequence[str], Target, str], Sequence[Pin]]

#: Returns what the wheel of a pin, which has to be built, says of itself.
Describe = Callable[[Pin], DistributionMetadata]


_BUILD_HASHES = (
    '`build-constraint-dependencies` may hold it: { requirement = "NAME==VERSION", hashes = [...] }'
)


class BadBuildRequirementError(BuildError):
    """What a build asks for is no requirement."""


class IndexResolver:
    """Resolves for any target.

    What a distribution says only once it is built is built in the thread that asks, which may resolve in its turn.
    `work` gives a folder for a file that passes through. `build_constraints` hold for whatever a build needs.
    """

    def __init__(
        self,
        settings: Settings,
        open_fetcher: Callable[[], Fetcher],
        cache_folder: str | None,
        *,
        work: Work,
        reporter: Reporter,
        build_constraints: Sequence[Requirement] = (),
    ) -> None:
        self._settings = settings
        self._build_constraints = tuple(build_constraints)
        self._open_fetcher = open_fetcher
        self._cache_folder = cache_folder
        self._work = work
        self._reporter = reporter
        self._describe: Describe | None = None
        self._open_reader: Callable[[], SourceReader] | None = None

    def build_with(self, describe: Describe, open_reader: "Callable[[], SourceReader]") -> None:
        """Learn from here on what only a build can tell, and read what lies at no index."""
        self._describe = describe
        self._open_reader = open_reader

    def resolve(
        self,
        request: ResolutionRequest,
        target: Target,
        installed: Mapping[str, DescribedDistribution] | None = None,
        *,
        required: bool = False,
    ) -> Resolution:
        """Return what a request comes to; `installed`, by name, may be chosen whether or not an index has it.

        What has to be built to be read is one of the files that were asked for; where hashes are `required`, nothing else.
        Raises ResolutionError, SourceError, IntegrityError, BuildError.
        """

        def trusted(pin: Pin) -> Pin:
            (checked,) = check_requested((pin,), request, required=required)
            return checked

        cutoffs = read_cutoffs(self._settings, datetime.now(UTC).astimezone())
        open_reader, expected = self._open_reader, tuple(_digests(request))
        if open_reader is not None and expected:
            open_reader().expect(expected)
        with open_metadata(
            self._settings,
            self._open_fetcher(),
            self._cache_folder,
            self._reporter,
            work=self._work,
            read_source=self._read_source,
        ) as indexed:
            source: MetadataSource = _BuildingMetadata(indexed, self._describe, trusted)
            if installed:
                source = InstalledSource(source, installed, request.options.no_build)
                request = replace(request, installed=versions_of(installed))
            resolution = resolve(request, target, source, cutoffs)
        return replace(resolution, pins=tuple(map(self._settle, resolution.pins)))

    def _read_source(self, source: Source) -> DistributionMetadata:
        return (
            refuse_source(source) if self._open_reader is None else self._open_reader().read(source)
        )

    def _settle(self, pin: ResolvedPin) -> ResolvedPin:
        """Return a pin with its commit, or the file that it is; what comes from an index has it from there."""
        if self._open_reader is None or isinstance(pin.source, RegistrySource | FlatSource):
            return pin
        return self._open_reader().settle(pin)

    def pins(
        self,
        resolution: Resolution,
        request: ResolutionRequest,
        target: Target,
        links: Callable[[str], bool] = lambda _: True,
    ) -> tuple[Pin, ...]:
        """Return what is installed, from which file, by the same choice as from a lock. Raises SelectionError.

        `links` says whether a distribution, by name, may be a link to its tree where it was asked for as one.
        """
        # what `compile` need not pay
        from siteroot.select.artifacts import (  # noqa: PLC0415
            ArtifactChooser,
            Unusable,
            new_build_policy,
            refuse_unusable,
        )

        chooser = ArtifactChooser(
            tags=WheelTags(target.tags),
            policy=new_build_policy(self._settings),
            lock_folder="/",
            always_built=frozenset(),
        )
        direct = {requirement.name for requirement in request.requirements}
        pins, unusable = [], []
        for resolved in resolution.pins:
            locked = _left(as_locked(resolved), resolved, chooser.tags)
            artifact = _wheel_of(resolved) or chooser.select(locked, editable=links(locked.name))
            if isinstance(artifact, Unusable):
                unusable.append(artifact)
                continue
            pins.append(
                Pin(
                    name=locked.name,
                    version=locked.version,
                    source=locked.source,
                    artifact=artifact,
                    direct=locked.name in direct,
                )
            )
        refuse_unusable(unusable, describe_target(target), leavable=False)
        return tuple(pins)

    def for_build(self, requires: Sequence[str], target: Target, why: str) -> Sequence[Pin]:
        """Return what a build needs: a `Resolve`. Raises BuildError, which says whose build it was for."""
        if not requires:
            return ()
        required = bool(self._settings.require_build_hashes)
        request = ResolutionRequest(
            requirements=tuple(_parse(text, why) for text in requires),
            constraints=self._build_constraints,
            options=replace(
                options_of(self._settings),
                choice=VersionChoice.HIGHEST,
                prereleases=PrereleaseMode.IF_NECESSARY,
                prereleases_of={},
            ),
        )
        try:
            resolution = self.resolve(request, target, required=required)
            pins = self.pins(resolution, request, target)
            return check_requested(pins, request, required=required, hint=_BUILD_HASHES)
        except SiterootError as error:
            if why not in error.message:
                error.hints = (*error.hints, f"it is needed to build {why}")
            raise


class _BuildingMetadata:
    """Answers from indexes; what they do not know is built, in the thread that asks. A `ports.MetadataSource`."""

    def __init__(
        self, indexed: IndexedMetadata, describe: Describe | None, trusted: Callable[[Pin], Pin]
    ) -> None:
        self._indexed = indexed
        self._describe = describe
        self._trusted = trusted
        self._built: dict[str, DistributionMetadata] = {}

    def pages(self, name: str, index: str | None) -> Sequence[ProjectPage]:
        """Return the pages of a project."""
        return self._indexed.pages(name, index)

    def places(self, index: str | None) -> Sequence[str]:
        """Return where a project's pages are looked for."""
        return self._indexed.places(index)

    def refusal(self, name: str) -> str | None:
        """Return the index that did not say without other credentials whether it has a project."""
        return self._indexed.refusal(name)

    def known(self) -> Collection[str]:
        """Return names of projects that the indexes are known to have."""
        return self._indexed.known()

    def read(self, file: ListedFile) -> DistributionMetadata:
        """Return the metadata of a listed file."""
        if file.location in self._built:
            return self._built[file.location]
        try:
            return self._indexed.read(file)
        except UnbuiltMetadataError:
            if self._describe is None:
                raise
            pin = self._trusted(_pin_of_sdist(file, self._indexed.project_of(file)))
            metadata = self._built[file.location] = self._describe(pin)
            return metadata

    def read_source(self, source: Source) -> DistributionMetadata:
        """Return the metadata of what a URL, repository, path or directory holds."""
        return self._indexed.read_source(source)

    def expect(self, names: Sequence[str]) -> None:
        """Begin to fetch pages that will be asked for."""
        self._indexed.expect(names)

    def expect_metadata(self, files: Sequence[ListedFile]) -> None:
        """Begin to fetch metadata that will be asked for."""
        self._indexed.expect_metadata(files)


def _wheel_of(pin: ResolvedPin) -> WheelArtifact | None:
    """Return the wheel that the resolution chose at an index: by more than a lock could say, such as hashes."""
    file = pin.file
    if (
        file is None
        or not is_wheel(file.filename)
        or not isinstance(pin.source, RegistrySource | FlatSource)
    ):
        return None
    return WheelArtifact(file=_locked_file(file), location=file.location)


def _left(locked: LockedPackage, pin: ResolvedPin, tags: WheelTags) -> LockedPackage:
    """Return a distribution without the wheels that fit, where the resolution chose its sdist over them."""
    if pin.file is None or is_wheel(pin.file.filename):
        return locked
    fitting = rank_wheels(locked.wheels, tags)
    return replace(locked, wheels=tuple(each for each in locked.wheels if each not in fitting))


def _locked_file(file: ListedFile) -> LockedFile:
    return LockedFile(
        filename=file.filename, location=file.location, digests=file.digests, size=file.size
    )


def as_locked(pin: ResolvedPin) -> LockedPackage:
    """Return a resolved distribution as a lock would hold it."""
    files = list(map(_locked_file, pin.files))
    return LockedPackage(
        name=pin.name,
        version=pin.version,
        source=pin.source,
        resolution_markers=(),
        default_groups=None,
        dependencies=(),
        optional_dependencies={},
        dev_dependencies={},
        sdist=next((file for file in files if not is_wheel(file.filename)), None),
        wheels=tuple(file for file in files if is_wheel(file.filename)),
        metadata=None,
    )


def chosen(names: Sequence[str], *, everyone: bool | None, but: Sequence[str] = ()) -> Chosen:
    """Return whom a flag for all, and one for some, speak of. `but`: names that the opposite flag claims."""
    if everyone:
        return Chosen(names=frozenset(normalize_names(but)), inverted=True)
    return Chosen(names=frozenset(normalize_names(names)))


def options_of(settings: Settings) -> ResolutionOptions:
    """Return how versions are chosen, as the settings say."""
    defaults = ResolutionOptions()
    return ResolutionOptions(
        choice=VersionChoice(settings.resolution) if settings.resolution else defaults.choice,
        prereleases=(
            PrereleaseMode(settings.prerelease) if settings.prerelease else defaults.prereleases
        ),
        prereleases_of=_modes(settings.prerelease_package or {}),
        index_strategy=(
            IndexStrategy(settings.index_strategy)
            if settings.index_strategy
            else defaults.index_strategy
        ),
        no_build=chosen(
            settings.no_build_package,
            everyone=settings.no_build,
            but=() if settings.no_binary else settings.no_binary_package,
        ),
        no_binary=chosen(
            settings.no_binary_package,
            everyone=settings.no_binary,
            but=() if settings.no_build else settings.no_build_package,
        ),
    )


def _modes(said: Mapping[str, str]) -> dict[str, PrereleaseMode]:
    return {canonicalize_name(name): PrereleaseMode(mode) for name, mode in said.items()}


def _digests(request: ResolutionRequest) -> Iterator[tuple[Source, tuple[Digest, ...]]]:
    """Yield what the files of sources have to be, as who asks for them says."""
    for each in (*request.overrides, *request.constraints, *request.requirements):
        if each.source is not None and each.digests:
            yield each.source, each.digests


def _parse(text: str, why: str) -> Requirement:
    """Return a build requirement. Raises BadBuildRequirementError."""
    try:
        return read_requirement(text, f"the build of {why}")
    except InvalidRequirement:
        raise BadBuildRequirementError(
            f"the build of {why} asks for {text[:200]!r}, which is no requirement"
        ) from None


def _pin_of_sdist(file: ListedFile, project: str) -> Pin:
    version = Version(version_in(file.filename, project) or "0")
    locked = _locked_file(file)
    return Pin(
        name=project,
        version=version,
        source=RegistrySource(""),
        artifact=SdistArtifact(file=locked, location=file.location),
        direct=False,
    )
