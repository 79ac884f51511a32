"""pyproject.toml: `[project]`, `[dependency-groups]`, `[tool.uv]` and `[tool.siteroot]`.

PyPA "pyproject.toml specification" and "Dependency Groups"; for `[tool.uv]` the uv documentation's settings. Names
of distributions, extras and groups are normalised here. Requirements stay text: they are parsed where they count.
"""

import posixpath
from collections.abc import Callable, Mapping
from typing import TypeVar

from packaging.markers import InvalidMarker, Marker
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from siteroot.errors import ProjectError
from siteroot.model.lock import ConflictItem
from siteroot.model.project import (
    GroupInclude,
    GroupItem,
    ProjectTable,
    Pyproject,
    UvProjectTable,
    WorkspaceTable,
)
from siteroot.model.settings import Settings
from siteroot.model.value import replace

from .bounds_table import with_bounds
from .pip_table import explain_unknown, read_pip_table
from .reading import Faults, Table, parse_name, parse_specifiers, parse_version
from .settings_table import (
    UV_KEYS,
    near,
    read_shared_settings,
    read_siteroot_settings,
    unknown_keys,
)
from .toml import TomlError, parse_toml

T = TypeVar("T")

#: The kinds of sources, in the order that uv looks for them, with the keys that each may have beside its own.
_SOURCE_FRIENDS = {
    "git": {"subdirectory", "path", "rev", "tag", "branch", "lfs", "marker", "extra", "group"},
    "url": {"subdirectory", "lfs", "marker", "extra", "group"},
    "path": {"editable", "package", "subdirectory", "lfs", "marker", "extra", "group"},
    "index": {"subdirectory", "lfs", "marker", "extra", "group"},
    "workspace": {"editable", "subdirectory", "lfs", "marker", "extra", "group"},
}
_SOURCE_FLAGS = frozenset({"editable", "package", "lfs"})
_SOURCE_KEYS = frozenset(_SOURCE_FRIENDS).union(*_SOURCE_FRIENDS.values())
_SOURCE_TEXTS = _SOURCE_KEYS - _SOURCE_FLAGS - {"workspace"}


class PyprojectError(ProjectError):
    """A pyproject.toml is no TOML, or says what it cannot."""


def parse_pyproject(content: bytes, where: str) -> Pyproject:
    """Return what a pyproject.toml at the path `where` says. Raises PyprojectError with all its faults.

    An unknown key of `[tool.uv]` becomes a note, one of `[tool.siteroot]` is a fault.
    """
    try:
        values = parse_toml(content, where)
    except TomlError as error:
        raise PyprojectError(error.message, where=error.where, hints=error.hints) from None
    faults = Faults()
    top = Table(values, faults)
    tools = top.table("tool")
    uv = tools.table("uv") if tools else None
    siteroot = tools.table("siteroot") if tools else None
    table = top.table("project")
    project = (
        None if table is None else _project(table, poetry=bool(tools and "poetry" in tools.values))
    )
    groups = top.table("dependency-groups")
    folder = posixpath.dirname(where)
    pyproject = Pyproject(
        path=where,
        project=project,
        has_build_system="build-system" in values,
        dependency_groups={} if groups is None else _unique(groups, "group", _group),
        uv=UvProjectTable()
        if uv is None
        else _uv_project(uv, project.normalized_name if project else None),
        uv_settings=None if uv is None else _uv_settings(uv, folder),
        siteroot_settings=None if siteroot is None else read_siteroot_settings(siteroot, folder),
        notes=() if uv is None else tuple(_notes(uv)),
    )
    faults.raise_any(PyprojectError, where)
    return pyproject


def _uv_settings(uv: Table, folder: str) -> Settings:
    return replace(
        with_bounds(read_shared_settings(uv, folder), uv),
        pip=read_pip_table(uv.table("pip"), folder),
    )


def _notes(uv: Table) -> list[str]:
    notes = [
        f"`{key}` in [tool.uv] is not known{near(key, UV_KEYS)}; it alone is ignored"
        for key in unknown_keys(uv, UV_KEYS)
    ]
    notes += [
        f"`{key}` in [tool.uv.pip] is not known{meant}; it alone is ignored"
        for key, meant in explain_unknown(uv.table("pip"))
    ]
    if "required-version" in uv.values:
        notes.append("`required-version` in [tool.uv] speaks of uv; it is ignored")
    return notes


def _project(table: Table, *, poetry: bool) -> ProjectTable | None:
    dynamic = table.texts("dynamic")
    name = table.required("name", _plain)
    normalized = None if name is None else table.attempt("name", parse_name, name)
    version = table.parsed("version", _version)
    if "version" not in table.values and "version" not in dynamic:
        table.fault("version", "is missing, and is not listed in `dynamic` either")
    dependencies = table.texts("dependencies")
    if poetry and "dependencies" not in table.values:
        dynamic = (*dynamic, "dependencies")  # they stand in [tool.poetry]; uv reads it so
    optional = table.table("optional-dependencies")
    extras = {} if optional is None else _unique(optional, "extra", Table.texts)
    requires_python = table.parsed("requires-python", _specifiers)
    if name is None or normalized is None:
        return None
    return ProjectTable(
        name=name,
        normalized_name=normalized,
        version=version,
        requires_python=requires_python,
        dependencies=dependencies,
        optional_dependencies=extras,
        dynamic=dynamic,
    )


def _unique(table: Table, kind: str, read: Callable[[Table, str], T]) -> Mapping[str, T]:
    """Return the table's values by normalised key; two spellings of one name are a fault."""
    values: dict[str, T] = {}
    for key in table.values:
        name = table.attempt(key, parse_name, key)
        value = read(table, key)
        if name in values:
            table.fault(key, f"is the {kind} `{name}` once more")
        elif name is not None:
            values[name] = value
    return values


def _group(table: Table, key: str) -> tuple[GroupItem, ...]:
    items: list[GroupItem] = []
    value = table.values[key]
    if not isinstance(value, list):
        table.fault(key, "is not an array of requirements")
        return ()
    for index, item in enumerate(value):
        place = f"{key}[{index}]"
        if isinstance(item, str):
            items.append(item)
        elif (
            isinstance(item, dict)
            and item.keys() == {"include-group"}
            and isinstance(item["include-group"], str)
        ):
            name = table.attempt(place, parse_name, item["include-group"])
            if name is not None:
                items.append(GroupInclude(name=name))
        else:
            table.fault(place, "is neither a requirement nor { include-group = NAME }")
    return tuple(items)


def _uv_project(uv: Table, name: str | None) -> UvProjectTable:
    sources = uv.table("sources")
    settings = uv.table("dependency-groups")
    managed = uv.boolean("managed")
    return UvProjectTable(
        package=uv.boolean("package"),
        managed=managed is not False,
        default_groups=_default_groups(uv),
        dev_dependencies=uv.texts("dev-dependencies") if "dev-dependencies" in uv.values else None,
        workspace=_workspace(uv),
        sources=None if sources is None else _unique(sources, "source", _sources),
        environments=_environments(uv, "environments"),
        required_environments=_environments(uv, "required-environments"),
        conflicts=_conflicts(uv, name),
        group_requires_python=None if settings is None else _group_pythons(settings),
    )


def _default_groups(uv: Table) -> tuple[str, ...] | str | None:
    value = uv.values.get("default-groups")
    if value is None or value == "all":
        return value
    if isinstance(value, str):
        uv.fault("default-groups", f'is `{value}` where "all" or an array of groups is expected')
        return None
    return uv.parsed_texts("default-groups", parse_name)


def _workspace(uv: Table) -> WorkspaceTable | None:
    table = uv.table("workspace")
    if table is None:
        return None
    for key in unknown_keys(table, ("members", "exclude")):
        table.fault(key, f"is no key of a workspace{near(key, ('members', 'exclude'))}")
    return WorkspaceTable(members=table.texts("members"), exclude=table.texts("exclude"))


def _group_pythons(settings: Table) -> Mapping[str, SpecifierSet]:
    def read(table: Table, key: str) -> SpecifierSet | None:
        inner = table.table(key)
        return None if inner is None else inner.parsed("requires-python", _specifiers)

    pythons = _unique(settings, "group", read)
    return {name: python for name, python in pythons.items() if python is not None}


def _environments(uv: Table, key: str) -> tuple[str, ...]:
    value = uv.values.get(key)
    if isinstance(value, str):
        text = uv.attempt(key, _marker, value)
        return () if text is None else (text,)
    return uv.parsed_texts(key, _marker)


def _conflicts(uv: Table, name: str | None) -> tuple[tuple[ConflictItem, ...], ...]:
    value = uv.values.get("conflicts")
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(each, list) for each in value):
        uv.fault("conflicts", "is not an array of arrays of tables")
        return ()
    conflicts: list[tuple[ConflictItem, ...]] = []
    for index, items in enumerate(value):
        place = f"conflicts[{index}]"
        found = tuple(_conflict(uv, f"{place}[{at}]", item, name) for at, item in enumerate(items))
        if len(found) < 2:
            uv.fault(place, "has fewer than two items, which cannot conflict")
        conflicts.append(tuple(item for item in found if item is not None))
    return tuple(conflicts)


def _conflict(uv: Table, place: str, item: object, name: str | None) -> ConflictItem | None:
    if not isinstance(item, dict) or not all(isinstance(text, str) for text in item.values()):
        uv.fault(place, "is not a table of package, extra and group")
        return None
    for key in item:
        if key not in ("package", "extra", "group"):
            uv.fault(f"{place}.{key}", "is none of package, extra, group")
    names = {key: uv.attempt(f"{place}.{key}", parse_name, text) for key, text in item.items()}
    package, extra, group = names.get("package") or name, names.get("extra"), names.get("group")
    if extra and group:
        uv.fault(place, "has an extra and a group, of which only one can be meant")
    if package is None or not names:
        uv.fault(place, "does not say which package it speaks of")
        return None
    return ConflictItem(package=package, extra=extra, group=group)


def _sources(table: Table, key: str) -> tuple[Mapping[str, object], ...]:
    value = table.values[key]
    if isinstance(value, list):
        if not value:
            table.fault(key, "is empty where a source is expected")
        read = tuple(table.tables(key))
    else:
        one = table.table(key)
        read = () if one is None else (one,)
    return tuple(_source(each) for each in read)


def _source(table: Table) -> Mapping[str, object]:
    _check_source_values(table)
    _check_source_keys(table)
    table.parsed("marker", _marker)
    values = table.values
    scope = {each: table.parsed(each, parse_name) for each in ("extra", "group") if each in values}
    return {**values, **scope}


def _check_source_values(table: Table) -> None:
    for key, value in table.values.items():
        if key == "workspace":
            if not isinstance(value, bool | str):
                table.fault(key, "is neither true nor the path of a workspace")
        elif key in _SOURCE_TEXTS:
            table.text(key)
        elif key in _SOURCE_FLAGS:
            table.boolean(key)
        else:
            table.fault(key, f"is no key of a source{near(key, _SOURCE_KEYS)}")


def _check_source_keys(table: Table) -> None:
    """Note what a source lacks, and which of its keys exclude each other."""
    keys = table.values.keys()
    kind = next((each for each in _SOURCE_FRIENDS if each in keys), None)
    if kind is None:
        table.fault("", f"has none of {', '.join(_SOURCE_FRIENDS)}")
        return
    pairs = [(kind, key) for key in sorted(keys & _SOURCE_KEYS - {kind} - _SOURCE_FRIENDS[kind])]
    if kind == "git":
        pairs += [("subdirectory", "path"), ("rev", "tag"), ("rev", "branch"), ("tag", "branch")]
    for one, other in (*pairs, ("extra", "group")):
        if one in keys and other in keys:
            table.fault("", f"has both `{one}` and `{other}`")


def _plain(text: str) -> str:
    return text


def _version(text: str) -> str:
    return str(parse_version(text))


def _specifiers(text: str) -> SpecifierSet:
    try:
        return parse_specifiers(text)
    except InvalidSpecifier:
        raise ValueError(f"is `{text}`, which is no set of version specifiers") from None


def _marker(text: str) -> str:
    try:
        return str(Marker(text))
    except InvalidMarker:
        raise ValueError(f"is `{text}`, which is no environment marker") from None
