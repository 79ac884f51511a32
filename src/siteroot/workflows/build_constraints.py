"""`build-constraint-dependencies`: which versions and files a project lets builds need."""

from collections.abc import Iterable

from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement as ParsedRequirement
from packaging.utils import canonicalize_name

from siteroot.errors import ProjectError
from siteroot.model.project import BuildConstraint
from siteroot.model.requirement import Requirement
from siteroot.resolve.direct import read_url

_WHERE = "`build-constraint-dependencies` of pyproject.toml"


class BadBuildConstraintError(ProjectError):
    """What a project says of what builds need is no requirement."""


def read_build_constraints(said: Iterable[BuildConstraint]) -> tuple[Requirement, ...]:
    """Return the constraints, with the digests of the files that may be taken. Raises BadBuildConstraintError."""
    return tuple(map(_read, said))


def _read(constraint: BuildConstraint) -> Requirement:
    try:
        parsed = ParsedRequirement(constraint.text)
    except (InvalidRequirement, RecursionError):
        raise BadBuildConstraintError(
            f"{constraint.text[:200]!r} is no requirement", where=_WHERE
        ) from None
    return Requirement(
        name=canonicalize_name(parsed.name),
        extras=tuple(sorted(map(canonicalize_name, parsed.extras))),
        specifier=parsed.specifier,
        marker=parsed.marker,
        source=None if parsed.url is None else read_url(parsed.url),
        origin=_WHERE,
        digests=constraint.digests,
    )
