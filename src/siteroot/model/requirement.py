"""A requirement: what somebody asks to have installed ("Dependency specifiers"), and where it was said."""

from collections.abc import Mapping
from typing import NamedTuple, TypeVar

from packaging.markers import Marker
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from .digest import Digest
from .lock import Source
from .value import dataclass, field

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """One requirement. `name` and `extras` are normalised.

    `source` is where it has to come from: a URL, a git repository, a path, a directory, one index; None where any index
    will do. A git source that was not asked yet has no commit (""). `digests` are those of `--hash`. `origin` says where it stands, for messages: "requirements.txt:7",
    "`dependencies` of pyproject.toml", "flask==3.0.0". `place` is a URL or path as it is written there, and `asker` how
    annotations of `compile` name the file or project: "-r requirements.txt", "app (pyproject.toml)"; "" where they do not.
    """

    name: str
    extras: tuple[str, ...]
    specifier: SpecifierSet
    marker: Marker | None
    source: Source | None
    origin: str
    digests: tuple[Digest, ...] = ()
    place: str | None = field(default=None, repr=False)
    asker: str = ""


class Requirer(NamedTuple):
    """The distribution whose requirements alone an override or an exclusion speaks of.

    Without a version it is each version that no other such entry names.
    """

    name: str
    version: Version | None = None

    def __str__(self) -> str:
        return self.name if self.version is None else f"{self.name}=={self.version}"


def entry_for(entries: Mapping[Requirer, T], name: str, version: Version) -> T | None:
    """Return what is told of a distribution's requirements, None where nothing is."""
    exact = entries.get(Requirer(name, version))
    return entries.get(Requirer(name)) if exact is None else exact
