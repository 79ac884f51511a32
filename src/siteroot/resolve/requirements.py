"""What a distribution requires on one target: its requirements with overrides, excludes, constraints and extras applied.

The same requirement recurs in hundreds of versions: each text is parsed once, and each marker judged once.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement as ParsedRequirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from siteroot.formats.markers import TargetMarkers
from siteroot.model.lock import Source
from siteroot.model.requirement import Requirement


class Declared(NamedTuple):
    """A requirement as the search needs it. `url` is where metadata says that it comes from."""

    name: str
    extras: tuple[str, ...]
    specifiers: SpecifierSet
    pinned: bool  # by `==`
    marker: str
    source: Source | None
    url: str | None
    origin: str

    def __str__(self) -> str:
        extras = f"[{','.join(self.extras)}]" if self.extras else ""
        specifiers = sorted(map(str, self.specifiers), key=lambda text: (text[0] == "<", text))
        return f"{self.name}{extras}{','.join(specifiers)}"


class BadRequirement(NamedTuple):
    """A requirement that nobody can read."""

    text: str


class Expansion:
    """Expands requirements for one target."""

    def __init__(
        self,
        markers: TargetMarkers,
        constraints: Sequence[Requirement],
        overrides: Sequence[Requirement],
        excludes: frozenset[str],
    ) -> None:
        self._markers = markers
        self._constraints = _by_name(map(declare, constraints))
        self._overrides = _by_name(map(declare, overrides))
        self._excludes = excludes
        self._parsed: dict[str, Declared | BadRequirement] = {}
        self._void: dict[str, bool] = {}
        self._verdicts: dict[tuple[str, str], bool] = {}

    def bounds(self) -> list[Declared]:
        """Return the constraints and overrides that concern the target."""
        declared = [
            each
            for named in (self._constraints, self._overrides)
            for some in named.values()
            for each in some
        ]
        return [each for each in declared if not each.marker or self._holds(each.marker, "")]

    def is_void(self, declared: Declared) -> bool:
        """Whether no version could ever satisfy a requirement."""
        text = str(declared.specifiers)
        found = self._void.get(text)
        if found is None:
            found = self._void[text] = (
                len(declared.specifiers) > 1 and declared.specifiers.is_unsatisfiable()
            )
        return found

    def expand(self, requirements: Iterable[Requirement]) -> list[Declared]:
        """Return what was asked for directly, as far as it concerns the target."""
        return self._applied(map(declare, requirements), "")

    def expand_metadata(
        self, texts: Sequence[str], name: str, extra: str | None
    ) -> list[Declared] | BadRequirement:
        """Return what a distribution requires; with an extra, what that asks for beside it.

        Extras of its own (`pkg[all]` that requires `pkg[a,b]`) are followed, and not in the answer.
        """
        declared = []
        for text in texts:
            parsed = self._parsed.get(text)
            if parsed is None:
                parsed = self._parsed[text] = _parse(text)
            if isinstance(parsed, BadRequirement):
                return parsed
            declared.append(parsed)
        found = self._applied(declared, extra or "")
        if not any(each.name == name and each.extras for each in found):
            return found
        return self._followed(declared, found, name)

    def _followed(
        self, declared: Sequence[Declared], found: list[Declared], name: str
    ) -> list[Declared]:
        """Return what was found with the distribution's own extras in the place of requirements of itself."""
        seen: set[str] = set()
        waiting = deque(extra for each in found if each.name == name for extra in each.extras)
        while waiting:
            extra = waiting.popleft()
            if extra in seen:
                continue
            seen.add(extra)
            for each in self._applied(declared, extra):
                if each.name == name:
                    waiting.extend(each.extras)
                found.append(each)
        own = [each._replace(extras=()) for each in found if each.name == name and each.extras]
        others = [each for each in found if each.name != name or not each.extras]
        return others + [each for each in own if str(each.specifiers)]

    def _applied(self, declared: Iterable[Declared], extra: str) -> list[Declared]:
        found: list[Declared] = []
        for each in self._overridden(declared, extra):
            if each.name in self._excludes:
                continue
            found.append(each)
            found.extend(
                constraint._replace(extras=())
                for constraint in self._constraints.get(each.name, ())
                if not constraint.marker or self._holds(constraint.marker, extra)
            )
        return found

    def _overridden(self, declared: Iterable[Declared], extra: str) -> Iterable[Declared]:
        for each in declared:
            overrides = self._overrides.get(each.name)
            if overrides is None:
                if self._concerns(each.marker, extra):
                    yield each
            elif self._belongs(each.marker, extra):
                for override in overrides:
                    if not override.marker or self._holds(override.marker, ""):
                        # an override says which version; the extras are those of who requires it, as uv has it
                        yield override

    def _belongs(self, marker: str, extra: str) -> bool:
        """Whether a requirement is the extra's, whatever else its marker says; "" stands for none."""
        names = self._markers.names_in(marker) if marker else frozenset[str]()
        return extra in names if extra else not names

    def _concerns(self, marker: str, extra: str) -> bool:
        """Whether a requirement is added by an extra; "" stands for the distribution itself."""
        if not extra:
            return not marker or self._holds(marker, "")
        return bool(marker) and self._holds(marker, extra) and not self._holds(marker, "")

    def _holds(self, marker: str, extra: str) -> bool:
        key = (marker, extra)
        verdict = self._verdicts.get(key)
        if verdict is None:
            names = frozenset((extra,)) if extra else frozenset[str]()
            verdict = self._verdicts[key] = self._markers.holds_text(marker, names)
        return verdict


def declare(requirement: Requirement) -> Declared:
    """Return a requirement as the search needs it."""
    return Declared(
        name=requirement.name,
        extras=requirement.extras,
        specifiers=requirement.specifier,
        pinned=_is_pin(requirement.specifier),
        marker="" if requirement.marker is None else str(requirement.marker),
        source=requirement.source,
        url=None,
        origin=requirement.origin,
    )


def _parse(text: str) -> Declared | BadRequirement:
    try:
        parsed = ParsedRequirement(text)
    except (InvalidRequirement, RecursionError):
        return BadRequirement(text)
    return Declared(
        name=canonicalize_name(parsed.name),
        extras=tuple(sorted(map(canonicalize_name, parsed.extras))),
        specifiers=parsed.specifier,
        pinned=_is_pin(parsed.specifier),
        marker="" if parsed.marker is None else str(parsed.marker),
        source=None,
        url=parsed.url,
        origin="",
    )


def _is_pin(specifiers: SpecifierSet) -> bool:
    return any(
        each.operator == "===" or (each.operator == "==" and not each.version.endswith(".*"))
        for each in specifiers
    )


def _by_name(declared: Iterable[Declared]) -> dict[str, list[Declared]]:
    found: dict[str, list[Declared]] = {}
    for each in declared:
        found.setdefault(each.name, []).append(each)
    return found
