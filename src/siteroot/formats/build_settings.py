"""The settings of `[tool.uv]` about builds that are tables of their own; names of distributions are their keys."""

from collections.abc import Mapping

from siteroot.model.settings import ExtraBuildRequirement

from .reading import Table, read_by_name

ConfigSettings = Mapping[str, str | tuple[str, ...]]


def read_config_settings(table: Table, key: str) -> ConfigSettings | None:
    """Return `config-settings`: strings and arrays of strings by their keys."""
    inner = table.table(key)
    if inner is None:
        return None
    settings: dict[str, str | tuple[str, ...]] = {}
    for name, value in inner.values.items():
        if isinstance(value, list):
            settings[name] = inner.texts(name)
        elif (text := inner.text(name)) is not None:
            settings[name] = text
    return settings


def read_config_settings_package(table: Table, key: str) -> Mapping[str, ConfigSettings] | None:
    """Return `config-settings-package`: the same, of each distribution."""
    return read_by_name(table, key, read_config_settings)


def read_variables_package(table: Table, key: str) -> Mapping[str, Mapping[str, str]] | None:
    """Return `extra-build-variables`: values of environment variables, of each distribution."""
    return read_by_name(table, key, _read_variables)


def read_requirements_package(
    table: Table, key: str
) -> Mapping[str, tuple[ExtraBuildRequirement, ...]] | None:
    """Return `extra-build-dependencies`: requirements, of each distribution."""
    return read_by_name(table, key, _read_requirements)


def _read_variables(table: Table, key: str) -> Mapping[str, str] | None:
    inner = table.table(key)
    if inner is None:
        return None
    found = ((name, inner.text(name)) for name in inner.values)
    return {name: value for name, value in found if value is not None}


def _read_requirements(table: Table, key: str) -> tuple[ExtraBuildRequirement, ...]:
    found = []
    for place, item in table.texts_or_tables(key):
        if isinstance(item, str):
            found.append(ExtraBuildRequirement(text=item, match_runtime=False))
        elif (text := item.text("requirement")) is not None:
            matches = bool(item.boolean("match-runtime"))
            found.append(ExtraBuildRequirement(text=text, match_runtime=matches))
        else:
            table.fault(place, "has no requirement")
    return tuple(found)
