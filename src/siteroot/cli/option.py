"""What a row of the option table says (`options`)."""

from collections.abc import Iterable
from enum import Enum, auto

from siteroot.model.value import dataclass


class Kind(Enum):
    """How an option is said."""

    SWITCH = auto()  # says `value` of its field
    TEXT = auto()  # takes one value
    NUMBER = auto()  # takes one whole number, not below `least`
    LIST = auto()  # takes a value, and may be said again
    NAMES = auto()  # the same, each value the name of an extra, a group or a distribution
    COUNT = auto()  # says more each time it is said


class Section(Enum):
    """The parts of `--help`, in order; the values are their titles."""

    ROOT = "Where the root goes"
    LOCK = "The lock"
    VERSIONS = "How versions are chosen"
    SELECTION = "What is installed"
    LISTING = "What is told"
    PYTHON = "Python options"
    INSTALLER = "How it is installed"
    BUILD = "Wheels and builds"
    NETWORK = "Network and index options"
    CACHE = "Cache options"
    OUTPUT = "Output options"
    GLOBAL = "Global options"


@dataclass(frozen=True, slots=True)
class Option:
    """One row of the table.

    `names` are shown, `aliases` understood; a row without names is a variable or a setting alone. Switches that share
    a `field` are twins: the last one said holds (of variables the last in the table), as with uv. `separator`
    parts the values of a flag, `variable_separator` those of a variable. `setting` is the key in `[tool.uv]` and in
    `[tool.siteroot]`, in the latter alone if `own_setting`. `own` means that `uv sync` has no such option.
    A switch without `help` only undoes its twin, and is told with that. `refused` says why an option is not honoured and what to do instead; its variables are noted with -v.
    """

    names: tuple[str, ...]
    section: Section
    kind: Kind
    help: str
    into: str = ""
    metavar: str = ""
    value: bool = True
    least: int = 0
    aliases: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    separator: str | None = None
    variables: tuple[str, ...] = ()
    variable_separator: str = " "
    empty_is_unset: bool = False
    setting: str | None = None
    own_setting: bool = False
    commands: tuple[str, ...] = ("sync",)
    own: bool = False
    refused: str | None = None

    @property
    def name(self) -> str:
        """What messages call it: the long name, or the variable's."""
        return (self.names or self.variables or (self.setting or "",))[-1]

    @property
    def field(self) -> str:
        """What it speaks of."""
        return self.into or self.name.lstrip("-").replace("-", "_")

    @property
    def words(self) -> tuple[str, ...]:
        """All that it may be said by."""
        return (*self.names, *self.aliases)


def undoing(option: Option, options: Iterable[Option]) -> tuple[str, ...]:
    """Return the words that only undo an option, of those of one command."""
    return tuple(
        word
        for other in options
        if other.field == option.field and not other.help and not other.refused
        for word in other.words
    )


class Farther(Enum):
    """What becomes of a contradiction whose one side is farther: a variable against a flag, UV_ against SITEROOT_."""

    REFUSED = auto()
    DROPPED = auto()
    DROPPED_WITH_WARNING = auto()


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two fields that cannot both be said; a switch that says False is meant only where `other_value` is so."""

    one: str
    other: str
    other_value: bool = True
    farther: Farther = Farther.DROPPED


def both(suffix: str) -> tuple[str, ...]:
    """Return siteroot's and uv's variable of a name, the nearer first."""
    return (f"SITEROOT_{suffix}", f"UV_{suffix}")
