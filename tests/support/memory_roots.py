"""Roots in memory: slow, obvious twins of the disk, of placing and of reading, for tests of the pure planning floor."""

import hashlib
import posixpath
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from packaging.version import Version

from siteroot.formats.record import parse_record
from siteroot.formats.root_state import UnreadableState, parse_root_state
from siteroot.model.digest import Digest
from siteroot.model.layout import Layout
from siteroot.model.lock import LockedFile, RegistrySource
from siteroot.model.pin import WheelArtifact, WheelPin
from siteroot.model.plan import Install, Keep, Plan, Replace
from siteroot.model.reserved import STATE_FILE
from siteroot.model.root import (
    FolderView,
    InstalledDistribution,
    Inventory,
    Kind,
    RootState,
)
from siteroot.model.rows import Change, Fresh, Staging
from siteroot.model.target import Target
from siteroot.model.times import derive_mtime
from siteroot.model.wheel import EntryPoint, StoredScheme, StoredWheel
from siteroot.plan.change import render_change, render_fresh
from siteroot.plan.diff import (
    contested_with_kept,
    diff_root,
    folders_to_look_at,
    new_desire,
    shared_with_left,
)
from siteroot.plan.meeting import tree_of_placed
from siteroot.plan.owned import own_file_paths
from siteroot.plan.paths import Tree, is_ascent
from siteroot.plan.place import Extras, Placing, place_distribution
from siteroot.plan.triage import Policy, sort_pins, spread_contested, want_again

#: The time of what an interpreter or a person wrote, in nanoseconds: no derived one.
NOW = 1_700_000_000_123_456_789

#: (content, mode, mtime in nanoseconds)
File = tuple[bytes, int, int]


def made_target(
    python: tuple[int, int] = (3, 12),
    *,
    implementation: str = "cpython",
    platform: str = "linux",
    free_threaded: bool = False,
) -> Target:
    """Return a target made from names."""
    return Target(
        implementation=implementation,
        python=python,
        free_threaded=free_threaded,
        markers={"sys_platform": platform},
        tags=("py3-none-any",),
        platform=None,
        interpreter=None,
    )


def made_policy(
    *,
    exact: bool | None = None,
    overwrite: bool = False,
    strict: bool = False,
    reinstall: bool = False,
    reinstall_names: Iterable[str] = (),
    pth: bool = True,
) -> Policy:
    """Return a policy, everything unsaid by default."""
    return Policy(
        exact=exact,
        overwrite=overwrite,
        strict=strict,
        reinstall=reinstall,
        reinstall_names=frozenset(reinstall_names),
        pth=pth,
    )


@dataclass(frozen=True, kw_only=True)
class Brought:
    """A wheel's content: what a test says, the rest follows. `schemes` is path -> content by scheme."""

    name: str
    version: str = "1.0"
    schemes: Mapping[str, Mapping[str, bytes]] = field(default_factory=dict)
    scripts: Sequence[str] = ()  # entry points NAME = mod:main
    direct: bool = False
    python_scripts: Mapping[str, bytes] = field(default_factory=dict)
    purelib: bool = True

    @property
    def dist_info(self) -> str:
        """The folder's name."""
        return f"{self.name}-{self.version}.dist-info"

    @property
    def digest(self) -> Digest:
        """A digest of the "archive": a function of all that is in it."""
        seen = (self.name, self.version, sorted(self.scripts), sorted(self.python_scripts.items()))
        schemes = sorted((scheme, sorted(files.items())) for scheme, files in self.schemes.items())
        return Digest("sha256", hashlib.sha256(repr((seen, schemes)).encode()).hexdigest())

    @property
    def folder(self) -> str:
        """Where the store would keep it."""
        return f"/store/{self.digest.hexadecimal}"

    @property
    def contents(self) -> dict[str, dict[str, bytes]]:
        """All files by scheme, the dist-info's among them."""
        root = "purelib" if self.purelib else "platlib"
        contents = {scheme: dict(files) for scheme, files in self.schemes.items()}
        metadata = f"Metadata-Version: 2.1\nName: {self.name}\nVersion: {self.version}\n"
        contents.setdefault(root, {})[f"{self.dist_info}/METADATA"] = metadata.encode()
        if self.python_scripts:
            contents.setdefault("scripts", {}).update(self.python_scripts)
        return contents

    @property
    def wheel(self) -> StoredWheel:
        """The store's entry."""
        schemes = []
        for scheme, files in sorted(self.contents.items()):
            rows = []
            for path, content in sorted(files.items()):
                digest = hashlib.sha256(content).digest()
                rows.append((path, len(content), 0o644, derive_mtime(digest), digest))
            schemes.append(StoredScheme(scheme=scheme, folders=(), files=tuple(rows)))
        return StoredWheel(
            name=self.name,
            version=self.version,
            digest=self.digest,
            folder=self.folder,
            dist_info=self.dist_info,
            purelib=self.purelib,
            schemes=tuple(schemes),
            entry_points=tuple(
                EntryPoint(name=name, module="mod", attribute="main", gui=False)
                for name in self.scripts
            ),
            python_scripts=tuple(self.python_scripts),
            pth=(),
            warnings=(),
        )

    @property
    def pin(self) -> WheelPin:
        """The pin that selects it."""
        filename = f"{self.name}-{self.version}-py3-none-any.whl"
        location = f"https://files.test/{filename}"
        file = LockedFile(filename=filename, location=location, digests=(self.digest,), size=None)
        return WheelPin(
            name=self.name,
            version=Version(self.version),
            source=RegistrySource("https://index.test/simple"),
            artifact=WheelArtifact(file=file, location=location),
            direct=self.direct,
        )


def no_windows_launcher(script: bytes, gui: bool) -> bytes:
    """Stand in for the maker of .exe files."""
    return b"MZ" + (b"w" if gui else b"t") + script


def made_placing(layout: Layout, target: Target) -> Placing:
    """Return how all is placed."""
    return Placing(layout=layout, target=target, windows_launcher=no_windows_launcher)


class MemoryRoot:
    """A root as two dicts. Its methods assert what the rows promise, and do nothing clever."""

    def __init__(self, layout: Layout, target: Target) -> None:
        self.layout = layout
        self.target = target
        self.exists = False
        self.files: dict[str, File] = {}
        self.folders: dict[str, int] = {}

    def write(self, path: str, content: bytes = b"foreign") -> None:
        """Write a file as a person or an interpreter does: folders made, times of now."""
        self.exists = True
        self.folders.setdefault("", NOW)
        folder = posixpath.dirname(path)
        self.folders[folder] = NOW
        while folder:
            new = folder not in self.folders
            self.folders.setdefault(folder, NOW)
            folder = posixpath.dirname(folder)
            if new:
                self.folders[folder] = NOW
        for above in self._above(path):
            if above not in self.folders:
                self.folders[above] = self.folders[posixpath.dirname(above)] = NOW
        self.files[path] = (content, 0o644, NOW)

    def delete(self, path: str) -> None:
        """Delete a file, or a folder with all that is in it."""
        for table in (self.files, self.folders):
            for each in [each for each in table if each == path or each.startswith(f"{path}/")]:
                del table[each]
        self.folders[posixpath.dirname(path)] = NOW

    def inventory(self, folders: Iterable[str] = (), compared: Collection[str] = ()) -> Inventory:
        """Return what `read_inventory` would."""
        if not self.exists:
            return Inventory(exists=False, state=None, distributions=(), folders={})
        state = None
        if STATE_FILE in self.files:
            parsed = parse_root_state(self.files[STATE_FILE][0])
            assert not isinstance(parsed, UnreadableState), parsed
            state = parsed
        libraries = dict.fromkeys([self.layout.folders["purelib"], self.layout.folders["platlib"]])
        found = [
            self._read(folder, state)
            for library in libraries
            for folder in sorted(self.folders)
            if folder.endswith(".dist-info") and posixpath.dirname(folder) == library
        ]
        if state is not None:
            found += [
                self._read(entry.dist_info, state)
                for entry in state.distributions.values()
                if posixpath.dirname(entry.dist_info) not in libraries
                and entry.dist_info in self.folders
            ]
        views = {}
        for folder in sorted(self._looked_at(folders, found, state)):
            mtime = self.folders[folder]
            names = {posixpath.basename(p): Kind.FILE for p in self.files if self._in(p, folder)}
            names |= {
                posixpath.basename(p): Kind.FOLDER
                for p in self.folders
                if p and not is_ascent(p) and self._in(p, folder)
            }
            views[folder] = FolderView(names=names, mtime_ns=mtime)
        own = {STATE_FILE, *({} if state is None else state.files), *own_file_paths(self.layout)}
        return Inventory(
            exists=True,
            state=state,
            distributions=tuple(found),
            folders=views,
            digests={
                path: hashlib.sha256(self.files[path][0]).hexdigest()
                for path in self.files
                if path in own or path in compared
            },
        )

    def _looked_at(
        self,
        asked: Iterable[str],
        distributions: Iterable[InstalledDistribution],
        state: RootState | None,
    ) -> set[str]:
        """Return the folders whose names the real one knows: those above owned files, and those asked for."""
        paths = [path for each in distributions for path in (*each.files, each.dist_info)]
        ours = {*({} if state is None else state.files), *own_file_paths(self.layout)}
        looked = {folder for path in (*paths, *ours) for folder in self._above(path)}
        looked |= {f"{posixpath.dirname(path)}/__pycache__".lstrip("/") for path in ours}
        return {"", *looked, *asked} & self.folders.keys()

    def _read(self, folder: str, state: RootState | None) -> InstalledDistribution:
        name, _, version = posixpath.basename(folder)[: -len(".dist-info")].partition("-")
        path = f"{folder}/RECORD"
        base = posixpath.dirname(folder)
        if path not in self.files:
            known = None if state is None else state.distributions.get(name)
            entry = known if known is not None and known.dist_info == folder else None
            left = [each for each in self.files if each.startswith(f"{folder}/")]
            return InstalledDistribution(
                name=name,
                version=version,
                dist_info=folder,
                files=() if entry is None else tuple(sorted(left)),
                missing=() if entry is None else (path,),
                entry=entry,
                installer="",
                foreign_form="no RECORD" if entry is None else "",
            )
        record = self.files[path][0]
        files = [
            posixpath.normpath(posixpath.join(base, row[0]))
            for row in parse_record(record.decode())
        ]
        entry = None if state is None else state.distributions.get(name)
        if entry is not None and (
            entry.dist_info != folder or entry.record != hashlib.sha256(record).hexdigest()
        ):
            entry = None
        return InstalledDistribution(
            name=name,
            version=version,
            dist_info=folder,
            files=tuple(files),
            missing=tuple(each for each in files if each not in self.files),
            entry=entry,
            installer="siteroot",
            foreign_form="",
        )

    def sync(self, wanted: Sequence[Brought], policy: Policy | None = None) -> Plan:
        """Plan and apply, as `workflows.filling` does; return the plan."""
        plan, inventory = self.plan(wanted, policy)
        if plan.nothing_to_do:
            return plan
        contents = {
            each.folder: {
                f"{scheme}/{path}": content
                for scheme, files in each.contents.items()
                for path, content in files.items()
            }
            for each in wanted
        }
        if inventory.exists:
            self._apply_change(render_change(plan, inventory, staying_in(plan)), contents)
        else:
            self._apply_fresh(render_fresh(plan, coming_in(plan)), contents)
        return plan

    def plan(
        self, wanted: Sequence[Brought], policy: Policy | None = None
    ) -> tuple[Plan, Inventory]:
        """Return the plan, and the inventory that it was made from."""
        policy = policy or made_policy()
        by_name = {each.name: each for each in wanted}
        inventory = self.inventory()
        pins = [each.pin for each in wanted]
        triage = sort_pins(pins, inventory, self.layout, self.target, policy)
        if inventory.state is not None:
            triage = spread_contested(triage, inventory.state.winners)
        while True:
            placing = made_placing(self.layout, self.target)
            placed = []
            for each in triage.wanted:
                brought = by_name[each.pin.name]
                extras = Extras(
                    direct=brought.direct, direct_url=None, scripts=brought.python_scripts
                )
                placed.append(place_distribution(brought.wheel, placing, extras))
            desire = new_desire(self.layout, self.target, policy, triage, tuple(placed))
            again = contested_with_kept(desire)
            if not again:
                break
            triage = want_again(triage, again, "contested")
        if inventory.exists and (triage.wanted or triage.removed):
            inventory = self.inventory(folders_to_look_at(desire), shared_with_left(desire))
        return diff_root(desire, inventory), inventory

    def _apply_fresh(self, rows: Fresh, contents: Mapping[str, Mapping[str, bytes]]) -> None:
        staging, times = rows
        staged, folders = _stage(staging, contents)
        self.exists = True
        self.files = staged
        self.folders = dict.fromkeys(("", *folders), NOW)
        for folder, time in times:
            assert folder in self.folders, folder
            self.folders[folder] = time * 1_000_000_000
        assert all(time != NOW for time in self.folders.values())

    def _apply_change(self, rows: Change, contents: Mapping[str, Mapping[str, bytes]]) -> None:
        staging, moves, times, kept_times = rows
        staged, _ = _stage(staging, contents)
        for folder, time in kept_times:
            assert self.folders[folder] == time, f"the time of {folder} before the change"
        saved = {folder for folder, _ in kept_times}
        before = set(self.folders)
        for kind, path in moves:
            folder = posixpath.dirname(path)
            assert folder in self.folders, (kind, path, "has no folder")
            assert folder in saved or folder not in before, f"{folder} changes unsaved"
            self.folders[folder] = NOW
            match kind:
                case "aside":
                    del self.files[path]
                case "place":
                    assert path not in self.files, path
                    assert path not in self.folders, path
                    self.files[path] = staged.pop(path)
                case "replace":
                    assert path in self.files, path
                    self.files[path] = staged.pop(path)
                case "make":
                    assert path not in self.files, path
                    self.folders.setdefault(path, NOW)
                case "drop":
                    names = [*self.files, *self.folders]
                    if not any(each.startswith(f"{path}/") for each in names):
                        self.folders.pop(path)
                case _:
                    raise AssertionError(kind)
        assert not staged, f"staged and never placed: {sorted(staged)}"
        for folder, time in times:
            assert folder in self.folders, folder
            self.folders[folder] = time * 1_000_000_000

    @staticmethod
    def _in(path: str, folder: str) -> bool:
        return posixpath.dirname(path) == folder

    @staticmethod
    def _above(path: str) -> list[str]:
        found = []
        while path := posixpath.dirname(path):
            found.append(path)
        return found[::-1]


def coming_in(plan: Plan) -> Tree:
    """Return the files that the plan brings."""
    return tree_of_placed([step.new for step in plan.steps if isinstance(step, Install | Replace)])


def staying_in(plan: Plan) -> Tree:
    """Return the files of the distributions that the plan leaves alone."""
    return Tree(*[step.old.files for step in plan.steps if isinstance(step, Keep)])


def _stage(
    staging: Staging, contents: Mapping[str, Mapping[str, bytes]]
) -> tuple[dict[str, File], tuple[str, ...]]:
    anchors, folders, jobs = staging
    staged: dict[str, File] = {}
    known = {"", *anchors}
    for folder in folders:
        assert posixpath.dirname(folder) in known, f"{folder} comes before its parent"
        known.add(folder)
    for source, _, stored, rendered in jobs:
        for path, stored_path, size, mode, mtime, digest in stored:
            content = contents[source][stored_path]
            assert len(content) == size
            assert hashlib.sha256(content).digest() == digest
            assert path not in staged, f"{path} is staged twice"
            assert posixpath.dirname(path) in known, path
            staged[path] = (content, mode, mtime * 1_000_000_000)
        for path, content, mode, mtime in rendered:
            assert path not in staged, f"{path} is staged twice"
            assert posixpath.dirname(path) in known, path
            staged[path] = (content, mode, mtime * 1_000_000_000)
    return staged, folders
