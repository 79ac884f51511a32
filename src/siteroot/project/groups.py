"""Dependency groups with their includes expanded (PyPA "Dependency Groups"), and which of them are on by default."""

from collections.abc import Mapping

from packaging.specifiers import SpecifierSet

from siteroot.errors import ProjectError
from siteroot.model.project import GroupInclude, Pyproject
from siteroot.model.value import dataclass

#: The group that is on by default and that `[tool.uv] dev-dependencies` joins.
DEV = "dev"


class GroupIncludeError(ProjectError):
    """A dependency group includes one that does not exist, or itself by a detour."""


class UnknownGroupError(ProjectError):
    """`[tool.uv]` speaks of a dependency group that the project does not have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRequirement:
    """A requirement of a group, as written. It holds only for the Pythons in all of `pythons`."""

    text: str
    pythons: tuple[SpecifierSet, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A dependency group with its includes expanded, in the order of the text."""

    requirements: tuple[GroupRequirement, ...]
    requires_python: SpecifierSet | None  # its own and its includes', all together


def expand_groups(pyproject: Pyproject) -> Mapping[str, Group]:
    """Return every dependency group by its normalised name, sorted.

    `[tool.uv] dev-dependencies` joins the group `dev` at the end and cannot be included. Raises
    GroupIncludeError for cycles and unknown includes, UnknownGroupError for settings of an unknown group.
    """
    groups = pyproject.dependency_groups
    pythons = pyproject.uv.group_requires_python or {}
    for name in pythons:
        if name not in groups:
            message = f"`[tool.uv.dependency-groups]` speaks of the group `{name}`, which the project does not have"
            raise UnknownGroupError(message, where=pyproject.path, hints=_dev_hint(pyproject, name))
    expanded: dict[str, Group] = {}
    for name in groups:
        _expand(pyproject, name, (), expanded)
    if pyproject.uv.dev_dependencies is not None:
        before = expanded.get(DEV, Group(requirements=(), requires_python=None))
        added = tuple(GroupRequirement(text=text) for text in pyproject.uv.dev_dependencies)
        expanded[DEV] = Group(
            requirements=before.requirements + added, requires_python=before.requires_python
        )
    return dict(sorted(expanded.items()))


def default_groups(pyproject: Pyproject) -> tuple[str, ...]:
    """Return the names of the groups that are on unless they are switched off, in the order of the text.

    Without `default-groups` that is `dev`, whether the project has it or not. Raises UnknownGroupError.
    """
    said = pyproject.uv.default_groups
    if said is None:
        return (DEV,)
    if isinstance(said, str):  # "all"
        return tuple(expand_groups(pyproject))
    for name in said:
        if name not in pyproject.dependency_groups:
            message = f"the default group `{name}` (from `tool.uv.default-groups`) is not defined in `[dependency-groups]`"
            raise UnknownGroupError(message, where=pyproject.path)
    return said


def _expand(
    pyproject: Pyproject, name: str, parents: tuple[str, ...], expanded: dict[str, Group]
) -> Group:
    if name in parents:
        path = " -> ".join(f"`{one}`" for one in (*parents, name))
        raise GroupIncludeError(
            f"dependency groups include each other in a circle: {path}", where=pyproject.path
        )
    if name in expanded:
        return expanded[name]
    items = pyproject.dependency_groups.get(name)
    if items is None:
        message = f"the dependency group `{parents[-1]}` includes `{name}`, which the project does not have"
        raise GroupIncludeError(message, where=pyproject.path, hints=_dev_hint(pyproject, name))
    requirements: list[GroupRequirement] = []
    own = (pyproject.uv.group_requires_python or {}).get(name)
    both: SpecifierSet | None = None
    for item in items:
        match item:
            case GroupInclude(name=included):
                group = _expand(pyproject, included, (*parents, name), expanded)
                requirements.extend(group.requirements)
                both = _both(both, group.requires_python)
            case str():
                requirements.append(GroupRequirement(text=item))
    if own is not None:
        requirements = [
            GroupRequirement(text=one.text, pythons=(*one.pythons, own)) for one in requirements
        ]
    expanded[name] = Group(requirements=tuple(requirements), requires_python=_both(both, own))
    return expanded[name]


def _both(left: SpecifierSet | None, right: SpecifierSet | None) -> SpecifierSet | None:
    if left is None or right is None:
        return right if left is None else left
    return left & right


def _dev_hint(pyproject: Pyproject, name: str) -> tuple[str, ...]:
    if name != DEV or pyproject.uv.dev_dependencies is None:
        return ()
    return ("move `tool.uv.dev-dependencies` to the group `dev` in `[dependency-groups]`",)
