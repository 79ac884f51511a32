"""How the backend of each distribution is called, as settings and the environment say."""

from collections.abc import Mapping

from siteroot.model.build import BuildOptions
from siteroot.model.settings import Settings

#: 1980-01-01, the first time that a zip archive can hold.
_EPOCH = 315_532_800


class BuildChoices:
    """Says it for any name."""

    def __init__(self, settings: Settings, environ: Mapping[str, str]) -> None:
        self._settings = settings
        said = environ.get("SOURCE_DATE_EPOCH", "")
        self._epoch = max(int(said), _EPOCH) if said.isdecimal() and len(said) < 12 else _EPOCH

    def of(self, name: str) -> BuildOptions:  # noqa: ARG002 - there are settings for one name
        """Return how the backend of the distribution with this normalised name is called."""
        return BuildOptions(config_settings={}, variables={}, source_date_epoch=self._epoch)
