"""What a lock of revision 5 keeps of the dependency groups beside their requirements."""

from collections.abc import Iterator, Mapping

from packaging.specifiers import SpecifierSet

from siteroot.model.project import Pyproject

from .findings import Difference, Doubt, Finding
from .groups import DEV, default_groups, expand_groups


def compare_default_groups(
    who: str, pyproject: Pyproject, locked: tuple[str, ...] | str | None
) -> Iterator[Finding]:
    """Compare the groups that are on by default; a lock that does not say means `dev`."""
    said = pyproject.uv.default_groups
    ours = said if isinstance(said, str) else sorted(default_groups(pyproject))
    theirs = locked if isinstance(locked, str) else sorted((DEV,) if locked is None else locked)
    if ours != theirs:
        yield Difference(
            f"`default-groups` of {who} is {_listed(ours)}, the lock has {_listed(theirs)}"
        )


def compare_group_pythons(
    who: str, pyproject: Pyproject, locked: Mapping[str, SpecifierSet] | None
) -> Iterator[Finding]:
    """Compare the requires-python of groups, each with those of the groups that it includes."""
    groups = expand_groups(pyproject).items()
    ours = {name: each.requires_python for name, each in groups if each.requires_python is not None}
    if locked is None and ours:
        yield Doubt(f"the lock does not tell which Pythons the groups of {who} were locked for")
    elif ours != dict(locked or {}):
        yield Difference(f"the requires-python of the groups of {who} is not that of the lock")


def _listed(groups: str | list[str]) -> str:
    return groups if isinstance(groups, str) else ", ".join(groups) or "empty"
