"""What cannot all be true together, and why ("The PubGrub algorithm", Natalie Weizenbaum).

A **term** says what may become of a package. It is a set, written as the bits of an int: bit 0 stands for "it is not
selected", the others for places on the line of its versions (`line.VersionLine`). So a requirement is a term without
bit 0, its negation one with it, and the algebra of terms is that of sets: `&`, `|`, `^`.

An **incompatibility** is a set of terms for different packages that never hold all together.
"""

from typing import NamedTuple

#: The term "not selected", and the bit that negative terms have.
ABSENT = 1

Terms = tuple[tuple[int, int], ...]  # (package, term), one for each package


class Root(NamedTuple):
    """The root has to be selected: where each search begins."""


class NoVersions(NamedTuple):
    """No version of a package that a term allows can be had."""

    package: int
    term: int


class Unusable(NamedTuple):
    """The versions that a term allows are there and cannot be taken; what `reason` is, the caller knows."""

    package: int
    term: int
    reason: object


class Requires(NamedTuple):
    """Some versions of a package require another one, or are bound to it."""

    package: int
    term: int
    required: int
    allowed: int


class Derived(NamedTuple):
    """It follows from two others, by their numbers."""

    left: int
    right: int


Cause = Root | NoVersions | Unusable | Requires | Derived


class Incompatibility(NamedTuple):
    """Terms that never hold together, and the cause."""

    terms: Terms
    cause: Cause

    def term_of(self, package: int) -> int:
        """Return the term for a package that it speaks of."""
        return next(term for each, term in self.terms if each == package)


def requires(
    package: int, term: int, required: int, allowed: int, full: int
) -> Incompatibility | None:
    """Return what a requirement rules out, None where it rules out nothing; `full` is any term of the required one."""
    cause = Requires(package, term, required, allowed)
    if package == required:  # a version that is bound to itself holds, or never does
        ruled_out = term & ~allowed
        return Incompatibility(((package, ruled_out),), cause) if ruled_out else None
    if not allowed:
        return Incompatibility(((package, term),), cause)
    return Incompatibility(((package, term), (required, full ^ allowed)), cause)
