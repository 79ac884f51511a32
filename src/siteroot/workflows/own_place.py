"""The place that siteroot itself runs from, where that lies in the root which it is to change (ROOT.md 6).

Such a root may be changed as long as siteroot and what it depends on stay as they are, and nothing is imported from it
any more once the change has begun: a half-changed root answers an import with anything.
"""

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

import siteroot
from siteroot.errors import RootError
from siteroot.formats.headers import parse_headers
from siteroot.fs import read_plain
from siteroot.model.plan import Install, Plan, Remove, Replace
from siteroot.model.root import InstalledDistribution, Inventory

#: The largest METADATA that is read, in bytes.
_MOST = 16 << 20


class OwnFeetError(RootError):
    """The change would take away what the running siteroot is made of."""

    def __init__(self, root: str, what: str) -> None:
        super().__init__(
            f"siteroot itself runs from this root, and {what}",
            where=root,
            hints=("Run siteroot.pyz, or a siteroot that is installed elsewhere.",),
        )


def prepare_own_place(root: str) -> None:
    """Load every module of siteroot, with what those import, if any is loaded from this root."""
    if not _loaded_from(root):
        return
    import pkgutil  # noqa: PLC0415 - for a siteroot in its own root alone

    for found in pkgutil.walk_packages(siteroot.__path__, "siteroot."):
        if found.name != "siteroot.__main__":
            import_module(found.name)


def refuse_own_paths(root: str, paths: Iterable[str]) -> None:
    """Refuse a change of these paths if a module was loaded from one of them. Raises OwnFeetError."""
    loaded = _loaded_from(root)
    hit = next((path for path in paths if path in loaded), None) if loaded else None
    if hit is not None:
        raise OwnFeetError(root, f"{hit}, which it is using, would change")


def refuse_own_feet(plan: Plan, inventory: Inventory) -> None:
    """Refuse a plan that replaces or removes siteroot or what it depends on. Raises OwnFeetError."""
    root = plan.layout.root
    loaded = _loaded_from(root)
    if not loaded:
        return
    refuse_own_paths(root, plan.overwritten)
    needed = _needed(root, loaded, inventory.distributions)
    for old in _going(plan):
        if old.name in needed or not loaded.isdisjoint(old.files):
            raise OwnFeetError(root, f"{old.name} {old.version}, which it needs, would go")


def _loaded_from(root: str) -> frozenset[str]:
    """Return the paths in the root of the modules that this process has loaded from it."""
    top = f"{root}{os.sep}"
    folders: dict[str, str] = {}
    paths = []
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if not file:
            continue
        folder, name = os.path.split(file)
        if folder not in folders:  # once for each, as most modules share one
            folders[folder] = os.path.join(os.path.realpath(folder), "")
        if folders[folder].startswith(top):
            paths.append(folders[folder][len(top) :] + name)
    return frozenset(paths)


def _going(plan: Plan) -> Iterator[InstalledDistribution]:
    for step in plan.changes:
        match step:
            case Replace(old=olds):
                yield from olds
            case Remove(old=old):
                yield old
            case Install():
                pass


def _needed(
    root: str, loaded: frozenset[str], distributions: Iterable[InstalledDistribution]
) -> frozenset[str]:
    """Return the names of siteroot and all that it depends on, as far as they are in the root.

    What siteroot's extras name is there to be used too; of another's extras only those that are asked for count.
    """
    here = {each.name: each for each in distributions}
    owners = [each.name for each in here.values() if not loaded.isdisjoint(each.files)]
    pending: list[tuple[str, frozenset[str]]] = [(name, frozenset()) for name in owners]
    seen = set(pending)
    while pending:
        name, extras = pending.pop()
        for needed in _requirements(root, here[name], extras):
            key = (str(canonicalize_name(needed.name)), frozenset(needed.extras))
            if key[0] in here and key not in seen:
                seen.add(key)
                pending.append(key)
    return frozenset(name for name, _ in seen)


def _requirements(
    root: str, distribution: InstalledDistribution, extras: frozenset[str]
) -> Iterator[Requirement]:
    headers = _read_metadata(f"{root}/{distribution.dist_info}/METADATA")
    if distribution.name == "siteroot":
        extras = frozenset(headers.get("provides-extra", ()))
    for text in headers.get("requires-dist", ()):
        try:
            needed = Requirement(text)
        except InvalidRequirement:
            continue  # nobody could have installed by it
        marker = needed.marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            yield needed


def _read_metadata(path: str) -> Mapping[str, tuple[str, ...]]:
    try:
        return parse_headers(read_plain(path, _MOST).decode("utf-8", "replace"))
    except OSError:
        return {}
