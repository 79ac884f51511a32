"""What was decided -> a resolution."""

from collections.abc import Iterator, Sequence

from packaging.utils import canonicalize_name

from siteroot.model.resolution import Resolution, ResolvedEdge, ResolvedPin, VersionChoice

from .releases import Direct, Usable
from .resolver import LOWER_BOUNDS, Resolver
from .search import ROOT


def assemble(resolver: Resolver) -> Resolution:
    """Return what a resolver came to."""
    extras: dict[str, list[str]] = {}
    edges: set[ResolvedEdge] = set()
    for number, version in resolver.search.decisions.items():
        package = resolver.packages[number]
        if number != ROOT and not package.proxy and not package.marker:
            found = extras.setdefault(package.name, [])
            if package.extra is not None:
                found.append(package.extra)
        edges.update(_edges(resolver, number, version))
    pins = [_pin(resolver, name, tuple(sorted(extras[name]))) for name in sorted(extras)]
    ordered = sorted(edges, key=lambda edge: (edge.requirer or "", edge.required, str(edge)))
    notes = (*_absent_extras(resolver, pins), *_unbounded(resolver))
    return Resolution(pins=tuple(pins), edges=tuple(ordered), notes=notes)


def _absent_extras(resolver: Resolver, pins: Sequence[ResolvedPin]) -> Iterator[str]:
    for pin in pins:
        offered = set(map(canonicalize_name, resolver.extras_of(pin.name)))
        for extra in pin.extras:
            if extra not in offered:
                yield f"{pin.name}=={pin.version} has no extra `{extra}`"


def _unbounded(resolver: Resolver) -> Iterator[str]:
    """Yield what is to be said of direct requirements that leave it open how old a version may be."""
    if resolver.request.options.choice is VersionChoice.HIGHEST:
        return
    bounded = {
        each.name
        for each in resolver.asked
        if any(sign in LOWER_BOUNDS for sign, _ in each.clauses)
    }
    for name in dict.fromkeys(each.name for each in resolver.asked):
        if name not in bounded and not resolver.projects.is_direct(name):
            yield f"{name} is required without a lower bound, so that its oldest version may be taken"


def _pin(resolver: Resolver, name: str, extras: tuple[str, ...]) -> ResolvedPin:
    number = resolver.number_of(name)
    version = resolver.search.decisions[number]
    found = resolver.projects.find(name)
    place = found.line.place(version)
    if isinstance(found, Direct):
        return ResolvedPin(
            name=name,
            version=found.metadata.version,
            source=found.source,
            extras=extras,
            files=(),
            file=None,
        )
    used = found.usable(place)
    assert isinstance(used, Usable)
    return ResolvedPin(
        name=name,
        version=found.line.versions[place],
        source=used.source,
        extras=extras,
        files=used.files,
        file=used.installed,
    )


def _edges(resolver: Resolver, number: int, version: int) -> Iterator[ResolvedEdge]:
    package = resolver.packages[number]
    for declared in resolver.declared.get((number, version), ()):
        if declared.name == package.name:
            continue
        for extra in declared.extras or (None,):
            yield ResolvedEdge(
                requirer=None if number == ROOT else package.name,
                requirer_extra=package.extra,
                required=declared.name,
                required_extra=extra,
                origin=declared.origin,
            )
