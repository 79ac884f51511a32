"""What a root holds: its `.siteroot.json`, its distributions, and what stands in the folders that matter.

One scandir for each folder that owns a file tells which files are missing; no file is looked at by itself but those of
a dist-info, which are read and compared with their RECORD (ROOT.md 8). No link is followed: what lies behind one is
not there.
"""

import hashlib
import os
import posixpath
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager

from packaging.utils import canonicalize_name

from siteroot import fs
from siteroot.errors import RootError
from siteroot.formats.record import RecordError, RecordRow, own_record_paths, parse_record
from siteroot.formats.root_state import UnreadableState, parse_root_state
from siteroot.model.layout import Layout, LayoutKind, is_below
from siteroot.model.reserved import STATE_FILE, WORK_FOLDER
from siteroot.model.root import (
    FolderView,
    InstalledDistribution,
    Inventory,
    Kind,
    RootState,
)
from siteroot.model.value import replace
from siteroot.plan.owned import own_file_paths
from siteroot.plan.paths import folders_of, is_ascent, join_path

from .faults import explain_os_error

_READ_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
#: What a path holds, after a line's end, that has to be looked at closely.
_CROOKED = ("..", "//", "/./", "\n/", "\n./", f"\n{WORK_FOLDER}")
_RECORD_MOST = 64 << 20  # bytes; one of 10,000 files has one million
_NOTHING: Mapping[str, Kind] = {}
_FOREIGN_ENDINGS = (".egg-info", ".egg-link", ".egg")
#: `pip install --target` writes RECORDs for lib/python, then moves that and what lies beside it into the target.
_MOVED_BY_PIP = "../../"
#: What makes a dist-info a distribution (PyPA "Recording installed projects"): its own, though a RECORD lists none of it.
_METADATA = ("METADATA", "WHEEL", "INSTALLER", "REQUESTED", "direct_url.json", "RECORD")


class UnreadableRootError(RootError):
    """A folder or file of a root cannot be read."""


def read_inventory(layout: Layout, *, links_are_files: bool = False) -> Inventory:
    """Return what the root holds, and what stands in the folders that own files.

    `links_are_files`: symbolic links in place of owned files are as they shall be (link mode symlink). Raises
    UnreadableRootError.
    """
    reader = _Reader(layout, links_are_files=links_are_files)
    with _in_words(layout):
        top = reader.look("")
        if top is None:
            return Inventory(exists=False, state=None, distributions=(), folders={})
        state = reader.read_state()
        libraries = dict.fromkeys((layout.folders["purelib"], layout.folders["platlib"]))
        distributions = [
            found for library in libraries for found in reader.read_distributions(library, state)
        ]
        if state is not None:
            distributions += reader.read_elsewhere(libraries, state)
        distributions = _without_owned_eggs(distributions)
        digests = reader.read_digests(_own_paths(layout, state))
    return Inventory(
        exists=True,
        state=state,
        distributions=tuple(distributions),
        folders=reader.seen(),
        digests=digests,
    )


def look_again(
    inventory: Inventory,
    layout: Layout,
    folders: Iterable[str],
    *,
    compared: Collection[str] = (),
    links_are_files: bool = False,
) -> Inventory:
    """Return the inventory with what stands in `folders`, our own files and the digests of `compared` as they are now.

    Distributions are not read anew: between deciding what changes and changing it the root is locked. Raises
    UnreadableRootError.
    """
    reader = _Reader(layout, links_are_files=links_are_files)
    with _in_words(layout):
        for folder in folders:
            reader.look(folder)
        digests = reader.read_digests({*_own_paths(layout, inventory.state), *compared})
    earlier = {path: view for path, view in inventory.folders.items() if path not in reader.views}
    return replace(inventory, folders={**earlier, **reader.seen()}, digests=digests)


def with_files(inventory: Inventory, layout: Layout) -> Inventory | None:
    """Return the inventory of a root that looks just as it was left, with the files of its distributions.

    None where a RECORD is not the one that `.siteroot.json` names: then the root has to be read.
    """
    reader = _Reader(layout, links_are_files=False)
    complete = []
    for each in inventory.distributions:
        files = reader.read_own_files(each)
        if files is None:
            return None
        complete.append(replace(each, files=files))
    return replace(inventory, distributions=tuple(complete))


def read_state(layout: Layout) -> RootState | None:
    """Return what `.siteroot.json` says, None where it is absent or cannot be understood."""
    try:
        return _Reader(layout, links_are_files=False).read_state()
    except OSError:
        return None


def read_records(
    layout: Layout, distributions: Iterable[InstalledDistribution], *, links_are_files: bool = False
) -> dict[str, tuple[RecordRow, ...]]:
    """Return what the distributions' RECORDs say, by dist-info, with paths relative to the root.

    Rows of files outside of the layout are left out, and so are RECORDs that are not there.
    """
    reader = _Reader(layout, links_are_files=links_are_files)
    return {each.dist_info: reader.read_record(each.dist_info) for each in distributions}


@contextmanager
def _in_words(layout: Layout) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UnreadableRootError(
            f"{error.filename or 'a folder'} cannot be read: {explain_os_error(error)}",
            where=layout.root,
        ) from error


def _own_paths(layout: Layout, state: RootState | None) -> set[str]:
    """Return the paths of the files that are ours, or may be."""
    return {STATE_FILE, *(() if state is None else state.files), *own_file_paths(layout)}


class _Reader:
    """Reads one root, each folder once."""

    def __init__(self, layout: Layout, *, links_are_files: bool) -> None:
        self._root = layout.root
        self._is_target = layout.kind is LayoutKind.TARGET
        self._outside = {each for each in layout.folders.values() if each.startswith("..")}
        self._tops = {"", *self._outside, *folders_of(self._outside)}
        self._plain = (Kind.FILE, Kind.LINK) if links_are_files else (Kind.FILE,)
        self.views: dict[str, FolderView | None] = {}

    def look(self, folder: str) -> FolderView | None:
        """Return what the folder holds, None where there is none, or it lies behind a link."""
        waiting = [folder]  # a RECORD may name any depth
        while waiting[-1] not in self.views and waiting[-1] not in self._tops:
            waiting.append(waiting[-1].rpartition("/")[0])
        for each in reversed(waiting):
            if each not in self.views:
                path = f"{self._root}/{each}" if each else self._root
                self.views[each] = _read_folder(path) if self._is_reached(each) else None
        return self.views[folder]

    def seen(self) -> dict[str, FolderView]:
        """Return the folders that were looked into and are there."""
        return {path: view for path, view in self.views.items() if view is not None}

    def read_state(self) -> RootState | None:
        content = self.read(STATE_FILE)
        if content is None:
            return None
        state = parse_root_state(content)
        return None if isinstance(state, UnreadableState) else state

    def read(self, path: str) -> bytes | None:
        """Return a file's bytes, None where there is none that is a plain file, reached without links."""
        folder, _, name = path.rpartition("/")
        view = self.look(folder)
        if view is None or view.names.get(name) not in self._plain:
            return None
        flags = _READ_FLAGS if view.names[name] is Kind.FILE else _READ_FLAGS & ~os.O_NOFOLLOW
        try:
            with open(os.open(f"{self._root}/{path}", flags), "rb") as stream:
                return stream.read()
        except (FileNotFoundError, IsADirectoryError):
            return None

    def read_digests(self, paths: Collection[str]) -> dict[str, str]:
        for path in paths:  # their bytecode goes with them
            self.look(f"{posixpath.dirname(path)}/__pycache__".lstrip("/"))
        contents = ((path, self.read(path)) for path in paths)
        return {
            path: hashlib.sha256(content).hexdigest()
            for path, content in contents
            if content is not None
        }

    def read_distributions(
        self, library: str, state: RootState | None
    ) -> list[InstalledDistribution]:
        """Return the distributions whose metadata lies in purelib or platlib, by name of their folder."""
        view = self.look(library)
        found = []
        for name, kind in sorted(view.names.items() if view is not None else ()):
            path = f"{library}/{name}" if library else name
            if name.endswith(".dist-info") and kind is Kind.FOLDER:
                found.append(self._read_dist_info(path, state))
            elif name.endswith(_FOREIGN_ENDINGS):
                found.append(self._read_egg(path, name.rpartition(".")[2]))
        return found

    def _read_egg(self, path: str, form: str) -> InstalledDistribution:
        egg = _foreign(path, form)
        if egg.version:
            return egg
        from .installed import version_inside  # noqa: PLC0415 - few roots hold such a thing

        return replace(egg, version=version_inside(f"{self._root}/{path}"))

    def read_elsewhere(
        self, libraries: Iterable[str], state: RootState
    ) -> list[InstalledDistribution]:
        """Return ours that lie in another layout's folders: those of `--prefix` name the Python's version."""
        named = sorted(entry.dist_info for entry in state.distributions.values())
        return [
            self._read_dist_info(path, state)
            for path in named
            if posixpath.dirname(path) not in libraries and self.look(path) is not None
        ]

    def read_record(self, path: str) -> tuple[RecordRow, ...]:
        """Return the rows of a dist-info's RECORD, resolved."""
        content = self.read(f"{path}/RECORD") or b""
        library = posixpath.dirname(path)
        rows = parse_record(content.decode("utf-8", "surrogateescape"))
        resolved = ((self._resolve(library, row[0]), row) for row in rows)
        return tuple((where, *row[1:]) for where, row in resolved if where)

    def read_own_files(self, distribution: InstalledDistribution) -> tuple[str, ...] | None:
        """Return the files of a distribution by its RECORD, None if that is not the one that we wrote."""
        path, entry = distribution.dist_info, distribution.entry
        try:
            content = fs.read_plain(f"{self._root}/{path}/RECORD", _RECORD_MOST, follow=False)
        except OSError:
            return None
        if entry is None or entry.record != hashlib.sha256(content).hexdigest():
            return None
        paths = own_record_paths(content.decode("utf-8", "surrogateescape"))
        return tuple(self._resolve_all(posixpath.dirname(path), paths))

    def _read_dist_info(self, path: str, state: RootState | None) -> InstalledDistribution:
        record = self.read(f"{path}/RECORD")
        if record is None:
            return self._without_record(path, state)
        name, version = _split_name(path)
        installer = (self.read(f"{path}/INSTALLER") or b"").decode("utf-8", "replace")
        installer = installer.partition("\n")[0].strip()
        entry = None if state is None else state.distributions.get(name)
        if entry is not None and entry.dist_info != path:
            entry = None
        edited = entry is not None and entry.record != hashlib.sha256(record).hexdigest()
        if edited:
            entry, edited = None, installer == "siteroot"  # else another tool's RECORD
        library, _, own = path.rpartition("/")
        text = record.decode("utf-8", "surrogateescape")
        told: tuple[RecordRow, ...] = ()
        try:
            if entry is None:
                paths = [row[0] for row in parse_record(text)]
            else:
                paths, told = own_record_paths(text), _rows_below(f"{own}/", text)
        except RecordError:
            return _foreign(path, "a RECORD that cannot be understood")
        files = dict.fromkeys(self._resolve_all(library, paths))
        if edited:
            files.update(dict.fromkeys(self._files_below(path)))
        elif entry is None:
            files.update(dict.fromkeys(self._metadata_of(path)))
        files[f"{path}/RECORD"] = None
        missing = self._find_missing(files)
        missing += [
            each
            for row in told
            if (each := join_path(library, row[0])) not in missing and self._differs(each, row)
        ]
        return InstalledDistribution(
            name=name,
            version=version,
            dist_info=path,
            files=tuple(files),
            missing=tuple(missing),
            entry=entry,
            installer=installer,
            foreign_form="",
            edited_record=edited,
        )

    def _metadata_of(self, path: str) -> Iterator[str]:
        """Yield those files of a dist-info that are its own whatever its RECORD lists."""
        view = self.look(path)
        names = _NOTHING if view is None else view.names
        return (f"{path}/{name}" for name in _METADATA if names.get(name) in self._plain)

    def _find_missing(self, files: Iterable[str]) -> list[str]:
        missing = []
        last, names = None, _NOTHING
        for path in files:
            folder, _, name = path.rpartition("/")
            if folder != last:
                view = self.look(folder)
                last, names = folder, _NOTHING if view is None else view.names
            if names.get(name) not in self._plain:
                missing.append(path)
        return missing

    def _without_record(self, path: str, state: RootState | None) -> InstalledDistribution:
        """Return what is left of a distribution that lost its RECORD, if `.siteroot.json` knows it."""
        foreign = _foreign(path, "no RECORD")
        entry = None if state is None else state.distributions.get(foreign.name)
        if entry is None or entry.dist_info != path:
            return foreign
        return InstalledDistribution(
            name=foreign.name,
            version=foreign.version,
            dist_info=path,
            files=tuple(self._files_below(path)),
            missing=(f"{path}/RECORD",),
            entry=entry,
            installer="",
            foreign_form="",
        )

    def _files_below(self, folder: str) -> Iterable[str]:
        view = self.look(folder)
        for name, kind in sorted(view.names.items() if view is not None else ()):
            if kind is Kind.FOLDER:
                yield from self._files_below(f"{folder}/{name}")
            else:
                yield f"{folder}/{name}"

    def _resolve_all(self, library: str, paths: list[str]) -> list[str]:
        """Return where a RECORD's paths lie, as `_resolve` does, without those outside of the layout."""
        joined = "\n".join(["", *paths])
        if library.startswith("..") or any(sign in joined for sign in _CROOKED):
            return [each for path in paths if (each := self._resolve(library, path))]
        return [f"{library}/{path}" for path in paths] if library else paths

    def _resolve(self, library: str, path: str) -> str:
        """Return where a RECORD's path lies, relative to the root; "" where that is outside of the layout."""
        if self._is_target and not library and path.startswith(_MOVED_BY_PIP):
            path = path.removeprefix(_MOVED_BY_PIP)
        if ".." not in path and "//" not in path and not path.startswith(("/", "./")):
            resolved = f"{library}/{path}" if library else path
            if not resolved.startswith("..") and "/./" not in resolved:
                return "" if resolved.startswith(f"{WORK_FOLDER}/") else resolved
        absolute = posixpath.normpath(posixpath.join(self._root, library, path))
        if absolute.startswith(f"{self._root}/"):
            inner = absolute[len(self._root) + 1 :]
            return "" if inner.startswith(f"{WORK_FOLDER}/") else inner
        outer = self._name_outside(absolute)
        if not outer:  # others write the way to a scheme folder with its links
            folder, name = posixpath.split(absolute)
            outer = self._name_outside(f"{os.path.realpath(folder)}/{name}")
        return outer

    def _name_outside(self, absolute: str) -> str:
        """Return a path's name as `plan.landing.land` gives it, "" where it lies in no scheme folder."""
        outer = posixpath.relpath(absolute, self._root)
        if any(is_below(outer, folder) for folder in self._outside):
            return outer
        for folder in filter(is_ascent, self._outside):  # between one above the root and the root
            above = posixpath.normpath(posixpath.join(self._root, folder))
            if absolute.startswith(f"{above.rstrip('/')}/"):
                return join_path(folder, posixpath.relpath(absolute, above))
        return ""

    def _differs(self, path: str, row: RecordRow) -> bool:
        """Whether a file of a dist-info has other bytes than its RECORD says."""
        _, algorithm, digest, _ = row
        if not algorithm:
            return False
        content = self.read(path)
        return content is None or hashlib.new(algorithm, content).digest() != digest

    def _is_reached(self, folder: str) -> bool:
        """Whether a folder stands there and no link leads to it; scheme folders were resolved once and are taken."""
        if folder in self._tops:
            return True
        parent, _, name = folder.rpartition("/")
        if name in ("", ".."):
            return False
        view = self.views[parent]
        return view is not None and view.names.get(name) is Kind.FOLDER


def _without_owned_eggs(found: list[InstalledDistribution]) -> list[InstalledDistribution]:
    """Leave out egg-infos that are files of a distribution: some wheels bring one beside their dist-info."""
    eggs = {each.dist_info for each in found if each.foreign_form and not each.files}
    if not eggs:
        return found
    owned = {path for each in found for path in each.files}
    owned |= folders_of(owned)
    return [each for each in found if each.dist_info not in eggs & owned]


def _read_folder(path: str) -> FolderView | None:
    try:
        descriptor = fs.open_folder(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        status = os.fstat(descriptor)
        with os.scandir(descriptor) as entries:
            names = {
                entry.name: Kind.FILE if entry.is_file(follow_symlinks=False) else _kind(entry)
                for entry in entries
            }
    finally:
        os.close(descriptor)
    return FolderView(
        names=names, mtime_ns=status.st_mtime_ns, mine=os.geteuid() in (0, status.st_uid)
    )


def _kind(entry: "os.DirEntry[str]") -> Kind:
    if entry.is_dir(follow_symlinks=False):
        return Kind.FOLDER
    return Kind.LINK if entry.is_symlink() else Kind.OTHER


def _rows_below(folder: str, text: str) -> tuple[RecordRow, ...]:
    """Return the rows of a RECORD of ours whose paths begin with the folder."""
    if '"' not in text:
        text = "".join(f"{line}\n" for line in text.split("\n") if line.startswith(folder))
    return tuple(row for row in parse_record(text) if row[0].startswith(folder))


def _split_name(path: str) -> tuple[str, str]:
    """Return the normalised name and the version that a dist-info's or egg-info's name says."""
    stem = path.rpartition("/")[2].rpartition(".")[0]
    name, _, version = stem.partition("-")
    return str(canonicalize_name(name)), version


def _foreign(path: str, form: str) -> InstalledDistribution:
    name, version = _split_name(path)
    if form == "egg-link":  # after the project as it is spelled, "-" and all
        name, version = canonicalize_name(path.rpartition("/")[2].removesuffix(".egg-link")), ""
    return InstalledDistribution(
        name=name,
        version=version.partition("-py")[0],
        dist_info=path,
        files=(),
        missing=(),
        entry=None,
        installer="",
        foreign_form=form,
    )
