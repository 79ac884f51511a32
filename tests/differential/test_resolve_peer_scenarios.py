"""uv's own set of scenarios, as it is fetched: every one that concerns one target gives the expected outcome.

SITEROOT_PEER_SUITES names the folder that holds a checkout of uv's `test/scenarios`. What is fetched is not kept here:
`tests/unit/resolve/resolve_scenarios.toml` tells the same facts again, and runs every day.
"""

import os
import tomllib
from pathlib import Path

import pytest

from support.resolving import Scenario, is_universal, read_peer_scenario

_SUITES = os.environ.get("SITEROOT_PEER_SUITES", "")
_FILES = sorted(Path(_SUITES, "test", "scenarios").rglob("*.toml")) if _SUITES else []
_TABLES = [tomllib.loads(path.read_text("utf-8")) for path in _FILES]

#: What is left out, and why.
_TOLD = Path(__file__).parents[1] / "unit/resolve/resolve_scenarios.toml"
_LEFT_OUT = tomllib.loads(_TOLD.read_text("utf-8"))["left_out"]

#: Scenarios for every environment whose wheels are all for CPython 3.13: the target is 3.12.
_ELSEWHERE = {"specific-architecture"}


@pytest.mark.skipif(not _FILES, reason="SITEROOT_PEER_SUITES names no folder with test/scenarios")
def test_every_scenario_for_one_target_comes_out_as_expected() -> None:
    scenarios = [read_peer_scenario(table) for table in _TABLES if not is_universal(table)]
    assert len(scenarios) > 130
    outcomes = {scenario.name: scenario.outcome() for scenario in scenarios}
    wrong = {
        scenario.name: (outcome, scenario.expected)
        for scenario in scenarios
        if not _agrees(outcome := outcomes[scenario.name], scenario)
    }
    assert not wrong


@pytest.mark.skipif(not _FILES, reason="SITEROOT_PEER_SUITES names no folder with test/scenarios")
def test_what_is_left_out_is_about_locks_for_every_environment() -> None:
    """Where there is such a lock, this one target has an answer too; which one, the set does not say."""
    left_out = [read_peer_scenario(table) for table in _TABLES if is_universal(table)]
    assert {each.name for each in left_out} == _LEFT_OUT.keys()
    unsolved = {
        each.name for each in left_out if each.expected is not None and each.outcome() is None
    }
    assert unsolved == _ELSEWHERE


def _agrees(outcome: dict[str, str] | None, scenario: Scenario) -> bool:
    if scenario.expected is None:
        return outcome is None
    return outcome == scenario.expected or (outcome is not None and not scenario.expected)
