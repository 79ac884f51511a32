"""What a distribution requires on one target: its requirements with overrides, excludes, constraints and extras applied.

The same requirement recurs in hundreds of versions: each text is parsed once, and each marker judged once.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from packaging.markers import InvalidMarker, Marker
from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement as ParsedRequirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from siteroot.errors import ResolutionError
from siteroot.formats.markers import TargetMarkers, UnusableMarkerError, without_extras
from siteroot.model.digest import Digest
from siteroot.model.lock import Source
from siteroot.model.requirement import Requirement


class Declared(NamedTuple):
    """A requirement as the search needs it.

    `marker` is what it says beside extras, "" where nothing; `url` is where metadata says that it comes from.
    """

    name: str
    extras: tuple[str, ...]
    specifiers: SpecifierSet
    pinned: bool  # by `==`
    marker: str
    source: Source | None
    url: str | None
    origin: str
    digests: tuple[Digest, ...] = ()

    def __str__(self) -> str:
        extras = f"[{','.join(self.extras)}]" if self.extras else ""
        specifiers = sorted(map(str, self.specifiers), key=lambda text: (text[0] == "<", text))
        return f"{self.name}{extras}{','.join(specifiers)}"


class BadRequirement(NamedTuple):
    """A requirement that nobody can read, or that nobody can judge."""

    why: str


class AbsurdRequirementError(ResolutionError):
    """What is asked for directly names a version that is none."""


#: The longest version that is read: a number of more digits than Python takes would not be one.
_LONGEST = 1000

#: A requirement's marker, "" where it has none, and the rest of it.
_Line = tuple[str, Declared | str]


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
        self._lines: dict[str, _Line] = {}
        self._markers_read: dict[str, str | None] = {}
        self._kept: dict[tuple[str, str], Declared | BadRequirement] = {}
        self._rests: dict[str, str] = {"": ""}
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
        asked = [declare(requirement) for requirement in requirements]
        for each in asked:
            if _is_absurd(each.specifiers):
                raise AbsurdRequirementError(
                    f"a requirement of {each.name} names a version of more than {_LONGEST} characters",
                    where=each.origin or None,
                )
        applied = self._applied([(each.marker, each) for each in asked], "")
        return [each for each in applied if isinstance(each, Declared)]

    def expand_metadata(
        self, texts: Sequence[str], name: str, extra: str | None
    ) -> list[Declared] | BadRequirement:
        """Return what a distribution requires; with an extra, what that asks for beside it.

        Extras of its own (`pkg[all]` that requires `pkg[a,b]`) are followed, and not in the answer.
        """
        try:
            found = self._expanded([self._split(text) for text in texts], name, extra or "")
        except UnusableMarkerError as error:
            return BadRequirement(error.message)
        bad = next((each for each in found if isinstance(each, BadRequirement)), None)
        return bad or [each for each in found if isinstance(each, Declared)]

    def _expanded(
        self, lines: Sequence[_Line], name: str, extra: str
    ) -> list[Declared | BadRequirement]:
        found = self._applied(lines, extra)
        if any(isinstance(each, Declared) and each.name == name and each.extras for each in found):
            return self._followed(lines, found, name)
        return found

    def _followed(
        self, lines: Sequence[_Line], found: list[Declared | BadRequirement], name: str
    ) -> list[Declared | BadRequirement]:
        """Return what was found with the distribution's own extras in the place of requirements of itself."""
        seen: set[tuple[str, str]] = set()
        own: list[Declared] = []
        others: list[Declared | BadRequirement] = []
        waiting = deque(found)
        while waiting:
            each = waiting.popleft()
            if isinstance(each, BadRequirement) or each.name != name or not each.extras:
                others.append(each)
                continue
            own.append(each._replace(extras=()))
            for extra in each.extras:
                if (extra, each.marker) not in seen:
                    seen.add((extra, each.marker))
                    waiting.extend(
                        self._under(each.marker, some) for some in self._applied(lines, extra)
                    )
        return [*others, *(each for each in own if str(each.specifiers))]

    def _under(self, marker: str, each: Declared | BadRequirement) -> Declared | BadRequirement:
        """Return a requirement that holds under another one's marker."""
        if not marker or isinstance(each, BadRequirement):
            return each
        return each._replace(marker=self._both(marker, each.marker))

    def _applied(self, lines: Iterable[_Line], extra: str) -> list[Declared | BadRequirement]:
        found: list[Declared | BadRequirement] = []
        for each in self._overridden(lines, extra):
            if isinstance(each, BadRequirement):
                found.append(each)
            elif each.name not in self._excludes:
                found.append(each)
                found.extend(
                    constraint._replace(
                        extras=(), marker=self._both(constraint.marker, each.marker)
                    )
                    for constraint in self._constraints.get(each.name, ())
                    if not constraint.marker or self._holds(constraint.marker, extra)
                )
        return found

    def _overridden(
        self, lines: Iterable[_Line], extra: str
    ) -> Iterator[Declared | BadRequirement]:
        for marker, told in lines:
            concerned = self._concerns(marker, extra)
            if not concerned and not self._overrides:
                continue  # most lines of most projects: they are not worth parsing
            each = self._parse(told) if isinstance(told, str) else told
            overrides = self._overrides.get(each.name) if isinstance(each, Declared) else None
            if overrides is None:
                if concerned:
                    yield each if not marker else self._marked(told, marker, each)
            elif self._belongs(marker, extra):
                yield from (
                    override._replace(marker=self._rest(override.marker))
                    for override in overrides
                    if not override.marker or self._holds(override.marker, "")
                )

    def _split(self, text: str) -> _Line:
        """Return a requirement's marker, and what is before it."""
        line = self._lines.get(text)
        if line is None:
            head, sign, marker = text.partition(";")
            if sign and "@" in head:  # a URL may hold semicolons
                parsed = self._parse(text)
                line = ("", text) if isinstance(parsed, BadRequirement) else (parsed.marker, parsed)
            else:
                read = self._marker(marker)
                line = ("", text) if read is None else (read, head)
            self._lines[text] = line
        return line

    def _marker(self, text: str) -> str | None:
        """Return a marker in its normal form, None where nobody can read it."""
        if not text.strip():
            return ""
        if text not in self._markers_read:
            try:
                self._markers_read[text] = str(Marker(text))
            except (InvalidMarker, RecursionError):
                self._markers_read[text] = None
        return self._markers_read[text]

    def _parse(self, text: str) -> Declared | BadRequirement:
        parsed = self._parsed.get(text)
        if parsed is None:
            parsed = self._parsed[text] = _parse(text)
        return parsed

    def _marked(
        self, told: Declared | str, marker: str, each: Declared | BadRequirement
    ) -> Declared | BadRequirement:
        """Return a requirement with what its marker says beside extras."""
        key = (marker, told if isinstance(told, str) else str(told))
        found = self._kept.get(key)
        if found is None:
            rest = self._rest(marker)
            found = each._replace(marker=rest) if isinstance(each, Declared) else each
            self._kept[key] = found
        return found

    def _rest(self, marker: str) -> str:
        if marker not in self._rests:
            self._rests[marker] = without_extras(marker)
        return self._rests[marker]

    def _both(self, *markers: str) -> str:
        """Return the marker of which several are parts."""
        said = [f"({marker})" for marker in markers if marker]
        return self._rest(" and ".join(said)) if said else ""

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
        digests=requirement.digests,
    )


def _parse(text: str) -> Declared | BadRequirement:
    try:
        parsed = ParsedRequirement(text)
    except (InvalidRequirement, RecursionError):
        return BadRequirement(f"`{text}`")
    if _is_absurd(parsed.specifier):
        return BadRequirement(f"`{text}`")
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


def _is_absurd(specifiers: SpecifierSet) -> bool:
    return any(len(each.version) > _LONGEST for each in specifiers)


def _by_name(declared: Iterable[Declared]) -> dict[str, list[Declared]]:
    found: dict[str, list[Declared]] = {}
    for each in declared:
        found.setdefault(each.name, []).append(each)
    return found
