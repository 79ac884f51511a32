"""Requirements -> a resolution for one target, or why there is none."""

from siteroot.model.resolution import Resolution, ResolutionRequest
from siteroot.model.target import Target
from siteroot.ports import MetadataSource

from .assembly import assemble
from .releases import FileAges
from .resolver import Resolver


def resolve(
    request: ResolutionRequest,
    target: Target,
    source: MetadataSource,
    ages: FileAges | None = None,
) -> Resolution:
    """Return the versions that satisfy a request. `ages` say which files are old enough (`exclude-newer`).

    Raises UnsatisfiableError, and whatever the source raises.
    """
    resolver = Resolver(request, target, source, ages)
    failure = resolver.run()
    if failure is not None:
        from .explain import explain_failure  # noqa: PLC0415 - 2 ms that an answer need not pay

        raise explain_failure(resolver, failure)
    return assemble(resolver)
