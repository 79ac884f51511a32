"""Where what a command learns is kept."""

import os

from siteroot.model.settings import Settings
from siteroot.model.surroundings import Surroundings


def lasting_folder(settings: Settings, surroundings: Surroundings) -> str | None:
    """Return the folder that answers are kept in, None where there is none that is ours to write to."""
    if settings.no_cache:
        return None
    named = settings.cache_dir
    folder = os.path.join(surroundings.cwd, named) if named else surroundings.cache_folder
    real = os.path.realpath(folder)
    return None if is_anothers(real) else real


def is_anothers(folder: str) -> bool:
    """Whether a folder belongs to another user, in which a file of ours would be in that one's way."""
    try:
        return os.stat(folder).st_uid != os.geteuid()
    except OSError:
        return False
