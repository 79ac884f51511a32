"""What was decided -> a resolution."""

from collections.abc import Iterator

from siteroot.model.resolution import Resolution, ResolvedEdge, ResolvedPin

from .releases import Direct, Usable
from .resolver import Resolver
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
    return Resolution(pins=tuple(pins), edges=tuple(ordered))


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
