"""What every file of a root should be, to compare its bytes with (`--verify`, ROOT.md 8)."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence

from siteroot.formats.record import RecordRow
from siteroot.model.plan import DesiredDistribution

#: (path, algorithm, digest, size, mode): algorithm "" for any bytes, size -1 for any, mode one of ANY, PLACED, 0o644 ...
#: The time of a file that siteroot placed follows from its digest, so that no claim says it.
Claim = tuple[str, str, bytes, int, int]

#: Any mode and any time: of a file that siteroot did not place, or has not placed yet.
ANY = -1
#: Either of the two modes that files of a root have: a RECORD does not say which.
PLACED = -2


def claims_of(placed: DesiredDistribution) -> tuple[Claim, ...]:
    """Return what the files of a distribution are by its wheel."""
    stored = [(row[0], "sha256", row[5], row[2], row[3]) for row in placed.stored]
    stored += [(row[0], "sha256", row[5], row[2], row[3]) for row in placed.compiled]
    rendered = [
        (path, "sha256", hashlib.sha256(content).digest(), len(content), mode)
        for path, content, mode, _ in placed.rendered
    ]
    return (*stored, *rendered)


def claims_of_record(rows: Iterable[RecordRow], mode: int) -> tuple[Claim, ...]:
    """Return what the files of a distribution are by its RECORD."""
    return tuple((path, kind, digest, -1 if size is None else size, mode)
                 for path, kind, digest, size in rows)  # fmt: skip


def without_lost(name: str, claims: Iterable[Claim], winners: Mapping[str, str]) -> list[Claim]:
    """Return the claims without those of paths where another distribution's bytes stand."""
    return [claim for claim in claims if winners.get(claim[0], name) == name]


def find_false_winners(
    claims: Mapping[str, Sequence[Claim]], winners: Mapping[str, str]
) -> set[str]:
    """Return the distributions of which `winners` says what is not so: the last by name has a contested path.

    `claims` are those of all distributions that are kept; of others nothing is said.
    """
    brought: dict[str, dict[str, bytes]] = {}
    for name, rows in claims.items():
        for path, _, digest, _, _ in rows:
            brought.setdefault(path, {})[name] = digest
    false: set[str] = set()
    for path, by_name in brought.items():
        said = winners.get(path)
        if said is not None and said not in by_name:
            if said in claims:  # it does not even bring it
                false.update(by_name)
            continue
        contested = len(set(by_name.values())) > 1
        if said != (max(by_name) if contested else None):
            false.update(by_name)
    return false
