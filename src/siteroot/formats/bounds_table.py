"""What bounds every resolution, in `[tool.uv]` or a uv.toml: constraints, overrides, exclusions, constraints of builds."""

from collections.abc import Callable, Iterator

from siteroot.model.requirement import Requirer
from siteroot.model.settings import Amendment, BuildConstraint, Settings
from siteroot.model.value import replace

from .reading import Table, parse_name, parse_version
from .settings_table import near, unknown_keys
from .uv_lock_sources import parse_digest


def with_bounds(settings: Settings, table: Table) -> Settings:
    """Return the settings of a table with the bounds that it says."""
    return replace(
        settings,
        constraint_dependencies=table.texts("constraint-dependencies"),
        override_dependencies=tuple(_amendments(table, "override-dependencies", str)),
        exclude_dependencies=tuple(_amendments(table, "exclude-dependencies", parse_name)),
        build_constraint_dependencies=tuple(_build_constraints(table)),
    )


def _amendments(table: Table, key: str, parse: Callable[[str], str]) -> Iterator[Amendment]:
    for place, item in table.texts_or_tables(key):
        if isinstance(item, str):
            text = table.attempt(place, parse, item)
            yield Amendment(texts=() if text is None else (text,))
        else:
            _check_keys(item, ("package", "dependencies"))
            if "dependencies" not in item.values:
                item.fault("dependencies", "is missing")
            texts = item.parsed_texts("dependencies", parse)
            yield Amendment(texts=texts, requirer=_requirer(item))


def _requirer(item: Table) -> Requirer:
    package = item.table_or_empty("package")
    _check_keys(package, ("name", "version"))
    name = package.required("name", parse_name) or ""
    return Requirer(name, package.parsed("version", parse_version))


def _check_keys(table: Table, known: tuple[str, ...]) -> None:
    for key in unknown_keys(table, known):
        table.fault(key, f"is none of {', '.join(known)}{near(key, known)}")


def _build_constraints(table: Table) -> Iterator[BuildConstraint]:
    for place, item in table.texts_or_tables("build-constraint-dependencies"):
        if isinstance(item, str):
            yield BuildConstraint(text=item)
        elif (text := item.text("requirement")) is not None:
            digests = item.parsed_texts("hashes", parse_digest)
            yield BuildConstraint(text=text, digests=digests)
        else:
            table.fault(place, "has no requirement")
