"""Whether a lock's markers hold for a target, with a set of conflict names taken as true.

A lock says which extra, group or project a forked dependency belongs to by `extra == "extra-4-cons-x"`: names that
PEP 508 knows nothing of. Every such atom is replaced by one that is always true or always false, and packaging judges
the rest. Like uv, versions of Python are compared by their release alone (a beta of 3.15 counts as 3.15), and strings
by their characters, `platform_release` among them.
"""

import ast
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet

from packaging.markers import Marker
from packaging.version import Version

from siteroot.errors import SelectionError

_ATOM = re.compile(
    r"""("[^"]*"|'[^']*'|\w+) (===|~=|==|!=|<=|>=|<|>|not in|in) ("[^"]*"|'[^']*'|\w+)"""
)
_RELEASE = re.compile(r"\d+(?:\.\d+)*")
_TRUE = 'python_version >= "0"'
_FALSE = 'python_version < "0"'
_ORDERED: Mapping[str, Callable[[str, str], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_EQUAL: Mapping[str, Callable[[str, str], bool]] = {"==": operator.eq, "!=": operator.ne}
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_VERSIONS = ("python_version", "python_full_version", "implementation_version")


class UnusableMarkerError(SelectionError):
    """A marker compares what cannot be compared."""


def extra_name(package: str, extra: str) -> str:
    """Return what a lock's markers call a package's extra."""
    return f"extra-{len(package.encode())}-{package}-{extra}"


def group_name(package: str, group: str) -> str:
    """Return what a lock's markers call a package's dependency group."""
    return f"group-{len(package.encode())}-{package}-{group}"


def project_name(package: str) -> str:
    """Return what a lock's markers call a project that is itself selected."""
    return f"project-{len(package.encode())}-{package}"


def release_of(version: str) -> Version:
    """Return the release of a Python's version, which is what locks are compared with ("3.15.0b1": 3.15.0)."""
    match = _RELEASE.match(version)
    return Version(match[0] if match else "0")


def without_extras(text: str) -> str:
    """Return what is left of a marker, as `str` renders it, once an extra that it asks for is there; "" for nothing.

    Parts of `and` and `or` are sorted, so that markers that say the same in another order are equal. Raises
    UnusableMarkerError where it is nested too deep.
    """
    atoms: list[str] = []

    def name(atom: re.Match[str]) -> str:
        key, _, sign = _oriented(*atom.groups())
        if key == "extra":
            return "False" if sign == "!=" else "True"
        atoms.append(atom[0])
        return f"a{len(atoms) - 1}"

    try:  # named atoms, `and`, `or` and parentheses are an expression of Python too
        left = _left_of(ast.parse(_ATOM.sub(name, text), mode="eval").body, atoms)
    except (SyntaxError, RecursionError, MemoryError) as error:
        raise UnusableMarkerError(f"the marker `{text[:80]}…` is nested too deep") from error
    return left if isinstance(left, str) else "" if left else _FALSE


def _left_of(part: ast.expr, atoms: Sequence[str]) -> str | bool:
    match part:
        case ast.Name(id=name):
            return atoms[int(name[1:])]
        case ast.Constant(value=bool(value)):
            return value
        case ast.BoolOp(op=joint, values=values):
            word, neutral = ("and", True) if isinstance(joint, ast.And) else ("or", False)
            lefts = [_left_of(value, atoms) for value in values]
            if (not neutral) in lefts:
                return not neutral
            texts = sorted({left for left in lefts if isinstance(left, str)})
            if len(texts) > 1:
                return f" {word} ".join(f"({text})" if " or " in text else text for text in texts)
            return texts[0] if texts else neutral
        case _:
            raise UnusableMarkerError(f"the marker has a part that is none: {ast.unparse(part)}")


class TargetMarkers:
    """Answers markers for one target. Each text is judged once for each set of names that it speaks of."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = dict(environment) | {
            key: str(release_of(environment[key]))
            for key in ("python_version", "python_full_version")
        }
        self._names: dict[str, frozenset[str]] = {}
        self._verdicts: dict[tuple[str, frozenset[str]], bool] = {}
        self._judged: dict[str, bool] = {_TRUE: True, _FALSE: False}

    @property
    def environment(self) -> Mapping[str, str]:
        """The target's PEP 508 environment, as locks see it."""
        return self._environment

    def holds(self, marker: Marker | None, names: AbstractSet[str] = frozenset()) -> bool:
        """Whether the marker is true; None always is."""
        return marker is None or self.holds_text(str(marker), names)

    def holds_text(self, text: str, names: AbstractSet[str] = frozenset()) -> bool:
        """Whether a marker, as `str` renders it, is true."""
        mentioned = self.names_in(text)
        key = (text, mentioned & names if mentioned else mentioned)
        verdict = self._verdicts.get(key)
        if verdict is None:
            verdict = self._verdicts[key] = self._judge(text, key[1])
        return verdict

    def names_in(self, text: str) -> frozenset[str]:
        """Return the conflict names that a marker, as `str` renders it, speaks of."""
        names = self._names.get(text)
        if names is None:
            names = frozenset(_names_in(text)) if "extra" in text else frozenset()
            self._names[text] = names
        return names

    def _judge(self, text: str, names: AbstractSet[str]) -> bool:
        """Judge each atom by itself: of thousands of markers there are a dozen then, for `and` and `or` to join."""
        try:
            return self._ask(_ATOM.sub(lambda atom: self._settled(atom, names), text))
        except (ValueError, KeyError) as error:
            raise UnusableMarkerError(
                f"the marker `{text}` cannot be evaluated: {error}"
            ) from error

    def _ask(self, text: str) -> bool:
        """Return what packaging says of a marker."""
        verdict = self._judged.get(text)
        if verdict is None:
            marker = Marker(text)
            verdict = marker.evaluate(self._environment, context="requirement")
            self._judged[text] = verdict
        return verdict

    def _settled(self, atom: re.Match[str], names: AbstractSet[str]) -> str:
        left, sign, right = atom.groups()
        key, value, sign = _oriented(left, sign, right)
        if key == "extra" and sign in _EQUAL:
            return _TRUE if (value in names) is (sign == "==") else _FALSE
        compare = _ORDERED.get(sign) or _EQUAL.get(sign)
        if key in _VERSIONS or key not in self._environment or compare is None:
            return _TRUE if self._ask(atom[0]) else _FALSE
        return _TRUE if compare(self._environment[key], value) else _FALSE


def _oriented(left: str, sign: str, right: str) -> tuple[str, str, str]:
    if left[0] in "\"'":
        return right, left[1:-1], _MIRRORED.get(sign, sign)
    return left, right[1:-1] if right[0] in "\"'" else right, sign


def _names_in(text: str) -> list[str]:
    atoms = (_oriented(*atom) for atom in _ATOM.findall(text))
    return [value for key, value, _ in atoms if key == "extra"]
