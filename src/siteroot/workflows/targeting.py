"""Which Python a root is made for, and where it goes (ROOT.md 1)."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from packaging.specifiers import SpecifierSet

from siteroot.errors import RootPlaceError, TargetError, UsageError
from siteroot.interpreter.find import Found, NotFound, Preference, find_interpreter
from siteroot.interpreter.find import Surroundings as PythonSurroundings
from siteroot.interpreter.probe import probe_interpreter
from siteroot.model.event import Note, Warned
from siteroot.model.layout import Layout
from siteroot.model.request import PythonRequest, RootPlace, RootRequest
from siteroot.model.settings import Settings
from siteroot.model.surroundings import Surroundings
from siteroot.model.target import Interpreter, Target
from siteroot.plan.layout import (
    interpreter_layout,
    prefix_layout,
    pypackages_layout,
    target_layout,
)
from siteroot.ports import Reporter


class SenselessRootError(RootPlaceError):
    """A root cannot go where it was asked for."""


class ManagedInterpreterError(RootPlaceError):
    """The interpreter's own packages are somebody else's to manage (PEP 668)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PythonSearch:
    """Which Python is wanted: the words that were said, and what a file or the project adds where they are silent."""

    request: PythonRequest
    pinned: str | None  # of .python-version
    requires_python: SpecifierSet | None
    preference: str | None
    cache_folder: str | None


def choose_target(search: PythonSearch, surroundings: Surroundings, reporter: Reporter) -> Target:
    """Return the target that a root is made for. Raises TargetError."""
    request = search.request
    wanted = request.python or request.python_version or search.pinned
    variables = surroundings.environ
    found = find_interpreter(
        wanted,
        search.requires_python if wanted is None else None,
        PythonSurroundings(
            folder=surroundings.cwd,
            variables=variables,
            running=surroundings.executable,
            cache_folder=search.cache_folder,
            preference=Preference(search.preference) if search.preference else Preference.MANAGED,
        ),
    )
    target: Target | None = None
    match found:
        case Found(target=target, place=place):
            executable = target.interpreter.executable if target.interpreter else ""
            reporter.report(Note(f"Python: {executable}, found {place.value}"))
        case NotFound():
            if request.python is not None or request.python_version is None:
                raise found.error()
            reporter.report(Note(f"Python: no {wanted} is here, so its name alone decides"))
    if request.python_platform is None and request.python_version is None:
        if target is None:
            raise TargetError("there is no Python")
        return target
    from siteroot.interpreter.platforms import named_target  # noqa: PLC0415 - 3 ms, for a named target alone

    host = probe_interpreter(surroundings.executable, search.cache_folder, variables)
    return named_target(request.python_platform, request.python_version, target, host, variables)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a root goes, and what it is made for: an environment's own Python where it goes into one."""

    layout: Layout
    target: Target


def choose_place(
    request: RootRequest,
    settings: Settings,
    target: Target,
    surroundings: Surroundings,
    project_root: str | None,
    reporter: Reporter,
) -> Place:
    """Return where the root goes: flags, SITEROOT_ variables, [tool.siteroot], UV_PROJECT_ENVIRONMENT, the default.

    Raises UsageError and RootError for places that make no sense, with the way out.
    """
    environment = _environment_asked_for(request, settings, surroundings, project_root)
    if environment is not None:
        word, found = environment
        layout = _told(_interpreter(found, settings, word), word, reporter)
        return Place(layout=layout, target=found)
    layout = _choose_layout(request, settings, target, surroundings, project_root, reporter)
    return Place(layout=layout, target=target)


def _choose_layout(
    request: RootRequest,
    settings: Settings,
    target: Target,
    surroundings: Surroundings,
    project_root: str | None,
    reporter: Reporter,
) -> Layout:
    """Return the layout that the first of the words chooses, in the order of ROOT.md 1."""
    here = surroundings.cwd
    base = project_root or here
    home = surroundings.home
    own = "[tool.siteroot]"
    flagged = request.path or "" if request.place is RootPlace.TARGET else None
    prefixed = request.path or "" if request.place is RootPlace.PREFIX else None
    if request.place is RootPlace.SYSTEM:
        return _told(_interpreter(target, settings, "--system"), "--system", reporter)
    if request.place is RootPlace.PYPACKAGES:
        return _told(_pypackages(base, target), "--pypackages", reporter)
    for word, folder, path, make_prefix in (
        ("--target", here, flagged, False),
        ("--prefix", here, prefixed, True),
        ("SITEROOT_TARGET", here, request.variable_target, False),
        ("SITEROOT_PREFIX", here, request.variable_prefix, True),
        (f"{own} target", base, settings.target, False),
        (f"{own} prefix", base, settings.prefix, True),
    ):
        if path is not None:
            root = _resolved(folder, path, word, home)
            _refuse_interpreters_own(root, target, word)
            layout = _prefix(root, target) if make_prefix else _target(root, project_root, reporter)
            return _told(layout, word, reporter)
    if not settings.pypackages and request.project_environment is not None:
        layout = _plain_environment(base, request.project_environment, target, home)
        reporter.report(
            Warned(
                f"UV_PROJECT_ENVIRONMENT: {layout.root} is no environment, so it is taken as --target"
            )
        )
        return _told(layout, "UV_PROJECT_ENVIRONMENT", reporter)
    why = own if settings.pypackages else "nothing else was said"
    return _told(_pypackages(base, target), why, reporter)


def _told(layout: Layout, why: str, reporter: Reporter) -> Layout:
    reporter.report(Note(f"root: {layout.root} ({layout.kind.value} layout; {why})"))
    return layout


def _resolved(base: str, path: str, word: str, home: str | None) -> str:
    """Return the folder that a word names, its links resolved once. Raises for what can never be a root."""
    if not path:
        raise UsageError("the folder's name is empty", where=word)
    root = os.path.realpath(os.path.join(base, path))
    there = root
    while not os.path.lexists(there):
        there = os.path.dirname(there)
    if not os.path.isdir(there):
        raise SenselessRootError(
            "is a file, and a root is a folder",
            where=there,
            hints=(f"give {word} another folder",),
        )
    if root == "/":
        raise SenselessRootError("the whole file system cannot be a root", where=root)
    if home is not None and root == os.path.realpath(home):
        raise SenselessRootError(
            "the home folder cannot be a root", where=root, hints=("name a folder in it",)
        )
    if os.path.lexists(os.path.join(root, "pyvenv.cfg")):
        raise SenselessRootError(
            f"is a virtual environment, whose packages lie deeper than {word} puts them",
            where=root,
            hints=(
                f"VIRTUAL_ENV={root} siteroot sync --active fills it",
                f"give {word} another folder",
            ),
        )
    return root


def _refuse_interpreters_own(root: str, target: Target, word: str) -> None:
    own: set[str] = set()
    if target.interpreter is not None:
        schemes = target.interpreter.schemes
        own = {*target.interpreter.stdlib, schemes["purelib"], schemes["platlib"]}
    looks_own = any(
        os.path.isfile(os.path.join(folder, "os.py"))
        and os.path.isfile(os.path.join(folder, "site.py"))
        for folder in (root, os.path.dirname(root))
    )
    if looks_own or root in {os.path.realpath(path) for path in own}:
        raise SenselessRootError(
            "is an interpreter's own folder of modules",
            where=root,
            hints=("--system installs into an interpreter", f"give {word} another folder"),
        )


def _target(root: str, project_root: str | None, reporter: Reporter) -> Layout:
    if project_root is not None and root == os.path.realpath(project_root):
        reporter.report(
            Warned(f"{root} is the project's own folder: its modules and the root's will share it")
        )
    return target_layout(root)


def _prefix(root: str, target: Target) -> Layout:
    if _is_interpreter_prefix(root, target):
        raise SenselessRootError(
            "is an interpreter's own prefix", where=root, hints=("say --system",)
        )
    return prefix_layout(root, target)


def _is_interpreter_prefix(root: str, target: Target) -> bool:
    """Whether some interpreter calls the folder its own, the chosen one or another (Debian's has two prefixes)."""
    interpreter = target.interpreter
    if interpreter is not None:
        own = (interpreter.prefix, interpreter.base_prefix, interpreter.schemes["data"])
        if root in {os.path.realpath(path) for path in own}:
            return True
    if root in ("/usr", "/usr/local"):
        return True
    library = os.path.join(root, "lib")
    try:
        names = os.listdir(library)
    except OSError:  # absent, no folder, or not to be read: then it cannot be told
        return False
    return any(
        os.path.lexists(os.path.join(library, name, own))
        for name in names
        if name.startswith(("python", "pypy"))
        for own in ("os.py", "dist-packages")
    )


def _pypackages(base: str, target: Target) -> Layout:
    root = os.path.join(os.path.realpath(base), "__pypackages__", target.python_version)
    return pypackages_layout(os.path.realpath(root), target)


def _interpreter(target: Target, settings: Settings, word: str) -> Layout:
    interpreter = target.interpreter
    if interpreter is None:
        raise UsageError(
            "an interpreter is needed to install into, and there is only a name",
            where=word,
            hints=("name one with --python", "--target makes a root for a Python that is not here"),
        )
    _refuse_managed(interpreter, settings)
    resolved = {name: os.path.realpath(path) for name, path in interpreter.schemes.items()}
    return interpreter_layout(interpreter, resolved)


def _refuse_managed(interpreter: Interpreter, settings: Settings) -> None:
    text = interpreter.externally_managed
    if text is None or interpreter.is_virtual or settings.break_system_packages:
        return
    raise ManagedInterpreterError(
        "this Python is externally managed" + (f":\n{text.strip()}" if text.strip() else ""),
        where=interpreter.executable,
        hints=(
            "--target makes a root of its own",
            "--break-system-packages installs into it all the same",
        ),
    )


def _environment_asked_for(
    request: RootRequest, settings: Settings, surroundings: Surroundings, project_root: str | None
) -> tuple[str, Target] | None:
    """Return the environment that the root goes into, with the word that names it; None where it goes elsewhere."""
    if request.place is RootPlace.ACTIVE:
        if not request.virtual_env:
            raise UsageError(
                "no environment is active: VIRTUAL_ENV is not set",
                where="--active",
                hints=("activate one", "--target makes a root without one"),
            )
        folder = os.path.join(surroundings.cwd, request.virtual_env)
        found = _running_environment(folder, "VIRTUAL_ENV", surroundings)
        if found.interpreter is not None and not found.interpreter.is_virtual:
            raise SenselessRootError(
                "VIRTUAL_ENV names it, and its interpreter is no virtual environment's",
                where=folder,
                hints=("say --system with --python to install into an interpreter",),
            )
        return "--active", found
    elsewhere = request.place or request.variable_target or request.variable_prefix
    if elsewhere or settings.target or settings.prefix or settings.pypackages:
        return None
    if request.project_environment is None:
        return None
    folder = os.path.join(project_root or surroundings.cwd, request.project_environment)
    if not os.path.lexists(os.path.join(folder, "pyvenv.cfg")):
        return None
    word = "UV_PROJECT_ENVIRONMENT"
    return word, _running_environment(folder, word, surroundings)


def _running_environment(folder: str, word: str, surroundings: Surroundings) -> Target:
    target = _environment_target(folder, surroundings.environ)
    if target is None:
        raise SenselessRootError(
            f"{word} names it, and there is no interpreter in it that runs",
            where=folder,
            hints=("make the environment anew", "--target makes a root without one"),
        )
    return target


def _plain_environment(base: str, path: str, target: Target, home: str | None) -> Layout:
    word = "UV_PROJECT_ENVIRONMENT"
    if _is_interpreter_prefix(os.path.realpath(os.path.join(base, path)), target):
        raise SenselessRootError(
            f"{word} names an interpreter's own prefix",
            where=os.path.realpath(os.path.join(base, path)),
            hints=("say --system",),
        )
    root = _resolved(base, path, word, home)
    _refuse_interpreters_own(root, target, word)
    return target_layout(root)


def _environment_target(folder: str, variables: Mapping[str, str]) -> Target | None:
    for name in ("bin/python", "bin/python3", "Scripts/python.exe"):
        executable = os.path.join(folder, name)
        if os.path.isfile(executable):
            try:
                return probe_interpreter(os.path.abspath(executable), None, variables)
            except TargetError:
                return None
    return None
