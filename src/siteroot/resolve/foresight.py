"""What will be asked for soon, so that it is fetched meanwhile: it changes how long a resolution takes, nothing else.

A project of which one version after the other is turned down (urllib3 under botocore) would cost a request each time.
So after some tries the metadata of as many further versions are begun to be fetched, in the order in which they would
be tried.
"""

from collections.abc import Iterator, Sequence

from siteroot.formats.distribution_names import is_wheel
from siteroot.model.release import ListedFile
from siteroot.ports import MetadataSource

from .projects import Projects
from .releases import Releases, Usable

#: After how many versions of a project more are fetched; from the last on, after each that many again.
_STEPS = (5, 10, 20)
_MOST = 50


class Foresight:
    """Begins to fetch what is likely to be asked for."""

    def __init__(self, projects: Projects, source: MetadataSource) -> None:
        self._projects = projects
        self._source = source
        self._tried: dict[str, set[int]] = {}
        self._last: dict[str, int] = {}
        self._begun: set[str] = set()
        self._expected: set[tuple[str, int]] = set()

    def expect(self, wanted: Sequence[tuple[str, int]]) -> None:
        """Begin with the versions that are tried first of what is required, by name and set."""
        new = [each for each in wanted if each not in self._expected]
        self._expected.update(new)
        self._begin(
            file
            for name, allowed in new
            for file in self._files(name, self._next(name, allowed, 0, 1))
        )

    def note(self, name: str, place: int, allowed: int, settled: int) -> None:
        """Note that a version is tried; `allowed` are those that may be, `settled` those that ever could be."""
        tried = self._tried.setdefault(name, set())
        tried.add(place)
        count, last = len(tried), self._last.get(name, 0)
        due = any(last < step <= count for step in _STEPS) or count - last >= _STEPS[-1]
        if due and count >= _STEPS[0]:
            self._last[name] = count
            rest = allowed & ~self._projects.find(name).line.bit(place)
            places = self._next(name, rest, settled, min(count, _MOST))
            self._begin(self._files(name, places))

    def _next(self, name: str, allowed: int, settled: int, count: int) -> Iterator[int]:
        """Yield the places that would be tried one after the other: those allowed, then those beyond them."""
        releases = self._projects.find(name)
        if not isinstance(releases, Releases):
            return
        line = releases.line
        place = None
        for term in (allowed, settled):
            rest = term if place is None else self._projects.beyond(name, line, term, place)
            while count > 0 and (found := self._projects.choose(name, releases, rest)) is not None:
                yield found
                place = found
                rest &= ~line.bit(found)
                count -= 1

    def _files(self, name: str, places: Iterator[int]) -> Iterator[ListedFile]:
        releases = self._projects.find(name)
        for place in places:
            used = releases.usable(place) if isinstance(releases, Releases) else None
            if isinstance(used, Usable) and is_wheel(used.metadata.filename):
                yield used.metadata

    def _begin(self, files: Iterator[ListedFile]) -> None:
        begun = []
        for file in files:
            if file.location not in self._begun:
                self._begun.add(file.location)
                begun.append(file)
        if begun:
            self._source.expect_metadata(begun)
