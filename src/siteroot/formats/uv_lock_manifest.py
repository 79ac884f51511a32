"""What went into a resolution, as `uv.lock` writes it: options, manifest, conflicts, declared requirements.

A lock's freshness is judged by it; for installing only the conflicts and the groups count.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeVar

from packaging.specifiers import SpecifierSet

from siteroot.model.lock import (
    ConflictItem,
    LockedMetadata,
    LockedRequirement,
    LockManifest,
    LockOptions,
)
from siteroot.model.requirement import Requirer

from .reading import Table
from .uv_lock_sources import Parsers, without_user

T = TypeVar("T")

#: The keys of a requirement that say where it comes from.
_PLACES = ("git", "url", "path", "directory", "editable", "virtual", "index", "subdirectory")


def read_options(table: Table) -> LockOptions:
    """Return the options as they stand: a word that only a newer uv knows is no reason not to install.

    Of a distribution that has its own `exclude-newer`, the text is a time, a span, or "false".
    """
    times: dict[str, str] = {}
    newer = table.table_or_empty("exclude-newer-package")
    for name, value in newer.values.items():
        if value is False:
            times[name] = "false"
        elif type(value) is dict:
            times[name] = newer.table_or_empty(name).text("span") or ""
        else:
            times[name] = newer.text(name) or ""
    modes = table.table_or_empty("prerelease-package")
    return LockOptions(
        resolution_mode=table.text("resolution-mode"),
        prerelease_mode=table.text("prerelease-mode"),
        fork_strategy=table.text("fork-strategy"),
        exclude_newer=table.text("exclude-newer"),
        exclude_newer_span=table.text("exclude-newer-span"),
        exclude_newer_package=times,
        prerelease_package={name: modes.text(name) or "" for name in modes.values},
    )


def read_manifest(table: Table, parsers: Parsers) -> LockManifest:
    """Return the manifest.

    What holds for the dependencies of one distribution only is flattened: an override has that distribution in its
    `source`, as "package"; an exclusion is "NAME of DISTRIBUTION" or "NAME of DISTRIBUTION==VERSION".
    """

    def requirements(key: str) -> tuple[LockedRequirement, ...]:
        return _requirements(table.tables(key), parsers)

    return LockManifest(
        members=table.parsed_texts("members", parsers.name),
        requirements=requirements("requirements"),
        constraints=requirements("constraints"),
        overrides=tuple(_overrides(table, parsers)),
        excludes=tuple(_excludes(table, parsers)),
        build_constraints=requirements("build-constraints"),
        dependency_groups=_requirement_groups(table, "dependency-groups", parsers),
        dependency_metadata=tuple(row.values for row in table.tables("dependency-metadata")),
        default_groups=read_default_groups(table, parsers),
        group_requires_python=read_group_pythons(table, parsers),
    )


def read_default_groups(table: Table, parsers: Parsers) -> tuple[str, ...] | str | None:
    """Return the groups that are on by default, or "all"; None where the lock does not say."""
    if "default-groups" not in table.values:
        return None
    if table.values["default-groups"] == "all":
        return "all"
    return table.parsed_texts("default-groups", parsers.name)


def read_group_pythons(table: Table, parsers: Parsers) -> Mapping[str, SpecifierSet] | None:
    """Return the requires-python of each group that has one; None where the lock does not say."""
    pythons = table.table("group-requires-python")
    if pythons is None:
        return None
    found = {}
    for key in pythons.values:
        name = pythons.attempt(key, parsers.name, key)
        specifiers = pythons.parsed(key, parsers.specifiers)
        if name is not None and specifiers is not None:
            found[name] = specifiers
    return found


def read_conflicts(top: Table, parsers: Parsers) -> tuple[tuple[ConflictItem, ...], ...]:
    """Return the sets of extras, groups and projects of which only one may be chosen."""
    conflicts = []
    for index, rows in enumerate(top.table_lists("conflicts")):
        read = [_conflict_item(row, parsers) for row in rows]
        items = tuple(item for item in read if item is not None)
        if None not in read and len(items) < 2:
            top.fault(f"conflicts[{index}]", "is a conflict of fewer than two")
        if len(set(items)) < len(items):
            top.fault(f"conflicts[{index}]", "holds the same twice")
        conflicts.append(items)
    return tuple(conflicts)


def read_metadata(table: Table, parsers: Parsers) -> LockedMetadata:
    """Return what a source tree declared."""
    extras = table.parsed_texts("provides-extras", parsers.name)
    return LockedMetadata(
        requires_dist=_requirements(table.tables("requires-dist"), parsers),
        provides_extras=extras if "provides-extras" in table.values else None,
        requires_dev=_requirement_groups(table, "requires-dev", parsers),
    )


def by_name(table: Table, read: Callable[[Iterator[Table]], T], parsers: Parsers) -> dict[str, T]:
    """Return what is made of each extra's or group's array of tables, by normalised name."""
    found = {}
    for key in table.values:
        name = table.attempt(key, parsers.name, key)
        if name is not None:
            found[name] = read(table.tables(key))
    return found


def _requirement_groups(
    table: Table, key: str, parsers: Parsers
) -> dict[str, tuple[LockedRequirement, ...]]:
    return by_name(table.table_or_empty(key), lambda rows: _requirements(rows, parsers), parsers)


def _requirements(
    rows: Iterable[Table], parsers: Parsers, scope: str = ""
) -> tuple[LockedRequirement, ...]:
    found = (_requirement(row, parsers, scope) for row in rows)
    return tuple(requirement for requirement in found if requirement is not None)


def _requirement(row: Table, parsers: Parsers, scope: str) -> LockedRequirement | None:
    name = row.required("name", parsers.name)
    # uv writes a URL as the project declares it, password and all; it is compared, never fetched
    source = {key: without_user(row.text(key) or "") for key in _PLACES if key in row.values}
    conflict = row.table("conflict")
    item = _conflict_item(conflict, parsers) if conflict else None
    if item is not None:
        source["conflict"] = _render_conflict(item)
    if scope:
        source["package"] = scope
    if hashes := row.texts("hashes"):
        source["hashes"] = " ".join(sorted(hashes))
    extras = row.parsed_texts("extras", parsers.name)
    marker = row.parsed("marker", parsers.marker)
    specifier = row.parsed("specifier", parsers.specifiers)
    if name is None:
        return None
    return LockedRequirement(
        name=name, extras=extras, marker=marker, specifier=specifier, source=source
    )


def _overrides(table: Table, parsers: Parsers) -> Iterator[LockedRequirement]:
    for row in table.tables("overrides"):
        if "package" in row.values:
            yield from _requirements(row.tables("dependencies"), parsers, _scope(row, parsers))
        else:
            yield from _requirements((row,), parsers)


def _excludes(table: Table, parsers: Parsers) -> Iterator[str]:
    for place, value in table.texts_or_tables("excludes"):
        if isinstance(value, str):
            name = table.attempt(place, parsers.name, value)
            if name is not None:
                yield name
        else:
            scope = _scope(value, parsers)
            for name in value.parsed_texts("dependencies", parsers.name):
                yield f"{name} of {scope}"


def _scope(row: Table, parsers: Parsers) -> str:
    """Return the one distribution that an override or exclusion speaks of, as NAME or NAME==VERSION."""
    package = row.table_or_empty("package")
    name = package.required("name", parsers.name) or ""
    return str(Requirer(name, package.parsed("version", parsers.version)))


def _conflict_item(row: Table, parsers: Parsers) -> ConflictItem | None:
    package = row.required("package", parsers.name)
    extra = row.parsed("extra", parsers.name)
    group = row.parsed("group", parsers.name)
    if extra and group:
        row.fault("", "names both an extra and a group")
    return None if package is None else ConflictItem(package=package, extra=extra, group=group)


def _render_conflict(item: ConflictItem) -> str:
    """Return one side of a conflict as uv's messages write it: "app[extra]", "app:group", "app"."""
    if item.extra:
        return f"{item.package}[{item.extra}]"
    return f"{item.package}:{item.group}" if item.group else item.package
