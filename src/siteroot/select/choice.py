"""Which extras and dependency groups a person asked for, as a rule that answers for any name."""

from collections.abc import Iterable

from packaging.utils import canonicalize_name

from siteroot.model.request import SelectionRequest
from siteroot.model.value import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Says of a name whether it was chosen. What is excluded stays out, whatever else is said.

    `named` are those that the person spelled out, which must therefore exist. `defaults` are chosen unless excluded;
    None: all names are defaults.
    """

    everything: bool
    included: frozenset[str]
    excluded: frozenset[str]
    defaults: frozenset[str] | None
    named: tuple[str, ...]

    def has(self, name: str) -> bool:
        """Whether the name is chosen."""
        return name not in self.excluded and (
            self.everything
            or name in self.included
            or self.defaults is None
            or name in self.defaults
        )

    def has_by_default_only(self, name: str) -> bool:
        """Whether the name is chosen because it is a default and for no other reason."""
        return self.has(name) and not self.everything and name not in self.included

    def of(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return those of the names that are chosen, in their order."""
        return tuple(name for name in names if self.has(name))


def select_extras(selection: SelectionRequest) -> Choice:
    """Return the choice of extras."""
    extras = normalize_names(selection.extras)
    no_extras = normalize_names(selection.no_extras)
    return Choice(
        everything=selection.all_extras,
        included=frozenset(extras),
        excluded=frozenset(no_extras),
        defaults=frozenset(),
        named=(*extras, *no_extras),
    )


def is_production(selection: SelectionRequest) -> bool:
    """Whether the projects themselves and their dependencies are wanted, not only groups."""
    return not (selection.only_groups or selection.only_dev)


def select_groups(selection: SelectionRequest, default_groups: tuple[str, ...] | str) -> Choice:
    """Return the choice of groups, with the default groups (names, or "all") where nothing speaks against them.

    The flags for `dev` ask for it without naming it: no project has to define it.
    """
    groups = normalize_names((*selection.groups, *selection.only_groups))
    no_groups = normalize_names(selection.no_groups)
    included, excluded = set(groups), set(no_groups)
    if selection.only_dev or selection.dev is True:
        included.add("dev")
    elif selection.dev is False:
        excluded.add("dev")
    defaults: frozenset[str] | None
    if selection.no_default_groups or not is_production(selection):
        defaults = frozenset()
    elif isinstance(default_groups, str):
        defaults = None
    else:
        defaults = frozenset(normalize_names(default_groups))
    return Choice(
        everything=selection.all_groups,
        included=frozenset(included),
        excluded=frozenset(excluded),
        defaults=defaults,
        named=(*groups, *no_groups),
    )


def normalize_names(names: Iterable[str]) -> tuple[str, ...]:
    """Return the names as PEP 503 spells them, each once."""
    return tuple(dict.fromkeys(canonicalize_name(name) for name in names))
