"""`[tool.uv.pip]` -> what it says, by the same table as the flags."""

from collections.abc import Iterable

from siteroot.errors import UsageError
from siteroot.model.settings import PipWord

from .arguments import SETTINGS_LAYER, Said, Value, check_value, options_of
from .option import Option


class SenselessPipSettingError(UsageError):
    """A key of `[tool.uv.pip]` has a value that its option cannot have."""


def said_by_settings(command: str, words: Iterable[PipWord]) -> tuple[Said, ...]:
    """Return what keys say of a command's options, the nearest word of each key.

    Raises SenselessPipSettingError, for a key that asks for what siteroot does not do too: it would do something else.
    """
    options = {name: option for option in options_of(command) for name in option.names}
    said: dict[str, Said] = {}
    for word in words:
        option = options.get(f"--{word.key}")
        if option is None:
            continue
        if option.refused and word.value:
            raise SenselessPipSettingError(
                f"`{word.key}` of [tool.uv.pip] is not honoured: {option.refused}"
            )
        if word.key not in said:
            said[word.key] = _said(option, word)
    return tuple(said.values())


def _said(option: Option, word: PipWord) -> Said:
    shown = f"`{word.key}` of [tool.uv.pip]"
    try:
        return Said(option, _value(option, word, shown), SETTINGS_LAYER, word.key)
    except UsageError as error:
        raise SenselessPipSettingError(error.message) from None


def _value(option: Option, word: PipWord, shown: str) -> Value:
    value = word.value
    if isinstance(value, bool):  # a twin that is hidden says the opposite
        return value is option.value
    if isinstance(value, str):
        return check_value(option, value, shown)
    return tuple(str(check_value(option, each, shown)) for each in value)
