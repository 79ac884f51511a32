import pytest

from siteroot.model.lock import LockOptions
from siteroot.model.settings import Settings
from siteroot.project.findings import Difference, Doubt
from siteroot.project.resolution_inputs import compare_options

PLAIN = LockOptions(
    resolution_mode=None,
    prerelease_mode=None,
    fork_strategy=None,
    exclude_newer=None,
    exclude_newer_span=None,
    exclude_newer_package={},
    prerelease_package={},
)


def options(**said: object) -> LockOptions:
    values = {name: getattr(PLAIN, name) for name in PLAIN.__dataclass_fields__} | said
    return LockOptions(**values)


def kinds(lock: LockOptions, settings: Settings) -> list[type]:
    return [type(finding) for finding in compare_options(lock, settings)]


@pytest.mark.parametrize(
    ("said", "locked", "found"),
    [
        (None, None, []),
        ("false", None, []),
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", []),
        ("2026-01-01T01:00:00+01:00", "2026-01-01T00:00:00Z", []),
        ("2026-01-01T00:00:00.000Z", "2026-01-01T00:00:00Z", []),
        ("2026-01-01", "2026-01-02T00:00:00Z", []),  # the end of the day
        ("2026-01-01", "2026-01-01T22:00:00Z", [Doubt]),  # the end of the day somewhere
        ("2026-01-01", "2026-01-03T00:00:00Z", [Difference]),
        ("2026-01-01T00:00:00Z", None, [Difference]),
        (None, "2026-01-01T00:00:00Z", [Difference]),
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z", [Difference]),
        ("9999-12-31", "2026-01-01T00:00:00Z", [Doubt]),
        ("9" * 30 + " weeks", "2026-01-01T00:00:00Z", [Doubt]),
        ("2026-01-01T00:00:00", "2026-01-01T00:00:00Z", [Difference]),  # a date to uv
        ("last tuesday", "2026-01-01T00:00:00Z", [Doubt]),
    ],
)
def test_cut_off_times(said: str | None, locked: str | None, found: list[type]) -> None:
    assert kinds(options(exclude_newer=locked), Settings(exclude_newer=said)) == found


@pytest.mark.parametrize(
    ("said", "locked", "found"),
    [
        ("3 days", "P3D", []),
        ("3 days ago", "P3D", []),
        ("1 week", "P1W", []),
        ("3d", "P3D", []),
        ("P3D", "P3D", []),
        ("36 hours", "PT36H", []),
        ("1 week, 2 days", "P1W2D", []),
        ("2 days", "P3D", [Difference]),
        ("2026-01-01T00:00:00Z", "P3D", [Difference]),
        (None, "P3D", [Difference]),
        ("a month", "P30D", [Doubt]),
    ],
)
def test_cut_off_spans(said: str | None, locked: str, found: list[type]) -> None:
    lock = options(exclude_newer="0001-01-01T00:00:00Z", exclude_newer_span=locked)
    assert kinds(lock, Settings(exclude_newer=said)) == found


@pytest.mark.parametrize(
    ("said", "locked", "found"),
    [
        ({"a": "3 days", "b": "false"}, {"a": "P3D", "b": "false"}, []),
        ({"a": "3 days"}, {"a": "P3D", "b": "false"}, [Difference]),
        ({"a": "false"}, {}, [Difference]),
        ({"a": "false"}, {"a": "P3D"}, [Difference]),
    ],
)
def test_cut_offs_of_one_distribution(
    said: dict[str, str], locked: dict[str, str], found: list[type]
) -> None:
    lock = options(exclude_newer_package=locked)
    assert kinds(lock, Settings(exclude_newer_package=said)) == found


@pytest.mark.parametrize(
    ("said", "locked", "found"),
    [
        (None, None, []),
        ("allow", "allow", []),
        ("allow", None, [Difference]),
        (None, "allow", [Difference]),
        ("if-necessary-or-explicit", None, [Doubt]),
    ],
)
def test_pre_releases(said: str | None, locked: str | None, found: list[type]) -> None:
    assert kinds(options(prerelease_mode=locked), Settings(prerelease=said)) == found


def test_modes() -> None:
    assert kinds(options(resolution_mode="lowest"), Settings(resolution="lowest")) == []
    assert kinds(options(resolution_mode="lowest"), Settings()) == [Difference]
    assert kinds(PLAIN, Settings(resolution="highest", fork_strategy="requires-python")) == []
    assert kinds(PLAIN, Settings(fork_strategy="fewest")) == [Difference]
    assert kinds(options(prerelease_package={"a": "allow"}), Settings()) == [Difference]
    allowed = Settings(prerelease_package={"a": "allow"})
    assert kinds(options(prerelease_package={"a": "allow"}), allowed) == []
