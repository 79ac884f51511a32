"""uv's own set of scenarios, as it is fetched: every one that concerns one target gives the expected outcome.

SITEROOT_PEER_SUITES names the folder that holds a checkout of uv's `test/scenarios`. What is fetched is not kept here:
`tests/unit/resolve/resolve_scenarios.toml` tells the same facts again, and runs every day.
"""

import os
import tomllib
from pathlib import Path

import pytest

from support.resolving import Scenario, read_peer_scenario

_SUITES = os.environ.get("SITEROOT_PEER_SUITES", "")
_FILES = sorted(Path(_SUITES, "test", "scenarios").rglob("*.toml")) if _SUITES else []


@pytest.mark.skipif(not _FILES, reason="SITEROOT_PEER_SUITES names no folder with test/scenarios")
def test_every_scenario_for_one_target_comes_out_as_expected() -> None:
    scenarios: list[Scenario] = []
    left_out: dict[str, str] = {}
    for path in _FILES:
        read = read_peer_scenario(tomllib.loads(path.read_text("utf-8")))
        if isinstance(read, Scenario):
            scenarios.append(read)
        else:
            left_out[path.stem] = read
    outcomes = {scenario.name: scenario.outcome() for scenario in scenarios}
    wrong = {
        scenario.name: (outcome, scenario.expected)
        for scenario in scenarios
        if not _agrees(outcome := outcomes[scenario.name], scenario)
    }
    assert not wrong
    assert len(scenarios) + len(left_out) == len(_FILES)
    assert set(left_out.values()) == {"it is about locks for every environment"}


def _agrees(outcome: dict[str, str] | None, scenario: Scenario) -> bool:
    if scenario.expected is None:
        return outcome is None
    return outcome == scenario.expected or (outcome is not None and not scenario.expected)
