"""Declared conflicts: extras, groups and projects that a lock holds for one at a time."""

from collections.abc import Iterable, Sequence

from siteroot.errors import SelectionError
from siteroot.model.lock import ConflictItem

from .choice import Choice
from .index import LockIndex, Node


class ConflictingSelectionError(SelectionError):
    """What was selected are two sides of a declared conflict."""


def refuse_conflicts(
    index: LockIndex, selected: Iterable[str], *, production: bool, extras: Choice, groups: Choice
) -> None:
    """Raise ConflictingSelectionError where the choices enable two items of one declared conflict.

    `selected` are the names of the projects whose extras and groups count.
    """
    names = frozenset(selected)
    for items in index.lock.conflicts:
        enabled = [
            item
            for item in items
            if item.package in names
            and _is_enabled(item, production=production, extras=extras, groups=groups)
        ]
        if len(enabled) > 1:
            raise ConflictingSelectionError(
                _explained(items, enabled, groups),
                hints=("select one of them at a time; the lock holds them in separate forks",),
            )


def refuse_activated(index: LockIndex, activated: Iterable[tuple[str, str]]) -> None:
    """Raise ConflictingSelectionError where two extras that dependencies turn on conflict.

    `activated` are pairs of a package and one of its extras.
    """
    pairs = frozenset(activated)
    for items in index.lock.conflicts:
        enabled = [
            item for item in items if item.extra is not None and (item.package, item.extra) in pairs
        ]
        if len(enabled) > 1:
            first, second = (f"`{item.package}[{item.extra}]`" for item in enabled[:2])
            raise ConflictingSelectionError(
                f"Found conflicting extras {first} and {second} enabled simultaneously",
                hints=("a selected dependency turns on an extra that another selection excludes",),
            )


def names_within_reach(index: LockIndex, starts: Iterable[Node]) -> frozenset[str]:
    """Return the names of all packages that some target could reach from the starts."""
    queue = list(starts)
    seen = set(queue)
    while queue:
        for edge in index.edges(queue.pop()):
            for node in index.nodes_of(edge):
                if node not in seen:
                    seen.add(node)
                    queue.append(node)
    return frozenset(index.package(place).name for place, _ in seen)


def _is_enabled(item: ConflictItem, *, production: bool, extras: Choice, groups: Choice) -> bool:
    if item.extra is not None:
        return extras.has(item.extra)
    if item.group is not None:
        return groups.has(item.group)
    return production


def _explained(
    items: Sequence[ConflictItem], enabled: Sequence[ConflictItem], groups: Choice
) -> str:
    whole = ", ".join(_item(item) for item in items)
    if all(item.extra is not None for item in enabled):
        names = _conjunction([f"`{item.extra}`" for item in enabled])
        return f"Extras {names} are incompatible with the declared conflicts: {{{whole}}}"
    if all(item.group is not None for item in enabled):
        names = _conjunction([_group(item.group or "", groups) for item in enabled])
        return f"Groups {names} are incompatible with the conflicts: {{{whole}}}"
    names = _conjunction([_side(item, groups) for item in enabled])
    return (
        f"{names[:1].upper()}{names[1:]} are incompatible with the declared conflicts: {{{whole}}}"
    )


def _item(item: ConflictItem) -> str:
    if item.extra is not None:
        return f"`{item.package}[{item.extra}]`"
    return item.package if item.group is None else f"`{item.package}:{item.group}`"


def _side(item: ConflictItem, groups: Choice) -> str:
    if item.extra is not None:
        return f"extra `{item.extra}`"
    if item.group is not None:
        return f"group {_group(item.group, groups)}"
    return f"package `{item.package}`"


def _group(name: str, groups: Choice) -> str:
    return f"`{name}` (enabled by default)" if groups.has_by_default_only(name) else f"`{name}`"


def _conjunction(names: Sequence[str]) -> str:
    if len(names) < 3:
        return " and ".join(names)
    return f"{', '.join(names[:-1])}, and {names[-1]}"
