"""Whether another sitecustomize on PYTHONPATH keeps a root's own from running (ROOT.md 5)."""

import os
from collections.abc import Iterator

from siteroot.fs import read_head
from siteroot.model.event import Note
from siteroot.model.layout import Layout
from siteroot.model.root import RootState
from siteroot.model.surroundings import Surroundings
from siteroot.plan.paths import join_path
from siteroot.plan.startup import SITECUSTOMIZE_BEGINS
from siteroot.ports import Reporter

_ENDINGS = (".py", ".pyc", ".so", ".pyd")


def tell_earlier_sitecustomize(
    layout: Layout, state: RootState, surroundings: Surroundings, reporter: Reporter
) -> None:
    """Note which file an interpreter with this PYTHONPATH would import in place of the root's sitecustomize.py.

    Those that siteroot wrote hand on; whether any other does cannot be told, and most do not.
    """
    library = layout.folders["purelib"]
    if join_path(library, "sitecustomize.py") not in state.files:
        return
    modules = os.path.join(layout.root, library) if library else layout.root
    entries = _entries(surroundings)
    known = modules in entries
    for entry in entries[: entries.index(modules)] if known else entries:
        for path in _sitecustomizes(entry):
            place = "comes before" if known else "stands on PYTHONPATH, and would be found before"
            reporter.report(
                Note(
                    f"{path} {place} the sitecustomize.py of {layout.root}: unless it hands on, .pth files act in"
                    f" launchers, and elsewhere after `import site; site.addsitedir({modules!r})`"
                )
            )
            return


def _entries(surroundings: Surroundings) -> list[str]:
    """Return the folders on PYTHONPATH as an interpreter started here would take them."""
    said = surroundings.environ.get("PYTHONPATH", "")
    return (
        [
            os.path.realpath(os.path.join(surroundings.cwd, entry))
            for entry in said.split(os.pathsep)
        ]
        if said
        else []
    )


def _sitecustomizes(folder: str) -> Iterator[str]:
    """Yield what an import of sitecustomize would find in the folder, unless siteroot wrote it."""
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return
    for name in names:
        path = os.path.join(folder, name)
        stem, ending = os.path.splitext(name)
        if name == "sitecustomize" and os.path.isfile(os.path.join(path, "__init__.py")):
            yield path
        elif ending in _ENDINGS and stem.partition(".")[0] == "sitecustomize":
            try:
                ours = read_head(path, len(SITECUSTOMIZE_BEGINS)) == SITECUSTOMIZE_BEGINS
            except OSError:
                continue
            if not ours:
                yield path
