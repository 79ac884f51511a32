"""The versions of a project that there are, and which file of one speaks for it and is installed.

As uv does it: the metadata is that of the wheel that fits best; where none fits and an sdist is there, that of any
wheel of the version all the same, for all files of a version are taken to say the same.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain

from packaging.utils import InvalidWheelFilename, parse_wheel_filename
from packaging.version import Version

from siteroot.formats.distribution_names import is_wheel
from siteroot.formats.releases import list_releases
from siteroot.formats.wheel_tags import Unfitness, WheelTags
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
#: What a wheel may not fit in and where its tags say it, from the least misfit to the greatest.
_FITNESS = ((2, Unfitness.PLATFORM), (1, Unfitness.ABI), (0, Unfitness.PYTHON))
_SDIST_ENDINGS = (".tar.gz", ".zip")


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePolicy:
    """Which files of a project may be taken."""

    wheels: WheelTags
    no_binary: bool
    no_build: bool
    yanked: frozenset[Version]  # versions that may be yanked


@dataclass(frozen=True, slots=True, kw_only=True)
class Usable:
    """The file whose metadata speaks for a version, and the one that is installed."""

    metadata: ListedFile
    installed: ListedFile
    files: tuple[ListedFile, ...]
    source: Source


class Releases:
    """All versions of one project from indexes, on a line. `tiers` are the sets of versions to be tried in turn.

    Files that are too new make their version one that there is not. To know it takes a look at the files, of which an
    index may have ten thousand: so it is looked up for the versions that are met, and for their neighbours.
    """

    __slots__ = ("_admits", "_files", "_policy", "_usable", "line", "prereleases", "tiers")

    def __init__(
        self,
        pages: Sequence[Sequence[tuple[Version, Release, Source]]],
        policy: FilePolicy,
        admits: Admits | None,
        *,
        by_index: bool,
    ) -> None:
        self._policy = policy
        self._admits = admits
        grouped = _group(pages)
        self.line = line = VersionLine([version for version, _ in grouped])
        self._files = [files for _, files in grouped]
        self._usable: dict[int, Usable | NoUsableFile] = {}
        self.prereleases = _mask(line, lambda version: version.is_prerelease)
        self.tiers = [line.known]
        if by_index:
            indexes = [{version for version, _, _ in page} for page in pages]
            self.tiers = [_mask(line, index.__contains__) for index in indexes]

    def admit(self, place: int) -> bool:
        """Whether a version has a file that is old enough; else it is one that there is not from now on."""
        if not self.line.known & self.line.bit(place):
            return False
        admits = self._admits
        if admits is None or any(
            admits(file) for release, _ in self._files[place] for file in release.files
        ):
            return True
        self.line.known &= ~self.line.bit(place)
        return False

    def admit_all(self) -> None:
        """Look at every version's files."""
        for place in range(len(self._files)):
            self.admit(place)

    def run(self, place: int) -> int:
        """Return a version with all around it where there is no other one."""
        start, end = place, place
        while start > 0 and not self.admit(start - 1):
            start -= 1
        while end < len(self._files) - 1 and not self.admit(end + 1):
            end += 1
        return self.line.run(start, end)

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
            files = self._files_of(release)
            if not files:  # too new, all of them; another index has older ones
                continue
            found = choose_file(files, source, self.line.versions[place], self._policy)
            if isinstance(found, Usable):
                return found
            refusal = refusal or found
        assert refusal is not None
        return refusal

    def _files_of(self, release: Release) -> tuple[ListedFile, ...]:
        if self._admits is None:
            return tuple(release.files)
        return tuple(file for file in release.files if self._admits(file))


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
            rank = policy.wheels.rank(_tags(file))
            if rank is not None:
                fits.append((-rank, _build_tag(file.filename), file))
                continue
            obstacle = Obstacle.TAGS
        if obstacle is None:
            sdists.append(file)
        else:
            refusal = NoUsableFile(obstacle, file.yanked or "")
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


def list_versions(
    page: ProjectPage, parsed: dict[str, Version]
) -> list[tuple[Version, Release, Source]]:
    """Return a page's versions, oldest first. `parsed` keeps them: most are those of other projects too."""
    found: list[tuple[Version, Release, Source]] = []
    for release in list_releases(page):
        version = parsed.get(release.version)
        if version is None:
            version = parsed[release.version] = Version(release.version)
        found.append((version, release, page.source))
    return found


def _group(
    pages: Sequence[Sequence[tuple[Version, Release, Source]]],
) -> list[tuple[Version, list[tuple[Release, Source]]]]:
    """Return the versions of all indexes, oldest first; those of several indexes in the order of these."""
    if len(pages) == 1:
        return [(version, [(release, source)]) for version, release, source in pages[0]]
    grouped: dict[Version, list[tuple[Release, Source]]] = {}
    for version, release, source in chain.from_iterable(pages):
        grouped.setdefault(version, []).append((release, source))
    return sorted(grouped.items())


def _mask(line: VersionLine, holds: Callable[[Version], bool]) -> int:
    return sum(line.bit(place) for place, version in enumerate(line.versions) if holds(version))
