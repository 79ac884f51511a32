"""The projects that a resolution meets: where each comes from, its versions, and which of them is tried first."""

from collections.abc import Collection, Sequence
from collections.abc import Set as AbstractSet

from packaging.version import Version

from siteroot.errors import ResolutionError
from siteroot.formats.wheel_tags import WheelTags
from siteroot.model.digest import Digest
from siteroot.model.lock import Source
from siteroot.model.metadata import Clauses, DistributionMetadata, InvalidMetadataError
from siteroot.model.release import ProjectPage
from siteroot.model.resolution import (
    IndexStrategy,
    PrereleaseMode,
    ResolutionRequest,
    VersionChoice,
)
from siteroot.ports import MetadataSource

from .direct import DirectSources, show_source
from .line import VersionLine
from .reasons import Absence, BadMetadata
from .releases import Direct, FileAges, FilePolicy, Releases, Usable
from .requirements import Declared


class OtherProjectError(ResolutionError):
    """What lies at a URL or a path is another project."""


class Projects:
    """Asks the indexes for each project once."""

    def __init__(
        self,
        request: ResolutionRequest,
        bounds: Sequence[Declared],
        direct: DirectSources,
        lowest: AbstractSet[str],
        wheels: WheelTags,
        source: MetadataSource,
        ages: FileAges | None,
    ) -> None:
        self._options = request.options
        self._direct = direct
        self._indexes = request.indexes
        self._lowest = lowest
        self._preferences = request.preferences
        self._installed = request.installed
        self._wheels = wheels
        self._source = source
        self._ages = ages
        self._found: dict[str, Releases | Direct] = {}
        self.passed: dict[str, Sequence[ProjectPage]] = {}  # pages that were not looked at
        self._listed: set[str] = set()  # those that an index has a page of
        self._versions: dict[str, Version] = {}
        self._metadata: dict[tuple[str, int], DistributionMetadata | BadMetadata] = {}
        self._yanked: dict[str, set[Version]] = {
            name: set(versions) for name, versions in request.preferences.items()
        }
        self._explicit: set[str] = set()
        self._digests: dict[str, set[Digest]] = {}
        for each in bounds:
            self._note(each)

    def _note(self, declared: Declared) -> None:
        """Note what a direct requirement, a constraint or an override says of its project."""
        name, clauses = declared.name, declared.clauses
        if declared.digests:
            self._digests.setdefault(name, set()).update(declared.digests)
        if len(clauses) == 1 and declared.pinned:
            self._yanked.setdefault(name, set()).add(Version(clauses[0][1]))
        if any(each.prereleases and each.operator != "!=" for each in declared.specifiers):
            self._explicit.add(name)

    @property
    def names(self) -> list[str]:
        """The names of projects that there are."""
        return [name for name, found in self._found.items() if found.line.versions]

    def why_absent(self, name: str) -> Absence:
        """Return why a project that was looked for has no version."""
        found = self._found.get(name)
        if isinstance(found, Releases) and found.withheld is not None:
            return Absence.NEWER
        if name in self._listed:
            return Absence.EMPTY
        return Absence.UNKNOWN if self.refusal(name) is None else Absence.REFUSED

    def refusal(self, name: str) -> str | None:
        """Return the index that did not say without other credentials whether it has a project, in words for a person."""
        return self._source.refusal(name)

    def places(self, name: str) -> Sequence[str]:
        """Return where a project was looked for, in words for a person."""
        return self._source.places(self._index_of(name))

    def spellings(self) -> Collection[str]:
        """Return names of projects that indexes have, as far as anybody knows without asking."""
        listed = (name for name in self.names if not self.is_direct(name))
        return {*listed, *self._source.known()}

    def is_direct(self, name: str) -> bool:
        """Whether a project comes from a URL, a repository, a path or a directory."""
        return name in self._direct.sources

    def expect(self, names: Sequence[str]) -> None:
        """Begin to fetch what will be asked for."""
        wanted = [name for name in names if name not in self._found and not self.is_direct(name)]
        if wanted:
            self._source.expect(wanted)

    def find(self, name: str) -> Releases | Direct:
        """Return the versions of a project that there are."""
        found = self._found.get(name)
        if found is None:
            source = self._direct.sources.get(name)
            found = self._releases(name) if source is None else self._only(name, source)
            self._found[name] = found
        return found

    def offers(self, name: str, clauses: Clauses) -> bool:
        """Whether a project that was met has a version which specifiers name."""
        found = self._found.get(name)
        return found is not None and bool(found.line.allowed(clauses) & found.line.known)

    def _only(self, name: str, source: Source) -> Direct:
        metadata = self._source.read_source(source)
        if metadata.name != name:
            raise OtherProjectError(
                f"{name} was asked for, and it is {metadata.name} that is there",
                where=show_source(source),
            )
        return Direct(line=VersionLine([metadata.version]), metadata=metadata, source=source)

    def _releases(self, name: str) -> Releases:
        options = self._options
        pages = self._source.pages(name, self._index_of(name))
        if options.index_strategy is IndexStrategy.FIRST_INDEX and len(pages) > 1:
            self.passed[name] = pages[1:]
            pages = pages[:1]
        policy = FilePolicy(
            project=name,
            wheels=self._wheels,
            ages=self._ages,
            no_binary=name in options.no_binary,
            no_build=name in options.no_build,
            yanked=frozenset(self._yanked.get(name, ())),
            installed=self._installed.get(name),
            digests=frozenset(self._digests.get(name, ())),
        )
        if pages:
            self._listed.add(name)
        return Releases(
            pages,
            policy,
            self._parse,
            by_index=options.index_strategy is IndexStrategy.UNSAFE_FIRST_MATCH,
        )

    def _parse(self, text: str) -> Version:
        """Return a version; most are those of other projects too."""
        version = self._versions.get(text)
        if version is None:
            version = self._versions[text] = Version(text)
        return version

    def _index_of(self, name: str) -> str | None:
        return self._indexes.get(name) or self._direct.indexes.get(name)

    def metadata(self, name: str, place: int, used: Usable) -> DistributionMetadata | BadMetadata:
        """Return what the version at a place says of itself."""
        key = (name, place)
        found = self._metadata.get(key)
        if found is None:
            try:
                found = self._source.read(used.metadata)
            except InvalidMetadataError as error:
                found = BadMetadata(error.message)
            self._metadata[key] = found
        return found

    # Which version is tried first

    def choose(self, name: str, releases: Releases, allowed: int) -> int | None:
        """Return the place of the version to be tried first among those allowed, None where there is none."""
        mode = self._mode(name)
        preferred = self._preferred(name, releases, allowed, mode)
        if preferred is not None:
            return preferred
        best = self._best(name, releases, allowed, mode)
        held = self._held(name, releases.line, allowed)
        if best is None or held is None:
            return held if best is None else best
        return max(best, held) if self._takes_highest(name) else min(best, held)

    def _best(
        self, name: str, releases: Releases, allowed: int, mode: PrereleaseMode
    ) -> int | None:
        highest = self._takes_highest(name)
        for tier in releases.tiers:
            held = allowed & tier
            for candidates in _ranked(held, held & ~releases.prereleases, mode):
                if candidates:
                    bit = (
                        1 << (candidates.bit_length() - 1) if highest else candidates & -candidates
                    )
                    return releases.line.place(bit)
        return None

    def _held(self, name: str, line: VersionLine, allowed: int) -> int | None:
        """Return the place of the version that is installed, if it is allowed."""
        version = self._installed.get(name)
        place = None if version is None else line.locate(version)
        return place if place is not None and line.bit(place) & allowed else None

    def beyond(self, name: str, line: VersionLine, term: int, place: int) -> int:
        """Return what a set holds of the versions that would be tried after one."""
        before = line.bit(place) - 1
        return term & (before if self._takes_highest(name) else ~before & ~line.bit(place))

    def _takes_highest(self, name: str) -> bool:
        match self._options.choice:
            case VersionChoice.HIGHEST:
                return True
            case VersionChoice.LOWEST:
                return False
            case VersionChoice.LOWEST_DIRECT:
                return name not in self._lowest

    def _mode(self, name: str) -> PrereleaseMode:
        mode = self._options.prereleases_of.get(name, self._options.prereleases)
        if mode is PrereleaseMode.EXPLICIT:
            explicit = name in self._explicit
            return PrereleaseMode.IF_NECESSARY if explicit else PrereleaseMode.DISALLOW
        return mode

    def _preferred(
        self, name: str, releases: Releases, allowed: int, mode: PrereleaseMode
    ) -> int | None:
        line = releases.line
        for version in self._preferences.get(name, ()):
            place = line.locate(version)
            if place is None or not line.bit(place) & allowed:
                continue
            if mode is PrereleaseMode.DISALLOW and version.is_prerelease:
                continue
            return place
        return None


def _ranked(held: int, stable: int, mode: PrereleaseMode) -> tuple[int, ...]:
    """Return the sets of versions to be tried, one after the other."""
    match mode:
        case PrereleaseMode.ALLOW:
            return (held,)
        case PrereleaseMode.DISALLOW:
            return (stable,)
        case _:
            return (stable, held)
