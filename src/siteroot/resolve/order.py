"""Which package is decided next: uv's order, on which hangs which of many right answers comes out.

Packages go by their name, in the order in which the names were found; those of one name (its extras) by the order in
which they themselves were. Names with a URL, and those pinned by `==`, go before all others. A name that is often in
the way, or often stopped, moves up for good: no search is begun anew for it.
"""

from collections.abc import Iterable

#: How many conflicts a package may have before its name moves up.
THRESHOLD = 5

_ORDINARY, _CULPRIT, _AFFECTED, _PINNED, _DIRECT, _ROOT = range(6)
_ROOM = 1 << 30  # more names, and more packages, than there are


class Order:
    """The ranks of packages, by number, and the marks that conflicts left."""

    __slots__ = (
        "_affected",
        "_classes",
        "_culprits",
        "_early",
        "_found",
        "_late",
        "_names",
        "_places",
    )

    def __init__(self) -> None:
        self._names: list[str] = []  # by package; "" for those that no name stands for
        self._classes: dict[str, int] = {}  # by name, in the order in which they were found
        self._places: dict[str, int] = {}
        self._found: dict[int, int] = {}  # the place of a package among those found
        self._culprits: dict[int, int] = {}
        self._affected: dict[int, int] = {}
        self._early: list[int] = []
        self._late: list[int] = []

    def clone(self) -> "Order":
        """Return a copy that goes its own way."""
        copy = Order()
        for slot in self.__slots__:
            setattr(copy, slot, getattr(self, slot).copy())
        return copy

    def add(self, name: str) -> None:
        """Take the next package, by its name; "" for the root and for Python."""
        self._names.append(name)

    def find(self, package: int, *, pinned: bool, direct: bool) -> None:
        """Note that a package is required: by `==` where `pinned`, from a URL where `direct`."""
        self._found.setdefault(package, len(self._found))
        name = self._names[package]
        if not name:
            return
        rank = _DIRECT if direct else _PINNED if pinned else _ORDINARY
        if name not in self._classes:
            self._places[name] = len(self._places)
            self._classes[name] = rank
        elif rank > self._classes[name]:
            self._classes[name] = rank

    def rank(self, package: int) -> int:
        """Return a number that is the greater the sooner a package is decided."""
        name = self._names[package]
        if not name:
            return _ROOT * _ROOM * _ROOM - package
        place = _ROOM - 1 - self._places[name]
        return (self._classes[name] * _ROOM + place) * _ROOM + _ROOM - 1 - self._found[package]

    def record(self, chosen: int, affected: int, packages: Iterable[int]) -> None:
        """Count a conflict of `affected` with other packages, met after `chosen` was chosen."""
        real = False
        for package in packages:
            if self._names[package] == self._names[affected]:
                continue  # itself, or the other side of a package with extras: it copies what holds for the one
            real = True
            self._culprits[package] = self._culprits.get(package, 0) + 1
            if self._culprits[package] == THRESHOLD:
                self._late.append(package)
        if real:
            self._affected[chosen] = self._affected.get(chosen, 0) + 1
            if self._affected[chosen] == THRESHOLD:
                self._early.append(chosen)

    def mark(self) -> list[int]:
        """Move up the names whose conflicts reached the threshold; return the packages to go back before."""
        for package in self._early:
            if self._names[package]:
                self._classes[self._names[package]] = _AFFECTED
        self._early.clear()
        moved = []
        for package in self._late:
            name = self._names[package]
            if name and self._classes[name] not in (_CULPRIT, _AFFECTED):
                self._classes[name] = _CULPRIT
                moved.append(package)
        self._late.clear()
        return moved
