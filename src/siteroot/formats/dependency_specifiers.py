"""Dependency specifiers taken apart into plain values, so that what packaging has parsed once can be kept.

A resolution meets thousands of them, nearly all in metadata that the cache has: packaging takes 60 us for each.
"""

from collections.abc import Iterable

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from siteroot.model.metadata import Clauses, DependencySpecifier

from .markers import UnusableMarkerError, without_extras

#: The longest version that is read: a number of more digits than Python takes would not be one.
LONGEST = 1000


def clauses_of(specifiers: SpecifierSet) -> Clauses:
    """Return the clauses of a set of version specifiers, in the order in which it is written."""
    found = [(each.operator, each.version) for each in specifiers]
    return tuple(sorted(found, key="".join)) if len(found) > 1 else tuple(found)


def specifiers_of(clauses: Clauses) -> SpecifierSet:
    """Return the set of version specifiers that has these clauses."""
    return SpecifierSet(",".join(map("".join, clauses)))


def is_absurd(clauses: Clauses) -> bool:
    """Whether a version is named that is longer than any, or what is none: `===` takes any text."""
    return any(
        len(version) > LONGEST or (sign == "===" and not _is_version(version))
        for sign, version in clauses
    )


def _is_version(text: str) -> bool:
    try:
        Version(text)
    except InvalidVersion:
        return False
    return True


def take_apart(parsed: Iterable[Requirement]) -> tuple[DependencySpecifier | None, ...]:
    """Return what requirements say; None for those that are not to be judged: absurd, or nested too deep."""
    markers: dict[str, tuple[str, str] | None] = {"": ("", "")}  # most of one distribution recur
    same: dict[Clauses, Clauses] = {}  # equal ones are one: the cache keeps that once
    found: list[DependencySpecifier | None] = []
    for each in parsed:
        text = "" if each.marker is None else str(each.marker)
        if text not in markers:
            markers[text] = _halves(text)
        halves = markers[text]
        clauses = clauses_of(each.specifier)
        if halves is None or is_absurd(clauses):
            found.append(None)
            continue
        extras = tuple(sorted(map(canonicalize_name, each.extras)))
        clauses = same.setdefault(clauses, clauses)
        found.append((canonicalize_name(each.name), extras, clauses, *halves, each.url))
    return tuple(found)


def _halves(marker: str) -> tuple[str, str] | None:
    try:
        return marker, without_extras(marker)
    except UnusableMarkerError:
        return None
