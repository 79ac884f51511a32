"""Why there is no answer, in sentences that a person can act on."""

from siteroot.errors import ResolutionError

from .derivation import Chain, Fact, Link, in_order, list_facts, read_derivation
from .hints import find_hints
from .incompatibility import Unusable
from .reasons import Absence
from .resolver import Resolver
from .search import Unsolvable
from .wording import Wording, list_words

_FLAT = 6  # clauses that one sentence may hold where that tells all
_FIRST = 3  # facts in the first sentence of a chain, where it does not
_FURTHER = 2  # facts in those that follow


class UnsatisfiableError(ResolutionError):
    """What is required cannot be had all together."""


def explain_failure(resolver: Resolver, failure: Unsolvable) -> UnsatisfiableError:
    """Return why a search found nothing."""
    chain = read_derivation(resolver, failure.incompatibility)
    facts = list_facts(chain)
    wording = Wording(resolver)
    return UnsatisfiableError(_tell(wording, chain, facts), hints=find_hints(resolver, facts))


def _tell(wording: Wording, chain: Chain, facts: list[Fact]) -> str:
    if len(facts) == 1 and isinstance(facts[0], Unusable):
        return f"{wording.tell(facts[0])}."
    clauses = wording.gather(sorted(facts, key=wording.subject))
    if len(clauses) == 2 and any(map(_is_absence, facts)) and clauses[1].startswith("you ask for "):
        return f"{clauses[0]}."  # who asked for it alone need not be told so
    if len(clauses) <= _FLAT:
        return f"Because {list_words(clauses)}, {wording.conclude(chain.terms)}."
    telling = _Telling(wording)
    for each in in_order(chain):
        telling.tell(each)
    return " ".join(telling.sentences)


def _is_absence(fact: Fact) -> bool:
    return isinstance(fact, Unusable) and isinstance(fact.reason, Absence)


class _Telling:
    """Sentences, one after the other: each adds facts to all that was said, and says what follows."""

    def __init__(self, wording: Wording) -> None:
        self.sentences: list[str] = []
        self._told: set[Fact] = set()
        self._wording = wording

    def tell(self, chain: Chain) -> None:
        """Tell a chain; those that it begins with are told."""
        links = [link for link in chain.links if link.fact not in self._told]
        size = _FURTHER if chain.start else _FIRST
        while links:
            group, links = links[:size], links[size:]
            if len(links) == 1:
                group, links = [*group, *links], []
            self._say(group, chain if not links else None)
            size = _FURTHER
        if chain.start is not None and not chain.links:
            self.sentences.append(f"So {self._wording.conclude(chain.terms)}.")

    def _say(self, group: list[Link], whole: Chain | None) -> None:
        facts = [link.fact for link in group]
        self._told.update(facts)
        terms = group[-1].terms if whole is None else whole.terms
        head = "And because" if self.sentences else "Because"
        told = list_words(self._wording.gather(facts))
        self.sentences.append(f"{head} {told}, {self._wording.conclude(terms)}.")
