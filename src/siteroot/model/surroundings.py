"""What the machine and the person's session bring to a command; looked up once by `cli/`, handed down as a value."""

from collections.abc import Mapping

from .value import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Where a command was called and what stands around it. Paths are absolute; none is promised to exist.

    `cwd` is the folder that relative paths of flags and variables mean: the caller's, or the one that
    `--directory` names. `environ` is whole (credentials, proxies, PATH): only its readers know which they need.
    `cache_folder` is what holds where no flag, variable or setting names another.
    """

    cwd: str
    environ: Mapping[str, str]
    home: str | None
    user_config_folder: str | None  # uv/uv.toml is looked for in it
    system_config_folders: tuple[str, ...]  # the same, nearest first
    cache_folder: str
    executable: str  # the Python that runs siteroot
