from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siteroot.errors import TargetError
from siteroot.interpreter.requests import (
    BadRequestError,
    NameRequest,
    PathRequest,
    VersionRequest,
    parse_request,
    satisfies,
)
from support.probe_answers import made, made_version

NOWHERE = "/nonexistent/project"


def versions(text: str) -> VersionRequest:
    request = parse_request(text, NOWHERE)
    assert isinstance(request, VersionRequest)
    return request


@pytest.mark.parametrize(
    ("text", "release", "implementation", "variant"),
    [
        ("3", (3,), None, ""),
        ("3.12", (3, 12), None, ""),
        ("312", (3, 12), None, ""),
        ("3.12.4", (3, 12, 4), None, ""),
        ("python3.12", (3, 12), None, ""),
        ("python@3.12", (3, 12), None, ""),
        ("Python312", (3, 12), None, ""),
        ("3.13t", (3, 13), None, "t"),
        ("3.13+freethreaded", (3, 13), None, "t"),
        ("3.14+gil", (3, 14), None, "gil"),
        ("3.12d", (3, 12), None, "d"),
        ("3.13td", (3, 13), None, "td"),
        ("pypy", (), "pypy", ""),
        ("pypy@3.10", (3, 10), "pypy", ""),
        ("pypy3.10", (3, 10), "pypy", ""),
        ("pp310", (3, 10), "pypy", ""),
        ("cp312", (3, 12), "cpython", ""),
        ("cpython@3.12.1", (3, 12, 1), "cpython", ""),
        ("graalpy", (), "graalpy", ""),
        ("any", (), None, ""),
        ("default", (), None, ""),
    ],
)
def test_versions_are_read(
    text: str, release: tuple[int, ...], implementation: str | None, variant: str
) -> None:
    request = versions(text)
    assert (request.release, request.implementation, request.variant) == (
        release,
        implementation,
        variant,
    )


def test_a_key_of_uv_is_read() -> None:
    request = versions("cpython-3.12.4-linux-x86_64-gnu")
    assert (request.implementation, request.release) == ("cpython", (3, 12, 4))
    assert (request.system, request.architecture, request.libc) == ("linux", "x86_64", "gnu")
    assert versions("cpython-3.13+freethreaded-macos-aarch64-none").variant == "t"
    assert versions("any-3.12").implementation is None


@pytest.mark.parametrize(
    ("text", "version", "suits"),
    [
        ("3.12", "3.12.4", True),
        ("3.12", "3.13.0", False),
        ("3.12.4", "3.12.4", True),
        ("3.12.4", "3.12.3", False),
        ("3", "3.9.1", True),
        (">=3.11,<3.13", "3.12.9", True),
        (">=3.11,<3.13", "3.13.0", False),
        ("==3.12.*", "3.12.9", True),
        (">=3.14", "3.14.0rc1", True),
        (">=3.14.0rc2", "3.14.0rc1", False),
        ("3.14", "3.14.0rc1", True),
        ("3.14.0", "3.14.0rc1", False),
        ("3.14rc1", "3.14.0rc1", True),
        ("3.14rc1", "3.14.0", False),
        ("pypy3.12", "3.12.1", False),
        ("any", "3.8.0", True),
    ],
)
def test_versions_are_compared_as_uv_does(text: str, version: str, suits: bool) -> None:
    assert satisfies(made_version(version), versions(text)) is suits


@pytest.mark.parametrize(
    ("text", "version", "flags", "suits"),
    [
        ("3.13", "3.13.1", "t", False),
        ("3.13t", "3.13.1", "t", True),
        ("3.13t", "3.13.1", "", False),
        ("3.14", "3.14.0", "t", True),
        ("3.14+gil", "3.14.0", "t", False),
        ("3.14+gil", "3.14.0", "", True),
        ("3.12d", "3.12.1", "", False),
        ("3.12d", "3.12.1", "d", True),
        ("3.12", "3.12.1", "d", True),
        ("3.13td", "3.13.1", "t", False),
        ("3.13td", "3.13.1", "td", True),
    ],
)
def test_builds_are_told_apart(text: str, version: str, flags: str, suits: bool) -> None:
    assert satisfies(made_version(version, flags=flags), versions(text)) is suits


@pytest.mark.parametrize(
    ("text", "suits"),
    [
        ("cpython-3.12-linux-x86_64-gnu", True),
        ("cpython-3.12-linux-x86_64-musl", False),
        ("cpython-3.12-linux-aarch64-gnu", False),
        ("cpython-3.12-macos", False),
        ("pypy-3.12-linux", False),
        ("any-any-linux-any-gnu", True),
    ],
)
def test_keys_are_compared(text: str, suits: bool) -> None:
    assert satisfies(made(), versions(text)) is suits


@pytest.mark.parametrize(
    "text",
    [
        "2.7",
        "3.1",
        "3.7",
        "python3.6",
        "4",
        "3.12t",
        "python@latest",
        "python@three",
        "pypy@2.7",
        "cpython-2.7-linux",
    ],
)
def test_senseless_requests_are_refused(text: str) -> None:
    with pytest.raises(BadRequestError):
        parse_request(text, NOWHERE)


def test_what_exists_is_a_path_and_what_has_a_slash_too(tmp_path: Path) -> None:
    (tmp_path / ".venv").mkdir()
    folder = str(tmp_path)
    assert parse_request(".venv", folder) == PathRequest(f"{folder}/.venv")
    assert parse_request("./absent/python", folder) == PathRequest(f"{folder}/absent/python")
    assert parse_request("/usr/bin/absent", folder) == PathRequest("/usr/bin/absent")
    assert parse_request("mypython", folder) == NameRequest("mypython")
    assert parse_request("python", folder) == NameRequest("python")


@given(st.text(max_size=30))
def test_no_text_breaks_the_reader(text: str) -> None:
    try:
        request = parse_request(text, NOWHERE)
    except TargetError:
        return
    if isinstance(request, VersionRequest):
        satisfies(made(), request)


@given(
    st.from_regex(
        r"(python|cpython|pypy|cp|pp)?@?[0-9.<>=!~,*]{1,12}(t|d|\+gil|rc1)?", fullmatch=True
    )
)
def test_no_version_breaks_the_reader(text: str) -> None:
    try:
        request = parse_request(text, NOWHERE)
    except TargetError:
        return
    if isinstance(request, VersionRequest):
        satisfies(made(), request)
