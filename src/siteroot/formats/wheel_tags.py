"""Which of several wheels fits a target best (PyPA "Platform compatibility tags"; uv's order among those that fit)."""

import re
from collections.abc import Iterable, Sequence
from enum import Enum
from itertools import product

from packaging.utils import BuildTag, parse_wheel_filename

from siteroot.model.lock import LockedFile
from siteroot.model.target import Target
from siteroot.model.value import dataclass

#: Stands for a name's tags where they need not be multiplied.
_PLAIN_TAGS = "py3-none-any.whl"
#: The releases 2.N of glibc that `--python-platform` has names for, and the machines.
GLIBC_MINORS = (17, 28, *range(31, 41))
GLIBC_MACHINES = ("x86_64", "aarch64")
_GLIBC_TAG = r"manylinux_2_([0-9]{1,3})_(.+)"
_LISTED = 5  # wheels in a message
_LONGEST = 120  # characters of a part of a name in a message


class Unfitness(Enum):
    """What is in the way of a wheel."""

    NAME = "its name is not a wheel's"
    PYTHON = "it is for another Python"
    ABI = "it is for another ABI"
    PLATFORM = "it is for another platform"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """A wheel that can be used. `rank` is the place of its best tag among the target's, 0 the best."""

    rank: int
    build: BuildTag


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfit:
    """A wheel that cannot be used. `detail` names the wheel's tags and the best ones that the target takes."""

    reason: Unfitness
    detail: str

    def __str__(self) -> str:
        return f"{self.reason.value} ({self.detail})"


class WheelTags:
    """A target's wheel tags, looked up by place. One is made for a whole selection: it remembers what it was asked."""

    def __init__(self, tags: Sequence[str]) -> None:
        self._places = {tag: place for place, tag in enumerate(tags)}
        split = [tag.split("-", 2) for tag in tags]
        self._parts = tuple(frozenset(parts) for parts in zip(*split, strict=True)) or (
            (frozenset[str](),) * 3
        )
        self._pairs = frozenset((python, abi) for python, abi, _ in split)
        self.best = tuple(split[0]) if split else ("none", "none", "any")
        self._ranks: dict[str, int | None] = {}

    def rank(self, tags: str) -> int | None:
        """Return the place of the best of a wheel's (compressed) tags, None where the target takes none of them."""
        if tags not in self._ranks:
            self._ranks[tags] = min(self._places_of(tags), default=None)
        return self._ranks[tags]

    def _places_of(self, tags: str) -> Iterable[int]:
        pythons, abis, platforms = self._known(tags)
        return (
            self._places[tag]
            for python in pythons
            for abi in abis
            for platform in platforms
            if (tag := f"{python}-{abi}-{platform}") in self._places
        )

    def _known(self, tags: str) -> list[frozenset[str]]:
        """Return what the target knows of each part: a name may list so many that their product has no end."""
        parts = tags.lower().split("-")
        return [
            known.intersection(part.split("."))
            for known, part in zip(self._parts, parts, strict=True)
        ]

    def explain(self, tags: str) -> Unfit:
        """Return why the target takes none of a wheel's tags."""
        pythons, abis, platforms = tags.lower().split("-")
        best_python, best_abi, best_platform = self.best
        known_pythons, known_abis, _ = self._known(tags)
        if self._pairs.isdisjoint(product(known_pythons, known_abis)):
            # an ABI that bears its Python's name (cp310) is no other ABI, but another Python's
            owned = all(
                abi.startswith(python) and python != best_python
                for python in set(pythons.split("."))
                for abi in set(abis.split("."))
            )
            if owned or not known_pythons:
                return _unfit(Unfitness.PYTHON, pythons, best_python)
            return _unfit(Unfitness.ABI, abis, best_abi)
        return _unfit(Unfitness.PLATFORM, platforms, best_platform)


def _unfit(reason: Unfitness, found: str, best: str) -> Unfit:
    return Unfit(reason=reason, detail=f"{shorten(found)}; the target takes {best} at best")


def shorten(text: str) -> str:
    """Return a text as a message may show it: what a lock says may be of any length."""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def describe_target(target: Target) -> str:
    """Return what messages call a target ("CPython 3.12 on linux (manylinux_2_28_x86_64)")."""
    implementation = target.markers["platform_python_implementation"]
    threaded = "t" if target.free_threaded else ""
    platform = WheelTags(target.tags).best[2]
    return f"{implementation} {target.python_version}{threaded} on {target.markers['sys_platform']} ({platform})"


def screen_wheel(filename: str, tags: WheelTags) -> Fit | Unfit:
    """Return how well a wheel fits, or why it does not."""
    compressed = _compressed_tags(filename)
    rank = None if compressed is None else tags.rank(compressed)
    if compressed is not None and rank is None:
        return tags.explain(compressed)
    head = filename if compressed is None else f"{filename[: -len(compressed) - 4]}{_PLAIN_TAGS}"
    try:
        _, _, build, _ = parse_wheel_filename(head)
    except ValueError as error:  # InvalidWheelFilename, or a build number of thousands of digits
        return Unfit(reason=Unfitness.NAME, detail=shorten(str(error)))
    return Fit(rank=rank or 0, build=build)


def explain_wheels(files: Iterable[LockedFile], tags: WheelTags) -> tuple[str, ...]:
    """Return a line for each wheel that does not fit, its name and why: the nearest ones, and how many more there are."""
    unfit = _unfit_wheels(files, tags)
    lines = [f"{shorten(name)}: {verdict}" for name, verdict in unfit[:_LISTED]]
    more = len(unfit) - _LISTED
    return (*lines, f"and {more} more, which are no nearer") if more > 0 else tuple(lines)


def nearest_platform(files: Iterable[LockedFile], tags: WheelTags) -> str | None:
    """Return the `--python-platform` of the oldest glibc that one of the wheels would do for, which now does not fit."""
    system, _, machine = tags.best[2].partition("_2_")
    machine = machine.partition("_")[2]
    if system != "manylinux" or machine not in GLIBC_MACHINES:
        return None
    minors = [
        int(found[1])
        for name, verdict in _unfit_wheels(files, tags)
        if verdict.reason is Unfitness.PLATFORM
        for platform in name.removesuffix(".whl").rpartition("-")[2].split(".")
        if (found := re.fullmatch(_GLIBC_TAG, platform)) and found[2] == machine
    ]
    named = (each for each in GLIBC_MINORS if minors and each >= min(minors))
    return next((f"{machine}-manylinux_2_{minor}" for minor in named), None)


def _unfit_wheels(files: Iterable[LockedFile], tags: WheelTags) -> list[tuple[str, Unfit]]:
    """Return the names of the wheels that do not fit, those first that lack the least."""
    order = (Unfitness.PLATFORM, Unfitness.ABI, Unfitness.PYTHON, Unfitness.NAME)
    screened = ((file.filename, screen_wheel(file.filename, tags)) for file in files)
    unfit = [(name, verdict) for name, verdict in screened if isinstance(verdict, Unfit)]
    return sorted(unfit, key=lambda each: order.index(each[1].reason))


def rank_wheels(files: Iterable[LockedFile], tags: WheelTags) -> tuple[LockedFile, ...]:
    """Return the wheels that fit, best first: by tag, then by the higher build tag, then as they were given."""
    fits: list[tuple[Fit, LockedFile]] = []
    for file in files:
        compressed = _compressed_tags(file.filename)
        # most wheels are for other targets: their names are not worth parsing
        if compressed is not None and tags.rank(compressed) is not None:
            fit = screen_wheel(file.filename, tags)
            if isinstance(fit, Fit):
                fits.append((fit, file))
    fits.sort(key=lambda pair: pair[0].build, reverse=True)
    fits.sort(key=lambda pair: pair[0].rank)
    return tuple(file for _, file in fits)


def _compressed_tags(filename: str) -> str | None:
    """Return the last three parts of a wheel's name ("cp312-abi3-manylinux1_x86_64.manylinux2014_x86_64")."""
    if not filename.endswith(".whl"):
        return None
    parts = filename[:-4].rsplit("-", 3)
    return "-".join(parts[1:]) if len(parts) == 4 else None
