"""Where a root goes (ROOT.md 1)."""

import os
from collections.abc import Mapping
from errno import ELOOP

from siteroot.errors import RootPlaceError, TargetError, UsageError
from siteroot.interpreter.looks import DISK, Looks
from siteroot.interpreter.probe import explain_managed, probe_interpreter
from siteroot.model.event import EnvironmentUsed, Note, Warned
from siteroot.model.layout import Layout
from siteroot.model.request import RootPlace, RootRequest
from siteroot.model.reserved import STATE_FILE
from siteroot.model.settings import Settings
from siteroot.model.surroundings import Surroundings
from siteroot.model.target import Interpreter, Target
from siteroot.model.value import dataclass
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
class Place:
    """Where a root goes, and what it is made for: an environment's own Python where it goes into one."""

    layout: Layout
    target: Target


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceSearch:
    """All that says where a root goes. `project_root` is None where a lock stands alone."""

    request: RootRequest
    settings: Settings
    target: Target
    surroundings: Surroundings
    project_root: str | None
    reporter: Reporter
    looks: Looks = DISK

    @property
    def base(self) -> str:
        """Where the paths of settings, and the default, start."""
        return self.project_root or self.surroundings.cwd


def choose_place(search: PlaceSearch) -> Place:
    """Return where the root goes: flags, SITEROOT_ variables, [tool.siteroot], UV_PROJECT_ENVIRONMENT, the default.

    Raises UsageError and RootError for places that make no sense, with the way out.
    """
    environment = _environment_asked_for(search)
    if environment is not None:
        word, found = environment
        return Place(layout=_interpreter(search, found, word), target=found)
    return Place(layout=_choose_layout(search), target=search.target)


def _choose_layout(search: PlaceSearch) -> Layout:
    """Return the layout that the first of the words chooses, in the order of ROOT.md 1."""
    request, settings = search.request, search.settings
    here, base = search.surroundings.cwd, search.base
    own = "[tool.siteroot]"
    flagged = request.path or "" if request.place is RootPlace.TARGET else None
    prefixed = request.path or "" if request.place is RootPlace.PREFIX else None
    if request.place is RootPlace.SYSTEM:
        return _interpreter(search, search.target, "--system")
    if request.place is RootPlace.PYPACKAGES:
        return _pypackages(search, "--pypackages")
    for word, folder, path, make_prefix in (
        ("--target", here, flagged, False),
        ("--prefix", here, prefixed, True),
        ("SITEROOT_TARGET", here, request.variable_target, False),
        ("SITEROOT_PREFIX", here, request.variable_prefix, True),
        (f"{own} target", base, settings.target, False),
        (f"{own} prefix", base, settings.prefix, True),
    ):
        if path is not None:
            root = _resolved(search, folder, path, word)
            _refuse_interpreters_own(search, root, word)
            if make_prefix:
                return _told(search, prefix_layout(root, search.target), word)
            return _told(search, _target(search, root), word)
    if not settings.pypackages and request.project_environment is not None:
        return _plain_environment(search, request.project_environment)
    return _pypackages(search, own if settings.pypackages else "nothing else was said")


def _told(search: PlaceSearch, layout: Layout, why: str) -> Layout:
    search.reporter.report(Note(f"root: {layout.root} ({layout.kind.value} layout; {why})"))
    return layout


def _resolved(search: PlaceSearch, base: str, path: str, word: str) -> str:
    """Return the folder that a word names, its links resolved once. Raises for what can never be a root."""
    if not path:
        raise UsageError("the folder's name is empty", where=word)
    home, looks = search.surroundings.home, search.looks
    named = os.path.join(base, path)
    root = looks.real(named)
    if _is_loop(named):
        raise SenselessRootError("is a symbolic link that leads to itself", where=named)
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
    if home is not None and root == looks.real(home):
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


def _is_loop(path: str) -> bool:
    """Whether links lead round in a circle, so that the path can be neither opened nor made."""
    try:
        os.stat(path)
    except OSError as error:
        return error.errno == ELOOP
    return False


def _refuse_interpreters_own(search: PlaceSearch, root: str, word: str) -> None:
    """Refuse an interpreter's prefix and folders of modules: the chosen one's, those of others by looks, a venv's."""
    environment = _environment_above(search, root)
    if environment is not None:
        raise SenselessRootError(
            f"holds the packages of the virtual environment {environment}",
            where=root,
            hints=(
                f"VIRTUAL_ENV={environment} siteroot sync --active fills it",
                f"give {word} another folder",
            ),
        )
    own = None
    if _is_interpreter_prefix(search, root):
        own = "prefix"
    elif _is_interpreter_library(search, root):
        own = "folder of modules"
    if own is not None:
        raise SenselessRootError(
            f"is an interpreter's own {own}",
            where=root,
            hints=("say --system to install into an interpreter", f"give {word} another folder"),
        )


def _is_interpreter_library(search: PlaceSearch, root: str) -> bool:
    """Whether some interpreter imports from the folder: the chosen one, or another by the looks of what is around."""
    looks, interpreter = search.looks, search.target.interpreter
    if interpreter is not None:
        schemes = interpreter.schemes
        own = (*interpreter.libraries, *interpreter.stdlib, schemes["purelib"], schemes["platlib"])
        if root in {looks.real(path) for path in own}:
            return True
    folder, name = os.path.split(root)
    if name in ("dist-packages", "site-packages") and os.path.basename(folder).startswith("python"):
        prefix = os.path.dirname(os.path.dirname(folder))  # Debian's lie apart from the stdlib
        return _looks_like_prefix(looks, prefix) and not _is_ours(looks, root)
    return any(
        looks.exists(os.path.join(place, "os.py")) and looks.exists(os.path.join(place, "site.py"))
        for place in (root, folder)
    ) and not _is_ours(looks, root)


def _environment_above(search: PlaceSearch, root: str) -> str | None:
    """Return the virtual environment whose site-packages the root would be: "lib/pythonX.Y" or "Lib" below it."""
    if os.path.basename(root) != "site-packages":
        return None
    folder = os.path.dirname(root)
    for _ in range(2):
        folder = os.path.dirname(folder)
        if search.looks.exists(os.path.join(folder, "pyvenv.cfg")):
            return folder
    return None


def _target(search: PlaceSearch, root: str) -> Layout:
    project_root = search.project_root
    own = None if project_root is None else search.looks.real(project_root)
    if own == root:
        search.reporter.report(
            Warned(f"{root} is the project's own folder: its modules and the root's will share it")
        )
    elif own is not None and own.startswith(f"{root}/"):
        search.reporter.report(
            Warned(f"{root} holds the project: its other files and the root's will share it")
        )
    return target_layout(root)


def _is_interpreter_prefix(search: PlaceSearch, root: str) -> bool:
    """Whether some interpreter calls the folder its own, the chosen one or another (Debian's has two prefixes)."""
    looks, interpreter = search.looks, search.target.interpreter
    if interpreter is not None:
        own = (interpreter.prefix, interpreter.base_prefix, interpreter.schemes["data"])
        if root in {looks.real(path) for path in own}:
            return True
    return _looks_like_prefix(looks, root) and not _is_ours(looks, root)


def _looks_like_prefix(looks: Looks, prefix: str) -> bool:
    """Whether a folder looks like the prefix of some interpreter.

    It is listed only where a Python can be started in it: a root's own `lib` comes and goes, and is no part of this.
    """
    if prefix in ("/usr", "/usr/local"):
        return True
    programs = ("bin/python3", "bin/pypy3", "python.exe")
    if not any(looks.exists(os.path.join(prefix, name)) for name in programs):
        return False
    library = os.path.join(prefix, "lib")
    names = (name for name in looks.names(library) if name.startswith(("python", "pypy")))
    return any(
        looks.exists(os.path.join(library, name, own))
        for name in ("", *names)  # Windows' modules lie in Lib itself
        for own in ("os.py", "dist-packages")
    )


def _is_ours(looks: Looks, root: str) -> bool:
    """Whether siteroot made the root, so that what looks like an interpreter's in it came with a distribution."""
    return looks.exists(os.path.join(root, STATE_FILE))


def _pypackages(search: PlaceSearch, why: str) -> Layout:
    target, looks = search.target, search.looks
    root = os.path.join(looks.real(search.base), "__pypackages__", target.python_version)
    return _told(search, pypackages_layout(looks.real(root), target), why)


def _interpreter(search: PlaceSearch, target: Target, word: str) -> Layout:
    interpreter = target.interpreter
    if interpreter is None:
        raise UsageError(
            "an interpreter is needed to install into, and there is only a name",
            where=word,
            hints=("name one with --python", "--target makes a root for a Python that is not here"),
        )
    _refuse_managed(interpreter, search)
    search.reporter.report(EnvironmentUsed(version=interpreter.version, prefix=interpreter.prefix))
    resolved = {name: os.path.realpath(path) for name, path in interpreter.schemes.items()}
    return _told(search, interpreter_layout(interpreter, resolved), word)


def _refuse_managed(interpreter: Interpreter, search: PlaceSearch) -> None:
    marker = interpreter.externally_managed
    if marker is None or interpreter.is_virtual or search.settings.break_system_packages:
        return
    text = explain_managed(marker, search.surroundings.environ)
    raise ManagedInterpreterError(
        "this Python is externally managed" + (f":\n{text}" if text else ""),
        where=interpreter.executable,
        hints=(
            "--target makes a root of its own",
            "--break-system-packages installs into it all the same",
        ),
    )


def _environment_asked_for(search: PlaceSearch) -> tuple[str, Target] | None:
    """Return the environment that the root goes into, with the word that names it; None where it goes elsewhere."""
    request, settings, surroundings = search.request, search.settings, search.surroundings
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
    folder = os.path.join(search.base, request.project_environment)
    if not os.path.lexists(os.path.join(folder, "pyvenv.cfg")):
        return None
    word = "UV_PROJECT_ENVIRONMENT"
    return word, _running_environment(folder, word, surroundings)


def _running_environment(folder: str, word: str, surroundings: Surroundings) -> Target:
    target = environment_target(folder, surroundings.environ)
    if target is None:
        raise SenselessRootError(
            f"{word} names it, and there is no interpreter in it that runs",
            where=folder,
            hints=("make the environment anew", "--target makes a root without one"),
        )
    return target


def _plain_environment(search: PlaceSearch, path: str) -> Layout:
    word = "UV_PROJECT_ENVIRONMENT"
    named = search.looks.real(os.path.join(search.base, path))
    if _is_interpreter_prefix(search, named):
        raise SenselessRootError(
            f"{word} names an interpreter's own prefix", where=named, hints=("say --system",)
        )
    root = _resolved(search, search.base, path, word)
    _refuse_interpreters_own(search, root, word)
    search.reporter.report(Warned(f"{word}: {root} is no environment, so it is taken as --target"))
    return _told(search, target_layout(root), word)


def environment_target(folder: str, variables: Mapping[str, str]) -> Target | None:
    """Return the target of the environment in a folder, None where no Python runs in it."""
    for name in ("bin/python", "bin/python3", "Scripts/python.exe"):
        executable = os.path.join(folder, name)
        if os.path.isfile(executable):
            try:
                return probe_interpreter(os.path.abspath(executable), None, variables)
            except TargetError:
                return None
    return None
