"""Facts of a derivation in words: versions that there are, requirements as somebody wrote them."""

from collections.abc import Iterable, Iterator, Sequence

from siteroot.formats.wheel_tags import describe_target

from .derivation import Fact, positive, versions_first
from .incompatibility import ABSENT, NoVersions, Requires, Terms, Unusable
from .line import VersionLine
from .reasons import (
    Absence,
    BadMetadata,
    Contradictory,
    NoUsableFile,
    Obstacle,
    OtherPython,
    Reason,
)
from .releases import Releases
from .requirements import Declared
from .resolver import Resolver
from .search import ROOT

#: What stands between who requires and what: several things that one requires are told in one clause.
_ASKING = (" asks for ", " ask for ")
_VERBS = (*_ASKING, " requires ", " require ", " allows only ")

_EVERY = "every "
_MOST = 3  # versions, or runs of them, that are named one by one
_LONGEST = 200  # characters of a reason that somebody else wrote


class Wording:
    """Words for what one resolution met."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver

    # Facts

    def gather(self, facts: Iterable[Fact]) -> list[str]:
        """Return facts as clauses, with all that one version requires in one, and what is asked for last."""
        clauses: dict[tuple[str, str], list[str]] = {}
        for fact in facts:
            clause = self.tell(fact)
            verb = next((verb for verb in _VERBS if verb in clause), "")
            if not isinstance(fact, Requires):
                verb = ""
            subject, _, rest = clause.partition(verb) if verb else (clause, "", "")
            said = clauses.setdefault((subject, verb), [])
            if rest not in said:
                said.append(rest)
        asked = [key for key in clauses if key[1] in _ASKING]
        told = [key for key in clauses if key not in asked] + asked
        return [f"{subject}{verb}{list_words(clauses[subject, verb])}" for subject, verb in told]

    def subject(self, fact: Fact) -> tuple[str, int]:
        """Return what a fact is about, to tell what belongs together together."""
        return self._resolver.packages[fact.package].name, fact.term

    def tell(self, fact: Fact) -> str:
        """Return a fact as a clause."""
        match fact:
            case Requires():
                return self._requirement(fact)
            case NoVersions():
                return self._nothing(fact)
            case Unusable():
                return self._refusal(fact)

    def _requirement(self, fact: Requires) -> str:
        required = self._resolver.packages[fact.required]
        if not required.name:
            return f"{self.versions(fact.package, fact.term)} {self._python_of(fact)}"
        declared = self._declared(fact)
        said = self._said(fact, declared)
        origin = declared.origin if declared is not None else ""
        if fact.package == ROOT:
            return f"{_who_asks(origin or 'somebody')} {said}"
        if origin:  # what distributions ask for themselves has none
            return f"{origin} allows only {said}"
        verb = "require" if self._are_many(fact.package, fact.term) else "requires"
        return f"{self.versions(fact.package, fact.term)} {verb} {said}"

    def _said(self, fact: Requires, declared: Declared | None) -> str:
        if declared is not None:
            return str(declared)
        return self.versions(fact.required, fact.allowed)

    def _declared(self, fact: Requires) -> Declared | None:
        """Return the requirement that a fact stands for, as it was written."""
        resolver = self._resolver
        name, extra = resolver.packages[fact.required][:2]
        line = resolver.line_of(fact.required)
        for version in _bits(fact.term):
            for declared in resolver.declared.get((fact.package, version), ()):
                if (
                    declared.name == name
                    and (extra is None or extra in declared.extras)
                    and line is not None
                    and line.allowed(declared.clauses) == fact.allowed
                ):
                    return declared
        return None

    def _python_of(self, fact: Requires) -> str:
        resolver = self._resolver
        found = resolver.projects.find(resolver.packages[fact.package].name)
        said = set()
        for place in found.line.places(fact.term):
            if isinstance(found, Releases):
                used = found.usable(place)
                python = None if isinstance(used, NoUsableFile) else used.installed.requires_python
            else:
                python = found.metadata.requires_python
            if python is not None:
                said.add(python)
        verb = "require" if self._are_many(fact.package, fact.term) else "requires"
        return f"{verb} Python{_either(sorted(said))}"

    def _nothing(self, fact: NoVersions) -> str:
        name = self.name(fact.package)
        line = self._resolver.line_of(fact.package)
        assert line is not None
        barred = line.places(fact.term)
        known = line.places(line.known)
        if barred:
            return f"{self.versions(fact.package, fact.term)} {_plural(barred, 'is a pre-release', 'are pre-releases')}"
        if len(known) == 1:
            return f"only {name}=={line.versions[known[0]]} is available"
        if len(known) <= _MOST:
            available = list_words([str(line.versions[place]) for place in known])
            return f"only {name} {available} are available"
        return _nearest(name, line, fact.term)

    def _refusal(self, fact: Unusable) -> str:
        reason = fact.reason
        assert isinstance(reason, Reason)
        name = self.name(fact.package)
        if reason is Absence.UNKNOWN:
            return f"{name} is {self._nowhere(name)}"
        if reason is Absence.REFUSED:
            return f"{name} is not shown by {self._resolver.projects.refusal(name)} without the right credentials"
        if reason is Absence.EMPTY:
            return f"no page of {name} lists a distribution of it ({self._places(name)})"
        if reason is Absence.NEWER:
            return f"every {name} is newer than allowed"
        if isinstance(reason, Contradictory) and fact.package == ROOT:
            return f"{_who_asks(reason.origin)} {reason.requirement}, which no version can be"
        many = self._are_many(fact.package, fact.term)
        said = _reason(reason, describe_target(self._resolver.target), many=many)
        return f"{self.versions(fact.package, fact.term)} {said}"

    def _nowhere(self, name: str) -> str:
        told = self._places(name)
        return f"not on {told}" if told else "on no index: none is to be asked (--no-index)"

    def _places(self, name: str) -> str:
        places = self._resolver.projects.places(name)
        more = len(places) - _MOST
        return list_words([*places[:_MOST], *((f"{more} more",) if more > 0 else ())], "or")

    # What follows

    def conclude(self, terms: Terms) -> str:
        """Return what follows where terms cannot hold together."""
        told = [term for term in versions_first(terms) if term[0] != ROOT]
        selected = [term for term in told if positive(term[1])]
        negated = [
            (package, self._negated(package, term)) for package, term in told if not positive(term)
        ]
        # what is not there is no way out
        others = [term for term in negated if self._is_known(*term)]
        if not selected and not others:
            return "what is asked for cannot be had"
        if not others:
            return self._barred([self.versions(*term) for term in selected])
        needs = list_words([self.versions(*term) for term in others], "or")
        if not selected:
            return f"{needs} must be used"
        verb = "needs" if len(selected) == 1 and not self._are_many(*selected[0]) else "need"
        return f"{list_words([self.versions(*term) for term in selected])} {verb} {needs}"

    def _barred(self, names: list[str]) -> str:
        """Return that versions cannot be used, or not together."""
        names.sort(key=lambda name: not name.startswith(_EVERY))
        first, *others = names
        if len(others) > 1:
            return f"{list_words(names)} cannot be used together"
        company = f" with {others[0].removeprefix(_EVERY)}" if others else ""
        if first.startswith(_EVERY):
            return f"no {first.removeprefix(_EVERY)} can be used{company}"
        return f"{first} cannot be used{company}"

    def _negated(self, package: int, term: int) -> int:
        line = self._resolver.line_of(package)
        assert line is not None
        return line.full & ~term & ~ABSENT

    # Versions

    def name(self, package: int) -> str:
        """Return a package's name, with its extra."""
        name, extra = self._resolver.packages[package][:2]
        return f"{name}[{extra}]" if extra else name or "Python"

    def versions(self, package: int, term: int) -> str:
        """Return the known versions that a term holds: "flask==3.0.0", "flask 2.0 to 2.3 and 3.1", "every flask"."""
        name, line = self.name(package), self._resolver.line_of(package)
        if line is None:
            return "what is asked for"
        places = line.places(term)
        if not places:
            return f"another {name}"
        if len(places) == 1:
            return f"{name}=={line.versions[places[0]]}"
        if term & line.known == line.known:
            return f"{_EVERY}{name}"
        runs = list(_runs(places))
        if len(places) <= _MOST:
            return f"{name} {list_words([str(line.versions[place]) for place in places], 'and')}"
        told = [_run(line, *run) for run in runs[:_MOST]]
        if len(runs) > _MOST:
            told[-1] = (
                f"{len(places) - sum(end - start + 1 for start, end in runs[: _MOST - 1])} more"
            )
        return f"{name} {list_words(told, 'and')}"

    def _is_known(self, package: int, term: int) -> bool:
        line = self._resolver.line_of(package)
        return line is not None and bool(term & line.known)

    def _are_many(self, package: int, term: int) -> bool:
        line = self._resolver.line_of(package)
        if line is None or term & line.known == line.known:
            return False
        return len(line.places(term)) > 1


def _who_asks(origin: str) -> str:
    """Return who asks: a file and line, or the person whose words are requirements themselves."""
    own_words = origin.startswith("`") and origin.endswith("`")
    return "you ask for" if own_words else f"{origin} asks for"


def _nearest(name: str, line: VersionLine, term: int) -> str:
    """Return where among the known versions those are that a requirement names."""
    lowest = (term & -term).bit_length() - 1
    highest = term.bit_length() - 1
    if line.places(line.known & ((1 << highest) - (1 << lowest))):
        return f"there is no such version of {name}"
    before = line.places(line.known & ((1 << lowest) - 1))
    after = line.places(line.known >> highest << highest)
    if not before:
        return f"the oldest {name} is {line.versions[after[0]]}"
    if not after:
        return f"the newest {name} is {line.versions[before[-1]]}"
    return f"there is no {name} between {line.versions[before[-1]]} and {line.versions[after[0]]}"


def _reason(reason: Reason, target: str, *, many: bool) -> str:
    match reason:
        case NoUsableFile(obstacle, detail):
            return _obstacle(obstacle, shorten(detail), target, many=many)
        case OtherPython(python):
            return f"{'require' if many else 'requires'} Python{python}"
        case BadMetadata(why):
            return f"{'have' if many else 'has'} metadata that make no sense ({shorten(why)})"
        case Contradictory(requirement):
            return f"{'require' if many else 'requires'} {requirement} (no version can be that)"
        case Absence():
            return reason.value


def _obstacle(obstacle: Obstacle, detail: str, target: str, *, many: bool) -> str:
    have = "have" if many else "has"
    match obstacle:
        case Obstacle.TAGS:
            return f"{have} neither a wheel for {target} nor an sdist"
        case Obstacle.YANKED:
            why = f" ({detail.strip().rstrip('.')})" if detail.strip() else ""
            return f"{'were' if many else 'was'} yanked{why}"
        case Obstacle.NO_BUILD:
            return f"{have} no wheel for {target} while nothing may be built"
        case Obstacle.NO_BINARY:
            return f"{have} no sdist while no wheel may be used"
        case Obstacle.NOT_SDIST:
            return f"{have} neither a wheel that fits nor an sdist of a known form"


def shorten(text: str) -> str:
    """Return a text as a message may show it: it may be of any length."""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def list_words(texts: Sequence[str], last: str = "and") -> str:
    """Return texts one after the other, as prose has them."""
    if len(texts) < 2:
        return "".join(texts)
    return f"{', '.join(texts[:-1])} {last} {texts[-1]}"


def _either(texts: Sequence[str]) -> str:
    return list_words(texts[:_MOST], "or")


def _plural(places: Sequence[int], one: str, many: str) -> str:
    return one if len(places) == 1 else many


def _runs(places: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Return the first and the last of each run of places that follow one another."""
    start = previous = places[0]
    for place in places[1:]:
        if place != previous + 1:
            yield start, previous
            start = place
        previous = place
    yield start, previous


def _run(line: VersionLine, start: int, end: int) -> str:
    first, last = line.versions[start], line.versions[end]
    if start == end:
        return str(first)
    if end == len(line.versions) - 1:
        return f"{first} and later"
    return f"up to {last}" if start == 0 else f"{first} to {last}"


def _bits(term: int) -> Iterator[int]:
    while term:
        lowest = term & -term
        yield lowest
        term ^= lowest
