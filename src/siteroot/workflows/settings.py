"""The settings that a command works with: its own words over the files that speak of the same."""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from siteroot.model.event import Note, Warned
from siteroot.model.project import Project
from siteroot.model.request import CacheRequest, SyncRequest
from siteroot.model.settings import PipWord, Settings
from siteroot.model.surroundings import Surroundings
from siteroot.model.value import replace
from siteroot.ports import ProjectFiles, Reporter
from siteroot.project.discover import NoProjectError, discover_project
from siteroot.project.settings import (
    SettingsLayers,
    SettingsPlaces,
    combine_settings,
    read_settings_layers,
)

from .project_files import DiskProjectFiles

if TYPE_CHECKING:  # its nouns are no sync's to load
    from siteroot.model.pip_request import PipContext


def load_settings(
    request: "SyncRequest | CacheRequest | PipContext",
    surroundings: Surroundings,
    files: ProjectFiles,
    project_root: str | None,
    reporter: Reporter,
) -> Settings:
    """Return all layers as one, and tell what there is to tell of them.

    Raises ProjectError for settings files, and UsageError for a setting without sense.
    """
    layers = read_settings_layers(files, project_root, _places(request, surroundings))
    _tell(layers, reporter)
    return _combine((request.settings, *layers.layers))


def load_pip_settings(
    request: "PipContext", surroundings: Surroundings, reporter: Reporter
) -> Settings:
    """Return the settings of a command of `siteroot pip`, which works with or without a project around it."""
    layers = _found_layers(request, surroundings)
    _tell(layers, reporter)
    for key in sorted({key for table in layers.pip_tables for key in table.unheeded}):
        reporter.report(Note(f"`{key}` of [tool.uv.pip] is not heeded"))
    return _combine((request.settings, *layers.for_pip()))


def read_pip_words(request: "PipContext", surroundings: Surroundings) -> tuple[PipWord, ...]:
    """Return what `[tool.uv.pip]` and its like say that words could say too, nearest first."""
    tables = _found_layers(request, surroundings).pip_tables
    return tuple(word for table in tables for word in table.words)


def load_found_settings(
    request: CacheRequest, surroundings: Surroundings, reporter: Reporter
) -> Settings:
    """Return the settings of a command that works with or without a project around it."""
    layers = _found_layers(request, surroundings)
    _tell(layers, reporter)
    return _combine((request.settings, *layers.layers))


def _found_layers(
    request: "CacheRequest | PipContext", surroundings: Surroundings
) -> SettingsLayers:
    project = read_found_project(request, surroundings)
    root = None if project is None else project.root
    places = replace(_places(request, surroundings), start=_start(request, surroundings))
    return read_settings_layers(DiskProjectFiles(), root, places)


def _start(request: "CacheRequest | PipContext", surroundings: Surroundings) -> str:
    return os.path.normpath(os.path.join(surroundings.cwd, request.project or "."))


def _places(
    request: "SyncRequest | CacheRequest | PipContext", surroundings: Surroundings
) -> SettingsPlaces:
    config_file = request.config_file
    return SettingsPlaces(
        user_folder=surroundings.user_config_folder,
        system_folders=surroundings.system_config_folders,
        config_file=None if config_file is None else os.path.join(surroundings.cwd, config_file),
        no_config=request.no_config,
    )


def _tell(layers: SettingsLayers, reporter: Reporter) -> None:
    for warning in layers.warnings:
        reporter.report(Warned(warning))
    for note in layers.notes:
        reporter.report(Note(note))


def _combine(layers: Sequence[Settings]) -> Settings:
    """Return all layers as one. Raises SenselessCutoffError also where nothing is resolved, as uv has it."""
    settings = combine_settings(layers)
    if settings.exclude_newer is not None or settings.exclude_newer_package:
        from datetime import UTC, datetime  # noqa: PLC0415 - what few say

        from siteroot.project.cutoffs import read_cutoffs  # noqa: PLC0415

        read_cutoffs(settings, datetime.now(UTC).astimezone())
    return settings


def read_found_project(
    request: "CacheRequest | PipContext", surroundings: Surroundings
) -> Project | None:
    """Return the project around, None where there is none. Raises ProjectError."""
    try:
        return discover_project(DiskProjectFiles(), _start(request, surroundings), frozen=True)
    except NoProjectError:
        return None
