"""TOML is read alike by toml-rs and by the standard library, and no text ends the process."""

import subprocess
import sys

import pytest

from siteroot.formats.toml import parse_toml

EVERYTHING = """\
# a comment with ' and " and [ in it
text = "a \\u00e9 \\t b"
literal = 'C:\\x'
many = \"\"\"
first
second\"\"\"
integers = [1, -2, 0x1F, 1_000, 9223372036854775808]
floats = [1.5, -0.0, 1e3, inf]
truths = [true, false]
dates = [2022-10-25T02:36:20.889Z, 2022-10-25T02:36:20+05:30, 2022-10-25 02:36:20, 2022-10-25, 10:11:12.123456789]
inline = { a = 1, "b c" = { d = [] } }
[table.below]
key = "x"
[[rows]]
a = 1
[[rows]]
a = 2
"""

BROKEN = {
    "a = 1\na = 2\n": 2,
    "a = [1,\n2": None,
    "a = 2022-02-30": 1,
    "a = 0000-01-01": 1,
    "a = 24:00:00": 1,
    "\n\na = 'x": 3,
    "a = 1\r": 1,
}

DEEP = "[" * 20_000
#: Values nested too deeply for any parser, hidden from one that only counts brackets.
TRAPS = (
    f"a = {DEEP}",
    f"a = {DEEP}{']' * 20_000}",
    f"a = {'{a=' * 20_000}",
    'a = "["\n' * 600 + f"b = {DEEP}",
    "a = " + '[ "]", ' * 20_000,
    "a = " + "[ ']', " * 20_000,
    "a = " + "[ # ]\n" * 20_000,
    "a = " + '[ "#", # ]\n' * 20_000,
    "a = " + '[ # " ]\n' * 20_000,
    "a = " + '[ "\\"]", ' * 20_000,
    "a = " + '[ """]""", ' * 20_000,
    "a = " + '[ """"]"""", ' * 20_000,
    "a = " + "[ '''' ] '''', " * 20_000,
    "a = " + "[\n[[package]]\n" * 20_000,
    "a = " + '[ "]\n' * 20_000,
    'a = "' + '\n[ "]" ' * 20_000,
    "a = " + "[ 'x\"', \"]\", 'y\"', " * 20_000,
    "a = " + "[ # ]\r" * 20_000,
)

CHILD = """
import sys
if sys.argv[1] == "standard":
    sys.modules["toml_rs"] = None
from siteroot.formats.toml import TomlError, parse_toml
for text in eval(sys.stdin.read()):
    try:
        print(repr(parse_toml(text.encode(), "x.toml"))[:2000])
    except TomlError as error:
        print("TomlError", error.where, *error.hints)
"""


def parse_elsewhere(parser: str, *texts: str) -> list[str]:
    """Parse in a process of its own, with or without toml-rs; give what it printed for each text."""
    done = subprocess.run(
        [sys.executable, "-c", CHILD, parser],
        input=repr(texts),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_both_parsers_give_equal_values() -> None:
    (fast,) = parse_elsewhere("fast", EVERYTHING)
    assert parse_elsewhere("standard", EVERYTHING) == [fast]
    assert repr(parse_toml(EVERYTHING.encode(), "x")) == fast
    assert "889000, tzinfo=datetime.timezone.utc" in fast


@pytest.mark.parametrize("parser", ["fast", "standard"])
def test_both_parsers_end_in_an_error_of_ours(parser: str) -> None:
    for (text, line), answer in zip(BROKEN.items(), parse_elsewhere(parser, *BROKEN), strict=True):
        assert answer.startswith("TomlError x.toml"), text
        if line is not None and answer != "TomlError x.toml":
            assert answer.startswith(f"TomlError x.toml:{line}:"), text


def test_toml_rs_is_named_where_it_would_read_the_text() -> None:
    newer = ("a = { b = 1, }", "a = {\n b = 1 }", "a = { b = 1\n}", 'a = "\\e"', 'a = "\\x41"')
    for text, fast, standard in zip(
        newer, parse_elsewhere("fast", *newer), parse_elsewhere("standard", *newer), strict=True
    ):
        assert "TomlError" not in fast, text
        assert "where toml-rs is installed" in standard, text
    broken = (*BROKEN, "= 1", "a =", "<<<<<<< HEAD", 'a = "\\q"', "a = { b = 1")
    assert not [told for told in parse_elsewhere("standard", *broken) if "toml-rs" in told]


@pytest.mark.parametrize("parser", ["fast", "standard"])
def test_no_nesting_ends_the_process(parser: str) -> None:
    for answer in parse_elsewhere(parser, *TRAPS):
        assert answer.startswith("TomlError")
