"""Stopped for real at each operation, on each ground: afterwards the old tree or the new one (ROOT.md 3).

A process makes the change, alone or with workers; when it, or a worker, comes to the operation, something happens to
it (`stop_driver.Kind`). Then the store is gone, the root is at another path, and the next command recovers. Trees are
compared by content, mode and time. Each matrix takes a few moments of each kind; under `endless`, all.
"""

import marshal
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.roots import CASES, Case, Tree, change_of, folders_of, fresh_of
from support.stop_driver import INTERRUPTED, MADE, REFUSED, RESTORED, UNFINISHED, Kind
from support.stopping import GROUNDS, Driver, Ground, Mounts, made_ground, spread, spread_change
from support.trees import Seen, describe_difference, snapshot

_FRESH: Tree = {
    **{f"demo/m{n}.py": b"# %d" % n for n in range(7)},
    "demo/sub/x.py": b"x",
    "demo-1.dist-info/RECORD.txt": b"r",
}


@pytest.fixture(scope="module")
def driver() -> Iterator[Driver]:
    driver = Driver()
    yield driver
    driver.end()


class Matrix:
    """A case on a ground, stopped as often as asked."""

    def __init__(self, ground: Ground, case: Case | None, driver: Driver) -> None:
        self.ground = ground
        self.driver = driver
        self.fresh = case is None
        self.rows = str(ground.place / "rows")
        self.found: Counter[str] = Counter()
        ground.reset()
        self.old = snapshot(ground.root)
        if case is None:
            rows = fresh_of(ground.store, _FRESH)
            staged = len(_FRESH)
            content = marshal.dumps((spread(rows[0]), rows[1]))
        else:
            change = change_of(ground.root, ground.store, case.old, case.new)
            staged = len([kind for kind, _ in change[1] if kind in ("place", "replace")])
            content = marshal.dumps(spread_change(change))
        Path(self.rows).write_bytes(content)
        ground.reset()
        own = self._must()
        #: How many operations each kind may strike at; a file takes a worker three, and there are two of them.
        self.counts = {kind: staged * 3 if kind.of_worker else own for kind in Kind}
        self.new = snapshot(ground.root)
        owned = _FRESH if case is None else {**case.new, **case.foreign}
        assert {path for path, seen in self.new.items() if seen[0] == "file"} == set(owned)
        # A folder that stays for what others put there has whatever time the last removal left it.
        named = {".", *folders_of(_FRESH if case is None else case.new)}
        self.loose = {path for path, seen in self.new.items() if seen[0] == "folder"} - named

    def stop(self, kind: Kind, at: int) -> None:
        """Stop the change there, and see what stands then and after the next command."""
        ground, what = self.ground, (kind.value, at)
        ground.reset()
        code, struck, _ = self._make(kind, at)
        self.found["struck" if struck else "not struck"] += 1
        if code in (RESTORED, REFUSED):
            assert not self.unlike_old(), what
        elif code == MADE:
            assert not self.unlike_new(), what
        elif code == INTERRUPTED:
            assert self.is_old_or_new(), what
        else:
            assert code in (-9, UNFINISHED), (what, code)
        self.found[f"exit {code}"] += 1

        os.rename(ground.store, f"{ground.store}-away")
        ground.move()
        recovered, _, _ = self.driver.make(ground.root, user=ground.user)
        os.rename(f"{ground.store}-away", ground.store)
        assert recovered == MADE, what
        gone = not os.path.lexists(ground.root)
        is_new = not gone and not self.unlike_new()
        assert is_new or not self.unlike_old(), (what, self.unlike_old()[:5], self.unlike_new()[:5])
        self.found["new" if is_new else "old"] += 1
        if not is_new:
            self._must()
            assert not self.unlike_new(), what
        beside = set(os.listdir(os.path.dirname(ground.root)))
        assert beside == {os.path.basename(ground.root)}, what

    def unlike_old(self) -> list[str]:
        return describe_difference(snapshot(self.ground.root), self.old)

    def unlike_new(self) -> list[str]:
        found = snapshot(self.ground.root)
        return describe_difference(self._tight(found), self._tight(self.new))

    def is_old_or_new(self) -> bool:
        return not self.unlike_old() or not self.unlike_new()

    def _tight(self, tree: dict[str, Seen]) -> dict[str, Seen]:
        return {
            path: (seen[0], seen[1], 0, "") if path in self.loose else seen
            for path, seen in tree.items()
        }

    def _make(self, kind: Kind, at: int) -> tuple[int, bool, int]:
        mode = ("copy", "hardlink")[at % 2]
        ground = self.ground
        return self.driver.make(ground.root, self.rows, kind, at, mode=mode, user=ground.user)

    def _must(self) -> int:
        """Return how many operations the change takes."""
        code, struck, count = self._make(Kind.NOTHING, 0)
        assert (code, struck) == (MADE, False)
        return count


def keeps_attributes(folder: str) -> bool:
    """Whether a folder may be given attributes: the last moment of all needs one (`root/work.py`)."""
    try:
        os.setxattr(folder, "user.siteroot.tried", b"")
        os.removexattr(folder, "user.siteroot.tried")
    except (OSError, AttributeError):
        return False
    return True


PLACES = [
    pytest.param(
        name,
        case,
        id=f"{name}-{'fresh root' if case is None else case.name}",
        marks=pytest.mark.mount if issubclass(GROUNDS[name], Mounts) else (),
    )
    for name in GROUNDS
    for case in (None, *CASES)
    if case is not None or name in ("plain disk", "overlay")
]


@pytest.mark.fast_calls
@pytest.mark.parametrize(
    "every", [pytest.param(0, id="few"), pytest.param(1, id="all", marks=pytest.mark.endless)]
)
@pytest.mark.parametrize(("name", "case"), PLACES)
def test_stopped_at_any_operation_it_is_old_or_new(
    driver: Driver, name: str, case: Case | None, every: int
) -> None:
    kinds = [kind for kind in Kind if kind is not Kind.NOTHING]
    with made_ground(name, case) as ground:
        matrix = Matrix(ground, case, driver)
        for number, kind in enumerate(kinds):
            count = matrix.counts[kind]
            step = every or max(1, count // 2)
            moments = {*range(number * 7 % step, count, step)}
            if kind is Kind.KILLED:  # one on either side of the commit, whatever the count
                moments |= {0, count * 9 // 10}
                if not keeps_attributes(ground.root):  # then that moment costs DIR its own time
                    moments.discard(count - 1)
            for at in sorted(moments):
                matrix.stop(kind, at)
        print(dict(sorted(matrix.found.items())))
        assert matrix.found["old"], "the moments do not reach both sides of the commit"
        assert matrix.found["new"], "the moments do not reach both sides of the commit"
