"""Environment variables -> what they say, by the same table as the flags, with uv's words for yes and no."""

from collections.abc import Mapping

from siteroot.errors import UsageError

from .arguments import Said, UnclearWordsError, Value, check_value, near_name, options_of
from .option import Kind, Option
from .options import OPTIONS

_YES = ("1", "true", "t", "yes", "y", "on")
_NO = ("0", "false", "f", "no", "n", "off")

#: Variables of ours that are not in the table: launchers read the first and leave the second to what they start, and
#: indexes have credentials by their names.
_OTHERS = ("SITEROOT_PYTHON", "SITEROOT_STARTED")
_OTHER_BEGINNING = "SITEROOT_INDEX_"


class SenselessVariableError(UsageError):
    """An environment variable has a value that its option cannot have."""


def read_variables(command: str, environ: Mapping[str, str]) -> tuple[Said, ...]:
    """Return what the variables say of a command's options, in the table's order.

    Every variable is checked, also where a nearer one holds. A switch that is off says nothing, as with uv, but
    SITEROOT_X=0 keeps UV_X=1 from being heard. Raises SenselessVariableError.
    """
    said = []
    for option in options_of(command):
        if option.refused:
            continue
        values = [
            (name, _value(option, name, environ[name]))
            for name in option.variables
            if name in environ
        ]
        heard = [(name, value) for name, value in values if value is not None]
        if heard and heard[0][1] is not False:
            name, value = heard[0]
            value = option.value if option.kind is Kind.SWITCH else value
            said.append(Said(option, value, _layer(name), name))
    return tuple(said)


def unheeded_variables(environ: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return the variables that uv heeds and siteroot does not (name, why), of those that are set."""
    return tuple(
        (name, option.refused)
        for option in OPTIONS
        if option.refused
        for name in option.variables
        if environ.get(name)
    )


def unknown_variables(environ: Mapping[str, str]) -> tuple[tuple[str, str | None], ...]:
    """Return the SITEROOT_ variables that mean nothing (name, near name), of those that are set."""
    known = {name for option in OPTIONS for name in option.variables}.union(_OTHERS)
    return tuple(
        (name, near_name(name, sorted(known)))
        for name in sorted(environ)
        if name.startswith("SITEROOT_")
        and name not in known
        and not name.startswith(_OTHER_BEGINNING)
    )


def _layer(name: str) -> int:
    return 1 if name.startswith("SITEROOT_") else 2


def _value(option: Option, name: str, text: str) -> Value | None:
    shown = f"the variable `{name}`"
    try:
        match option.kind:
            case Kind.SWITCH | Kind.COUNT:
                return _switch(name, text)
            case Kind.LIST | Kind.NAMES:
                split = None if option.variable_separator == " " else option.variable_separator
                parts = [part for part in text.split(split) if part]
                return tuple(str(check_value(option, part, shown)) for part in parts) or None
            case Kind.TEXT | Kind.NUMBER:
                if not text and option.empty_is_unset:
                    return None
                return check_value(option, text, shown)
    except UnclearWordsError as error:
        raise SenselessVariableError(error.message) from None


def _switch(name: str, text: str) -> bool:
    if text.lower() in _YES:
        return True
    if text.lower() in _NO:
        return False
    raise SenselessVariableError(
        f"the variable `{name}` cannot be `{text}`: it is a switch",
        hints=(f"set {name} to 1 or 0, or unset it",),
    )
