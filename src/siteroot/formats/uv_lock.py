"""`uv.lock`, version 1, of any revision: text to `Lock`, every fault of the file in one error.

The format is uv's own; no specification stands above uv. Unknown keys and higher revisions are read, as uv does.
Refused although uv reads it: a wheel of another name, a user name or password in a URL to fetch from. What a lock
means for an environment is decided in `select/`.
"""

from collections.abc import Iterable

from packaging.markers import Marker
from packaging.version import Version

from siteroot.errors import LockError
from siteroot.model.lock import (
    FlatSource,
    Lock,
    LockedDependency,
    LockedPackage,
    RegistrySource,
    Source,
)
from siteroot.model.value import replace

from .reading import Faults, Table
from .toml import TomlError, parse_toml
from .uv_lock_manifest import (
    by_name,
    read_conflicts,
    read_default_groups,
    read_group_pythons,
    read_manifest,
    read_metadata,
    read_options,
)
from .uv_lock_sources import Parsers, new_parsers, read_sdist, read_source, read_wheels

#: What makes a locked package one. A source tree with a dynamic version has none.
_Identity = tuple[str, Version | None, Source]


class LockSyntaxError(LockError):
    """A lock is not what its format says."""


class LockUnsupportedError(LockError):
    """A lock is of a version of its format that siteroot does not know."""


def parse_uv_lock(content: bytes, where: str) -> Lock:
    """Return the lock. Raises LockSyntaxError with all faults of the file, or LockUnsupportedError."""
    try:
        document = parse_toml(content, where)
    except TomlError as error:
        raise LockSyntaxError(error.message, where=error.where, hints=error.hints) from None
    faults = Faults()
    top = Table(document, faults)
    version = top.integer("version")
    if version is None and "version" not in document:
        top.fault("version", "is missing")
    elif version not in {None, 1}:
        raise LockUnsupportedError(
            f"is a lock of version {version}, and siteroot reads version 1", where=where
        )
    parsers = new_parsers()
    requires_python = top.required("requires-python", parsers.specifiers)
    revision = top.integer("revision")
    resolution_markers = top.parsed_texts("resolution-markers", parsers.marker)
    supported_markers = top.parsed_texts("supported-markers", parsers.marker)
    required_markers = top.parsed_texts("required-markers", parsers.marker)
    conflicts = read_conflicts(top, parsers)
    options = read_options(top.table_or_empty("options"))
    manifest = read_manifest(top.table_or_empty("manifest"), parsers)
    packages = _read_packages(top, parsers)
    faults.raise_any(LockSyntaxError, where)
    assert requires_python is not None
    return Lock(
        revision=revision or 0,
        requires_python=requires_python,
        resolution_markers=resolution_markers,
        supported_markers=supported_markers,
        required_markers=required_markers,
        conflicts=conflicts,
        options=options,
        manifest=manifest,
        packages=packages,
    )


def _read_packages(top: Table, parsers: Parsers) -> tuple[LockedPackage, ...]:
    """Return all packages, each edge checked to lead to exactly one of them."""
    # until version 1 was settled the key was "distribution"
    rows = tuple(top.tables("package" if "package" in top.values else "distribution"))
    read = tuple(_read_package(row, parsers) for row in rows)
    packages = {}
    for row, package in zip(rows, read, strict=True):
        if package is not None:
            if _identity(package) in packages:
                row.fault("", "stands in the lock twice, with one name, version and source")
            packages[_identity(package)] = package
    names: dict[str, list[LockedPackage]] = {}
    for package in packages.values():
        names.setdefault(package.name, []).append(package)
    complete = None not in read  # else an edge may lead to what could not be read
    checked = []
    for row, package in zip(rows, read, strict=True):
        if package is not None:
            checked.append(_check_edges(row, package, packages, names) if complete else package)
    return tuple(checked)


def _identity(package: LockedPackage) -> _Identity:
    return package.name, package.version, package.source


def _read_package(row: Table, parsers: Parsers) -> LockedPackage | None:
    """Return one package; None, with faults noted, where it cannot be told apart from others."""
    name = row.required("name", parsers.name)
    version = row.parsed("version", parsers.version)
    row.subject = " ".join(str(part) for part in (name, version) if part)
    source = read_source(row)
    if isinstance(source, RegistrySource | FlatSource) and "version" not in row.values:
        row.fault("version", "is missing, and only a source tree may have none")
    dependencies = _read_dependencies(row.tables("dependencies"), parsers)
    optional = row.table_or_empty("optional-dependencies")
    groups = row.table_or_empty(
        "dev-dependencies" if "dev-dependencies" in row.values else "dependency-groups"
    )
    metadata = row.table("metadata")
    package_markers = row.parsed_texts("resolution-markers", parsers.marker)
    optional_dependencies = by_name(
        optional, lambda rows: _read_dependencies(rows, parsers), parsers
    )
    dev_dependencies = by_name(groups, lambda rows: _read_dependencies(rows, parsers), parsers)
    locked_metadata = None if metadata is None else read_metadata(metadata, parsers)
    default_groups = read_default_groups(row, parsers)
    group_requires_python = read_group_pythons(row, parsers)
    if name is None or source is None:
        return None
    sdist = read_sdist(row, source)
    wheels = read_wheels(row, source, name, version, parsers)
    if version is None and "version" in row.values:
        return None
    return LockedPackage(
        name=name,
        version=version,
        source=source,
        resolution_markers=package_markers,
        default_groups=default_groups,
        dependencies=dependencies,
        optional_dependencies=optional_dependencies,
        dev_dependencies=dev_dependencies,
        sdist=sdist,
        wheels=wheels,
        metadata=locked_metadata,
        group_requires_python=group_requires_python,
    )


def _read_dependencies(rows: Iterable[Table], parsers: Parsers) -> tuple[LockedDependency, ...]:
    dependencies = (_read_dependency(row, parsers) for row in rows)
    return tuple(dependency for dependency in dependencies if dependency is not None)


def _read_dependency(row: Table, parsers: Parsers) -> LockedDependency | None:
    values = row.values
    name = row.required("name", parsers.name)
    version = row.parsed("version", parsers.version) if "version" in values else None
    source = read_source(row) if "source" in values else None
    extras = row.parsed_texts("extra", parsers.name) if "extra" in values else ()
    marker = row.parsed("marker", parsers.marker) if "marker" in values else None
    if name is None:
        return None
    return LockedDependency(
        name=name,
        extras=tuple(sorted(set(extras))),
        version=version,
        source=source,
        marker=marker,
    )


def _check_edges(
    row: Table,
    package: LockedPackage,
    packages: dict[_Identity, LockedPackage],
    names: dict[str, list[LockedPackage]],
) -> LockedPackage:
    """Return the package without those extras on its edges that the other end does not have: uv drops them too.

    Edges that lead nowhere or to several packages, or that stand twice, become faults.
    """
    shortened = set()

    def check(place: str, edges: tuple[LockedDependency, ...]) -> tuple[LockedDependency, ...]:
        checked = []
        seen: dict[tuple[_Identity, tuple[str, ...]], set[Marker | None]] = {}
        twice = len({edge.name for edge in edges}) < len(edges)
        for index, edge in enumerate(edges):
            end = _follow(edge, packages, names)
            if isinstance(end, str):
                row.fault(f"{place}[{index}]", end)
                continue
            if twice:
                markers = seen.setdefault((_identity(end), edge.extras), set())
                if edge.marker in markers:
                    row.fault(f"{place}[{index}]", f"names {edge.name} a second time")
                markers.add(edge.marker)
            known = tuple(extra for extra in edge.extras if extra in end.optional_dependencies)
            if known != edge.extras:
                shortened.add(place)
            checked.append(edge if known == edge.extras else replace(edge, extras=known))
        return tuple(checked)

    dependencies = check("dependencies", package.dependencies)
    optional = {
        extra: check(f"optional-dependencies.{extra}", edges)
        for extra, edges in package.optional_dependencies.items()
    }
    groups = {
        group: check(f"dev-dependencies.{group}", edges)
        for group, edges in package.dev_dependencies.items()
    }
    if not shortened:
        return package
    return replace(
        package,
        dependencies=dependencies,
        optional_dependencies=optional,
        dev_dependencies=groups,
    )


def _follow(
    edge: LockedDependency,
    packages: dict[_Identity, LockedPackage],
    names: dict[str, list[LockedPackage]],
) -> LockedPackage | str:
    """Return the package that the edge leads to, or what is wrong with the edge.

    Version and source may be left out where the name says all; given, they must be right.
    """
    candidates = names.get(edge.name)
    if candidates is None:
        return f"names {edge.name}, which is not in the lock"
    only = candidates[0] if len(candidates) == 1 else None
    if only and edge.version is None and edge.source is None:
        return only
    source = only.source if only and edge.source is None else edge.source
    version = only.version if only and edge.version is None else edge.version
    if source is None:
        return f"names {edge.name}, which the lock has {len(candidates)} times, without its source"
    end = packages.get((edge.name, version, source))
    if end is not None:
        return end
    if version is None:
        return f"names {edge.name}, which the lock has {len(candidates)} times, without its version"
    return f"names {edge.name} {version}, which the lock has from another source or not at all"
