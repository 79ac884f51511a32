"""The command as people have it: the script in a place of its own, with siteroot and what it needs beside it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

_CHECKOUT = Path(__file__).parents[2]
_NEEDED = (
    "installer",
    "packaging",
    "platformdirs",
    "pyproject_hooks",
    "rich",
    "markdown_it",
    "mdurl",
    "pygments",
    "urllib3",
)


@dataclass(frozen=True, slots=True)
class Place:
    """A folder like one that `pip install --target` makes."""

    folder: Path

    @property
    def script(self) -> Path:
        """The command."""
        return self.folder / "bin" / "siteroot"

    def run(
        self,
        *words: str,
        cwd: Path,
        variables: Mapping[str, str] | None = None,
        python: tuple[str, ...] = (sys.executable,),
    ) -> subprocess.CompletedProcess[str]:
        """Return what the command did, with no more variables than are given."""
        return subprocess.run(
            [*python, str(self.script), *words],
            cwd=cwd,
            env=plain_variables(cwd, variables),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )


def plain_variables(home: Path, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return a small environment, the same on every machine."""
    return {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(home), **(more or {})}


def make_place(folder: Path) -> Place:
    """Return a place made of links to this checkout and to the libraries that the tests run with."""
    (folder / "bin").mkdir(parents=True)
    shutil.copy2(_CHECKOUT / "scripts" / "siteroot", folder / "bin" / "siteroot")
    (folder / "siteroot").symlink_to(_CHECKOUT / "src" / "siteroot")
    for name in _NEEDED:
        spec = find_spec(name)
        assert spec is not None, name
        assert spec.origin is not None, name
        origin = Path(spec.origin)
        source = origin.parent if origin.name == "__init__.py" else origin
        (folder / source.name).symlink_to(source)
    return Place(folder)
