"""The locks of real projects: everything in them is read, and nothing is changed."""

import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from packaging.markers import Marker

from siteroot.formats.uv_lock import parse_uv_lock
from siteroot.model.lock import Lock, LockedRequirement
from support.corpus import corpus_files

LOCKS = corpus_files("uv.lock")

pytestmark = pytest.mark.skipif(not LOCKS, reason="no corpus: SITEROOT_CORPUS does not name one")


def raw_markers(value: object) -> Iterator[str]:
    """Give every marker of the file, however deep."""
    if isinstance(value, dict):
        for key, below in value.items():
            if key == "marker":
                yield below
            elif key.endswith("-markers"):
                yield from below
            else:
                yield from raw_markers(below)
    elif isinstance(value, list):
        for below in value:
            yield from raw_markers(below)


def read_markers(lock: Lock) -> Iterator[Marker | None]:
    """Give every marker of the lock as it was read."""
    yield from lock.resolution_markers
    yield from lock.supported_markers
    yield from lock.required_markers
    manifest = lock.manifest
    for declared in (
        *(manifest.requirements, manifest.constraints, manifest.overrides),
        *(manifest.build_constraints, *manifest.dependency_groups.values()),
    ):
        yield from declared_markers(declared)
    for package in lock.packages:
        yield from package.resolution_markers
        for edges in (
            package.dependencies,
            *package.optional_dependencies.values(),
            *package.dev_dependencies.values(),
        ):
            yield from (edge.marker for edge in edges)
        if package.metadata:
            yield from declared_markers(package.metadata.requires_dist)
            for declared in package.metadata.requires_dev.values():
                yield from declared_markers(declared)


def declared_markers(declared: Iterable[LockedRequirement]) -> Iterator[Marker | None]:
    return (requirement.marker for requirement in declared)


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.parent.name)
def test_everything_in_a_real_lock_is_read(path: Path) -> None:
    content = path.read_bytes()
    raw = tomllib.loads(content.decode())
    lock = parse_uv_lock(content, path.name)
    assert [str(package.version) for package in lock.packages] == [
        str(package.get("version")) for package in raw["package"]
    ]
    assert [len(package.wheels) for package in lock.packages] == [
        len(package.get("wheels", ())) for package in raw["package"]
    ]
    assert sum(package.sdist is not None for package in lock.packages) == sum(
        "sdist" in package for package in raw["package"]
    )
    read = sorted(str(marker) for marker in read_markers(lock) if marker is not None)
    assert read == sorted(str(Marker(text)) for text in raw_markers(raw))
    assert all(Marker(text) == Marker(str(Marker(text))) for text in set(raw_markers(raw)))
