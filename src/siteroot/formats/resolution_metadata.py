"""What resolving needs of a distribution's own words: METADATA, PKG-INFO or [project] ("Core metadata specifications").

A wheel's METADATA holds. An sdist's PKG-INFO holds from Metadata 2.2 on, where it calls none of the fields dynamic;
else [project] does, where it does not call them dynamic. Else nobody knows before a build.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from siteroot.errors import SiterootError
from siteroot.model.metadata import DistributionMetadata, InvalidMetadataError
from siteroot.model.project import ProjectTable

from .core_metadata import CoreMetadataError, parse_core_metadata
from .dependency_specifiers import take_apart
from .headers import parse_headers
from .lenient import mend_requirement, mend_specifiers, read_requirement
from .pyproject import parse_pyproject

T = TypeVar("T")

#: The fields that a build may not change where PKG-INFO or [project] is to be believed.
_NEEDED = frozenset({"requires-dist", "requires-python", "provides-extra"})

#: So many requirements, and characters of one, nobody has: reading takes a tenth of a millisecond for each.
_MOST, _LONGEST = 10_000, 64 << 10


def parse_metadata(content: bytes) -> DistributionMetadata:
    """Return what a wheel's METADATA says. Raises InvalidMetadataError."""
    headers, text = _read_headers(content)
    try:
        core = parse_core_metadata(text)
    except CoreMetadataError as error:
        raise InvalidMetadataError(error.message) from None
    requires = _read_requirements(headers.get("requires-dist", ()))
    return DistributionMetadata(
        name=core.name,
        version=core.version,
        requires_dist=tuple(text for text, _ in requires),
        specifiers=take_apart(parsed for _, parsed in requires),
        requires_python=_one_mended(headers.get("requires-python", ())),
        provides_extras=_extras(headers.get("provides-extra", ())),
        dynamic=frozenset(field.strip().lower() for field in headers.get("dynamic", ())),
    )


def parse_pkg_info(content: bytes) -> DistributionMetadata | None:
    """Return what an sdist's PKG-INFO says, None where a build may come to something else.

    Raises InvalidMetadataError.
    """
    headers, _ = _read_headers(content)
    version = headers.get("metadata-version", ("",))[0].strip()
    major, _, minor = version.partition(".")
    if major != "2" or not minor.isdecimal() or int(minor[:9]) < 2:
        return None
    metadata = parse_metadata(content)
    return None if metadata.dynamic & _NEEDED else metadata


def read_static_project(content: bytes, version: Version | None) -> DistributionMetadata | None:
    """Return what the [project] of an sdist's pyproject.toml says, None where only a build can tell.

    `version` is the sdist's own, if it is known: where [project] calls it dynamic, this is what it came to.
    """
    try:
        project = parse_pyproject(content, "pyproject.toml").project
    except SiterootError:
        return None
    if project is None:
        return None
    dynamic = frozenset(project.dynamic)
    if dynamic & {"dependencies", "optional-dependencies", "requires-python"}:
        return None
    version = version if project.version is None else Version(project.version)
    if version is None:
        return None
    requires = _requirements(project)
    return DistributionMetadata(
        name=project.normalized_name,
        version=version,
        requires_dist=tuple(text for text, _ in requires),
        specifiers=take_apart(parsed for _, parsed in requires),
        requires_python=None if project.requires_python is None else str(project.requires_python),
        provides_extras=_extras(project.optional_dependencies),
        dynamic=frozenset({"version"}) & dynamic,
    )


def _read_headers(content: bytes) -> tuple[Mapping[str, tuple[str, ...]], str]:
    """Return the headers, and the text that they stand in: a description may be long, and is not looked at."""
    head = content.replace(b"\r\n", b"\n").partition(b"\n\n")[0] + b"\n"
    text = head.decode("utf-8", "replace")
    return parse_headers(text), text


def _requirements(project: ProjectTable) -> list[tuple[str, Requirement]]:
    """Return the dependencies, those of an extra with its marker, as a METADATA would have them."""
    lines = list(project.dependencies)
    for extra, requirements in project.optional_dependencies.items():
        marker = f'extra == "{canonicalize_name(extra)}"'
        for text in requirements:
            mended = mend_requirement(text)
            if mended is None:
                raise InvalidMetadataError(f"its requirement {text[:120]!r} is invalid")
            requirement = Requirement(mended)
            own = f"({requirement.marker}) and {marker}" if requirement.marker else marker
            requirement.marker = None
            # a URL ends at a space, not at a semicolon
            lines.append(f"{requirement} ; {own}")
    return _read_requirements(lines)


def _read_requirements(texts: Iterable[str]) -> list[tuple[str, Requirement]]:
    return _mended(texts, "requirement", read_requirement)


def _extras(names: Iterable[str]) -> tuple[str, ...]:
    """Return the valid ones, normalised; the others nobody can ask for."""
    found: dict[str, None] = {}
    for name in names:
        try:
            found[str(canonicalize_name(name.strip(), validate=True))] = None
        except ValueError:
            continue
    return tuple(found)


def _one_mended(texts: tuple[str, ...]) -> str | None:
    return _mended(texts[:1], "Requires-Python", mend_specifiers)[0] if texts else None


def _mended(texts: Iterable[str], what: str, mend: Callable[[str], T | None]) -> list[T]:
    found: list[T] = []
    for text in texts:
        if len(found) == _MOST:
            raise InvalidMetadataError(f"it has more than {_MOST:,} requirements")
        mended = mend(" ".join(text.split("\n"))) if len(text) <= _LONGEST else None
        if mended is None:
            raise InvalidMetadataError(f"its {what} {text[:120]!r} is invalid")
        found.append(mended)
    return found
