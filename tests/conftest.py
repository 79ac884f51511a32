"""What is asked of a machine where nothing may be skipped: SITEROOT_NO_SKIP=uv,container makes such skips failures."""

import os
import re
import time
from collections.abc import Generator

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes says how busy the machine is; a speed goal belongs in bench/.
settings.register_profile("siteroot", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("siteroot")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn the skip of a test into a failure where its marker is one that must not be skipped here."""
    report = yield
    needed = [name for name in os.environ.get("SITEROOT_NO_SKIP", "").split(",") if name]
    if report.skipped and not hasattr(report, "wasxfail"):
        marked = [name for name in needed if item.get_closest_marker(name) is not None]
        reason = "" if call.excinfo is None else str(call.excinfo.value)
        if "uv" in marked and re.search(r"\buv\b", reason) is None:
            marked.remove("uv")  # another Python, or the corpus, may be lacking
        if marked and call.excinfo is not None:
            report.outcome = "failed"
            report.longrepr = (
                f"must not be skipped here ({', '.join(marked)}): {call.excinfo.value}"
            )
    return report


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Begin no slow test after SITEROOT_SLOW_UNTIL (seconds since 1970)."""
    until = os.environ.get("SITEROOT_SLOW_UNTIL")
    if until and item.get_closest_marker("slow") is not None and time.time() > float(until):
        pytest.skip("the time that CI gives to slow tests is up")
