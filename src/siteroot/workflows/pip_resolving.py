"""What a command of `siteroot pip` asks a resolver for: its words, the files that they name, the project's own bounds."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from packaging.markers import Marker
from packaging.requirements import InvalidRequirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from siteroot.errors import ProjectError, UsageError
from siteroot.formats.markers import TargetMarkers, without_extras
from siteroot.model.lock import DirectorySource
from siteroot.model.pip_request import ResolutionWords
from siteroot.model.requirement import Requirement, Requirer
from siteroot.model.requirements import (
    ProjectFile,
    Requirements,
    RequirementSource,
    SourceKind,
    UnnamedRequirement,
)
from siteroot.model.resolution import ResolutionRequest
from siteroot.model.settings import Amendment, Settings
from siteroot.model.surroundings import Surroundings
from siteroot.model.target import Target
from siteroot.model.value import dataclass, replace
from siteroot.ports import Clock, Reporter
from siteroot.project.pip_settings import join_settings
from siteroot.resolve.direct import read_requirement

from .build_constraints import read_build_constraints
from .reading_requirements import read_asked
from .resolving import options_of

if TYPE_CHECKING:
    from .reading_sources import SourceReader


class BadBoundError(ProjectError):
    """A project's constraint or override is no requirement."""


class BadUpgradeError(UsageError):
    """`--upgrade-package` names what is no distribution."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """All that a command asks for, files read. `settings` are those that hold for it.

    Nothing here is resolved, fetched or built.
    """

    requirements: Requirements
    overrides: tuple[Requirement, ...]
    excludes: frozenset[str]
    overrides_of: Mapping[Requirer, tuple[Requirement, ...]]
    excludes_of: Mapping[Requirer, frozenset[str]]
    build_constraints: tuple[Requirement, ...]
    words: ResolutionWords
    settings: Settings


def read_asking(
    sources: Iterable[RequirementSource],
    words: ResolutionWords,
    settings: Settings,
    surroundings: Surroundings,
    reporter: Reporter,
    clock: Clock,
    *,
    stdin: Callable[[], bytes],
) -> Asking:
    """Return what is asked for. Raises as `read_asked`, UsageError for words, ProjectError for the project's bounds."""

    def read(named: Iterable[RequirementSource]) -> Requirements:
        return read_asked(
            tuple(named), settings, surroundings, reporter, clock, stdin=stdin, extras=words.extras
        )

    def read_files(files: tuple[str, ...]) -> Iterator[Requirement]:
        for each in read(_files(SourceKind.FILE, files)).asked:
            if isinstance(each.requirement, UnnamedRequirement):
                raise UsageError(
                    "has to say the name that it is about", where=each.requirement.origin
                )
            yield each.requirement

    sources = tuple(sources)
    if words.extras != () and not any(map(_has_extras, sources)):
        raise UsageError(
            "extras are those of a pyproject.toml, setup.py, setup.cfg or pylock.toml, and none is named",
            where="--all-extras" if words.extras is None else f"--extra {words.extras[0]}",
            hints=("an extra of a distribution stands behind its name: NAME[EXTRA]",),
        )
    asked = read((*sources, *_files(SourceKind.CONSTRAINTS, words.constraints)))
    overrides, overrides_of = _overrides(settings.override_dependencies)
    excludes, excludes_of = _exclusions(settings.exclude_dependencies)
    return Asking(
        requirements=replace(
            asked,
            constraints=(
                *asked.constraints,
                *_declared(settings.constraint_dependencies, "constraint-dependencies", "-c"),
                *_upgrade_bounds(words),
            ),
        ),
        overrides=(*read_files(words.overrides), *overrides),
        excludes=excludes.union(each.name for each in read_files(words.excludes)),
        overrides_of=overrides_of,
        excludes_of=excludes_of,
        build_constraints=(
            *read(_files(SourceKind.CONSTRAINTS, words.build_constraints)).constraints,
            *read_build_constraints(settings.build_constraint_dependencies),
        ),
        words=words,
        settings=join_settings(settings, words, asked.options, asked.asked),
    )


def complete_request(
    asking: Asking,
    open_reader: "Callable[[], SourceReader]",
    target: Target,
    *,
    preferences: Mapping[str, Version],
) -> ResolutionRequest:
    """Return the request of what is asked for, with the names and requirements that only sources can say.

    `preferences` are versions that stay where they may and nothing is said of upgrades. Raises as `SourceReader.read`.
    """
    markers = TargetMarkers(target.markers)
    named = [
        _named(each.requirement, open_reader)
        for each in asking.requirements.asked
        if markers.holds(each.requirement.marker)
    ]
    for tree in asking.requirements.trees:
        named += _tree_requirements(tree, asking.words.extras, open_reader(), markers)
    return ResolutionRequest(
        requirements=tuple(named),
        constraints=asking.requirements.constraints,
        overrides=asking.overrides,
        excludes=asking.excludes,
        overrides_of=asking.overrides_of,
        excludes_of=asking.excludes_of,
        preferences=_kept(preferences, asking.words),
        options=replace(options_of(asking.settings), transitive=not asking.words.no_deps),
    )


def _has_extras(source: RequirementSource) -> bool:
    """Whether a source is a file that can name extras of its own."""
    name = source.text.rpartition("/")[2]
    return source.kind is SourceKind.FILE and (
        name.endswith(".toml") or name in ("setup.py", "setup.cfg")
    )


def _files(kind: SourceKind, files: Iterable[str]) -> Iterator[RequirementSource]:
    return (RequirementSource(kind, file) for file in files)


def _declared(texts: Iterable[str], key: str, option: str) -> Iterator[Requirement]:
    """Yield what settings bound every resolution by; annotations name it as uv's do, with the option that says the same."""
    for text in texts:
        bound = _parse(text, f"the setting `{key}`", BadBoundError)
        yield replace(bound, asker=f"{option} (workspace)")


def _overrides(
    entries: Iterable[Amendment],
) -> tuple[tuple[Requirement, ...], dict[Requirer, tuple[Requirement, ...]]]:
    """Return the overrides for everybody, and those for what one distribution requires."""
    found: dict[Requirer, tuple[Requirement, ...]] = {}
    everybody: tuple[Requirement, ...] = ()
    for entry in entries:
        some = tuple(_declared(entry.texts, "override-dependencies", "--override"))
        if entry.requirer is None:
            everybody += some
            continue
        if placed := next((each for each in some if each.source is not None), None):
            raise BadBoundError(
                f"an override for {entry.requirer} alone says which versions of {placed.name} will do, not a URL",
                where=placed.origin,
            )
        found[entry.requirer] = (*found.get(entry.requirer, ()), *some)
    return everybody, found


def _exclusions(
    entries: Iterable[Amendment],
) -> tuple[frozenset[str], dict[Requirer, frozenset[str]]]:
    """Return what nobody gets, and what one distribution does not get."""
    found: dict[Requirer, frozenset[str]] = {}
    everybody = frozenset[str]()
    for entry in entries:
        if entry.requirer is None:
            everybody |= frozenset(entry.texts)
        else:
            found[entry.requirer] = frozenset(entry.texts).union(found.get(entry.requirer, ()))
    return everybody, found


def _upgrade_bounds(words: ResolutionWords) -> Iterator[Requirement]:
    """Yield the bounds that stand with names of `--upgrade-package`."""
    for text in words.upgrade_packages:
        bound = _parse(text, f"`--upgrade-package {text}`", BadUpgradeError)
        if str(bound.specifier):
            yield bound


def _kept(
    preferences: Mapping[str, Version], words: ResolutionWords
) -> dict[str, tuple[Version, ...]]:
    upgraded = {_parse(text, "", BadUpgradeError).name for text in words.upgrade_packages}
    if words.upgrade:
        return {}
    return {name: (version,) for name, version in preferences.items() if name not in upgraded}


def _named(
    requirement: Requirement | UnnamedRequirement, open_reader: "Callable[[], SourceReader]"
) -> Requirement:
    """Return a requirement with the name that its source says."""
    if isinstance(requirement, Requirement):
        return requirement
    reader = open_reader()
    if requirement.digests:
        reader.expect([(requirement.source, requirement.digests)])
    return requirement.named(reader.read(requirement.source).name)


def _tree_requirements(
    tree: ProjectFile,
    extras: tuple[str, ...] | None,
    reader: "SourceReader",
    markers: TargetMarkers,
) -> Iterator[Requirement]:
    """Yield what a project requires whose pyproject.toml, or setup.py, does not say it plainly."""
    metadata = reader.read(DirectorySource(path=tree.path.rpartition("/")[0]))
    required = [_parse(text, tree.path, BadBoundError) for text in metadata.requires_dist]
    own = [each for each in required if each.name == metadata.name]
    wanted = metadata.provides_extras if extras is None else map(canonicalize_name, extras)
    chosen = frozenset(wanted)
    while more := {e for each in own if markers.holds(each.marker, chosen) for e in each.extras} - chosen:  # fmt: skip
        chosen |= more
    for requirement in required:
        marker = "" if requirement.marker is None else str(requirement.marker)
        asking = markers.names_in(marker)
        if requirement.name != metadata.name and (not asking or asking & chosen):
            rest = without_extras(marker) if asking else marker
            yield replace(
                requirement,
                marker=Marker(rest) if rest else None,
                source=metadata.sources.get(requirement.name, requirement.source),
                asker=f"{metadata.name} ({tree.shown})",
            )


def _parse(
    text: str, origin: str, fault: type[BadBoundError] | type[BadUpgradeError]
) -> Requirement:
    try:
        return read_requirement(text, origin)
    except InvalidRequirement:
        raise fault(f"{text[:200]!r} is no requirement", where=origin or None) from None
