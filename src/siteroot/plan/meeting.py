"""Where files of several distributions meet: the same path, or paths that some disks take for the same (ROOT.md 2)."""

import re
from collections.abc import Mapping, Sequence

from siteroot.errors import RootError
from siteroot.model.plan import Clobber, DesiredDistribution
from siteroot.model.target import Target

#: A part of a path that Windows cannot hold; parts end at "/", at NUL (between paths) or at the end. ".." may stand.
_NOT_ON_WINDOWS = re.compile(
    r'[<>:"|?*\\]'
    r"|(?<![^/\0])(?:con|prn|aux|nul|com[1-9]|lpt[1-9])(?![^./\0])"
    r"|[^./\0]\.(?![^/\0])"
    r"| (?![^/\0])",
    re.IGNORECASE,
)


class ClobberRefusedError(RootError):
    """Distributions bring different files to one path, or one that the target's disks take for one."""


def find_meetings(
    placed: Sequence[DesiredDistribution],
) -> Mapping[str, tuple[DesiredDistribution, ...]]:
    """Return each path that several distributions bring, with those that do, by name.

    The last of them alone places the file.
    """
    first: dict[str, DesiredDistribution] = {}
    meetings: dict[str, tuple[DesiredDistribution, ...]] = {}
    for distribution in sorted(placed, key=lambda each: each.name):
        for path in distribution_paths(distribution):
            other = first.setdefault(path, distribution)
            if other is not distribution:
                meetings[path] = (*meetings.get(path, (other,)), distribution)
    return meetings


def find_clobbers(meetings: Mapping[str, Sequence[DesiredDistribution]]) -> tuple[Clobber, ...]:
    """Return the paths whose bringers do not agree on the bytes."""
    clobbers = []
    for path, brought_by in sorted(meetings.items()):
        if len({content_key(distribution, path) for distribution in brought_by}) > 1:
            names = tuple(distribution.name for distribution in brought_by)
            clobbers.append(Clobber(path=path, names=names, winner=names[-1]))
    return tuple(clobbers)


def distribution_paths(distribution: DesiredDistribution) -> list[str]:
    """Return every path that the distribution brings."""
    paths = [row[0] for row in distribution.stored]
    paths += [row[0] for row in distribution.rendered]
    return paths


def content_key(distribution: DesiredDistribution, path: str) -> tuple[int, bytes]:
    """Return mode and content (its sha256, or itself where rendered) of one of a distribution's files."""
    for row in distribution.rendered:
        if row[0] == path:
            return row[2], row[1]
    return next((row[3], row[5]) for row in distribution.stored if row[0] == path)


def clobber_warnings(clobbers: Sequence[Clobber]) -> tuple[str, ...]:
    """Return a sentence for each contested path."""
    return tuple(
        f"{' and '.join(clobber.names)} bring different files to {clobber.path}; "
        f"{clobber.winner}'s stands there"
        for clobber in clobbers
    )


def refuse_clobbers(clobbers: Sequence[Clobber]) -> None:
    """Raise ClobberRefusedError naming every contested path (`--strict`)."""
    if not clobbers:
        return
    lines = [f"{clobber.path} ({', '.join(clobber.names)})" for clobber in clobbers[:10]]
    more = [f"and {len(clobbers) - 10} more"] if len(clobbers) > 10 else []
    raise ClobberRefusedError(
        "distributions bring different files to one path: " + "; ".join(lines + more),
        hints=(
            "leave one of them out with --no-install-package",
            "without --strict the last by name wins, with a warning",
        ),
    )


def find_merging_names(paths: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Return pairs of different paths (files and folders) that a case-blind disk takes for one."""
    if len({path.casefold() for path in paths}) == len(paths):
        return ()
    folded: dict[str, str] = {}
    pairs = []
    for path in sorted(set(paths)):
        other = folded.setdefault(path.casefold(), path)
        if other != path:
            pairs.append((other, path))
    return tuple(pairs)


def find_unholdable_names(paths: Sequence[str]) -> tuple[str, ...]:
    """Return the paths that Windows cannot hold: device names, reserved characters, a dot or space at the end."""
    if not _NOT_ON_WINDOWS.search("\0".join(paths)):
        return ()
    return tuple(path for path in paths if _NOT_ON_WINDOWS.search(path))


def judge_names(paths: Sequence[str], target: Target) -> tuple[str, ...]:
    """Return warnings about files and folders whose names other disks merge or refuse.

    Raises ClobberRefusedError where the target's own disks do.
    """
    warnings = []
    merging = find_merging_names(paths)
    if merging:
        listed = "; ".join(f"{one} and {other}" for one, other in merging[:5])
        text = f"a disk that is blind to case takes these for one: {listed}"
        if target.case_blind:
            raise ClobberRefusedError(text, hints=("leave one out with --no-install-package",))
        warnings.append(text)
    unholdable = find_unholdable_names(paths)
    if unholdable:
        text = f"Windows cannot hold these names: {'; '.join(unholdable[:5])}"
        if target.windows:
            raise ClobberRefusedError(text, hints=("leave it out with --no-install-package",))
        warnings.append(text)
    return tuple(warnings)
