import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging import tags as oracle

from siteroot.interpreter.tags import (
    abi_tag,
    android_platforms,
    interpreter_tag,
    ios_platforms,
    mac_platforms,
    manylinux_platforms,
    musllinux_platforms,
    tags_for,
)

PLATFORMS = ("manylinux_2_5_x86_64", "manylinux1_x86_64", "linux_x86_64")


def expected(python: tuple[int, int], abis: list[str], platforms: tuple[str, ...]) -> list[str]:
    """What packaging yields for a CPython."""
    own = f"cp{python[0]}{python[1]}"
    made = itertools.chain(
        oracle.cpython_tags(python, abis, platforms),
        oracle.compatible_tags(python, own, platforms),
    )
    return [str(tag) for tag in made]


@given(minor=st.integers(8, 30), flags=st.sampled_from(["", "t", "d", "td"]))
def test_cpython_tags_are_those_of_packaging_in_their_order(minor: int, flags: str) -> None:
    python = (3, minor)
    abis = [f"cp3{minor}{flags}"] + (
        [f"cp3{minor}{flags.replace('d', '')}"] if "d" in flags else []
    )
    abi = abi_tag("cpython", python, flags, "")
    assert list(tags_for("cpython", python, abi, PLATFORMS)) == expected(python, abis, PLATFORMS)


def test_a_free_threaded_build_takes_neither_abi3_nor_the_usual_abi() -> None:
    tags = tags_for("cpython", (3, 13), "cp313t", ("win_amd64",))
    abis = {tag.split("-")[1] for tag in tags}
    assert abis == {"cp313t", "abi3t", "none"}


def test_pypy_takes_its_own_abi_and_no_stable_one() -> None:
    abi = abi_tag("pypy", (3, 10), "", "pypy310-pp73-x86_64-linux-gnu")
    tags = tags_for("pypy", (3, 10), abi, ("linux_x86_64",))
    assert tags[0] == "pp310-pypy310_pp73-linux_x86_64"
    assert tags[1] == "py310-none-linux_x86_64"
    assert "py3-none-any" in tags
    assert not [tag for tag in tags if tag.startswith("cp") or "abi3" in tag]


def test_graalpy_takes_its_own_abi() -> None:
    abi = abi_tag("graalpy", (3, 10), "", "graalpy240-310-native-x86_64-linux")
    assert interpreter_tag("graalpy", (3, 10)) == "graalpy310"
    assert abi == "graalpy240_310_native"


@pytest.mark.parametrize(
    ("version", "arch"),
    [
        *(
            ((major, minor), "x86_64")
            for major, minor in [(10, 4), (10, 15), (11, 0), (13, 0), (26, 1)]
        ),
        *(((major, minor), "arm64") for major, minor in [(11, 0), (14, 6), (26, 1)]),
    ],
)
def test_mac_platforms_are_those_of_packaging(version: tuple[int, int], arch: str) -> None:
    # packaging calls the fat binary fat3 where uv says fat32, and goes on to a macOS before 10.4
    theirs = [name.replace("fat3", "fat32") for name in oracle.mac_platforms(version, arch)]
    theirs = [
        name for name in theirs if not name.startswith(tuple(f"macosx_10_{n}_" for n in range(4)))
    ]
    assert list(mac_platforms(version, arch)) == theirs


@given(major=st.integers(9, 30), minor=st.integers(0, 9))
def test_ios_platforms_are_those_of_packaging(major: int, minor: int) -> None:
    theirs = oracle.ios_platforms((major, minor), "arm64-iphoneos")
    assert list(ios_platforms((major, minor), "arm64_iphoneos")) == list(theirs)


@pytest.mark.parametrize(
    ("architecture", "abi"), [("aarch64", "arm64_v8a"), ("x86_64", "x86_64"), ("i686", "x86")]
)
def test_android_platforms_are_those_of_packaging(architecture: str, abi: str) -> None:
    assert list(android_platforms(24, architecture)) == list(oracle.android_platforms(24, abi))


def test_manylinux_goes_down_to_what_an_architecture_began_with() -> None:
    assert list(manylinux_platforms((2, 18), "x86_64")) == [
        "manylinux_2_18_x86_64",
        "manylinux_2_17_x86_64",
        "manylinux2014_x86_64",
        "manylinux_2_16_x86_64",
        "manylinux_2_15_x86_64",
        "manylinux_2_14_x86_64",
        "manylinux_2_13_x86_64",
        "manylinux_2_12_x86_64",
        "manylinux2010_x86_64",
        "manylinux_2_11_x86_64",
        "manylinux_2_10_x86_64",
        "manylinux_2_9_x86_64",
        "manylinux_2_8_x86_64",
        "manylinux_2_7_x86_64",
        "manylinux_2_6_x86_64",
        "manylinux_2_5_x86_64",
        "manylinux1_x86_64",
        "linux_x86_64",
    ]
    assert list(manylinux_platforms((2, 17), "aarch64")) == [
        "manylinux_2_17_aarch64",
        "manylinux2014_aarch64",
        "linux_aarch64",
    ]
    assert list(manylinux_platforms((2, 32), "riscv64"))[-2:] == [
        "manylinux_2_31_riscv64",
        "linux_riscv64",
    ]
    assert list(manylinux_platforms((2, 36), "sparc64")) == ["linux_sparc64"]


def test_musllinux_goes_down_to_zero() -> None:
    assert list(musllinux_platforms((1, 2), "aarch64")) == [
        "musllinux_1_2_aarch64",
        "musllinux_1_1_aarch64",
        "musllinux_1_0_aarch64",
        "linux_aarch64",
    ]


@given(
    implementation=st.sampled_from(["cpython", "pypy", "graalpy"]),
    minor=st.integers(8, 20),
    platforms=st.lists(st.sampled_from(["a_1", "b_2", "c_3", "d_4"]), min_size=1, unique=True),
)
def test_no_tag_comes_twice_and_pure_wheels_come_last(
    implementation: str, minor: int, platforms: list[str]
) -> None:
    abi = abi_tag(implementation, (3, minor), "", f"{implementation}3{minor}-x-y")
    tags = tags_for(implementation, (3, minor), abi, platforms)
    assert len(set(tags)) == len(tags)
    pure = [tag.endswith("-any") for tag in tags]
    assert pure == sorted(pure)
