"""What is to be resolved, how, and what came out: a version of each distribution that is needed, for one target."""

from collections.abc import Mapping, Sequence
from enum import Enum

from packaging.version import Version

from .lock import Source
from .release import ListedFile
from .requirement import Requirement, Requirer
from .value import dataclass, field


class VersionChoice(Enum):
    """Which of the versions that may be taken is tried first (`--resolution`)."""

    HIGHEST = "highest"
    LOWEST = "lowest"
    LOWEST_DIRECT = (
        "lowest-direct"  # the lowest of what is required directly, the highest of all else
    )


class PrereleaseMode(Enum):
    """When a pre-release may be taken (`--prerelease`)."""

    DISALLOW = "disallow"
    ALLOW = "allow"
    IF_NECESSARY = "if-necessary"  # where no other version is left
    EXPLICIT = "explicit"  # the same, where a direct requirement names one
    IF_NECESSARY_OR_EXPLICIT = "if-necessary-or-explicit"  # the old name of IF_NECESSARY


class IndexStrategy(Enum):
    """Which of several indexes that know a project is asked (`--index-strategy`)."""

    FIRST_INDEX = "first-index"
    UNSAFE_FIRST_MATCH = "unsafe-first-match"  # the first that has a version which may be taken
    UNSAFE_BEST_MATCH = "unsafe-best-match"  # all


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """A set of names, or all of them but that set (`--no-build`, `--no-binary-package NAME`)."""

    names: frozenset[str] = frozenset()
    inverted: bool = False

    def __contains__(self, name: str) -> bool:
        return (name in self.names) is not self.inverted


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolutionOptions:
    """How versions are chosen. Names are normalised."""

    choice: VersionChoice = VersionChoice.HIGHEST
    prereleases: PrereleaseMode = PrereleaseMode.IF_NECESSARY
    prereleases_of: Mapping[str, PrereleaseMode] = field(default_factory=dict)
    index_strategy: IndexStrategy = IndexStrategy.FIRST_INDEX
    no_build: Chosen = Chosen()
    no_binary: Chosen = Chosen()
    transitive: bool = True  # False: `--no-deps`


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolutionRequest:
    """What is to be resolved.

    Constraints bound what is required, overrides take the place of what is required by anybody, excludes are names
    that nobody gets; `overrides_of` and `excludes_of` hold for what one distribution requires, and those overrides are
    required by it where it did not. `preferences` are versions that are taken where they can be, best first: the pins of an old
    output. `installed` are versions that are there already, by name: they give way to better ones only, and no wish about
    files or pre-releases concerns them. `indexes` says for a name which index alone may have it, by URL.
    """

    requirements: tuple[Requirement, ...]
    constraints: tuple[Requirement, ...] = ()
    overrides: tuple[Requirement, ...] = ()
    excludes: frozenset[str] = frozenset()
    overrides_of: Mapping[Requirer, tuple[Requirement, ...]] = field(default_factory=dict)
    excludes_of: Mapping[Requirer, frozenset[str]] = field(default_factory=dict)
    preferences: Mapping[str, tuple[Version, ...]] = field(default_factory=dict)
    installed: Mapping[str, Version] = field(default_factory=dict)
    indexes: Mapping[str, str] = field(default_factory=dict)
    options: ResolutionOptions = ResolutionOptions()


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedPin:
    """A distribution at a version.

    `files` are all of the version that may be taken on any target, with their digests; `file` is the one that would
    be installed on this one. A URL or path of a file has that one alone, a repository and a tree have none.
    """

    name: str
    version: Version
    source: Source
    extras: tuple[str, ...]
    files: Sequence[ListedFile]
    file: ListedFile | None


@dataclass(frozen=True, slots=True)
class ResolvedEdge:
    """Who requires whom. `requirer` is None for what was asked for, and `origin` says where."""

    requirer: str | None
    requirer_extra: str | None
    required: str
    required_extra: str | None
    origin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """All that is needed for one target, by name. `notes` are for the person who asked, one sentence each."""

    pins: tuple[ResolvedPin, ...]
    edges: tuple[ResolvedEdge, ...]
    notes: tuple[str, ...] = ()
