"""`--no-install-…` and `--only-install-…`: the first decision wins."""

import itertools

import pytest

from siteroot.model.request import InstallFilter
from siteroot.select.filter import Omission, Omissions

MEMBERS = frozenset({"app", "member"})
LOCAL = {"app": True, "member": True, "near": True, "far": False}


def left_out(wanted: InstallFilter, project: str | None = "app") -> dict[str, Omission]:
    omissions = Omissions(wanted=wanted, project=project, members=MEMBERS)
    verdicts = {name: omissions.decide(name, local=local) for name, local in LOCAL.items()}
    return {name: why for name, why in verdicts.items() if why is not None}


@pytest.mark.parametrize(
    ("wanted", "names", "why"),
    [
        (InstallFilter(), "", None),
        (InstallFilter(no_project=True), "app", Omission.NO_PROJECT),
        (InstallFilter(no_workspace=True), "app member", Omission.NO_WORKSPACE),
        (InstallFilter(no_local=True), "app member near", Omission.NO_LOCAL),
        (InstallFilter(no_packages=("Far", "nobody")), "far", Omission.NO_PACKAGE),
        (InstallFilter(only_project=True), "member near far", Omission.ONLY_PROJECT),
        (InstallFilter(only_workspace=True), "near far", Omission.ONLY_WORKSPACE),
        (InstallFilter(only_local=True), "far", Omission.ONLY_LOCAL),
        (InstallFilter(only_packages=("NEAR",)), "app member far", Omission.ONLY_PACKAGE),
        (
            InstallFilter(only_local=True, no_packages=("app",), no_project=True),
            "far",
            Omission.ONLY_LOCAL,
        ),
        (
            InstallFilter(only_packages=("app",), no_local=True),
            "member near far",
            Omission.ONLY_PACKAGE,
        ),
    ],
)
def test_each_word_leaves_out_what_it_says(
    wanted: InstallFilter, names: str, why: Omission | None
) -> None:
    assert left_out(wanted) == dict.fromkeys(names.split(), why)


def test_no_word_comes_after_a_decision() -> None:
    """Of every pair of words the earlier in uv's order decides all alone when it is an only-word."""
    only = [
        InstallFilter(only_packages=("far",)),
        InstallFilter(only_local=True),
        InstallFilter(only_workspace=True),
        InstallFilter(only_project=True),
    ]
    fields = ["only_packages", "only_local", "only_workspace", "only_project"]
    for (first, a), (second, b) in itertools.combinations(zip(only, fields, strict=True), 2):
        both = InstallFilter(**{a: getattr(first, a), b: getattr(second, b)})
        assert left_out(both) == left_out(first)


def test_several_projects_are_no_project() -> None:
    assert left_out(InstallFilter(no_project=True), project=None) == {}
    assert set(left_out(InstallFilter(only_project=True), project=None)) == set(LOCAL)


def test_a_project_that_is_the_whole_workspace_is_no_listed_member_of_it() -> None:
    alone = Omissions(wanted=InstallFilter(no_workspace=True), project="app", members=frozenset())
    assert alone.decide("app", local=True) is Omission.NO_WORKSPACE
    only = Omissions(wanted=InstallFilter(only_workspace=True), project="app", members=frozenset())
    assert only.decide("app", local=True) is None
