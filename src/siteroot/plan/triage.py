"""Which pins a root already has, which need their wheel, and what else it holds (ROOT.md 2).

Decided from the inventory alone, before any wheel is looked for: a root that is right needs neither store nor index.
"""

import hashlib
from collections.abc import Mapping, Sequence

from packaging.version import InvalidVersion, Version

from siteroot.errors import RootError
from siteroot.formats.direct_url import render_direct_url
from siteroot.model.layout import Layout, LayoutKind
from siteroot.model.lock import FlatSource, LockedFile, RegistrySource
from siteroot.model.pin import WheelArtifact, WheelPin
from siteroot.model.root import InstalledDistribution, Inventory, RootEntry, RootState
from siteroot.model.target import Target
from siteroot.model.value import dataclass

from .layout import root_form


class ForeignDistributionError(RootError):
    """A distribution that siteroot did not put there is in the way of an exact root."""


class UnrestorableError(RootError):
    """A distribution that stays would miss a file that another one, which goes, had put in its place."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name} brings a file that stands there with the bytes of a distribution that is to go, and its own"
            " bytes are not at hand",
            hints=(f"remove {name} too", "a sync of the root's lock puts all in order"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What may be done to a root. `exact` None: removing what siteroot itself put there is fine (ROOT.md 2).

    `by_version`: what an index would bring stays where its version is there already, whoever put it there and for
    whatever reason (`siteroot pip`); unless it is one of `unfit`, whose wheels are for another Python or platform.
    `spared`: names that stay though others go.
    """

    exact: bool | None
    overwrite: bool
    strict: bool
    reinstall: bool
    reinstall_names: frozenset[str]
    pth: bool
    bytecode: str = ""  # the kind of bytecode that the root shall hold, "" for none of ours
    by_version: bool = False
    spared: frozenset[str] = frozenset()
    unfit: frozenset[str] = frozenset()

    @property
    def leaves_marks(self) -> bool:
        """Whether REQUESTED and bytecode stay as they are: where others stay, the root is no function of the pins."""
        return self.by_version and not self.exact

    def reinstalls(self, name: str) -> bool:
        """Whether a distribution is to be placed anew."""
        return self.reinstall or name in self.reinstall_names


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A pin whose wheel has to be placed. `old` are the distributions of its name that go; `why` is told with -v."""

    pin: WheelPin
    old: tuple[InstalledDistribution, ...]
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Triage:
    """Every pin is in `kept` or `wanted`; every other distribution of the root in `removed` or `left`."""

    kept: tuple[tuple[WheelPin, InstalledDistribution], ...]
    wanted: tuple[Wanted, ...]
    removed: tuple[InstalledDistribution, ...]
    left: tuple[InstalledDistribution, ...]


def sort_pins(
    pins: Sequence[WheelPin], inventory: Inventory, layout: Layout, target: Target, policy: Policy
) -> Triage:
    """Return what becomes of each pin and of each distribution that the root holds.

    Raises ForeignDistributionError where a distribution that is not siteroot's would have to go or be replaced
    against the rules of the layout.
    """
    by_name: dict[str, list[InstalledDistribution]] = {}
    for distribution in inventory.distributions:
        by_name.setdefault(distribution.name, []).append(distribution)
    state = inventory.state
    same_python = state is not None and is_for_python(state, target)
    same_form = state is not None and state.form == root_form(layout, target)
    kept, wanted = [], []
    for pin in pins:
        old = tuple(by_name.pop(pin.name, ()))
        if len(old) == 1 and old[0].foreign_form and _serves(old[0], pin, policy):
            kept.append((pin, old[0]))
            continue
        _refuse_foreign_forms(pin, old, layout, policy)
        old = tuple(distribution for distribution in old if not distribution.foreign_form)
        why = _why_wanted(pin, old, policy, same_python=same_python, same_form=same_form)
        if why is None:
            kept.append((pin, old[0]))
        else:
            wanted.append(Wanted(pin=pin, old=old, why=why))
    others = [each for distributions in by_name.values() for each in distributions]
    goes = _removes_others(layout, policy)
    staying = [not goes or bool(each.foreign_form) or each.name in policy.spared for each in others]
    removed = tuple(each for each, stays in zip(others, staying, strict=True) if not stays)
    _refuse_foreign_removal(removed, layout, policy)
    left = tuple(each for each, stays in zip(others, staying, strict=True) if stays)
    return Triage(kept=tuple(kept), wanted=tuple(wanted), removed=removed, left=left)


def find_unlisted(
    triage: Triage, layout: Layout, policy: Policy
) -> tuple[InstalledDistribution, ...]:
    """Return what would go with the others, and stays, for no list says which files are its."""
    if not _removes_others(layout, policy):
        return ()
    return tuple(
        each
        for each in triage.left
        if each.foreign_form and each.name not in policy.spared and not _is_source_trees(each)
    )


def is_for_python(state: RootState, target: Target) -> bool:
    """Whether a root was made for the target's Python."""
    return (state.implementation, state.python) == (target.implementation, target.python_version)


def sort_removal(names: frozenset[str], inventory: Inventory) -> Triage:
    """Return what becomes of a root when all distributions of these names go, and all others stay.

    Those that brought a path too that one of them won have to be placed anew, for their bytes stand there no more.
    Raises ForeignDistributionError where one cannot be removed; the egg-info of a source tree beside a distribution of
    the same name is none.
    """
    going, staying = [], []
    removable = {each.name for each in inventory.distributions if not each.foreign_form}
    for distribution in inventory.distributions:
        if distribution.name in names:
            if _is_source_trees(distribution) and distribution.name in removable:
                continue
            if distribution.foreign_form:
                raise ForeignDistributionError(
                    f"{_shown(distribution)} is installed there in a form that holds no list of its"
                    f" files ({distribution.foreign_form}), so it cannot be removed",
                    where=distribution.dist_info,
                    hints=("remove it with the tool that installed it",),
                )
            going.append(distribution)
        elif not distribution.foreign_form:
            staying.append(distribution)
    winners = {} if inventory.state is None else inventory.state.winners
    bringers = _bringers(staying, winners)
    wanted = dict[str, InstalledDistribution]()
    queue = [path for path, winner in winners.items() if winner in names]
    while queue:
        for distribution in bringers.get(queue.pop(), ()):
            if distribution.name not in wanted:
                wanted[distribution.name] = distribution
                queue += [path for path in distribution.files if path in winners]
    return Triage(
        kept=(),
        wanted=tuple(
            Wanted(pin=_pin_of(old), old=(old,), why="its file stood under one that goes")
            for _, old in sorted(wanted.items())
        ),
        removed=tuple(going),
        left=tuple(each for each in staying if each.name not in wanted),
    )


def _is_source_trees(distribution: InstalledDistribution) -> bool:
    """Whether it is the egg-info of sources: those of installed distributions have a version in their names."""
    name = distribution.dist_info.rpartition("/")[2]
    return name.endswith(".egg-info") and "-" not in name.removesuffix(".egg-info")


def _shown(distribution: InstalledDistribution) -> str:
    return f"{distribution.name} {distribution.version}".rstrip()


def _bringers(
    distributions: Sequence[InstalledDistribution], contested: Mapping[str, str]
) -> dict[str, list[InstalledDistribution]]:
    """Return who brings each contested path."""
    found: dict[str, list[InstalledDistribution]] = {}
    for distribution in distributions if contested else ():
        for path in distribution.files:
            if path in contested:
                found.setdefault(path, []).append(distribution)
    return found


def _pin_of(distribution: InstalledDistribution) -> WheelPin:
    """Return a pin of what `.siteroot.json` says was placed. Raises UnrestorableError where it does not say enough."""
    entry = distribution.entry
    if entry is None or entry.origin:
        raise UnrestorableError(distribution.name)
    file = LockedFile(filename="", location="", digests=entry.digests, size=None)
    return WheelPin(
        name=entry.name,
        version=Version(entry.version.replace("_", "+", 1)),
        source=RegistrySource(""),
        artifact=WheelArtifact(file=file, location=""),
        direct=entry.direct,
    )


def spread_contested(triage: Triage, winners: Mapping[str, str]) -> Triage:
    """Return the triage with those kept distributions wanted anew that share a contested path with a change.

    `winners` is what the root's state says of contested paths. Whose bytes stand at such a path has to be decided
    anew, so the bytes of all who bring it must be at hand.
    """
    changing = {wanted.pin.name for wanted in triage.wanted}
    changing |= {distribution.name for distribution in triage.removed}
    if not winners or not changing:
        return triage
    paths = {distribution.name: frozenset(distribution.files) for _, distribution in triage.kept}
    gone = [wanted.old for wanted in triage.wanted]
    touched = {path for olds in gone for old in olds for path in old.files if path in winners}
    touched |= {path for old in triage.removed for path in old.files if path in winners}
    again = {name for name, files in paths.items() if files & touched}
    if not again:
        return triage
    return want_again(triage, again, "shares a contested file with a distribution that changes")


def want_again(triage: Triage, names: set[str], why: str) -> Triage:
    """Return the triage with the kept distributions of these names to be placed anew."""
    moved = [
        Wanted(pin=pin, old=(distribution,), why=why)
        for pin, distribution in triage.kept
        if pin.name in names
    ]
    wanted = sorted((*triage.wanted, *moved), key=lambda each: each.pin.name)
    kept = tuple(pair for pair in triage.kept if pair[0].name not in names)
    return Triage(kept=kept, wanted=tuple(wanted), removed=triage.removed, left=triage.left)


def _why_wanted(
    pin: WheelPin,
    old: tuple[InstalledDistribution, ...],
    policy: Policy,
    *,
    same_python: bool,
    same_form: bool,
) -> str | None:
    """Return why the pin's wheel has to be placed, None where what is there is right."""
    if not old:
        return "not in the root"
    if len(old) > 1:
        return "the root holds it more than once"
    entry, serves = old[0].entry, _serves(old[0], pin, policy)
    if entry is None:
        return None if serves else _why_unknown(old[0])
    if policy.reinstalls(pin.name):
        return "asked for with --reinstall"
    if not (same_python and same_form):
        return _why_remade(same_python=same_python)
    if old[0].missing:
        more = len(old[0].missing) - 1
        files = "1 file" if more == 1 else f"{more} files"
        return f"{old[0].missing[0]} is missing" + (f", and {files} more" if more else "")
    if entry.bytecode != policy.bytecode and not (policy.leaves_marks and not policy.bytecode):
        return _why_compiled(entry.bytecode, policy.bytecode)
    why = None if serves else _why_other(pin, entry, policy)
    return _why_marked(pin, entry) if why is None and not policy.leaves_marks else why


def _why_remade(*, same_python: bool) -> str:
    if not same_python:
        return "the root was made for another Python"
    return "the root was made in another layout, for another system, or by an older siteroot"


def _serves(old: InstalledDistribution, pin: WheelPin, policy: Policy) -> bool:
    """Whether a distribution is as good as the pin's, by its version alone."""
    return (
        policy.by_version
        and isinstance(pin.source, RegistrySource | FlatSource)
        and not policy.reinstalls(pin.name)
        and pin.name not in policy.unfit
        and same_version(old.version, pin)
    )


def _why_unknown(old: InstalledDistribution) -> str:
    if old.edited_record:
        return "its RECORD is not the one that siteroot wrote"
    return f"{old.version} in the root was put there or changed by {old.installer or 'somebody'}"


def _why_compiled(there: str, wanted: str) -> str:
    if not wanted:
        return f"its bytecode ({there}) is not asked for"
    return f"its bytecode is to be {wanted}" + (f" and is {there}" if there else "")


def _why_other(pin: WheelPin, entry: RootEntry, policy: Policy) -> str | None:
    digests = pin.artifact.file.digests
    if entry.version != str(pin.version) and not same_version(entry.version, pin):
        return f"the root has {entry.version}"
    if pin.name in policy.unfit:
        return "its wheel is for another Python or platform"
    if digests and not any(digest in entry.digests for digest in digests):
        return "the lock names another file"
    direct_url = render_direct_url(pin.source, digests)
    if entry.origin != ("" if direct_url is None else hashlib.sha256(direct_url).hexdigest()):
        return "it comes from another place"
    return None


def _why_marked(pin: WheelPin, entry: RootEntry) -> str | None:
    if entry.direct == pin.direct:
        return None
    return "it is now asked for directly" if pin.direct else "it is no longer asked for directly"


def same_version(text: str, pin: WheelPin) -> bool:
    """Whether a dist-info's version is the pin's: it may be spelled otherwise (2015.04.28, 1.0.0, 1.0_local)."""
    for spelled in (text, text.replace("_", "+", 1), text.replace("_", "-")):
        try:
            if Version(spelled) == pin.version:
                return True
        except InvalidVersion:
            continue
    return False


def _removes_others(layout: Layout, policy: Policy) -> bool:
    if policy.exact is not None:
        return policy.exact
    return layout.kind is not LayoutKind.INTERPRETER


def _refuse_foreign_forms(
    pin: WheelPin, old: tuple[InstalledDistribution, ...], layout: Layout, policy: Policy
) -> None:
    way_out = "remove it with the tool that installed it"
    if not policy.by_version:  # `siteroot pip` has no such word
        way_out += f", or leave it out with --no-install-package {pin.name}"
    for distribution in old:
        if distribution.foreign_form and layout.kind is LayoutKind.INTERPRETER:
            raise ForeignDistributionError(
                f"{_shown(distribution)} is installed there in a form that holds no list of its"
                f" files ({distribution.foreign_form}), so it cannot be replaced by {pin.version}",
                where=distribution.dist_info,
                hints=(way_out,),
            )


def _refuse_foreign_removal(
    removed: tuple[InstalledDistribution, ...], layout: Layout, policy: Policy
) -> None:
    foreign = [distribution for distribution in removed if not distribution.ours]
    if not foreign or policy.exact:
        return
    names = ", ".join(f"{each.name}=={each.version}" for each in foreign[:5])
    more = f" and {len(foreign) - 5} more" if len(foreign) > 5 else ""
    raise ForeignDistributionError(
        f"the root holds distributions that siteroot did not put there: {names}{more}",
        where=layout.root,
        hints=("--inexact keeps them", "--exact removes them"),
    )
