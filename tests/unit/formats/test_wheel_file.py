"""WHEEL: the format's version, and where the root goes."""

import pytest

from siteroot.formats.wheel_file import WheelFileError, parse_wheel_file

GOOD = "Wheel-Version: 1.0\nGenerator: x (1.0)\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def test_the_version_and_purelib_are_read() -> None:
    said = parse_wheel_file(GOOD)
    assert (said.version, said.purelib, said.newer) == ((1, 0), True, False)


@pytest.mark.parametrize("spelling", ["False", "false", "FALSE"])
def test_platlib_in_any_case(spelling: str) -> None:
    assert not parse_wheel_file(GOOD.replace("true", spelling)).purelib


def test_a_newer_minor_version_is_read_and_told() -> None:
    assert parse_wheel_file(GOOD.replace("1.0\n", "1.9\n", 1)).newer


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (GOOD.replace("1.0\n", "2.0\n", 1), "only 1.x is known"),
        (GOOD.replace("1.0\n", "0.9\n", 1), "only 1.x is known"),
        (GOOD.replace("1.0\n", "1\n", 1), "is no version"),
        (GOOD.replace("1.0\n", f"{'1' * 5000}.0\n", 1), "is no version"),
        (GOOD.replace("true", "yes"), "neither true nor false"),
        (GOOD.replace("Root-Is-Purelib: true\n", ""), "no Root-Is-Purelib"),
        (GOOD + "Wheel-Version: 2.0\n", "2 fields Wheel-Version"),
        ("", "no Wheel-Version"),
    ],
)
def test_what_is_refused(text: str, reason: str) -> None:
    with pytest.raises(WheelFileError, match=reason):
        parse_wheel_file(text)
