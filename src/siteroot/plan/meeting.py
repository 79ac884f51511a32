"""Where files of several distributions meet: the same path, or paths that some disks take for the same (ROOT.md 2)."""

import hashlib
import re
from collections.abc import Collection, Iterable, Mapping, Sequence

from siteroot.errors import RootError
from siteroot.model.plan import Clobber, DesiredDistribution
from siteroot.model.target import Target

from .paths import Tree, folders_of, is_bytecode_of

#: What no file of Windows may be called, whatever follows a first dot, and what none may hold.
_DEVICES = frozenset(
    ("con", "prn", "aux", "nul", *[f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10)])
)
_SIGNS = '<>:"|?*\\'

#: A part of a path that Windows cannot hold; parts end at "/", at NUL (between paths) or at the end. ".." may stand.
_NOT_ON_WINDOWS = (
    r'(?i)[<>:"|?*\\]'
    r"|(?<![^/\0])(?:con|prn|aux|nul|com[1-9]|lpt[1-9])(?![^./\0])"
    r"|[^./\0]\.(?![^/\0])"
    r"| (?![^/\0])"
)

_LEAVE_OUT = "leave one of them out; a sync does that with --no-install-package"


class ClobberRefusedError(RootError):
    """Distributions bring different files to one path, or one that the target's disks take for one."""


def tree_of_placed(placed: Iterable[DesiredDistribution]) -> Tree:
    """Return the files that the distributions bring."""
    kinds = [rows for each in placed for rows in (each.stored, each.rendered, each.compiled)]
    return Tree(*[[row[0] for row in rows] for rows in kinds])


def find_meetings(
    placed: Sequence[DesiredDistribution], paths: Collection[str]
) -> Mapping[str, tuple[DesiredDistribution, ...]]:
    """Return each path that several distributions bring, with those that do, by name.

    The last of them alone places the file. `paths` are all that they bring.
    """
    meetings: dict[str, tuple[DesiredDistribution, ...]] = {}
    if len(paths) == sum(len(each.paths) for each in placed):
        return meetings
    first: dict[str, DesiredDistribution] = {}
    for distribution in sorted(placed, key=lambda each: each.name):
        for path in distribution.paths:
            other = first.setdefault(path, distribution)
            if other is not distribution:
                meetings[path] = (*meetings.get(path, (other,)), distribution)
    return meetings


def find_clobbers(meetings: Mapping[str, Sequence[DesiredDistribution]]) -> tuple[Clobber, ...]:
    """Return the paths whose bringers do not agree on the bytes."""
    clobbers = []
    involved = {each.name: each for brought_by in meetings.values() for each in brought_by}
    contents = {name: contents_of(each) for name, each in involved.items()}
    for path, brought_by in sorted(meetings.items()):
        if len({contents[distribution.name][path] for distribution in brought_by}) > 1:
            names = tuple(distribution.name for distribution in brought_by)
            clobbers.append(Clobber(path=path, names=names, winner=names[-1]))
    return tuple(clobbers)


def contents_of(distribution: DesiredDistribution) -> Mapping[str, tuple[int, bytes]]:
    """Return mode and sha256 of each of a distribution's files."""
    contents = {row[0]: (row[3], row[5]) for row in (*distribution.stored, *distribution.compiled)}
    for path, content, mode, _ in distribution.rendered:
        contents[path] = mode, hashlib.sha256(content).digest()
    return contents


def clobber_warnings(clobbers: Sequence[Clobber]) -> tuple[str, ...]:
    """Return a sentence for each contested path; bytecode goes without saying where its module is named."""
    modules = {clobber.path for clobber in clobbers}
    return tuple(
        f"{' and '.join(clobber.names)} bring different files to {clobber.path}; "
        f"{clobber.winner}'s stands there"
        for clobber in clobbers
        if not is_bytecode_of(clobber.path, modules)
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
            _LEAVE_OUT,
            "without --strict the last by name wins, with a warning",
        ),
    )


def refuse_crossings(crossed: Collection[str], placed: Sequence[DesiredDistribution]) -> None:
    """Raise ClobberRefusedError where there are paths that would have to be a file and a folder at once."""
    if not crossed:
        return
    lines = []
    for path in sorted(crossed)[:10]:
        files = [each.name for each in placed if path in each.paths]
        above = [each.name for each in placed if path in folders_of(each.paths)]
        file = " and ".join(files) or "a distribution that stays"
        folder = " and ".join(above) or "a distribution that stays"
        lines.append(f"{path} (a file of {file}, a folder of {folder})")
    raise ClobberRefusedError(
        "one distribution's file is another's folder: " + "; ".join(lines),
        hints=(_LEAVE_OUT,),
    )


def find_merging_names(paths: Collection[str]) -> tuple[tuple[str, str], ...]:
    """Return pairs of different paths (files and folders) that a case-blind disk takes for one."""
    known = {path.casefold() for path in paths}
    if len(known) == len(paths) and all(map(str.isascii, known)):
        return ()
    from siteroot.formats.member_names import fold_name  # noqa: PLC0415 - few roots need its patterns

    folded: dict[str, str] = {}
    pairs = []
    for path in sorted(set(paths)):
        other = folded.setdefault(fold_name(path), path)
        if other != path:
            pairs.append((other, path))
    return tuple(pairs)


def find_unholdable_names(paths: Collection[str]) -> tuple[str, ...]:
    """Return the paths that Windows cannot hold: device names, reserved characters, a dot or space at the end.

    `paths` are files and all folders above them, so that the last name of each is enough to see that there is nothing.
    """
    names = {path.rpartition("/")[2] for path in paths}
    text = "\0".join(names) + "\0"
    if not (
        any(sign in text for sign in (*_SIGNS, ".\0", " \0"))
        or _DEVICES.intersection([name.partition(".")[0].lower() for name in names])
    ):
        return ()
    return tuple(sorted(path for path in paths if re.search(_NOT_ON_WINDOWS, path)))


def judge_names(new: set[str], together: set[str], target: Target) -> tuple[str, ...]:
    """Return warnings about placed files and their folders whose names other disks merge or refuse.

    `new` are those files and folders, `together` are those of all distributions: what stays may meet what comes.
    Raises ClobberRefusedError where the target's own disks merge or refuse.
    """
    if not new:
        return ()
    warnings = []
    merging = [pair for pair in find_merging_names(together) if not new.isdisjoint(pair)]
    if merging:
        from siteroot.formats.member_names import show_twins  # noqa: PLC0415 - as above

        listed = "; ".join(show_twins(*pair) for pair in merging[:5])
        text = f"a disk that is blind to case takes these for one: {listed}"
        if target.case_blind:
            raise ClobberRefusedError(text, hints=(_LEAVE_OUT,))
        warnings.append(text)
    unholdable = find_unholdable_names(new)
    if unholdable:
        text = f"Windows cannot hold these names: {'; '.join(unholdable[:5])}"
        if target.windows:
            raise ClobberRefusedError(text, hints=(_LEAVE_OUT,))
        warnings.append(text)
    return tuple(warnings)
