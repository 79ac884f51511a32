"""Small indexes, what is asked of them, and what comes out, as `resolve_scenarios.toml` tells it."""

import tomllib
from pathlib import Path

import pytest

from support.resolving import Scenario, read_scenario

_TOLD = tomllib.loads(Path(__file__).with_name("resolve_scenarios.toml").read_text("utf-8"))
_SCENARIOS = [read_scenario(table) for table in _TOLD["scenario"]]


@pytest.mark.parametrize("scenario", _SCENARIOS, ids=lambda scenario: scenario.name)
def test_a_scenario_comes_out_as_uv_has_it(scenario: Scenario) -> None:
    outcome = scenario.outcome()
    if scenario.expected is None or scenario.expected:
        assert outcome == scenario.expected
    else:
        assert outcome is not None
