"""How the backend of each distribution is called, as settings and variables say."""

import pytest
from packaging.version import Version

from siteroot.errors import UsageError
from siteroot.model.settings import ExtraBuildRequirement, Settings
from siteroot.workflows.build_choices import BuildChoices


def choices(settings: Settings | None = None, **variables: str) -> BuildChoices:
    return BuildChoices(settings or Settings(), variables, {"torch": Version("2.1"), "app": None})


@pytest.mark.parametrize(
    ("said", "epoch"),
    [
        ("", 315_532_800),
        ("1700000000", 1_700_000_000),
        ("5", 315_532_800),  # before what a zip archive can hold
        ("junk", 315_532_800),
        ("9" * 40, 315_532_800),
    ],
)
def test_the_time_of_builds_is_the_callers_where_it_is_one(said: str, epoch: int) -> None:
    assert choices(SOURCE_DATE_EPOCH=said).options("app").source_date_epoch == epoch


def test_settings_of_one_distribution_are_laid_over_those_of_all() -> None:
    settings = Settings(
        config_settings={"a": "1", "b": "2"},
        config_settings_package={"app": {"b": ("3", "4")}},
        extra_build_variables={"app": {"X": "1"}},
        build_network="none",
        build_timeout=0,
    )
    app, other = choices(settings).options("app"), choices(settings).options("other")
    assert app.config_settings == {"a": "1", "b": ("3", "4")}
    assert other.config_settings == {"a": "1", "b": "2"}
    assert (app.variables, other.variables) == ({"X": "1"}, {})
    assert (app.network, app.timeout) == (False, None)


def test_what_is_to_match_what_is_installed_has_its_version() -> None:
    def extra(text: str) -> tuple[str, ...]:
        found = (
            ExtraBuildRequirement(text="setuptools>60", match_runtime=False),
            ExtraBuildRequirement(text=text, match_runtime=True),
        )
        return choices(Settings(extra_build_dependencies={"app": found})).extra_requires("app")

    assert extra("Torch[b,a] ; python_version > '3'") == (
        "setuptools>60",
        'Torch[a,b]==2.1 ; python_version > "3"',
    )
    with pytest.raises(UsageError, match="no numpy is selected"):
        extra("numpy")
    with pytest.raises(UsageError, match=r"extra-build-dependencies.app: `a b` is no requirement"):
        extra("a b")
    assert choices().extra_requires("app") == ()
