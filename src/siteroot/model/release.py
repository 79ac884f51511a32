"""What an index offers of one project ("Simple repository API"): its files, as the index describes them."""

from collections.abc import Sequence

from packaging.version import Version

from .digest import Digest
from .lock import FlatSource, RegistrySource
from .value import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedFile:
    """One file on a project's page. Nothing of it is parsed that was not needed to read the page.

    `location` is absolute (http, https, file), without fragment; it may hold credentials. `requires_python` is the text
    as served. `yanked` is None where the file is not yanked, else the reason, "" where none is given. `metadata` is None
    where the index offers no separate metadata file (PEP 658, 714), else its digests, which may be none.
    `upload_time` is in seconds since 1970 (PEP 700).
    """

    filename: str
    location: str = field(repr=False)
    digests: tuple[Digest, ...]
    size: int | None
    upload_time: float | None
    requires_python: str | None
    yanked: str | None
    metadata: tuple[Digest, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectPage:
    """All files that one index offers of one project. `name` is normalised.

    A page has up to ten thousand files: whoever seeks a version asks `formats.releases.list_releases` for it, and
    only the files that are looked at are made.
    """

    name: str
    source: RegistrySource | FlatSource
    files: Sequence[ListedFile]


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """The files of one version on a page, by name. `version` is in its normal form (PEP 440).

    `uploaded` are the times of the first and the last of its files, None where the index does not give all of them.
    """

    version: str
    files: Sequence[ListedFile]
    uploaded: tuple[float, float] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Latest:
    """The newest version of a project that a target could have, and whether a wheel of it would be installed."""

    version: Version
    wheel: bool
