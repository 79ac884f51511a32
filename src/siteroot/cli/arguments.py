"""argv -> what was said, in order. Made of the table; knows no meaning and no variable."""

import argparse
import shlex
from collections.abc import Callable, Iterable, Sequence

from siteroot.errors import UsageError
from siteroot.formats.credentials import without_credentials
from siteroot.model.value import dataclass

from .option import Kind, Option
from .options import COMMANDS, GROUPS, OPTIONS, WORDED

Value = bool | int | str | tuple[str, ...]

#: uv's commands that people will try here, and what to do instead.
_ELSEWHERE = {
    "lock": "siteroot does not lock: run `uv lock`, then `siteroot sync --frozen`",
    "add": "siteroot does not edit projects: run `uv add`, then `siteroot sync --frozen`",
    "remove": "siteroot does not edit projects: run `uv remove`, then `siteroot sync --frozen`",
    "run": "a root needs no activation: PYTHONPATH=DIR python, or a script of DIR/bin",
    "venv": "siteroot makes no virtual environments: `siteroot sync --target DIR`",
    "install": "the command is `siteroot pip install`; what a lock says comes by `siteroot sync`",
    "version": "say `siteroot --version`",
}

_NAMES = ("sync", *GROUPS, "help")


#: The layer of keys of settings files (`Said.layer`).
SETTINGS_LAYER = 3


class UnclearWordsError(UsageError):
    """The words of the command line make no sense."""


@dataclass(frozen=True, slots=True)
class Said:
    """One option with what it says.

    `layer` is 0 for flags, 1 for SITEROOT_ variables, 2 for other variables, 3 for keys of settings files.
    """

    option: Option
    value: Value
    layer: int
    word: str

    @property
    def shown(self) -> str:
        """What messages call it."""
        kinds = ("", "the variable ", "the variable ", "the setting ")
        return f"{kinds[self.layer]}`{self.word}`"


@dataclass(frozen=True, slots=True)
class Arguments:
    """A whole command line. `command` is of `options.COMMANDS`, of `GROUPS`, or "" where none was named."""

    command: str
    words: tuple[str, ...]
    said: tuple[Said, ...]
    help: bool
    version: bool


def parse_arguments(argv: Sequence[str]) -> Arguments:
    """Return what argv (without the program's name) says. Raises UnclearWordsError."""
    said: list[Said] = []
    parser = _make_parser(argv, said)
    try:
        found, unknown = parser.parse_known_args(argv)
    except argparse.ArgumentError as error:
        raise _explained(error, argv) from None
    command = " ".join(filter(None, (found.command, getattr(found, "action", None))))
    words = list(getattr(found, "words", ()))
    if hasattr(found, "words"):  # argparse takes only the words before the first option
        words += [word for word in unknown if not word.startswith("-")]
        unknown = [word for word in unknown if word.startswith("-")]
    asks = hasattr(found, "help") or command == "help" or hasattr(found, "version")
    if unknown and not asks:
        raise UnclearWordsError(_explain_unknown(unknown, command))
    return Arguments(
        command=" ".join(words) if command == "help" else command,
        words=tuple(words),
        said=tuple(said),
        help=hasattr(found, "help") or command == "help",
        version=hasattr(found, "version"),
    )


def options_of(command: str) -> tuple[Option, ...]:
    """Return the rows that hold for a command; for the program itself those that hold for all commands."""
    if command in COMMANDS:
        return tuple(
            option
            for option in OPTIONS
            if command in option.commands or option.commands == COMMANDS
        )
    return tuple(option for option in OPTIONS if option.commands == COMMANDS)


def render_flags(said: Iterable[Said], *, but: Callable[[str], bool]) -> str:
    """Return flags as they are typed in a shell, without credentials, and without those of whose field `but` says so."""
    words = []
    for each in said:
        if each.layer or but(each.option.field):
            continue
        values = each.value if isinstance(each.value, tuple) else (each.value,)
        for value in values:
            words.append(each.word)
            if each.option.kind not in (Kind.SWITCH, Kind.COUNT):
                words.append(shlex.quote(without_credentials(str(value))))
    return " ".join(words)


#: The longest number that an option takes: a billion seconds are thirty years.
_DIGITS = 9


def check_value(option: Option, text: str, shown: str) -> Value:
    """Return the value that a text gives to an option that takes one. Raises UnclearWordsError."""
    if not text:
        raise UnclearWordsError(f"{shown} needs a value{_allowed(option)}")
    if option.choices and text not in option.choices:
        raise UnclearWordsError(f"{shown} cannot be `{text}`{_allowed(option)}")
    match option.kind:
        case Kind.NUMBER:
            if text.isascii() and text.isdigit() and len(text) > _DIGITS:
                raise UnclearWordsError(f"{shown} is larger than any number that is of use")
            if not (text.isascii() and text.isdigit()) or int(text) < option.least:
                least = f" from {option.least} on" if option.least else ""
                raise UnclearWordsError(f"{shown} has to be a whole number{least}, not `{text}`")
            return int(text)
        case Kind.NAMES if not is_name(text):
            raise UnclearWordsError(
                f"{shown} cannot be `{text}`: a name holds letters, digits, `-`, `_` and `.`,"
                " and begins and ends with a letter or digit"
            )
        case _:
            return text


def is_name(text: str) -> bool:
    """Whether it can name a distribution, an extra or a group (PyPA "Names and normalization")."""
    plain = text.replace("-", "").replace("_", "").replace(".", "")
    return text.isascii() and plain.isalnum() and text[0].isalnum() and text[-1].isalnum()


def near_name(word: str, names: Sequence[str], cutoff: float = 0.7) -> str | None:
    """Return the name that was probably meant."""
    import difflib  # noqa: PLC0415 - for errors alone, and a start must not pay for them

    return next(iter(difflib.get_close_matches(word, names, n=1, cutoff=cutoff)), None)


def _allowed(option: Option) -> str:
    return f" ({', '.join(option.choices)})" if option.choices else ""


class _Say(argparse.Action):
    """Appends to the list that all parsers share: a namespace would lose the order, and what came before a command."""

    def __init__(self, *, option: Option, said: list[Said], **keywords: object) -> None:
        super().__init__(**keywords)  # type: ignore[arg-type]
        self._option, self._said = option, said

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[object] | None,
        option_string: str | None = None,
    ) -> None:
        del parser, namespace
        option, word = self._option, option_string or self._option.name
        value: Value = ()
        if option.refused:
            raise UnclearWordsError(f"`{word}` is not honoured: {option.refused}")
        match option.kind:
            case Kind.SWITCH:
                value = option.value
            case Kind.COUNT:
                value = 1
            case Kind.LIST | Kind.NAMES:
                parts = str(values).split(option.separator) if option.separator else [str(values)]
                value = tuple(str(check_value(option, part, f"`{word}`")) for part in parts)
            case Kind.TEXT | Kind.NUMBER:
                if not values and option.empty_is_unset:
                    return
                value = check_value(option, str(values), f"`{word}`")
        once = option.kind in (Kind.SWITCH, Kind.TEXT, Kind.NUMBER)
        if once and any(earlier.option is option for earlier in self._said):
            raise UnclearWordsError(f"`{word}` is said twice")
        self._said.append(Said(option, value, 0, word))


def _make_parser(argv: Sequence[str], said: list[Said]) -> argparse.ArgumentParser:
    """Return the parser, of what argv may speak of alone: a command costs some 200 us, an option 20."""
    parser = _bare(argparse.ArgumentParser)
    _add_options(parser, "", said if argv and argv[0].startswith("-") else None)
    parser.add_argument("-V", "--version", action="store_true", default=argparse.SUPPRESS)
    commands = parser.add_subparsers(dest="command")
    for name in _NAMES:
        if name not in argv:
            continue
        command = _bare(commands.add_parser, name)
        _add_options(command, name, said)
        if name in GROUPS:
            actions = command.add_subparsers(dest="action")
            for action in GROUPS[name]:
                if action not in argv:
                    continue
                leaf = _bare(actions.add_parser, action)
                whole = f"{name} {action}"
                _add_options(leaf, whole, said)
                if whole in WORDED:
                    leaf.add_argument("words", nargs="*")
        if name == "help":
            command.add_argument("words", nargs="*")
    return parser


def _bare(make: Callable[..., argparse.ArgumentParser], *name: str) -> argparse.ArgumentParser:
    return make(
        *name,
        add_help=False,
        allow_abbrev=False,
        exit_on_error=False,
        formatter_class=_formatter,
    )


def _formatter(prog: str) -> argparse.HelpFormatter:
    """Return what argparse makes for each option and never uses here; a width given spares a look at the terminal."""
    return argparse.HelpFormatter(prog, width=100)


def _add_options(parser: argparse.ArgumentParser, command: str, said: list[Said] | None) -> None:
    parser.add_argument("-h", "--help", action="store_true", default=argparse.SUPPRESS)
    for option in () if said is None else options_of(command):
        if not option.names:
            continue
        parser.add_argument(
            *option.names,
            *option.aliases,
            action=_Say,
            option=option,
            said=said,
            nargs=0 if option.kind in (Kind.SWITCH, Kind.COUNT) else None,
            dest=argparse.SUPPRESS,
            default=argparse.SUPPRESS,
        )


def _explained(error: argparse.ArgumentError, argv: Sequence[str]) -> UnclearWordsError:
    name = (error.argument_name or "").rpartition("/")[2]
    option = next((row for row in OPTIONS if name in row.words), None)
    if option is not None:
        if option.kind in (Kind.SWITCH, Kind.COUNT):
            return UnclearWordsError(f"`{option.name}` takes no value")
        return UnclearWordsError(f"`{option.name}` needs a value{_allowed(option)}")
    if name == "command":
        return UnclearWordsError(_explain_command("", argv, _NAMES))
    group = next(word for word in argv if word in GROUPS)
    return UnclearWordsError(_explain_command(group, argv[argv.index(group) + 1 :], GROUPS[group]))


def _explain_command(before: str, argv: Sequence[str], known: Sequence[str]) -> str:
    parser = _bare(argparse.ArgumentParser)
    _add_options(parser, before, [])
    word = parser.parse_known_args(argv)[1][0]
    if word.startswith("-"):
        hint = (
            f": say it after the command, as in `siteroot sync {word} ...`"
            if _is_option(word)
            else ""
        )
        return (
            f"`{f'siteroot {before}'.strip()}` alone has no option `{word.partition('=')[0]}`{hint}"
        )
    near = near_name(word, known, 0.6)
    whole = f"{before} {word}".strip()
    if whole in _ELSEWHERE and (before or near is None):
        return f"there is no command `{whole}`: {_ELSEWHERE[whole]}"
    meant = f"did you mean `{near}`?" if near else f"there are {', '.join(known)}"
    return f"there is no command `{f'{before} {without_credentials(word)}'.strip()}`: {meant}"


def _explain_unknown(unknown: Sequence[str], command: str) -> str:
    where = f"`siteroot {command}`" if command else "`siteroot`"
    word = next((word for word in unknown if word != "--"), unknown[0])
    if not word.startswith("-"):
        return f"{where} takes no word `{without_credentials(word)}`"
    word = word.partition("=")[0]
    options = options_of(command)
    names = ["--help", *(name for each in options if not each.refused for name in each.words)]
    if _is_option(word):
        return f"`{word}` is not an option of {where}"
    near = near_name(word, names) if word.startswith("--") else None
    return f"{where} has no option `{word}`" + (f": did you mean `{near}`?" if near else "")


def _is_option(word: str) -> bool:
    return any(word in option.words for option in OPTIONS)
