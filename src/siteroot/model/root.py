"""A root on disk: what `.siteroot.json` says of it, and what was seen there. Paths are relative to the root, POSIX."""

from collections.abc import Mapping
from enum import Enum

from .digest import Digest
from .value import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class RootEntry:
    """What `.siteroot.json` says of one distribution.

    `digests` are of the wheel it came from: sha256 always, others where the lock named them. `record` is the
    hexadecimal sha256 of its RECORD, which pins every other file of it. `origin` is the hexadecimal sha256 of its
    direct_url.json, "" for a distribution that comes from an index. `bytecode` is the kind of the bytecode that was
    placed with it ("cpython-312-3.12.1-3531-timestamp"), "" where it has none of ours.
    """

    name: str
    version: str
    dist_info: str
    digests: tuple[Digest, ...]
    record: str
    direct: bool
    origin: str = ""
    bytecode: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RootState:
    """A whole `.siteroot.json`: no path, time or host in it, so that it is a function of what was asked for.

    `winners` names, for each path that several distributions bring with different bytes, whose stand there. `files`
    are our own files beside it, with the hexadecimal sha256 of their bytes. `form` is what else all that is rendered
    depends on: the layout, and what its launchers and Python are ("target-posix", "prefix-windows-t"); "" where an
    older siteroot did not say.
    """

    implementation: str
    python: str  # "3.12"
    distributions: Mapping[str, RootEntry]
    winners: Mapping[str, str]
    files: Mapping[str, str]
    form: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalledDistribution:
    """A dist-info that was found in a root.

    `files` are all paths of its RECORD that lie in the layout, as they resolve, RECORD among them; empty where it
    has none. Several may have one name. `missing` are those of `files` that are not there (or are no plain file).
    `entry` is what `.siteroot.json` says of it, None unless its RECORD still has the hash that stands there. Where the
    RECORD itself is gone from a dist-info that `.siteroot.json` names, `files` are those in the dist-info, and RECORD
    is `missing`.
    `edited_record`: siteroot wrote it, and its RECORD was edited since, so that `files`, with all in the dist-info, need
    not be all of it. `foreign_form` says why it is not a distribution that siteroot may replace ("egg-info", "no RECORD"), else "".
    """

    name: str
    version: str
    dist_info: str
    files: tuple[str, ...]
    missing: tuple[str, ...]
    entry: RootEntry | None
    installer: str  # first line of INSTALLER, "" where absent
    foreign_form: str
    edited_record: bool = False

    @property
    def lost_record(self) -> bool:
        """Whether `.siteroot.json` knows it and its RECORD is gone, so that its other files are not known."""
        return f"{self.dist_info}/RECORD" in self.missing

    @property
    def ours(self) -> bool:
        """Whether siteroot put it there."""
        return self.entry is not None or self.edited_record


class Kind(Enum):
    """What stands under a name in a folder. A link is never looked through."""

    FILE = "file"
    FOLDER = "folder"
    LINK = "symbolic link"
    OTHER = "special file"


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderView:
    """What a folder holds, its mtime in nanoseconds, and whether this user may set that: only its owner may."""

    names: Mapping[str, Kind]
    mtime_ns: int
    mine: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """What a root holds. `exists` False: the folder is absent, and all else is empty.

    `state` is None where `.siteroot.json` is absent or cannot be understood. `folders` has every folder that was
    looked into, by path ("" is the root); a folder that was asked for and is absent, or is no folder, is not in it.
    `digests` has the hexadecimal sha256 of each file that is there and is, by name, or may be ours (`.siteroot.json`
    and those that `state.files` names among them), and of those that were asked for.
    """

    exists: bool
    state: RootState | None
    distributions: tuple[InstalledDistribution, ...]
    folders: Mapping[str, FolderView]
    digests: Mapping[str, str] = field(default_factory=dict)
