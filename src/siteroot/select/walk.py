"""Which packages of a lock are reached from its roots, for one target.

Two walks where the lock has conflicts: the first finds the extras that edges turn on, to a fixpoint, because markers
of conflicting forks depend on them; the second, with all of them known, decides. Otherwise one walk does.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet

from siteroot.errors import LockError
from siteroot.formats.markers import TargetMarkers, extra_name, group_name, project_name
from siteroot.model.lock import LockedDependency, LockedRequirement
from siteroot.model.value import dataclass

from .conflicts import refuse_activated
from .index import LockIndex, Node
from .roots import Root, Roots

#: Ways to a node, each as the markers with conflict names that it takes. No way contains another.
Ways = set[frozenset[str]]


class AmbiguousRequirementError(LockError):
    """A requirement of the workspace's root leads to several packages of the lock, or to none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """What the walk found, by place in `Lock.packages`.

    `direct` are those that a root itself declares. `ruled_out` says by name which marker kept a package out that was
    met and never reached ("": none of the lock's forks is for this target).
    """

    places: tuple[int, ...]
    direct: frozenset[int]
    ruled_out: Mapping[str, str]


def select_reached(index: LockIndex, roots: Roots, markers: TargetMarkers) -> Reached:
    """Return the packages that the roots reach.

    Raises ConflictingSelectionError where dependencies turn on two conflicting extras, LockError where the lock
    contradicts itself.
    """
    return _Walk(index, roots, markers).reached()


class _Walk:
    """One selection's walk: the queue that the roots fill, and the names that they take as true."""

    def __init__(self, index: LockIndex, roots: Roots, markers: TargetMarkers) -> None:
        self._index = index
        self._roots = roots
        self._markers = markers
        self._forks = _open_forks(index, markers)
        self._names: set[str] = set()
        self._activated: set[tuple[str, str]] = set()
        self._start: dict[Node, Ways] = {}
        self._installed: dict[int, None] = {}  # an ordered set
        self._direct: set[int] = set()
        self._ruled_out: dict[str, str] = {}

    def reached(self) -> Reached:
        self._name_roots()
        for root in self._roots.roots:
            self._start_project(root)
            self._start_groups(root)
        self._start_manifest()
        if self._index.lock.conflicts:
            self._activate_extras()
            refuse_activated(self._index, self._activated)
        self._follow_edges()
        met = {self._index.package(place).name for place in self._installed}
        return Reached(
            places=tuple(self._installed),
            direct=frozenset(self._direct),
            ruled_out={name: why for name, why in self._ruled_out.items() if name not in met},
        )

    def _name_roots(self) -> None:
        for root in self._roots.roots:
            name = self._index.package(root.place).name
            if root.production:
                self._names.add(project_name(name))
            for extra in root.extras:
                self._turn_on(name, extra)
            self._names.update(group_name(name, group) for group in root.groups)

    def _start_project(self, root: Root) -> None:
        if not root.production:
            return
        self._installed[root.place] = None
        for extra in (None, *root.extras):
            self._start[root.place, extra] = {frozenset()}

    def _start_groups(self, root: Root) -> None:
        declared = self._index.package(root.place).dev_dependencies
        for edge in (edge for group in root.groups for edge in declared[group]):
            if not self._holds(edge, self._names | self._own_names(edge)):
                self._rule_out(edge)
                continue
            for extra in edge.extras:
                self._turn_on(edge.name, extra)
            self._begin(self._index.nodes_of(edge), self._condition(edge))

    def _start_manifest(self) -> None:
        manifest = self._index.lock.manifest
        groups = (manifest.dependency_groups[name] for name in self._roots.manifest_groups)
        wanted = [requirement for group in groups for requirement in group]
        if self._roots.production:
            wanted += manifest.requirements
        for requirement in wanted:
            if not self._markers.holds(requirement.marker):
                self._ruled_out.setdefault(requirement.name, str(requirement.marker))
                continue
            place = self._meant(requirement)
            for extra in requirement.extras:
                self._turn_on(requirement.name, extra)
            self._begin(
                [(place, None), *((place, extra) for extra in requirement.extras)], frozenset()
            )

    def _begin(self, nodes: Iterable[Node], condition: frozenset[str]) -> None:
        for place, extra in nodes:
            self._installed[place] = None
            self._direct.add(place)
            _add_way(self._start.setdefault((place, extra), set()), condition)

    def _meant(self, requirement: LockedRequirement) -> int:
        """Return the package of a requirement's name whose forks admit the target."""
        places = [
            place
            for place in self._index.places(requirement.name)
            if self._admits(self._index.package(place).resolution_markers)
        ]
        if len(places) != 1:
            found = "several packages" if places else "no package"
            raise AmbiguousRequirementError(
                f"the lock holds {found} for `{requirement.name}`, which its manifest requires"
            )
        return places[0]

    def _admits(self, forks: Iterable[object]) -> bool:
        texts = [str(marker) for marker in forks]
        return not texts or any(self._markers.holds_text(text) for text in texts)

    def _activate_extras(self) -> None:
        """Find the extras that edges turn on.

        An edge's marker means something only below its parent, so that an edge counts only while some way to its
        parent does. Ways are judged anew each time, since an extra that was found meanwhile can close them.
        """
        ways = {node: set(conditions) for node, conditions in self._start.items()}
        queue = deque(ways)
        while queue:
            node = queue.popleft()
            for edge in self._index.edges(node):
                names = self._names | self._own_names(edge)
                if not (self._holds(edge, names) and self._is_open(ways[node], names)):
                    continue
                for extra in edge.extras:
                    self._turn_on(edge.name, extra)
                condition = self._condition(edge)
                for target in self._index.nodes_of(edge):
                    known = ways.setdefault(target, set())
                    changed = [_add_way(known, way | condition) for way in tuple(ways[node])]
                    if any(changed):
                        queue.append(target)

    def _follow_edges(self) -> None:
        projects = {root.place for root in self._roots.roots if root.production}
        queue = deque(self._start)
        seen = set(self._start)
        while queue:
            node = queue.popleft()
            for edge in self._index.edges(node):
                if not self._holds(edge, self._names):
                    self._rule_out(edge)
                    continue
                for target in self._index.nodes_of(edge):
                    self._installed[target[0]] = None
                    if node[0] in projects:
                        self._direct.add(target[0])
                    if target not in seen:
                        seen.add(target)
                        queue.append(target)

    def _holds(self, edge: LockedDependency, names: AbstractSet[str]) -> bool:
        if not self._markers.holds(edge.marker, names):
            return False
        return self._forks is None or any(
            self._markers.holds_text(fork, names) for fork in self._forks
        )

    def _is_open(self, ways: Ways, names: AbstractSet[str]) -> bool:
        return any(all(self._markers.holds_text(text, names) for text in way) for way in ways)

    def _condition(self, edge: LockedDependency) -> frozenset[str]:
        """Return the edge's marker if it depends on what is selected; what hangs on the target alone is settled."""
        if edge.marker is None:
            return frozenset()
        text = str(edge.marker)
        return frozenset((text,)) if self._markers.names_in(text) else frozenset()

    def _own_names(self, edge: LockedDependency) -> set[str]:
        return {extra_name(edge.name, extra) for extra in edge.extras}

    def _turn_on(self, package: str, extra: str) -> None:
        self._names.add(extra_name(package, extra))
        self._activated.add((package, extra))

    def _rule_out(self, edge: LockedDependency) -> None:
        self._ruled_out.setdefault(edge.name, "" if edge.marker is None else str(edge.marker))


def _open_forks(index: LockIndex, markers: TargetMarkers) -> tuple[str, ...] | None:
    """Return the forks of which one has to hold for any edge to count, None where one holds whatever is selected."""
    forks = tuple(str(marker) for marker in index.lock.resolution_markers)
    settled = not forks or any(
        markers.holds_text(fork) for fork in forks if not markers.names_in(fork)
    )
    return None if settled else forks


def _add_way(ways: Ways, way: frozenset[str]) -> bool:
    """Add a way unless a shorter one is known; return whether anything changed."""
    if any(known <= way for known in ways):
        return False
    ways.difference_update([known for known in ways if way < known])
    ways.add(way)
    return True
