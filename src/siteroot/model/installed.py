"""An installed distribution as its own metadata describes it, whoever installed it: what listings are made from.

What a root may do with it is another question (`model.root`): there files count, here words.
"""

from enum import Enum
from urllib.parse import urlsplit

from packaging.version import InvalidVersion, Version

from .file_url import unquoted_path
from .metadata import DistributionMetadata
from .value import dataclass


class Form(Enum):
    """How a distribution is written down."""

    DIST_INFO = "dist-info"
    EGG_INFO = "egg-info"  # a folder of setuptools, or a file of distutils
    EGG_LINK = "egg-link"  # `setup.py develop`
    EGG = "egg"  # `easy_install`


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectUrl:
    """What direct_url.json says of where a distribution came from (PyPA "Direct URL Data Structure").

    `vcs` is "" for an archive or folder, `revision` the commit, or what was asked for where no commit is known, `path`
    that of an archive in a commit (uv's own word).
    """

    url: str
    editable: bool = False
    vcs: str = ""
    revision: str = ""
    subdirectory: str | None = None
    path: str | None = None

    @property
    def address(self) -> str:
        """The URL as a requirement would name it."""
        url = f"{self.vcs}+{self.url}@{self.revision}" if self.vcs else self.url
        if self.path is not None:
            return f"{url}#path={self.path}"
        return url if self.subdirectory is None else f"{url}#subdirectory={self.subdirectory}"

    @property
    def folder(self) -> str | None:
        """The path that a file URL means, None for any other."""
        parts = urlsplit(self.url)
        return unquoted_path(parts.path) if parts.scheme == "file" else None


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribedDistribution:
    """A distribution, as far as it can be known. `name` is normalised, `version` too where it is one.

    `path` is that of its metadata, `location` of the folder that Python imports it from, both absolute.
    `metadata` is None where it cannot be read, and `tags` where it has no WHEEL: `unread` says which file that is.
    `editable` is the folder that it is a link to, None where it is none.
    """

    name: str
    version: str
    form: Form
    path: str
    location: str
    metadata: DistributionMetadata | None
    tags: tuple[str, ...] | None = None
    unread: str = ""
    direct_url: DirectUrl | None = None
    editable: str | None = None

    @property
    def order(self) -> tuple[str, bool, Version, str]:
        """What distributions are sorted by: name, then version, what is no version first."""
        try:
            return self.name, True, Version(self.version), self.path
        except InvalidVersion:
            return self.name, False, Version("0"), self.path
