"""The tree of what needs what among installed distributions, for `pip tree`."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import count

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from siteroot.model.installed import DescribedDistribution
from siteroot.model.target import Target
from siteroot.model.value import dataclass

from .installed import group_by_name, is_met, needs_of

Edge = tuple[int, int, Requirement]  # from, to, why


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """A distribution in the tree. `need` is why it hangs there, None at a root; `above` what it hangs on.

    `first`: it was not told before. `repeated`: what hangs on it was told before, or would be told without end.
    """

    name: str
    version: str
    need: Requirement | None
    above: str
    first: bool
    repeated: bool
    branches: tuple["Branch", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trimming:
    """How a tree is cut. Names are normalised; `only` empty: nothing is cut for it."""

    depth: int
    prune: frozenset[str]
    only: frozenset[str]
    invert: bool
    dedupe: bool


def grow_tree(
    installed: Sequence[DescribedDistribution], target: Target, trimming: Trimming
) -> tuple[Branch, ...]:
    """Return the tree's roots, by name: what nothing else needs, and of a circle one."""
    nodes = [one for one in installed if one.name not in trimming.prune]
    edges = _edges(nodes, target)
    if trimming.invert:
        edges = [(end, start, need) for start, end, need in edges]
    kept: Iterable[int] = range(len(nodes))
    if trimming.only:
        wanted = [at for at, one in enumerate(nodes) if one.name in trimming.only]
        kept = sorted(_reachable(wanted, edges))
        edges = [edge for edge in edges if edge[0] in kept]
    places = _Sequence(edges).places()
    needed = {end for start, end, _ in edges if places[start] < places[end]}
    growth = _Growth(nodes, edges, trimming)
    roots = sorted(set(kept) - needed, key=lambda at: nodes[at].order)
    return tuple(branch for at in roots for branch in growth.branches(at, None, ""))


def _edges(nodes: Sequence[DescribedDistribution], target: Target) -> list[Edge]:
    places = {id(one): at for at, one in enumerate(nodes)}
    by_name = group_by_name(nodes)
    found: dict[tuple[int, int], Edge] = {}
    for at, one in enumerate(nodes):
        for need in needs_of(one, target):
            for there in by_name.get(canonicalize_name(need.name), ()):
                if is_met(need, there.version):
                    end = places[id(there)]
                    found.setdefault((at, end), (at, end, need))
    return list(found.values())


def _reachable(start: Iterable[int], edges: Sequence[Edge]) -> set[int]:
    after = defaultdict(list)
    for one, other, _ in edges:
        after[one].append(other)
    found, queue = set(start), list(start)
    while queue:
        for other in after[queue.pop()]:
            if other not in found:
                found.add(other)
                queue.append(other)
    return found


class _Sequence:
    """Nodes in an order in which few edges lead back: those of a circle have to (Eades, Lin, Smyth 1993).

    Of several that are equally good the one whose edges changed last is taken, as uv's library does.
    """

    def __init__(self, edges: Sequence[Edge]) -> None:
        self._edges: tuple[dict[int, list[int]], dict[int, list[int]]]
        self._edges = (defaultdict(list), defaultdict(list))  # out of a node, into it
        for start, end, _ in edges:
            self._edges[0][start].append(end)
            self._edges[1][end].append(start)
        self._left = dict.fromkeys(at for start, end, _ in edges for at in (start, end))
        self._degrees = {
            at: [len(self._edges[0][at]), len(self._edges[1][at])] for at in self._left
        }

    def places(self) -> dict[int, int]:
        """Return each node's place."""
        first: list[int] = []
        last: list[int] = []
        sinks, sources = (
            [at for at in self._left if not self._degrees[at][side]] for side in (0, 1)
        )
        while self._left:
            if sinks:
                at, into = sinks.pop(), last
            elif sources:
                at, into = sources.pop(), first
            else:
                at, into = max(reversed(self._left), key=self._surplus), first
            if at in self._left:
                into.append(at)
                del self._left[at]
                sources += self._loosen(at, 0)
                sinks += self._loosen(at, 1)
        return dict(zip([*first, *reversed(last)], count(), strict=False))

    def _surplus(self, at: int) -> int:
        return self._degrees[at][0] - self._degrees[at][1]

    def _loosen(self, gone: int, side: int) -> list[int]:
        """Take the edges of a node that is gone from the others; return those that have none left of that kind."""
        free = []
        for other in self._edges[side][gone]:
            self._degrees[other][1 - side] -= 1
            if other in self._left:
                del self._left[other]
                self._left[other] = None
                if not self._degrees[other][1 - side]:
                    free.append(other)
        return free


class _Growth:
    """A tree under way: what was told already, and what is being told."""

    def __init__(
        self, nodes: Sequence[DescribedDistribution], edges: Sequence[Edge], trimming: Trimming
    ) -> None:
        self._nodes = nodes
        self._trimming = trimming
        self._after: dict[int, list[Edge]] = defaultdict(list)
        for edge in edges:
            self._after[edge[0]].append(edge)
        for found in self._after.values():
            found.sort(key=lambda edge: nodes[edge[1]].order)
        self._told: dict[str, bool] = {}  # by name, whether something hangs on it
        self._path: list[str] = []

    def branches(self, at: int, need: Requirement | None, above: str) -> tuple[Branch, ...]:
        """Return the node with what hangs on it; nothing where that would be too deep."""
        if len(self._path) > self._trimming.depth:
            return ()
        node, edges = self._nodes[at], self._after[at]
        known = node.name in self._told and (self._trimming.dedupe or node.name in self._path)
        inner: tuple[Branch, ...] = ()
        repeated = known and self._told[node.name]
        if not known:
            self._told[node.name] = bool(edges)
            self._path.append(node.name)
            inner = tuple(
                branch for _, end, why in edges for branch in self.branches(end, why, node.name)
            )
            self._path.pop()
        return (
            Branch(
                name=node.name,
                version=node.version,
                need=need,
                above=above,
                first=not known,
                repeated=repeated,
                branches=inner,
            ),
        )
