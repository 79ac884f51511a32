"""Wheels of siteroot itself and of what it depends on, made from the checkout and from what the tests run with."""

import re
import tomllib
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from .wheels import build_wheel

CHECKOUT = Path(__file__).parents[2]


def build_siteroot(folder: Path, version: str = "0.1.0") -> Path:
    """Build siteroot's wheel: the modules, the script, the dependencies of pyproject.toml."""
    source = CHECKOUT / "src"
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text("utf-8"))["project"]
    return build_wheel(
        folder,
        "siteroot",
        version,
        {
            path.relative_to(source).as_posix(): path.read_bytes()
            for path in sorted((source / "siteroot").rglob("*.py"))
        },
        data={"scripts/siteroot": (CHECKOUT / "scripts" / "siteroot").read_bytes()},
        executable=(f"siteroot-{version}.data/scripts/siteroot",),
        requires=project["dependencies"],
    )


def build_needed(folder: Path) -> list[Path]:
    """Build the wheels of all distributions that siteroot needs."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text("utf-8"))["project"]
    pending = [Requirement(text).name for text in project["dependencies"]]
    built: dict[str, Path] = {}
    while pending:
        name = str(canonicalize_name(pending.pop()))
        if name not in built:
            found = distribution(name)
            requires = [text for text in found.requires or () if "extra" not in text]
            pending += [Requirement(text).name for text in requires]
            built[name] = build_wheel(
                folder, name, found.version, _modules_of(found), requires=requires
            )
    return list(built.values())


def _modules_of(found: Distribution) -> dict[str, bytes]:
    skipped = re.compile(r"\.dist-info/|__pycache__|^\.\.|^bin/|^/")
    return {
        str(path): Path(str(path.locate())).read_bytes()
        for path in found.files or ()
        if not skipped.search(str(path))
    }
