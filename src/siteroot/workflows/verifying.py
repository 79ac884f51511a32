"""`--verify`: every byte of a root against what was placed, and of what is placed against what was stored (ROOT.md 8).

What a file should be is known from its wheel where the store has that, else from its distribution's RECORD, whose own
hash `.siteroot.json` has.
"""

from collections.abc import Iterable, Mapping, Sequence

from siteroot.model.event import Note, Warned
from siteroot.model.layout import Layout
from siteroot.model.outcome import NO_EFFORT, Effort
from siteroot.model.pin import WheelPin
from siteroot.model.plan import DesiredDistribution
from siteroot.model.reserved import STATE_FILE
from siteroot.model.root import InstalledDistribution, Inventory
from siteroot.plan.claims import (
    ANY,
    PLACED,
    Claim,
    claims_of,
    claims_of_record,
    find_false_winners,
    without_lost,
)
from siteroot.plan.diff import Desire, entry_of
from siteroot.plan.owned import own_paths
from siteroot.plan.paths import folders_of, is_ascent
from siteroot.plan.triage import Triage, want_again
from siteroot.ports import Clock, Reporter
from siteroot.root.inventory import read_records
from siteroot.root.placing import PoisonedError
from siteroot.root.verify import Damage, find_damage, find_wrong_folders


class Verifier:
    """Verifies one root, whose inventory is at hand.

    `damages` are the damaged files that were found, by distribution, `own_anew` files of ours to be written anew,
    `effort` is what was read.
    """

    def __init__(
        self,
        layout: Layout,
        inventory: Inventory,
        *,
        links_are_files: bool,
        reporter: Reporter,
        clock: Clock,
    ) -> None:
        self._layout = layout
        self._inventory = inventory
        self._winners = {} if inventory.state is None else inventory.state.winners
        self._links = links_are_files
        self._reporter = reporter
        self._clock = clock
        self.damages: dict[str, tuple[str, ...]] = {}
        self.own_anew: frozenset[str] = frozenset()
        self.effort = NO_EFFORT

    def judge(self, triage: Triage, placed: Mapping[str, DesiredDistribution]) -> Triage:
        """Return the triage with the kept distributions that are not as they were placed to be placed anew.

        `placed` are those whose wheels are at hand. Tells of what cannot be mended here, and of what is not known.
        """
        if not self._inventory.exists:
            return triage
        olds = [old for _, old in triage.kept]
        claims = self._claims(olds, placed)
        for name, found in self._compare(claims).items():
            self.damages[name] = tuple(path for path, _ in found)
        for pin, old in triage.kept:
            if pin.name in placed and not _is_entry(old, placed[pin.name], pin):
                self._add(pin.name, STATE_FILE, f"it says of {pin.name} what is not so")
        for name in sorted(find_false_winners(claims, self._winners)):
            self._add(name, STATE_FILE, f"it says of {name} whose bytes stand where, and is wrong")
        self._judge_own()
        self._judge_left([old for old in triage.left if not old.foreign_form])
        self._judge_folders(olds)
        known = placed.keys() | self.damages.keys()
        self._tell_unknown(pin for pin, _ in triage.kept if pin.name not in known)
        return want_again(triage, set(self.damages), "it is not as it was placed")

    def complete(self, desire: Desire) -> None:
        """Find what is damaged of distributions that a plain sync places anew too: something of them is missing.

        Raises PoisonedError where the store's files, which are to be placed, are not what was stored.
        """
        claims = {}
        state = self._inventory.state
        for wanted, placed in zip(desire.triage.wanted, desire.placed, strict=True):
            known = state is not None and placed.name in state.distributions
            if placed.name in self.damages or not known or len(wanted.old) != 1:
                continue
            old = wanted.old[0]
            if old.version == placed.version and (old.missing or old.entry is None):
                claims[placed.name] = claims_of(placed)
        for name, found in self._compare(claims).items():
            self.damages[name] = tuple(path for path, _ in found)
        _require_stored(desire.placed)

    def _claims(
        self, olds: Sequence[InstalledDistribution], placed: Mapping[str, DesiredDistribution]
    ) -> dict[str, tuple[Claim, ...]]:
        records = read_records(
            self._layout,
            [old for old in olds if old.name not in placed],
            links_are_files=self._links,
        )
        claims = {}
        for old in olds:
            if old.name in placed:
                claims[old.name] = claims_of(placed[old.name])
            else:
                claims[old.name] = claims_of_record(records[old.dist_info], PLACED)
        return claims

    def _compare(self, claims: Mapping[str, Sequence[Claim]]) -> dict[str, list[Damage]]:
        """Return what is damaged, by distribution, and tell each file's reason."""
        by_path: dict[str, str] = {}
        all_claims: list[Claim] = []
        for name, rows in claims.items():
            standing = without_lost(name, rows, self._winners)
            all_claims += [claim for claim in standing if claim[0] not in by_path]
            by_path.update((claim[0], name) for claim in standing)
        damages: dict[str, list[Damage]] = {}
        for path, why in self._read(all_claims):
            self._reporter.report(Note(f"{path}: {why}"))
            damages.setdefault(by_path[path], []).append((path, why))
        return damages

    def _read(self, claims: Sequence[Claim]) -> list[Damage]:
        if not claims:
            return []
        began = self._clock.monotonic()
        found, size = find_damage(self._layout.root, claims, follow=self._links)
        before = self.effort
        self.effort = Effort(
            count=before.count + len(claims),
            size=before.size + size,
            seconds=before.seconds + self._clock.monotonic() - began,
        )
        return found

    def _add(self, name: str, path: str, why: str) -> None:
        self._reporter.report(Note(f"{path}: {why}"))
        self.damages[name] = (*self.damages.get(name, ()), path)

    def _judge_own(self) -> None:
        """Our own files have the right bytes, or are not ours; their modes and times are to be seen."""
        if self._inventory.state is None:
            return
        ours = {**own_paths(self._inventory), STATE_FILE: self._inventory.digests[STATE_FILE]}
        found = self._read(
            [(path, "sha256", bytes.fromhex(digest), -1, 0o644) for path, digest in ours.items()]
        )
        for path, why in found:
            self._reporter.report(Note(f"{path}: {why}"))
        self.own_anew = frozenset(path for path, _ in found)

    def _judge_left(self, left: Sequence[InstalledDistribution]) -> None:
        records = read_records(self._layout, left, links_are_files=self._links)
        claims = {old.name: claims_of_record(records[old.dist_info], ANY) for old in left}
        versions = {old.name: old.version for old in left}
        for name, found in self._compare(claims).items():
            paths = [path for path, _ in found]
            more = f" and {len(paths) - 3} more" if len(paths) > 3 else ""
            self._reporter.report(
                Warned(
                    f"{name}=={versions[name]}: not as its RECORD says: {', '.join(paths[:3])}{more};"
                    " it is not selected, so it stays as it is"
                )
            )

    def _judge_folders(self, olds: Iterable[InstalledDistribution]) -> None:
        if not self._layout.movable:  # an interpreter's own
            return
        folders = folders_of({path for old in olds for path in old.files})
        ours = sorted(folder for folder in folders if folder and not is_ascent(folder))
        for path, why in find_wrong_folders(self._layout.root, ours):
            self._reporter.report(Warned(f"{path}: {why}; `chmod 0755` mends it"))

    def _tell_unknown(self, pins: Iterable[WheelPin]) -> None:
        names = sorted(pin.name for pin in pins)
        if not names:
            return
        more = f" and {len(names) - 5} more" if len(names) > 5 else ""
        self._reporter.report(
            Warned(
                "compared with the RECORD in the root alone, since the cache does not have the wheel:"
                f" {', '.join(names[:5])}{more}"
            )
        )


def _require_stored(placed: Iterable[DesiredDistribution]) -> None:
    """Raise PoisonedError unless each stored file that is to be placed has the bytes that were stored.

    One that was edited through a root that shares it by hard link may look as it did.
    """
    poisoned = []
    for each in placed:
        for folder, rows in (
            (each.wheel.folder, each.stored),
            (each.wheel.bytecode_folder, each.compiled),
        ):
            if not rows:
                continue
            claims = [(row[1], "sha256", row[5], row[2], ANY) for row in rows]
            found, _ = find_damage(folder, claims)
            poisoned += [(each.wheel.label, folder, path) for path, _ in found]
    if poisoned:
        raise PoisonedError(poisoned)


def _is_entry(old: InstalledDistribution, placed: DesiredDistribution, pin: WheelPin) -> bool:
    """Whether what `.siteroot.json` says of a distribution is what its wheel comes to; digests may be more."""
    entry, right = old.entry, entry_of(placed, pin.artifact.file.digests)
    if entry is None:
        return False
    return placed.wheel.digest in entry.digests and (
        entry.version,
        entry.dist_info,
        entry.direct,
        entry.origin,
        entry.bytecode,
    ) == (right.version, right.dist_info, right.direct, right.origin, right.bytecode)
