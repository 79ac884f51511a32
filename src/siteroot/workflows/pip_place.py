"""Which root `siteroot pip` works on: the one that is named, else the environment around, as `uv pip` finds it.

Without `--target`, `--prefix` or `--pypackages` it is an interpreter's own: the one that `--python` names by its path,
an active virtual environment (VIRTUAL_ENV, CONDA_PREFIX), a `.venv` here or above, and only where `--system` is said, or
where nothing is to be changed, any other.
"""

import os
from collections.abc import Iterator

from siteroot.errors import RootPlaceError
from siteroot.interpreter.requests import VersionRequest, parse_request, satisfies
from siteroot.model.event import Note
from siteroot.model.pip_request import PipContext
from siteroot.model.request import RootPlace
from siteroot.model.settings import Settings
from siteroot.model.surroundings import Surroundings
from siteroot.model.target import Target
from siteroot.model.value import dataclass, replace
from siteroot.ports import Reporter

from .caches import lasting_folder
from .places import Place, PlaceSearch, choose_place, environment_target
from .targeting import PythonSearch, choose_target


class NoEnvironmentError(RootPlaceError):
    """There is no environment around, and the interpreter itself was not asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Search:
    context: PipContext
    settings: Settings
    surroundings: Surroundings
    reporter: Reporter


def choose_pip_place(
    context: PipContext,
    settings: Settings,
    surroundings: Surroundings,
    reporter: Reporter,
    *,
    changing: bool,
) -> Place:
    """Return the root and what it is made for. Raises UsageError, TargetError and RootPlaceError.

    Where nothing is to be changed, whose an interpreter's packages are to manage is not asked (PEP 668).
    """
    search = _Search(
        context=context, settings=settings, surroundings=surroundings, reporter=reporter
    )
    root = context.root
    named = root.place not in (None, RootPlace.SYSTEM)
    named = named or (root.place is None and bool(root.variable_target or root.variable_prefix))
    target = _choose_python(search, anyone=named or not changing)
    said = Settings(
        break_system_packages=not changing or bool(settings.break_system_packages)
    )  # [tool.siteroot] says where `sync` goes, not where this does
    return choose_place(
        PlaceSearch(
            request=replace(
                root, place=root.place if named else RootPlace.SYSTEM, project_environment=None
            ),
            settings=said,
            target=target,
            surroundings=surroundings,
            project_root=None,
            reporter=reporter,
        )
    )


def choose_pip_python(
    context: PipContext, settings: Settings, surroundings: Surroundings, reporter: Reporter
) -> Target:
    """Return the Python that is resolved for where no root is made or looked at. Raises TargetError."""
    search = _Search(
        context=context, settings=settings, surroundings=surroundings, reporter=reporter
    )
    return _choose_python(search, anyone=True)


def _choose_python(search: _Search, *, anyone: bool) -> Target:
    """Return the Python to work for; `anyone`: one that is no environment's will do."""
    request, around = search.context.python, search.surroundings
    asked = parse_request(request.python, around.cwd) if request.python else None
    if not search.context.root.system and (asked is None or isinstance(asked, VersionRequest)):
        found = _environment_that_suits(asked, search)
        if found is not None:
            request = replace(request, python=found)
        elif not anyone:
            wanted = f" for Python {request.python}" if request.python else ""
            raise NoEnvironmentError(
                f"no virtual environment is active or here{wanted}",
                hints=(
                    "--target works on a root of its own",
                    "--system works on the Python itself",
                ),
            )
    wanted_python = PythonSearch(
        request=request,
        pinned=None,
        requires_python=None,
        preference=search.settings.python_preference,
        cache_folder=lasting_folder(search.settings, around),
    )
    return choose_target(wanted_python, around, search.reporter)


def _environment_that_suits(asked: VersionRequest | None, search: _Search) -> str | None:
    """Return the folder of the first environment whose Python is what was asked for."""
    for word, folder in _environments(search):
        target = environment_target(folder, search.surroundings.environ)
        if target is None:
            search.reporter.report(Note(f"{folder} ({word}) has no Python that runs"))
        elif asked is None or satisfies(target, asked):
            search.reporter.report(Note(f"environment: {folder} ({word})"))
            return folder
    return None


def _environments(search: _Search) -> Iterator[tuple[str, str]]:
    """Yield the environments around, the active one first, each with the word that names it."""
    variables, folder = search.surroundings.environ, search.surroundings.cwd
    for word in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        base = variables.get("CONDA_DEFAULT_ENV") in ("base", "root")
        if variables.get(word) and not (word == "CONDA_PREFIX" and base):
            yield word, os.path.join(folder, variables[word])
    while True:
        environment = os.path.join(folder, ".venv")
        if os.path.isfile(os.path.join(environment, "pyvenv.cfg")):
            yield ".venv", environment
        above = os.path.dirname(folder)
        if above == folder:
            return
        folder = above
