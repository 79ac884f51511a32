"""What is selected and yet not installed: `--no-install-…` and `--only-install-…`. The first decision wins."""

from enum import Enum

from siteroot.model.request import InstallFilter
from siteroot.model.value import dataclass

from .choice import normalize_names


class Omission(Enum):
    """Why a distribution is left out, in the words that asked for it."""

    ONLY_PACKAGE = "--only-install-package"
    ONLY_LOCAL = "--only-install-local"
    ONLY_WORKSPACE = "--only-install-workspace"
    ONLY_PROJECT = "--only-install-project"
    NO_PROJECT = "--no-install-project"
    NO_WORKSPACE = "--no-install-workspace"
    NO_LOCAL = "--no-install-local"
    NO_PACKAGE = "--no-install-package"
    VIRTUAL = "a virtual project is never installed"
    MARKER = "its marker is false for this target and selection"


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A distribution that is not installed. `detail` is the marker where that decided, else ""."""

    name: str
    why: Omission
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Omissions:
    """The filter with what it speaks of: the project that was selected, and the workspace's members."""

    wanted: InstallFilter
    project: str | None
    members: frozenset[str]

    def decide(self, name: str, *, local: bool) -> Omission | None:
        """Return why a distribution is left out, None where it is installed. Unknown names do no harm."""
        wanted = self.wanted
        only_packages = normalize_names(wanted.only_packages)
        if only_packages:
            return None if name in only_packages else Omission.ONLY_PACKAGE
        if wanted.only_local:
            return None if local else Omission.ONLY_LOCAL
        ours = name == self.project or name in self.members
        if wanted.only_workspace:
            return None if ours else Omission.ONLY_WORKSPACE
        if wanted.only_project:
            return None if name == self.project else Omission.ONLY_PROJECT
        if wanted.no_project and name == self.project:
            return Omission.NO_PROJECT
        if wanted.no_workspace and ours:
            return Omission.NO_WORKSPACE
        if wanted.no_local and local:
            return Omission.NO_LOCAL
        return Omission.NO_PACKAGE if name in normalize_names(wanted.no_packages) else None
