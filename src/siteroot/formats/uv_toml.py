"""uv.toml: uv's settings in a file of their own (uv documentation, "Configuration files")."""

import posixpath

from siteroot.errors import ProjectError
from siteroot.model.settings import Settings
from siteroot.model.value import replace

from .bounds_table import with_bounds
from .pip_table import explain_unknown, read_pip_table
from .reading import Faults, Table
from .settings_table import PROJECT_KEYS, UV_KEYS, near, read_shared_settings, unknown_keys
from .toml import TomlError, parse_toml


class UvTomlError(ProjectError):
    """A uv.toml is no TOML, or says what it cannot."""


def parse_uv_toml(content: bytes, where: str) -> Settings:
    """Return the settings of a uv.toml at the path `where`. Raises UvTomlError with all its faults.

    An unknown key is a fault, as it is for uv, and so is one that only pyproject.toml may have.
    """
    try:
        values = parse_toml(content, where)
    except TomlError as error:
        raise UvTomlError(error.message, where=error.where, hints=error.hints) from None
    faults = Faults()
    table = Table(values, faults)
    for key in unknown_keys(table, UV_KEYS - PROJECT_KEYS):
        if key in PROJECT_KEYS:
            table.fault(key, "may stand only in a pyproject.toml, under [tool.uv]")
        else:
            table.fault(key, f"is no setting of uv{near(key, UV_KEYS - PROJECT_KEYS)}")
    pip, folder = table.table("pip"), posixpath.dirname(where)
    for key, meant in explain_unknown(pip):
        faults.add(f"pip.{key}", f"is no setting of uv pip{meant}")
    settings = replace(
        with_bounds(read_shared_settings(table, folder), table), pip=read_pip_table(pip, folder)
    )
    faults.raise_any(UvTomlError, where)
    return settings
