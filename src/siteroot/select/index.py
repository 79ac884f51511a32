"""A lock's packages and edges, looked up by name."""

from collections.abc import Iterator, Sequence

from siteroot.errors import LockError
from siteroot.model.lock import (
    EditableSource,
    Lock,
    LockedDependency,
    LockedPackage,
    VirtualSource,
)

#: A package of the lock, by its place in `Lock.packages`, and one of its extras (None: the package itself).
Node = tuple[int, str | None]


class BrokenEdgeError(LockError):
    """The lock names a package that it does not hold, or does not say which of several."""


class LockIndex:
    """What a walk asks a lock for."""

    def __init__(self, lock: Lock) -> None:
        self.lock = lock
        self._places: dict[str, list[int]] = {}
        for place, package in enumerate(lock.packages):
            self._places.setdefault(package.name, []).append(place)

    def package(self, place: int) -> LockedPackage:
        """Return the package at a place."""
        return self.lock.packages[place]

    def places(self, name: str) -> Sequence[int]:
        """Return where the packages of a name are, in the lock's order."""
        return self._places.get(name, ())

    def root(self) -> LockedPackage | None:
        """Return the project in the lock's own folder, if there is one."""
        for package in self.lock.packages:
            if isinstance(
                package.source, EditableSource | VirtualSource
            ) and package.source.path in ("", "."):
                return package
        return None

    def edges(self, node: Node) -> tuple[LockedDependency, ...]:
        """Return the dependencies of a package, or those that one of its extras adds."""
        place, extra = node
        package = self.lock.packages[place]
        return (
            package.dependencies if extra is None else package.optional_dependencies.get(extra, ())
        )

    def follow(self, edge: LockedDependency) -> int:
        """Return the place of the package that an edge leads to."""
        places = self._places.get(edge.name, [])
        if len(places) == 1:
            return places[0]
        fitting = [place for place in places if self._is_meant(place, edge)]
        if len(fitting) != 1:
            why = "several packages that it may mean" if fitting else "no such package"
            raise BrokenEdgeError(f"the lock depends on `{_described(edge)}` and holds {why}")
        return fitting[0]

    def nodes_of(self, edge: LockedDependency) -> Iterator[Node]:
        """Return the nodes that an edge leads to: the package, then each extra that it asks for."""
        place = self.follow(edge)
        yield place, None
        for extra in edge.extras:
            yield place, extra

    def _is_meant(self, place: int, edge: LockedDependency) -> bool:
        package = self.lock.packages[place]
        return edge.version in (None, package.version) and edge.source in (None, package.source)


def _described(edge: LockedDependency) -> str:
    return edge.name if edge.version is None else f"{edge.name}=={edge.version}"
