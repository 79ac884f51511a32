"""Where a wheel's files land in a layout, and what may not land there, whichever scheme brings it (ROOT.md 6).

Schemes share folders: `data` is the folder that the modules of most layouts lie below. So no rule here asks which
scheme a file comes from, only where it ends.
"""

from collections.abc import Collection, Iterable

from siteroot.errors import IntegrityError
from siteroot.formats.entry_points import is_interpreter_name
from siteroot.model.layout import Layout, is_below
from siteroot.model.reserved import WORK_FOLDER
from siteroot.model.rows import StoredRow

from .paths import folders_of, is_ascent, join_path, parent

#: Makes a folder a virtual environment to whoever looks at it.
_VENV_MARK = "pyvenv.cfg"
_LIBRARIES = ("purelib/", "platlib/")
_METADATA = (".dist-info", ".egg-info", ".egg-link")


class MeetingFilesError(IntegrityError):
    """A wheel's schemes bring two files to one place, or one to a place that is another's."""


def land(folder: str, path: str, root: str) -> str:
    """Return where a path of a scheme's folder lies, so that one place has one name.

    The way from a folder above the root down to the root again is not told: data's `lib/python3.12/site-packages/x`
    is the root's `x`. What lies between the two keeps data's name (`../../../lib/x`): only that begins with the
    folder of a scheme, so that it has an area of its own to be changed in.
    """
    if is_ascent(folder):
        way = "/".join(root.split("/")[-folder.count("/") - 1 :])
        if is_below(path, way):
            return path[len(way) + 1 :]
    return join_path(folder, path)


def refuse_landings(
    label: str,
    dist_info: str,
    layout: Layout,
    stored: Collection[StoredRow],
    metadata: Collection[StoredRow],
) -> None:
    """Refuse a wheel one of whose files would land where only siteroot, or another distribution, has a place.

    `dist_info` is the distribution's own, `metadata` are those rows that lie in it. Raises MeetingFilesError.
    """
    folders = layout.folders
    libraries = {folders["purelib"], folders["platlib"]}
    marked = {"", folders["data"], folders["scripts"]}
    watched = {*marked, *libraries}
    standing = _standing(layout)
    if _is_harmless(folders["scripts"], standing, stored, metadata):
        return
    for row in stored:
        path = row[0]
        folded = path.lower()
        fault = ""
        if WORK_FOLDER in folded and any(
            name.startswith(WORK_FOLDER) for name in folded.split("/")
        ):
            fault = "takes a name that siteroot keeps for itself"
        elif ("-info" in folded or ".egg" in folded) and (name := _metadata_of(path, libraries)):
            # Of what comes as a module the store knows that it is the distribution's own.
            own = row[1].startswith(_LIBRARIES) and (
                name == dist_info or not name.lower().endswith(".dist-info")
            )
            fault = "" if own else f"would land in a distribution's metadata, at {path}"
        elif path in standing:
            fault = f"would be a file at {path}, which is a folder of this layout"
        elif (folder := parent(path)) in watched:
            name = folded[len(folder) :].lstrip("/")
            if folder in marked and name == _VENV_MARK:
                fault = f"would make a virtual environment of the folder, at {path}"
            elif folder == folders["scripts"] and is_interpreter_name(name):
                fault = f"takes an interpreter's name, at {path}"
        if fault:
            raise MeetingFilesError(
                f"its file {row[1]} {fault}",
                where=label,
                hints=("report it to the distribution's authors",),
            )


def _is_harmless(
    scripts: str,
    standing: set[str],
    stored: Collection[StoredRow],
    metadata: Collection[StoredRow],
) -> bool:
    """Whether nothing in the paths, taken all together, calls for a look at each. A no may be wrong, a yes never."""
    paths = [row[0] for row in stored]
    joined = "\0".join(["", *paths]).lower()
    signs = (WORK_FOLDER, ".egg", _VENV_MARK, f"\0{scripts}/".lower())
    return (
        bool(scripts)
        and joined.count("-info") == len(metadata)
        and all(row[1].startswith(_LIBRARIES) for row in metadata)
        and standing.isdisjoint(paths)
        and not any(sign in joined for sign in signs)
    )


def _standing(layout: Layout) -> set[str]:
    """Return the scheme folders and those above them, the root and those above it by the names that `land` gives."""
    standing = folders_of(f"{folder}/x" for folder in {*layout.folders.values()} if folder)
    data = layout.folders["data"]
    if is_ascent(data):
        way = "/".join(layout.root.split("/")[-data.count("/") - 1 :])
        standing |= folders_of([f"{data}/{way}/x"])
    return standing


def _metadata_of(path: str, libraries: Iterable[str]) -> str:
    """Return the folder or file of a distribution's metadata that the path is or lies in, "" where it is none."""
    for library in libraries:
        prefix = f"{library}/" if library else ""
        if path.startswith(prefix):
            top = path[len(prefix) :].partition("/")[0]
            if top.lower().endswith(_METADATA):
                return prefix + top
    return ""
