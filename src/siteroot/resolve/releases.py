"""The versions of a project that there are, and which file of one speaks for it and is installed.

As uv does it: the metadata is that of the wheel that fits best; where none fits and an sdist is there, that of any
wheel of the version all the same, for all files of a version are taken to say the same.
"""

from collections.abc import Callable, Sequence
from itertools import chain
from typing import NamedTuple, Protocol

from packaging.utils import InvalidWheelFilename, parse_wheel_filename
from packaging.version import Version

from siteroot.formats.distribution_names import is_wheel
from siteroot.formats.releases import list_releases
from siteroot.formats.wheel_tags import Unfitness, WheelTags
from siteroot.model.digest import Digest
from siteroot.model.lock import Source
from siteroot.model.metadata import DistributionMetadata
from siteroot.model.release import ListedFile, ProjectPage, Release
from siteroot.model.value import dataclass

from .line import VersionLine
from .reasons import NoUsableFile, Obstacle

#: Obstacles from the least to the greatest: the file with the least tells why a version cannot be taken.
_NEARNESS = (
    Obstacle.TAGS,
    Obstacle.YANKED,
    Obstacle.NO_BINARY,
    Obstacle.NOT_SDIST,
    Obstacle.NO_BUILD,
)
#: What a wheel may not fit in and where its tags say it, from the least misfit to the greatest.
_FITNESS = ((2, Unfitness.PLATFORM), (1, Unfitness.ABI), (0, Unfitness.PYTHON))
_SDIST_ENDINGS = (".tar.gz", ".zip")


class FileAges(Protocol):
    """Says which files may be looked at: they are old enough."""

    def admits(self, project: str, file: ListedFile) -> bool:
        """Whether a file is."""
        ...

    def admits_all(self, project: str, release: Release) -> bool | None:
        """Whether all files of a release are, or none is; None where each has to be looked at."""
        ...


class ListedVersion(NamedTuple):
    """A version as one index has it."""

    version: Version
    release: Release
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePolicy:
    """Which files of a project may be taken."""

    project: str
    wheels: WheelTags
    ages: FileAges | None
    no_binary: bool
    no_build: bool
    yanked: frozenset[Version]  # versions that may be yanked
    digests: frozenset[Digest] = (
        frozenset()
    )  # those that are asked for (`--hash`); empty where none are

    def trust(self, file: ListedFile) -> int:
        """Return how well a file's digests are those asked for: 2 where they are, 1 where it has none, 0 else."""
        if not self.digests or not self.digests.isdisjoint(file.digests):
            return 2
        return 0 if file.digests else 1

    def admits_any(self, listed: ListedVersion) -> bool:
        """Whether a version has a file that is old enough."""
        if self.ages is None:
            return True
        known = self.ages.admits_all(self.project, listed.release)
        return bool(self.admitted(listed.release)) if known is None else known

    def admitted(self, release: Release) -> Sequence[ListedFile]:
        """Return the files of a version that are old enough."""
        ages = self.ages
        if ages is None:
            return release.files
        return [file for file in release.files if ages.admits(self.project, file)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Usable:
    """The file whose metadata speaks for a version, and the one that is installed."""

    metadata: ListedFile
    installed: ListedFile
    files: tuple[ListedFile, ...]
    source: Source


class Releases:
    """All versions of one project from indexes, on a line. `tiers` are the sets of versions to be tried in turn.

    `withheld` is the newest version that is too new (`FileAges`), None where none is.
    """

    __slots__ = ("_files", "_policy", "_usable", "line", "prereleases", "tiers", "withheld")

    def __init__(
        self,
        pages: Sequence[Sequence[ListedVersion]],
        policy: FilePolicy,
        *,
        by_index: bool,
    ) -> None:
        self._policy = policy
        admitted = [[each for each in page if policy.admits_any(each)] for page in pages]
        self.withheld = _newest_left_out(pages, admitted)
        versions, self._files = _group(admitted)
        self.line = line = VersionLine(versions)
        self._usable: dict[int, Usable | NoUsableFile] = {}
        self.prereleases = _mask(line, lambda version: version.is_prerelease)
        self.tiers = [line.known]
        if by_index:
            indexes = [{each.version for each in page} for page in pages]
            self.tiers = [_mask(line, index.__contains__) for index in indexes]

    def usable(self, place: int) -> Usable | NoUsableFile:
        """Return what of the version at a place is used, or why nothing is."""
        found = self._usable.get(place)
        if found is None:
            found = self._usable[place] = self._seek(place)
        return found

    def _seek(self, place: int) -> Usable | NoUsableFile:
        """Return the first index's version that can be used; where there is none, why the first one's cannot."""
        refusal: NoUsableFile | None = None
        for listed in self._files[place]:
            found = choose_file(self._policy.admitted(listed.release), listed, self._policy)
            if isinstance(found, Usable):
                return found
            refusal = refusal or found
        assert refusal is not None
        return refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Direct:
    """The one version that a URL, a repository, a path or a directory holds."""

    line: VersionLine
    metadata: DistributionMetadata
    source: Source


def choose_file(
    files: Sequence[ListedFile], listed: ListedVersion, policy: FilePolicy
) -> Usable | NoUsableFile:
    """Return which file of a version speaks for it and is installed, or why none is."""
    fits: list[tuple[int, int, tuple[()] | tuple[int, str], ListedFile]] = []
    unfit: list[tuple[int, ListedFile, NoUsableFile]] = []
    sdists: list[ListedFile] = []
    for file in files:
        obstacle = _obstacle(file, listed.version, policy)
        if obstacle is None and is_wheel(file.filename):
            rank = policy.wheels.rank(_tags(file))
            if rank is not None:
                fits.append((policy.trust(file), -rank, _build_tag(file.filename), file))
                continue
            obstacle = Obstacle.TAGS
        if obstacle is None:
            sdists.append(file)
        else:
            refusal = NoUsableFile(obstacle, file.yanked or "")
            unfit.append((_NEARNESS.index(obstacle), file, refusal))
    best = max(fits, key=lambda fit: fit[:3])[3] if fits else None
    sdist = max(sdists, key=policy.trust, default=None)
    unfit.sort(key=lambda entry: entry[0])
    if best is not None and (sdist is None or policy.trust(best) >= policy.trust(sdist)):
        return Usable(metadata=best, installed=best, files=tuple(files), source=listed.source)
    if sdist is not None:
        other = next((file for _, file, _ in unfit if is_wheel(file.filename)), sdist)
        metadata = sdist if best is not None else other
        return Usable(metadata=metadata, installed=sdist, files=tuple(files), source=listed.source)
    # an sdist's obstacle tells more than a wheel's, as uv has it
    refusals = [refusal for _, file, refusal in unfit if not is_wheel(file.filename)]
    nearest = (refusals or [refusal for _, _, refusal in unfit])[0]
    if nearest.obstacle is Obstacle.TAGS:
        return NoUsableFile(Obstacle.TAGS, _misfit([file for _, file, _ in unfit], policy.wheels))
    return nearest


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


def _misfit(files: Sequence[ListedFile], wheels: WheelTags) -> str:
    """Return what the wheels that come nearest are for: platforms, else ABIs, else Pythons."""
    tags = [_tags(file) for file in files if is_wheel(file.filename)]
    reasons = [wheels.explain(each).reason for each in tags]
    place, nearest = next((place, each) for place, each in _FITNESS if each in reasons)
    parts = [
        each.split("-")[place] for each, why in zip(tags, reasons, strict=True) if why is nearest
    ]
    return ", ".join(sorted({part for each in parts for part in each.split(".")}))


def _tags(file: ListedFile) -> str:
    return "-".join(file.filename[:-4].rsplit("-", 3)[1:])


def _build_tag(filename: str) -> tuple[()] | tuple[int, str]:
    if filename.count("-") < 5:
        return ()
    try:
        return parse_wheel_filename(filename)[2]
    except InvalidWheelFilename:
        return ()


def list_versions(page: ProjectPage, parsed: dict[str, Version]) -> list[ListedVersion]:
    """Return a page's versions, oldest first. `parsed` keeps them: most are those of other projects too."""
    found = []
    for release in list_releases(page):
        version = parsed.get(release.version)
        if version is None:
            version = parsed[release.version] = Version(release.version)
        found.append(ListedVersion(version, release, page.source))
    return found


def _newest_left_out(
    pages: Sequence[Sequence[ListedVersion]], admitted: Sequence[Sequence[ListedVersion]]
) -> Version | None:
    left_out = [
        page[-1].version
        for page, rest in zip(pages, admitted, strict=True)
        if page and (not rest or rest[-1].version != page[-1].version)
    ]
    return max(left_out, default=None)


def _group(
    pages: Sequence[Sequence[ListedVersion]],
) -> tuple[list[Version], Sequence[Sequence[ListedVersion]]]:
    """Return the versions of all indexes, oldest first, and each as the indexes have it, in the order of these."""
    if len(pages) == 1:
        return [each.version for each in pages[0]], list(zip(pages[0], strict=True))
    grouped: dict[Version, list[ListedVersion]] = {}
    for each in chain.from_iterable(pages):
        grouped.setdefault(each.version, []).append(each)
    versions = sorted(grouped)
    return versions, [grouped[version] for version in versions]


def _mask(line: VersionLine, holds: Callable[[Version], bool]) -> int:
    return sum(line.bit(place) for place, version in enumerate(line.versions) if holds(version))
