"""The tables of ROOT.md's sentences and of peers' defects keep their word: the tests that they name exist."""

import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

TESTS = Path(__file__).parents[1]
#: Issues that bring what this version does not have. 10 stands for what has none yet: bundles.
ISSUES = {6, 10}


def _read(table: str) -> Any:
    return tomllib.loads((TESTS / "rules" / table).read_text("utf-8"))


RULES: list[dict[str, Any]] = _read("table.toml")["rule"]
DEFECTS: list[dict[str, Any]] = _read("peer_defects.toml")["defect"]


@pytest.fixture(scope="module")
def collected() -> set[str]:
    """The node ids of every file that the tables name, and the files themselves, below tests/."""
    named = {name for row in (*RULES, *DEFECTS) for name in row.get("tests", ())}
    files = {name.partition("::")[0] for name in named}
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


def test_every_test_that_the_tables_name_exists(collected: set[str]) -> None:
    named = {name for row in (*RULES, *DEFECTS) for name in row.get("tests", ())}
    assert sorted(named - collected) == []


def test_every_rule_is_shown_or_says_why_not() -> None:
    known = {"section", "number", "says", "tests", "owed", "unshown", "lacking"}
    for rule in RULES:
        assert rule.keys() <= known, rule
        assert {"tests", "owed", "unshown", "lacking"} & rule.keys(), rule
        assert all(rule.get(key, "said") for key in known), rule


def test_every_defect_has_a_test_or_is_owed_one() -> None:
    for defect in DEFECTS:
        assert defect.keys() <= {"says", "tests", "owed"}, defect
        assert defect["says"], defect
        assert bool(defect.get("tests")) != ("owed" in defect), defect


def test_what_is_owed_names_an_issue() -> None:
    assert {row["owed"] for row in (*RULES, *DEFECTS) if "owed" in row} <= ISSUES


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
