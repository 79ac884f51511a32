"""Finds a Python that was asked for, in uv's order, and says where it looked when there is none.

1. conda's base            where it is active
2. managed installations   UV_PYTHON_INSTALL_DIR, else uv's own folder; the newest first
3. the search path         UV_PYTHON_SEARCH_PATH, else PATH; in each folder the most telling name first
4. pyenv's versions        not uv's: for when its shims answer for another version only
5. the running Python      not uv's: it may be on no path at all

UV_PYTHON_PREFERENCE moves 2 behind the others, or takes it or them away. Virtual environments are passed over, as in
`uv sync`, and taken only where there is nothing else. Nothing is downloaded.
"""

import os
import stat
from collections.abc import Callable, Iterator, Mapping
from enum import Enum

from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from siteroot.errors import TargetError
from siteroot.model.target import Target
from siteroot.model.value import dataclass

from .looks import DISK, Looks
from .probe import Unusable, probe_interpreter, try_interpreter
from .requests import NameRequest, PathRequest, VersionRequest, parse_request, satisfies

_EXE = ".exe" if os.name == "nt" else ""
_BIN = "Scripts" if os.name == "nt" else "bin"


class Preference(Enum):
    """Whether uv's managed Pythons are looked at, as `--python-preference` names it."""

    ONLY_MANAGED = "only-managed"
    MANAGED = "managed"
    SYSTEM = "system"
    ONLY_SYSTEM = "only-system"


class Place(Enum):
    """Where a Python was found."""

    GIVEN = "at the path that was given"
    CONDA = "in conda's base environment"
    MANAGED = "among the managed installations"
    SEARCH_PATH = "on the search path"
    PYENV = "among pyenv's versions"
    RUNNING = "as the Python that runs siteroot"


class PythonNotFoundError(TargetError):
    """There is no Python like the one that was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Where Pythons are looked for."""

    folder: str  # absolute: where relative paths lie
    variables: Mapping[str, str]  # of the environment
    running: str  # the executable that runs siteroot
    cache_folder: str | None
    preference: Preference = Preference.MANAGED
    looks: Looks = DISK


@dataclass(frozen=True, slots=True)
class Found:
    """A Python that is what was asked for."""

    target: Target
    place: Place


@dataclass(frozen=True, slots=True)
class Seen:
    """An executable that was looked at and not taken. `what` as "Python 3.11.2" or what was wrong with it."""

    executable: str
    what: str


@dataclass(frozen=True, slots=True)
class NotFound:
    """Nothing was found: what was looked for, where, and what was there instead."""

    wanted: str
    places: tuple[str, ...]
    seen: tuple[Seen, ...]
    managed_only: bool = False

    def error(self) -> PythonNotFoundError:
        """Return the error that tells all of it."""
        among = "among the Pythons that uv installed" if self.managed_only else "on this machine"
        message = f"There is no {self.wanted} {among}"
        if self.seen:
            found = "; ".join(f"{one.executable} ({one.what})" for one in self.seen)
            message += f". Found instead: {found}"
        hints = [f"Looked in {', '.join(self.places)}."] if self.places else []
        if self.managed_only:
            hints.append("Without --managed-python (python-preference) others are looked at too.")
        hints.append(
            "Name another one with --python, or make the root from names: --python-version."
        )
        return PythonNotFoundError(message, hints=tuple(hints))


@dataclass(frozen=True, slots=True)
class _Candidate:
    executable: str
    place: Place


class _Search:
    """One search under way: what it has seen, so that nothing is asked twice and the answer can tell of it."""

    def __init__(self, surroundings: Surroundings) -> None:
        self.surroundings = surroundings
        self.looks = surroundings.looks
        self.places: list[str] = []
        self.seen: list[Seen] = []
        self._asked: set[tuple[str, str]] = set()

    def ask(self, candidate: _Candidate) -> Target | None:
        """Return a candidate's target, None where it was asked before or is no usable Python."""
        executable = candidate.executable
        identity = (os.path.dirname(executable), self.looks.real(executable))
        if identity in self._asked:
            return None  # python and python3 are links to one file
        self._asked.add(identity)
        around = self.surroundings
        answer = try_interpreter(
            executable, around.cache_folder, around.variables, looks=self.looks
        )
        if isinstance(answer, Unusable):
            if not answer.absent:
                what = answer.why if answer.version is None else f"Python {answer.version}"
                self.pass_over(candidate, what)
            return None
        return answer

    def pass_over(self, candidate: _Candidate, what: str) -> None:
        """Remember why a candidate was not taken."""
        self.seen.append(Seen(candidate.executable, what))

    def not_found(self, wanted: str) -> NotFound:
        """Return what the search has to tell."""
        managed_only = self.surroundings.preference is Preference.ONLY_MANAGED
        return NotFound(wanted, tuple(self.places), tuple(self.seen), managed_only)


def find_interpreter(
    request: str | None, requires_python: SpecifierSet | None, surroundings: Surroundings
) -> Found | NotFound:
    """Return the first Python that is what was asked for, and where nothing was, that satisfies `requires_python`.

    Whether a requested one is outside of requires-python is not judged here. Starts processes unless the cache
    knows the answers. Raises BadRequestError where the request is senseless, PythonNotFoundError where a path was
    given at which there is no usable Python.
    """
    search = _Search(surroundings)
    parsed = None if request is None else parse_request(request, surroundings.folder)
    if parsed is None:
        parsed = VersionRequest(text=str(requires_python or ""), specifiers=requires_python or None)
    match parsed:
        case PathRequest(path=path):
            return _at_path(path, search)
        case NameRequest(name=name):
            found = _first(_named(name, search), lambda _: True, search)
            return found or search.not_found(f"executable {name!r}")
        case VersionRequest() as versions:
            found = _first(
                _candidates(versions, search), lambda target: satisfies(target, versions), search
            )
            return found or _not_found(versions, search)


def _not_found(request: VersionRequest, search: _Search) -> NotFound:
    """Return that there is none, with pyenv's other versions, of which the search asked only those that could suit."""
    if search.surroundings.preference is not Preference.ONLY_MANAGED:
        known = {one.executable for one in search.seen}
        for version, implementation, executable in _pyenv_versions(search):
            if executable not in known:
                search.seen.append(Seen(executable, f"{_name_of(implementation)} {version}"))
    return search.not_found(_words(request))


def _at_path(path: str, search: _Search) -> Found:
    """Return the Python at a path, which is meant even where another one would suit better.

    Raises PythonNotFoundError or BrokenInterpreterError.
    """
    executable = _python_in(path, search.looks) if search.looks.is_folder(path) else path
    if executable is None:
        if not os.access(path, os.X_OK):
            raise PythonNotFoundError("This folder may not be looked into", where=path)
        raise PythonNotFoundError(
            f"There is no Python in this folder, neither {_BIN}/python3{_EXE} nor {_BIN}/python{_EXE}",
            where=path,
        )
    try:
        mode = os.stat(executable).st_mode
    except OSError as error:
        raise PythonNotFoundError(_why_unseen(path, error), where=path) from None
    if not stat.S_ISREG(mode):  # to look into a named pipe is to wait for its writer
        raise PythonNotFoundError("This is neither a file nor a folder", where=path)
    around = search.surroundings
    target = probe_interpreter(
        executable, around.cache_folder, around.variables, looks=search.looks
    )
    return Found(target, Place.GIVEN)


def _why_unseen(path: str, error: OSError) -> str:
    if not isinstance(error, FileNotFoundError | NotADirectoryError):
        return f"This file cannot be looked at: {error.strerror}"
    if os.path.islink(path):
        return f"This is a link to {os.readlink(path)}, where there is no file"
    return "There is no such file"


def _first(
    candidates: Iterator[_Candidate], suits: Callable[[Target], bool], search: _Search
) -> Found | None:
    """Return the first candidate that suits; a managed pre-release or a virtual environment only for want of others."""
    lesser: list[Found] = []
    environments: list[Found] = []
    for candidate in candidates:
        target = search.ask(candidate)
        if target is None or target.interpreter is None:
            continue
        interpreter = target.interpreter
        if not suits(target):
            name = _name_of(target.implementation)
            build = " free-threaded" if target.free_threaded else ""
            search.pass_over(candidate, f"{name} {interpreter.version}{build}")
        elif interpreter.is_virtual:
            environments.append(Found(target, candidate.place))
        elif candidate.place is Place.MANAGED and Version(interpreter.version).is_prerelease:
            lesser.append(Found(target, candidate.place))
        else:
            return Found(target, candidate.place)
    return next(iter((*lesser, *environments)), None)


def _name_of(implementation: str) -> str:
    return {"cpython": "Python", "pypy": "PyPy"}.get(implementation, implementation)


# -- where candidates come from -------------------------------------------------------------------------------------


def _candidates(request: VersionRequest, search: _Search) -> Iterator[_Candidate]:
    preference = search.surroundings.preference
    yield from _conda(search)
    if preference in (Preference.ONLY_MANAGED, Preference.MANAGED):
        yield from _managed(request, search)
    if preference is not Preference.ONLY_MANAGED:
        yield from _on_search_path(request, search)
        yield from _pyenv(request, search)
        search.places.append("the Python that runs siteroot")
        yield _Candidate(search.surroundings.running, Place.RUNNING)
    if preference is Preference.SYSTEM:
        yield from _managed(request, search)


def _conda(search: _Search) -> Iterator[_Candidate]:
    """Yield the Python of an active base environment; any other of conda's is like a virtual environment."""
    variables = search.surroundings.variables
    prefix = variables.get("CONDA_PREFIX")
    if prefix and variables.get("CONDA_DEFAULT_ENV") in ("base", "root"):
        search.places.append(prefix)
        executable = _python_in(prefix, search.looks)
        if executable is not None:
            yield _Candidate(executable, Place.CONDA)


def _managed(request: VersionRequest, search: _Search) -> Iterator[_Candidate]:
    """Yield uv's installations that could suit by their names, CPython before others, the newest first."""
    root = _managed_folder(search.surroundings.folder, search.surroundings.variables)
    if root is None or not search.looks.is_folder(root):
        return
    search.places.append(root)
    keyed = []
    for name in search.looks.names(root):
        implementation, _, rest = name.partition("-")
        number, _, build = rest.partition("-")[0].partition("+")
        try:
            version = Version(number)
        except InvalidVersion:
            continue
        if implementation == (request.implementation or "cpython") and _could_be(version, request):
            keyed.append(((version, build == ""), name, implementation, build))
    for (version, _), name, implementation, build in sorted(keyed, reverse=True):
        suffix = "t" if "freethreaded" in build else ""
        word = "python" if implementation == "cpython" else implementation
        number = "" if implementation == "graalpy" else f"{version.major}.{version.minor}"
        if _EXE:
            executable = os.path.join(root, name, f"{word}{_EXE}")
        else:
            executable = os.path.join(root, name, "bin", f"{word}{number}{suffix}")
        if search.looks.exists(executable):
            yield _Candidate(executable, Place.MANAGED)


def _managed_folder(folder: str, variables: Mapping[str, str]) -> str | None:
    """Return the folder in which uv keeps its Pythons."""
    chosen = variables.get("UV_PYTHON_INSTALL_DIR")
    if chosen:
        return os.path.join(folder, chosen)
    if os.name == "nt":
        roaming = variables.get("APPDATA")
        return os.path.join(roaming, "uv", "python") if roaming else None
    shared = variables.get("XDG_DATA_HOME", "")
    if os.path.isabs(shared):
        return os.path.join(shared, "uv", "python")
    home = variables.get("HOME")
    return os.path.join(home, ".local", "share", "uv", "python") if home else None


def _on_search_path(request: VersionRequest, search: _Search) -> Iterator[_Candidate]:
    fixed = tuple(f"{name}{_EXE}" for name in executable_names(request))
    for folder in _search_path(search):
        for name in fixed:
            executable = os.path.join(folder, name)
            if search.looks.is_program(executable):
                yield _Candidate(executable, Place.SEARCH_PATH)
        if len(request.release) < 2:  # python3 may be too old where python3.12 would do
            for name in _minor_names(folder, request, search.looks):
                yield _Candidate(os.path.join(folder, name), Place.SEARCH_PATH)


def _named(name: str, search: _Search) -> Iterator[_Candidate]:
    for folder in _search_path(search):
        executable = os.path.join(folder, name)
        if search.looks.is_program(executable):
            yield _Candidate(executable, Place.SEARCH_PATH)


def _pyenv(request: VersionRequest, search: _Search) -> Iterator[_Candidate]:
    """Yield pyenv's versions that could suit by their names, the newest first."""
    for version, implementation, executable in _pyenv_versions(search):
        if implementation == (request.implementation or "cpython") and _could_be(version, request):
            yield _Candidate(executable, Place.PYENV)


def _pyenv_versions(search: _Search) -> Iterator[tuple[Version, str, str]]:
    """Yield all of pyenv's versions, the newest first: what their names say, and the executable."""
    variables = search.surroundings.variables
    home = variables.get("HOME")
    root = variables.get("PYENV_ROOT") or (os.path.join(home, ".pyenv") if home else None)
    versions = None if root is None else os.path.join(root, "versions")
    if versions is None or not search.looks.is_folder(versions):
        return
    if versions not in search.places:
        search.places.append(versions)
    keyed = []
    for name in search.looks.names(versions):  # "3.12.1", "3.13.0t", "pypy3.10-7.3.17"
        implementation = "pypy" if name.startswith("pypy") else "cpython"
        number = name.removeprefix("pypy").partition("-")[0].removesuffix("t")
        try:
            keyed.append((Version(number), name, implementation))
        except InvalidVersion:
            continue  # an environment of pyenv-virtualenv, a miniconda
    for version, name, implementation in sorted(keyed, reverse=True):
        executable = _python_in(os.path.join(versions, name), search.looks)
        if executable is not None:
            yield version, implementation, executable


def _could_be(version: Version, request: VersionRequest) -> bool:
    """Whether a Python is worth asking of which only a version's first numbers are known, from its name."""
    wanted = request.release[: len(version.release)]
    if version.release[: len(wanted)] != wanted:
        return False
    if request.specifiers is None or (len(version.release) > 2 and request.allows_prereleases):
        return True
    if len(version.release) > 2:
        return request.specifiers.contains(version.base_version)
    for specifier in request.specifiers:
        if specifier.operator == "==":
            exact = Version(specifier.version.removesuffix(".*")).release[: len(version.release)]
            if exact != version.release[: len(exact)]:
                return False
        elif not any(specifier.contains(f"{version.base_version}.{patch}") for patch in (0, 999)):
            return False
    return True


def _search_path(search: _Search) -> Iterator[str]:
    """Yield the folders of the search path, each once. Relative entries are passed over: they are nobody's choice."""
    variables = search.surroundings.variables
    path = variables.get("UV_PYTHON_SEARCH_PATH") or variables.get("PATH", "")
    known: set[tuple[int, int] | str] = set()
    for folder in path.split(os.pathsep):
        if not os.path.isabs(folder):
            continue
        place = search.looks.place(folder)
        if place is None:
            continue
        identity = place if place[1] else folder
        if identity not in known:
            known.add(identity)
            search.places.append(folder)
            yield folder


def executable_names(request: VersionRequest) -> tuple[str, ...]:
    """Return the names that a suitable Python may have, without ".exe", the most telling first."""
    numbers = [
        ".".join(map(str, request.release[:count])) for count in range(len(request.release), 0, -1)
    ]
    numbers += [number for number in ("3", "") if number not in numbers]
    if not request.release and request.specifiers is None:
        numbers = ["", "3"]  # nothing was asked for: whatever `python` is
    if request.pre is not None:
        pre = f"{request.pre[0]}{request.pre[1]}"
        numbers = [f"{number}{pre}" for number in numbers if "." in number] + numbers
    suffix = {"t": "t", "d": "d", "td": "td"}.get(request.variant, "")
    if suffix:
        numbers = [text for number in numbers for text in (f"{number}{suffix}", number)]
    words = ["python"] if request.implementation is None else [request.implementation, "python"]
    return tuple(f"{word}{number}" for word in words for number in numbers)


def _minor_names(folder: str, request: VersionRequest, looks: Looks) -> list[str]:
    """Return the names of a folder that are a Python's with its minor version, the newest first."""
    found = []
    for name in looks.names(folder):
        for word in {"python", request.implementation or "python"}:
            number = name.removesuffix(_EXE).removeprefix(f"{word}3.")
            if number == name.removesuffix(_EXE) or not number.removesuffix("t").isdecimal():
                continue
            minor = int(number.removesuffix("t"))
            if minor >= 8 and _could_be(Version(f"3.{minor}"), request):
                found.append((minor, not number.endswith("t"), name))
    return [
        name
        for _, _, name in sorted(found, reverse=True)
        if looks.is_program(os.path.join(folder, name))
    ]


# -- the disk -------------------------------------------------------------------------------------------------------


def _python_in(folder: str, looks: Looks) -> str | None:
    """Return the executable of a prefix or virtual environment."""
    names = ("python3", "python", "pypy3", "pypy", "graalpy") if not _EXE else ("python.exe",)
    places = (_BIN, "bin", "") if _EXE else (_BIN,)
    for place in places:
        for name in names:
            executable = os.path.join(folder, place, name)
            if looks.exists(executable):
                return executable
    return None


def _words(request: VersionRequest) -> str:
    if request.specifiers is not None and request.text == str(request.specifiers):
        return f"Python {request.text}"
    if not request.text or request.text in ("any", "default"):
        return "Python"
    return f"Python {request.text.removeprefix('python').removeprefix('@')}"
