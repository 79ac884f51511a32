"""What a distribution requires on one target: its requirements with overrides, excludes, constraints and extras applied.

The same requirement recurs in hundreds of versions: each text is parsed once, and each marker judged once.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import chain
from typing import NamedTuple

from packaging.markers import InvalidMarker, Marker
from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement as ParsedRequirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from siteroot.errors import ResolutionError
from siteroot.formats.dependency_specifiers import LONGEST, clauses_of, is_absurd, specifiers_of
from siteroot.formats.markers import TargetMarkers, UnusableMarkerError, without_extras
from siteroot.model.digest import Digest
from siteroot.model.lock import Source
from siteroot.model.metadata import Clauses, DependencySpecifier, DistributionMetadata
from siteroot.model.requirement import Requirement, Requirer, entry_for


class Declared(NamedTuple):
    """A requirement as the search needs it.

    `marker` is what it says beside extras, "" where nothing; `url` is where metadata says that it comes from.
    """

    name: str
    extras: tuple[str, ...]
    clauses: Clauses
    pinned: bool  # by `==`
    marker: str
    source: Source | None
    url: str | None
    origin: str
    digests: tuple[Digest, ...] = ()

    @property
    def specifiers(self) -> SpecifierSet:
        """What versions it asks for."""
        return specifiers_of(self.clauses)

    def __str__(self) -> str:
        extras = f"[{','.join(self.extras)}]" if self.extras else ""
        written = sorted(map("".join, self.clauses), key=lambda text: (text[0] == "<", text))
        return f"{self.name}{extras}{','.join(written)}"


class BadRequirement(NamedTuple):
    """A requirement that nobody can read, or that nobody can judge."""

    why: str


class AbsurdRequirementError(ResolutionError):
    """What is asked for directly names a version that is none."""


#: A requirement's marker, "" where it has none, and the rest of it: text, or taken apart, until it is looked at.
_Line = tuple[str, Declared | DependencySpecifier | str]


class _Lines:
    """All requirements of a distribution; those that speak of an extra are sought out once one is asked for."""

    __slots__ = ("_by_extra", "all")

    def __init__(self, lines: Sequence[_Line]) -> None:
        self.all = lines
        self._by_extra: dict[str, list[_Line]] | None = None

    def speaking_of(
        self, extra: str, names_in: Callable[[str], AbstractSet[str]]
    ) -> Sequence[_Line]:
        """Return those whose marker names an extra."""
        if self._by_extra is None:
            self._by_extra = {}
            for line in self.all:
                for name in names_in(line[0]) if line[0] else ():
                    self._by_extra.setdefault(name, []).append(line)
        return self._by_extra.get(extra, ())


class _Amended(NamedTuple):
    """What holds in place of what somebody requires.

    Of the overrides `added` are required where nothing was that they could take the place of.
    """

    overrides: Mapping[str, Sequence[Declared]]
    added: Mapping[str, Sequence[Declared]]
    excludes: AbstractSet[str]


class Expansion:
    """Expands requirements for one target."""

    def __init__(
        self,
        markers: TargetMarkers,
        constraints: Sequence[Requirement],
        overrides: Sequence[Requirement],
        excludes: frozenset[str],
        overrides_of: Mapping[Requirer, Sequence[Requirement]],
        excludes_of: Mapping[Requirer, frozenset[str]],
    ) -> None:
        self._markers = markers
        self._constraints = _by_name(map(declare, constraints))
        self._everybody = _Amended(_by_name(map(declare, overrides)), {}, excludes)
        self._overrides_of = {
            requirer: _by_name(map(declare, some)) for requirer, some in overrides_of.items()
        }
        self._excludes_of = excludes_of
        self._parsed: dict[str, Declared | BadRequirement] = {}
        self._void: dict[Clauses, bool] = {}
        self._lines: dict[tuple[str, ...], _Lines] = {}  # by what distributions require
        self._concerned: dict[str, dict[str, bool]] = {}  # by extra, by marker
        self._markers_read: dict[str, str | None] = {}
        self._rests: dict[str, str] = {"": ""}
        self._verdicts: dict[tuple[str, str], bool] = {}

    def bounds(self) -> list[Declared]:
        """Return the constraints and overrides that concern the target."""
        declared = [
            each
            for named in (
                self._constraints,
                self._everybody.overrides,
                *self._overrides_of.values(),
            )
            for some in named.values()
            for each in some
        ]
        return [each for each in declared if not each.marker or self._holds(each.marker, "")]

    def is_void(self, declared: Declared) -> bool:
        """Whether no version could ever satisfy a requirement."""
        clauses = declared.clauses
        if len(clauses) < 2:
            return False
        found = self._void.get(clauses)
        if found is None:
            found = self._void[clauses] = declared.specifiers.is_unsatisfiable()
        return found

    def expand(self, requirements: Iterable[Requirement]) -> list[Declared]:
        """Return what was asked for directly, as far as it concerns the target."""
        asked = [declare(requirement) for requirement in requirements]
        for each in asked:
            if is_absurd(each.clauses):
                long = any(len(version) > LONGEST for _, version in each.clauses)
                what = (
                    f"a version of more than {LONGEST} characters" if long else "what is no version"
                )
                raise AbsurdRequirementError(
                    f"a requirement of {each.name} names {what}",
                    where=each.origin or None,
                )
        lines = _Lines([(each.marker, each) for each in asked])
        applied = self._applied(lines, "", self._everybody)
        return [each for each in applied if isinstance(each, Declared)]

    def expand_metadata(
        self, metadata: DistributionMetadata, name: str, extra: str | None
    ) -> list[Declared] | BadRequirement:
        """Return what a distribution requires; with an extra, what that asks for beside it.

        Extras of its own (`pkg[all]` that requires `pkg[a,b]`) are followed, and not in the answer.
        """
        try:
            amended = self._amended(name, metadata.version)
            found = self._expanded(self._lines_of(metadata), name, extra or "", amended)
        except UnusableMarkerError as error:
            return BadRequirement(error.message)
        bad = next((each for each in found if isinstance(each, BadRequirement)), None)
        return bad or [each for each in found if isinstance(each, Declared)]

    def _amended(self, name: str, version: Version) -> _Amended:
        """Return what holds in place of what a distribution requires."""
        everybody = self._everybody
        if not self._overrides_of and not self._excludes_of:
            return everybody
        own = entry_for(self._overrides_of, name, version) or {}
        excludes = entry_for(self._excludes_of, name, version) or frozenset()
        overrides = {**everybody.overrides, **own}
        return _Amended(overrides, own, everybody.excludes | excludes)

    def _expanded(
        self, lines: _Lines, name: str, extra: str, amended: _Amended
    ) -> list[Declared | BadRequirement]:
        found = self._applied(lines, extra, amended)
        if any(isinstance(each, Declared) and each.name == name and each.extras for each in found):
            return self._followed(lines, found, name, amended)
        return found

    def _followed(
        self, lines: _Lines, found: list[Declared | BadRequirement], name: str, amended: _Amended
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
                        self._under(each.marker, some)
                        for some in self._applied(lines, extra, amended)
                    )
        return [*others, *(each for each in own if each.clauses)]

    def _under(self, marker: str, each: Declared | BadRequirement) -> Declared | BadRequirement:
        """Return a requirement that holds under another one's marker."""
        if not marker or isinstance(each, BadRequirement):
            return each
        return each._replace(marker=self._both(marker, each.marker))

    def _applied(
        self, lines: _Lines, extra: str, amended: _Amended
    ) -> list[Declared | BadRequirement]:
        found: list[Declared | BadRequirement] = []
        overridden = self._overridden(lines, extra, amended.overrides)
        for each in chain(overridden, self._added(lines, extra, amended.added)):
            if isinstance(each, BadRequirement):
                found.append(each)
            elif each.name not in amended.excludes:
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
        self, lines: _Lines, extra: str, named: Mapping[str, Sequence[Declared]]
    ) -> Iterator[Declared | BadRequirement]:
        verdicts = self._concerned.setdefault(extra, {})
        for line in lines.speaking_of(extra, self._markers.names_in) if extra else lines.all:
            marker = line[0]
            concerned = verdicts.get(marker)
            if concerned is None:
                concerned = verdicts[marker] = self._concerns(marker, extra)
            if not concerned and not named:
                continue  # most lines of most projects: they are not worth looking at
            each = self._read(line)
            overrides = named.get(each.name) if isinstance(each, Declared) else None
            if overrides is None:
                if concerned:
                    yield each
            elif self._belongs(marker, extra):
                yield from (
                    override._replace(marker=self._rest(override.marker))
                    for override in overrides
                    if not override.marker or self._holds(override.marker, "")
                )

    def _added(
        self, lines: _Lines, extra: str, named: Mapping[str, Sequence[Declared]]
    ) -> Iterator[Declared]:
        """Yield the overrides of one distribution alone that take no requirement's place."""
        if not named:
            return
        required = {each.name for each in map(self._read, lines.all) if isinstance(each, Declared)}
        for name in sorted(named.keys() - required):
            for override in named[name]:
                if self._concerns(override.marker, extra):
                    yield override._replace(marker=self._rest(override.marker))

    def _lines_of(self, metadata: DistributionMetadata) -> _Lines:
        """Return what a distribution requires, line by line."""
        texts = metadata.requires_dist
        found = self._lines.get(texts)
        if found is None:
            parts = metadata.specifiers or (None,) * len(texts)
            lines: list[_Line] = [
                (each[3], each) if each is not None else self._split(text)
                for text, each in zip(texts, parts, strict=True)
            ]
            found = self._lines[texts] = _Lines(lines)
        return found

    def _read(self, line: _Line) -> Declared | BadRequirement:
        """Return a requirement with what its marker says beside extras."""
        marker, told = line
        if isinstance(told, str):
            each = self._parse(told)
        elif isinstance(told, Declared):
            each = told
        else:
            name, extras, clauses, _, left, url = told
            return Declared(name, extras, clauses, _is_pin(clauses), left, None, url, "")
        if not marker or isinstance(each, BadRequirement):
            return each
        return each._replace(marker=self._rest(marker))

    def _split(self, text: str) -> _Line:
        """Return a requirement's marker, and what is before it."""
        head, sign, marker = text.partition(";")
        if sign and "@" in head:  # a URL may hold semicolons
            parsed = self._parse(text)
            if isinstance(parsed, BadRequirement):
                return "", text
            return parsed.marker, parsed
        read = self._marker(marker)
        return ("", text) if read is None else (read, head)

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
    clauses = clauses_of(requirement.specifier)
    return Declared(
        name=requirement.name,
        extras=requirement.extras,
        clauses=clauses,
        pinned=_is_pin(clauses),
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
    clauses = clauses_of(parsed.specifier)
    if is_absurd(clauses):
        return BadRequirement(f"`{text}`")
    return Declared(
        name=canonicalize_name(parsed.name),
        extras=tuple(sorted(map(canonicalize_name, parsed.extras))),
        clauses=clauses,
        pinned=_is_pin(clauses),
        marker="" if parsed.marker is None else str(parsed.marker),
        source=None,
        url=parsed.url,
        origin="",
    )


def _is_pin(clauses: Clauses) -> bool:
    for sign, version in clauses:
        if sign == "===" or (sign == "==" and not version.endswith(".*")):
            return True
    return False


def _by_name(declared: Iterable[Declared]) -> dict[str, list[Declared]]:
    found: dict[str, list[Declared]] = {}
    for each in declared:
        found.setdefault(each.name, []).append(each)
    return found
