"""Stores in a test's folder, and pins for wheels that lie there."""

import hashlib
from pathlib import Path

from packaging.utils import parse_wheel_filename
from packaging.version import Version

from siteroot.model.digest import Digest
from siteroot.model.lock import LockedFile, RegistrySource
from siteroot.model.pin import WheelArtifact, WheelPin
from siteroot.model.wheel import Limits
from siteroot.store.store import Store

from .ports import InstantClock, RecordingReporter


def pin_of(
    path: Path,
    *,
    name: str | None = None,
    version: str | None = None,
    algorithms: tuple[str, ...] = ("sha256",),
    location: str | None = None,
) -> WheelPin:
    """Return the pin that a right lock would have for the wheel, named by its file's name unless told otherwise."""
    if name is None or version is None:
        parsed_name, parsed_version, *_ = parse_wheel_filename(path.name)
        name, version = name or parsed_name, version or str(parsed_version)
    content = path.read_bytes()
    digests = tuple(Digest(a, hashlib.new(a, content).hexdigest()) for a in algorithms)
    file = LockedFile(filename=path.name, location=str(path), digests=digests, size=len(content))
    return WheelPin(
        name=name,
        version=Version(version),
        source=RegistrySource("https://index.example/simple"),
        artifact=WheelArtifact(
            file=file, location=location or f"https://files.example/{path.name}"
        ),
        direct=False,
    )


def open_store(
    folder: Path, *, limits: Limits | None = None, reporter: RecordingReporter | None = None
) -> Store:
    """Return the store in `folder`/cache; what it cannot write goes to `folder`/spare."""
    return Store(
        str(folder / "cache"),
        temporary=str(folder / "spare"),
        clock=InstantClock(),
        reporter=reporter or RecordingReporter(),
        limits=limits,
    )
