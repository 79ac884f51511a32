"""Wheels for pins of every kind: those that are fetched, and those that have to be built. A `ports.WheelSupply`."""

from collections.abc import Callable, Sequence

from siteroot.model.lock import LockedFile
from siteroot.model.pin import (
    CheckoutArtifact,
    Pin,
    SdistArtifact,
    WheelPin,
    wheel_pin,
)
from siteroot.model.wheel import StoredWheel
from siteroot.ports import WheelSupply

from .building import Builder, pin_of_source, pin_of_tree, version_of


class SourceSupply:
    """Knows which wheels are built, and from what; all others are another supply's.

    What a lock pins to the byte (archives, commits) is built when it is needed, and is known by the lock's digests
    until then: a root that has it needs no build. A source tree is what it is now, so it is built at once; so is what has
    no version until it is.
    """

    def __init__(
        self, fetched: WheelSupply, builder: Builder, renews: Callable[[str], bool]
    ) -> None:
        self._fetched = fetched
        self._builder = builder
        self._renews = renews
        self._built: dict[str, Pin] = {}
        self._renewed: set[str] = set()

    def as_wheels(self, pins: Sequence[Pin]) -> tuple[WheelPin, ...]:
        """Return the pins as those of wheels, building the trees among them. Raises as `Builder.build`."""
        return tuple(self._as_wheel(pin) for pin in pins)

    def find(self, pin: WheelPin) -> StoredWheel | None:
        """Return the stored wheel of the pin, None where it would have to be fetched or built."""
        source = self._built.get(pin.name)
        if source is None:
            return self._fetched.find(pin)
        if self._renews(pin.name) and pin.name not in self._renewed:
            return None
        return self._builder.find(source)

    def obtain(self, pins: Sequence[WheelPin]) -> Sequence[StoredWheel]:
        """Return the stored wheel of each pin, in their order."""
        fetched = [pin for pin in pins if pin.name not in self._built]
        wheels = dict(
            zip([pin.name for pin in fetched], self._fetched.obtain(fetched), strict=True)
        )
        return [wheels[pin.name] if pin.name in wheels else self._build(pin.name) for pin in pins]

    def discard(self, wheel: StoredWheel) -> None:
        """Forget a wheel whose stored bytes turned out to be wrong."""
        self._fetched.discard(wheel)

    def _as_wheel(self, pin: Pin) -> WheelPin:
        wheel = wheel_pin(pin)
        if wheel is not None:
            return wheel
        self._built[pin.name] = pin
        match pin.artifact:
            case SdistArtifact(file=archive):
                file = archive
            case CheckoutArtifact(commit=commit):
                file = LockedFile(filename=commit, location="", digests=(), size=None)
            case _:
                return pin_of_tree(pin, self._build(pin.name))
        version = pin.version or version_of(self._build(pin.name))
        return pin_of_source(pin, version, file)

    def _build(self, name: str) -> StoredWheel:
        anew = self._renews(name) and name not in self._renewed
        wheel = self._builder.build(self._built[name], anew=anew)
        self._renewed.add(name)
        return wheel
