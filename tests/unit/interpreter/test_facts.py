import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siteroot.interpreter.facts import Facts, Senseless, TooOld, parse_facts
from support.probe_answers import answer, made, made_version


def test_an_answer_becomes_a_target() -> None:
    target = made()
    assert (target.implementation, target.python, target.python_version) == (
        "cpython",
        (3, 12),
        "3.12",
    )
    assert not target.free_threaded
    assert not target.windows
    assert not target.case_blind
    assert target.tags[0] == "cp312-cp312-manylinux_2_36_x86_64"
    assert target.tags[-1] == "py30-none-any"
    assert target.interpreter is not None
    assert target.interpreter.executable == "/opt/py/bin/python3.12"
    assert not target.interpreter.is_virtual
    assert "extra" not in target.markers


def test_what_is_printed_before_the_answer_is_passed_over() -> None:
    text = "welcome to the shell of the day\n\n" + json.dumps(answer()) + "\n"
    assert isinstance(parse_facts(text), Facts)


@pytest.mark.parametrize(
    ("changes", "first"),
    [
        ({"libc": ["musl", 1, 2]}, "cp312-cp312-musllinux_1_2_x86_64"),
        ({"libc": None}, "cp312-cp312-linux_x86_64"),
        ({"manylinux": False}, "cp312-cp312-linux_x86_64"),
        ({"bits": 32}, "cp312-cp312-manylinux_2_36_i686"),
        ({"bits": 32, "platform": "linux-aarch64"}, "cp312-cp312-manylinux_2_36_armv7l"),
        ({"platform": "win-amd64", "libc": None}, "cp312-cp312-win_amd64"),
        ({"platform": "win32", "libc": None, "bits": 32}, "cp312-cp312-win32"),
        (
            {"platform": "macosx-11.0-arm64", "libc": None, "system": [[14, 5], "arm64"]},
            "cp312-cp312-macosx_14_0_arm64",
        ),
        (
            {"platform": "macosx-10.9-universal2", "libc": None, "system": [[13, 0], "x86_64"]},
            "cp312-cp312-macosx_13_0_x86_64",
        ),
        (
            {
                "platform": "ios-13.0-arm64-iphoneos",
                "libc": None,
                "system": [[17, 2], "arm64-iphoneos"],
            },
            "cp312-cp312-ios_17_2_arm64_iphoneos",
        ),
        (
            {"platform": "android-24-arm64_v8a", "libc": None, "system": [[24], ""]},
            "cp312-cp312-android_24_arm64_v8a",
        ),
        (
            {"platform": "emscripten-3.1.58-wasm32", "libc": None, "system": [[2024, 0], ""]},
            "cp312-cp312-pyemscripten_2024_0_wasm32",
        ),
        (
            {"platform": "freebsd-14.1-RELEASE-amd64", "libc": None},
            "cp312-cp312-freebsd_14_1_release_amd64",
        ),
        ({"flags": "d"}, "cp312-cp312d-manylinux_2_36_x86_64"),
    ],
)
def test_platforms_are_told_by_what_the_interpreter_says(
    changes: dict[str, object], first: str
) -> None:
    assert made(**changes).tags[0] == first


def test_a_free_threaded_build_is_told_by_its_flag() -> None:
    target = made_version("3.13.0", flags="t")
    assert target.free_threaded
    assert target.tags[0].startswith("cp313-cp313t-")


def test_pypy_is_told_by_its_name() -> None:
    marks = {
        "implementation_name": "pypy",
        "python_version": "3.10",
        "python_full_version": "3.10.14",
    }
    target = made(soabi="pypy310-pp73-x86_64-linux-gnu", markers=marks)
    assert target.implementation == "pypy"
    assert target.tags[0] == "pp310-pypy310_pp73-manylinux_2_36_x86_64"


def test_an_old_python_names_its_version() -> None:
    assert parse_facts('{"too_old": "3.6.15"}') == TooOld("3.6.15")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "[]",
        "null",
        "7",
        '{"too_old": 3}',
        "{}",
        "[" * 100_000,
        json.dumps(answer(executable="python")),
        json.dumps(answer(bits="64")),
        json.dumps(answer(libc=["glibc"])),
        json.dumps(answer(schemes={})),
        json.dumps(answer(stdlib="/lib")),
        json.dumps(answer(markers={"python_version": "3"})),
        json.dumps(answer(markers={"python_full_version": "many"})),
        json.dumps(answer(markers={"python_full_version": "3.11.4"})),
        json.dumps(answer(markers={"extra": ""})),
    ],
)
def test_rubbish_is_named_as_such(text: str) -> None:
    assert isinstance(parse_facts(text), Senseless)


@pytest.mark.parametrize("name", sorted(answer()))
def test_an_answer_without_one_of_its_parts_is_senseless(name: str) -> None:
    whole = answer()
    del whole[name]
    assert parse_facts(json.dumps(whole)) == Senseless(f"{name!r} is missing")


@given(st.text())
def test_no_text_breaks_the_reader(text: str) -> None:
    assert isinstance(parse_facts(text), Senseless)
