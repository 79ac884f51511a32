"""What a wheel's members are: whose they are, which scheme each goes to, and whether RECORD tells the truth of them.

Pure: decides from names, sizes and the texts in the dist-info, before a byte is unpacked ("Binary distribution
format"; ROOT.md 6).
"""

from collections.abc import Iterable, Sequence

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from siteroot.formats.entry_points import is_interpreter_name
from siteroot.formats.member_names import fault_in_tree, show
from siteroot.formats.record import RecordRow
from siteroot.model.reserved import WORK_FOLDER
from siteroot.model.value import dataclass
from siteroot.model.wheel import SCHEMES, StoredFolder

from .archive import ArchiveMember, HostileWheelError

#: Files of a dist-info that are rendered for each root, so that the wheel's own are left out.
RENDERED = ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json")

#: Members that RECORD need not list: itself, and the signatures of itself.
_UNLISTED = ("RECORD", "RECORD.jws", "RECORD.p7s")

#: The schemes that are one folder in most roots.
LIBRARIES = ("purelib", "platlib")

_DIST_INFO, _DATA = ".dist-info", ".data"
#: Where scripts lie in a layout whose data folder, or whose library, is the root.
_SCRIPTS = ("bin", "Scripts")
_RESERVED = f"/{WORK_FOLDER}"
_EGG_METADATA = (".egg-info", ".egg-link")


@dataclass(frozen=True, slots=True, kw_only=True)
class DistInfo:
    """The dist-info's folder, as the archive spells it, and what its name says."""

    folder: str
    name: str
    version_text: str
    version: Version


#: (scheme, path in the scheme's folder, the member)
PlacedMember = tuple[str, str, ArchiveMember]


def find_dist_info(names: Iterable[str]) -> DistInfo:
    """Return the one dist-info of the archive. Raises HostileWheelError."""
    tops = {name.partition("/")[0] for name in names}
    found = sorted(top for top in tops if top.lower().endswith(_DIST_INFO))
    if len(found) != 1:
        what = f"it has several: {', '.join(map(show, found))}" if found else "it has none"
        raise HostileWheelError(f"a wheel has one dist-info folder, and {what}")
    identity = _parse_stem(found[0][: -len(_DIST_INFO)])
    if identity is None or not found[0].endswith(_DIST_INFO):
        raise HostileWheelError(f"the folder {show(found[0])} is not named NAME-VERSION.dist-info")
    name, version_text, version = identity
    return DistInfo(folder=found[0], name=name, version_text=version_text, version=version)


def _parse_stem(stem: str) -> tuple[str, str, Version] | None:
    """Return the normalised name, the version as it stands there, and the version, of "NAME-VERSION"."""
    name, _, version = stem.rpartition("-")
    try:
        # A dash in a version is written as an underscore there, and not every underscore is valid in one.
        parsed = Version(version.replace("_", "-"))
        return canonicalize_name(name, validate=True), version, parsed
    except (InvalidVersion, ValueError):
        return None


def place_members(
    members: Sequence[ArchiveMember],
    dist_info: DistInfo,
    *,
    purelib: bool,
    launchers: frozenset[str],
) -> tuple[PlacedMember, ...]:
    """Return where each file goes, those of RENDERED left out, sorted by scheme and path.

    `launchers` are the names of the scripts that entry points ask for. Raises HostileWheelError.
    """
    root = "purelib" if purelib else "platlib"
    left_out = {f"{dist_info.folder}/{name}" for name in RENDERED}
    tops = {member.name.partition("/")[0] for member in members}
    data_folders = {top for top in tops if _is_own_data(top, dist_info)}
    placed: list[PlacedMember] = []
    for member in members:
        top, _, rest = member.name.partition("/")
        in_data = top in data_folders
        scheme, path = _split_data_path(member, rest) if in_data else (root, member.name)
        if member.folder:
            continue
        if member.name == dist_info.folder:
            raise HostileWheelError(f"the dist-info {show(top)} is a file")
        if fault := _fault_in_place(scheme, path, launchers):
            raise HostileWheelError(f"the member {show(member.name)} {fault}")
        if in_data and path.partition("/")[0].lower().endswith(_DIST_INFO):
            raise HostileWheelError(f"the member {show(member.name)} would land in a dist-info")
        if scheme in LIBRARIES and _is_foreign_egg(path.partition("/")[0], dist_info):
            raise HostileWheelError(
                f"the member {show(member.name)} is another distribution's metadata"
            )
        if member.name not in left_out:
            placed.append((scheme, path, member))
    # purelib and platlib are one folder in most roots.
    if fault := fault_in_tree(path for scheme, path, _ in placed if scheme in LIBRARIES):
        raise HostileWheelError(f"once .data is unpacked, {fault}")
    placed.sort(key=lambda place: place[:2])
    return tuple(placed)


def _split_data_path(member: ArchiveMember, rest: str) -> tuple[str, str]:
    """Return the scheme and the path in it of a member of .data, whose name goes on with `rest` there."""
    scheme, _, path = rest.partition("/")
    if scheme not in SCHEMES and (scheme or not member.folder):
        raise HostileWheelError(f"{show(member.name)} lies in .data, where {scheme!r} is no scheme")
    if not path and not member.folder:
        raise HostileWheelError(f"{show(member.name)} is a file, and a scheme is a folder")
    return scheme, path


def _is_own_data(top: str, dist_info: DistInfo) -> bool:
    if not top.lower().endswith(_DATA):
        return False
    identity = _parse_stem(top[: -len(_DATA)])
    return identity is not None and (identity[0], identity[2]) == (
        dist_info.name,
        dist_info.version,
    )


def _is_foreign_egg(top: str, dist_info: DistInfo) -> bool:
    """Whether it is older metadata of another distribution; some wheels bring their own in that form too."""
    return top.lower().endswith(_EGG_METADATA) and (
        canonicalize_name(top.rpartition(".")[0].partition("-")[0]) != dist_info.name
    )


def _fault_in_place(scheme: str, path: str, launchers: frozenset[str]) -> str:
    """Return why a file may not go there, "" where it may."""
    top, _, rest = path.partition("/")
    script = ""
    if scheme == "scripts":
        if rest:
            return "is a folder among the scripts"
        script = path
    elif scheme == "data" and top in _SCRIPTS and "/" not in rest:
        script = rest
    # Wherever a layout puts it: one scheme's folder may lie in another's.
    if _RESERVED in "/" + path.lower():
        return "takes a name that siteroot keeps for itself"
    if script in launchers:
        return f"would land on the launcher of the entry point {script!r}"
    if not script and top in _SCRIPTS:
        script = rest
    if script and is_interpreter_name(script):
        return "takes an interpreter's name"
    if scheme != "headers" and path.lower() == "pyvenv.cfg":
        return "would make a virtual environment of a root"
    return ""


def collect_folders(paths: Iterable[str]) -> tuple[StoredFolder, ...]:
    """Return all folders of these files with the names in each, parents first, "" foremost."""
    folders: dict[str, set[str]] = {"": set()}
    for path in paths:
        folder, _, name = path.rpartition("/")
        names = folders.get(folder)
        while names is None:
            folders[folder] = {name}
            folder, _, name = folder.rpartition("/")
            names = folders.get(folder)
        names.add(name)
    return tuple((folder, tuple(sorted(folders[folder]))) for folder in sorted(folders))


def judge_record(
    rows: Iterable[RecordRow], members: Iterable[ArchiveMember], dist_info: str
) -> tuple[dict[str, tuple[str, bytes]], tuple[str, ...]]:
    """Return the algorithm and digest that RECORD has for each member, and what is wrong with its rows.

    A row's path may have backslashes, as the specification of recorded projects allows and wheels made on Windows
    do; a member's never has.
    """
    files = {member.name: member for member in members if not member.folder}
    folders = {member.name for member in members if member.folder}
    unlisted = {f"{dist_info}/{name}" for name in _UNLISTED}
    digests: dict[str, tuple[str, bytes]] = {}
    faults: list[str] = []
    seen: set[str] = set()
    for written, algorithm, digest, size in rows:
        path = written.replace("\\", "/")
        member = files.get(path)
        if path in seen:
            faults.append(f"{show(path)} is listed twice")
        elif member is None:
            if path not in folders and path not in unlisted:
                faults.append(f"{show(path)} is listed and not there")
        elif path not in unlisted and not algorithm:
            faults.append(f"{show(path)} is listed without a digest")
        elif path not in unlisted and size is not None and size != member.size:
            faults.append(f"{show(path)} has {member.size} bytes, and {size} are listed")
        elif path not in unlisted or (algorithm and not path.endswith("/RECORD")):
            digests[path] = (algorithm, digest)
        seen.add(path)
    seen |= unlisted
    faults += [f"{show(path)} is not listed" for path in files if path not in seen]
    return digests, tuple(faults)
