"""Requirements -> a resolution for one target, or why there is none."""

from siteroot.model.resolution import Resolution, ResolutionRequest
from siteroot.model.target import Target
from siteroot.ports import MetadataSource

from .assembly import assemble
from .explain import explain_failure
from .projects import Admits
from .resolver import Resolver


def resolve(
    request: ResolutionRequest,
    target: Target,
    source: MetadataSource,
    admits: Admits | None = None,
) -> Resolution:
    """Return the versions that satisfy a request. `admits` says which files of a project are old enough.

    Raises UnsatisfiableError, and whatever the source raises.
    """
    resolver = Resolver(request, target, source, admits)
    failure = resolver.run()
    if failure is not None:
        raise explain_failure(resolver, failure)
    return assemble(resolver)
