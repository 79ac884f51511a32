"""How the backend of each distribution is called, as settings and the environment say."""

from collections.abc import Mapping

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from siteroot.errors import UsageError
from siteroot.model.build import BuildOptions
from siteroot.model.settings import ExtraBuildRequirement, Settings
from siteroot.select.choice import normalize_names

#: 1980-01-01, the first time that a zip archive can hold.
_EPOCH = 315_532_800


class BuildChoices:
    """Says it for any normalised name. `selected` are the versions that the lock selects, by name."""

    def __init__(
        self, settings: Settings, environ: Mapping[str, str], selected: Mapping[str, Version | None]
    ) -> None:
        self._settings = settings
        self._not_isolated = normalize_names(settings.no_build_isolation_package)
        self._selected = selected
        said = environ.get("SOURCE_DATE_EPOCH", "")
        self._epoch = max(int(said), _EPOCH) if said.isdecimal() and len(said) < 12 else _EPOCH

    def options(self, name: str) -> BuildOptions:
        """Return how the backend is called."""
        settings = self._settings
        own = (settings.config_settings_package or {}).get(name, {})
        return BuildOptions(
            config_settings={**(settings.config_settings or {}), **own},
            variables=(settings.extra_build_variables or {}).get(name, {}),
            source_date_epoch=self._epoch,
            network=settings.build_network != "none",
            timeout=settings.build_timeout or None,
        )

    def extra_requires(self, name: str) -> tuple[str, ...]:
        """Return what the build needs beside what its backend says. Raises UsageError."""
        extra = (self._settings.extra_build_dependencies or {}).get(name, ())
        return tuple(self._text(name, requirement) for requirement in extra)

    @property
    def hashed(self) -> bool:
        """Whether everything that a build needs has to have a hash that was asked for."""
        return bool(self._settings.require_build_hashes)

    def isolated(self, name: str) -> bool:
        """Whether the backend sees what it says that it needs, and not what is selected."""
        return not (self._settings.no_build_isolation or name in self._not_isolated)

    def _text(self, name: str, extra: ExtraBuildRequirement) -> str:
        if not extra.match_runtime:
            return extra.text
        where = f"extra-build-dependencies.{name}"
        try:
            requirement = Requirement(extra.text)
        except ValueError as error:
            raise UsageError(f"`{extra.text}` is no requirement: {error}", where=where) from None
        version = self._selected.get(canonicalize_name(requirement.name))
        if version is None:
            raise UsageError(
                f"`{extra.text}` is to match what is installed, and no {requirement.name} is selected",
                where=where,
            )
        marker = f" ; {requirement.marker}" if requirement.marker else ""
        extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
        return f"{requirement.name}{extras}=={version}{marker}"
