"""Our own files of a root, beside its distributions: `.siteroot.json` and what it names (ROOT.md 1, 2, 5)."""

import hashlib
from collections.abc import Collection, Iterable, Mapping

from siteroot.model.layout import Layout, LayoutKind
from siteroot.model.root import Inventory, Kind
from siteroot.model.rows import RenderedRow
from siteroot.model.target import Target

from .paths import folders_of, join_path, parent
from .place import rendered_row
from .startup import START_FOLDER, render_sitecustomize, render_start_sitecustomize

_GITIGNORE = b"*\n"


def own_file_paths(layout: Layout) -> tuple[str, ...]:
    """Return where files of ours may lie, `.siteroot.json` aside."""
    if layout.kind is LayoutKind.INTERPRETER:
        return ()
    modules = join_path(layout.folders["purelib"], "sitecustomize.py")
    return modules, f"{START_FOLDER}/sitecustomize.py", ".gitignore"


def own_file_rows(
    layout: Layout, target: Target, paths: Collection[str], *, pth: bool
) -> tuple[RenderedRow, ...]:
    """Return the files that a root with these paths needs to be imported from, `.siteroot.json` aside.

    `paths` are those of all distributions. An interpreter layout needs none: its own `site` does the work.
    """
    if layout.kind is LayoutKind.INTERPRETER:
        return ()
    modules, scripts = layout.folders["purelib"], layout.folders["scripts"]
    together = "\0".join(["", *paths, ""])
    rows = []
    if (
        pth
        and ".pth\0" in together
        and any(parent(path) == modules for path in paths if path.endswith(".pth"))
    ):
        content = render_sitecustomize(target)
        rows.append(rendered_row(join_path(modules, "sitecustomize.py"), content))
    if f"\0{scripts}" in together and any(parent(path) == scripts for path in paths):
        content = render_start_sitecustomize(target, join_path("..", modules))
        rows.append(rendered_row(f"{START_FOLDER}/sitecustomize.py", content))
    if layout.kind is LayoutKind.PYPACKAGES:
        rows.append(rendered_row(".gitignore", _GITIGNORE))
    return tuple(rows)


def yield_to_others(
    rows: Iterable[RenderedRow], brought: set[str], going: set[str], inventory: Inventory
) -> tuple[tuple[RenderedRow, ...], tuple[str, ...]]:
    """Return the rows that may be written, and a warning for each that gives way to a file that is not ours.

    `brought` are the paths of all distributions, `going` what may be given up, our own files among it.
    """
    mine, warnings = [], []
    for row in rows:
        path = row[0]
        if path in brought or not brought.isdisjoint(folders_of([path])):
            warnings.append(_yields(path, "a distribution brings one"))
        elif path.endswith("sitecustomize.py") and any(
            each.startswith(f"{path[:-3]}/__init__.") for each in brought
        ):  # a package is found before a module of its name
            warnings.append(_yields(path, "a distribution brings a package of its name"))
        elif _stands(path, going, inventory) and not _is_equal(row, inventory):
            warnings.append(_yields(path, "there is one that siteroot did not write"))
        else:
            mine.append(row)
    return tuple(mine), tuple(warnings)


def own_paths(inventory: Inventory) -> Mapping[str, str]:
    """Return the files of ours that are there with the bytes that we gave them, by path."""
    if inventory.state is None:
        return {}
    return {
        path: digest
        for path, digest in inventory.state.files.items()
        if inventory.digests.get(path) == digest
    }


def kind_at(path: str, inventory: Inventory) -> Kind | None:
    """Return what stands at a path, None where nothing does or nobody looked."""
    view = inventory.folders.get(parent(path))
    return None if view is None else view.names.get(path.rpartition("/")[2])


def _stands(path: str, going: set[str], inventory: Inventory) -> bool:
    """Whether something that is not ours stands at the path, or where a folder above it must be."""
    if path not in going and kind_at(path, inventory) is not None:
        return True
    above = folders_of([path]) - going
    return any(kind_at(folder, inventory) not in (None, Kind.FOLDER) for folder in above)


def _is_equal(row: RenderedRow, inventory: Inventory) -> bool:
    """Whether what stands there is what we would write: ours, though a lost `.siteroot.json` cannot say so."""
    return inventory.digests.get(row[0]) == hashlib.sha256(row[1]).hexdigest()


def _yields(path: str, why: str) -> str:
    if path.endswith("sitecustomize.py"):
        return (
            f"{path}: {why}, so siteroot writes none: .pth files act in launchers, and elsewhere after"
            " `import site; site.addsitedir(ROOT)`"
        )
    return f"{path}: {why}, so siteroot writes none"
