"""Scenarios of resolving: an index, what is asked for, and what has to come out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from packaging.utils import canonicalize_name

from siteroot.model.resolution import (
    Chosen,
    PrereleaseMode,
    Resolution,
    ResolutionOptions,
    ResolutionRequest,
    VersionChoice,
)
from siteroot.resolve.explain import UnsatisfiableError
from siteroot.resolve.solving import resolve
from support.made_index import MadeIndex, MadeRelease, asks, read_release
from support.selection import make_target


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """`expected` is None where there is no answer, and empty where any will do."""

    name: str
    asks: tuple[str, ...]
    index: Mapping[str, Mapping[str, MadeRelease]]
    expected: Mapping[str, str] | None
    python: str = "3.12.0"
    options: ResolutionOptions = field(default_factory=ResolutionOptions)

    def run(self) -> Resolution:
        request = ResolutionRequest(requirements=asks(*self.asks), options=self.options)
        return resolve(request, make_target(self.python), MadeIndex(self.index))

    def outcome(self) -> dict[str, str] | None:
        """Return the versions that came out, None where there is no answer."""
        try:
            return pinned(self.run())
        except UnsatisfiableError:
            return None


def pinned(resolution: Resolution) -> dict[str, str]:
    """Return the versions of a resolution."""
    return {pin.name: str(pin.version) for pin in resolution.pins}


def is_universal(table: Mapping[str, Any]) -> bool:
    """Whether a scenario of uv's set is about a lock for every environment."""
    return bool(table.get("resolver_options", {}).get("universal"))


def read_peer_scenario(table: Mapping[str, Any]) -> Scenario:
    """Return a scenario as uv's set tells it, for one target."""
    options = table.get("resolver_options", {})
    expected = table["expected"]
    satisfiable = expected["satisfiable"]
    python = options.get("python") or table.get("environment", {}).get("python", "3.12")
    return Scenario(
        name=table["name"],
        asks=tuple(table["root"].get("requires", ())),
        index={
            canonicalize_name(name): {
                version: read_release(release) for version, release in versions.items()
            }
            for name, project in table.get("packages", {}).items()
            if (versions := project.get("versions"))
        },
        expected=_normalised(expected.get("packages", {})) if satisfiable else None,
        python=python if python.count(".") == 2 else f"{python}.0",
        options=ResolutionOptions(
            choice=VersionChoice(options.get("resolution", "highest")),
            prereleases=_prereleases(options.get("prereleases")),
            no_build=Chosen(names=frozenset(options.get("no_build", ()))),
            no_binary=Chosen(names=frozenset(options.get("no_binary", ()))),
        ),
    )


def read_scenario(table: Mapping[str, Any]) -> Scenario:
    """Return a scenario as `resolve_scenarios.toml` tells it: a version is what it requires, or a table."""
    return Scenario(
        name=table["name"],
        asks=tuple(table["asks"]),
        index={
            name: {version: _release(told) for version, told in versions.items()}
            for name, versions in table["index"].items()
        },
        expected=table.get("pins"),
        python=table.get("python", "3.12.0"),
        options=ResolutionOptions(
            choice=VersionChoice(table.get("resolution", "highest")),
            prereleases=PrereleaseMode(table.get("prereleases", "if-necessary")),
            no_build=Chosen(names=frozenset(table.get("no_build", ()))),
            no_binary=Chosen(names=frozenset(table.get("no_binary", ()))),
        ),
    )


def _release(told: Any) -> MadeRelease:
    if isinstance(told, list):
        return MadeRelease(requires=tuple(told))
    wheels = tuple(told.pop("wheels", ("py3-none-any",)))
    return MadeRelease(requires=tuple(told.pop("requires", ())), wheel_tags=wheels, **told)


def _normalised(packages: Mapping[str, str]) -> dict[str, str]:
    return {canonicalize_name(name): version for name, version in packages.items()}


def _prereleases(told: str | bool | None) -> PrereleaseMode:
    if isinstance(told, str):
        return PrereleaseMode(told)
    return PrereleaseMode.ALLOW if told else PrereleaseMode.IF_NECESSARY
