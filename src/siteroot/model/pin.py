"""One distribution that shall be in the root: a name, a version, and the one artifact that it comes from."""

from packaging.version import Version

from .lock import LockedFile, Source
from .value import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class WheelArtifact:
    """A wheel file. `location` is an absolute URL or an absolute path."""

    file: LockedFile
    location: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SdistArtifact:
    """An archive to be built. `unfit` says of wheels that there are why they do not fit the target, a line each.

    `platform` is what `--python-platform` may be told instead, where one of them would do for that.
    """

    file: LockedFile
    location: str
    unfit: tuple[str, ...] = ()
    platform: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutArtifact:
    """A commit to be checked out and built. `archive` is a wheel or archive of source in it that is meant, by its path there."""

    url: str
    commit: str
    subdirectory: str | None
    archive: LockedFile | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryArtifact:
    """A source tree to be built. `folder` is absolute."""

    folder: str
    editable: bool


Artifact = WheelArtifact | SdistArtifact | CheckoutArtifact | DirectoryArtifact


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """`direct`: a dependency that a selected project or group itself declares (REQUESTED).

    `name` is "" where only a build can tell it: so it is known for the build alone.
    """

    name: str
    version: Version | None  # None: a source tree with a dynamic version
    source: Source
    artifact: Artifact
    direct: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WheelPin:
    """A pin whose artifact is a wheel: what can be fetched and placed without a build."""

    name: str
    version: Version
    source: Source
    artifact: WheelArtifact
    direct: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PinnedFile:
    """The wheel or archive of a pin, and where the lock has it: an absolute URL or path, which may hold credentials."""

    name: str
    source: Source
    file: LockedFile
    location: str = field(repr=False)


def wheel_pin(pin: Pin) -> WheelPin | None:
    """Return the pin as that of a wheel, None where it is none yet."""
    if not isinstance(pin.artifact, WheelArtifact) or pin.version is None:
        return None
    return WheelPin(
        name=pin.name,
        version=pin.version,
        source=pin.source,
        artifact=pin.artifact,
        direct=pin.direct,
    )
