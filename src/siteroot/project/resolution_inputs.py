"""What a resolution was told beside the projects' own metadata: options, environments, conflicts, the manifest."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from packaging.markers import Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from siteroot.formats.reading import parse_specifiers
from siteroot.model.lock import ConflictItem, Lock, LockOptions
from siteroot.model.project import GroupInclude, Project
from siteroot.model.settings import Amendment, BuildConstraint, Settings
from siteroot.model.value import replace

from .conditions import Condition, same_condition
from .cutoffs import parse_cutoff
from .findings import Declared, Difference, Doubt, Finding, compare_requirements
from .group_settings import compare_default_groups, compare_group_pythons
from .groups import DEV, expand_groups
from .lowering import Scope, lower_all, lower_group, normalise_locked
from .requires_python import PythonBounds

#: What uv assumes where neither side says anything.
_DEFAULT_PRERELEASES = ("if-necessary", "if-necessary-or-explicit")
_DATE = re.compile(r"\d{4}-?\d\d-?\d\d(?:[T ][\d:.]*)?", re.IGNORECASE)
#: How far local midnight may lie from that of UTC.
_ZONES = timedelta(hours=14)


def compare_options(options: LockOptions, settings: Settings) -> Iterator[Finding]:
    """Compare resolution mode, fork strategy, pre-releases and the cut-off times."""
    for what, ours, theirs, default in (
        ("resolution", settings.resolution, options.resolution_mode, "highest"),
        ("fork-strategy", settings.fork_strategy, options.fork_strategy, "requires-python"),
    ):
        if (ours or default) != (theirs or default):
            yield Difference(
                f"`{what}` is {ours or default}, the lock was made with {theirs or default}"
            )
    mode, locked_mode = settings.prerelease, options.prerelease_mode
    if mode != locked_mode:
        text = f"`prerelease` is {mode or 'not set'}, the lock was made with {locked_mode or 'the default'}"
        close = {mode, locked_mode} <= {None, *_DEFAULT_PRERELEASES}
        yield Doubt(f"{text}, which may be the same") if close else Difference(text)
    if dict(settings.prerelease_package or {}) != dict(options.prerelease_package):
        yield Difference("`prerelease-package` is not what the lock was made with")
    locked = options.exclude_newer_span or options.exclude_newer
    yield from _compare_times("exclude-newer", settings.exclude_newer, locked)
    packages: Mapping[str, object] = settings.exclude_newer_package or {}
    for name in sorted({*packages, *options.exclude_newer_package}):
        own = packages.get(name)
        time = None if own is None else str(own)
        locked = options.exclude_newer_package.get(name)
        yield from _compare_times(f"exclude-newer-package of {name}", time, locked)


def _compare_times(what: str, ours: str | None, theirs: str | None) -> Iterator[Finding]:
    if what == "exclude-newer":
        ours = None if ours == "false" else ours
    if ours == theirs:
        return
    difference = Difference(
        f"`{what}` is {ours or 'not set'}, the lock was made with {theirs or 'none'}"
    )
    if ours is None or theirs is None or "false" in (ours, theirs):
        yield difference
        return
    left, right = parse_cutoff(ours, UTC), parse_cutoff(theirs, UTC)
    if left is None or right is None:
        yield Doubt(f"`{what}` is {ours}, which cannot be compared with {theirs}")
    elif isinstance(left, datetime) and isinstance(right, datetime) and _DATE.fullmatch(ours):
        # uv takes the midnight of the local time zone, which nothing here knows
        if left != right:
            near = abs(left - right) <= _ZONES
            yield (
                Doubt(f"`{what}` is {ours}: midnight depends on the time zone")
                if near
                else difference
            )
    elif left != right:
        yield difference


def compare_environments(lock: Lock, project: Project, bounds: PythonBounds) -> Iterator[Finding]:
    """Compare the environments that the lock is made for, in their order."""
    uv = project.root_pyproject.uv
    for what, ours, theirs in (
        ("environments", uv.environments, lock.supported_markers),
        ("required-environments", uv.required_environments, lock.required_markers),
    ):
        if len(ours) != len(theirs):
            yield Difference(f"`{what}` has {len(ours)} entries, the lock has {len(theirs)}")
            continue
        for text, locked in zip(ours, theirs, strict=True):
            same = same_condition(Condition((Marker(text),)), Condition((locked,)), bounds)
            if same is None:
                yield Doubt(f"`{what}` has {text}, which cannot be compared with {locked}")
            elif not same:
                yield Difference(f"`{what}` has {text}, the lock has {locked}")


def compare_conflicts(lock: Lock, project: Project) -> Iterator[Finding]:
    """Compare the declared conflicts, those included that follow from groups that include a conflicting one."""
    ours = _conflicts(project)
    theirs = tuple(frozenset(items) for items in lock.conflicts)
    plain = {
        frozenset(items) for member in project.members for items in member.pyproject.uv.conflicts
    }
    if set(ours) == set(theirs):
        return
    if plain <= set(theirs) and len(ours) > len(plain):
        yield Doubt("the conflicts that follow from included groups are not those of the lock")
    else:
        yield Difference("the declared conflicts are not those of the lock")


def _conflicts(project: Project) -> tuple[frozenset[ConflictItem], ...]:
    root = project.root_pyproject
    said = [member.pyproject.uv.conflicts for member in project.members]
    if all(member.folder != project.root for member in project.members):
        said.insert(0, root.uv.conflicts)
    conflicts = [frozenset(items) for each in said for items in each]
    if root.project is None:
        return tuple(conflicts)
    name = root.project.normalized_name
    including = _including_groups(project)
    for item in {one for items in conflicts for one in items if one.group and one.package == name}:
        for other in sorted(including.get(item.group or "", ())):
            stand_in = ConflictItem(package=name, extra=None, group=other)
            conflicts += [items - {item} | {stand_in} for items in conflicts if item in items]
    return tuple(dict.fromkeys(conflicts))


def _including_groups(project: Project) -> Mapping[str, set[str]]:
    """Return, by group, the groups of the root's project that include it, directly or not."""
    including: dict[str, set[str]] = {}
    groups = project.root_pyproject.dependency_groups
    for outer in groups:
        queue, seen = [outer], {outer}
        while queue:
            for item in groups.get(queue.pop(), ()):
                if isinstance(item, GroupInclude) and item.name not in seen:
                    seen.add(item.name)
                    queue.append(item.name)
        for inner in seen - {outer}:
            including.setdefault(inner, set()).add(outer)
    return including


def compare_manifest(lock: Lock, scope: Scope) -> Iterator[Finding]:
    """Compare constraints, overrides, exclusions, the groups of a root without project, and given metadata."""
    manifest, root = lock.manifest, scope.project.root
    uv = scope.project.root_pyproject.uv_settings or Settings()
    for what, items, locked in (
        ("`constraint-dependencies`", uv.constraint_dependencies, manifest.constraints),
        ("`override-dependencies`", uv.override_dependencies, manifest.overrides),
        (
            "`build-constraint-dependencies`",
            uv.build_constraint_dependencies,
            manifest.build_constraints,
        ),
    ):
        declared = _lower_all(items, scope)
        if isinstance(declared, Doubt):
            yield declared
            continue
        theirs = tuple(normalise_locked(each, root) for each in locked)
        yield from compare_requirements(what, declared, theirs, scope.bounds)
    if set(_exclusions(uv.exclude_dependencies)) != set(manifest.excludes):
        yield Difference("`exclude-dependencies` is not what the lock was made with")
    if manifest.requirements:
        yield Difference("the lock is a script's, not a project's")
    yield from _compare_root_groups(lock, scope)
    yield from _compare_given_metadata(lock, scope)


def _lower_all(items: Iterable[object], scope: Scope) -> tuple[Declared, ...] | Doubt:
    """Return requirements, some of which may hold for one distribution's dependencies, or for some files, alone."""
    declared: list[Declared] = []
    for item in items:
        texts, only = _parts(item)
        lowered = lower_all(texts, scope)
        if isinstance(lowered, Doubt):
            return lowered
        declared += (replace(each, source=tuple(sorted((*each.source, *only)))) for each in lowered)
    return tuple(declared)


def _parts(item: object) -> tuple[Sequence[str], tuple[tuple[str, str], ...]]:
    """Return an item's requirements, and what it says beside them, as a part of a source."""
    match item:
        case BuildConstraint(text=text, digests=digests):
            hashes = " ".join(sorted(map(str, digests)))
            return [text], (("hashes", hashes),) if hashes else ()
        case Amendment(texts=texts, requirer=requirer):
            return texts, () if requirer is None else (("package", str(requirer)),)
        case _:
            return [str(item)], ()


def _compare_root_groups(lock: Lock, scope: Scope) -> Iterator[Finding]:
    root, manifest = scope.project.root_pyproject, lock.manifest
    groups = {} if root.project is not None else expand_groups(root)
    if root.project is None and lock.revision >= 5:
        if manifest.default_groups is None and root.uv.default_groups not in (None, (DEV,)):
            yield Doubt("the lock does not tell which groups of the root were on by default")
        else:
            yield from compare_default_groups("the root", root, manifest.default_groups)
        yield from compare_group_pythons("the root", root, manifest.group_requires_python)
    ours = {name for name, group in groups.items() if group.requirements}
    theirs = {
        name for name, requirements in lock.manifest.dependency_groups.items() if requirements
    }
    for name in sorted(ours ^ theirs):
        yield Difference(
            f"the group `{name}` is {'not in' if name in ours else 'only in'} the lock"
        )
    for name in sorted(ours & theirs):
        declared = lower_group(groups[name].requirements, scope)
        if isinstance(declared, Doubt):
            yield declared
            continue
        locked = tuple(
            normalise_locked(each, scope.project.root)
            for each in lock.manifest.dependency_groups[name]
        )
        yield from compare_requirements(f"the group `{name}`", declared, locked, scope.bounds)


def _compare_given_metadata(lock: Lock, scope: Scope) -> Iterator[Finding]:
    ours = [_given(each) for each in scope.settings.dependency_metadata]
    theirs = [_given(each) for each in lock.manifest.dependency_metadata]
    if None in ours or None in theirs:
        yield Doubt("`dependency-metadata` has a requirement that cannot be read")
    elif set(ours) != set(theirs):
        yield Difference("`dependency-metadata` is not what the lock was made with")


_Given = tuple[str, str, SpecifierSet, frozenset[tuple[str, ...]], frozenset[str]]


def _given(table: Mapping[str, object]) -> _Given | None:
    """Return metadata that was given in place of a distribution's own, in a form that can be compared."""
    extras: set[str] = set()
    for key in ("provides-extra", "provides-extras"):
        extras |= {canonicalize_name(each) for each in _texts(table.get(key))}
    requirements: set[tuple[str, ...]] = set()
    for text in _texts(table.get("requires-dist")):
        try:
            each = Requirement(text)
        except (InvalidRequirement, RecursionError):
            return None
        name = canonicalize_name(each.name)
        parts = sorted(canonicalize_name(extra) for extra in each.extras)
        requirements.add(
            (name, *parts, str(each.specifier), each.url or "", str(each.marker or ""))
        )
    try:
        pythons = parse_specifiers(str(table.get("requires-python") or ""))
    except ValueError:
        return None
    name = canonicalize_name(str(table.get("name")))
    return (
        name,
        str(table.get("version") or ""),
        pythons,
        frozenset(requirements),
        frozenset(extras),
    )


def _texts(value: object) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def _exclusions(items: Iterable[Amendment]) -> Iterator[str]:
    """Yield exclusions as a lock's manifest has them."""
    for item in items:
        of = "" if item.requirer is None else f" of {item.requirer}"
        yield from (f"{name}{of}" for name in item.texts)
