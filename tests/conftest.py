"""What holds of every test: nothing of it stays, slow ones come last, and CI is not told less than it thinks.

SITEROOT_MAY_SKIP=strace,git: a test that is skipped fails, unless its reason names one of these words.
SITEROOT_SLOW_UNTIL=1764061200: no slow test begins after that moment (seconds since 1970).
"""

import os
import re
import signal
import tempfile
import time
from collections.abc import Generator

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes says how busy the machine is; a speed goal belongs in bench/.
settings.register_profile(
    "siteroot", deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("siteroot")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip for want of what must be here into a failure."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and call.excinfo is not None:
        may_skip = os.environ.get("SITEROOT_MAY_SKIP")
        reason = str(call.excinfo.value)
        words = re.findall(r"[\w.-]+", reason.partition(":")[0])  # after it may stand anything
        if may_skip is not None and not set(may_skip.split(",")) & set(words):
            report.outcome = "failed"
            report.longrepr = f"must not be skipped here: {reason}"
    return report


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Run no test about fast calls where they are off, and no slow one when the time for them is over."""
    until = os.environ.get("SITEROOT_SLOW_UNTIL")
    if until and time.time() > float(until) and item.get_closest_marker("slow"):
        pytest.skip("there is no time left for slow tests")
    if os.environ.get("SITEROOT_TEST_FAST_CALLS") and item.get_closest_marker("fast_calls"):
        pytest.skip("it needs calls that are refused here")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put slow tests last, the longest of them first, and leave out what takes longer than CI has."""
    if not os.environ.get("SITEROOT_ENDLESS"):
        endless = [item for item in items if item.get_closest_marker("endless")]
        config.hook.pytest_deselected(items=endless)
        items[:] = [item for item in items if item not in endless]
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> tuple[bool, float]:
    """Return what a test is sorted by: a long one that comes last of all keeps one processor waiting for the other."""
    slow = item.get_closest_marker("slow")
    return slow is not None, -float(slow.args[0]) if slow is not None and slow.args else 0.0


@pytest.fixture(scope="session", autouse=True)
def signals_heard() -> None:
    """Let whatever is started hear of a terminal that is gone, also where nobody is to tell this run (nohup)."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(scope="session", autouse=True)
def temporary_folder(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Let whatever is started put its temporary files where pytest clears up."""
    os.environ["TMPDIR"] = str(tmp_path_factory.mktemp("tmp"))
    tempfile.tempdir = None
