"""`[build-system]` of pyproject.toml: which backend builds a source tree (PEP 517, PEP 518)."""

from siteroot.errors import ProjectError
from siteroot.model.build import BuildSystem

from .reading import Faults, Table
from .toml import TomlError, parse_toml

#: What PEP 517 says of a tree that does not name a backend.
_LEGACY = "setuptools.build_meta:__legacy__"
_LEGACY_REQUIRES = ("setuptools >= 40.8.0",)


class BuildSystemError(ProjectError):
    """A pyproject.toml does not say in a way that can be understood how its tree is built."""


def parse_build_system(content: bytes | None, where: str) -> BuildSystem:
    """Return how a tree is built; `content` is its pyproject.toml, None where it has none. Raises BuildSystemError."""
    if content is None:
        return BuildSystem(requires=_LEGACY_REQUIRES, backend=_LEGACY, backend_path=())
    try:
        values = parse_toml(content, where)
    except TomlError as error:
        raise BuildSystemError(error.message, where=error.where, hints=error.hints) from None
    faults = Faults()
    table = Table(values, faults).table("build-system")
    if table is None:
        faults.raise_any(BuildSystemError, where)
        return BuildSystem(requires=_LEGACY_REQUIRES, backend=_LEGACY, backend_path=())
    requires = table.texts("requires")
    if "requires" not in table.values:
        table.fault("requires", "is missing")
    backend = table.parsed("build-backend", _parse_backend) or _LEGACY
    path = table.parsed_texts("backend-path", _parse_inner_path)
    faults.raise_any(BuildSystemError, where)
    return BuildSystem(requires=requires, backend=backend, backend_path=path)


def _parse_backend(text: str) -> str:
    module, colon, attribute = text.partition(":")
    parts = [*module.split("."), *(attribute.split(".") if colon else ())]
    if not all(part.isidentifier() for part in parts):
        raise ValueError("is not MODULE or MODULE:OBJECT")
    return text


def _parse_inner_path(text: str) -> str:
    parts = text.replace("\\", "/").split("/")
    depth = 0
    for part in parts:
        depth += -1 if part == ".." else part not in ("", ".")
        if depth < 0 or text.startswith("/"):
            raise ValueError("leads out of the source tree")
    return text
