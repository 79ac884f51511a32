"""A fake of `ports.BuildRoots`: roots made by unzipping wheels that lie in a folder, each distribution once there."""

import os
import shutil
import zipfile
from collections.abc import Sequence
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename

from siteroot.build.scratch_interpreter import link_interpreter
from siteroot.errors import SelectionError
from siteroot.interpreter.probe import probe_interpreter
from siteroot.model.build import BuildRoot
from siteroot.model.target import Target


def target_of(python: str | Path) -> Target:
    """Return what an interpreter is."""
    return probe_interpreter(str(python), None, os.environ)


class WheelRoots:
    """Makes build roots in a folder from the wheels of another one. `released` are those that were given back."""

    def __init__(self, folder: Path, target: Target, wheels: Path | None = None) -> None:
        self._folder = folder
        self._target = target
        self._wheels = wheels
        self.released: list[str] = []

    def provide(self, requires: Sequence[str], why: str, place: str | None = None) -> BuildRoot:
        """Return a root that holds what is asked for."""
        interpreter = self._target.interpreter
        assert interpreter is not None
        folder = Path(place or self._folder / f"root-{os.urandom(4).hex()}")
        shutil.rmtree(folder, ignore_errors=True)
        library = folder / "lib" / f"python{self._target.python_version}" / "site-packages"
        library.mkdir(parents=True)
        root = BuildRoot(
            folder=str(folder),
            executable=link_interpreter(str(folder), interpreter),
            purelib=str(library),
            platlib=str(library),
            scripts=str(folder / "bin"),
        )
        try:
            return self.extend(root, requires, why)
        except SelectionError:
            shutil.rmtree(folder)
            raise

    def extend(self, root: BuildRoot, requires: Sequence[str], why: str) -> BuildRoot:
        """Put more into a root."""
        for text in requires:
            requirement = Requirement(text)
            if requirement.marker is not None and not requirement.marker.evaluate():
                continue
            with zipfile.ZipFile(self._find(requirement, why)) as archive:
                archive.extractall(root.purelib)
        return root

    def release(self, root: BuildRoot) -> None:
        """Remove a root."""
        self.released.append(root.folder)
        shutil.rmtree(root.folder)

    def _find(self, requirement: Requirement, why: str) -> Path:
        for wheel in sorted(self._wheels.glob("*.whl")) if self._wheels else ():
            name, version, *_ = parse_wheel_filename(wheel.name)
            if name == canonicalize_name(requirement.name) and requirement.specifier.contains(
                version
            ):
                return wheel
        raise SelectionError(f"there is no wheel for {requirement}, which {why} needs")
