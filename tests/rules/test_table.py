"""The table of ROOT.md's sentences keeps its word: the tests that it names exist, and what is owed has an issue."""

import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

TESTS = Path(__file__).parents[1]
#: Issues that bring what this version does not have. 10 stands for what has none yet: bundles.
ISSUES = {5, 6, 10}
RULES: list[dict[str, Any]] = tomllib.loads((TESTS / "rules" / "table.toml").read_text("utf-8"))[
    "rule"
]


@pytest.fixture(scope="module")
def collected() -> set[str]:
    """The node ids of every file that the table names, and the files themselves, below tests/."""
    files = {name.partition("::")[0] for rule in RULES for name in rule.get("tests", ())}
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "--collect-only",
            "-q",
            "-p",
            "no:cacheprovider",
            *sorted(f"tests/{file}" for file in files),
        ],
        cwd=TESTS.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    names = set()
    for line in done.stdout.splitlines():
        name = line.partition("[")[0].removeprefix("tests/")
        if "::" in name:
            names |= {name, name.partition("::")[0]}
    return names


def test_every_test_that_the_table_names_exists(collected: set[str]) -> None:
    named = {name for rule in RULES for name in rule.get("tests", ())}
    assert sorted(named - collected) == []


def test_every_rule_is_shown_or_says_why_not() -> None:
    known = {"section", "number", "says", "tests", "owed", "unshown", "lacking"}
    for rule in RULES:
        assert rule.keys() <= known, rule
        assert {"tests", "owed", "unshown", "lacking"} & rule.keys(), rule
        assert all(rule.get(key, "said") for key in known), rule


def test_what_is_owed_names_an_issue() -> None:
    assert {rule["owed"] for rule in RULES if "owed" in rule} <= ISSUES


def test_the_sections_are_all_there_and_numbered_through() -> None:
    numbers: dict[int, list[int]] = {}
    for rule in RULES:
        numbers.setdefault(rule["section"], []).append(rule["number"])
    assert sorted(numbers) == list(range(1, 9))
    assert all(found == list(range(1, len(found) + 1)) for found in numbers.values())


def test_every_test_of_this_folder_is_in_the_table(collected: set[str]) -> None:
    named = {name for rule in RULES for name in rule.get("tests", ())}
    here = {name for name in collected if name.startswith("rules/test_rule_") and "::" in name}
    assert sorted(here - named) == []
