"""From what a root holds and what it shall hold to a plan (ROOT.md 2, 4)."""

import hashlib
from collections.abc import Sequence

from siteroot.errors import RootError
from siteroot.formats.root_state import render_root_state
from siteroot.model.digest import Digest
from siteroot.model.layout import Layout
from siteroot.model.plan import (
    Clobber,
    DesiredDistribution,
    Install,
    Keep,
    Plan,
    Remove,
    Replace,
    Step,
)
from siteroot.model.reserved import STATE_FILE
from siteroot.model.root import Inventory, Kind, RootEntry, RootState
from siteroot.model.rows import RenderedRow
from siteroot.model.target import Target
from siteroot.model.times import derive_folder_mtime
from siteroot.model.value import dataclass

from .layout import root_form
from .meeting import (
    clobber_warnings,
    contents_of,
    find_clobbers,
    find_meetings,
    judge_names,
    refuse_clobbers,
    refuse_crossings,
    tree_of_placed,
)
from .owned import kind_at, own_file_rows, own_paths, yield_to_others
from .paths import Tree, folders_of, is_bytecode_of, join_path
from .place import rendered_row
from .triage import Policy, Triage

#: What stands in a folder of modules and comes with no distribution: bytecode, and what makes an environment one.
_NOBODYS = ("__pycache__", "_virtualenv.py", "_virtualenv.pth")


class FilesInTheWayError(RootError):
    """Files that are nobody's stand where files of the root must go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desire:
    """What the root shall hold: the pins sorted, and the wanted ones placed, in the order of `triage.wanted`.

    `coming` are the files of `placed`, `staying` those of `triage.kept` and `triage.left`. `own_anew` are files of ours that are there with the right bytes, and are to be written anew all the same.
    """

    layout: Layout
    target: Target
    policy: Policy
    triage: Triage
    placed: tuple[DesiredDistribution, ...]
    coming: Tree
    staying: Tree
    own_anew: frozenset[str] = frozenset()


def new_desire(
    layout: Layout,
    target: Target,
    policy: Policy,
    triage: Triage,
    placed: tuple[DesiredDistribution, ...],
) -> Desire:
    """Return the desire, with the files that come and those that stay."""
    staying = (*(installed for _, installed in triage.kept), *triage.left)
    return Desire(
        layout=layout,
        target=target,
        policy=policy,
        triage=triage,
        placed=placed,
        coming=tree_of_placed(placed),
        staying=Tree(*[installed.files for installed in staying]),
    )


def contested_with_kept(desire: Desire) -> set[str]:
    """Return names of kept distributions that share a path with a placed one: they have to be placed anew."""
    paths = desire.coming.files
    if paths.isdisjoint(desire.staying.files):
        return set()
    return {
        pin.name for pin, installed in desire.triage.kept if not paths.isdisjoint(installed.files)
    }


def shared_with_left(desire: Desire) -> set[str]:
    """Return the paths that placed distributions share with those that stay: equal bytes there are no clash."""
    shared = desire.coming.files & desire.staying.files
    return shared.intersection([path for old in desire.triage.left for path in old.files])


def folders_to_look_at(desire: Desire) -> set[str]:
    """Return every folder whose names the plan has to know: those that get or lose files, and their parents.

    The `__pycache__` in each of them is among them, because bytecode goes with its module.
    """
    triage = desire.triage
    paths = [row[0] for row in _own_rows(desire)]
    for old in (*(old for wanted in triage.wanted for old in wanted.old), *triage.removed):
        paths += old.files
    folders = {"", *desire.coming.folders(), *folders_of(paths)}
    return folders | {join_path(folder, "__pycache__") for folder in folders}


def diff_root(desire: Desire, inventory: Inventory) -> Plan:
    """Return the plan that leads from the inventory to the desire.

    Raises FilesInTheWayError (foreign files, without `--overwrite`) and ClobberRefusedError (`--strict`, names that
    the target's disks merge, or a path that would be a file and a folder).
    """
    coming, staying = desire.coming, desire.staying
    paths, folders = coming.files, coming.folders()
    crossed = (folders & paths) | (folders & staying.files) | (staying.names.keys() & paths)
    refuse_crossings(crossed, desire.placed)
    meetings = find_meetings(desire.placed, paths)
    clobbers = find_clobbers(meetings)
    if desire.policy.strict:
        refuse_clobbers(clobbers)
    new = paths | folders
    name_warnings = judge_names(new, new | staying.beside(folders | {""}), desire.target)
    going, lost_warnings = _going(desire, inventory)
    own_rows = _own_rows(desire)
    own_rows, own_warnings = yield_to_others(own_rows, _near(own_rows, desire), going, inventory)
    state = _new_state(desire, inventory, clobbers, own_rows)
    own_files, own_removed = _own_changes(state, own_rows, inventory, desire.own_anew)
    agreed = _agreed(desire, inventory)
    agreed |= _bytecode_there(desire, inventory)
    in_the_way = _find_in_the_way(inventory, paths - agreed if agreed else paths, going | agreed)
    _judge_in_the_way(in_the_way, desire)
    steps = _steps(desire)
    return Plan(
        layout=desire.layout,
        steps=steps,
        clobbers=clobbers,
        placers={path: bringers[-1].name for path, bringers in meetings.items()},
        state=state,
        own_files=own_files,
        own_removed=own_removed,
        overwritten=tuple(path for path, _ in in_the_way),
        settled_times=_settled_times(desire, own_rows, inventory),
        warnings=(
            *clobber_warnings(clobbers),
            *own_warnings,
            *name_warnings,
            *lost_warnings,
        ),
    )


def _files_in(folders: set[str], desire: Desire) -> set[str]:
    """Return the files of all distributions that lie in one of these folders."""
    return {*desire.coming.files_in(folders), *desire.staying.files_in(folders)}


def _own_rows(desire: Desire) -> tuple[RenderedRow, ...]:
    """Return our files, if none gives way: what does not lie in these two folders has no bearing on them."""
    layout = desire.layout
    paths = _files_in({layout.folders["purelib"], layout.folders["scripts"]}, desire)
    return own_file_rows(layout, desire.target, paths, pth=desire.policy.pth)


def _near(own_rows: Sequence[RenderedRow], desire: Desire) -> set[str]:
    """Return the files that are where one of ours would be, or a folder above it, or in a package of its name."""
    ours = [row[0] for row in own_rows]
    packages = [path.removesuffix(".py") for path in ours]
    return _files_in({"", *folders_of(ours), *packages}, desire)


def _steps(desire: Desire) -> tuple[Step, ...]:
    triage = desire.triage
    steps: list[Step] = [Keep(old=old, direct=pin.direct) for pin, old in triage.kept]
    steps += [Keep(old=old, direct=False) for old in triage.left]
    for wanted, placed in zip(triage.wanted, desire.placed, strict=True):
        if wanted.old:
            steps.append(Replace(old=wanted.old, new=placed, why=wanted.why))
        else:
            steps.append(Install(new=placed))
    steps += [Remove(old=old) for old in triage.removed]
    return tuple(steps)


def _new_state(
    desire: Desire,
    inventory: Inventory,
    clobbers: Sequence[Clobber],
    own_rows: Sequence[RenderedRow],
) -> RootState:
    triage = desire.triage
    entries = {}
    for wanted, placed in zip(triage.wanted, desire.placed, strict=True):
        entries[placed.name] = entry_of(placed, wanted.pin.artifact.file.digests)
    for installed in (*(old for _, old in triage.kept), *triage.left):
        if installed.entry is not None:
            entries[installed.name] = installed.entry
    winners = {clobber.path: clobber.winner for clobber in clobbers}
    if inventory.state is not None and inventory.state.winners:
        staying = (*(installed for _, installed in triage.kept), *triage.left)
        kept = {installed.name: frozenset(installed.files) for installed in staying}
        for path, name in inventory.state.winners.items():
            if path in kept.get(name, ()):
                winners.setdefault(path, name)
    return RootState(
        implementation=desire.target.implementation,
        python=desire.target.python_version,
        distributions=entries,
        winners=winners,
        files={row[0]: hashlib.sha256(row[1]).hexdigest() for row in own_rows},
        form=root_form(desire.layout, desire.target),
    )


def entry_of(placed: DesiredDistribution, locked: tuple[Digest, ...]) -> RootEntry:
    """Return what `.siteroot.json` says of a placed distribution; `locked` are its digests in the lock."""
    digests = {digest for digest in locked if digest.strong} | {placed.wheel.digest}
    origin = ""
    for path, content, _, _ in placed.rendered:
        if path == join_path(placed.dist_info, "direct_url.json"):
            origin = hashlib.sha256(content).hexdigest()
    return RootEntry(
        name=placed.name,
        version=placed.version,
        dist_info=placed.dist_info,
        digests=tuple(sorted(digests)),
        record=placed.record,
        direct=placed.direct,
        origin=origin,
        bytecode=placed.bytecode,
    )


def _own_changes(
    state: RootState,
    own_rows: Sequence[RenderedRow],
    inventory: Inventory,
    anew: frozenset[str],
) -> tuple[tuple[RenderedRow, ...], tuple[str, ...]]:
    """Return our files that have to be written, `.siteroot.json` last, and those of ours that go."""
    there = own_paths(inventory)
    changed = [
        row for row in own_rows if row[0] in anew or there.get(row[0]) != state.files[row[0]]
    ]
    removed = tuple(path for path in there if path not in state.files)
    rendered = render_root_state(state)
    digest = hashlib.sha256(rendered).hexdigest()
    if STATE_FILE in anew or inventory.digests.get(STATE_FILE) != digest:
        changed.append(rendered_row(STATE_FILE, rendered))
    return tuple(changed), removed


def _going(desire: Desire, inventory: Inventory) -> tuple[set[str], tuple[str, ...]]:
    """Return what may be given up (files of distributions that go, our own), and warnings about lost RECORDs.

    A distribution whose RECORD was deleted or edited is still known by `.siteroot.json`, though not its files: where the same
    wheel comes again they are that wheel's, else nobody's.
    """
    triage = desire.triage
    going = set(own_paths(inventory))
    olds = [old for wanted in triage.wanted for old in wanted.old]
    for old in (*olds, *triage.removed):
        going.update(old.files)
    if inventory.state is None:
        return going, ()
    staying = {old.name for old in (*(old for _, old in triage.kept), *triage.left)}
    going_olds = (*olds, *triage.removed)
    recorded = {old.name for old in going_olds if not (old.lost_record or old.edited_record)}
    edited = {old.name for old in going_olds if old.edited_record}
    lost = {
        name: entry
        for name, entry in inventory.state.distributions.items()
        if name not in staying and name not in recorded
    }
    for placed in desire.placed:
        entry = lost.get(placed.name)
        if entry is not None and placed.wheel.digest in entry.digests:
            going.update(placed.paths)
            del lost[placed.name]
    return going, tuple(
        f"{entry.dist_info}/RECORD was {'edited' if name in edited else 'deleted'}, so nobody knows which files were {name}'s:"
        " what it leaves behind stays"
        for name, entry in lost.items()
        if _left_something(entry, going, desire, inventory)
    )


def _left_something(
    entry: RootEntry, going: set[str], desire: Desire, inventory: Inventory
) -> bool:
    """Whether there may be files of a distribution that is known by its entry alone.

    Where its dist-info is gone too, and all that stands beside that is somebody's, another tool took it out.
    """
    library, _, dist_info = entry.dist_info.rpartition("/")
    view = inventory.folders.get(library)
    if view is None:
        return False
    if dist_info in view.names:
        return True
    prefix = f"{library}/" if library else ""
    known = desire.staying.names.get(library, set()) | {STATE_FILE, *_NOBODYS}
    known |= {path[len(prefix) :].partition("/")[0] for path in going if path.startswith(prefix)}
    return not view.names.keys() <= known


def _agreed(desire: Desire, inventory: Inventory) -> set[str]:
    """Return the paths shared with distributions that stay where the bytes that come are those that stand there."""
    shared = shared_with_left(desire)
    if not shared:
        return set()
    coming: dict[str, str] = {}
    for placed in sorted(desire.placed, key=lambda each: each.name):  # the last one's stand there
        contents = contents_of(placed)
        coming |= {path: contents[path][1].hex() for path in shared & contents.keys()}
    return {
        path
        for path, digest in coming.items()
        if kind_at(path, inventory) is Kind.FILE and inventory.digests.get(path) == digest
    }


def _bytecode_there(desire: Desire, inventory: Inventory) -> set[str]:
    """Return the files that stand where ours of the same module go: bytecode is its module's, whoever wrote it."""
    compiled = (row[0] for placed in desire.placed for row in placed.compiled)
    return {path for path in compiled if kind_at(path, inventory) is Kind.FILE}


def _find_in_the_way(
    inventory: Inventory, paths: set[str], going: set[str]
) -> tuple[tuple[str, Kind], ...]:
    """Return what stands where a file or folder must go and may not be given up."""
    if not inventory.exists:
        return ()
    found = []
    if kind_at(STATE_FILE, inventory) is Kind.FOLDER:
        found.append((STATE_FILE, Kind.FOLDER))
    for path in paths:
        kind = kind_at(path, inventory)
        if kind is Kind.FOLDER:  # where an owned file was, too: what it holds is nobody's
            if not _goes_whole(path, going, inventory):
                found.append((path, kind))
        elif kind is not None and path not in going:
            found.append((path, kind))
    for folder in folders_of(paths) - going:
        kind = kind_at(folder, inventory)
        if kind is not None and kind is not Kind.FOLDER:
            found.append((folder, kind))
    return tuple(sorted(found))


def _goes_whole(folder: str, going: set[str], inventory: Inventory) -> bool:
    """Whether all that a folder holds belongs to distributions that go, the bytecode of their modules included."""
    view = inventory.folders.get(folder)
    if view is None:
        return False
    for name, kind in view.names.items():
        path = join_path(folder, name)
        if kind is Kind.FOLDER:
            if not _goes_whole(path, going, inventory):
                return False
        elif path not in going and not is_bytecode_of(path, going):
            return False
    return True


def _judge_in_the_way(in_the_way: Sequence[tuple[str, Kind]], desire: Desire) -> None:
    """Raise FilesInTheWayError for what may not be given up."""
    folders = [path for path, kind in in_the_way if kind is Kind.FOLDER]
    refused = folders if desire.policy.overwrite else [path for path, _ in in_the_way]
    if not refused:
        return
    kinds = dict(in_the_way)
    listed = "; ".join(f"{path} ({kinds[path].value})" for path in refused[:10])
    more = f" and {len(refused) - 10} more" if len(refused) > 10 else ""
    raise FilesInTheWayError(
        f"in the way, and no distribution's that may be replaced: {listed}{more}",
        where=desire.layout.root,
        hints=(
            ("move it away; a folder is never overwritten",)
            if folders
            else ("move them away", "--overwrite gives them up")
        ),
    )


def _settled_times(
    desire: Desire, own_rows: Sequence[RenderedRow], inventory: Inventory
) -> tuple[tuple[str, int], ...]:
    """Return the root's derived time if it holds just its owned names and has another time.

    A process that was killed after its last rename and before its last `utime` leaves such a root; so does whoever
    made and removed a file in it. Its other folders are looked at where something in them changes.
    """
    view = inventory.folders.get("")
    if view is None or not view.mine:
        return ()
    staying = desire.staying
    if not desire.layout.movable:  # an interpreter's, where others' distributions may stand too
        ours = [old for _, old in desire.triage.kept if old.entry is not None]
        staying = Tree(*[old.files for old in ours])
    names = {*desire.coming.names[""], *staying.names[""]}
    names |= {row[0].partition("/")[0] for row in own_rows} | {STATE_FILE}
    derived = derive_folder_mtime(sorted(names - {".."}))
    if names == set(view.names) and view.mtime_ns != derived * 1_000_000_000:
        return (("", derived),)
    return ()
