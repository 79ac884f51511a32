"""The derivation of a failure, made short enough to be told: facts in the order in which they are used.

A **chain** is facts that are added one by one, each with what follows so far. It may begin with two other chains that
clash. What PubGrub needs and a person does not is left out on the way: that `flask[async]` is flask, and that nothing
is left between versions of which each was turned down.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from .incompatibility import ABSENT, Derived, NoVersions, Requires, Root, Terms, Unusable
from .resolver import Resolver

Fact = NoVersions | Unusable | Requires


@dataclass(frozen=True, slots=True)
class Link:
    """A fact, and the terms that are ruled out with it and all that was before it."""

    fact: Fact
    terms: Terms


@dataclass(frozen=True, slots=True, eq=False)
class Chain:
    """Facts in their order, after what two other chains came to, where there are any."""

    start: "tuple[Chain, Chain] | None"
    links: tuple[Link, ...]
    terms: Terms


def in_order(chain: Chain) -> list[Chain]:
    """Return a chain after all that it begins with, each of them once."""
    found: dict[int, Chain] = {}
    waiting = [(chain, False)]
    while waiting:
        each, ready = waiting.pop()
        if ready:
            found.setdefault(id(each), each)
        elif id(each) not in found:
            waiting.append((each, True))
            waiting += [(start, False) for start in reversed(each.start or ())]
    return list(found.values())


def list_facts(chain: Chain) -> list[Fact]:
    """Return the facts of a chain in their order, those of the chains that it begins with first, each of them once."""
    return list(dict.fromkeys(link.fact for each in in_order(chain) for link in each.links))


def read_derivation(resolver: Resolver, number: int) -> Chain:
    """Return the derivation of an incompatibility."""
    order = _order(resolver, number)
    made: dict[int, Chain | None] = {}
    for each in order:
        found = resolver.search.incompatibility(each)
        if isinstance(found.cause, Derived):
            chain = _join(made[found.cause.left], made[found.cause.right], found.terms)
            made[each] = None if chain is None else _merged(resolver, chain)
        elif isinstance(found.cause, Root) or _is_plain(resolver, found.cause):
            made[each] = None
        else:
            made[each] = Chain(None, (Link(found.cause, found.terms),), found.terms)
    chain = made[number]
    return chain if chain is not None else Chain(None, (), ())


def _order(resolver: Resolver, number: int) -> list[int]:
    """Return an incompatibility and all that it follows from, causes first: they have the lower numbers."""
    seen: set[int] = set()
    waiting = [number]
    while waiting:
        each = waiting.pop()
        if each not in seen:
            seen.add(each)
            cause = resolver.search.incompatibility(each).cause
            if isinstance(cause, Derived):
                waiting += [cause.left, cause.right]
    return sorted(seen)


def _is_plain(resolver: Resolver, fact: Fact) -> bool:
    """Whether a fact goes without saying: that an extra is its project's, in its version, and which Python the target has."""
    match fact:
        case Requires(package, term, required, allowed):
            name, line = resolver.packages[package].name, resolver.line_of(package)
            if not name or line is None or name != resolver.packages[required].name:
                return False
            return not term & line.known & ~allowed
        case NoVersions(package, _):
            return not resolver.packages[package].name
        case _:
            return False


def _join(left: Chain | None, right: Chain | None, terms: Terms) -> Chain | None:
    if left is None or right is None:
        one = left or right
        return None if one is None else Chain(one.start, one.links, terms)
    for chain, other in ((left, right), (right, left)):
        if other.start is None and len(other.links) == 1:
            links = (*chain.links, Link(other.links[0].fact, terms))
            return Chain(chain.start, links, terms)
    return Chain((left, right), (), terms)


def _merged(resolver: Resolver, chain: Chain) -> Chain:
    """Return a chain with one fact for all versions of a project that were turned down for the same reason.

    The later fact is told with the earlier one: with more facts, what was said to follow follows all the same.
    """
    if not chain.links:
        return chain
    *earlier, last = chain.links
    for place, link in enumerate(earlier):
        if _is_alike(resolver, link.fact, last.fact):
            fact = link.fact._replace(term=link.fact.term | last.fact.term)
            earlier[place] = Link(fact, link.terms)
            return Chain(chain.start, tuple(earlier), chain.terms)
    if isinstance(last.fact, NoVersions) and _is_told(resolver, chain, last.fact):
        return Chain(chain.start, tuple(earlier), chain.terms)
    return chain


def _is_alike(resolver: Resolver, fact: Fact, other: Fact) -> bool:
    """Whether two facts say the same of versions of one project: why they cannot be had."""
    if _name(resolver, fact) != _name(resolver, other):
        return False
    match fact, other:
        case Unusable(), Unusable():
            return fact.reason == other.reason
        case Requires(), Requires():
            return fact.required == other.required and _asks_python(resolver, fact)
        case _:
            return False


def _is_told(resolver: Resolver, chain: Chain, nothing: NoVersions) -> bool:
    """Whether it was told already why there is no version: the others were turned down."""
    line = resolver.line_of(nothing.package)
    if line is None or nothing.term & line.known:
        return False
    name = _name(resolver, nothing)
    facts = list_facts(chain)
    return any(
        _name(resolver, fact) == name
        and (
            isinstance(fact, Unusable)
            or (isinstance(fact, Requires) and _asks_python(resolver, fact))
        )
        for fact in facts
    )


def _asks_python(resolver: Resolver, fact: Requires) -> bool:
    return not resolver.packages[fact.required].name


def _name(resolver: Resolver, fact: Fact) -> str:
    return resolver.packages[fact.package].name


def positive(term: int) -> bool:
    """Whether a term says that a version is selected."""
    return not term & ABSENT


def versions_first(terms: Terms) -> Sequence[tuple[int, int]]:
    """Return terms with those that say what is selected before those that say what is not."""
    return sorted(terms, key=lambda term: term[1] & ABSENT)
