"""`build-constraint-dependencies`: which versions and files a project lets builds need."""

from collections.abc import Iterable

from packaging.requirements import InvalidRequirement

from siteroot.errors import ProjectError
from siteroot.model.requirement import Requirement
from siteroot.model.settings import BuildConstraint
from siteroot.model.value import replace
from siteroot.resolve.direct import read_requirement

_WHERE = "`build-constraint-dependencies` of pyproject.toml"


class BadBuildConstraintError(ProjectError):
    """What a project says of what builds need is no requirement."""


def read_build_constraints(said: Iterable[BuildConstraint]) -> tuple[Requirement, ...]:
    """Return the constraints, with the digests of the files that may be taken. Raises BadBuildConstraintError."""
    return tuple(map(_read, said))


def _read(constraint: BuildConstraint) -> Requirement:
    try:
        requirement = read_requirement(constraint.text, _WHERE)
    except InvalidRequirement:
        raise BadBuildConstraintError(
            f"{constraint.text[:200]!r} is no requirement", where=_WHERE
        ) from None
    return replace(requirement, digests=constraint.digests)
