"""The settings that a command works with: its own words over the files that speak of the same."""

import os
from typing import TYPE_CHECKING

from siteroot.model.event import Note, Warned
from siteroot.model.project import Project
from siteroot.model.request import CacheRequest, SyncRequest
from siteroot.model.settings import Settings
from siteroot.model.surroundings import Surroundings
from siteroot.ports import ProjectFiles, Reporter
from siteroot.project.discover import NoProjectError, discover_project
from siteroot.project.settings import SettingsPlaces, combine_settings, read_settings_layers

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
    config_file = request.config_file
    places = SettingsPlaces(
        user_folder=surroundings.user_config_folder,
        system_folders=surroundings.system_config_folders,
        config_file=None if config_file is None else os.path.join(surroundings.cwd, config_file),
        no_config=request.no_config,
    )
    layers = read_settings_layers(files, project_root, places)
    for warning in layers.warnings:
        reporter.report(Warned(warning))
    for note in layers.notes:
        reporter.report(Note(note))
    settings = combine_settings((request.settings, *layers.layers))
    if settings.exclude_newer is not None or settings.exclude_newer_package:
        _refuse_senseless_times(settings)
    return settings


def _refuse_senseless_times(settings: Settings) -> None:
    """Refuse what is no time also where nothing is resolved, as uv does. Raises SenselessCutoffError."""
    from datetime import UTC, datetime  # noqa: PLC0415 - what few say

    from siteroot.project.cutoffs import read_cutoffs  # noqa: PLC0415

    read_cutoffs(settings, datetime.now(UTC).astimezone())


def load_found_settings(
    request: "CacheRequest | PipContext", surroundings: Surroundings, reporter: Reporter
) -> Settings:
    """Return the settings of a command that works with or without a project around it."""
    project = read_found_project(request, surroundings)
    root = None if project is None else project.root
    return load_settings(request, surroundings, DiskProjectFiles(), root, reporter)


def read_found_project(
    request: "CacheRequest | PipContext", surroundings: Surroundings
) -> Project | None:
    """Return the project around, None where there is none. Raises ProjectError."""
    start = os.path.normpath(os.path.join(surroundings.cwd, request.project or "."))
    try:
        return discover_project(DiskProjectFiles(), start, frozen=True)
    except NoProjectError:
        return None
