"""Which Pythons a project is for: what its members and the chosen groups say, all together."""

from collections.abc import Collection, Iterable

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from siteroot.errors import ProjectError
from siteroot.model.project import Project
from siteroot.model.value import dataclass

from .groups import expand_groups


class DisjointPythonsError(ProjectError):
    """No Python satisfies every `requires-python` of the workspace."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PythonDemand:
    """One `requires-python` and who says it: "`app`", "the group `docs` of `app`"."""

    who: str
    specifiers: SpecifierSet


@dataclass(frozen=True, slots=True, kw_only=True)
class PythonBounds:
    """The lowest and the highest release of a range; None where it is open.

    Releases are compared as numbers, without trailing zeros; holes between the bounds are not kept, as uv does.
    """

    lower: tuple[int, ...] | None = None
    includes_lower: bool = True
    upper: tuple[int, ...] | None = None
    includes_upper: bool = False

    def admit(self, release: tuple[int, ...]) -> bool:
        """Whether a release lies between the bounds."""
        trimmed = _trim(release)
        above = (
            self.lower is None
            or trimmed > self.lower
            or (self.includes_lower and trimmed == self.lower)
        )
        below = (
            self.upper is None
            or trimmed < self.upper
            or (self.includes_upper and trimmed == self.upper)
        )
        return above and below


def python_demands(project: Project, groups: Collection[str] = ()) -> tuple[PythonDemand, ...]:
    """Return every `requires-python` that counts: each member's, and those of the chosen groups of any member."""
    demands: list[PythonDemand] = []
    for member in project.members:
        table = member.pyproject.project
        if table is not None and table.requires_python is not None:
            demands.append(PythonDemand(who=f"`{member.name}`", specifiers=table.requires_python))
        for name, group in expand_groups(member.pyproject).items():
            if name in groups and group.requires_python is not None:
                who = f"the group `{name}` of `{member.name}`"
                demands.append(PythonDemand(who=who, specifiers=group.requires_python))
    return tuple(demands)


def intersect_demands(demands: Iterable[PythonDemand]) -> SpecifierSet | None:
    """Return what satisfies all of them, None where nobody demands anything. Raises DisjointPythonsError."""
    together: SpecifierSet | None = None
    said = tuple(demands)
    for demand in said:
        together = demand.specifiers if together is None else together & demand.specifiers
    if together is not None and together.is_unsatisfiable():
        listed = ", ".join(f"{demand.who} wants {demand.specifiers}" for demand in said)
        message = f"no Python satisfies every `requires-python`: {listed}"
        raise DisjointPythonsError(message)
    return together


#: One end of a range: a release and, for two ends at one release, which counts.
_Edge = tuple[tuple[int, ...], bool]


def python_bounds(specifiers: SpecifierSet) -> PythonBounds:
    """Return the bounds of a `requires-python`; of pre-releases only the release counts, as uv does."""
    lowers: list[_Edge] = []  # (release, whether it is itself left out)
    uppers: list[_Edge] = []  # (release, whether it is itself let in)
    holes: list[tuple[tuple[int, ...], tuple[int, ...] | None]] = []
    for one in specifiers:
        wild = one.version.endswith(".*")
        try:
            release = Version(one.version.removesuffix(".*")).release
        except ValueError:  # "===" takes any text, which no Python's version is
            continue
        start, stop = _trim(release), _trim(_bump(release))
        match one.operator:
            case ">=" | ">":
                lowers.append((start, one.operator == ">"))
            case "<" | "<=":
                uppers.append((start, one.operator == "<="))
            case "~=":
                lowers.append((start, False))
                uppers.append((_trim(_bump(release[:-1])), False))
            case "!=":
                holes.append((start, stop if wild else None))
            case _:  # "==" and "==="
                lowers.append((start, False))
                uppers.append((stop, False) if wild else (start, True))
    upper = min(uppers, default=None)
    lower = _raise_edge(max(lowers, default=None), holes)
    return PythonBounds(
        lower=lower[0] if lower else None,
        includes_lower=not (lower and lower[1]),
        upper=upper[0] if upper else None,
        includes_upper=bool(upper and upper[1]),
    )


def _raise_edge(
    lower: _Edge | None, holes: list[tuple[tuple[int, ...], tuple[int, ...] | None]]
) -> _Edge | None:
    """Return the lower edge after the holes that lie on it."""
    for start, stop in sorted(holes, key=lambda hole: hole[0]):
        if lower is not None and stop is not None and start <= lower[0] < stop:
            lower = (stop, False)
        elif lower == (start, False) and stop is None:
            lower = (start, True)
    return lower


def _trim(release: tuple[int, ...]) -> tuple[int, ...]:
    while len(release) > 1 and release[-1] == 0:
        release = release[:-1]
    return release


def _bump(release: tuple[int, ...]) -> tuple[int, ...]:
    return (*release[:-1], release[-1] + 1)
