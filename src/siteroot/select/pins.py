"""From a lock to pins: what is installed on a target, and from which file."""

from collections.abc import Iterable, Mapping, Sequence

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from siteroot.errors import LockError, SelectionError
from siteroot.formats.markers import TargetMarkers, release_of
from siteroot.formats.wheel_tags import WheelTags, describe_target
from siteroot.model.lock import LOCAL_SOURCES, Lock, LockedPackage, VirtualSource
from siteroot.model.pin import Artifact, Pin, SdistArtifact, WheelArtifact
from siteroot.model.project import Project
from siteroot.model.request import SelectionRequest
from siteroot.model.settings import Settings
from siteroot.model.target import Target
from siteroot.model.value import dataclass

from .artifacts import (
    ArtifactChooser,
    UnhashedFileError,
    Unusable,
    is_strong,
    label_of,
    new_build_policy,
    refuse_unusable,
)
from .choice import normalize_names
from .filter import LeftOut, Omission, Omissions
from .index import LockIndex
from .roots import Roots, select_roots
from .walk import Reached, select_reached


class LockedPythonError(SelectionError):
    """The lock was not made for the target's Python."""


class LockedPlatformError(SelectionError):
    """The lock was not made for the target's platform."""


class SeveralVersionsError(LockError):
    """The lock gives one target two versions of a distribution."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    """The pins by name, what was left out and why, and what a person should know."""

    pins: tuple[Pin, ...]
    left_out: tuple[LeftOut, ...]
    warnings: tuple[str, ...]


def select_pins(
    lock: Lock,
    project: Project,
    target: Target,
    selection: SelectionRequest,
    settings: Settings,
    lock_folder: str,
    *,
    frozen: bool = True,
) -> Selected:
    """Return the pins of a selection. `lock_folder` is absolute; relative paths of the lock start there.

    Raises SelectionError for whatever the lock does not offer, LockError where it contradicts itself. `frozen` says
    that nobody compared the lock with pyproject.toml; see `select_roots`.
    """
    markers = TargetMarkers(target.markers)
    index = LockIndex(lock)
    _refuse_other_python(lock, target)
    roots = select_roots(index, project, selection, frozen=frozen)
    _refuse_other_platform(lock, markers)
    reached = select_reached(index, roots, markers)

    installed, left_out = _filtered(index, roots, reached, selection)
    _refuse_several_versions(index, installed)
    artifacts = _artifacts(index, installed, target, selection, settings, lock_folder)
    pins = tuple(
        Pin(
            name=package.name,
            version=package.version,
            source=package.source,
            artifact=artifact,
            direct=place in reached.direct,
        )
        for place, artifact in artifacts.items()
        for package in (index.package(place),)
    )
    return Selected(
        pins=pins,
        left_out=left_out,
        warnings=roots.warnings + check_hashes(pins, required=bool(settings.require_hashes)),
    )


def check_hashes(pins: Iterable[Pin], *, required: bool) -> tuple[str, ...]:
    """Return a warning for each file that no strong digest vouches for. Raises UnhashedFileError if they are required."""
    weak = [
        f"{pin.name}=={pin.version} ({pin.artifact.file.filename})"
        for pin in pins
        if isinstance(pin.artifact, WheelArtifact | SdistArtifact)
        and not is_strong(pin.artifact.file)
    ]
    if weak and required:
        raise UnhashedFileError(
            f"hashes are required, and the lock gives no sha256, sha384 or sha512 for {', '.join(weak)}",
            hints=("make the lock from an index that gives hashes", "leave out `--require-hashes`"),
        )
    return tuple(
        f"the lock gives no sha256, sha384 or sha512 for {name}: it is installed unverified"
        for name in weak
    )


def in_order(specifiers: SpecifierSet) -> str:
    """Return specifiers as uv writes them: by version, lowest first."""
    ordered = sorted(specifiers, key=lambda one: Version(one.version.removesuffix(".*")))
    return ", ".join(str(one) for one in ordered)


def _refuse_other_python(lock: Lock, target: Target) -> None:
    version = target.markers["python_full_version"]
    if not lock.requires_python.contains(release_of(version)):
        raise LockedPythonError(
            f"The current Python version ({version}) is not compatible with the locked Python requirement: "
            f"`{in_order(lock.requires_python)}`",
            hints=("`--python` or `--python-version` chooses another one",),
        )


def _refuse_other_platform(lock: Lock, markers: TargetMarkers) -> None:
    supported = lock.supported_markers
    if supported and not any(markers.holds(marker) for marker in supported):
        environments = ", ".join(f"`{marker}`".replace('"', "'") for marker in supported)
        raise LockedPlatformError(
            "The current Python platform is not compatible with the lockfile's supported environments: "
            f"{environments}",
            hints=("`tool.uv.environments` says for which environments the lock is made",),
        )


def _filtered(
    index: LockIndex, roots: Roots, reached: Reached, selection: SelectionRequest
) -> tuple[Sequence[int], tuple[LeftOut, ...]]:
    """Return the places to install, by name, and what is left out."""
    omissions = Omissions(
        wanted=selection.install,
        project=roots.project,
        members=frozenset(index.lock.manifest.members),
    )
    installed: list[int] = []
    left_out = [
        LeftOut(name=name, why=Omission.MARKER, detail=marker)
        for name, marker in reached.ruled_out.items()
    ]
    for place in reached.places:
        package = index.package(place)
        why = omissions.decide(package.name, local=isinstance(package.source, LOCAL_SOURCES))
        if why is None and isinstance(package.source, VirtualSource):
            why = Omission.VIRTUAL
        if why is None:
            installed.append(place)
        else:
            left_out.append(LeftOut(name=package.name, why=why))
    installed.sort(key=lambda place: (index.package(place).name, place))
    return installed, tuple(sorted(left_out, key=lambda one: one.name))


def _refuse_several_versions(index: LockIndex, places: Iterable[int]) -> None:
    by_name: dict[str, list[LockedPackage]] = {}
    for place in places:
        package = index.package(place)
        by_name.setdefault(package.name, []).append(package)
    double = [
        " and ".join(f"`{label_of(one)}`" for one in same)
        for same in by_name.values()
        if len(same) > 1
    ]
    if double:
        raise SeveralVersionsError(
            f"the lock gives this target {'; '.join(double)}, and only one of each can be installed",
            hints=("its markers overlap; `uv lock` makes it anew",),
        )


def _artifacts(
    index: LockIndex,
    places: Iterable[int],
    target: Target,
    selection: SelectionRequest,
    settings: Settings,
    lock_folder: str,
) -> Mapping[int, Artifact]:
    root = index.root()
    chooser = ArtifactChooser(
        tags=WheelTags(target.tags),
        policy=new_build_policy(settings),
        lock_folder=lock_folder,
        always_built=frozenset(index.lock.manifest.members) | ({root.name} if root else set()),
    )
    plain = normalize_names(selection.no_editable_packages)
    artifacts: dict[int, Artifact] = {}
    unusable: list[Unusable] = []
    for place in places:
        package = index.package(place)
        editable = not selection.no_editable and package.name not in plain
        artifact = chooser.select(package, editable=editable)
        if isinstance(artifact, Unusable):
            unusable.append(artifact)
        else:
            artifacts[place] = artifact
    refuse_unusable(unusable, describe_target(target))
    return artifacts
