"""What was said, of each field what holds: flags over SITEROOT_ variables over others, typed."""

import re
from collections.abc import Collection, Iterable, Mapping
from typing import assert_never

from siteroot.errors import UsageError

from .arguments import SETTINGS_LAYER, Said, Value, is_name
from .option import Kind


class Answers:
    """What holds of each field, typed."""

    def __init__(self, said: Mapping[str, Said]) -> None:
        self._said = said

    def layer(self, field: str) -> int | None:
        """Return the layer that speaks of a field, None where none does (`Said.layer`)."""
        return self._said[field].layer if field in self._said else None

    def word(self, field: str) -> str:
        """Return the word that says it."""
        return self._said[field].word if field in self._said else ""

    def switch(self, field: str) -> bool | None:
        """Return what a switch says."""
        value = self._value(field)
        return value if isinstance(value, bool) else None

    def text(self, field: str) -> str | None:
        """Return a text."""
        value = self._value(field)
        return value if isinstance(value, str) else None

    def number(self, field: str) -> int | None:
        """Return a number."""
        value = self._value(field)
        return value if isinstance(value, int) else None

    def count(self, field: str) -> int:
        """Return how often it was said."""
        return self.number(field) or 0

    def many(self, field: str) -> tuple[str, ...]:
        """Return all values of a list."""
        value = self._value(field)
        return value if isinstance(value, tuple) else ()

    def named(self, field: str, choices: Collection[str] = ()) -> Mapping[str, str] | None:
        """Return what a list of NAME=VALUE says, by normalised name; None where it says nothing. Raises UsageError."""
        found = {}
        for text in self.many(field):
            name, mark, value = text.partition("=")
            if not (mark and value and is_name(name)):
                raise UsageError(f"`{text}` is not NAME=VALUE", where=self.word(field))
            if choices and value not in choices:
                raise UsageError(
                    f"`{text}` says none of {', '.join(choices)}", where=self.word(field)
                )
            found[re.sub(r"[-_.]+", "-", name).lower()] = value
        return found or None

    def _value(self, field: str) -> Value | None:
        return self._said[field].value if field in self._said else None


def nearest(said: Iterable[Said]) -> dict[str, Said]:
    """Return what holds of each field: of the nearest layer the last word, or all of a list's, all of a count's.

    What settings files list comes to what words or variables list.
    """
    found: dict[str, Said] = {}
    for one in said:
        field = one.option.field
        earlier = found.get(field)
        if earlier is None:
            found[field] = one
            continue
        near, far = (one, earlier) if one.layer < earlier.layer else (earlier, one)
        if far.layer == SETTINGS_LAYER and isinstance(far.value, tuple):
            found[field] = Said(near.option, _joined(near.value, far), near.layer, near.word)
        elif near.layer == far.layer:
            found[field] = Said(one.option, _joined(earlier.value, one), one.layer, one.word)
        else:
            found[field] = near
    return found


def _joined(earlier: Value, one: Said) -> Value:
    match one.option.kind:
        case Kind.LIST | Kind.NAMES:
            assert isinstance(earlier, tuple)
            assert isinstance(one.value, tuple)
            return earlier + one.value
        case Kind.COUNT:
            assert isinstance(earlier, int)
            assert isinstance(one.value, int)
            return earlier + one.value
        case Kind.SWITCH | Kind.TEXT | Kind.NUMBER:
            return one.value
        case _ as never:
            assert_never(never)
