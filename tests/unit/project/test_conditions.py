import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.markers import Marker
from packaging.specifiers import SpecifierSet

from siteroot.project.conditions import Condition, never_applies, same_condition
from siteroot.project.requires_python import PythonBounds, python_bounds

EVERY = PythonBounds()


def when(text: str | None) -> Condition:
    return Condition() if text is None else Condition((Marker(text),))


def same(left: str | None, right: str | None, requires_python: str = "") -> bool | None:
    return same_condition(when(left), when(right), python_bounds(SpecifierSet(requires_python)))


@pytest.mark.parametrize(
    ("ours", "locked"),
    [  # as uv rewrites them (UV_LOCK_FORMAT 5)
        ("python_version == '3.11'", "python_full_version == '3.11.*'"),
        ("python_version > '3.10'", "python_full_version >= '3.11'"),
        ("python_version <= '3.10'", "python_full_version < '3.11'"),
        ("python_version != '3.12'", "python_full_version != '3.12.*'"),
        ("python_version in '3.8 3.9'", "python_full_version >= '3.8' and python_full_version < '3.10'"),
        ("python_version not in '3.8 3.9'", "python_full_version < '3.8' or python_full_version >= '3.10'"),
        ("python_version ~= '3.11'", "python_full_version >= '3.11' and python_full_version < '4'"),
        ("'3.11' <= python_version", "python_full_version >= '3.11'"),
        ("python_full_version >= '3.9a1'", "python_full_version >= '3.9'"),
        ("platform_system == 'Linux'", "sys_platform == 'linux'"),
        ("platform_system != 'Windows'", "sys_platform != 'win32'"),
        ("platform_system == 'Darwin' and extra == 'A_b'", "sys_platform == 'darwin' and extra == 'a-b'"),
        ("os_name == 'nt' and sys_platform == 'linux'", "python_version < '0'"),
        ("os_name == 'nt' or os_name != 'nt'", None),
        ("os.name == 'nt'", "os_name == 'nt'"),
        ("extra == 'x' and (python_version >= '3.9' or os_name == 'nt')", "(extra == 'x' and os_name == 'nt') or (python_full_version >= '3.9' and extra == 'x')"),
        ("'linux' in sys_platform", "'linux' in sys_platform and 'linux' in sys_platform"),
    ],
)  # fmt: skip
def test_rewritten_markers_are_the_same(ours: str | None, locked: str | None) -> None:
    assert same(ours, locked) is True


@pytest.mark.parametrize(
    ("ours", "locked"),
    [
        ("python_version >= '3.11'", "python_full_version > '3.11'"),
        ("python_version >= '3.11'", "python_full_version >= '3.11.1'"),
        ("python_version < '3.11'", "python_full_version < '3.12'"),
        ("python_version == '3.1'", "python_version == '3.10'"),
        ("sys_platform == 'linux'", "sys_platform == 'linux' and os_name == 'posix'"),
        ("sys_platform == 'linux'", None),
        ("extra == 'a'", "extra == 'b'"),
        ("extra == 'a'", None),
        ("'linux' in sys_platform", "sys_platform == 'linux'"),
        ("sys_platform in 'linux darwin'", "sys_platform == 'linux' or sys_platform == 'darwin'"),
        ("platform_machine != 'arm64'", "platform_machine != 'aarch64'"),
        ("platform_system == 'Java'", "sys_platform == 'Java'"),
        ("platform_version == 'a \"b\"'", "platform_version == 'a b'"),
        ("implementation_name == 'cpython'", "platform_python_implementation == 'CPython'"),
    ],
)
def test_other_markers_are_not(ours: str | None, locked: str | None) -> None:
    assert same(ours, locked) is False


def test_what_the_bounds_imply_does_not_count() -> None:
    assert same("python_version >= '3.9'", None) is False
    assert same("python_version >= '3.9'", None, ">=3.9") is True
    assert same("python_version < '4'", None, ">=3.9") is False
    assert same("python_version < '4' and os_name == 'nt'", "os_name == 'nt'", "<4") is True
    assert same("python_version < '3.9'", "python_version < '3'", ">=3.9") is True


@pytest.mark.parametrize(
    "text",
    [
        "platform_release >= '20'",  # no order of texts
        "extra == 'a' or extra == 'b'",  # uv lets both be true
        "python_full_version >= '3.9.1.2'",  # no Python's version
    ],
)
def test_what_the_grid_cannot_tell_is_not_told(text: str) -> None:
    assert same(text, "os_name == 'nt'") is None
    assert same(text, text) is True


def test_a_grid_that_is_too_big_is_not_tried() -> None:
    names = (
        "os_name",
        "sys_platform",
        "platform_machine",
        "implementation_name",
        "platform_release",
    )
    texts = " or ".join(f"{name} == '{value}'" for name in names for value in "abcdefgh")
    assert same(texts, f"{texts} or os_name == 'z'") is None


def test_conditions_with_exceptions() -> None:
    linux, windows = Marker("sys_platform == 'linux'"), Marker("sys_platform == 'win32'")
    rest = Condition().but_not(linux, windows)
    assert (
        same_condition(rest, when("sys_platform != 'linux' and sys_platform != 'win32'"), EVERY)
        is True
    )
    assert never_applies(Condition((linux,)).but_not(linux), EVERY) is True
    assert never_applies(Condition((linux,)).but_not(windows), EVERY) is False
    assert never_applies(Condition(), EVERY) is False
    assert (
        never_applies(when("python_version < '3.8'"), python_bounds(SpecifierSet(">=3.9"))) is True
    )
    assert never_applies(when("platform_release > '2'"), EVERY) is None
    assert rest.text() == 'not (sys_platform == "linux") and not (sys_platform == "win32")'


def test_narrowing_keeps_what_was_there() -> None:
    condition = (
        when("os_name == 'nt'")
        .and_also(None, Marker("extra == 'x'"))
        .and_both(when("python_version < '3.9'"))
    )
    joined = "os_name == 'nt' and extra == 'x' and python_version < '3.9'"
    assert same_condition(condition, when(joined), EVERY) is True


_atoms = st.one_of(
    st.builds("{} {} '3.{}'".format, st.sampled_from(["python_version", "python_full_version"]), st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), st.integers(8, 12)),
    st.builds("python_full_version {} '3.{}.{}'".format, st.sampled_from(["<", ">=", "==", "!=", "~="]), st.integers(8, 12), st.integers(0, 3)),
    st.builds("python_full_version {} '3.{}.*'".format, st.sampled_from(["==", "!="]), st.integers(8, 12)),
    st.builds("sys_platform {} '{}'".format, st.sampled_from(["==", "!="]), st.sampled_from(["linux", "win32"])),
    st.builds("platform_system {} '{}'".format, st.sampled_from(["==", "!="]), st.sampled_from(["Linux", "Windows"])),
    st.builds("platform_machine {} '{}'".format, st.sampled_from(["==", "!="]), st.sampled_from(["x86_64", "arm64"])),
)  # fmt: skip
_markers = st.recursive(
    _atoms,
    lambda inner: st.builds("({} {} {})".format, inner, st.sampled_from(["and", "or"]), inner),
    max_leaves=4,
)
_systems = {"linux": "Linux", "win32": "Windows", "darwin": "Darwin", "other": "Other"}


@given(_markers, _markers, st.tuples(st.integers(8, 12), st.integers(0, 4)), st.sampled_from(list(_systems)), st.sampled_from(["x86_64", "arm64", "z"]))  # fmt: skip
def test_what_is_called_the_same_agrees_in_any_environment(
    left: str, right: str, python: tuple[int, int], platform: str, machine: str
) -> None:
    answer = same(left, right, ">=3.8")
    assert answer is not None
    environment = {
        "python_full_version": f"3.{python[0]}.{python[1]}",
        "python_version": f"3.{python[0]}",
        "sys_platform": platform,
        "platform_system": _systems[platform],
        "platform_machine": machine,
    }
    if Marker(left).evaluate(environment) != Marker(right).evaluate(environment):
        assert answer is False
