"""The search itself: PubGrub, stepped from outside. It knows packages by number, and versions as places on a line.

Its state is a value: whoever holds one asks it for the next step, answers, and may `clone` it at any step, after which
both go on with all that was learned. What a version requires, which one is tried first and what the numbers stand for
is the caller's. May not know: names of versions, files, metadata.
"""

from collections.abc import Sequence
from heapq import heappop, heappush
from itertools import filterfalse
from typing import NamedTuple

from .incompatibility import (
    ABSENT,
    Derived,
    Incompatibility,
    NoVersions,
    Root,
    Unusable,
    requires,
)
from .order import Order

#: The package that everything hangs on, and its only version.
ROOT = 0
ROOT_VERSION = 2


class Choose(NamedTuple):
    """A version of the package has to be chosen, among those that `allowed` holds."""

    package: int
    allowed: int


class Solved(NamedTuple):
    """Every package that is required has a version: `Search.decisions` holds them."""


class Unsolvable(NamedTuple):
    """There is no answer; the incompatibility of this number tells why."""

    incompatibility: int


Step = Choose | Solved | Unsolvable


class Dependency(NamedTuple):
    """What a version requires: one of the versions that `allowed` holds of a package.

    `base` is the package that it is always at one version with ("flask" for "flask[async]"), if it is not that itself.
    """

    package: int
    allowed: int
    pinned: bool
    direct: bool
    base: int | None


class _Assignment(NamedTuple):
    """A package's term from some moment on; `cause` is None where it was decided, not derived."""

    term: int
    moment: int
    level: int
    cause: int | None
    before: "_Assignment | None"


class Search:
    """A partial solution, what is known to be incompatible, and the order of packages."""

    __slots__ = (
        "_about",
        "_backtracked",
        "_contradicted",
        "_contradictions",
        "_full",
        "_heap",
        "_known",
        "_last",
        "_levels",
        "_merged",
        "_moment",
        "_next",
        "_now",
        "_order",
        "_outdated",
        "_queue",
        "_store",
        "_trail",
        "decisions",
    )  # fmt: skip

    def __init__(self) -> None:
        self._full: list[int] = []  # by package: the term that says nothing
        self._now: list[int] = []  # by package: what holds
        self._last: list[_Assignment | None] = []
        self._about: list[list[int]] = []  # by package: the incompatibilities that speak of it
        self._store: list[Incompatibility] = []
        # by who requires what: the incompatibility of all versions that do, and these
        self._merged: dict[tuple[int, int, int], tuple[int, int]] = {}
        self._contradicted: set[int] = (
            set()
        )  # incompatibilities that cannot come true before the search goes back
        self._contradictions: list[int] = []  # the same, in order
        self._trail: list[int] = []  # packages, as they were assigned
        # for each decision, how long the trail and the contradictions were before it
        self._levels: list[tuple[int, int]] = []
        self._known: set[tuple[int, int]] = set()  # versions whose requirements are in the store
        self._queue: dict[int, int] = {}  # the ranks of packages that wait for a decision
        self._heap: list[
            tuple[int, int]
        ] = []  # the same, the first first; what the queue has not is over
        self._outdated: set[int] = set()  # those whose rank has to be looked up
        self._order = Order()
        self._moment = 0
        self._backtracked = False
        self._next = ROOT
        self.decisions: dict[
            int, int
        ] = {}  # the version of each package, in the order of decisions
        self.add_package("", ABSENT | ROOT_VERSION)
        self._order.find(ROOT, pinned=False, direct=False)
        self._add(Incompatibility(((ROOT, ABSENT),), Root()))

    def clone(self) -> "Search":
        """Return a copy that goes its own way with all that was learned."""
        copy = object.__new__(Search)
        for slot in self.__slots__:
            value = getattr(self, slot)
            setattr(copy, slot, value.copy() if isinstance(value, list | dict | set) else value)
        copy._about = [numbers.copy() for numbers in self._about]
        copy._order = self._order.clone()
        return copy

    def add_package(self, name: str, full: int) -> int:
        """Take a package, and return its number. `full` holds absence and all places on the line of its versions."""
        self._full.append(full)
        self._now.append(full)
        self._last.append(None)
        self._about.append([])
        self._order.add(name)
        return len(self._full) - 1

    def incompatibility(self, number: int) -> Incompatibility:
        """Return an incompatibility by its number."""
        return self._store[number]

    def incompatibilities(self, package: int) -> Sequence[Incompatibility]:
        """Return those that speak of a package."""
        return [self._store[number] for number in self._about[package]]

    def settled(self, package: int) -> int:
        """Return what holds of a package whatever is decided."""
        found = self._last[package]
        while found is not None and found.level > 1:
            found = found.before
        return self._full[package] if found is None else found.term

    def step(self) -> Step:
        """Return what follows from the last answer. `Choose` waits for one of the answers below."""
        failed = self._propagate()
        if failed is not None:
            return Unsolvable(failed)
        for moved in self._order.mark():
            if moved in self.decisions:
                self._backtrack(list(self.decisions).index(moved))
        package = self._pick()
        if package is None:
            return Solved()
        self._next = package
        return Choose(package, self._now[package])

    # The answers

    def take_again(self, version: int) -> bool:
        """Take a version that was taken before, whose requirements are known; False where they are not."""
        if (self._next, version) not in self._known:
            return False
        self._decide(version)
        return True

    def take(self, version: int, run: int, dependencies: Sequence[Dependency]) -> None:
        """Take a version, unless what it requires is in the way.

        `run` holds the version and the places around it where there is no other one.
        """
        package = self._next
        self._known.add((package, version))
        for dependency in dependencies:
            self._order.find(dependency.package, pinned=dependency.pinned, direct=dependency.direct)
            if dependency.base is not None:
                self._order.find(
                    dependency.base, pinned=dependency.pinned, direct=dependency.direct
                )
        for required, allowed, _, _, base in dependencies:
            if base is not None:
                self._require(required, allowed, base, allowed)
        stopped = None
        for required, allowed, _, _, _ in dependencies:
            self._require(package, run, required, allowed)
            held = version if required == package else self._now[required]
            if stopped is None and not held & allowed:
                stopped = required
        if stopped is None or not self._backtracked:
            self._decide(version)
        else:
            self._order.record(package, package, (package, stopped))

    def take_bound(self, version: int, run: int, required: int, allowed: int) -> None:
        """Take a version that requires what cannot be (another Python), so that the search learns that."""
        self._order.find(required, pinned=False, direct=False)
        self._require(self._next, run, required, allowed)
        self._decide(version)

    def refuse(self, term: int, reason: object) -> None:
        """Say that the versions that the term holds cannot be taken."""
        self._add(Incompatibility(((self._next, term),), Unusable(self._next, term, reason)))

    def exhaust(self) -> None:
        """Say that there is no version among those allowed."""
        term = self._now[self._next]
        self._add(Incompatibility(((self._next, term),), NoVersions(self._next, term)))

    # What follows

    def _propagate(self) -> int | None:
        """Derive all that follows; return the incompatibility that rules the root out, if one does."""
        waiting = [self._next]
        while waiting:
            conflict = self._follow(waiting.pop(), waiting)
            if conflict is not None:
                learned, freed = self._resolve(conflict)
                if freed is None:
                    return learned
                self._derive(freed, self._store[learned].term_of(freed), learned)
                waiting = [freed]
        return None

    def _follow(self, package: int, waiting: list[int]) -> int | None:
        """Derive what follows from what holds of a package, and note of which others that says something.

        Returns an incompatibility that came true, if one did. Most of a search's time is spent here: what is over until
        the search goes back (thousands, of a project whose versions are tried one by one) is passed by without a look.
        """
        store, now, over = self._store, self._now, self._contradicted
        for number in filterfalse(over.__contains__, reversed(self._about[package])):
            unsettled = None  # the only package whose term is not settled, and that
            for each, term in store[number][0]:
                held = now[each]
                common = held & term
                if common == held:
                    continue
                if not common:
                    over.add(number)
                    self._contradictions.append(number)
                    break
                if unsettled is not None:
                    break
                unsettled = each, term
            else:
                if unsettled is None:
                    return number
                if unsettled[0] not in waiting:
                    waiting.append(unsettled[0])
                self._derive(*unsettled, number)
        return None

    def _derive(self, package: int, ruled_out: int, cause: int) -> None:
        term = self._now[package] & (self._full[package] ^ ruled_out)
        self._assign(package, term, cause)
        self._contradicted.add(cause)
        self._contradictions.append(cause)
        if not term & ABSENT:
            self._outdated.add(package)

    def _decide(self, version: int) -> None:
        package = self._next
        self._levels.append((len(self._trail), len(self._contradictions)))
        self.decisions[package] = version
        self._assign(package, version, None)

    def _assign(self, package: int, term: int, cause: int | None) -> None:
        self._moment += 1
        before = self._last[package]
        self._last[package] = _Assignment(term, self._moment, len(self._levels), cause, before)
        self._now[package] = term
        self._trail.append(package)

    def _pick(self) -> int | None:
        """Return the package to be decided next. A rank holds from when the package's term last changed, as uv's."""
        now, decisions = self._now, self.decisions
        for package in self._outdated:
            if not now[package] & ABSENT and package not in decisions:
                rank = self._queue[package] = self._order.rank(package)
                heappush(self._heap, (-rank, package))
        self._outdated.clear()
        while self._heap:
            rank, package = heappop(self._heap)
            if self._queue.get(package) == -rank:
                del self._queue[package]
                if self._is_open(package):
                    return package
        return None

    def _is_open(self, package: int) -> bool:
        return not self._now[package] & ABSENT and package not in self.decisions

    # What is learned

    def _resolve(self, conflict: int) -> tuple[int, int | None]:
        """Learn from an incompatibility that came true, and go back.

        Returns what was learned, and the package of which it says something new; None where it rules the root out.
        """
        learned = conflict
        causes: list[tuple[int, int]] = []
        while True:
            terms = self._store[learned].terms
            if not terms or (
                len(terms) == 1 and terms[0][0] == ROOT and terms[0][1] & ROOT_VERSION
            ):
                return learned, None
            package, satisfier, level = self._satisfier(terms)
            if level < satisfier.level or satisfier.cause is None:
                self._backtrack(level)
                if learned != conflict:
                    self._index(learned)
                causes.append((package, learned))
                break
            derived = self._derived(learned, satisfier.cause, package)
            learned = len(self._store)
            self._store.append(derived)
            causes.append((package, learned))
        for affected, number in causes:
            self._order.record(
                self._next,
                affected,
                [each for each, _ in self._store[number].terms if each != affected],
            )
        return learned, package

    def _satisfier(self, terms: Sequence[tuple[int, int]]) -> tuple[int, _Assignment, int]:
        """Return the assignment that made the terms come true, its package, and the level before which all else was.

        Where the assignment alone does not satisfy its package's term, that level is one at which the rest of it was.
        """
        firsts = {
            package: self._first(package, self._full[package] ^ term) for package, term in terms
        }
        package = max(firsts, key=lambda each: firsts[each].moment)
        satisfier = firsts[package]
        full = self._full[package]
        term = next(term for each, term in terms if each == package)
        if satisfier.cause is None:
            alone = satisfier.term
        else:
            alone = full ^ self._store[satisfier.cause].term_of(package)
        firsts[package] = self._first(package, alone & (full ^ term))
        latest = max(firsts.values(), key=lambda first: first.moment)
        return package, satisfier, max(latest.level, 1)

    def _first(self, package: int, excluded: int) -> _Assignment:
        """Return the first assignment after which nothing of `excluded` is left."""
        found = self._last[package]
        assert found is not None
        while found.before is not None and not found.before.term & excluded:
            found = found.before
        return found

    def _derived(self, left: int, right: int, package: int) -> Incompatibility:
        """Return what follows from two incompatibilities by the terms that they have for one package."""
        merged = dict(self._store[left].terms)
        either = merged.pop(package) | self._store[right].term_of(package)
        for each, term in self._store[right].terms:
            if each != package:
                merged[each] = merged.get(each, term) & term
        if either != self._full[package]:
            merged[package] = either
        return Incompatibility(tuple(merged.items()), Derived(left, right))

    def _backtrack(self, level: int) -> None:
        """Forget all decisions above a level, and what followed from them."""
        self._backtracked = True
        touched = {self._next}
        if level < len(self._levels):
            length, settled = self._levels[level]
            for package in reversed(self._trail[length:]):
                assigned = self._last[package]
                assert assigned is not None
                before = self._last[package] = assigned.before
                self._now[package] = self._full[package] if before is None else before.term
                if assigned.cause is None:
                    del self.decisions[package]
                self._queue.pop(package, None)
                touched.add(package)
            del self._trail[length:]
            del self._levels[level:]
            self._contradicted.difference_update(self._contradictions[settled:])
            del self._contradictions[settled:]
        self._outdated.update(
            package for package in touched if self._is_open(package) and package not in self._queue
        )

    # What is known

    def _require(self, package: int, term: int, required: int, allowed: int) -> None:
        """Add a requirement; one that other versions of the package have too is made one with theirs."""
        key = (package, required, allowed)
        merged = self._merged.get(key)
        if merged is not None:
            term |= merged[1]
        found = requires(package, term, required, allowed, self._full[required])
        if found is None:
            return
        if merged is not None:
            for each, _ in self._store[merged[0]].terms:
                self._about[each].remove(merged[0])
        self._merged[key] = len(self._store), term
        self._add(found)

    def _add(self, incompatibility: Incompatibility) -> None:
        self._store.append(incompatibility)
        self._index(len(self._store) - 1)

    def _index(self, number: int) -> None:
        for package, _ in self._store[number].terms:
            self._about[package].append(number)
