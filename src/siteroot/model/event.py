"""What lower floors tell while they work. Only `cli/` turns it into words on a screen."""

from .value import dataclass


@dataclass(frozen=True, slots=True)
class Note:
    """A decision and its reason, told with -v. `depth` 1 for -v, 2 for -vv."""

    text: str
    depth: int = 1


@dataclass(frozen=True, slots=True)
class Warned:
    """Something that the person should know, though the work goes on."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentUsed:
    """The root lies in an interpreter of its own right: whose, everybody should see."""

    version: str
    prefix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """It is known which distributions are needed, in which versions."""

    count: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparingStarted:
    """Wheels that the store lacks are about to be fetched. `size` in bytes where the lock says all of them."""

    count: int
    size: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchStarted:
    """A download begins. `size` in bytes where it is known; `host` is the server's, None for a file of this machine."""

    name: str
    version: str
    size: int | None
    host: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchAdvanced:
    """More bytes of a download have come."""

    name: str
    count: int


@dataclass(frozen=True, slots=True)
class TimePassed:
    """Downloads go on, whether or not bytes have come: told several times a second, for what is drawn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchFinished:
    """A download is complete and was unpacked, or came to nothing."""

    name: str
    failed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildStarted:
    """A wheel begins to be built from source. `label` is what people call it: a name, mostly with a version."""

    name: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildFinished:
    """It was built, or that failed."""

    name: str
    label: str
    failed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedWheels:
    """All wheels that were lacking are in the store."""

    count: int
    size: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CompilingStarted:
    """Modules that the store has no bytecode of begin to be compiled."""

    modules: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CompilingAdvanced:
    """That many modules more are done with."""

    modules: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CompilingFinished:
    """All modules are done with, or it came to nothing: then none."""

    modules: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacingStarted:
    """Files begin to be placed."""

    files: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacingAdvanced:
    """That many files more are placed."""

    files: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacingFinished:
    """All files are placed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Another process holds what is needed; `holder` is its pid where it is known."""

    what: str
    holder: int | None


Event = (
    Note
    | Warned
    | EnvironmentUsed
    | Resolved
    | PreparingStarted
    | FetchStarted
    | FetchAdvanced
    | TimePassed
    | FetchFinished
    | BuildStarted
    | BuildFinished
    | PreparedWheels
    | CompilingStarted
    | CompilingAdvanced
    | CompilingFinished
    | PlacingStarted
    | PlacingAdvanced
    | PlacingFinished
    | Waiting
)
