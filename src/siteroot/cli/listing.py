"""What `siteroot pip list`, `freeze`, `show`, `check` and `tree` write, in uv's forms. Pure: outcomes in, lines out."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence

from siteroot.formats.credentials import without_credentials
from siteroot.model.installed import DescribedDistribution
from siteroot.model.pip_request import ListFormat
from siteroot.model.release import Latest
from siteroot.select.installed import (
    Doubled,
    Incompatibility,
    Missing,
    Unfit,
    Unreadable,
    WrongPlatform,
    WrongPython,
    clauses_of,
)
from siteroot.select.tree import Branch
from siteroot.workflows.pip_listing import Checking, Growing, Listing, ShownDistribution

from .terminal import Paint, escape, render_count, render_seconds


def render_list(listing: Listing, form: ListFormat) -> Iterator[str]:
    """Yield the lines of a list; nothing for an empty one, but in JSON."""
    installed = listing.installed
    match form:
        case ListFormat.JSON:
            entries = [_entry(one, listing.latest or {}) for one in installed]
            yield json.dumps(entries, separators=(",", ":"))
        case ListFormat.FREEZE:
            yield from (f"{one.name}=={one.version}" for one in installed)
        case ListFormat.COLUMNS if installed:
            columns = [("Package", [one.name for one in installed])]
            columns.append(("Version", [one.version for one in installed]))
            if listing.latest is not None:
                newer = [listing.latest[one.name] for one in installed]
                columns.append(("Latest", [str(each.version) for each in newer]))
                columns.append(("Type", [_kind(each) for each in newer]))
            if any(one.editable is not None for one in installed):
                places = [one.editable or "" for one in installed]
                columns.append(("Editable project location", places))
            yield from _table(columns)
        case ListFormat.COLUMNS:
            pass


def render_freeze(listing: Listing) -> list[str]:
    """Return a line of a requirements file for each distribution, without what comes twice."""
    return list(dict.fromkeys(map(_frozen, listing.installed)))


def render_shown(shown: Sequence[ShownDistribution]) -> Iterator[str]:
    """Yield the paragraphs that tell all of some distributions."""
    for number, each in enumerate(shown):
        one = each.described
        if number:
            yield "---"
        yield f"Name: {one.name}"
        yield f"Version: {one.version}"
        yield f"Location: {one.location}"
        if one.editable is not None:
            yield f"Editable project location: {one.editable}"
        if each.requires is not None and each.required_by is not None:
            yield f"Requires: {', '.join(each.requires)}".rstrip()
            yield f"Required-by: {', '.join(each.required_by)}".rstrip()
        if each.files is not None:
            yield "Files:"
            yield from (f"  {path}" for path in each.files)


def render_checked(checking: Checking, paint: Paint) -> Iterator[str]:
    """Yield the lines that say what was found, all of it one line each."""
    count = paint(render_count(checking.count, "package"), "bold")
    yield paint("Checked ", "dim") + count + paint(f" in {render_seconds(checking.seconds)}", "dim")
    if not checking.conflicts:
        yield paint("All installed packages are compatible", "dim")
        return
    number = len(checking.conflicts)
    noun = "incompatibility" if number == 1 else "incompatibilities"
    yield paint("Found ", "dim") + paint(f"{number} {noun}", "bold")
    yield from (paint(escape(render_conflict(one), "\n"), "bold") for one in checking.conflicts)


def render_conflict(conflict: Incompatibility) -> str:
    """Return what does not fit, in uv's words."""
    name = f"The package `{conflict.name}`"
    match conflict:
        case Unreadable(file=file, path=path):
            return (
                f"{name} is broken or incomplete (unable to read `{file}`). Consider installing it anew,"
                f" or removing the folder: {path}"
            )
        case Doubled(paths=paths):
            return f"{name} has multiple installed distributions:" + "".join(
                f"\n  - {path}" for path in paths
            )
        case WrongPython(requires_python=requires_python, python=python):
            return f"{name} requires Python {requires_python}, but `{python}` is installed"
        case WrongPlatform():
            return f"{name} was built for a different platform"
        case Missing(requirement=requirement):
            return f"{name} requires `{without_credentials(requirement)}`, but it's not installed"
        case Unfit(requirement=requirement, version=version):
            return f"{name} requires `{requirement}`, but `{version}` is installed"


def render_tree(growing: Growing, *, specifiers: bool, invert: bool, dedupe: bool) -> list[str]:
    """Return the lines of a tree, and what its marks mean."""
    lines = [
        line
        for root in growing.roots
        for line in _branch(root, growing.latest, specifiers=specifiers, invert=invert)
    ]
    if any(line.endswith("(*)") for line in lines):
        told = "already displayed" if dedupe else "is a cycle and cannot be shown"
        lines.append(f"(*) Package tree {told}")
    return lines


def _branch(
    branch: Branch, newer: Mapping[str, Latest], *, specifiers: bool, invert: bool
) -> Iterator[str]:
    line = f"{branch.name} v{branch.version}"
    if specifiers and branch.need is not None:
        url = branch.need.url
        wanted = (
            ", ".join(clauses_of(branch.need.specifier))
            if url is None
            else without_credentials(url)
        )
        whose = f"requires: {branch.above}" if invert else "required:"
        line += f" [{whose} {wanted or '*'}]"
    if branch.first and branch.name in newer:
        line += f" (latest: v{newer[branch.name].version})"
    yield line + (" (*)" if branch.repeated else "")
    for number, inner in enumerate(branch.branches, 1):
        last = number == len(branch.branches)
        lines = _branch(inner, newer, specifiers=specifiers, invert=invert)
        yield ("└── " if last else "├── ") + next(lines)
        yield from (("    " if last else "│   ") + line for line in lines)


def _table(columns: Iterable[tuple[str, list[str]]]) -> Iterator[str]:
    filled = []
    for head, cells in columns:
        width = max(map(len, (head, *cells)))
        filled.append([cell.ljust(width) for cell in (head, "-" * width, *cells)])
    yield from (" ".join(row).rstrip() for row in zip(*filled, strict=True))


def _kind(latest: Latest) -> str:
    return "wheel" if latest.wheel else "sdist"


def _entry(one: DescribedDistribution, newer: Mapping[str, Latest]) -> dict[str, str]:
    entry = {"name": one.name, "version": one.version}
    if one.name in newer:
        latest = newer[one.name]
        entry |= {"latest_version": str(latest.version), "latest_filetype": _kind(latest)}
    return entry if one.editable is None else entry | {"editable_project_location": one.editable}


def _frozen(one: DescribedDistribution) -> str:
    address = None if one.direct_url is None else without_credentials(one.direct_url.address)
    if one.editable is not None:
        return f"-e {address or one.editable}"
    return f"{one.name}=={one.version}" if address is None else f"{one.name} @ {address}"
