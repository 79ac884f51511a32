"""When a requirement applies, and whether two ways to say it mean the same.

uv.lock holds markers rewritten (`python_version` becomes `python_full_version`, `platform_system == 'Linux'` becomes
`sys_platform == 'linux'`, bounds that requires-python implies are dropped), so texts say little. Two conditions are
taken as the same if they agree in every environment of a grid that is made from the values in both: each version
with its neighbours, each text, and a text that is none of them. What the grid cannot tell is answered by None.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import product

from packaging.markers import Marker
from packaging.version import Version

from siteroot.model.value import dataclass

from .requires_python import PythonBounds

#: How many environments a comparison may try.
_LIMIT = 20_000
#: How many characters of markers it may judge in all: some seconds.
_LONGEST = 40_000_000

_OPERATOR = r"(===|==|~=|!=|<=|>=|<|>|not in|in)"
#: A comparison in a marker's canonical text, either way round; a quote inside a text is not looked through.
_COMPARISON = re.compile(
    rf"""(?:\b([a-z_]+) {_OPERATOR} ("[^"]*"|'[^']*')|("[^"]*"|'[^']*') {_OPERATOR} ([a-z_]+)\b)"""
)
_PYTHON_KEYS = frozenset({"python_version", "python_full_version"})
#: uv takes these for one (the left for the right), and some pairs for impossible.
_SYSTEMS = {"Linux": "linux", "Windows": "win32", "Darwin": "darwin"}
_IMPOSSIBLE = frozenset({("nt", "linux"), ("nt", "darwin"), ("nt", "ios"), ("posix", "win32")})
#: A text that no marker names.
_OTHER = "~other~"


@dataclass(frozen=True, slots=True)
class Condition:
    """All of `holds` hold and none of `fails` does. Without either it always applies."""

    holds: tuple[Marker, ...] = ()
    fails: tuple[Marker, ...] = ()

    def and_also(self, *markers: Marker | None) -> "Condition":
        """Return the condition narrowed by more markers."""
        return Condition((*self.holds, *(each for each in markers if each is not None)), self.fails)

    def and_both(self, other: "Condition") -> "Condition":
        """Return the condition that both hold."""
        return Condition(self.holds + other.holds, self.fails + other.fails)

    def but_not(self, *markers: Marker) -> "Condition":
        """Return the condition without the environments of these markers."""
        return Condition(self.holds, (*self.fails, *markers))

    def text(self) -> str:
        """Return it as one expression, for people."""
        parts = [str(each) for each in self.holds] + [f"not ({each})" for each in self.fails]
        return " and ".join(
            f"({part})" if " or " in part and len(parts) > 1 else part for part in parts
        )


def same_condition(left: Condition, right: Condition, bounds: PythonBounds) -> bool | None:
    """Whether both apply in the same environments within the bounds; None where that cannot be told."""
    if _texts(left) == _texts(right):
        return True
    grid = _grid((left, right), bounds)
    if grid is None:
        return None
    return all(_applies(left, each) == _applies(right, each) for each in grid)


def never_applies(condition: Condition, bounds: PythonBounds) -> bool | None:
    """Whether no environment within the bounds fits; None where that cannot be told."""
    if not condition.holds and not condition.fails:
        return False
    grid = _grid((condition,), bounds)
    return None if grid is None else not any(_applies(condition, each) for each in grid)


def _texts(condition: Condition) -> tuple[frozenset[str], frozenset[str]]:
    return frozenset(map(str, condition.holds)), frozenset(map(str, condition.fails))


def _applies(condition: Condition, environment: Mapping[str, str]) -> bool:
    return all(each.evaluate(environment) for each in condition.holds) and not any(
        each.evaluate(environment) for each in condition.fails
    )


def _grid(conditions: Iterable[Condition], bounds: PythonBounds) -> Iterator[dict[str, str]] | None:
    """Return the environments that tell the conditions apart, None where none would be sure to."""
    values: dict[str, set[str]] = {}
    pythons: set[tuple[int, ...]] = set()
    length = 0
    for condition in conditions:
        for text in map(str, (*condition.holds, *condition.fails)):
            length += len(text)
            if not _collect(text, values, pythons):
                return None
    axes: list[tuple[str, list[str]]] = [
        (key, [*sorted(texts), _OTHER if key != "extra" else ""]) for key, texts in values.items()
    ]
    releases = [each for each in sorted(_with_neighbours(pythons)) if bounds.admit(each)]
    if pythons:
        axes.append(("python_full_version", [".".join(map(str, each)) for each in releases]))
    size = 1
    for _, texts in axes:
        size *= len(texts)
    if size > _LIMIT or size * length > _LONGEST:
        return None
    return filter(_possible, map(_environment, _combinations(axes)))


def _combinations(axes: list[tuple[str, list[str]]]) -> Iterator[dict[str, str]]:
    keys = [key for key, _ in axes]
    for chosen in product(*(texts for _, texts in axes)):
        yield dict(zip(keys, chosen, strict=True))


def _collect(marker: str, values: dict[str, set[str]], pythons: set[tuple[int, ...]]) -> bool:
    """Take up a marker's keys and values. False where they cannot be read for sure."""
    extras: set[str] = set()
    rest = _COMPARISON.sub("", marker)
    if '"' in rest or "'" in rest:
        return False
    for key, before, after, reversed_after, reversed_before, reversed_key in _COMPARISON.findall(
        marker
    ):
        name, operator = key or reversed_key, before or reversed_before
        text = (after or reversed_after)[1:-1]
        if name in _PYTHON_KEYS:
            releases = [_releases(name, one) for one in re.split(r"[\s,|]+", text) if one]
            if not releases or None in releases:
                return False
            pythons.update(release for each in releases if each for release in each)
        elif operator in ("<", ">", "<=", ">=", "~=", "==="):
            return False  # an order of texts, which the grid has no neighbours for
        elif name == "extra":
            extras.add(text)
            values.setdefault("extra", set()).add(text)
        else:
            name, text = (
                ("sys_platform", _SYSTEMS[text])
                if name == "platform_system" and text in _SYSTEMS
                else (name, text)
            )
            values.setdefault(name, set()).update(_strings(text) if "in" in operator else {text})
    return len(extras) < 2  # uv lets several extras be true at once, the grid does not


def _strings(text: str) -> set[str]:
    """Return texts that tell "is in this" and "has this in it" from "is this"."""
    words = {text, *re.split(r"[\s,|]+", text)}
    return words | {f"{each}2" for each in words} | {each[:-1] for each in words}


def _releases(key: str, text: str) -> tuple[tuple[int, ...], ...] | None:
    """Return where a comparison with this version can change its answer, None for what is no plain release."""
    wild = text.endswith(".*")
    try:
        release = Version(text.removesuffix(".*")).release
    except ValueError:
        return None
    if len(release) > 3:
        return None
    low = (*release, 0, 0)[:3]
    if not wild and key == "python_full_version":
        # the bump is for ~=, which ends where the part before the last is next
        return (low, (*release[:-2], release[-2] + 1, 0, 0)[:3]) if len(release) > 1 else (low,)
    bumped = (*release[:-1], release[-1] + 1)
    ends = [(*bumped, 0, 0)[:3]]
    if key == "python_version":
        ends.append((*release[:1], (*release, 0)[1] + 1, 0))
    if len(release) > 1:
        ends.append((*release[:-2], release[-2] + 1, 0, 0)[:3])
    return low, *ends


def _with_neighbours(releases: set[tuple[int, ...]]) -> set[tuple[int, ...]]:
    """Return each release, the next one, and the one before: a point in every stretch between two of them."""
    near: set[tuple[int, ...]] = set()
    for major, minor, micro in ((*each, 0, 0)[:3] for each in releases):
        near |= {(major, minor, micro), (major, minor, micro + 1)}
        if micro:
            near.add((major, minor, micro - 1))
        elif minor:
            near.add((major, minor - 1, 9999))
        elif major:
            near.add((major - 1, 9999, 9999))
    return near


def _environment(chosen: dict[str, str]) -> dict[str, str]:
    """Fill up a choice to an environment that hangs together."""
    python = chosen.get("python_full_version", "3.12.0")
    platform = chosen.get("sys_platform", _OTHER)
    system = {known: name for name, known in _SYSTEMS.items()}.get(platform)
    environment = dict.fromkeys(
        ("os_name", "platform_machine", "platform_python_implementation", "platform_release",
         "platform_version", "implementation_name", "implementation_version"), _OTHER,
    )  # fmt: skip
    environment |= {"extra": "", "platform_system": _OTHER, **chosen}
    if system is not None:
        environment["platform_system"] = system
    return environment | {
        "sys_platform": platform,
        "python_full_version": python,
        "python_version": ".".join(python.split(".")[:2]),
    }


def _possible(environment: Mapping[str, str]) -> bool:
    pair = (environment["os_name"], environment["sys_platform"])
    return pair not in _IMPOSSIBLE
