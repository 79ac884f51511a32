"""What a person may try where there is no answer."""

from collections.abc import Iterator, Sequence
from difflib import get_close_matches

from siteroot.formats.releases import list_releases

from .derivation import Fact
from .direct import show_source
from .incompatibility import NoVersions, Requires, Unusable
from .reasons import Absence, NoUsableFile, Obstacle, OtherPython
from .releases import Releases
from .resolver import Resolver
from .wording import shorten


def find_hints(resolver: Resolver, facts: Sequence[Fact]) -> tuple[str, ...]:
    """Return what to try, one sentence each."""
    refused: dict[int, int] = {}  # versions, by package
    for fact in facts:
        if isinstance(fact, Unusable):
            refused[fact.package] = refused.get(fact.package, 0) | fact.term
    told = (hint for fact in facts for hint in _hints(resolver, fact, refused.get(fact.package, 0)))
    return tuple(dict.fromkeys(told))


def _hints(resolver: Resolver, fact: Fact, refused: int) -> Iterator[str]:
    match fact:
        case NoVersions():
            yield from _of_nothing(resolver, fact)
        case Unusable():
            yield from _of_refusal(resolver, fact, refused)
        case Requires(required=required) if not resolver.packages[required].name:
            yield _of_python(resolver)
        case Requires():
            pass


def _of_nothing(resolver: Resolver, fact: NoVersions) -> Iterator[str]:
    name = resolver.packages[fact.package].name
    line = resolver.line_of(fact.package)
    if line is None:
        return
    barred = [line.versions[place] for place in line.places(fact.term)]
    if barred:
        yield (
            f"There are pre-releases of {name} ({barred[-1]}): allow them with --prerelease if-necessary, "
            f"or name one in a requirement."
        )
    found = resolver.projects.find(name)
    if isinstance(found, Releases) and found.withheld is not None:
        yield (
            f"There are newer versions of {name} (up to {found.withheld}) that --exclude-newer keeps away:"
            f" --exclude-newer-package {name}=false lifts it."
        )
    for page in resolver.projects.passed.get(name, ()):
        newest = list_releases(page)[-1].version
        url = show_source(page.source)
        yield (
            f"{name} is on {url} too (up to {newest}), which was not looked at: the first index that has a project "
            f"is its only one, unless --index-strategy says otherwise."
        )


def _of_refusal(resolver: Resolver, fact: Unusable, refused: int) -> Iterator[str]:
    name = resolver.packages[fact.package].name
    match fact.reason:
        case Absence():
            yield from _of_absence(resolver, name, fact.reason)
        case OtherPython():
            yield _of_python(resolver)
        case NoUsableFile(Obstacle.TAGS, _):
            yield from _of_misfits(resolver, name, refused)
        case NoUsableFile(Obstacle.YANKED, _):
            yield f"A yanked version of {name} is taken where a requirement pins it with `==`."
        case NoUsableFile(Obstacle.NO_BUILD, _):
            yield from _of_misfits(resolver, name, refused)
            yield f"{name} would have to be built: --no-build or --only-binary stands in the way."
        case NoUsableFile(Obstacle.NO_BINARY, _):
            yield f"{name} has wheels only: --no-binary stands in the way."
        case _:
            pass


def _of_absence(resolver: Resolver, name: str, absence: Absence) -> Iterator[str]:
    match absence:
        case Absence.UNKNOWN:
            near = get_close_matches(name, resolver.projects.spellings(), n=1, cutoff=0.8)
            if near:
                yield f"Is {near[0]} meant by {name}?"
            else:
                yield f"Look at how {name} is spelled; an index that has it is named with --index."
        case Absence.REFUSED:
            yield (
                "Its login goes into the URL of the index, a netrc or the keyring; for an index with a name, as in --index NAME=URL,"
                " into UV_INDEX_<NAME>_USERNAME and UV_INDEX_<NAME>_PASSWORD."
            )
        case Absence.EMPTY:
            yield "An index that wants a login may answer with a page of its own: is the URL right?"
        case Absence.NEWER:
            yield f"--exclude-newer keeps all of {name} away: --exclude-newer-package {name}=false lifts it."


def _of_python(resolver: Resolver) -> str:
    return f"These are resolved for Python {resolver.python}: ask for another one with --python-version."


def _of_misfits(resolver: Resolver, name: str, refused: int) -> Iterator[str]:
    """Yield what the wheels of the newest version are for that was refused: what those of old ones were for is past."""
    found = resolver.projects.find(name)
    places = found.line.places(refused)
    if isinstance(found, Releases) and places and (tags := found.misfits(places[-1])):
        yield f"The wheels of {name}=={found.line.versions[places[-1]]} are for {shorten(tags)}."
