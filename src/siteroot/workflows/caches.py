"""Where a command keeps what it fetches and learns, and what it needs for itself alone."""

import os

from siteroot.model.settings import Settings
from siteroot.model.surroundings import Surroundings
from siteroot.model.value import dataclass
from siteroot.store.work import temporary_path


@dataclass(frozen=True, slots=True, kw_only=True)
class Caches:
    """The store's folder; one for what cannot be kept there; where answers are kept, None where nowhere."""

    store: str
    temporary: str
    lasting: str | None


def choose_caches(settings: Settings, surroundings: Surroundings) -> Caches:
    """Return the folders that wheels and answers are kept in; the temporary one is not there yet."""
    temporary = temporary_path(temporaries(surroundings))
    store = temporary
    if not settings.no_cache:
        store = os.path.realpath(cache_folder(settings, surroundings))
    return Caches(store=store, temporary=temporary, lasting=lasting_folder(settings, surroundings))


def cache_folder(settings: Settings, surroundings: Surroundings) -> str:
    """Return the cache's folder as it is named, links in it not followed."""
    named = settings.cache_dir
    return os.path.join(surroundings.cwd, named) if named else surroundings.cache_folder


def lasting_folder(settings: Settings, surroundings: Surroundings) -> str | None:
    """Return the folder that answers are kept in, None where there is none that is ours to write to."""
    if settings.no_cache:
        return None
    real = os.path.realpath(cache_folder(settings, surroundings))
    return None if _is_anothers(real) else real


def temporaries(surroundings: Surroundings) -> str:
    """Return the folder of the system's temporary files."""
    return os.path.realpath(surroundings.environ.get("TMPDIR") or "/tmp")  # noqa: S108 - names in it are unguessable


def _is_anothers(folder: str) -> bool:
    """Whether a folder belongs to another user, in which a file of ours would be in that one's way."""
    try:
        return os.stat(folder).st_uid != os.geteuid()
    except OSError:
        return False
