"""What the words of a command ask for, with the files, pages and stdin that they name."""

import os
from collections.abc import Callable, Sequence

from siteroot import fs
from siteroot.index.fetch import Fetcher, FetchRequest
from siteroot.model.event import Warned
from siteroot.model.requirements import Requirements, RequirementSource
from siteroot.model.settings import Settings
from siteroot.model.surroundings import Surroundings
from siteroot.ports import Clock, Reporter
from siteroot.project.requirements_files import Reading, read_requirements
from siteroot.select.choice import normalize_names
from siteroot.store.work import temporary_folder, temporary_path

from .caches import temporaries
from .project_files import DiskProjectFiles
from .supply import fetch_options

#: The largest requirements file that is fetched, in bytes.
_MOST = 64 << 20


def read_asked(
    sources: Sequence[RequirementSource],
    settings: Settings,
    surroundings: Surroundings,
    reporter: Reporter,
    clock: Clock,
    *,
    stdin: Callable[[], bytes],
    extras: tuple[str, ...] | None = (),
) -> Requirements:
    """Return what the sources ask for, and tell its warnings.

    Raises ProjectError and UsageError for what is said in them, SourceError for a page.
    """

    def fetch(url: str) -> bytes:
        name = os.path.basename(url.partition("?")[0])
        request = FetchRequest(name=name, version="", location=url, digests=(), size=None)
        options = fetch_options(settings, surroundings)
        with (
            Fetcher(options, clock=clock, reporter=reporter) as fetcher,
            temporary_folder(temporary_path(temporaries(surroundings))) as folder,
        ):
            fetcher.fetch(request, f"{folder}/page")
            return fs.read_plain(f"{folder}/page", _MOST)

    reading = Reading(
        files=DiskProjectFiles(),
        folder=surroundings.cwd,
        variables=surroundings.environ,
        fetch=fetch,
        stdin=stdin,
        extras=extras,
        no_sources=bool(settings.no_sources)
        or frozenset(normalize_names(settings.no_sources_package)),
    )
    found = read_requirements(sources, reading)
    for warning in found.warnings:
        reporter.report(Warned(warning))
    return found
