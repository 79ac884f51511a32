"""Why something cannot be taken: values that survive until an explanation puts them into words."""

from enum import Enum

from siteroot.model.value import dataclass


class Absence(Enum):
    """Why there is no version of a project at all."""

    UNKNOWN = "no index knows it"
    REFUSED = "an index shows it to nobody without other credentials"
    EMPTY = "its page lists no distribution of it"
    NEWER = "every file of it is newer than allowed"


class Obstacle(Enum):
    """What is in the way of a file."""

    TAGS = "it is for other platforms"
    YANKED = "it was yanked"
    NO_BINARY = "wheels are not allowed"
    NO_BUILD = "building is not allowed"
    NOT_SDIST = "its name is not an sdist's (PEP 625)"


@dataclass(frozen=True, slots=True)
class NoUsableFile:
    """No file of a version can be used: what stands in the way of the one that came nearest. `detail` says more."""

    obstacle: Obstacle
    detail: str


@dataclass(frozen=True, slots=True)
class OtherPython:
    """A version's own metadata asks for another Python, of which its index said nothing."""

    requires_python: str


@dataclass(frozen=True, slots=True)
class BadMetadata:
    """A version's metadata cannot be used."""

    why: str


@dataclass(frozen=True, slots=True)
class Contradictory:
    """A requirement that no version can satisfy (`>2,<1`), and where it stands."""

    requirement: str
    origin: str


Reason = Absence | NoUsableFile | OtherPython | BadMetadata | Contradictory
