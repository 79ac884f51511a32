"""Which one file, commit or folder a locked package is taken from, for one target."""

import posixpath
from collections.abc import Iterable, Sequence

from siteroot.errors import SelectionError
from siteroot.formats.wheel_tags import WheelTags, explain_wheels, nearest_platform, rank_wheels
from siteroot.model.lock import (
    DirectorySource,
    EditableSource,
    FlatSource,
    GitSource,
    LockedFile,
    LockedPackage,
    PathSource,
    RegistrySource,
    UrlSource,
    VirtualSource,
)
from siteroot.model.pin import (
    Artifact,
    CheckoutArtifact,
    DirectoryArtifact,
    SdistArtifact,
    WheelArtifact,
)
from siteroot.model.settings import Settings
from siteroot.model.value import dataclass

from .choice import normalize_names


class NoUsableFileError(SelectionError):
    """A distribution has no file that could be installed on the target, as things were asked."""


class UnhashedFileError(SelectionError):
    """Hashes are required, and the lock gives none that is strong enough."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildPolicy:
    """What `--no-build` and `--no-binary` say of each distribution; a name beats a flag for all, as in uv."""

    no_build: bool
    no_build_names: frozenset[str]
    no_binary: bool
    no_binary_names: frozenset[str]

    def refuses_build(self, name: str) -> bool:
        """Whether the distribution may not be built."""
        if self.no_build:
            return self.no_binary or name not in self.no_binary_names
        return name in self.no_build_names

    def refuses_wheel(self, name: str) -> bool:
        """Whether the distribution may not come as a wheel."""
        if self.no_binary:
            return self.no_build or name not in self.no_build_names
        return name in self.no_binary_names


@dataclass(frozen=True, slots=True, kw_only=True)
class Unusable:
    """A distribution that cannot be installed. `files` are its files, each with what is in its way.

    `platform` is what `--python-platform` may be told instead, where a wheel would do for that.
    """

    label: str
    why: str
    files: tuple[str, ...]
    platform: str | None = None


def new_build_policy(settings: Settings) -> BuildPolicy:
    """Return what the settings say of building."""
    return BuildPolicy(
        no_build=bool(settings.no_build),
        no_build_names=frozenset(normalize_names(settings.no_build_package)),
        no_binary=bool(settings.no_binary),
        no_binary_names=frozenset(normalize_names(settings.no_binary_package)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactChooser:
    """All that a choice depends on beside the package itself.

    `always_built` are the workspace's own projects, which `--no-build` does not speak of.
    """

    tags: WheelTags
    policy: BuildPolicy
    lock_folder: str
    always_built: frozenset[str]

    def select(self, package: LockedPackage, *, editable: bool) -> Artifact | Unusable:
        """Return the artifact, or why there is none. `editable`: an editable source may stay one."""
        if not self.policy.refuses_wheel(package.name):
            for file in rank_wheels(package.wheels, self.tags)[:1]:
                if isinstance(package.source, GitSource):
                    return checkout(package.source, file)
                return WheelArtifact(file=file, location=self._located(file.location))
        source = self._source(package, editable=editable)
        if source is None:
            return self._unusable(package)
        if self.policy.refuses_build(package.name) and package.name not in self.always_built:
            return self._unusable(package)
        return source

    def _source(self, package: LockedPackage, *, editable: bool) -> Artifact | None:
        match package.source:
            case DirectorySource() | VirtualSource():
                return DirectoryArtifact(folder=self._located(package.source.path), editable=False)
            case EditableSource():
                return DirectoryArtifact(
                    folder=self._located(package.source.path), editable=editable
                )
            case GitSource():
                return None if package.wheels else checkout(package.source, package.sdist)
            case RegistrySource() | FlatSource() | UrlSource() | PathSource():
                if package.sdist is None:
                    return None
                wheels = () if self.policy.refuses_wheel(package.name) else package.wheels
                return SdistArtifact(
                    file=package.sdist,
                    location=self._located(package.sdist.location),
                    unfit=explain_wheels(wheels, self.tags),
                    platform=nearest_platform(wheels, self.tags),
                )

    def _unusable(self, package: LockedPackage) -> Unusable:
        no_binary = self.policy.refuses_wheel(package.name)
        no_build = self.policy.refuses_build(package.name)
        wheel_only = isinstance(package.source, PathSource | UrlSource | GitSource) and bool(
            package.wheels
        )
        files: tuple[str, ...] = ()
        platform = None
        if no_binary and no_build:
            why = "it is marked as both `--no-binary` and `--no-build`"
        elif no_binary and wheel_only:
            why = "it is marked as `--no-binary` but is itself a binary distribution"
        elif no_binary:
            why = "it is marked as `--no-binary` but has no source distribution"
        elif no_build:
            why = "it is marked as `--no-build` but has no binary distribution for this target"
        else:
            why = "it has no wheel for this target and no source distribution"
        if not no_binary:
            files = explain_wheels(package.wheels, self.tags)
            platform = nearest_platform(package.wheels, self.tags)
        return Unusable(label=label_of(package), why=why, files=files, platform=platform)

    def _located(self, location: str) -> str:
        return locate(location, self.lock_folder)


def refuse_unusable(unusable: Iterable[Unusable], target: str, *, leavable: bool = True) -> None:
    """Raise NoUsableFileError if there is any, with every distribution, its files and what is in their way.

    `leavable`: there is a lock, of which something may be left out.
    """
    found = tuple(unusable)
    if not found:
        return
    blocks = [
        "\n    ".join(
            (f"Distribution `{one.label}` can't be installed because {one.why}", *one.files)
        )
        for one in found
    ]
    hints = [f"the target is {target}; another `--python` or `--python-platform` may have wheels"]
    if any("--no-" in one.why for one in found):
        hints = [
            "`--no-build-package` and `--no-binary-package` name what may not be built or must be"
        ]
    platforms = sorted({one.platform for one in found if one.platform is not None})
    if platforms:
        hints.append(say_platform(platforms[-1]))
    if leavable:
        hints.append(_say_leaving([one.label.partition("==")[0] for one in found]))
    raise NoUsableFileError("\n".join(blocks), hints=tuple(hints))


def _say_leaving(names: Sequence[str]) -> str:
    words = " and ".join(f"`--no-install-package {name}`" for name in names[:3])
    return f"{words} leaves it out" if len(names) == 1 else f"{words} leave them out, and so on"


def say_platform(name: str) -> str:
    """Return the hint that another platform has wheels."""
    glibc = name.rpartition("_2_")[2]
    return f"say `--python-platform {name}` if the target's glibc is 2.{glibc} or newer: there a wheel fits"


def locate(location: str, folder: str) -> str:
    """Return an absolute URL as it is, and any path as an absolute one."""
    if "://" in location or location.startswith(
        "file:"
    ):  # whoever fetches it says what is wrong with it
        return location
    return posixpath.normpath(posixpath.join(folder, location))


def is_strong(file: LockedFile) -> bool:
    """Whether the lock names a digest that a file may be trusted by."""
    return any(digest.strong for digest in file.digests)


def label_of(package: LockedPackage) -> str:
    """Return what messages call a package."""
    return package.name if package.version is None else f"{package.name}=={package.version}"


def checkout(source: GitSource, archive: LockedFile | None = None) -> CheckoutArtifact:
    """Return a commit to be checked out. `archive` is what is locked of the file in it that the source names, if it is."""
    if source.path is not None and archive is None:
        name = posixpath.basename(source.path)
        archive = LockedFile(filename=name, location=source.path, digests=(), size=None)
    return CheckoutArtifact(
        url=source.url,
        commit=source.commit,
        subdirectory=source.subdirectory,
        archive=archive,
    )
