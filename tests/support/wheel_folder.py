"""A resolver for tests: requirements resolve to the wheels that lie in a folder, each distribution in one version."""

import hashlib
import os
import subprocess
import sys
import zipfile
from collections.abc import Mapping, Sequence
from email.parser import BytesHeaderParser
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename

from siteroot.cli.parsing import Sync, parse_command
from siteroot.cli.surroundings import read_surroundings
from siteroot.errors import SelectionError
from siteroot.model.digest import Digest
from siteroot.model.lock import LockedFile, RegistrySource
from siteroot.model.outcome import SyncOutcome
from siteroot.model.pin import Pin, WheelArtifact
from siteroot.model.target import Target
from siteroot.ports import Uninterrupted
from siteroot.workflows.sync import sync

from .command import plain_variables
from .ports import RecordingReporter

#: Where rustup keeps toolchains, which a home of its own would hide.
_RUST = {"RUSTUP_HOME": ".rustup", "CARGO_HOME": ".cargo"}


class WheelFolder:
    """Resolves from a folder of wheels. `asked` is what was asked for, in order."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.asked: list[tuple[str, ...]] = []

    def resolve(self, requires: Sequence[str], target: Target, why: str) -> Sequence[Pin]:
        """Return the pins of the requirements and of all that they require."""
        self.asked.append(tuple(requires))
        pins: dict[str, Pin] = {}
        pending = [Requirement(text) for text in requires]
        while pending:
            requirement = pending.pop()
            if requirement.marker and not requirement.marker.evaluate(
                dict(target.markers) | {"extra": ""}
            ):
                continue
            name = canonicalize_name(requirement.name)
            if name not in pins:
                wheel = self._find(name, why)
                pins[name] = _pin(wheel)
                pending += [Requirement(text) for text in _requires(wheel)]
        return tuple(pins.values())

    def _find(self, name: str, why: str) -> Path:
        for wheel in sorted(self._folder.glob("*.whl")):
            if parse_wheel_filename(wheel.name)[0] == name:
                return wheel
        raise SelectionError(f"there is no wheel of {name}, which {why} needs")


def _pin(wheel: Path) -> Pin:
    name, version, *_ = parse_wheel_filename(wheel.name)
    content = wheel.read_bytes()
    file = LockedFile(
        filename=wheel.name,
        location=str(wheel),
        digests=(Digest("sha256", hashlib.sha256(content).hexdigest()),),
        size=len(content),
    )
    return Pin(
        name=name,
        version=version,
        source=RegistrySource("https://index.test/simple"),
        artifact=WheelArtifact(file=file, location=str(wheel)),
        direct=False,
    )


def _requires(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        name = next(n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        return BytesHeaderParser().parsebytes(archive.read(name)).get_all("Requires-Dist", [])


def sync_with(
    wheels: WheelFolder,
    *words: str | Path,
    cwd: Path,
    home: Path,
    variables: Mapping[str, str] | None = None,
) -> SyncOutcome:
    """Run `siteroot sync --frozen` in this process, with build requirements out of the folder."""
    home.mkdir(exist_ok=True)
    rust = {name: os.environ.get(name, str(Path.home() / folder)) for name, folder in _RUST.items()}
    environ = plain_variables(home, {"TMPDIR": str(home), **rust, **(variables or {})})
    own = ["sync", "--frozen", "--cache-dir", str(home / "cache")]
    command = parse_command([*own, *map(str, words)], environ, str(cwd))
    assert isinstance(command, Sync)
    surroundings = read_surroundings(environ, command.folder, system_settings=False)
    return sync(
        command.request, surroundings, RecordingReporter(), Uninterrupted(), resolve=wheels.resolve
    )


def download_wheels(folder: Path, *names: str) -> Path:
    """Have pip bring wheels, with all that they require, into a folder; return that."""
    words = ("download", "--quiet", "--only-binary", ":all:", "--dest", str(folder), *names)
    subprocess.run([sys.executable, "-m", "pip", *words], check=True, capture_output=True)
    return folder
