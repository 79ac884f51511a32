"""What the indexes have newer than what is installed: for `list --outdated` and `tree --outdated`."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime

from packaging.version import InvalidVersion, Version

from siteroot.errors import InvariantError
from siteroot.formats.wheel_tags import WheelTags
from siteroot.index.failures import OfflineError
from siteroot.index.fetch import Fetcher
from siteroot.model.installed import DescribedDistribution
from siteroot.model.release import Latest
from siteroot.model.settings import Settings
from siteroot.model.surroundings import Surroundings
from siteroot.model.target import Target
from siteroot.model.value import replace
from siteroot.ports import Reporter
from siteroot.project.cutoffs import read_cutoffs
from siteroot.resolve.latest import find_latest
from siteroot.resolve.releases import FilePolicy

from .caches import lasting_folder
from .clock import SystemClock
from .paging import open_metadata
from .supply import fetch_options


def find_newer(
    installed: Iterable[DescribedDistribution],
    settings: Settings,
    surroundings: Surroundings,
    target: Target,
    reporter: Reporter,
) -> Mapping[str, Latest]:
    """Return, by name, the newest version of each distribution that is older than that.

    Pages are asked for anew. What no index knows is left out. Raises SourceError.
    """
    asked = settings if settings.offline else replace(settings, refresh=True)
    ages = read_cutoffs(settings, datetime.now(UTC).astimezone())
    python = Version(target.markers["python_full_version"])
    wheels = WheelTags(target.tags)
    versions = {one.name: one.version for one in installed}
    newer = {}
    with ExitStack() as scope:
        options = fetch_options(settings, surroundings)
        fetcher = scope.enter_context(Fetcher(options, clock=SystemClock(), reporter=reporter))
        folder = lasting_folder(settings, surroundings)
        indexed = scope.enter_context(
            open_metadata(asked, fetcher, folder, reporter, work=_no_folder)
        )
        indexed.expect(sorted(versions))
        for name, version in versions.items():
            try:
                pages = indexed.pages(name, None)
            except OfflineError:
                continue
            policy = FilePolicy(
                project=name,
                wheels=wheels,
                ages=ages,
                no_binary=False,
                no_build=False,
                yanked=frozenset(),
            )
            prereleases = settings.prerelease == "allow"
            latest = find_latest(pages, policy, python, prereleases=prereleases)
            if latest is not None and _is_older(version, latest.version):
                newer[name] = latest
    return newer


def _is_older(version: str, than: Version) -> bool:
    try:
        return Version(version) < than
    except InvalidVersion:
        return False


@contextmanager
def _no_folder() -> Iterator[str]:
    """Refuse a folder: nothing but pages is asked for."""
    raise InvariantError("no file is looked into")
    yield
