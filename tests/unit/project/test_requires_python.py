import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from siteroot.project.discover import discover_project
from siteroot.project.requires_python import (
    DisjointPythonsError,
    PythonBounds,
    intersect_demands,
    python_bounds,
    python_demands,
)
from support.project_files import MemoryProjectFiles


def workspace(app: str, lib: str) -> MemoryProjectFiles:
    return MemoryProjectFiles({
        "/w/pyproject.toml": f"""[project]
name = "app"
version = "1"
{app}
[dependency-groups]
docs = []
[tool.uv.workspace]
members = ["lib"]
[tool.uv.dependency-groups]
docs = {{ requires-python = ">=3.12" }}
""",
        "/w/lib/pyproject.toml": f'[project]\nname = "lib"\nversion = "1"\n{lib}',
    })  # fmt: skip


def demanded(app: str, lib: str, *groups: str) -> SpecifierSet | None:
    project = discover_project(workspace(app, lib), "/w/lib", frozen=False)
    return intersect_demands(python_demands(project, groups))


def test_every_member_counts_and_only_chosen_groups() -> None:
    app, lib = 'requires-python = ">=3.9"', 'requires-python = "<4"'
    assert demanded(app, lib) == SpecifierSet(">=3.9,<4")
    assert demanded(app, lib, "docs") == SpecifierSet(">=3.9,<4,>=3.12")
    assert demanded("", lib) == SpecifierSet("<4")
    assert demanded("", "") is None


def test_members_that_leave_no_python_are_named() -> None:
    with pytest.raises(DisjointPythonsError, match=r"`app` wants >=3.12, `lib` wants <3.10"):
        demanded('requires-python = ">=3.12"', 'requires-python = "<3.10"')


@pytest.mark.parametrize(
    ("text", "bounds"),
    [
        ("", PythonBounds()),
        (">=3.9", PythonBounds(lower=(3, 9))),
        (">=3.9.0", PythonBounds(lower=(3, 9))),
        (">3.9", PythonBounds(lower=(3, 9), includes_lower=False)),
        ("<=3.9,>=3.7,>=3.8", PythonBounds(lower=(3, 8), upper=(3, 9), includes_upper=True)),
        ("<4,<=4", PythonBounds(upper=(4,))),
        ("==3.12.*", PythonBounds(lower=(3, 12), upper=(3, 13))),
        ("==3.12", PythonBounds(lower=(3, 12), upper=(3, 12), includes_upper=True)),
        ("~=3.9", PythonBounds(lower=(3, 9), upper=(4,))),
        ("~=3.9.2", PythonBounds(lower=(3, 9, 2), upper=(3, 10))),
        (">=3.9,!=3.10.1", PythonBounds(lower=(3, 9))),
        (">=3.9,!=3.9.*", PythonBounds(lower=(3, 10))),
        (">=3.9,!=3.9.*,!=3.10.*", PythonBounds(lower=(3, 11))),
        (">=3.9,!=3.9", PythonBounds(lower=(3, 9), includes_lower=False)),
        (">=3.9a1", PythonBounds(lower=(3, 9))),
        ("===x", PythonBounds()),
    ],
)
def test_bounds(text: str, bounds: PythonBounds) -> None:
    assert python_bounds(SpecifierSet(text)) == bounds


_releases = st.lists(st.integers(0, 4), min_size=1, max_size=3).map(lambda parts: ".".join(map(str, parts)))  # fmt: skip
_specifiers = st.one_of(
    st.tuples(st.sampled_from([">=", ">", "<", "<=", "=="]), _releases).map("".join),
    _releases.map(lambda text: f"=={text}.*"),
    st.tuples(_releases, st.integers(0, 4)).map(lambda pair: f"~={pair[0]}.{pair[1]}"),
)


@given(st.lists(_specifiers, min_size=1, max_size=3).map(",".join), _releases)
def test_bounds_admit_what_the_specifiers_contain(text: str, release: str) -> None:
    specifiers, version = SpecifierSet(text), Version(release)
    assert python_bounds(specifiers).admit(version.release) == specifiers.contains(version)


@given(st.lists(_specifiers | _releases.map(lambda text: f"!={text}.*"), min_size=1, max_size=3).map(",".join), _releases)  # fmt: skip
def test_bounds_never_lock_out_what_holes_leave(text: str, release: str) -> None:
    specifiers, version = SpecifierSet(text), Version(release)
    if specifiers.contains(version):
        assert python_bounds(specifiers).admit(version.release)
