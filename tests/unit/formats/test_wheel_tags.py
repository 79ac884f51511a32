"""Which wheel is best, and why one does not fit."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.tags import Tag
from packaging.utils import parse_wheel_filename

from siteroot.formats.wheel_tags import (
    Fit,
    Unfit,
    Unfitness,
    WheelTags,
    describe_target,
    rank_wheels,
    screen_wheel,
)
from siteroot.interpreter.tags import musllinux_platforms
from siteroot.model.lock import LockedFile
from support.selection import make_target

TARGET = make_target("3.12.1")
TAGS = WheelTags(TARGET.tags)


def files(*names: str) -> list[LockedFile]:
    return [
        LockedFile(filename=name, location=f"https://x/{name}", digests=(), size=None)
        for name in names
    ]


def ranked(*names: str, tags: WheelTags = TAGS) -> list[str]:
    return [file.filename for file in rank_wheels(files(*names), tags)]


def test_the_most_specific_wheel_is_best() -> None:
    best = "a-1-cp312-cp312-manylinux_2_28_x86_64.whl"
    others = [
        "a-1-cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
        "a-1-cp39-abi3-manylinux_2_17_x86_64.whl",
        "a-1-py3-none-manylinux_2_5_x86_64.whl",
        "a-1-py2.py3-none-any.whl",
    ]
    assert ranked(*reversed(others), best) == [best, *others]


def test_build_tags_decide_among_equal_tags_and_order_among_equal_build_tags() -> None:
    names = [
        "a-1-py3-none-any.whl",
        "a-1-2-py3-none-any.whl",
        "a-1-10-py3-none-any.whl",
        "a-1-2a-py3-none-any.whl",
    ]
    assert ranked(*names) == [names[2], names[3], names[1], names[0]]
    twins = ["A-1-py3-none-any.whl", "a-1-py3-none-any.whl"]
    assert ranked(*twins) == twins


def test_a_free_threaded_target_takes_no_abi3() -> None:
    tags = WheelTags(make_target("3.13.0", abi="cp313t").tags)
    names = ("a-1-cp39-abi3-manylinux_2_17_x86_64.whl", "a-1-cp313-cp313-manylinux_2_17_x86_64.whl")
    assert ranked(*names, "a-1-cp313-cp313t-manylinux_2_17_x86_64.whl", tags=tags) == [
        "a-1-cp313-cp313t-manylinux_2_17_x86_64.whl"
    ]
    verdicts = [screen_wheel(name, tags) for name in names]
    assert [verdict.reason for verdict in verdicts if isinstance(verdict, Unfit)] == [
        Unfitness.ABI,
        Unfitness.ABI,
    ]


@pytest.mark.parametrize(
    ("name", "reason", "told"),
    [
        (
            "a-1-cp310-cp310-manylinux_2_17_x86_64.whl",
            Unfitness.PYTHON,
            "cp310; the target takes cp312 at best",
        ),
        ("a-1-cp313-abi3-manylinux_2_17_x86_64.whl", Unfitness.PYTHON, "cp313;"),
        ("a-1-py2-none-any.whl", Unfitness.PYTHON, "py2;"),
        ("a-1-pp310-pypy310_pp73-manylinux_2_17_x86_64.whl", Unfitness.PYTHON, "pp310;"),
        (
            "a-1-cp312-cp312d-manylinux_2_17_x86_64.whl",
            Unfitness.ABI,
            "cp312d; the target takes cp312",
        ),
        (
            "a-1-cp312-cp312-win_amd64.whl",
            Unfitness.PLATFORM,
            "win_amd64; the target takes manylinux_2_28_x86_64",
        ),
        ("a-1-cp312-cp312-manylinux_2_39_x86_64.whl", Unfitness.PLATFORM, "manylinux_2_39_x86_64;"),
        ("a-1-cp312-cp312-musllinux_1_2_x86_64.whl", Unfitness.PLATFORM, "musllinux_1_2_x86_64;"),
        ("a-1-cp39-abi3-macosx_11_0_arm64.whl", Unfitness.PLATFORM, "macosx_11_0_arm64;"),
        ("a-1.zip", Unfitness.NAME, "a-1.zip"),
        ("py3-none-any.whl", Unfitness.NAME, "py3-none-any"),
        ("a-b-c-1-py3-none-any.whl", Unfitness.NAME, "a-b-c-1"),
        ("a-1-x-py3-none-any.whl", Unfitness.NAME, "build number"),
    ],
)
def test_an_unfit_wheel_says_what_is_in_the_way(name: str, reason: Unfitness, told: str) -> None:
    verdict = screen_wheel(name, TAGS)
    assert isinstance(verdict, Unfit)
    assert verdict.reason is reason
    assert told.lower() in verdict.detail.lower()
    assert ranked(name) == []


def test_a_musl_target_takes_musl_wheels_only() -> None:
    tags = WheelTags(make_target(platforms=tuple(musllinux_platforms((1, 2), "x86_64"))).tags)
    assert ranked(
        "a-1-cp312-cp312-manylinux_2_17_x86_64.whl",
        "a-1-cp312-cp312-musllinux_1_1_x86_64.whl",
        tags=tags,
    ) == ["a-1-cp312-cp312-musllinux_1_1_x86_64.whl"]


def test_a_target_without_tags_takes_nothing() -> None:
    assert isinstance(screen_wheel("a-1-py3-none-any.whl", WheelTags(())), Unfit)


PYTHONS = st.sampled_from(["cp312", "cp311", "cp38", "py3", "py2.py3", "py312", "pp310", "CP312"])
ABIS = st.sampled_from(["cp312", "abi3", "none", "cp311", "abi3.none"])
PLATFORMS = st.sampled_from(
    [
        "any",
        "linux_x86_64",
        "manylinux_2_17_x86_64.manylinux2014_x86_64",
        "manylinux_2_28_x86_64",
        "win32",
        "manylinux1_x86_64",
    ]
)
BUILDS = st.sampled_from(["", "-1", "-2", "-10b"])
NAMES = st.builds("a-1{}-{}-{}-{}.whl".format, BUILDS, PYTHONS, ABIS, PLATFORMS)


def slowly_ranked(names: list[str]) -> list[str]:
    """The twin: packaging's own sets of tags, one by one."""
    order = [Tag(*tag.split("-", 2)) for tag in TARGET.tags]
    fits = []
    for name in names:
        _, _, build, tags = parse_wheel_filename(name)
        ranks = [order.index(tag) for tag in tags if tag in order]
        if ranks:
            fits.append((min(ranks), build, name))
    fits.sort(key=lambda fit: fit[1], reverse=True)
    fits.sort(key=lambda fit: fit[0])
    return [name for _, _, name in fits]


@given(st.lists(NAMES, max_size=6))
def test_ranks_as_the_slow_twin(names: list[str]) -> None:
    assert ranked(*names) == slowly_ranked(names)
    for name in names:
        assert isinstance(screen_wheel(name, TAGS), Fit) is bool(slowly_ranked([name]))


@pytest.mark.parametrize("ours", ["", "none."])
def test_a_name_for_millions_of_targets_costs_no_more_than_its_length(ours: str) -> None:
    """Multiplied, these would be 2.7e10 tags."""
    pythons, platforms = (".".join(f"{part}{n}" for n in range(3000)) for part in ("py", "os"))
    abis = ".".join(f"abi{n}" for n in range(3000))
    name = f"a-1-{pythons}-{ours}{abis}-{platforms}.any.whl"
    verdict = screen_wheel(name, TAGS)
    assert isinstance(verdict, Fit if ours else Unfit)
    assert ranked(name) == ([name] if ours else [])
    assert len(str(verdict)) < 500


def test_a_target_is_described_by_what_matters() -> None:
    assert describe_target(make_target()) == "CPython 3.12 on linux (manylinux_2_28_x86_64)"
    threaded = replace(make_target("3.13.0", abi="cp313t"), free_threaded=True)
    assert describe_target(threaded) == "CPython 3.13t on linux (manylinux_2_28_x86_64)"
