"""Stored wheels as distributions of a root: every file placed, before anything of it is written."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from siteroot.formats.direct_url import render_direct_url
from siteroot.model.pin import WheelPin
from siteroot.model.plan import DesiredDistribution
from siteroot.model.wheel import StoredWheel
from siteroot.plan.diff import Desire
from siteroot.plan.place import Extras, Placing, place_distribution
from siteroot.ports import WheelSupply
from siteroot.root.placing import PoisonedError
from siteroot.store.store import read_stored

if TYPE_CHECKING:
    from .bytecode import BytecodeSupply


def place_wheels(
    pins: Sequence[WheelPin], wheels: Sequence[StoredWheel], placing: Placing
) -> dict[str, DesiredDistribution]:
    """Return the pins' distributions, by name. Raises PoisonedError."""
    scripts = _read_scripts(wheels)
    return {
        pin.name: place_distribution(
            wheel,
            placing,
            Extras(
                direct=pin.direct,
                direct_url=render_direct_url(pin.source, pin.artifact.file.digests),
                scripts=scripts[wheel.folder],
            ),
        )
        for pin, wheel in zip(pins, wheels, strict=True)
    }


def _read_scripts(wheels: Sequence[StoredWheel]) -> dict[str, dict[str, bytes]]:
    """Return, by the wheel's folder, what follows the first line of its `#!python` scripts. Raises PoisonedError."""
    scripts: dict[str, dict[str, bytes]] = {wheel.folder: {} for wheel in wheels}
    poisoned = []
    for wheel in wheels:
        for path in wheel.python_scripts:
            content = read_stored(wheel, "scripts", path)
            if content is None:
                poisoned.append((wheel.label, wheel.folder, f"scripts/{path}"))
            else:
                scripts[wheel.folder][path] = content.partition(b"\n")[2]
    if poisoned:
        raise PoisonedError(poisoned)
    return scripts


def refuse_edited_metadata(desire: Desire) -> None:
    """Raise PoisonedError where what is to put back an edited file of a dist-info was edited with it.

    Both are one file where the root shares it by hard link, and it may look as it did.
    """
    edited = {path for each in desire.triage.wanted for old in each.old for path in old.missing}
    poisoned = [
        (placed.wheel.label, placed.wheel.folder, row[1])
        for placed in desire.placed
        for own in (edited.intersection(placed.metadata),)
        for row in placed.stored
        if row[0] in own and read_stored(placed.wheel, *row[1].split("/", 1)) is None
    ]
    if poisoned:
        raise PoisonedError(poisoned)


def discard_poisoned(
    error: PoisonedError,
    wheels: Iterable[StoredWheel],
    supply: WheelSupply,
    bytecode: "BytecodeSupply | None",
) -> None:
    """Forget what of the wheels turned out to be wrong, so that it is fetched or compiled anew."""
    for wheel in wheels:
        if wheel.folder in error.sources:
            supply.discard(wheel)
        if bytecode is not None and wheel.bytecode_folder in error.sources:
            bytecode.discard(wheel)
