"""A plan as the rows that placing and journalling take (`model.rows`)."""

from collections.abc import Iterable, Mapping

from siteroot.model.layout import Layout, is_below
from siteroot.model.plan import DesiredDistribution, Install, Keep, Plan, Remove, Replace
from siteroot.model.reserved import STATE_FILE
from siteroot.model.root import Inventory, Kind
from siteroot.model.rows import Change, Fresh, Job, Move, Staging
from siteroot.model.times import derive_folder_mtime

from .layout import inner_folders, is_standing, outer_folders
from .owned import own_paths
from .paths import Tree, depth_first, folders_of, is_ascent, join_path, parent, pycache_of


def render_fresh(plan: Plan, coming: Tree) -> Fresh:
    """Return the rows of a root that is not there yet, where the files of distributions are `coming`."""
    own = Tree([row[0] for row in plan.own_files])
    names = coming.names.keys() | own.names.keys()
    times = [
        (folder, derive_folder_mtime(sorted(_held(folder, coming, own))))
        for folder in depth_first(names)
    ]
    return _staging(plan, coming.folders() | own.folders(), coming.files | own.files), tuple(times)


def render_change(plan: Plan, inventory: Inventory, staying: Tree) -> Change:
    """Return the rows of a change to a root that is there, where the files of distributions that stay are `staying`.

    `inventory` has looked into every folder that `diff.folders_to_look_at` names.
    """
    moves = _Moves(plan, inventory, staying).render()
    new = _new_paths(plan)
    ours = own_paths(inventory)
    coming = Tree([*new, *(path for path in plan.state.files if path in ours), STATE_FILE])
    touched = {parent(path) for _, path in moves} | {""}
    if plan.layout.movable:  # a folder that somebody made becomes ours; an interpreter's do not
        kept = {step.old.dist_info for step in plan.steps if isinstance(step, Keep)}
        going = [each.files for each in inventory.distributions if each.dist_info not in kept]
        made = {folder for folder in folders_of(new) if folder not in staying.names}
        touched |= made - folders_of(set().union(*going))
    shared = set() if plan.layout.movable else _shared_folders(plan, inventory, moves, touched)
    times = [
        (folder, derive_folder_mtime(sorted(names)))
        for folder in depth_first(touched - shared)
        if not is_ascent(folder) and (names := _held(folder, staying, coming))
    ]
    dropped = {path for kind, path in moves if kind == "drop"}
    kept_times = [
        (folder, inventory.folders[folder].mtime_ns)
        for folder in depth_first(touched | dropped)
        if folder in inventory.folders and not is_ascent(folder)
    ]
    anchors, folders, jobs = _staging(plan, folders_of(new), {*new, *(path for _, path in moves)})
    staging = (*anchors, *inner_folders(plan.layout)), folders, jobs
    return staging, moves, tuple(times), tuple(kept_times)


def _held(folder: str, *trees: Tree) -> set[str]:
    """Return the names that a folder has in one of the trees."""
    return set().union(*[tree.names.get(folder, ()) for tree in trees])


def _shared_folders(
    plan: Plan, inventory: Inventory, moves: Iterable[Move], touched: set[str]
) -> set[str]:
    """Return the folders of an interpreter that hold, and go on holding, what siteroot did not place.

    Their times are whatever the change makes them: others go by them (man's and icons' indexes, an interpreter that
    runs and has listed the folder), and would take one that is set back for one that did not change.
    """
    ours = {*_new_paths(plan), STATE_FILE}
    for step in plan.steps:
        if isinstance(step, Keep) and step.old.entry is not None:
            ours.update(step.old.files)
    names = Tree(ours).names
    asides = {path for kind, path in moves if kind == "aside"}
    drops = {path for kind, path in moves if kind == "drop"}
    shared: set[str] = set()
    for folder in depth_first(touched | drops):
        view = inventory.folders.get(folder)
        if view is None:
            continue
        for name in view.names.keys() - names.get(folder, set()) - {"__pycache__"}:
            path = join_path(folder, name)
            if path not in asides and (path not in drops or path in shared):
                shared.add(folder)
                break
    return shared


def count_files(staging: Staging) -> int:
    """Return how many files are staged."""
    return sum(len(stored) + len(rendered) for _, _, stored, rendered in staging[2])


def count_bytes(staging: Staging) -> int:
    """Return how many bytes are staged."""
    return sum(
        sum(row[2] for row in stored) + sum(len(row[1]) for row in rendered)
        for _, _, stored, rendered in staging[2]
    )


def _placed(plan: Plan) -> list[DesiredDistribution]:
    return [step.new for step in plan.steps if isinstance(step, Install | Replace)]


def _new_paths(plan: Plan) -> set[str]:
    own = [row[0] for row in plan.own_files]
    return set(own).union(*[each.paths for each in _placed(plan)])


def _staging(plan: Plan, folders: Iterable[str], paths: Iterable[str]) -> Staging:
    anchors = _anchors_of(paths, plan.layout)
    jobs: list[Job] = []
    for each in _placed(plan):
        stored, rendered, compiled = each.stored, each.rendered, each.compiled
        if plan.placers:
            stored = tuple(row for row in stored if _places(row[0], each, plan.placers))
            rendered = tuple(row for row in rendered if _places(row[0], each, plan.placers))
            compiled = tuple(row for row in compiled if _places(row[0], each, plan.placers))
        jobs.append((each.wheel.folder, each.wheel.label, stored, rendered))
        if compiled:
            jobs.append((each.wheel.bytecode_folder, each.wheel.label, compiled, ()))
    jobs.sort(key=lambda job: (-len(job[2]) - len(job[3]), job[1]))
    if plan.own_files:
        jobs.append(("", "siteroot", (), plan.own_files))
    staged = [
        folder
        for folder in folders
        if not folder.startswith("../")
        or (folder not in anchors and any(is_below(folder, anchor) for anchor in anchors))
    ]
    return anchors, tuple(sorted(staged)), tuple(jobs)


def _anchors_of(paths: Iterable[str], layout: Layout) -> tuple[str, ...]:
    """Return the scheme folders outside that a path lies in: the others are not even made."""
    outer, data = outer_folders(layout), layout.folders["data"]
    used = set()
    for path in paths if outer else ():
        above = [each for each in outer if path == each or is_below(path, each)]
        # everything lies in data: that counts where no other one is nearer
        used.update([each for each in above if each != data] or above)
    return tuple(sorted(used))


def _places(path: str, distribution: DesiredDistribution, placers: Mapping[str, str]) -> bool:
    return placers.get(path, distribution.name) == distribution.name


class _Moves:
    """The moves from the old tree to the new, in the order that ROOT.md 3 gives.

    Bytecode of what changes goes first, then what stands where a folder or file of another kind must be, then the
    new files come, then the rest of the old goes; launchers, dist-infos and our own files come last of all.
    """

    def __init__(self, plan: Plan, inventory: Inventory, staying: Tree) -> None:
        self._plan = plan
        self._folders = inventory.folders
        olds = [old for step in plan.steps if isinstance(step, Replace) for old in step.old]
        olds += [step.old for step in plan.steps if isinstance(step, Remove)]
        self._new = _new_paths(plan)
        self._old = {path for old in olds for path in old.files}.union(
            plan.own_removed
        ) - staying.files
        self._staying = staying
        self._gone: set[str] = set()
        self._moves: list[Move] = []

    def render(self) -> tuple[Move, ...]:
        """Return the moves."""
        new_folders = folders_of(self._new)
        self._aside_bytecode()
        self._clear_kinds(new_folders)
        for folder in sorted(new_folders, key=lambda each: (each.count("/"), each)):
            if not self._is_folder(folder):
                self._moves.append(("make", folder))
        late = self._late_paths()
        for path in sorted(self._new.difference(late)):
            self._put(path)
        for path in sorted(self._old - self._new - self._gone):
            self._aside(path)
        self._drop_emptied(new_folders)
        for path in late:
            self._put(path)
        return tuple(self._moves)

    def _late_paths(self) -> list[str]:
        placed = _placed(self._plan)
        launchers = sorted({path for each in placed for path in each.launchers})
        roots = tuple(f"{each.dist_info}/" for each in placed)
        infos = sorted(path for path in self._new if path.startswith(roots)) if roots else []
        return list(dict.fromkeys([*launchers, *infos, *[row[0] for row in self._plan.own_files]]))

    def _aside_bytecode(self) -> None:
        modules = [path for path in self._old | self._new if path.endswith(".py")]
        for module in sorted(modules):
            folder, stem = pycache_of(module)
            view = self._folders.get(folder)
            if view is None:
                continue
            for name in sorted(view.names):
                path = join_path(folder, name)
                if (
                    name.startswith(stem)
                    and name.endswith(".pyc")
                    and path not in self._staying.files
                ):
                    self._aside(path)

    def _clear_kinds(self, new_folders: set[str]) -> None:
        """Move aside what stands where a folder must be, and folders that stand where a file must be."""
        for folder in sorted(new_folders):
            if self._kind(folder) not in (None, Kind.FOLDER):
                self._aside(folder)
        for path in sorted(self._new):
            if self._kind(path) is Kind.FOLDER:
                self._clear_folder(path)

    def _clear_folder(self, folder: str) -> None:
        view = self._folders[folder]
        for name, kind in sorted(view.names.items()):
            path = join_path(folder, name)
            if kind is Kind.FOLDER:
                self._clear_folder(path)
            else:
                self._aside(path)
        self._moves.append(("drop", folder))
        self._gone.add(folder)

    def _put(self, path: str) -> None:
        there = self._kind(path) is not None and path not in self._gone
        self._moves.append(("replace" if there else "place", path))

    def _aside(self, path: str) -> None:
        if path not in self._gone and self._kind(path) not in (None, Kind.FOLDER):
            self._moves.append(("aside", path))
            self._gone.add(path)

    def _drop_emptied(self, new_folders: set[str]) -> None:
        """Drop folders that held what goes, if it was still there, and may be empty now; that is seen when it is done."""
        candidates = folders_of(self._gone | self._old) - new_folders - self._gone
        for folder in depth_first(candidates):
            standing = folder in self._staying.names or is_standing(folder, self._plan.layout)
            if not standing and self._is_folder(folder):
                self._moves.append(("drop", folder))

    def _kind(self, path: str) -> Kind | None:
        view = self._folders.get(parent(path))
        return None if view is None else view.names.get(path.rpartition("/")[2])

    def _is_folder(self, path: str) -> bool:
        if path in self._gone:
            return False
        return path in self._folders or self._kind(path) is Kind.FOLDER
