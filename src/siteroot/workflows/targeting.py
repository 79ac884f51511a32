"""Which Python a root is made for (ROOT.md 1)."""

from packaging.specifiers import SpecifierSet

from siteroot.errors import TargetError
from siteroot.interpreter.find import Found, NotFound, Preference, find_interpreter
from siteroot.interpreter.find import Surroundings as PythonSurroundings
from siteroot.interpreter.looks import DISK, Looks
from siteroot.interpreter.probe import probe_interpreter
from siteroot.model.event import Note
from siteroot.model.request import PythonRequest
from siteroot.model.surroundings import Surroundings
from siteroot.model.target import Target
from siteroot.model.value import dataclass
from siteroot.ports import Reporter


@dataclass(frozen=True, slots=True, kw_only=True)
class PythonSearch:
    """Which Python is wanted: the words that were said, and what a file or the project adds where they are silent."""

    request: PythonRequest
    pinned: str | None  # of .python-version
    requires_python: SpecifierSet | None
    preference: str | None
    cache_folder: str | None
    looks: Looks = DISK


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
            looks=search.looks,
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

    host = probe_interpreter(
        surroundings.executable, search.cache_folder, variables, looks=search.looks
    )
    return named_target(request.python_platform, request.python_version, target, host, variables)
