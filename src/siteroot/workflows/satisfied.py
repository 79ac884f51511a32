"""Whether what is installed already is all that was asked for: then no index is asked, as with uv."""

from collections.abc import Iterable

from packaging.version import InvalidVersion, Version

from siteroot.formats.markers import TargetMarkers
from siteroot.model.installed import DescribedDistribution
from siteroot.model.requirement import Requirement
from siteroot.model.target import Target
from siteroot.resolve.requirements import BadRequirement, Declared, Expansion
from siteroot.select.installed import fits_tags

from .pip_resolving import Asking


def count_satisfied(
    asking: Asking, installed: Iterable[DescribedDistribution], target: Target
) -> int | None:
    """Return how many things are asked for, None where one, or what it needs, is not there as it shall be."""
    asked = [each.requirement for each in asking.requirements.asked]
    named = [each for each in asked if isinstance(each, Requirement) and each.source is None]
    if asking.requirements.trees or len(named) != len(asked):
        return None
    by_name: dict[str, list[DescribedDistribution]] = {}
    for one in installed:
        by_name.setdefault(one.name, []).append(one)
    bounds = asking.requirements.constraints
    expansion = Expansion(
        TargetMarkers(target.markers),
        bounds,
        asking.overrides,
        asking.excludes,
        asking.overrides_of,
        asking.excludes_of,
    )
    waiting: list[Declared] = expansion.expand(named)
    seen: set[tuple[str, str | None]] = set()
    tags = frozenset(target.tags)
    while waiting:
        declared = waiting.pop()
        found = by_name.get(declared.name, [])
        if len(found) != 1 or not _fits(found[0], declared) or not fits_tags(found[0], tags):
            return None
        metadata = found[0].metadata
        for extra in (None, *declared.extras):
            if (declared.name, extra) in seen:
                continue
            seen.add((declared.name, extra))
            if asking.words.no_deps:
                continue
            if metadata is None:
                return None
            more = expansion.expand_metadata(metadata, declared.name, extra)
            if isinstance(more, BadRequirement):
                return None
            waiting += more
    return len(asked)


def _fits(one: DescribedDistribution, declared: Declared) -> bool:
    if declared.source is not None or declared.url is not None:
        return False
    try:
        version = Version(one.version)
    except InvalidVersion:
        return False
    return declared.specifiers.contains(version, prereleases=True)
