"""Roots, extras and groups of a selection. The tables against uv are in functional/; here are their edges and words."""

import pytest

from siteroot.errors import LockError, SelectionError
from siteroot.model.project import Project
from siteroot.model.request import SelectionRequest
from siteroot.select.conflicts import ConflictingSelectionError
from siteroot.select.index import LockIndex
from siteroot.select.roots import (
    ForeignLockError,
    Roots,
    UnknownDefaultGroupError,
    UnknownExtraError,
    UnknownGroupError,
    UnknownPackageError,
    select_roots,
)
from support.selection import HEAD, make_lock, make_project, make_pyproject

APP = """
[[package]]
name = "app"
version = "1"
source = { editable = "." }
[package.optional-dependencies]
cache = [{ name = "dep" }]
[package.dev-dependencies]
dev = [{ name = "dep" }]
test = [{ name = "dep" }]
[package.metadata]
provides-extras = ["cache", "empty"]
[package.metadata.requires-dev]
dev = [{ name = "dep" }]
test = [{ name = "dep" }]
hollow = []

[[package]]
name = "dep"
version = "2"
source = { registry = "https://x/simple" }
"""


def roots_of(
    request: SelectionRequest,
    *,
    text: str = APP,
    head: str = HEAD,
    project: Project | None = None,
    frozen: bool = True,
) -> Roots:
    return select_roots(
        LockIndex(make_lock(text, head)), project or make_project(), request, frozen=frozen
    )


def test_dev_is_selected_where_nothing_speaks_against_it() -> None:
    (root,) = roots_of(SelectionRequest()).roots
    assert (root.groups, root.extras, root.production) == (("dev",), (), True)


@pytest.mark.parametrize(
    ("request_", "groups"),
    [
        (SelectionRequest(dev=False), ()),
        (SelectionRequest(no_default_groups=True), ()),
        (SelectionRequest(no_default_groups=True, dev=True), ("dev",)),
        (SelectionRequest(groups=("Test",)), ("dev", "test")),
        (SelectionRequest(groups=("dev",), no_groups=("dev",)), ()),
        (SelectionRequest(groups=("dev",), dev=False), ()),
        (SelectionRequest(all_groups=True, no_groups=("test",)), ("dev",)),
        (SelectionRequest(only_groups=("test",)), ("test",)),
        (SelectionRequest(only_dev=True, dev=True), ("dev",)),
        (SelectionRequest(groups=("hollow",), dev=False), ()),
    ],
)
def test_groups_are_defaults_and_named_ones_less_the_excluded(
    request_: SelectionRequest, groups: tuple[str, ...]
) -> None:
    (root,) = roots_of(request_).roots
    assert root.groups == groups


def test_default_groups_may_be_all() -> None:
    project = make_project(
        members=[make_pyproject("app", groups=("dev", "test"), default_groups="all")]
    )
    (root,) = roots_of(SelectionRequest(no_groups=("dev",)), project=project).roots
    assert root.groups == ("test",)


def test_a_default_group_that_is_not_defined_is_refused_with_the_near_name() -> None:
    project = make_project(
        members=[make_pyproject("app", groups=("dev", "test"), default_groups=("tset",))]
    )
    with pytest.raises(UnknownDefaultGroupError, match=r"Default group `tset`") as caught:
        roots_of(SelectionRequest(), project=project)
    assert caught.value.where == "/ws/app/pyproject.toml"
    assert caught.value.hints == ("did you mean `test`?",)


@pytest.mark.parametrize(
    ("request_", "error", "words", "hint"),
    [
        (SelectionRequest(extras=("cahce",)), UnknownExtraError, "Extra `cahce` is not defined in the "
         "`optional-dependencies` table for `app`", "did you mean `cache`?"),
        (SelectionRequest(no_extras=("zzz",)), UnknownExtraError, "Extra `zzz` is not defined in the "
         "`optional-dependencies` table for `app`", "its extras are `cache`, `empty`"),
        (SelectionRequest(groups=("tests",)), UnknownGroupError, "Group `tests` is not defined in the project's "
         "`dependency-groups` table", "did you mean `test`?"),
        (SelectionRequest(no_groups=("zzz",)), UnknownGroupError, "Group `zzz` is not defined in the project's "
         "`dependency-groups` table", "its groups are `dev`, `hollow`, `test`"),
        (SelectionRequest(packages=("ap",)), UnknownPackageError, "package `ap` is not in the workspace",
         "did you mean `app`?"),
        (SelectionRequest(packages=("app", "dep"), extras=("zzz",)), UnknownExtraError, "Extra `zzz` is not defined "
         "in any project's `optional-dependencies` table", "its extras are `cache`, `empty`"),
        (SelectionRequest(packages=("app", "dep"), groups=("zzz",)), UnknownGroupError, "Group `zzz` is not defined "
         "in any project's `dependency-groups` table", "its groups are `dev`, `hollow`, `test`"),
    ],
)  # fmt: skip
def test_unknown_names_are_refused_in_uvs_words(
    request_: SelectionRequest, error: type[SelectionError], words: str, hint: str
) -> None:
    with pytest.raises(error) as caught:
        roots_of(request_)
    assert caught.value.message == words
    assert caught.value.hints == (hint,)


def test_dev_flags_never_ask_for_a_group_that_exists() -> None:
    lonely = APP.replace("dev = [", "other = [")
    for request in (
        SelectionRequest(dev=True),
        SelectionRequest(dev=False),
        SelectionRequest(only_dev=True),
    ):
        assert roots_of(request, text=lonely).roots[0].groups == ()


def test_an_old_lock_lists_no_extras_so_that_an_idle_one_is_a_warning() -> None:
    old = HEAD.replace("revision = 5\n", "")
    text = APP.replace('provides-extras = ["cache", "empty"]\n', "")
    roots = roots_of(SelectionRequest(extras=("cache", "zzz")), text=text, head=old)
    assert roots.roots[0].extras == ("cache",)
    assert [warning.partition(" adds")[0] for warning in roots.warnings] == ["extra `zzz`"]


def test_a_lock_without_the_project_is_another_ones() -> None:
    with pytest.raises(ForeignLockError, match="no entry for the project `renamed`"):
        roots_of(SelectionRequest(), project=make_project("renamed"))
    doubled = (
        APP
        + '[[package]]\nname = "app"\nversion = "2"\nsource = { registry = "https://x/simple" }\n'
    )
    with pytest.raises(LockError, match="several packages of the name `app`"):
        roots_of(SelectionRequest(), text=doubled)


def test_a_workspace_of_one_is_all_of_its_packages() -> None:
    roots = roots_of(SelectionRequest(all_packages=True))
    assert (len(roots.roots), roots.project) == (1, "app")


CONFLICTS = (
    HEAD
    + 'conflicts = [[{ package = "app", extra = "cache" }, { package = "app", group = "test" }, { package = "app" }]]\n'
)


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (
            SelectionRequest(extras=("cache",)),
            "Extra `cache` and package `app` are incompatible with the declared conflicts: "
            "{`app[cache]`, `app:test`, app}",
        ),
        (
            SelectionRequest(all_extras=True, groups=("test",)),
            "Extra `cache`, group `test`, and package `app` are incompatible with the declared conflicts: "
            "{`app[cache]`, `app:test`, app}",
        ),
    ],
)
def test_conflicts_are_told_in_uvs_words(request_: SelectionRequest, words: str) -> None:
    with pytest.raises(ConflictingSelectionError) as caught:
        roots_of(request_, head=CONFLICTS)
    assert caught.value.message == words


def test_a_conflict_with_a_default_group_says_so() -> None:
    head = (
        HEAD
        + 'conflicts = [[{ package = "app", group = "dev" }, { package = "app", group = "test" }]]\n'
    )
    with pytest.raises(ConflictingSelectionError) as caught:
        roots_of(SelectionRequest(groups=("test",)), head=head)
    assert caught.value.message == (
        "Groups `dev` (enabled by default) and `test` are incompatible with the conflicts: {`app:dev`, `app:test`}"
    )
    assert roots_of(SelectionRequest(groups=("test",), dev=False), head=head).roots[0].groups == (
        "test",
    )
    # the whole workspace, too, though uv lets it pass where the workspace has but one project
    with pytest.raises(ConflictingSelectionError):
        roots_of(SelectionRequest(all_packages=True, groups=("test",)), head=head)


MEMBER = """
[[package]]
name = "member"
version = "1"
source = { editable = "member" }
[package.dev-dependencies]
test = [{ name = "dep" }]
"""


@pytest.mark.parametrize(
    ("own", "request_", "groups"),
    [
        (("test",), SelectionRequest(groups=("test",)), []),
        ((), SelectionRequest(groups=("test",)), [("test",)]),
        (
            (),
            SelectionRequest(),
            [],
        ),  # dev is a default, and defaults of the root are not its members'
        ((), SelectionRequest(dev=True), [("dev",)]),
        (("test",), SelectionRequest(all_groups=True), [("dev",)]),
    ],
)
def test_a_member_has_groups_of_the_root_when_they_are_asked_for_and_not_its_own(
    own: tuple[str, ...], request_: SelectionRequest, groups: list[tuple[str, ...]]
) -> None:
    project = make_project("member", members=[make_pyproject("member", groups=own)])
    _, *above = roots_of(request_, text=APP + MEMBER, project=project).roots
    assert [root.groups for root in above] == groups
    assert not any(root.production for root in above)


def test_only_frozen_takes_a_package_that_is_no_member() -> None:
    request = SelectionRequest(packages=("dep",))
    assert len(roots_of(request, frozen=True).roots) == 1
    with pytest.raises(UnknownPackageError):
        roots_of(request, frozen=False)


def test_not_frozen_the_package_itself_has_the_default_groups() -> None:
    project = make_project(
        members=[make_pyproject("app", groups=("test",), default_groups=("test",))]
    )
    request = SelectionRequest(packages=("app",))
    assert roots_of(request, project=project, frozen=False).roots[0].groups == ("test",)
    assert roots_of(request, project=project, frozen=True).roots[0].groups == ("dev",)
