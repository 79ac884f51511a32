import pytest
from packaging.markers import Marker

from siteroot.interpreter.platforms import (
    PLATFORM_NAMES,
    BadPythonVersionError,
    UnknownPlatformError,
    named_target,
    parse_python_version,
)
from support.probe_answers import made, made_version

HOST = made_version("3.11.7", libc=["glibc", 2, 40])
MARKERS = set(HOST.markers)


def test_without_names_the_interpreter_is_the_target() -> None:
    found = made_version("3.12.1")
    assert named_target(None, None, found, HOST, {}) is found
    assert named_target(None, None, None, HOST, {}) is HOST


@pytest.mark.parametrize("name", PLATFORM_NAMES)
def test_every_name_makes_a_whole_target(name: str) -> None:
    target = named_target(name, "3.12", None, HOST, {})
    assert set(target.markers) == MARKERS
    assert target.platform == name
    assert target.interpreter is None
    assert target.tags[0].startswith("cp312-cp312-")
    assert not target.tags[0].endswith("-any")
    assert Marker("python_version == '3.12'").evaluate({**target.markers, "extra": ""})


def test_a_platform_keeps_the_interpreters_markers_and_abi() -> None:
    found = made_version("3.13.2", flags="t")
    target = named_target("aarch64-manylinux_2_28", None, found, HOST, {})
    assert target.markers["python_full_version"] == "3.13.2"
    assert target.markers["platform_machine"] == "aarch64"
    assert target.markers["platform_release"] == ""
    assert target.tags[0] == "cp313-cp313t-manylinux_2_28_aarch64"
    assert target.free_threaded
    assert target.interpreter is found.interpreter


def test_pypy_stays_pypy_on_another_platform() -> None:
    marks = {
        "implementation_name": "pypy",
        "python_version": "3.10",
        "python_full_version": "3.10.14",
    }
    found = made(soabi="pypy310-pp73-x86_64-linux-gnu", markers=marks)
    target = named_target("windows", None, found, HOST, {})
    assert target.tags[0] == "pp310-pypy310_pp73-win_amd64"
    assert target.windows


def test_a_version_means_its_first_release_whatever_was_found() -> None:
    found = made_version("3.12.4")
    for origin in (found, None):
        target = named_target(None, "3.12", origin, HOST, {})
        assert target.markers["python_full_version"] == "3.12.0"
        assert target.markers["implementation_version"] == "3.12.0"
        assert target.python == (3, 12)


def test_a_version_with_no_such_python_is_made_of_names() -> None:
    target = named_target(None, "3.13.2", None, HOST, {})
    assert target.interpreter is None
    assert target.tags[0] == "cp313-cp313-manylinux_2_40_x86_64"
    assert target.markers["python_full_version"] == "3.13.2"
    assert target.markers["implementation_name"] == "cpython"
    assert target.markers["platform_release"] == target.markers["platform_version"] == ""


def test_a_host_that_is_no_cpython_lends_its_platform_only() -> None:
    marks = {"implementation_name": "pypy", "platform_python_implementation": "PyPy"}
    host = made(soabi="pypy312-pp73-x86_64-linux-gnu", markers=marks)
    target = named_target(None, "3.13", None, host, {})
    assert target.implementation == "cpython"
    assert target.markers["implementation_name"] == "cpython"
    assert target.markers["platform_python_implementation"] == "CPython"
    assert target.tags[0] == "cp313-cp313-manylinux_2_36_x86_64"


def test_a_free_threaded_version_can_be_named() -> None:
    target = named_target("linux", "3.13t", None, HOST, {})
    assert target.free_threaded
    assert target.tags[0] == "cp313-cp313t-manylinux_2_28_x86_64"
    assert target.markers["python_full_version"] == "3.13.0"


@pytest.mark.parametrize(
    ("name", "variables", "first"),
    [
        ("macos", {}, "macosx_13_0_arm64"),
        ("macos", {"MACOSX_DEPLOYMENT_TARGET": "14.3"}, "macosx_14_0_arm64"),
        ("x86_64-apple-darwin", {"MACOSX_DEPLOYMENT_TARGET": "10.12"}, "macosx_10_12_x86_64"),
        ("macos", {"MACOSX_DEPLOYMENT_TARGET": "15"}, "macosx_15_0_arm64"),
        ("macos", {"MACOSX_DEPLOYMENT_TARGET": "newest"}, "macosx_13_0_arm64"),
        ("arm64-apple-ios", {"IPHONEOS_DEPLOYMENT_TARGET": "15.4"}, "ios_15_4_arm64_iphoneos"),
        ("aarch64-linux-android", {"ANDROID_API_LEVEL": "30"}, "android_30_arm64_v8a"),
        ("aarch64-linux-android", {"ANDROID_API_LEVEL": "-1"}, "android_24_arm64_v8a"),
    ],
)
def test_deployment_targets_come_from_the_variables(
    name: str, variables: dict[str, str], first: str
) -> None:
    assert named_target(name, "3.12", None, HOST, variables).tags[0] == f"cp312-cp312-{first}"


def test_manylinux_may_be_spelt_as_in_tags() -> None:
    usual = named_target("aarch64-manylinux2014", "3.12", None, HOST, {})
    spelt = named_target("manylinux2014_aarch64", "3.12", None, HOST, {})
    assert spelt.tags == usual.tags


@pytest.mark.parametrize(
    "name", ["linus", "x86_64-manylinux_2_29", "", "Windows", "manylinux_2_28"]
)
def test_an_unknown_platform_is_refused_with_the_known_ones(name: str) -> None:
    with pytest.raises(UnknownPlatformError) as caught:
        named_target(name, None, None, HOST, {})
    assert repr(name) in caught.value.message
    assert "x86_64-unknown-linux-musl" in caught.value.hints[-1]


def test_an_unknown_platform_is_told_the_near_names() -> None:
    with pytest.raises(UnknownPlatformError) as caught:
        named_target("x86_64-manylinux_2_29", None, None, HOST, {})
    assert "x86_64-manylinux_2_28" in caught.value.hints[0]


@pytest.mark.parametrize(
    ("text", "python", "full"),
    [
        ("3.8", (3, 8), "3.8.0"),
        ("3.12.4", (3, 12), "3.12.4"),
        ("3.14rc1", (3, 14), "3.14.0rc1"),
        ("3.14.0b2", (3, 14), "3.14.0b2"),
    ],
)
def test_versions_are_read(text: str, python: tuple[int, int], full: str) -> None:
    version = parse_python_version(text)
    assert (version.python, version.full, version.free_threaded) == (python, full, False)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "3",
        "312",
        "3.7",
        "2.7",
        "4.0",
        "3.12.1.1",
        "3.12.dev1",
        "3.12+x",
        "three",
        "t",
        "3.12t",
        "3.1000",
        "3.12.*",
    ],
)
def test_senseless_versions_are_refused(text: str) -> None:
    with pytest.raises(BadPythonVersionError):
        parse_python_version(text)
