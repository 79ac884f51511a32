"""What a distribution requires: the same, whether its requirements are text yet or were taken apart before."""

import pytest
from packaging.requirements import InvalidRequirement, Requirement
from packaging.version import Version

from siteroot.formats.dependency_specifiers import LONGEST, take_apart
from siteroot.formats.markers import TargetMarkers
from siteroot.model.metadata import DependencySpecifier, DistributionMetadata
from siteroot.resolve.requirements import BadRequirement, Declared, Expansion
from support.made_index import asks

_MARKERS = TargetMarkers(
    {
        "python_version": "3.12",
        "python_full_version": "3.12.1",
        "sys_platform": "linux",
        "os_name": "posix",
        "implementation_name": "cpython",
    }
)
_REQUIRES = (
    "Plain",
    "bounded[b,A_x] <3,>=1.0 ; sys_platform == 'linux'",
    "elsewhere>1; sys_platform == 'win32'",
    "old; python_version < '3'",
    "more~=2.1; extra == 'Some_Extra'",
    "linux-more==2.*; (sys_platform == 'linux' or os_name == 'nt') and extra == 'some-extra'",
    "acme[some-extra]>=1; extra == 'all'",
    "from-url @ https://h.example/a;b.zip ; extra == 'all'",
    "not-asked; extra != 'all'",
    f"absurd=={'1' * (LONGEST + 1)}; extra == 'absurd'",
)


def _apart(text: str) -> DependencySpecifier | None:
    try:
        return take_apart([Requirement(text)])[0]
    except InvalidRequirement:
        return None


def _expand(
    texts: tuple[str, ...],
    specifiers: tuple[DependencySpecifier | None, ...],
    extra: str | None,
    overrides: tuple[str, ...],
) -> list[Declared] | BadRequirement:
    metadata = DistributionMetadata(
        name="acme",
        version=Version("1"),
        requires_dist=texts,
        specifiers=specifiers,
        requires_python=None,
        provides_extras=(),
        dynamic=frozenset(),
    )
    bounds = asks("plain<9; sys_platform == 'linux'")
    expansion = Expansion(_MARKERS, bounds, asks(*overrides), frozenset({"old"}), {}, {})
    return expansion.expand_metadata(metadata, "acme", extra)


@pytest.mark.parametrize("overrides", [(), ("more==5", "elsewhere")])
@pytest.mark.parametrize("extra", [None, "some-extra", "all", "absurd", "unknown"])
@pytest.mark.parametrize("invalid", [(), ("what is this; os_name == 'posix'",)])
def test_requirements_taken_apart_say_the_same(
    extra: str | None, overrides: tuple[str, ...], invalid: tuple[str, ...]
) -> None:
    texts = (*_REQUIRES, *invalid)
    as_text = _expand(texts, (), extra, overrides)
    assert _expand(texts, tuple(map(_apart, texts)), extra, overrides) == as_text
    if invalid and extra is None:
        assert isinstance(as_text, BadRequirement)


def test_an_extra_adds_what_names_it_for_the_target() -> None:
    found = _expand(_REQUIRES, tuple(map(_apart, _REQUIRES)), "some-extra", ())
    assert not isinstance(found, BadRequirement)
    assert [(str(each), each.marker) for each in found] == [
        ("more~=2.1", ""),
        ("linux-more==2.*", 'os_name == "nt" or sys_platform == "linux"'),
    ]
