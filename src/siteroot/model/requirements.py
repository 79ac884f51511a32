"""What requirements files say: line by line as it is written, and all files together as what is asked for."""

from collections.abc import Mapping
from enum import Enum

from packaging.markers import Marker
from packaging.specifiers import SpecifierSet

from .digest import Digest
from .lock import Source
from .requirement import Requirement
from .value import dataclass, field


class FileOption(Enum):
    """What a file can say beside requirements; the values are the words of the format."""

    INDEX_URL = "--index-url"
    EXTRA_INDEX_URL = "--extra-index-url"
    FIND_LINKS = "--find-links"
    NO_INDEX = "--no-index"
    NO_BINARY = "--no-binary"
    ONLY_BINARY = "--only-binary"
    REQUIRE_HASHES = "--require-hashes"
    PRE = "--pre"
    PREFER_BINARY = "--prefer-binary"
    TRUSTED_HOST = "--trusted-host"
    USE_FEATURE = "--use-feature"


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenRequirement:
    """A requirement as it is written. `name` and `extras` are normalised.

    `location` is a URL or path, its fragment included, None where an index is meant. `name` is None where only what
    lies at the location can say it.
    """

    name: str | None
    extras: tuple[str, ...]
    specifier: SpecifierSet
    marker: Marker | None
    location: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequirementLine:
    """A line that asks for something. `settings` are those of `--config-settings`, KEY and VALUE.

    `place` is the location as the file has it, where it names variables: for annotations and copies, never to go to.
    """

    line: int
    written: WrittenRequirement
    editable: bool
    digests: tuple[Digest, ...] = ()
    settings: tuple[tuple[str, str], ...] = ()
    place: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IncludeLine:
    """`-r FILE`, or `-c FILE` where what it holds only constrains. `file` is a path or URL as written."""

    line: int
    file: str
    constraint: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionLine:
    """An option that speaks of the whole command. `value` is "" for those that take none."""

    line: int
    option: FileOption
    value: str = field(default="", repr=False)


Statement = RequirementLine | IncludeLine | OptionLine


@dataclass(frozen=True, slots=True, kw_only=True)
class UnnamedRequirement:
    """A requirement on whatever a URL or path holds; the rest as in `Requirement`."""

    extras: tuple[str, ...]
    marker: Marker | None
    source: Source
    origin: str
    digests: tuple[Digest, ...] = ()
    place: str | None = field(default=None, repr=False)
    asker: str = ""

    def named(self, name: str) -> Requirement:
        """Return the requirement with the name of what is there."""
        return Requirement(
            name=name,
            extras=self.extras,
            specifier=SpecifierSet(),
            marker=self.marker,
            source=self.source,
            origin=self.origin,
            digests=self.digests,
            place=self.place,
            asker=self.asker,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One thing that is asked for, with what its backend is to be told."""

    requirement: Requirement | UnnamedRequirement
    settings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Formats:
    """Of which distributions wheels (or sdists) are refused: of all of them, or of those named (normalised)."""

    every: bool = False
    names: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class FileOptions:
    """What the files say of the whole command. Places are URLs or absolute paths."""

    index_url: str | None = field(default=None, repr=False)
    extra_index_urls: tuple[str, ...] = field(default=(), repr=False)
    find_links: tuple[str, ...] = field(default=(), repr=False)
    no_index: bool = False
    no_binary: Formats = Formats()
    only_binary: Formats = Formats()
    require_hashes: bool = False


@dataclass(frozen=True, slots=True)
class ProjectFile:
    """A project's file: its absolute path, and what annotations call it."""

    path: str
    shown: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirements:
    """All that was asked for, files followed to their ends.

    `trees` are project files whose dependencies only a build can tell, `locks` the absolute paths of pylock files:
    neither is looked into further here.
    """

    asked: tuple[Asked, ...] = ()
    constraints: tuple[Requirement, ...] = ()
    options: FileOptions = FileOptions()
    trees: tuple[ProjectFile, ...] = ()
    locks: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


class SourceKind(Enum):
    """What a word of the command line names."""

    REQUIREMENT = "requirement"
    EDITABLE = "--editable"
    FILE = "--requirements"
    CONSTRAINTS = "--constraints"
    GROUP = "--group"  # "NAME", or "PATH:NAME"


@dataclass(frozen=True, slots=True)
class RequirementSource:
    """One word that says what is wanted: a requirement itself, or a file that holds some ("-" is stdin)."""

    kind: SourceKind
    text: str
