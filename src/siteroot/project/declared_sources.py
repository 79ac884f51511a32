"""`[tool.uv.sources]` for one requirement of a pyproject.toml: where uv would take it from, whatever the indexes have."""

import posixpath
from collections.abc import Iterator, Mapping

from packaging.markers import Marker

from siteroot.formats.distribution_names import ARCHIVE_ENDINGS
from siteroot.model.lock import (
    DirectorySource,
    EditableSource,
    GitSource,
    PathSource,
    RegistrySource,
    Source,
    UrlSource,
    VirtualSource,
)
from siteroot.model.project import Pyproject
from siteroot.ports import ProjectFiles

from .discover import discover_project


def declared_sources(
    name: str, pyproject: Pyproject, files: ProjectFiles, *, extra: str | None, group: str | None
) -> Iterator[tuple[Source, Marker | None]]:
    """Yield each source of a requirement of the project, an extra or a group, with the marker under which it holds.

    Nothing: an index has it. Raises ValueError for sources that siteroot cannot follow here, ProjectError for a
    workspace that is broken.
    """
    tables = [
        table
        for table in (pyproject.uv.sources or {}).get(name, ())
        if table.get("extra") in (None, extra) and table.get("group") in (None, group)
    ]
    if tables and all("marker" in table for table in tables):
        raise ValueError(
            f"`{name}` has sources for some environments only: the requirement has to say for which as well"
        )
    for table in tables:
        marker = table.get("marker")
        source = _source(name, table, pyproject, files)
        yield source, Marker(marker) if isinstance(marker, str) else None


def _source(
    name: str, table: Mapping[str, object], pyproject: Pyproject, files: ProjectFiles
) -> Source:
    said = {key: value for key, value in table.items() if isinstance(value, str)}
    folder = posixpath.dirname(pyproject.path)
    if "git" in said:
        return GitSource(
            url=said["git"].removeprefix("git+"),
            commit="",
            subdirectory=said.get("subdirectory"),
            requested=next((said[key] for key in ("rev", "tag", "branch") if key in said), None),
            path=said.get("path"),
            lfs=table.get("lfs") is True,
        )
    if "url" in said:
        return UrlSource(url=said["url"], subdirectory=said.get("subdirectory"))
    if "path" in said:
        path = posixpath.normpath(posixpath.join(folder, said["path"]))
        if path.endswith(ARCHIVE_ENDINGS) and not files.is_folder(path):
            return PathSource(path=path)
        inner = posixpath.normpath(posixpath.join(path, said.get("subdirectory", "")))
        return _tree(inner, table, editable=False)
    if "index" in said:
        settings = pyproject.uv_settings
        for index in () if settings is None else settings.indexes:
            if index.name == said["index"]:
                return RegistrySource(index.url)
        raise ValueError(f"`{name}` comes from the index `{said['index']}`, which is not declared")
    members = discover_project(files, folder, frozen=True).members
    member = next((each for each in members if each.name == name), None)
    if member is None:
        raise ValueError(f"`{name}` has a workspace source, and is no member of the workspace")
    return _tree(member.folder, table, editable=True)


def _tree(folder: str, table: Mapping[str, object], *, editable: bool) -> Source:
    if table.get("package") is False:
        return VirtualSource(path=folder)
    said = table.get("editable")
    linked = said if isinstance(said, bool) else editable
    return EditableSource(path=folder) if linked else DirectorySource(path=folder)
