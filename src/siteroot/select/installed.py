"""What installed distributions need of each other, for a target: for `pip show`, `pip check` and `pip tree`.

A requirement counts where its marker holds with no extra asked for. One that cannot be parsed is passed over: what is
installed may be older than today's rules.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache

from packaging.markers import UndefinedComparison, UndefinedEnvironmentName
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from siteroot.model.installed import DescribedDistribution
from siteroot.model.target import Target
from siteroot.model.value import dataclass


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A file of its metadata cannot be read."""

    name: str
    file: str
    path: str


@dataclass(frozen=True, slots=True)
class Doubled:
    """It is installed more than once; what that may need is not looked at."""

    name: str
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WrongPython:
    """It needs a later Python."""

    name: str
    requires_python: str
    python: str


@dataclass(frozen=True, slots=True)
class WrongPlatform:
    """None of its tags is one of the target's."""

    name: str


@dataclass(frozen=True, slots=True)
class Missing:
    """Something that it needs is not installed."""

    name: str
    requirement: str


@dataclass(frozen=True, slots=True)
class Unfit:
    """Something that it needs is installed in a version that does not suit it."""

    name: str
    requirement: str
    version: str


Incompatibility = Unreadable | Doubled | WrongPython | WrongPlatform | Missing | Unfit

#: Clauses of requires-python that are judged; uv does not heed upper bounds, which come from fear more often than not.
_LOWER = (">=", ">", "~=", "==")


def find_incompatibilities(
    installed: Sequence[DescribedDistribution], target: Target
) -> tuple[Incompatibility, ...]:
    """Return what does not fit together, by name, as `uv pip check` judges it."""
    by_name = group_by_name(installed)
    tags = frozenset(target.tags)
    found: list[Incompatibility] = []
    for name, versions in sorted(by_name.items()):
        if len(versions) > 1:
            found.append(Doubled(name, tuple(one.path for one in versions)))
        else:
            found += _judge(versions[0], by_name, target, tags)
    return tuple(found)


def group_by_name(
    installed: Sequence[DescribedDistribution],
) -> dict[str, list[DescribedDistribution]]:
    """Return the distributions of each name."""
    by_name: dict[str, list[DescribedDistribution]] = {}
    for one in installed:
        by_name.setdefault(one.name, []).append(one)
    return by_name


def fits_tags(one: DescribedDistribution, tags: AbstractSet[str]) -> bool:
    """Whether one of a target's tags is the distribution's; what names none fits."""
    return not one.tags or not tags.isdisjoint(one.tags)


def needs_of(one: DescribedDistribution, target: Target) -> tuple[Requirement, ...]:
    """Return the requirements that hold for the target, in their order; none where it cannot say."""
    if one.metadata is None:
        return ()
    parsed = (parse_need(text) for text in one.metadata.requires_dist)
    return tuple(need for need in parsed if need is not None and _holds(need, target.markers))


def is_met(need: Requirement, version: str) -> bool:
    """Whether a version is what is needed; one from a URL always is, as uv has it."""
    if need.url is not None:
        return True
    try:
        return need.specifier.contains(Version(version), prereleases=True)
    except InvalidVersion:
        return not need.specifier


def render_need(need: Requirement) -> str:
    """Return a requirement as uv writes it: `a[x,y]<1,>=2 ; python_version >= '3'`."""
    extras = f"[{','.join(sorted(map(canonicalize_name, need.extras)))}]" if need.extras else ""
    where = f" @ {need.url}" if need.url is not None else ",".join(clauses_of(need.specifier))
    marker = "" if need.marker is None else " ; " + str(need.marker).replace('"', "'")
    return f"{canonicalize_name(need.name)}{extras}{where}{marker}"


def clauses_of(specifier: SpecifierSet) -> list[str]:
    """Return the clauses by their versions, as uv orders them."""

    def order(clause: str) -> tuple[Version, str]:
        try:
            return Version(clause.lstrip("<>=!~").removesuffix(".*")), clause
        except InvalidVersion:
            return Version("0"), clause

    return sorted((str(one) for one in specifier), key=order)


@lru_cache(maxsize=4096)
def parse_need(text: str) -> Requirement | None:
    """Return a requirement of a METADATA, None where it cannot be understood."""
    try:
        return Requirement(text)
    except (InvalidRequirement, RecursionError):
        return None


def _holds(need: Requirement, markers: Mapping[str, str]) -> bool:
    try:
        return need.marker is None or need.marker.evaluate({**markers, "extra": ""})
    except (UndefinedComparison, UndefinedEnvironmentName, InvalidVersion, InvalidSpecifier):
        return False


def _judge(
    one: DescribedDistribution,
    by_name: Mapping[str, Sequence[DescribedDistribution]],
    target: Target,
    tags: frozenset[str],
) -> list[Incompatibility]:
    if one.metadata is None:
        return [Unreadable(one.name, one.unread, one.path)]
    found: list[Incompatibility] = []
    python = target.markers["python_full_version"]
    requires_python = one.metadata.requires_python
    if requires_python is not None and not _admits(requires_python, python):
        found.append(WrongPython(one.name, requires_python, python))
    if one.unread:
        found.append(Unreadable(one.name, one.unread, one.path))
    elif not fits_tags(one, tags):
        found.append(WrongPlatform(one.name))
    for need in needs_of(one, target):
        there = by_name.get(canonicalize_name(need.name), ())
        if not there:
            found.append(Missing(one.name, render_need(need)))
        elif len(there) == 1 and not is_met(need, there[0].version):
            found.append(Unfit(one.name, render_need(need), there[0].version))
    return found


def _admits(requires_python: str, python: str) -> bool:
    try:
        specifiers = SpecifierSet(requires_python)
    except InvalidSpecifier:
        return True
    lower = SpecifierSet(",".join(str(one) for one in specifiers if one.operator in _LOWER))
    return lower.contains(python, prereleases=True)
