"""What a project declares, as its lock would write it down: requirements joined with `[tool.uv.sources]`.

uv calls this lowering (`uv-distribution/src/metadata/lowering.rs`). What it refuses, or what only a build or a
network could tell, becomes a `Doubt`.
"""

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import parse_qsl, urlsplit

from packaging.markers import Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from siteroot.formats.credentials import without_credentials
from siteroot.formats.distribution_names import ARCHIVE_ENDINGS
from siteroot.formats.requirement_urls import parse_git_url, split_fragment
from siteroot.formats.uv_lock_sources import without_user
from siteroot.model.file_url import unquoted_path
from siteroot.model.lock import LockedRequirement
from siteroot.model.project import Member, Project, Pyproject
from siteroot.model.settings import Settings
from siteroot.model.value import dataclass, replace
from siteroot.ports import ProjectFiles

from .conditions import Condition, never_applies
from .discover import read_pyproject
from .findings import Declared, Doubt
from .groups import GroupRequirement
from .requires_python import PythonBounds, python_bounds

_LOCAL_KINDS = ("path", "directory", "editable", "virtual")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What surrounds a requirement: whose it is, in which workspace, under which settings.

    `member` is None for what a workspace's root declares on its own. `required` are the members that another one
    names as a workspace source, with the `editable` that it says.
    """

    files: ProjectFiles
    project: Project
    member: Member | None
    required: Mapping[str, bool | None]
    settings: Settings
    bounds: PythonBounds


def required_members(project: Project) -> Mapping[str, bool | None] | Doubt:
    """Return the members that another project of the workspace has as a workspace source, with its `editable`."""
    owners: list[tuple[str | None, Pyproject]] = []
    root = project.root_pyproject
    owners.append((root.project.normalized_name if root.project else None, root))
    owners += [(member.name, member.pyproject) for member in project.members]
    required: dict[str, bool | None] = {}
    for owner, pyproject in owners:
        for name, sources in (pyproject.uv.sources or {}).items():
            for source in sources:
                if name == owner or source.get("workspace") is not True:
                    continue
                editable = source.get("editable")
                said = editable if isinstance(editable, bool) else None
                before = required.get(name)
                if said is not None and before is not None and said != before:
                    return Doubt(f"`{name}` is asked for both as editable and as not editable")
                required[name] = said
    return required


def is_package(pyproject: Pyproject, *, needs_build_system: bool) -> bool:
    """Whether a project is built and installed, not only its dependencies."""
    if pyproject.uv.package is not None:
        return pyproject.uv.package
    return pyproject.has_build_system or not needs_build_system


def lower(
    text: str, scope: Scope, *, extra: str | None = None, group: str | None = None
) -> tuple[Declared, ...] | Doubt:
    """Return what one requirement becomes: one for each of its sources that can apply, and one for the rest."""
    plain = _plain(text, scope)
    if isinstance(plain, Doubt):
        return plain
    settings = scope.settings
    if settings.no_sources or plain.name in settings.no_sources_package:
        return (plain,)
    sources, base = _sources(plain.name, scope)
    chosen = [
        each
        for each in sources or ()
        if each.get("extra") in (None, extra) and each.get("group") in (None, group)
    ]
    doubt = _workspace_doubt(plain.name, scope, None if sources is None else chosen)
    if doubt is not None:
        return doubt
    lowered: list[Declared] = []
    covered: list[Marker] = []
    everywhere = False
    for source in chosen:
        placed = _place(plain, source, scope, base)
        if isinstance(placed, Doubt):
            return placed
        marker = source.get("marker")
        if isinstance(marker, str):
            covered.append(Marker(marker))
            placed = replace(placed, condition=placed.condition.and_also(Marker(marker)))
        else:
            everywhere = True
        lowered.append(placed)
    if not chosen:
        return (plain,)
    if not everywhere:
        lowered.append(replace(plain, condition=plain.condition.but_not(*covered)))
    return tuple(
        each for each in lowered if never_applies(each.condition, scope.bounds) is not True
    )


def lower_all(
    texts: Iterable[str], scope: Scope, extra: str | None = None
) -> tuple[Declared, ...] | Doubt:
    """Return what several requirements become, or the first doubt."""
    lowered: list[Declared] = []
    for text in texts:
        found = lower(text, scope, extra=extra)
        if isinstance(found, Doubt):
            return found
        lowered += found
    return tuple(lowered)


def lower_group(
    requirements: Iterable[GroupRequirement], scope: Scope, group: str | None = None
) -> tuple[Declared, ...] | Doubt:
    """Return what a dependency group's requirements become; a group's requires-python narrows each of them."""
    lowered: list[Declared] = []
    for requirement in requirements:
        found = lower(requirement.text, scope, group=group)
        if isinstance(found, Doubt):
            return found
        limits = [
            marker for each in requirement.pythons if (marker := _python_marker(each)) is not None
        ]
        lowered += (replace(each, condition=each.condition.and_also(*limits)) for each in found)
    return tuple(lowered)


def normalise_locked(requirement: LockedRequirement, root: str) -> Declared:
    """Return a requirement of the lock in the same form; `root` is the lock's folder."""
    source = dict(requirement.source)
    for kind in _LOCAL_KINDS:
        if kind in source:
            source[kind] = posixpath.normpath(posixpath.join(root, source[kind]))
    if "git" in source:
        source |= _git_parts(source.pop("git"))
    for kind in ("url", "index"):
        if kind in source:
            source[kind] = tidy_url(source[kind])
    marker = requirement.marker
    return Declared(
        name=requirement.name,
        extras=tuple(sorted(set(requirement.extras))),
        specifier=requirement.specifier or SpecifierSet(),
        source=tuple(sorted(source.items())),
        condition=Condition(() if marker is None else (marker,)),
    )


def flatten(declared: Mapping[str | None, tuple[Declared, ...]], name: str) -> tuple[Declared, ...]:
    """Return the requirements with references to the project's own extras resolved, as some backends write them.

    They come by the extra that asks for them, None for those without.
    """
    flat: list[Declared] = []
    for asking, requirements in declared.items():
        queue: list[tuple[Declared, tuple[str | None, ...]]]
        queue = [(each, (asking,)) for each in requirements]
        while queue:
            each, path = queue.pop(0)
            if each.name != name:
                flat.append(narrow_to_extra(each, asking))
                continue
            for extra in each.extras:
                if extra in path:
                    continue
                queue += [
                    (
                        replace(inner, condition=each.condition.and_both(inner.condition)),
                        (*path, extra),
                    )
                    for inner in declared.get(extra, ())
                ]
    return tuple(flat)


def narrow_to_extra(declared: Declared, extra: str | None) -> Declared:
    """Return the requirement as it applies for one extra of its project alone."""
    if extra is None:
        return declared
    return replace(declared, condition=declared.condition.and_also(Marker(f"extra == '{extra}'")))


def _plain(text: str, scope: Scope) -> Declared | Doubt:
    try:
        requirement = Requirement(text)
    except (InvalidRequirement, RecursionError):
        name = re.match(r"[\w.-]*", text.strip())  # the rest may hold a password
        return Doubt(f"a requirement on `{name[0] if name else ''}` cannot be read")
    source = {} if requirement.url is None else _url_source(requirement.url, scope)
    if isinstance(source, Doubt):
        return source
    return Declared(
        name=canonicalize_name(requirement.name),
        extras=tuple(sorted({canonicalize_name(each) for each in requirement.extras})),
        specifier=requirement.specifier,
        source=tuple(sorted(source.items())),
        condition=Condition(() if requirement.marker is None else (requirement.marker,)),
    )


def _url_source(url: str, scope: Scope) -> dict[str, str] | Doubt:
    """Return the source of a direct reference (`NAME @ URL`)."""
    shown = without_credentials(url)
    if "${" in url:
        return Doubt(f"`{shown}` depends on environment variables")
    if url.startswith("git+"):
        try:
            git = parse_git_url(url)
        except ValueError as error:
            return Doubt(f"`{shown}` cannot be compared: {error}")
        said = {
            "rev": git.requested,
            "subdirectory": git.subdirectory,
            "path": git.path,
            "lfs": "true" if git.lfs else None,
        }
        return {"git": without_user(git.url)} | {key: text for key, text in said.items() if text}
    try:
        parts = urlsplit(url)
    except ValueError:
        return Doubt(f"`{shown}` is no URL")
    if parts.scheme in ("http", "https"):
        address, words = split_fragment(url)
        inner = {"subdirectory": words["subdirectory"]} if words.get("subdirectory") else {}
        return {"url": tidy_url(address), **inner}
    if parts.scheme not in ("", "file"):
        return Doubt(f"`{shown}` is no URL that can be compared")
    folder = scope.member.folder if scope.member is not None else scope.project.root
    path = unquoted_path(parts.path) if parts.scheme else url
    return _path_source(posixpath.normpath(posixpath.join(folder, path)), {}, scope)


def _sources(name: str, scope: Scope) -> tuple[tuple[Mapping[str, object], ...] | None, str]:
    """Return the sources of a name and the folder that their paths count from: the member's own, else the root's."""
    root = scope.project.root_pyproject.uv.sources or {}
    if scope.member is not None:
        own = scope.member.pyproject.uv.sources or {}
        if name in own:
            return own[name], scope.member.folder
    return root.get(name), scope.project.root


def _workspace_doubt(
    name: str, scope: Scope, chosen: list[Mapping[str, object]] | None
) -> Doubt | None:
    """Return why uv would refuse a requirement on a member of the workspace, None where it would not."""
    own = scope.member is not None and scope.member.name == name
    if own or all(member.name != name for member in scope.project.members):
        return None
    if chosen is None:
        return Doubt(
            f"`{name}` is a member of the workspace, but `[tool.uv.sources]` does not say so"
        )
    if any(each.get("workspace") is not True for each in chosen):
        return Doubt(
            f"`{name}` is a member of the workspace, but has another source in `[tool.uv.sources]`"
        )
    return None


def _place(
    plain: Declared, source: Mapping[str, object], scope: Scope, base: str
) -> Declared | Doubt:
    """Return the requirement at one source. Its version specifier counts only at an index."""
    said = {key: value for key, value in source.items() if isinstance(value, str)}
    if "index" in said:
        return _at_index(plain, said, scope)
    placed: dict[str, str] | Doubt
    if "git" in said:
        placed = {"git": without_user(said["git"].removeprefix("git+"))}
        placed |= {
            key: said[key]
            for key in ("rev", "tag", "branch", "subdirectory", "path")
            if key in said
        }
        placed |= {"lfs": "true"} if source.get("lfs") is True else {}
    elif "url" in said:
        placed = {"url": tidy_url(said["url"])}
        placed |= {"subdirectory": said["subdirectory"]} if "subdirectory" in said else {}
    elif "path" in said:
        placed = _path_source(posixpath.normpath(posixpath.join(base, said["path"])), source, scope)
    elif source.get("workspace") is True:
        placed = _workspace_source(plain.name, scope)
    else:
        return Doubt(f"the source of `{plain.name}` leads into another workspace")
    if isinstance(placed, Doubt):
        return placed
    return replace(plain, specifier=SpecifierSet(), source=tuple(sorted(placed.items())))


def _at_index(plain: Declared, said: Mapping[str, str], scope: Scope) -> Declared | Doubt:
    own = scope.member.pyproject.uv_settings if scope.member is not None else None
    root = scope.project.root_pyproject.uv_settings
    layers = [layer for layer in (own, root) if layer is not None]
    for index in (*scope.settings.indexes, *(each for layer in layers for each in layer.indexes)):
        if index.name == said["index"]:
            break
    else:
        return Doubt(
            f"`{plain.name}` comes from the index `{said['index']}`, which is not declared"
        )
    source = {"index": tidy_url(index.url)}
    if scope.member is not None and "extra" in said:
        source["conflict"] = f"{scope.member.name}[{said['extra']}]"
    elif scope.member is not None and "group" in said:
        source["conflict"] = f"{scope.member.name}:{said['group']}"
    specifier = SpecifierSet() if plain.source else plain.specifier
    return replace(plain, specifier=specifier, source=tuple(sorted(source.items())))


def _workspace_source(name: str, scope: Scope) -> dict[str, str] | Doubt:
    member = next((each for each in scope.project.members if each.name == name), None)
    if member is None:
        return Doubt(f"`{name}` has a workspace source, but is no member of the workspace")
    if not is_package(member.pyproject, needs_build_system=name not in scope.required):
        return {"virtual": member.folder}
    editable = scope.required.get(name)
    return {"directory" if editable is False else "editable": member.folder}


def _path_source(path: str, source: Mapping[str, object], scope: Scope) -> dict[str, str] | Doubt:
    if path.endswith(ARCHIVE_ENDINGS) and not scope.files.is_folder(path):
        return {"path": path}
    if not scope.files.is_folder(path) and posixpath.splitext(path)[1]:
        return Doubt(f"the source {path} is not there")
    if source.get("editable") is True:
        return {"editable": path}
    package = source.get("package")
    if not isinstance(package, bool):
        pyproject = read_pyproject(scope.files, path)
        package = pyproject is None or is_package(pyproject, needs_build_system=False)
    return {"directory" if package else "virtual": path}


def _python_marker(specifiers: SpecifierSet) -> Marker | None:
    bounds = python_bounds(specifiers)
    parts: list[str] = []
    if bounds.lower is not None:
        parts.append(
            f"python_full_version {'>=' if bounds.includes_lower else '>'} '{_dotted(bounds.lower)}'"
        )
    if bounds.upper is not None:
        parts.append(
            f"python_full_version {'<=' if bounds.includes_upper else '<'} '{_dotted(bounds.upper)}'"
        )
    return Marker(" and ".join(parts)) if parts else None


def _dotted(release: tuple[int, ...]) -> str:
    return ".".join(map(str, release))


def _git_parts(text: str) -> Iterator[tuple[str, str]]:
    """Give the parts of `URL?tag=…&subdirectory=…#COMMIT`; the commit is what was found, not what was asked for."""
    address, _, query = text.partition("#")[0].partition("?")
    yield "git", without_user(address)
    yield from parse_qsl(query, keep_blank_values=True)


def tidy_url(url: str) -> str:
    """Return a URL as it is compared: without credentials and closing slash, a local one as its path."""
    if url.startswith("file://"):
        url = unquoted_path(url.removeprefix("file://"))
    return without_user(url).rstrip("/")
