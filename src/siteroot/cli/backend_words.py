"""Words that are for build backends: KEY=VALUE and NAME:KEY=VALUE. A key that is said again gets a list, as with uv."""

import re
from collections.abc import Mapping, Sequence

from siteroot.errors import UsageError

ConfigSettings = Mapping[str, str | tuple[str, ...]]


def config_settings(texts: Sequence[str]) -> ConfigSettings | None:
    """Return the settings that were said, None where none were. Raises UsageError."""
    said: dict[str, str | tuple[str, ...]] = {}
    for text in texts:
        key, mark, value = text.partition("=")
        if not (mark and key):
            raise UsageError(f"`{text}` is not KEY=VALUE", where="--config-setting")
        before = said.get(key)
        if before is None:
            said[key] = value
        else:
            said[key] = (*((before,) if isinstance(before, str) else before), value)
    return said or None


def config_settings_package(texts: Sequence[str]) -> Mapping[str, ConfigSettings] | None:
    """Return the settings by the normalised name of their distribution, None where none were said. Raises UsageError."""
    said: dict[str, list[str]] = {}
    for text in texts:
        name, mark, rest = text.partition(":")
        if not (mark and name and "=" in rest):
            raise UsageError(f"`{text}` is not NAME:KEY=VALUE", where="--config-settings-package")
        said.setdefault(_normal(name), []).append(rest)
    return {name: config_settings(rest) or {} for name, rest in said.items()} or None


def _normal(name: str) -> str:
    """Return a name as PEP 503 spells it, without the 8 ms of packaging that a mistake need not pay."""
    return re.sub(r"[-_.]+", "-", name).lower()
