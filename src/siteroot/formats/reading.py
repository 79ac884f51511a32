"""Typed reading of a parsed file: each value with its key path, all faults of the file collected.

A reader never stops at the first fault. It notes it, goes on with None or nothing in the value's place, and
`Faults.raise_any` ends the reading. Messages name kinds of values, not values: a URL may hold a password.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import TypeVar

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from siteroot.errors import SiterootError

from .credentials import without_credentials

T = TypeVar("T")

#: How many faults one message lists.
_LISTED = 20
_LONGEST = 400  # characters of one fault: keys and versions come from the file, and may be anything

#: How many clauses a set of specifiers may have, and how many digits a number in one.
_MANY = 1000
_ENDLESS = rf"[0-9]{{{_MANY + 1}}}"

#: TOML promises integers of 64 bits and no more.
_LARGEST = 2**63 - 1

_KINDS = {
    str: "a string",
    int: "an integer",
    float: "a number",
    bool: "true or false",
    list: "an array",
    dict: "a table",
}


class Faults:
    """What was found wrong in one file, each "KEY PATH: what"."""

    __slots__ = ("_found",)

    def __init__(self) -> None:
        self._found: list[str] = []

    def __bool__(self) -> bool:
        return bool(self._found)

    def add(self, path: str, message: str) -> None:
        """Note one fault, in one line that a terminal can show and that shows no credential."""
        text = without_credentials(f"{path}: {message}" if path else message)
        if not text.isprintable():
            text = repr(text)[1:-1]
        self._found.append(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…")

    def raise_any(self, error: type[SiterootError], where: str) -> None:
        """Raise the error with all faults in its message; nothing if there are none."""
        if not self._found:
            return
        if len(self._found) == 1:
            raise error(self._found[0], where=where)
        more = len(self._found) - _LISTED
        lines = [f"{len(self._found)} faults:", *self._found[:_LISTED]]
        if more > 0:
            lines.append(f"and {more} more")
        raise error("\n  ".join(lines), where=where)


class Table:
    """A table of the file, read key by key. `subject` names what it describes, for people: a distribution's name."""

    __slots__ = ("_faults", "_key", "_parent", "subject", "values")

    def __init__(
        self,
        values: Mapping[str, object],
        faults: Faults,
        parent: "Table | None" = None,
        key: str = "",
    ) -> None:
        self.values = values
        self.subject: str = parent.subject if parent else ""
        self._faults = faults
        self._parent = parent
        self._key = key

    @property
    def path(self) -> str:
        """The key path from the file's top, as "package[3].wheels[0]"."""
        above = self._parent.path if self._parent else ""
        return f"{above}.{self._key}" if above else self._key

    def only(self, keys: Collection[str]) -> "Table":
        """Return the table with these of its keys alone."""
        values = {key: value for key, value in self.values.items() if key in keys}
        return Table(values, self._faults, self._parent, self._key)

    def fault(self, key: str, message: str) -> None:
        """Note a fault of one key, or of the table itself (key "")."""
        path = ".".join(filter(None, (self.path, key)))
        self._faults.add(f"{path} ({self.subject})" if self.subject else path, message)

    def text(self, key: str) -> str | None:
        """Return a string, None where the key is absent."""
        value = self.values.get(key)
        if value is None or type(value) is str:
            return value
        self._wrong_kind(key, value, "a string")
        return None

    def integer(self, key: str) -> int | None:
        """Return an integer that is not negative and fits in 64 bits, None where the key is absent."""
        value = self.values.get(key)
        if value is None:
            return None
        if type(value) is not int:
            self._wrong_kind(key, value, "an integer")
        elif value < 0:
            self.fault(key, "is negative")
        elif value > _LARGEST:
            self.fault(key, "is too large")
        else:
            return value
        return None

    def boolean(self, key: str) -> bool | None:
        """Return true or false, None where the key is absent."""
        value = self.values.get(key)
        if value is None or type(value) is bool:
            return value
        self._wrong_kind(key, value, "true or false")
        return None

    def texts(self, key: str) -> tuple[str, ...]:
        """Return an array of strings, empty where the key is absent."""
        return tuple(text for _, text in self._items(key, str, "a string"))

    def table(self, key: str) -> "Table | None":
        """Return a table, None where the key is absent."""
        value = self.values.get(key)
        if type(value) is dict:
            return Table(value, self._faults, self, key)
        if value is not None:
            self._wrong_kind(key, value, "a table")
        return None

    def table_or_empty(self, key: str) -> "Table":
        """Return a table, an empty one where the key is absent."""
        return self.table(key) or Table({}, self._faults, self, key)

    def tables(self, key: str) -> "Iterator[Table]":
        """Give each table of an array, none where the key is absent."""
        for index, values in enumerate(self._array(key)):
            place = f"{key}[{index}]"
            if type(values) is dict:
                yield Table(values, self._faults, self, place)
            else:
                self._wrong_kind(place, values, "a table")

    def table_lists(self, key: str) -> "Iterator[Iterator[Table]]":
        """Give the tables of each array in an array, none where the key is absent."""
        for place, rows in self._items(key, list, "an array"):
            yield Table({place: rows}, self._faults, self).tables(place)

    def texts_or_tables(self, key: str) -> "Iterator[tuple[str, str | Table]]":
        """Give each item of an array of strings and tables with its place, "KEY[3]"."""
        for index, value in enumerate(self._array(key)):
            place = f"{key}[{index}]"
            if type(value) is str:
                yield place, value
            elif type(value) is dict:
                yield place, Table(value, self._faults, self, place)
            else:
                self._wrong_kind(place, value, "a string or a table")

    def parsed(self, key: str, parse: Callable[[str], T]) -> T | None:
        """Return what `parse` makes of a string, None where the key is absent. Its ValueError becomes a fault."""
        value = self.values.get(key)
        if type(value) is str:
            return self.attempt(key, parse, value)
        if value is not None:
            self._wrong_kind(key, value, "a string")
        return None

    def required(self, key: str, parse: Callable[[str], T]) -> T | None:
        """Return what `parse` makes of a string; None only with a fault noted."""
        if key not in self.values:
            self.fault(key, "is missing")
        return self.parsed(key, parse)

    def parsed_texts(self, key: str, parse: Callable[[str], T]) -> tuple[T, ...]:
        """Return what `parse` makes of each string of an array, empty where the key is absent."""
        parsed = (
            self.attempt(place, parse, text) for place, text in self._items(key, str, "a string")
        )
        return tuple(value for value in parsed if value is not None)

    def attempt(self, key: str, parse: Callable[[str], T], text: str) -> T | None:
        """Return what `parse` makes of the text; its ValueError becomes a fault of the key, and None is returned."""
        try:
            return parse(text)
        except ValueError as error:
            self.fault(key, str(error).partition("\n")[0])
        except RecursionError:
            self.fault(key, "is nested too deeply")
        return None

    def _items(self, key: str, kind: type[T], kind_name: str) -> Iterator[tuple[str, T]]:
        """Give an array's items of one kind with their places, "KEY[3]"; others become faults."""
        for index, item in enumerate(self._array(key)):
            if type(item) is kind:
                yield f"{key}[{index}]", item
            else:
                self._wrong_kind(f"{key}[{index}]", item, kind_name)

    def _array(self, key: str) -> Sequence[object]:
        value = self.values.get(key)
        if type(value) is list:
            return value
        if value is not None:
            self._wrong_kind(key, value, "an array")
        return ()

    def _wrong_kind(self, key: str, value: object, expected: str) -> None:
        found = _KINDS.get(type(value), "a date or time")
        self.fault(key, f"is {found} where {expected} is expected")


def parse_specifiers(text: str) -> SpecifierSet:
    """Return a set of version specifiers that can be worked with. Raises ValueError, InvalidSpecifier among them.

    What its clauses allow together takes the square of their number to say, and a number of thousands of digits
    cannot be compared at all.
    """
    if len(text) > _MANY:
        if text.count(",") >= _MANY:
            raise ValueError(f"has more than {_MANY} clauses")
        if re.search(_ENDLESS, text):
            raise ValueError(f"has a number of more than {_MANY} digits")
    return SpecifierSet(text)


def parse_version(text: str) -> Version:
    """Return a version. Raises ValueError."""
    try:
        return Version(text)
    except ValueError:  # InvalidVersion, or a number of thousands of digits
        raise ValueError(f"is `{text}`, which is no version") from None


def parse_name(text: str) -> str:
    """Return the name of a distribution, extra or group, normalised. Raises ValueError if it is none."""
    try:
        return canonicalize_name(text, validate=True)
    except ValueError:
        raise ValueError("is not a name of letters, digits, '-', '_' and '.'") from None


def read_by_name(
    table: Table, key: str, read: Callable[[Table, str], T | None]
) -> Mapping[str, T] | None:
    """Return a table of values by the normalised names of distributions, None where it is absent."""
    inner = table.table(key)
    if inner is None:
        return None
    values: dict[str, T] = {}
    for name in inner.values:
        normal, value = inner.attempt(name, parse_name, name), read(inner, name)
        if normal is not None and value is not None:
            values[normal] = value
    return values
