"""What the source trees of a lock say of themselves once they are built: whether a lock is fresh may hang on that."""

from collections.abc import Callable
from functools import cache

from siteroot.model.lock import EditableSource, LockedPackage, VirtualSource
from siteroot.model.metadata import DistributionMetadata
from siteroot.model.pin import DirectoryArtifact, Pin
from siteroot.model.request import SelectionRequest
from siteroot.model.settings import Settings
from siteroot.select.artifacts import new_build_policy
from siteroot.select.choice import normalize_names

from .building import Builder
from .supplying import BuildPurpose, Supplies


def tree_describer(
    supplies: Supplies, purpose: BuildPurpose, settings: Settings, selection: SelectionRequest
) -> Callable[[LockedPackage, str], DistributionMetadata | None]:
    """Return what builds a tree as a sync would, which then finds it built, and returns its metadata.

    None where it must not be built, or not before it is known what is selected.
    """
    unbuilt = frozenset(normalize_names(settings.no_build_isolation_package))
    unbuilt |= frozenset(settings.extra_build_dependencies or {})
    copied = frozenset(normalize_names(selection.no_editable_packages))
    policy = new_build_policy(settings)

    @cache
    def builder() -> Builder:
        _, builds = supplies.open_index(purpose)
        return builds().builder

    def describe(package: LockedPackage, folder: str) -> DistributionMetadata | None:
        name, source = package.name, package.source
        if (
            isinstance(source, VirtualSource)
            or settings.no_build_isolation
            or name in unbuilt
            or policy.refuses_build(name)
        ):
            return None
        editable = isinstance(source, EditableSource) and not (
            selection.no_editable or name in copied
        )
        artifact = DirectoryArtifact(folder=folder, editable=editable)
        pin = Pin(
            name=name, version=package.version, source=source, artifact=artifact, direct=False
        )
        return builder().describe(pin)

    return describe
