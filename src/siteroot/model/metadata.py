"""What a distribution says of itself, as far as resolving needs it ("Core metadata specifications")."""

from collections.abc import Mapping

from packaging.version import Version

from siteroot.errors import SourceError

from .lock import Source
from .value import dataclass, field

#: Version specifiers as operators and versions, in the order in which packaging writes them.
Clauses = tuple[tuple[str, str], ...]


#: A requirement taken apart: name, extras, clauses, marker, what is left of the marker once an extra that it asks for is
#: there, and URL. Names are normalised. A plain tuple: of the thousands that a cache has, few are looked at.
DependencySpecifier = tuple[str, tuple[str, ...], Clauses, str, str, str | None]


class InvalidMetadataError(SourceError):
    """What a distribution says of itself makes no sense: its version is none to choose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DistributionMetadata:
    """The fields of a METADATA, PKG-INFO or static pyproject.toml. `name` is normalised.

    Requirements and `requires_python` are texts: the same ones recur in hundreds of versions, and whoever reads them
    parses each but once. `specifiers` are the same requirements taken apart, None for one that cannot be; there are none
    where nobody has done that. `dynamic` holds the fields, in lower case, that a wheel may fill in otherwise (Metadata 2.2).
    `sources` are those that a source tree wants for what it requires (`[tool.uv.sources]`), by normalised name.
    """

    name: str
    version: Version
    requires_dist: tuple[str, ...]
    requires_python: str | None
    provides_extras: tuple[str, ...]
    dynamic: frozenset[str]
    specifiers: tuple[DependencySpecifier | None, ...] = ()
    sources: Mapping[str, Source] = field(default_factory=dict)
