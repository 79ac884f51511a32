"""What a project requires with the extras that are wanted of it, those included that it asks of itself: `app[cli]` in app.

No index is asked for such a reference: what it has under the project's name is a stranger's.
"""

import re
from collections import deque
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from packaging.markers import Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from siteroot.model.project import ProjectTable
from siteroot.model.value import dataclass

_NAME = re.compile(r"\s*([\w.-]*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenRequirement:
    """A requirement's text, the extra under which it stands, and when that extra is wanted: None for always."""

    text: str
    extra: str | None
    condition: Marker | None


class _List(NamedTuple):
    """A list of requirements to go through: the extras by which it was come to, its own the last, and the condition."""

    path: tuple[str | None, ...]
    condition: Marker | None = None


def chosen_requirements(
    project: ProjectTable, wanted: Iterable[str]
) -> Iterator[ChosenRequirement]:
    """Yield what a project requires, the wanted extras (normalised) after its dependencies, and then what these lead to.

    An extra that a reference names and the project lacks leads nowhere, as in uv.
    """
    lists: deque[_List] = deque([_List((None,)), *(_List((extra,)) for extra in wanted)])
    seen = {(each.path[-1], "") for each in lists}
    while lists:
        path, condition = lists.popleft()
        extra = path[-1]
        for text in project.dependencies if extra is None else project.optional_dependencies[extra]:
            own = _own_reference(text, project.normalized_name)
            if own is None:
                yield ChosenRequirement(text=text, extra=extra, condition=condition)
                continue
            both = both_markers(condition, own.marker)
            for named in sorted(map(canonicalize_name, own.extras)):
                dead = named not in project.optional_dependencies or named in path
                if not dead and (named, str(both or "")) not in seen:
                    seen.add((named, str(both or "")))
                    lists.append(_List((*path, named), both))


def both_markers(one: Marker | None, other: Marker | None) -> Marker | None:
    """Return what holds where both do; None is what always holds."""
    if one is None or other is None:
        return other if one is None else one
    return Marker(f"({one}) and ({other})")


def _own_reference(text: str, name: str) -> Requirement | None:
    """Return a requirement on the project itself, None for one on another distribution, or none at all."""
    said = _NAME.match(text)
    if said is None or canonicalize_name(said[1]) != name:
        return None
    try:
        return Requirement(text)
    except InvalidRequirement:
        return None  # told by whoever takes it
