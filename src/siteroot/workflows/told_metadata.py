"""Whether a wheel asks for what was told of it: a resolution believes an index before it has the file (PEP 658)."""

from collections.abc import Sequence
from contextlib import suppress

from siteroot.errors import SourceError
from siteroot.index.metadata_cache import MetadataCache
from siteroot.model.event import Warned
from siteroot.model.metadata import DistributionMetadata
from siteroot.model.pin import WheelPin
from siteroot.model.wheel import StoredWheel
from siteroot.ports import Reporter, WheelSupply
from siteroot.resolve.direct import show_source

from .building import metadata_of


class ComparedSupply:
    """Has wheels as another supply has them, and warns of one that asks for something else than was told of it.

    From then on the cache has what the wheel itself says, so that each is compared once.
    """

    def __init__(self, supply: WheelSupply, told: MetadataCache, reporter: Reporter) -> None:
        self._supply = supply
        self._told = told
        self._reporter = reporter

    def find(self, pin: WheelPin) -> StoredWheel | None:
        """Return the stored wheel of a pin."""
        return self._supply.find(pin)

    def obtain(self, pins: Sequence[WheelPin]) -> Sequence[StoredWheel]:
        """Return the stored wheels. Raises what the other supply raises."""
        wheels = self._supply.obtain(pins)
        for pin, wheel in zip(pins, wheels, strict=True):
            with suppress(
                SourceError, OSError
            ):  # it was admitted: nobody need read its requirements to install it
                self._compare(pin, wheel)
        return wheels

    def discard(self, wheel: StoredWheel) -> None:
        """Forget a wheel whose stored bytes turned out to be wrong."""
        self._supply.discard(wheel)

    def _compare(self, pin: WheelPin, wheel: StoredWheel) -> None:
        file = pin.artifact.file
        told = self._told.read_told(file.digests)
        if told is None:
            return
        own = metadata_of(wheel)
        if _asks(own) != _asks(told):
            self._reporter.report(
                Warned(
                    f"{file.filename} asks for something else than {show_source(pin.source)} told of it:"
                    " run the command again, which will believe the wheel"
                )
            )
        self._told.write(file.digests, own)


def _asks(metadata: DistributionMetadata) -> object:
    """Return what counts for a resolution of what a distribution says."""
    return (
        frozenset(metadata.specifiers),
        metadata.requires_python,
        frozenset(metadata.provides_extras),
    )
