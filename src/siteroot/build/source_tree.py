"""What a source tree says of itself, before anything in it runs."""

import os

from packaging.version import Version

from siteroot import fs
from siteroot.errors import BuildError, IntegrityError
from siteroot.formats.build_system import parse_build_system
from siteroot.formats.core_metadata import CoreMetadataError, parse_core_metadata
from siteroot.model.build import BuildSystem

_MOST = 16 << 20


class WrongSourceError(IntegrityError):
    """A source is another distribution's, or another version's, than was asked for."""


class NoSourceTreeError(BuildError):
    """A folder that is to be built holds nothing that says how."""


def read_build_system(folder: str, where: str) -> BuildSystem:
    """Return how a tree is built. Raises NoSourceTreeError, and BuildSystemError for a pyproject.toml."""
    path = f"{folder}/pyproject.toml"
    content = _read(path)
    if content is None and not os.path.isfile(f"{folder}/setup.py"):
        why = "there is no such folder"
        if os.path.isdir(folder):
            why = "it has neither pyproject.toml nor setup.py"
        elif os.path.lexists(folder):
            why = "it is no folder, and its name is not that of a wheel or an archive of source"
        raise NoSourceTreeError(f"cannot be built: {why}", where=where)
    return parse_build_system(content, f"{where}: pyproject.toml")


def check_identity(folder: str, name: str, version: Version | None, where: str) -> None:
    """Refuse an unpacked sdist whose PKG-INFO is of another name or version; one without PKG-INFO shows it later.

    "" stands for a name, None for a version, that nobody knows yet.
    """
    content = _read(f"{folder}/PKG-INFO")
    if content is None:
        return
    try:
        said = parse_core_metadata(content.decode("utf-8", "replace"))
    except CoreMetadataError as error:
        raise WrongSourceError(error.message.replace("METADATA", "PKG-INFO"), where=where) from None
    if name not in ("", said.name) or version not in (None, said.version):
        raise WrongSourceError(
            f"PKG-INFO is of {said.name} {said.version}, and {name}{'' if version is None else f' {version}'} was asked for",
            where=where,
        )


def _read(path: str) -> bytes | None:
    """Return a file of the tree, which may be a link that stays in it; None where there is none."""
    try:
        return fs.read_plain(path, _MOST)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise NoSourceTreeError(f"cannot be read: {error.strerror}", where=path) from None
