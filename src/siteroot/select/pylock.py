"""From a pylock.toml (PEP 751) to pins. Its rules are packaging's; which file of a package is ours, as for uv.lock."""

import posixpath
from collections.abc import Mapping
from typing import cast
from urllib.parse import unquote, urlsplit

from packaging.markers import Environment
from packaging.pylock import (
    Package,
    PackageArchive,
    PackageSdist,
    PackageWheel,
    Pylock,
    PylockSelectError,
)
from packaging.utils import parse_wheel_filename
from packaging.version import Version

from siteroot.errors import SelectionError
from siteroot.formats.markers import TargetMarkers, release_of
from siteroot.formats.wheel_tags import WheelTags, describe_target
from siteroot.model.digest import Digest
from siteroot.model.lock import (
    LOCAL_SOURCES,
    DirectorySource,
    EditableSource,
    GitSource,
    LockedFile,
    LockedPackage,
    PathSource,
    RegistrySource,
    Source,
    UrlSource,
)
from siteroot.model.pin import Artifact, Pin, WheelArtifact
from siteroot.model.project import Project
from siteroot.model.request import SelectionRequest
from siteroot.model.settings import Settings
from siteroot.model.target import Target

from .artifacts import ArtifactChooser, Unusable, new_build_policy, refuse_unusable
from .choice import is_production, normalize_names, select_extras, select_groups
from .filter import LeftOut, Omission, Omissions
from .pins import (
    LockedPlatformError,
    LockedPythonError,
    Selected,
    check_hashes,
    in_order,
)
from .roots import UnknownExtraError, UnknownGroupError, near_names


class PylockError(SelectionError):
    """A pylock.toml has no answer for the target, or more than one."""


class NoWorkspaceError(SelectionError):
    """A part of a workspace was asked for, which a pylock.toml does not know."""


def select_pylock_pins(
    pylock: Pylock,
    project: Project | None,
    target: Target,
    selection: SelectionRequest,
    settings: Settings,
    lock_folder: str,
) -> Selected:
    """Return the pins of a pylock.toml. `lock_folder` is absolute; relative paths of the file start there.

    Every pin counts as direct: the file does not say which ones its project declared. `project`, where there is one,
    says only what `--no-install-project` and `--no-install-workspace` speak of. Raises SelectionError.
    """
    if selection.packages:
        raise NoWorkspaceError(
            "`--package` chooses from a workspace, and a pylock.toml has none",
            hints=("a pylock.toml is installed whole, save for its extras and dependency groups",),
        )
    markers = TargetMarkers(target.markers)
    _refuse_other_target(pylock, target, markers)
    packages = _selected(pylock, markers, _extras(pylock, selection), _groups(pylock, selection))
    left_out = [
        LeftOut(name=package.name, why=Omission.MARKER, detail=str(package.marker))
        for package in pylock.packages
        if package.name not in packages
    ]
    omissions = Omissions(
        wanted=selection.install,
        project=None if project is None else project.current,
        members=frozenset()
        if project is None
        else frozenset(member.name for member in project.members),
    )
    chooser = ArtifactChooser(
        tags=WheelTags(target.tags),
        policy=new_build_policy(settings),
        lock_folder=lock_folder,
        always_built=omissions.members,
    )
    plain = normalize_names(selection.no_editable_packages)
    pins: list[Pin] = []
    unusable: list[Unusable] = []
    for name in sorted(packages):
        package = _as_locked(packages[name])
        why = omissions.decide(name, local=isinstance(package.source, LOCAL_SOURCES))
        if why is not None:
            left_out.append(LeftOut(name=name, why=why))
            continue
        artifact = chooser.select(package, editable=not selection.no_editable and name not in plain)
        if isinstance(artifact, Unusable):
            unusable.append(artifact)
            continue
        pins.append(
            Pin(
                name=name,
                version=_version(package, artifact),
                source=package.source,
                artifact=artifact,
                direct=True,
            )
        )
    refuse_unusable(unusable, describe_target(target))
    return Selected(
        pins=tuple(pins),
        left_out=tuple(sorted(left_out, key=lambda one: one.name)),
        warnings=check_hashes(pins, required=bool(settings.require_hashes)),
    )


def _version(package: LockedPackage, artifact: Artifact) -> Version | None:
    """Return the version to install: a wheel's name says it where the lock, as it may, does not."""
    if package.version is None and isinstance(artifact, WheelArtifact):
        return parse_wheel_filename(artifact.file.filename)[1]
    return package.version


def _refuse_other_target(pylock: Pylock, target: Target, markers: TargetMarkers) -> None:
    version = target.markers["python_full_version"]
    if pylock.requires_python is not None and not pylock.requires_python.contains(
        release_of(version)
    ):
        raise LockedPythonError(
            f"The current Python version ({version}) is not compatible with the locked Python requirement: "
            f"`{in_order(pylock.requires_python)}`",
            hints=("`--python` or `--python-version` chooses another one",),
        )
    environments = pylock.environments
    if environments is not None and not any(markers.holds(marker) for marker in environments):
        listed = ", ".join(f"`{marker}`".replace('"', "'") for marker in environments)
        raise LockedPlatformError(
            "The lockfile's `environments` do not include the target"
            f"{f': {listed}' if listed else ', for the list is empty: it is for no environment at all'}",
            hints=(f"the target is {describe_target(target)}",),
        )


def _extras(pylock: Pylock, selection: SelectionRequest) -> tuple[str, ...]:
    choice = select_extras(selection)
    known = normalize_names(pylock.extras or ())
    for name in choice.named:
        if name not in known:
            raise UnknownExtraError(
                f"Extra `{name}` is not among the lockfile's `extras`",
                hints=near_names(name, known, "extras are"),
            )
    return choice.of(known)


def _groups(pylock: Pylock, selection: SelectionRequest) -> tuple[str, ...]:
    defaults = normalize_names(pylock.default_groups or ())
    known = normalize_names((*(pylock.dependency_groups or ()), *defaults))
    choice = select_groups(selection, defaults)
    for name in choice.named:
        if name not in known:
            raise UnknownGroupError(
                f"Group `{name}` is not among the lockfile's `dependency-groups`",
                hints=near_names(name, known, "groups are"),
            )
    if not is_production(selection) and not known:
        raise UnknownGroupError(
            "the lockfile has no dependency groups, so that `--only-dev` would select all of it"
        )
    return choice.of(known)


def _selected(
    pylock: Pylock, markers: TargetMarkers, extras: tuple[str, ...], groups: tuple[str, ...]
) -> Mapping[str, Package]:
    """Return the packages that the file selects, by name.

    packaging decides on a copy whose packages have one stand-in for all their files: which file is ours to choose,
    for we say of each why it does not fit.
    """
    stand_in = PackageSdist(name="any-0.tar.gz", url="file:///any-0.tar.gz", hashes={"sha256": "0"})
    copies = [
        Package(
            name=package.name,
            marker=package.marker,
            requires_python=package.requires_python,
            sdist=stand_in,
        )
        for package in pylock.packages
    ]
    copied = Pylock(
        lock_version=pylock.lock_version,
        default_groups=pylock.default_groups,
        created_by=pylock.created_by,
        packages=copies,
    )
    by_copy = {id(copy): package for copy, package in zip(copies, pylock.packages, strict=True)}
    try:
        chosen = list(
            copied.select(
                environment=cast("Environment", markers.environment),
                tags=(),
                extras=extras,
                dependency_groups=groups,
            )
        )
    except PylockSelectError as error:
        raise PylockError(
            str(error), hints=("the lockfile contradicts itself for this target",)
        ) from error
    except (
        KeyError
    ) as error:  # `extra`: a requirement's marker, for which a pylock.toml has `extras`
        raise PylockError(
            f"a marker of the lockfile asks for {error}, which it cannot know"
        ) from None
    except ValueError as error:
        raise PylockError(f"a marker of the lockfile cannot be evaluated: {error}") from error
    return {copy.name: by_copy[id(copy)] for copy, _ in chosen}


def _as_locked(package: Package) -> LockedPackage:
    sdist = None if package.sdist is None else _file(package.sdist.filename, package.sdist)
    wheels = tuple(_file(wheel.filename, wheel) for wheel in package.wheels or ())
    if package.archive is not None:
        archive = _file(_filename_of(package.archive), package.archive)
        if archive.filename.endswith(".whl"):
            wheels = (archive,)
        else:
            sdist = archive
    return LockedPackage(
        name=package.name,
        version=package.version,
        source=_source(package),
        resolution_markers=(),
        default_groups=None,
        dependencies=(),
        optional_dependencies={},
        dev_dependencies={},
        sdist=sdist,
        wheels=wheels,
        metadata=None,
    )


def _source(package: Package) -> Source:
    if package.vcs is not None:
        vcs = package.vcs
        if vcs.type != "git":
            raise PylockError(
                f"`{package.name}` comes from a {vcs.type} repository, and siteroot knows git only"
            )
        return GitSource(
            url=vcs.url or vcs.path or "",
            commit=vcs.commit_id,
            subdirectory=vcs.subdirectory,
            requested=vcs.requested_revision,
        )
    if package.directory is not None:
        directory = package.directory
        path = posixpath.normpath(posixpath.join(directory.path, directory.subdirectory or ""))
        return EditableSource(path) if directory.editable else DirectorySource(path)
    if package.archive is not None:
        archive = package.archive
        if archive.path is not None or archive.url is None:
            return PathSource(path=archive.path or "")
        return UrlSource(url=archive.url, subdirectory=archive.subdirectory)
    return RegistrySource(url=package.index or "")


def _file(filename: str, file: PackageWheel | PackageSdist | PackageArchive) -> LockedFile:
    return LockedFile(
        filename=filename,
        location=file.path or file.url or "",
        digests=tuple(Digest(algorithm, value.lower()) for algorithm, value in file.hashes.items()),
        size=file.size,
    )


def _filename_of(archive: PackageArchive) -> str:
    path = archive.path or unquote(urlsplit(archive.url or "").path)
    return path.rpartition("/")[2]
