"""The versions of a project on a line, and the sets of them that specifiers name (PEP 440, as uv reads it).

A line of n versions has 2n + 1 places: each version, and the gaps before, between and after them, for a specifier may
name versions that there are not. A set is the bits of an int, from bit 1 on; bit 0 is left for "not selected":

    absent  gap  1.0  gap  2.0  gap
    bit 0    1    2    3    4    5

Gaps keep sets apart that hold the same known versions (`>=1.5` and `>=2.0`), so that it is found out where uv finds it
out that there is no version, which decides what the search learns.
"""

from bisect import bisect_left
from collections.abc import Callable, Sequence

from packaging.version import Version

from siteroot.model.metadata import Clauses

from .incompatibility import ABSENT


class VersionLine:
    """All versions of one project, and what specifiers mean on it. `versions` are sorted, each but once."""

    __slots__ = ("_sets", "everything", "full", "known", "versions")

    def __init__(self, versions: Sequence[Version]) -> None:
        self.versions = versions
        self.full = (1 << (2 * len(versions) + 2)) - 1
        self.everything = self.full ^ ABSENT
        self.known = (self.full // 3) ^ ABSENT  # every second bit, from 2 on
        self._sets: dict[Clauses, int] = {(): self.everything}

    def bit(self, place: int) -> int:
        """Return the set of the one version at a place among `versions`."""
        return 1 << (2 * place + 2)

    def run(self, place: int) -> int:
        """Return a version with the gaps beside it."""
        return 0b111 << (2 * place + 1)

    def places(self, term: int) -> list[int]:
        """Return the places of the known versions in a set, in order."""
        places = []
        rest = term & self.known
        while rest:
            lowest = rest & -rest
            places.append(self.place(lowest))
            rest ^= lowest
        return places

    def place(self, version: int) -> int:
        """Return the place of the version that is the only one in a set."""
        return (version.bit_length() - 3) // 2

    def locate(self, version: Version) -> int | None:
        """Return the place of a version, None where it is not known."""
        place = bisect_left(self.versions, version)
        known = place < len(self.versions) and self.versions[place] == version
        return place if known else None

    def allowed(self, clauses: Clauses) -> int:
        """Return the set that the clauses of specifiers name."""
        found = self._sets.get(clauses)
        if found is None:
            found = self.everything
            for sign, text in clauses:
                found &= self._named(sign, text)
            self._sets[clauses] = found
        return found

    def _named(self, sign: str, text: str) -> int:
        if sign == "===":
            return self._spelled(text)
        if text.endswith(".*"):
            start, end = _family_of(Version(text[:-2]))
            within = self._from(start) & self._before(end)
            return within if sign == "==" else self._other_than(within)
        version = Version(text)
        match sign:
            case "==":
                return self._equal(version)
            case "!=":
                return self._other_than(self._equal(version))
            case "~=":
                shorter = ".".join(map(str, version.release[:-1]))
                _, end = _family_of(Version(f"{version.epoch}!{shorter}"))
                return self._from(version) & self._before(end)
            case ">=":
                return self._from(version)
            case "<":
                return self._before(_least(version))
            case "<=":
                return self._up_to(version)
            case _:
                return self._after(version)

    def _spelled(self, text: str) -> int:
        wanted = text.lower()
        found = [place for place, version in enumerate(self.versions) if str(version) == wanted]
        if found:
            return self.bit(found[0])
        return 1 << (2 * bisect_left(self.versions, Version(text)) + 1)  # the gap before it

    def _equal(self, version: Version) -> int:
        if version.local is not None:
            return 1 << self._start(version)
        return self._from(version) & self._up_to(version)

    def _other_than(self, run: int) -> int:
        """Return all but a run; of the gaps at its ends something is left."""
        held = run & self.known
        return (
            self.everything ^ ((1 << held.bit_length()) - (held & -held))
            if held
            else self.everything
        )

    def _from(self, version: Version) -> int:
        """Return all that is not before a version."""
        return self.full & -(1 << self._start(version))

    def _start(self, version: Version) -> int:
        """Return the bit of a version, that of the gap which it would lie in where it is not known."""
        place = bisect_left(self.versions, version)
        known = place < len(self.versions) and self.versions[place] == version
        return 2 * place + 1 + known

    def _before(self, version: Version) -> int:
        return (1 << (2 * bisect_left(self.versions, version) + 2)) - 2

    def _up_to(self, version: Version) -> int:
        """Return all up to a version and its local versions."""
        place = self._behind(version, _is_same)
        known = place > 0 and self.versions[place - 1] >= version
        return (1 << (2 * place + 2 - known)) - 2

    def _after(self, version: Version) -> int:
        """Return all that `>` names: no local version, and no post-release of what is none itself."""
        last = version.dev is not None or version.post is not None
        place = self._behind(version, _is_same if last else _is_family)
        return self.full & -(1 << (2 * place + 1))

    def _behind(self, version: Version, belongs: Callable[[Version, Version], bool]) -> int:
        """Return how many versions there are up to a version and what belongs to it."""
        return bisect_left(
            self.versions, 1, key=lambda each: each > version and not belongs(each, version)
        )


def _is_family(version: Version, other: Version) -> bool:
    """Whether two versions differ in what comes after the pre-release alone."""
    return version.pre == other.pre and _release(version) == _release(other)


def _is_same(version: Version, other: Version) -> bool:
    """Whether two versions differ in their local parts alone."""
    return version.post == other.post and version.dev == other.dev and _is_family(version, other)


def _release(version: Version) -> tuple[int, ...]:
    release = version.release
    length = next((end for end in range(len(release), 1, -1) if release[end - 1]), 1)
    return version.epoch, *release[:length]


def _least(version: Version) -> Version:
    """Return the version that `<` ends before: a version that is no pre-release takes its pre-releases with it."""
    return version if version.is_prerelease else Version(f"{version.public}.dev0")


def _family_of(version: Version) -> tuple[Version, Version]:
    """Return where the versions begin that `==version.*` names, and where they end."""
    epoch, release = version.epoch, list(version.release)
    text = ".".join(map(str, release))
    if version.post is not None:
        head = version.public.rpartition(".post")[0]
        following = f"{head}.post{version.post + 1}"
    elif version.pre is not None:
        kind, number = version.pre
        following = f"{epoch}!{text}{kind}{number + 1}"
    else:
        release[-1] += 1
        following = f"{epoch}!{'.'.join(map(str, release))}"
    return Version(f"{version.public}.dev0"), Version(f"{following}.dev0")
