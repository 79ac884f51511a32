"""Requirements and specifiers that were valid once, or nearly are, put right as uv puts them right.

Published metadata cannot be mended, and thousands of releases say `>=2.7,!=3.0*`. The mendings are tried one after the
other, each upon what the last one made, until the text is valid: the same text comes out as with uv.
"""

import re
from collections.abc import Callable

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


def mend_requirement(text: str) -> str | None:
    """Return a requirement as it is or put right, None where it cannot be."""
    return _mend(text, _is_requirement)


def mend_specifiers(text: str) -> str | None:
    """Return a set of version specifiers as it is or put right, None where it cannot be."""
    return _mend(text, _are_specifiers)


def _mend(text: str, is_valid: Callable[[str], bool]) -> str | None:
    if is_valid(text):
        return text
    if len(text) > _LONGEST:
        return None
    for pattern, replacement in _MENDINGS:
        mended = pattern.sub(replacement, text)
        if mended != text and is_valid(mended):
            return mended
        text = mended
    specifiers, mark, marker = text.partition(";")  # the quotes after it belong to a marker
    mended = _QUOTES.sub("", specifiers) + mark + marker
    return mended if is_valid(mended) else None


def _is_requirement(text: str) -> bool:
    try:
        Requirement(text)
    except (InvalidRequirement, RecursionError, ValueError):
        return False
    return True


def _are_specifiers(text: str) -> bool:
    try:
        SpecifierSet(text)
    except (InvalidSpecifier, ValueError):
        return False
    return True
