"""What build requirements resolve to: the seam to the resolver, which `sync` is handed."""

from collections.abc import Callable, Sequence

from siteroot.errors import BuildError
from siteroot.model.pin import Pin
from siteroot.model.target import Target

#: Returns what requirements resolve to for a target; the last word says whose build needs them.
Resolve = Callable[[Sequence[str], Target, str], Sequence[Pin]]


class NoResolverError(BuildError):
    """Build requirements would have to be resolved, and this version cannot."""


def refuse_to_resolve(requires: Sequence[str], target: Target, why: str) -> Sequence[Pin]:
    """Return nothing for nothing. Raises NoResolverError for any requirement."""
    if not requires:
        return ()
    raise NoResolverError(
        f"{why} would have to be built for Python {target.python_version} with {', '.join(requires)}, and this version of"
        " siteroot does not resolve build requirements",
        hints=(
            "--no-install-local leaves out the project, its workspace and what lies on this disk",
        ),
    )
