"""Why there is no answer, in words."""

from siteroot.errors import ResolutionError

from .resolver import Resolver
from .search import Unsolvable


class UnsatisfiableError(ResolutionError):
    """What is required cannot be had all together."""


def explain_failure(resolver: Resolver, failure: Unsolvable) -> UnsatisfiableError:
    """Return why a search found nothing."""
    return UnsatisfiableError(f"{resolver.search.incompatibility(failure.incompatibility)}")
