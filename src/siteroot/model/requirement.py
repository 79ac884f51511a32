"""A requirement: what somebody asks to have installed ("Dependency specifiers"), and where it was said."""

from packaging.markers import Marker
from packaging.specifiers import SpecifierSet

from .digest import Digest
from .lock import Source
from .value import dataclass, field


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
