"""What a person reads where there is no answer: the words, to the letter."""

from collections.abc import Mapping

import pytest

from siteroot.model.resolution import (
    Chosen,
    PrereleaseMode,
    ResolutionOptions,
    ResolutionRequest,
)
from siteroot.resolve.explain import UnsatisfiableError
from siteroot.resolve.solving import resolve
from support.made_index import MadeIndex, MadeRelease, asks, release
from support.selection import make_target

Index = Mapping[str, Mapping[str, MadeRelease]]

_MANY = {f"{major}.{minor}": release() for major in (1, 2, 3) for minor in range(4)}


def _explain(
    index: Index,
    *asked: str,
    options: ResolutionOptions | None = None,
    others: Mapping[str, Index] | None = None,
) -> tuple[str, tuple[str, ...]]:
    request = ResolutionRequest(requirements=asks(*asked), options=options or ResolutionOptions())
    with pytest.raises(UnsatisfiableError) as caught:
        resolve(request, make_target("3.12.1"), MadeIndex(index, others=others))
    return caught.value.message, caught.value.hints


CASES: dict[str, tuple[Index, tuple[str, ...], str]] = {
    "one version": (
        {"flask": {"3.0.0": release()}},
        ("flask>=4",),
        (
            "Because only flask==3.0.0 is available and requirements.in asks for flask>=4, what is asked "
            "for cannot be had."
        ),
    ),
    "newer than the newest": (
        {"flask": _MANY},
        ("flask>=4",),
        "Because the newest flask is 3.3 and requirements.in asks for flask>=4, what is asked for cannot be had.",
    ),
    "older than the oldest": (
        {"flask": _MANY},
        ("flask<1",),
        "Because the oldest flask is 1.0 and requirements.in asks for flask<1, what is asked for cannot be had.",
    ),
    "between": (
        {"flask": _MANY},
        ("flask>2.1,<2.2",),
        (
            "Because there is no flask between 2.1 and 2.2 and requirements.in asks for flask>2.1,<2.2, "
            "what is asked for cannot be had."
        ),
    ),
    "each but what there is": (
        {"flask": _MANY},
        (f"flask{','.join(f'!={version}' for version in _MANY)}",),
        (
            "Because there is no such version of flask and requirements.in asks for "
            "flask!=1.0,!=1.1,!=1.2,!=1.3,!=2.0,!=2.1,!=2.2,!=2.3,!=3.0,!=3.1,!=3.2,!=3.3, what is asked for "
            "cannot be had."
        ),
    ),
    "from before the first to between two, and none of those": (
        {"flask": _MANY},
        ("flask<1.2,!=1.0,!=1.1",),
        (
            "Because there is no such version of flask and requirements.in asks for flask!=1.0,!=1.1,<1.2, "
            "what is asked for cannot be had."
        ),
    ),
    "a local version that is not there": (
        {"torch": {"2.0": release(), "2.1+cpu": release()}},
        ("torch==2.0+cu118",),
        (
            "Because only torch 2.0 and 2.1+cpu are available and requirements.in asks for torch==2.0+cu118, "
            "what is asked for cannot be had."
        ),
    ),
    "a version that is spelled otherwise": (
        {"flask": {"3.0": release()}},
        ("flask===3.0.0",),
        (
            "Because only flask==3.0 is available and requirements.in asks for flask===3.0.0, what is asked "
            "for cannot be had."
        ),
    ),
    "an extra of another version of itself": (
        {"app": {"2": release(extras={"all": ["app[fast]==1"], "fast": []})}},
        ("app[all]",),
        (
            "Because app[all]==2 requires app==1 and requirements.in asks for app[all], what is asked for "
            "cannot be had."
        ),
    ),
    "two who ask": (
        {"flask": _MANY},
        ("flask>=2.1", "flask<2"),
        "Because requirements.in asks for flask>=2.1 and flask<2, what is asked for cannot be had.",
    ),
    "no version could": (
        {"flask": _MANY},
        ("flask>2,<1",),
        "requirements.in asks for flask>2,<1, which no version can be.",
    ),
    "a requirement of a requirement": (
        {"app": {"1": release("flask>=3"), "2": release("flask>=3")}, "flask": _MANY},
        ("app", "flask<2"),
        (
            "Because every app requires flask>=3 and requirements.in asks for app and flask<2, what is "
            "asked for cannot be had."
        ),
    ),
    "two requirements that clash": (
        {
            "app": {"1": release("web>=2", "plugin")},
            "plugin": {"1": release("web<2"), "2": release("web<2"), "3": release("web<2", "x")},
            "web": _MANY,
            "x": {"1": release()},
        },
        ("app",),
        (
            "Because app==1 requires web>=2 and plugin, every plugin requires web<2 and requirements.in "
            "asks for app, what is asked for cannot be had."
        ),
    ),
    "each version clashes otherwise": (
        {
            "app": {"1": release("web==1.0"), "2": release("web==2.0"), "3": release("web==3.0")},
            "plugin": {"1": release("web==1.1"), "2": release("web==2.1")},
            "web": _MANY,
        },
        ("app", "plugin"),
        (
            "Because app==1 requires web==1.0, app==2 requires web==2.0, app==3 requires web==3.0, "
            "plugin==1 requires web==1.1, plugin==2 requires web==2.1 and requirements.in asks for app "
            "and plugin, what is asked for cannot be had."
        ),
    ),
    "an extra": (
        {
            "app": {"1": release("web<2", extras={"all": ["plugin"]})},
            "plugin": {"1": release("web>=2")},
            "web": _MANY,
        },
        ("app[all]",),
        (
            "Because app[all]==1 requires plugin, app==1 requires web<2, plugin==1 requires web>=2 and "
            "requirements.in asks for app[all], what is asked for cannot be had."
        ),
    ),
    "a missing project": (
        {"app": {"1": release("flask-lgoin"), "2": release("flask-lgoin")}, "flask-login": _MANY},
        ("flask-login", "app"),
        (
            "Because every app requires flask-lgoin, flask-lgoin is not on https://index.example/simple and "
            "requirements.in asks for app, what is asked for cannot be had."
        ),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_the_derivation_is_told_in_words(case: str) -> None:
    index, asked, expected = CASES[case]
    message, _ = _explain(index, *asked)
    assert message == expected


def test_a_long_derivation_is_told_step_by_step() -> None:
    index = {
        "app": {str(n): release(f"web=={n}.0") for n in (1, 2, 3)},
        "plugin": {str(n): release(f"tool=={n}") for n in (1, 2, 3)},
        "tool": {str(n): release(f"web=={n}.1") for n in (1, 2, 3)},
        "web": _MANY,
    }
    message, _ = _explain(index, "app", "plugin")
    assert message == (
        "Because plugin==2 requires tool==2 and tool==2 requires web==2.1, plugin==2 needs web==2.1. And "
        "because plugin==1 requires tool==1 and tool==1 requires web==1.1, plugin==1 needs web==1.1. And "
        "because app==1 requires web==1.0, plugin 1 and 2 cannot be used with app==1. And because app==2 "
        "requires web==2.0, plugin 1 and 2 cannot be used with app==2. So plugin 1 and 2 cannot be used "
        "with app 1 and 2. And because tool==3 requires web==3.1 and plugin==3 requires tool==3, "
        "plugin==3 needs web==3.1. So app 1 and 2 cannot be used with plugin==3. So no plugin can be used"
        " with app 1 and 2. So plugin 1 and 2 need web 1.1 and 2.1. And because app==3 requires web==3.0,"
        " no plugin can be used with app==3. And because requirements.in asks for app and plugin, what is"
        " asked for cannot be had."
    )


def test_a_pre_release_that_is_not_allowed_is_named() -> None:
    index = {"a": {"1": release(), "2a1": release(), "2a2": release()}}
    options = ResolutionOptions(prereleases=PrereleaseMode.DISALLOW)
    message, hints = _explain(index, "a>1", options=options)
    assert message == (
        "Because a 2a1 and 2a2 are pre-releases and requirements.in asks for a>1, what is asked for cannot be had."
    )
    assert hints == (
        "There are pre-releases of a (2a2): allow them with --prerelease if-necessary, or name one in a requirement.",
    )


def test_an_index_that_was_not_looked_at_is_named() -> None:
    index = {"a": {"1": release(), "2": release()}}
    others = {"https://other.example/simple": {"a": {"3": release()}}}
    message, hints = _explain(index, "a>2", others=others)
    assert message == (
        "Because only a 1 and 2 are available and requirements.in asks for a>2, what is asked for cannot be had."
    )
    assert hints == (
        "a is on https://other.example/simple too (up to 3), which was not looked at: the first index that has a "
        "project is its only one, unless --index-strategy says otherwise.",
    )


def test_another_python_is_named() -> None:
    index = {
        "a": {
            "1": release(requires_python=">=3.13"),
            "2": release(requires_python=">=3.13"),
            "3": release(requires_python=">=3.14"),
        }
    }
    message, hints = _explain(index, "a")
    assert message == (
        "Because every a requires Python>=3.13 or >=3.14 and requirements.in asks for a, what is asked for cannot be "
        "had."
    )
    assert hints == (
        "These are resolved for Python 3.12.1: ask for another one with --python-version.",
    )


def test_of_wheels_for_other_platforms_the_newest_are_told() -> None:
    wheels = {
        "0.1": release(wheel_tags=("cp35-cp35-win32",), sdist=False),
        "0.2": release(wheel_tags=("cp312-cp312-win32", "cp312-cp312-macosx_11_0_arm64")),
    }
    options = ResolutionOptions(no_build=Chosen(inverted=True))
    message, hints = _explain({"a": wheels}, "a", options=options)
    assert "CPython 3.12 on linux (manylinux_2_28_x86_64)" in message
    assert hints[0] == "The wheels of a==0.2 are for macosx_11_0_arm64, win32."


def test_every_place_that_was_asked_is_named_or_counted() -> None:
    others: dict[str, Index] = {f"https://{n}.example/simple": {} for n in "abcd"}
    message, _ = _explain({}, "reqeusts", others=others)
    assert message == (
        "Because reqeusts is not on https://index.example/simple, https://a.example/simple, https://b.example/simple "
        "or 2 more and requirements.in asks for reqeusts, what is asked for cannot be had."
    )


def test_a_name_that_an_index_knows_is_offered() -> None:
    _, hints = _explain({"requests": {"1": release()}}, "reqeusts")
    assert hints == ("Is requests meant by reqeusts?",)


def test_a_page_without_distributions_is_no_page_of_newer_ones() -> None:
    message, hints = _explain({"a": {}}, "a")
    assert message == (
        "Because no page of a lists a distribution of it (https://index.example/simple) and requirements.in asks for "
        "a, what is asked for cannot be had."
    )
    assert "login" in hints[0]


def test_a_near_name_is_offered() -> None:
    index = {"app": {"1": release("flask-lgoin")}, "flask-login": _MANY}
    _, hints = _explain(index, "flask-login", "app")
    assert hints == ("Is flask-login meant by flask-lgoin?",)


REFUSED: dict[str, tuple[MadeRelease, ResolutionOptions, str, str]] = {
    "other platforms": (
        release(wheel_tags=("cp312-cp312-win_amd64",), sdist=False),
        ResolutionOptions(),
        "has neither a wheel for CPython 3.12 on linux (manylinux_2_28_x86_64) nor an sdist",
        "The wheels of a==1 are for win_amd64.",
    ),
    "other Pythons": (
        release(wheel_tags=("cp38-cp38-win32", "cp39-cp39-manylinux_2_17_x86_64"), sdist=False),
        ResolutionOptions(),
        "has neither a wheel for CPython 3.12 on linux (manylinux_2_28_x86_64) nor an sdist",
        "The wheels of a==1 are for cp38, cp39.",
    ),
    "yanked": (
        release(yanked="broken build."),
        ResolutionOptions(),
        "was yanked (broken build)",
        "A yanked version of a is taken where a requirement pins it with `==`.",
    ),
    "no build": (
        release(wheel_tags=()),
        ResolutionOptions(no_build=Chosen(inverted=True)),
        "has no wheel for CPython 3.12 on linux (manylinux_2_28_x86_64) while nothing may be built",
        "a would have to be built: --no-build or --only-binary stands in the way.",
    ),
    "no binary": (
        release(sdist=False),
        ResolutionOptions(no_binary=Chosen(names=frozenset({"a"}))),
        "has no sdist while no wheel may be used",
        "a has wheels only: --no-binary stands in the way.",
    ),
}


@pytest.mark.parametrize("refused", REFUSED)
def test_why_a_version_cannot_be_taken_is_said(refused: str) -> None:
    made, options, why, hint = REFUSED[refused]
    message, hints = _explain({"a": {"1": made}}, "a>=1", options=options)
    assert message == (
        f"Because a==1 {why} and requirements.in asks for a>=1, what is asked for cannot be had."
    )
    assert hints == (hint,)


@pytest.mark.parametrize(
    ("requirement", "why"),
    [
        ("b==1.*.2", "has metadata that make no sense (`b==1.*.2`)"),
        ("b>2,<1", "requires b>2,<1 (no version can be that)"),
        ("b; nonsense", "has metadata that make no sense (`b; nonsense`)"),
    ],
)
def test_metadata_that_make_no_sense_are_quoted(requirement: str, why: str) -> None:
    message, _ = _explain({"a": {"1": release(requirement)}}, "a")
    assert message == (
        f"Because a==1 {why} and requirements.in asks for a, what is asked for cannot be had."
    )


def test_a_marker_that_nobody_can_judge_is_quoted() -> None:
    message, _ = _explain({"a": {"1": release("b; python_version ~= 'x'")}}, "a")
    assert (
        'a==1 has metadata that make no sense (the marker `python_version ~= "x"` cannot be evaluated'
        in message
    )
