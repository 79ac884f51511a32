import pytest
from packaging.specifiers import SpecifierSet

from siteroot.formats.pyproject import parse_pyproject
from siteroot.model.project import Pyproject
from siteroot.project.groups import (
    GroupIncludeError,
    GroupRequirement,
    UnknownGroupError,
    default_groups,
    expand_groups,
)


def pyproject(text: str) -> Pyproject:
    return parse_pyproject(text.encode(), "/app/pyproject.toml")


def texts(text: str) -> dict[str, list[str]]:
    groups = expand_groups(pyproject(text))
    return {name: [each.text for each in group.requirements] for name, group in groups.items()}


def test_includes_are_expanded_in_place() -> None:
    text = """[dependency-groups]
b = ["x", { include-group = "A" }, "y"]
a = ["p", { include-group = "c" }]
c = ["q"]
"""
    assert texts(text) == {"a": ["p", "q"], "b": ["x", "p", "q", "y"], "c": ["q"]}


def test_a_group_may_be_included_twice() -> None:
    text = '[dependency-groups]\na = ["x"]\nb = [{ include-group = "a" }]\nc = [{ include-group = "a" }, { include-group = "b" }]'
    assert texts(text)["c"] == ["x", "x"]


@pytest.mark.parametrize(
    ("groups", "circle"),
    [
        ('a = [{ include-group = "a" }]', "`a` -> `a`"),
        ('a = [{ include-group = "b" }]\nb = [{ include-group = "a" }]', "`a` -> `b` -> `a`"),
    ],
)
def test_a_circle_is_refused_and_drawn(groups: str, circle: str) -> None:
    with pytest.raises(GroupIncludeError, match=circle):
        expand_groups(pyproject(f"[dependency-groups]\n{groups}"))


def test_an_unknown_include_is_refused() -> None:
    with pytest.raises(GroupIncludeError, match="`a` includes `b`, which"):
        expand_groups(pyproject('[dependency-groups]\na = [{ include-group = "b" }]'))


def test_old_dev_dependencies_join_dev_but_cannot_be_included() -> None:
    old = '[tool.uv]\ndev-dependencies = ["ruff"]\n'
    assert texts(old) == {"dev": ["ruff"]}
    assert texts(old + '[dependency-groups]\ndev = ["x"]') == {"dev": ["x", "ruff"]}
    with pytest.raises(GroupIncludeError) as caught:
        expand_groups(pyproject(old + '[dependency-groups]\na = [{ include-group = "dev" }]'))
    assert "move `tool.uv.dev-dependencies`" in caught.value.hints[0]


def test_a_groups_python_narrows_its_requirements_and_those_of_its_includes() -> None:
    groups = expand_groups(
        pyproject("""[dependency-groups]
a = ["x"]
b = [{ include-group = "a" }, "y"]
[tool.uv.dependency-groups]
a = { requires-python = ">=3.10" }
b = { requires-python = "<3.13" }
""")
    )
    low, high = SpecifierSet(">=3.10"), SpecifierSet("<3.13")
    assert groups["a"].requirements == (GroupRequirement(text="x", pythons=(low,)),)
    assert groups["b"].requirements == (
        GroupRequirement(text="x", pythons=(low, high)),
        GroupRequirement(text="y", pythons=(high,)),
    )
    assert (groups["a"].requires_python, groups["b"].requires_python) == (low, low & high)


def test_a_python_for_an_unknown_group_is_refused() -> None:
    with pytest.raises(UnknownGroupError, match="speaks of the group `a`"):
        expand_groups(pyproject('[tool.uv.dependency-groups]\na = { requires-python = ">=3" }'))


@pytest.mark.parametrize(
    ("said", "groups"),
    [
        ("", ("dev",)),
        ("default-groups = []", ()),
        ('default-groups = ["b", "A"]', ("b", "a")),
        ('default-groups = "all"', ("a", "b")),
    ],
)
def test_default_groups(said: str, groups: tuple[str, ...]) -> None:
    text = f"[tool.uv]\n{said}\n[dependency-groups]\nb = []\na = []"
    assert default_groups(pyproject(text)) == groups


def test_an_unknown_default_group_is_refused() -> None:
    with pytest.raises(UnknownGroupError, match="default group `c`"):
        default_groups(pyproject('[tool.uv]\ndefault-groups = ["c"]'))
