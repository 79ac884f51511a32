"""`[build-system]`: what is read, what holds where it is silent, and what is refused with its key."""

import pytest

from siteroot.formats.build_system import BuildSystemError, parse_build_system
from siteroot.model.build import BuildSystem

LEGACY = BuildSystem(
    requires=("setuptools >= 40.8.0",), backend="setuptools.build_meta:__legacy__", backend_path=()
)


@pytest.mark.parametrize("content", [None, b"", b"[project]\nname = 'x'\n"])
def test_a_tree_that_names_no_backend_is_setuptools(content: bytes | None) -> None:
    assert parse_build_system(content, "x") == LEGACY


def test_the_table_is_read() -> None:
    content = b"[build-system]\nrequires = ['a>1', 'b']\nbuild-backend = 'a.b:c.d'\nbackend-path = ['.', 'x/../y']\n"
    assert parse_build_system(content, "x") == BuildSystem(
        requires=("a>1", "b"), backend="a.b:c.d", backend_path=(".", "x/../y")
    )


def test_requirements_alone_are_those_of_setuptools() -> None:
    assert parse_build_system(b"build-system.requires = ['a']", "x") == BuildSystem(
        requires=("a",), backend=LEGACY.backend, backend_path=()
    )


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("build-backend = 'a'", "build-system.requires: is missing"),
        ("requires = 'a'", "build-system.requires: is a string where an array is expected"),
        ("requires = []\nbuild-backend = 'a b'", "build-system.build-backend: is not MODULE"),
        ("requires = []\nbackend-path = ['../x']", "backend-path[0]: leads out of the source tree"),
        ("requires = []\nbackend-path = ['/x']", "backend-path[0]: leads out of the source tree"),
        ("requires = [", "is not valid TOML"),
    ],
)
def test_what_cannot_be_understood_is_named(table: str, words: str) -> None:
    with pytest.raises(BuildSystemError) as caught:
        parse_build_system(f"[build-system]\n{table}\n".encode(), "app: pyproject.toml")
    assert words in str(caught.value)
    assert str(caught.value).startswith("app: pyproject.toml")
