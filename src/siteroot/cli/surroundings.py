"""What stands around a command, read once from the machine."""

import os
import sys
from collections.abc import Mapping

from siteroot.model.surroundings import Surroundings
from siteroot.workflows.memo import default_cache


def read_surroundings(
    environ: Mapping[str, str], cwd: str, *, system_settings: bool
) -> Surroundings:
    """Return the surroundings; folders of uv's settings as uv looks for them."""
    home = environ.get("HOME") or os.path.expanduser("~")
    return Surroundings(
        cwd=cwd,
        environ=environ,
        home=home if os.path.isabs(home) else None,
        user_config_folder=_user_config(environ, home),
        system_config_folders=_system_config(environ) if system_settings else (),
        cache_folder=_user_cache(environ),
        executable=sys.executable,
    )


def _user_cache(environ: Mapping[str, str]) -> str:
    known = default_cache(environ)
    if known is not None:
        return known
    import platformdirs  # noqa: PLC0415 - 9 ms, for systems whose rule is not XDG's

    return platformdirs.user_cache_dir("siteroot", appauthor=False)


def _user_config(environ: Mapping[str, str], home: str) -> str | None:
    if sys.platform == "win32":
        return environ.get("APPDATA")
    folder = environ.get("XDG_CONFIG_HOME", "")
    return folder if os.path.isabs(folder) else os.path.join(home, ".config")


def _system_config(environ: Mapping[str, str]) -> tuple[str, ...]:
    if sys.platform == "win32":
        folder = environ.get("PROGRAMDATA")
        return (folder,) if folder else ()
    named = [folder for folder in environ.get("XDG_CONFIG_DIRS", "").split(":") if folder]
    return (*(named or ["/etc/xdg"]), "/etc")
