"""The versions of a project that there are, and which file of one speaks for it and is installed.

As uv does it: the metadata is that of the wheel that fits best; where none fits and an sdist is there, that of any
wheel of the version all the same, for all files of a version are taken to say the same.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import NamedTuple, Protocol, overload

from packaging.utils import InvalidWheelFilename, parse_wheel_filename
from packaging.version import Version

from siteroot.formats.distribution_names import is_wheel
from siteroot.formats.releases import ListedReleases, list_releases, matching_files
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


#: A wheel that fits: how well its digests are those asked for, how well its tags fit, its build tag.
_Fit = tuple[int, int, tuple[()] | tuple[int, str], ListedFile]
#: A file that cannot be taken, after how far it is from that.
_Unfit = tuple[int, ListedFile, NoUsableFile]


class FileAges(Protocol):
    """Says which files may be looked at: they are old enough."""

    def of(self, project: str) -> float | None:
        """Return the moment from which on a project's files are too new, in seconds since 1970; None where none is."""
        ...

    def admits(self, project: str, file: ListedFile) -> bool:
        """Whether a file is."""
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
    installed: Version | None = None  # the one that is there, however it came
    digests: frozenset[Digest] = (
        frozenset()
    )  # those that are asked for (`--hash`); empty where none are

    def trust(self, file: ListedFile) -> int:
        """Return how well a file's digests are those asked for: 2 where they are, 1 where it has none, 0 else."""
        if not self.digests or not self.digests.isdisjoint(file.digests):
            return 2
        return 0 if file.digests else 1

    def admitted_places(self, releases: ListedReleases) -> Sequence[int]:
        """Return the places of the releases that have a file which is old enough."""
        cutoff = None if self.ages is None else self.ages.of(self.project)
        if cutoff is None:
            return range(len(releases))
        return [
            place
            for place, (first, last) in enumerate(zip(releases.first, releases.last, strict=True))
            # where nobody knows all times, each file is looked at
            if last < cutoff or (not first >= cutoff and self.admitted(releases[place]))
        ]

    def admitted(self, release: Release) -> Sequence[ListedFile]:
        """Return the files of a version that are old enough."""
        ages = self.ages
        cutoff = None if ages is None else ages.of(self.project)
        if ages is None or cutoff is None:
            return release.files
        if release.uploaded is not None and release.uploaded[1] < cutoff:
            return release.files
        return [file for file in release.files if ages.admits(self.project, file)]

    def may_fit(self, filename: str) -> bool:
        """Whether a file, by its name, is no wheel for other targets."""
        return not is_wheel(filename) or self.wheels.rank(_tags(filename)) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Usable:
    """The file whose metadata speaks for a version, and the one that is installed."""

    metadata: ListedFile
    installed: ListedFile
    files: Sequence[ListedFile]
    source: Source


class Releases:
    """All versions of one project from indexes, on a line. `tiers` are the sets of versions to be tried in turn.

    `withheld` is the newest version that is too new (`FileAges`), None where none is.
    """

    __slots__ = ("_listed", "_policy", "_usable", "line", "prereleases", "tiers", "withheld")

    def __init__(
        self,
        pages: Sequence[ProjectPage],
        policy: FilePolicy,
        parse: Callable[[str], Version],
        *,
        by_index: bool,
    ) -> None:
        self._policy = policy
        self._usable: dict[int, Usable | NoUsableFile] = {}
        admitted = [_Admitted(page, policy, parse) for page in pages]
        left_out = [each.withheld for each in admitted if each.withheld is not None]
        self.withheld = max(left_out, default=None)
        self._listed: Callable[[int], Sequence[ListedVersion]]
        if len(admitted) == 1:
            (only,) = admitted
            self.line = VersionLine(only.versions)
            self._listed = lambda place: (only.listed(place),)
            self.prereleases = sum(map(self.line.bit, only.prereleases()))
            self.tiers = [self.line.known]
            return
        grouped: dict[Version, list[ListedVersion]] = {}
        for each in chain.from_iterable(map(_Admitted.all, admitted)):
            grouped.setdefault(each.version, []).append(each)
        versions = sorted(grouped)
        self.line = line = VersionLine(versions)
        self._listed = lambda place: grouped[versions[place]]
        self.prereleases = _mask(line, lambda version: version.is_prerelease)
        self.tiers = [line.known]
        if by_index:
            indexes = [set(each.versions) for each in admitted]
            self.tiers = [_mask(line, index.__contains__) for index in indexes]

    def usable(self, place: int) -> Usable | NoUsableFile:
        """Return what of the version at a place is used, or why nothing is."""
        found = self._usable.get(place)
        if found is None:
            found = self._usable[place] = self._seek(place)
        return found

    def misfits(self, place: int) -> str:
        """Return what the wheels of the version at a place are for that come nearest, "" where it has none."""
        files = [
            file for each in self._listed(place) for file in self._policy.admitted(each.release)
        ]
        return _misfit(files, self._policy.wheels)

    def _seek(self, place: int) -> Usable | NoUsableFile:
        """Return the first index's version that can be used; where there is none, why the first one's cannot."""
        refusal: NoUsableFile | None = None
        for listed in self._listed(place):
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
    # most wheels are for other targets: they matter only where nothing fits
    fits, sdists, _ = _sort_out(matching_files(files, policy.may_fit), listed, policy)
    best = max(fits, key=lambda fit: fit[:3])[3] if fits else None
    sdist = max(sdists, key=policy.trust, default=None)
    if best is not None and (sdist is None or policy.trust(best) >= policy.trust(sdist)):
        return Usable(metadata=best, installed=best, files=files, source=listed.source)
    unfit = sorted(_sort_out(files, listed, policy)[2], key=lambda entry: entry[0])
    if sdist is not None:
        other = next((file for _, file, _ in unfit if is_wheel(file.filename)), sdist)
        metadata = sdist if best is not None else other
        return Usable(metadata=metadata, installed=sdist, files=files, source=listed.source)
    # an sdist's obstacle tells more than a wheel's, as uv has it
    refusals = [refusal for _, file, refusal in unfit if not is_wheel(file.filename)]
    return (refusals or [refusal for _, _, refusal in unfit])[0]


def _sort_out(
    files: Sequence[ListedFile], listed: ListedVersion, policy: FilePolicy
) -> tuple[list[_Fit], list[ListedFile], list[_Unfit]]:
    """Return the wheels that fit, the sdists, and what cannot be taken."""
    fits: list[_Fit] = []
    unfit: list[_Unfit] = []
    sdists: list[ListedFile] = []
    for file in files:
        obstacle = _obstacle(file, listed.version, policy)
        if obstacle is None and is_wheel(file.filename):
            rank = policy.wheels.rank(_tags(file.filename))
            if rank is not None:
                fits.append((policy.trust(file), -rank, _build_tag(file.filename), file))
                continue
            obstacle = Obstacle.TAGS
        if obstacle is None:
            sdists.append(file)
        else:
            why = file.yanked if obstacle is Obstacle.YANKED else None
            refusal = NoUsableFile(obstacle, why or "")
            unfit.append((_NEARNESS.index(obstacle), file, refusal))
    return fits, sdists, unfit


def _obstacle(file: ListedFile, version: Version, policy: FilePolicy) -> Obstacle | None:
    wheel = is_wheel(file.filename)
    if wheel and version == policy.installed:
        return None
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
    tags = [_tags(file.filename) for file in files if is_wheel(file.filename)]
    reasons = [wheels.explain(each).reason for each in tags]
    place, nearest = next(
        ((place, each) for place, each in _FITNESS if each in reasons), (0, Unfitness.PYTHON)
    )
    parts = [
        each.split("-")[place] for each, why in zip(tags, reasons, strict=True) if why is nearest
    ]
    return ", ".join(sorted({part for each in parts for part in each.split(".")}))


def _tags(filename: str) -> str:
    return "-".join(filename[:-4].rsplit("-", 3)[1:])


def _build_tag(filename: str) -> tuple[()] | tuple[int, str]:
    if filename.count("-") < 5:
        return ()
    try:
        return parse_wheel_filename(filename)[2]
    except InvalidWheelFilename:
        return ()


class _ParsedLate(Sequence[Version]):
    """Versions, sorted, each parsed when it is looked at: of hundreds that a project has, a search compares a dozen."""

    __slots__ = ("_parse", "_texts")

    def __init__(self, texts: Sequence[str], parse: Callable[[str], Version]) -> None:
        self._texts = texts
        self._parse = parse

    def __len__(self) -> int:
        return len(self._texts)

    @overload
    def __getitem__(self, place: int) -> Version: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Version]: ...
    def __getitem__(self, place: int | slice) -> Version | Sequence[Version]:
        if isinstance(place, slice):
            return _ParsedLate(self._texts[place], self._parse)
        return self._parse(self._texts[place])


class _Admitted:
    """The releases of a page that have a file which is old enough. `withheld` is the newest, where it has none."""

    def __init__(
        self, page: ProjectPage, policy: FilePolicy, parse: Callable[[str], Version]
    ) -> None:
        self._releases = releases = list_releases(page)
        self._places = places = policy.admitted_places(releases)
        self._source = page.source
        texts = releases.versions
        last = len(texts) - 1
        self.withheld = None if last < 0 or last in places[-1:] else parse(texts[last])
        if len(places) < len(texts):
            texts = [texts[place] for place in places]
        self.versions = _ParsedLate(texts, parse)

    def listed(self, place: int) -> ListedVersion:
        """Return the version at a place among those admitted."""
        return ListedVersion(
            self.versions[place], self._releases[self._places[place]], self._source
        )

    def all(self) -> Iterator[ListedVersion]:
        """Yield all versions, oldest first."""
        return map(self.listed, range(len(self._places)))

    def prereleases(self) -> Iterator[int]:
        """Yield the places of pre-releases."""
        for among_all in self._releases.prereleases:
            place = bisect_left(self._places, among_all)
            if place < len(self._places) and self._places[place] == among_all:
                yield place


def _mask(line: VersionLine, holds: Callable[[Version], bool]) -> int:
    return sum(line.bit(place) for place, version in enumerate(line.versions) if holds(version))
