import pytest

from siteroot.project.globs import BadGlobError, expand_glob, has_magic, match_glob
from support.project_files import MemoryProjectFiles


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("libs/a", "libs/a", True),
        ("libs/a", "libs/ab", False),
        ("./libs/./a/", "libs/a", True),
        ("libs/*", "libs/a", True),
        ("libs/*", "libs/.a", True),
        ("libs/*", "libs/a/b", True),  # as uv compares: a star crosses slashes
        ("libs/*", "libs", False),
        ("libs/?", "libs/ab", False),
        ("**/py", "py", True),
        ("**/py", "a/b/py", True),
        ("**/py", "a/bpy", False),
        ("libs/**/py", "libs/py", True),
        ("libs/**", "libs/a/b", True),
        ("libs/**", "libs", False),
        ("[a-c]x", "bx", True),
        ("[a-c]x", "dx", False),
        ("[!a-c]x", "dx", True),
        ("[!a-c]x", "ax", False),
        ("[]]x", "]x", True),
        ("[[]x", "[x", True),
        ("[a-]x", "-x", True),
        ("[z-a]x", "zx", False),
        ("a.b", "axb", False),
        ("*", "two\nlines", True),
    ],
)
def test_a_pattern_is_compared_with_a_path(pattern: str, path: str, *, matches: bool) -> None:
    assert match_glob(pattern, path, "where") is matches


@pytest.mark.parametrize("pattern", ["libs/***", "a**", "**a", "x/**y/z", "libs/[a", "[!]", "[]"])
def test_a_pattern_that_makes_no_sense_is_refused_by_name(pattern: str) -> None:
    with pytest.raises(BadGlobError) as caught:
        match_glob(pattern, "x", "/app/pyproject.toml")
    assert pattern in caught.value.message
    assert caught.value.where == "/app/pyproject.toml"
    with pytest.raises(BadGlobError):
        list(expand_glob(MemoryProjectFiles({}), "/", pattern, "/app/pyproject.toml"))


FILES = MemoryProjectFiles(
    {"/o[dd]/app/libs/b/x": "", "/o[dd]/app/libs/a/py/x": "", "/o[dd]/app/libs/.c/x": "", "/o[dd]/app/libs/file": ""},
    folders=["/o[dd]/beside", "/o[dd]/app/libs/a/q/py"],
)  # fmt: skip


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("libs/*", ["app/libs/.c", "app/libs/a", "app/libs/b"]),
        ("libs/b", ["app/libs/b"]),
        ("libs/gone", []),
        ("libs/file", []),
        ("libs/*/py", ["app/libs/a/py"]),
        ("**/py", ["app/libs/a/py", "app/libs/a/q/py"]),
        ("libs/a/**", ["app/libs/a/py", "app/libs/a/q", "app/libs/a/q/py"]),
        ("../beside", ["beside"]),
        (".", ["app"]),
        ("/o?dd?/beside", ["beside"]),
    ],
)
def test_a_pattern_is_walked_a_component_at_a_time(pattern: str, found: list[str]) -> None:
    folders = list(expand_glob(FILES, "/o[dd]/app", pattern, "where"))
    assert folders == [f"/o[dd]/{path}" for path in found]


def test_magic() -> None:
    assert [has_magic(text) for text in ("libs/a", "libs/*", "a?", "[a]")] == [
        False,
        True,
        True,
        True,
    ]
