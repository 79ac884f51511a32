"""`siteroot cache`: where the cache is, how much it holds, and what of it goes."""

from siteroot.model.outcome import CacheOutcome
from siteroot.model.request import CacheAction, CacheRequest
from siteroot.model.surroundings import Surroundings
from siteroot.ports import Reporter
from siteroot.select.choice import normalize_names
from siteroot.store.collect import clean_cache, measure_cache, prune_cache

from .caches import cache_folder, temporaries
from .noted import noted
from .settings import load_found_settings


def cache(request: CacheRequest, surroundings: Surroundings, reporter: Reporter) -> CacheOutcome:
    """Return where the cache is, or what became of it. Raises ProjectError for settings files, StoreError."""
    folder = cache_folder(load_found_settings(request, surroundings, reporter), surroundings)
    if request.action is CacheAction.SIZE:
        return CacheOutcome(folder=folder, size=measure_cache(folder))
    if request.action is CacheAction.DIR:
        return CacheOutcome(folder=folder)
    names = frozenset(normalize_names(request.names)) or None
    prune = request.action is CacheAction.PRUNE
    with noted(f"a part of {folder} may be gone; the same command removes the rest"):
        gone = (
            prune_cache(folder, temporaries(surroundings), fetched=request.fetched)
            if prune
            else clean_cache(folder, names)
        )
    return CacheOutcome(folder=folder, wheels=gone.wheels, files=gone.files, size=gone.size)
