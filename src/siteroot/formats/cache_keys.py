"""`cache-keys` of `[tool.uv]` in a source tree's pyproject.toml: what a build of the tree hangs on (uv's documentation)."""

from siteroot.errors import ProjectError
from siteroot.model.build import CacheKey, FileKey, FolderKey, GitKey, VariableKey

from .reading import Faults, Table
from .toml import TomlError, parse_toml


class CacheKeysError(ProjectError):
    """The cache keys of a source tree cannot be understood."""


def parse_cache_keys(content: bytes, where: str) -> tuple[CacheKey, ...] | None:
    """Return the keys, None where the tree does not say. Raises CacheKeysError."""
    try:
        values = parse_toml(content, where)
    except TomlError as error:
        raise CacheKeysError(error.message, where=error.where, hints=error.hints) from None
    faults = Faults()
    table = Table(values, faults).table_or_empty("tool").table_or_empty("uv")
    if "cache-keys" not in table.values:
        return None
    keys: list[CacheKey] = []
    for place, item in table.texts_or_tables("cache-keys"):
        if isinstance(item, str):
            keys.append(FileKey(item))
        elif (key := _read_key(item)) is None:
            table.fault(place, "is none of file, dir, git and env")
        else:
            keys.append(key)
    faults.raise_any(CacheKeysError, where)
    return tuple(keys)


def _read_key(table: Table) -> CacheKey | None:
    if (file := table.text("file")) is not None:
        return FileKey(file)
    if (folder := table.text("dir")) is not None:
        return FolderKey(folder)
    if (name := table.text("env")) is not None:
        return VariableKey(name)
    git = table.values.get("git")
    if isinstance(git, bool):
        return GitKey(commit=git, tags=False)
    if isinstance(git, dict):
        wanted = table.table_or_empty("git")
        return GitKey(commit=bool(wanted.boolean("commit")), tags=bool(wanted.boolean("tags")))
    return None
