"""Resolves: asks the search for its next step, finds the answer in what the indexes say, until all is decided."""

from collections.abc import Sequence
from typing import NamedTuple

from packaging.specifiers import InvalidSpecifier, Specifier, SpecifierSet
from packaging.version import Version

from siteroot.formats.dependency_specifiers import clauses_of
from siteroot.formats.markers import TargetMarkers, release_of
from siteroot.formats.wheel_tags import WheelTags
from siteroot.model.metadata import DistributionMetadata
from siteroot.model.resolution import ResolutionRequest
from siteroot.model.target import Target
from siteroot.ports import MetadataSource

from .direct import DirectSources
from .foresight import Foresight
from .line import VersionLine
from .projects import Projects
from .reasons import BadMetadata, Contradictory, NoUsableFile, OtherPython
from .releases import Direct, FileAges, Releases, Usable
from .requirements import BadRequirement, Declared, Expansion
from .search import ROOT, ROOT_VERSION, Choose, Dependency, Search, Solved, Unsolvable

#: The operators of specifiers that say how old a version may be.
LOWER_BOUNDS = frozenset((">=", ">", "==", "===", "~="))
#: Versions of Python that bounds are told apart by; which of them exist does not matter.
_PYTHONS = ["2.6", "2.7", *(f"3.{minor}" for minor in range(30)), "4.0"]


class Package(NamedTuple):
    """What the search decides on: a project, or an extra of it.

    A requirement with an extra or a marker is one of a proxy, which stands for the project and for what it adds at the
    same version. On one target the marker adds nothing; but uv counts such conflicts apart, and its order hangs on it.
    """

    name: str
    extra: str | None = None
    marker: str = ""
    proxy: bool = False


_ROOT_PACKAGE = Package("")
_PYTHON_PACKAGE = Package("", proxy=True)


class Resolver:
    """One resolution at work. Its search may be cloned at any step; what the indexes said is for all."""

    def __init__(
        self,
        request: ResolutionRequest,
        target: Target,
        source: MetadataSource,
        ages: FileAges | None = None,
    ) -> None:
        self.request = request
        self.target = target
        self.expansion = Expansion(
            TargetMarkers(target.markers),
            request.constraints,
            request.overrides,
            request.excludes,
            request.overrides_of,
            request.excludes_of,
        )
        self.asked = self.expansion.expand(request.requirements)
        bounds = [*self.asked, *self.expansion.bounds()]
        self.direct = DirectSources(bounds, self.expansion, source.read_source)
        required = {each.name for each in self.asked} | self.direct.required
        self.projects = Projects(
            request, bounds, self.direct, required, WheelTags(target.tags), source, ages
        )
        self._foresight = Foresight(self.projects, source)
        self.python = release_of(target.markers["python_full_version"])
        pythons = sorted({self.python, *map(Version, _PYTHONS)})
        self.python_line = VersionLine(pythons)
        self.search = Search()
        self.packages = [_ROOT_PACKAGE]
        self._numbers = {_ROOT_PACKAGE: ROOT}
        self.declared: dict[tuple[int, int], list[Declared]] = {}
        self._pythons: dict[str, int | None] = {}

    def run(self) -> Unsolvable | None:
        """Resolve; return what the search ended with where there is no answer."""
        while True:
            match self.search.step():
                case Choose(package, allowed):
                    self._answer(package, allowed)
                case Solved():
                    return None
                case Unsolvable() as failure:
                    return failure

    def line_of(self, package: int) -> VersionLine | None:
        """Return the line that a package's versions are places on, None for the root's."""
        if package == ROOT:
            return None
        if self.packages[package] == _PYTHON_PACKAGE:
            return self.python_line
        return self.projects.find(self.packages[package].name).line

    def number_of(self, name: str) -> int:
        """Return the number of a project's package that was met."""
        return self._numbers[Package(name)]

    def extras_of(self, name: str) -> Sequence[str]:
        """Return the extras that the version which was decided on offers."""
        found = self.projects.find(name)
        if isinstance(found, Direct):
            return found.metadata.provides_extras
        place = found.line.place(self.search.decisions[self.number_of(name)])
        used = found.usable(place)
        assert isinstance(used, Usable), "no other version is decided on"
        metadata = self.projects.metadata(name, place, used)
        return () if isinstance(metadata, BadMetadata) else metadata.provides_extras

    def _answer(self, package: int, allowed: int) -> None:
        key = self.packages[package]
        if package == ROOT:
            self._take(package, ROOT_VERSION, ROOT_VERSION, self.asked)
            return
        if key == _PYTHON_PACKAGE:
            self.search.exhaust()
            return
        match self.projects.find(key.name):
            case Releases() as releases:
                self._answer_release(package, releases, allowed)
            case Direct() as direct:
                self._answer_direct(package, direct, allowed)

    def _answer_release(self, package: int, releases: Releases, allowed: int) -> None:
        name, line = self.packages[package].name, releases.line
        place = self.projects.choose(name, releases, allowed)
        if place is None:
            if line.versions:
                self.search.exhaust()
            else:
                self.search.refuse(allowed, self.projects.why_absent(name))
            return
        used = releases.usable(place)
        if isinstance(used, NoUsableFile):
            self.search.refuse(line.run(place), used)
            return
        python = self._other_python(used.installed.requires_python)
        if python is not None:
            self.search.take_bound(line.bit(place), line.run(place), self._python(), python)
            return
        if self.search.take_again(line.bit(place)):
            return
        if self.packages[package].proxy:
            self._take_whole(package, line.bit(place), line.run(place))
            return
        self._foresight.note(name, place, allowed, self.search.settled(package))
        metadata = self.projects.metadata(name, place, used)
        if isinstance(metadata, BadMetadata):
            self.search.refuse(line.run(place), metadata)
        else:
            self._require(package, metadata, line.bit(place), line.run(place))

    def _answer_direct(self, package: int, direct: Direct, allowed: int) -> None:
        line = direct.line
        if not allowed & line.bit(0):
            self.search.exhaust()
            return
        python = self._other_python(direct.metadata.requires_python)
        if python is not None:
            self.search.take_bound(line.bit(0), line.bit(0), self._python(), python)
        elif not self.search.take_again(line.bit(0)):
            self._require(package, direct.metadata, line.bit(0), line.bit(0))

    def _require(
        self, package: int, metadata: DistributionMetadata, version: int, run: int
    ) -> None:
        """Take a version with what its metadata requires, or refuse it for what that says."""
        key = self.packages[package]
        if key.proxy:
            self._take_whole(package, version, run)
            return
        if self._other_python(metadata.requires_python) is not None:
            self.search.refuse(run, OtherPython(metadata.requires_python or ""))
            return
        if not self.request.options.transitive:
            self._take(package, version, run, [])
            return
        found = self.expansion.expand_metadata(metadata, key.name, key.extra)
        if isinstance(found, BadRequirement):
            self.search.refuse(run, BadMetadata(found.why))
        else:
            self._take(package, version, run, found)

    def _take_whole(self, package: int, version: int, run: int) -> None:
        """Take a version of a proxy: the project without extra and marker, and with each of them.

        Nobody need know what it requires. Where the project's own bounds rule out most versions, each is a conflict that
        is over at once; to look at its metadata could mean to build a release of ten years ago.
        """
        key = self.packages[package]
        whole = dict.fromkeys(
            Package(key.name, extra, marker)
            for marker in ("", key.marker)
            for extra in (None, key.extra)
        )
        self.search.take(version, run, [self._bound(each, version) for each in whole])

    def _take(self, package: int, version: int, run: int, declared: list[Declared]) -> None:
        contradictory = next(filter(self._is_contradictory, declared), None)
        if contradictory is not None:
            self.search.refuse(run, Contradictory(str(contradictory), contradictory.origin))
            return
        for each in declared:
            self.direct.check(each, self.packages[package].name)
        self.declared[package, version] = declared
        self.projects.expect([each.name for each in declared])
        dependencies = [each for one in declared for each in self._dependencies(one)]
        self._foresight.expect(
            [(self.packages[each.package].name, each.allowed) for each in dependencies]
        )
        self.search.take(version, run, dependencies)

    def _is_contradictory(self, declared: Declared) -> bool:
        """Whether no version could ever satisfy a requirement; where one is known that does, none has to be sought."""
        return (
            len(declared.clauses) > 1
            and not self.projects.offers(declared.name, declared.clauses)
            and self.expansion.is_void(declared)
        )

    def _dependencies(self, declared: Declared) -> list[Dependency]:
        allowed = self.projects.find(declared.name).line.allowed(declared.clauses)
        direct = self.projects.is_direct(declared.name)
        base = self._number(Package(declared.name))
        if not declared.extras and not declared.marker:
            return [Dependency(base, allowed, declared.pinned, direct, None)]
        proxies = [
            Package(declared.name, extra, declared.marker, proxy=True)
            for extra in declared.extras or (None,)
        ]
        return [
            Dependency(self._number(proxy), allowed, declared.pinned, direct, base)
            for proxy in proxies
        ]

    def _bound(self, package: Package, version: int) -> Dependency:
        """Return the requirement of a package at one version."""
        direct = self.projects.is_direct(package.name)
        return Dependency(self._number(package), version, pinned=True, direct=direct, base=None)

    def _number(self, package: Package) -> int:
        number = self._numbers.get(package)
        if number is None:
            line = (
                self.python_line
                if package == _PYTHON_PACKAGE
                else self.projects.find(package.name).line
            )
            number = self._numbers[package] = self.search.add_package(package.name, line.full)
            self.packages.append(package)
        return number

    # Other Pythons

    def _python(self) -> int:
        return self._number(_PYTHON_PACKAGE)

    def _other_python(self, requires_python: str | None) -> int | None:
        """Return the Pythons that are asked for, None where the target's is among them."""
        text = requires_python or ""
        if text not in self._pythons:
            self._pythons[text] = self._judge_python(text)
        return self._pythons[text]

    def _judge_python(self, text: str) -> int | None:
        try:
            specifiers = SpecifierSet(text)
        except InvalidSpecifier:
            return None  # nobody can read it, which counts as nothing said, as in uv
        if all(self._is_old_enough(each) for each in specifiers):
            return None
        own = self.python_line.locate(self.python)
        assert own is not None
        return self.python_line.allowed(clauses_of(specifiers)) & ~self.python_line.bit(own)

    def _is_old_enough(self, specifier: Specifier) -> bool:
        """Whether the target's Python is not older than asked for. Upper bounds count for nothing: they were guesses."""
        if specifier.operator not in LOWER_BOUNDS:
            return True
        bound = release_of(specifier.version)
        return self.python > bound if specifier.operator == ">" else self.python >= bound
