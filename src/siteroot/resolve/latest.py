"""The newest version of a project that a target could have: what an installed one is compared with."""

from collections.abc import Iterator, Sequence

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import Version

from siteroot.formats.distribution_names import is_wheel
from siteroot.formats.releases import list_releases
from siteroot.model.release import Latest, ListedFile, ProjectPage

from .releases import FilePolicy, ListedVersion, Usable, choose_file


def find_latest(
    pages: Sequence[ProjectPage], policy: FilePolicy, python: Version, *, prereleases: bool
) -> Latest | None:
    """Return the newest version on the pages with a file for that Python, yanked ones aside; None where none has."""
    return max(
        _candidates(pages, policy, python, prereleases=prereleases),
        key=lambda latest: latest.version,
        default=None,
    )


def _candidates(
    pages: Sequence[ProjectPage], policy: FilePolicy, python: Version, *, prereleases: bool
) -> Iterator[Latest]:
    """Yield the newest version of each page."""
    for page in pages:
        for release in reversed(list_releases(page)):
            listed = ListedVersion(Version(release.version), release, page.source)
            if listed.version.is_prerelease and not prereleases:
                continue
            files = [each for each in policy.admitted(listed.release) if _suits(each, python)]
            chosen = choose_file(files, listed, policy) if files else None
            if isinstance(chosen, Usable):
                wheel = is_wheel(chosen.installed.filename)
                yield Latest(version=listed.version, wheel=wheel)
                break


def _suits(file: ListedFile, python: Version) -> bool:
    try:
        return SpecifierSet(file.requires_python or "").contains(python, prereleases=True)
    except InvalidSpecifier:  # counts as nothing said, as where versions are chosen
        return True
