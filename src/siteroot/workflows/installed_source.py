"""What a root holds already, as a choice beside what indexes offer: it may be on no index at all.

A distribution that was built from a tree, came from another index, or was put there by another installer would otherwise
be replaced by what an index has of that name, or be missing there.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

from packaging.version import InvalidVersion, Version

from siteroot.errors import SourceError
from siteroot.formats.distribution_names import is_wheel
from siteroot.formats.releases import list_releases
from siteroot.index.failures import OfflineError
from siteroot.model.installed import DescribedDistribution
from siteroot.model.lock import RegistrySource, Source
from siteroot.model.metadata import DistributionMetadata
from siteroot.model.pin import WheelPin
from siteroot.model.release import ListedFile, ProjectPage, Release
from siteroot.model.resolution import Chosen
from siteroot.model.value import replace
from siteroot.model.wheel import StoredWheel
from siteroot.ports import MetadataSource, WheelSupply

#: What the locations of installed distributions begin with: nothing is ever fetched from there.
_SCHEME = "installed://"


class UnobtainableError(SourceError):
    """A distribution that the root holds has to be placed anew, and its wheel is not to be had."""


class InstalledSource:
    """Answers as another source does, with one file more where the root's version is not among them.

    Of a version that the root holds, an sdist need not be built to say what it requires. Where there is nothing else of
    it, and `no_build` forbids that, the version counts as one that is not there.
    """

    def __init__(
        self,
        source: MetadataSource,
        installed: Mapping[str, DescribedDistribution],
        no_build: Chosen,
    ) -> None:
        self._source = source
        self._installed = installed
        self._no_build = no_build
        self._offered: dict[str, DistributionMetadata] = {}  # by location

    def pages(self, name: str, index: str | None) -> Sequence[ProjectPage]:
        """Return the pages of a project; what is installed stands on the first one."""
        held = self._installed.get(name)
        try:
            pages = self._source.pages(name, index)
        except OfflineError:
            if held is None:
                raise
            pages = ()
        if held is None or held.metadata is None:
            return pages
        releases = [found for page in pages if (found := _release(page, held)) is not None]
        files = [file for release in releases for file in release.files]
        sdists = [file.location for file in files if not is_wheel(file.filename)]
        self._offered.update(dict.fromkeys(sdists, held.metadata))
        if releases and (name not in self._no_build or len(sdists) < len(files)):
            return pages
        file = _listed(held)
        self._offered[file.location] = held.metadata
        if not pages:
            return (ProjectPage(name=name, source=RegistrySource(""), files=(file,)),)
        theirs = [each for release in list_releases(pages[0]) for each in release.files]
        return (replace(pages[0], files=(*theirs, file)), *pages[1:])

    def places(self, index: str | None) -> Sequence[str]:
        """Return where a project's pages are looked for."""
        return self._source.places(index)

    def refusal(self, name: str) -> str | None:
        """Return the index that did not say without other credentials whether it has a project."""
        return self._source.refusal(name)

    def known(self) -> Collection[str]:
        """Return names of projects that there are: an index is known to have them, or they are installed."""
        return {*self._source.known(), *self._installed}

    def read(self, file: ListedFile) -> DistributionMetadata:
        """Return the metadata of a listed file."""
        return self._offered.get(file.location) or self._source.read(file)

    def read_source(self, source: Source) -> DistributionMetadata:
        """Return the metadata of what a URL, repository, path or directory holds."""
        return self._source.read_source(source)

    def expect(self, names: Sequence[str]) -> None:
        """Begin to fetch pages that will be asked for."""
        self._source.expect(names)

    def expect_metadata(self, files: Sequence[ListedFile]) -> None:
        """Begin to fetch metadata that will be asked for."""
        self._source.expect_metadata([file for file in files if file.location not in self._offered])


class InstalledSupply:
    """Has wheels as another supply has them; what was chosen because it is installed is at hand nowhere else."""

    def __init__(self, supply: WheelSupply) -> None:
        self._supply = supply

    def find(self, pin: WheelPin) -> StoredWheel | None:
        """Return the stored wheel of a pin."""
        return None if _is_installed(pin) else self._supply.find(pin)

    def obtain(self, pins: Sequence[WheelPin]) -> Sequence[StoredWheel]:
        """Return the stored wheels. Raises UnobtainableError, and what the other supply raises."""
        for pin in pins:
            if _is_installed(pin):
                raise UnobtainableError(
                    f"{pin.name} {pin.version} has to be placed anew, and no index has that version",
                    where=pin.artifact.location.removeprefix(_SCHEME),
                    hints=(
                        f"name where it comes from too, or upgrade it: --upgrade-package {pin.name}",
                    ),
                )
        return self._supply.obtain(pins)

    def discard(self, wheel: StoredWheel) -> None:
        """Forget a wheel whose stored bytes turned out to be wrong."""
        self._supply.discard(wheel)


def choosable(
    installed: Iterable[DescribedDistribution], but: Iterable[str]
) -> Mapping[str, DescribedDistribution]:
    """Return by name what a resolution may choose: what is there once, and can be read; `but` names what is not wanted."""
    found: dict[str, DescribedDistribution] = {}
    doubled = set(but)
    for one in installed:
        if one.name in found:
            doubled.add(one.name)
        found[one.name] = one
    return {
        name: one
        for name, one in found.items()
        if name not in doubled and one.metadata is not None and _version(one) is not None
    }


def versions_of(installed: Mapping[str, DescribedDistribution]) -> dict[str, Version]:
    """Return the versions of what is installed, by name."""
    return {name: version for name, one in installed.items() if (version := _version(one))}


def _is_installed(pin: WheelPin) -> bool:
    return pin.artifact.location.startswith(_SCHEME)


def _version(one: DescribedDistribution) -> Version | None:
    try:
        return Version(one.version)
    except InvalidVersion:
        return None


def _release(page: ProjectPage, held: DescribedDistribution) -> Release | None:
    """Return the version of a page that the root holds."""
    releases, version = list_releases(page), str(_version(held))
    return releases[releases.versions.index(version)] if version in releases.versions else None


def _listed(held: DescribedDistribution) -> ListedFile:
    """Return a file that fits every target, since it is installed."""
    return ListedFile(
        filename=f"{held.name.replace('-', '_')}-{_version(held)}-py3-none-any.whl",
        location=f"{_SCHEME}{held.path}",
        digests=(),
        size=None,
        upload_time=0.0,  # older than any cut-off
        requires_python=None,
        yanked=None,
        metadata=None,
    )
