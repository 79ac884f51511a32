"""What judging a lock finds, and comparing requirements, which is most of the judging."""

from collections.abc import Iterable, Iterator

from packaging.specifiers import SpecifierSet

from siteroot.model.value import dataclass

from .conditions import Condition, same_condition
from .requires_python import PythonBounds


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that the lock says otherwise than the project."""

    text: str


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why something cannot be judged here."""

    why: str


Finding = Difference | Doubt


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """A requirement with its source. `source` is sorted; its paths are absolute, its URLs without credentials."""

    name: str
    extras: tuple[str, ...]
    specifier: SpecifierSet
    source: tuple[tuple[str, str], ...]
    condition: Condition

    def text(self) -> str:
        """Return it as a person would write it."""
        extras = f"[{','.join(self.extras)}]" if self.extras else ""
        source = ", ".join(f"{key} = {value}" for key, value in self.source)
        when = self.condition.text()
        return (
            f"{self.name}{extras}{self.specifier}"
            f"{f' ({source})' if source else ''}{f' ; {when}' if when else ''}"
        )


def compare_requirements(
    who: str, declared: Iterable[Declared], locked: Iterable[Declared], bounds: PythonBounds
) -> Iterator[Finding]:
    """Give a finding for each requirement that only one side has. Order and repetition do not count."""
    ours, theirs = tuple(declared), tuple(locked)
    for one_side, other_side, verb in (
        (ours, theirs, "requires `{}`, which the lock does not know"),
        (theirs, ours, "no longer requires `{}`, which is in the lock"),
    ):
        for each in one_side:
            answers = {_same(each, other, bounds) for other in other_side}
            if True in answers:
                continue
            if None in answers:
                yield Doubt(f"the marker of `{each.text()}` cannot be compared ({who})")
            else:
                yield Difference(f"{who} {verb.format(each.text())}")


def _same(left: Declared, right: Declared, bounds: PythonBounds) -> bool | None:
    if (left.name, left.extras, left.source) != (right.name, right.extras, right.source):
        return False
    if left.specifier != right.specifier:
        return False
    return same_condition(left.condition, right.condition, bounds)
