"""Requirements and specifiers that were valid once, or nearly are, put right as uv puts them right.

Published metadata cannot be mended, and thousands of releases say `>=2.7,!=3.0*`. The mendings are tried one after the
other, each upon what the last one made, until the text is valid: the same text comes out as with uv.
"""

import re
from collections.abc import Callable
from typing import TypeVar

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet

_MENDINGS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(\d)([<>=~^!])"), r"\1,\2"),  # >=7.2.0<8.0.0
    (re.compile(r"!=~((?:\d\.)*\d)"), r"!=\1.*"),  # !=~5.0
    (re.compile(r"(<=|>=|<|>)(\d+(?:\.\d+)*)\.\*"), r"\1\2"),  # >=1.9.*
    (re.compile(r"(\d\.\d)+\*"), r"\1.*"),  # !=3.0*
    (re.compile(r",\s*$"), ""),  # >=3.6,
    (re.compile(r">dev"), ">0.0.0dev"),
    (re.compile(r"(\d+(?:\.\d)*(?:a|b|rc|post|dev)\d+)\.0"), r"\1"),  # >=9.0.0a1.0
)
_QUOTES = re.compile("['\"]")

#: No requirement is longer; the mendings' time grows with the square of the length.
_LONGEST = 4096


T = TypeVar("T")


def mend_requirement(text: str) -> str | None:
    """Return a requirement as it is or put right, None where it cannot be."""
    mended = read_requirement(text)
    return None if mended is None else mended[0]


def read_requirement(text: str) -> tuple[str, Requirement] | None:
    """Return a requirement as it is or put right, and what it says; None where it cannot be."""
    return _mend(text, _requirement)


def mend_specifiers(text: str) -> str | None:
    """Return a set of version specifiers as it is or put right, None where it cannot be."""
    mended = _mend(text, _specifiers)
    return None if mended is None else mended[0]


def _mend(text: str, parse: Callable[[str], T | None]) -> tuple[str, T] | None:
    if (parsed := parse(text)) is not None:
        return text, parsed
    if len(text) > _LONGEST:
        return None
    for pattern, replacement in _MENDINGS:
        mended = pattern.sub(replacement, text)
        if mended != text and (parsed := parse(mended)) is not None:
            return mended, parsed
        text = mended
    specifiers, mark, marker = text.partition(";")  # the quotes after it belong to a marker
    mended = _QUOTES.sub("", specifiers) + mark + marker
    return None if (parsed := parse(mended)) is None else (mended, parsed)


def _requirement(text: str) -> Requirement | None:
    try:
        return Requirement(text)
    except (InvalidRequirement, RecursionError, ValueError):
        return None


def _specifiers(text: str) -> SpecifierSet | None:
    try:
        return SpecifierSet(text)
    except (InvalidSpecifier, ValueError):
        return None
