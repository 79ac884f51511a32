"""The settings files: which count, in which order, and how layers become one.

`[tool.siteroot]` of the workspace's root, over the nearest `uv.toml` or `[tool.uv]` from that root upward, over the
user's uv.toml, over the system's. Members' settings do not count, as for uv.
"""

import posixpath
from collections.abc import Mapping, Sequence

from siteroot.errors import ProjectError
from siteroot.formats.pyproject import parse_pyproject
from siteroot.formats.uv_toml import parse_uv_toml
from siteroot.model.project import Pyproject
from siteroot.model.settings import PipTable, Settings
from siteroot.model.value import dataclass, replace
from siteroot.ports import ProjectFiles

from .discover import ancestors, read_pyproject


class MissingSettingsError(ProjectError):
    """The file that --config-file names is not there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsLayers:
    """The layers, nearest first, and what there is to tell: warnings always, notes with -v."""

    layers: tuple[Settings, ...] = ()
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    own: int = 0  # how many of them, at the start, are `[tool.siteroot]`'s

    @property
    def pip_tables(self) -> tuple[PipTable, ...]:
        """What is said for `siteroot pip` alone, nearest first."""
        return tuple(layer.pip for layer in self.layers if layer.pip is not None)

    def for_pip(self) -> tuple[Settings, ...]:
        """Return the layers as they hold for `siteroot pip`: what its own tables say stands over all that is uv's."""
        tables = (table.settings for table in self.pip_tables)
        return (*self.layers[: self.own], *tables, *self.layers[self.own :])


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsPlaces:
    """Where settings files may lie. The folders hold `uv/uv.toml`: `~/.config`, `/etc/xdg`, `/etc`.

    `start` is where a project's files are looked for, from there upward, although there is no project.
    """

    start: str | None = None

    user_folder: str | None = None
    system_folders: tuple[str, ...] = ()  # the first that has the file counts
    config_file: str | None = None  # stands in for all of uv's files
    no_config: bool = False  # none counts


def combine_settings(layers: Sequence[Settings]) -> Settings:
    """Return the layers as one, nearest first: of scalars the nearest counts, lists are joined, tables merged."""
    combined = Settings()
    for layer in reversed(layers):
        combined = _lay_over(layer, combined)
    return combined


def read_settings_layers(
    files: ProjectFiles, project_root: str | None, places: SettingsPlaces
) -> SettingsLayers:
    """Return the settings files' layers; `project_root` is the workspace's folder, None without a project.

    Raises ProjectError leaves for files that cannot be understood, as uv does (exit 2).
    """
    if places.no_config:
        return SettingsLayers()
    own = None if project_root is None else read_pyproject(files, project_root)
    nearest = () if own is None or own.siteroot_settings is None else (own.siteroot_settings,)
    if places.config_file is not None:
        content = files.read(places.config_file)
        if content is None:
            raise MissingSettingsError("there is no such settings file", where=places.config_file)
        return SettingsLayers(
            layers=(*nearest, parse_uv_toml(content, places.config_file)), own=len(nearest)
        )
    start = places.start if project_root is None else project_root
    found = SettingsLayers() if start is None else _project_layer(files, start, own)
    user, user_notes = _user_layer(files, places.user_folder)
    system = _system_layer(files, places.system_folders)
    return SettingsLayers(
        layers=(*nearest, *found.layers, *user, *system),
        warnings=found.warnings,
        notes=(*found.notes, *user_notes),
        own=len(nearest),
    )


def _project_layer(files: ProjectFiles, project_root: str, own: Pyproject | None) -> SettingsLayers:
    for folder in ancestors(project_root):
        path = posixpath.join(folder, "uv.toml")
        content = files.read(path)
        pyproject = own if folder == project_root else _read_above(files, folder)
        if content is not None:
            settings = parse_uv_toml(content, path)
            hidden = _spoken(pyproject.uv_settings) if pyproject and pyproject.uv_settings else ()
            warnings = (
                f"{path} hides [tool.uv] in the pyproject.toml beside it: {', '.join(hidden)} there are ignored",
            )
            return SettingsLayers(layers=(settings,), warnings=warnings if hidden else ())
        if pyproject is not None and pyproject.uv_settings is not None:
            notes = tuple(f"{pyproject.path}: {note}" for note in pyproject.notes)
            return SettingsLayers(layers=(pyproject.uv_settings,), notes=notes)
    return SettingsLayers()


def _read_above(files: ProjectFiles, folder: str) -> Pyproject | None:
    """Return another project's pyproject.toml; one with faults is not ours to judge, uv passes over it too."""
    path = posixpath.join(folder, "pyproject.toml")
    content = files.read(path)
    if content is None:
        return None
    try:
        return parse_pyproject(content, path)
    except ProjectError:
        return None


def _user_layer(
    files: ProjectFiles, folder: str | None
) -> tuple[tuple[Settings, ...], tuple[str, ...]]:
    if folder is None:
        return (), ()
    path = posixpath.join(folder, "uv", "uv.toml")
    try:
        content = files.read(path)
    except ProjectError as error:  # a home folder that may not be read is as good as none
        return (), (f"{path} is passed over: {error.message}",)
    return () if content is None else (parse_uv_toml(content, path),), ()


def _system_layer(files: ProjectFiles, folders: tuple[str, ...]) -> tuple[Settings, ...]:
    for folder in folders:
        path = posixpath.join(folder, "uv", "uv.toml")
        content = files.read(path)
        if content is not None:
            return (parse_uv_toml(content, path),)
    return ()


def _lay_over(near: Settings, far: Settings) -> Settings:
    changes: dict[str, object] = {}
    for name in Settings.__slots__:
        nearer, farther = getattr(near, name), getattr(far, name)
        if isinstance(nearer, tuple) and isinstance(farther, tuple):
            changes[name] = nearer + farther
        elif isinstance(nearer, Mapping) and isinstance(farther, Mapping):
            changes[name] = {**farther, **nearer}
        elif nearer is None:
            changes[name] = farther
    return replace(near, **changes)  # type: ignore[arg-type]  # each value comes from the field of its name


def _spoken(settings: Settings) -> tuple[str, ...]:
    """Return the names of the settings that a layer speaks of, as files spell them."""
    empty = Settings()
    said = (name for name in Settings.__slots__ if getattr(settings, name) != getattr(empty, name))
    return tuple("index" if name == "indexes" else name.replace("_", "-") for name in said)
