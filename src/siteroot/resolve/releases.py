"""The versions of a project that there are, and which file of one speaks for it and is installed.

As uv does it: the metadata is that of the wheel that fits best; where none fits and an sdist is there, that of any
wheel of the version all the same, for all files of a version are taken to say the same.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from packaging.utils import InvalidWheelFilename, parse_wheel_filename
from packaging.version import Version

from siteroot.formats.distribution_names import is_wheel
from siteroot.formats.releases import list_releases
from siteroot.formats.wheel_tags import WheelTags
from siteroot.model.lock import Source
from siteroot.model.metadata import DistributionMetadata
from siteroot.model.release import ListedFile, ProjectPage, Release

from .line import VersionLine
from .reasons import NoUsableFile, Obstacle

Admits = Callable[[ListedFile], bool]

#: Obstacles from the least to the greatest: the file with the least tells why a version cannot be taken.
_NEARNESS = (
    Obstacle.TAGS,
    Obstacle.YANKED,
    Obstacle.NO_BINARY,
    Obstacle.NOT_SDIST,
    Obstacle.NO_BUILD,
)
_SDIST_ENDINGS = (".tar.gz", ".zip")


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePolicy:
    """Which files of a project may be taken."""

    wheels: WheelTags
    no_binary: bool
    no_build: bool
    yanked: frozenset[Version]  # versions that may be yanked
    digests: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Usable:
    """The file whose metadata speaks for a version, and the one that is installed."""

    metadata: ListedFile
    installed: ListedFile
    files: tuple[ListedFile, ...]
    source: Source


class Releases:
    """All versions of one project from indexes, on a line. `tiers` are the sets of versions to be tried in turn."""

    __slots__ = ("_admits", "_files", "_policy", "_usable", "line", "prereleases", "tiers")

    def __init__(
        self,
        pages: Sequence[ProjectPage],
        policy: FilePolicy,
        admits: Admits | None,
        *,
        by_index: bool,
    ) -> None:
        self._policy = policy
        self._admits = admits
        found: dict[Version, list[tuple[Release, Source]]] = {}
        tiers: list[set[Version]] = []
        for page in pages:
            tiers.append(set())
            for release in list_releases(page):
                if admits is None or any(admits(file) for file in release.files):
                    version = Version(release.version)
                    found.setdefault(version, []).append((release, page.source))
                    tiers[-1].add(version)
        versions = sorted(found)
        self.line = line = VersionLine(versions)
        self._files = [found[version] for version in versions]
        self._usable: dict[int, Usable | NoUsableFile] = {}
        self.prereleases = _mask(line, lambda version: version.is_prerelease)
        self.tiers = (
            [_mask(line, tier.__contains__) for tier in tiers] if by_index else [line.known]
        )

    def usable(self, place: int) -> Usable | NoUsableFile:
        """Return what of the version at a place is used, or why nothing is."""
        found = self._usable.get(place)
        if found is None:
            found = self._usable[place] = self._seek(place)
        return found

    def _seek(self, place: int) -> Usable | NoUsableFile:
        """Return the first index's version that can be used; where there is none, why the first one's cannot."""
        refusal: NoUsableFile | None = None
        for release, source in self._files[place]:
            found = choose_file(self._files_of(release), source, self._version(place), self._policy)
            if isinstance(found, Usable):
                return found
            refusal = refusal or found
        assert refusal is not None
        return refusal

    def _files_of(self, release: Release) -> tuple[ListedFile, ...]:
        if self._admits is None:
            return tuple(release.files)
        return tuple(file for file in release.files if self._admits(file))

    def _version(self, place: int) -> Version:
        return self.line.versions[place]


@dataclass(frozen=True, slots=True, kw_only=True)
class Direct:
    """The one version that a URL, a repository, a path or a directory holds."""

    line: VersionLine
    metadata: DistributionMetadata
    source: Source


def choose_file(
    files: Sequence[ListedFile], source: Source, version: Version, policy: FilePolicy
) -> Usable | NoUsableFile:
    """Return which file of a version speaks for it and is installed, or why none is."""
    fits: list[tuple[int, tuple[()] | tuple[int, str], ListedFile]] = []
    unfit: list[tuple[int, ListedFile, NoUsableFile]] = []
    sdists: list[ListedFile] = []
    for file in files:
        obstacle = _obstacle(file, version, policy)
        if obstacle is None and is_wheel(file.filename):
            tags = "-".join(file.filename[:-4].rsplit("-", 3)[1:])
            rank = policy.wheels.rank(tags)
            if rank is not None:
                fits.append((-rank, _build_tag(file.filename), file))
                continue
            obstacle = Obstacle.TAGS
        if obstacle is None:
            sdists.append(file)
        else:
            refusal = NoUsableFile(obstacle, _detail(file, obstacle))
            unfit.append((_NEARNESS.index(obstacle), file, refusal))
    if fits:
        best = max(fits, key=lambda fit: fit[:2])[2]
        return Usable(metadata=best, installed=best, files=tuple(files), source=source)
    unfit.sort(key=lambda entry: entry[0])
    if sdists:
        wheel = next((file for _, file, _ in unfit if is_wheel(file.filename)), sdists[0])
        return Usable(metadata=wheel, installed=sdists[0], files=tuple(files), source=source)
    # an sdist's obstacle tells more than a wheel's, as uv has it
    refusals = [refusal for _, file, refusal in unfit if not is_wheel(file.filename)]
    return (refusals or [refusal for _, _, refusal in unfit])[0]


def _obstacle(file: ListedFile, version: Version, policy: FilePolicy) -> Obstacle | None:
    wheel = is_wheel(file.filename)
    if wheel and policy.no_binary:
        return Obstacle.NO_BINARY
    if not wheel and policy.no_build:
        return Obstacle.NO_BUILD
    if file.yanked is not None and version not in policy.yanked:
        return Obstacle.YANKED
    if not wheel and not file.filename.endswith(_SDIST_ENDINGS):
        return Obstacle.NOT_SDIST
    return None


def _detail(file: ListedFile, obstacle: Obstacle) -> str:
    if obstacle is Obstacle.YANKED:
        return file.yanked or ""
    if obstacle is Obstacle.TAGS:
        return "-".join(file.filename[:-4].rsplit("-", 3)[1:])
    return ""


def _build_tag(filename: str) -> tuple[()] | tuple[int, str]:
    if filename.count("-") < 5:
        return ()
    try:
        return parse_wheel_filename(filename)[2]
    except InvalidWheelFilename:
        return ()


def _mask(line: VersionLine, holds: Callable[[Version], bool]) -> int:
    return sum(line.bit(place) for place, version in enumerate(line.versions) if holds(version))
