"""What may be asked for, and how: each option with what it changes."""

from collections.abc import Mapping

import pytest
from packaging.version import Version

from siteroot.model.lock import RegistrySource, Source, UrlSource
from siteroot.model.metadata import DistributionMetadata
from siteroot.model.requirement import Requirer
from siteroot.model.resolution import (
    IndexStrategy,
    PrereleaseMode,
    Resolution,
    ResolutionOptions,
    ResolutionRequest,
    ResolvedEdge,
    VersionChoice,
)
from siteroot.model.value import replace
from siteroot.project.cutoffs import Cutoffs
from siteroot.resolve.direct import SourceConflictError, UndeclaredUrlError
from siteroot.resolve.explain import UnsatisfiableError
from siteroot.resolve.projects import OtherProjectError
from siteroot.resolve.requirements import AbsurdRequirementError
from siteroot.resolve.solving import resolve
from support.made_index import MadeIndex, MadeRelease, asks, digest_of, release
from support.resolving import pinned
from support.selection import make_target

Index = Mapping[str, Mapping[str, MadeRelease]]

WEB: Index = {
    "app": {"1": release("web>=1"), "2": release("web>=1", "tool; extra == 'never'")},
    "web": {"1.0": release(), "1.1": release(), "2.0": release(), "2.1b1": release()},
    "tool": {"1": release("web<2"), "2": release("web<2")},
    "more": {"1": release(), "2": release()},
}
OTHER = "https://other.example/simple"
_ARCHIVE = UrlSource(url="https://files.example/web-9.tar.gz", subdirectory=None)


def _resolve(index: Index, *asked: str, **said: object) -> Resolution:
    request = ResolutionRequest(requirements=asks(*asked), **said)  # type: ignore[arg-type]
    return resolve(request, make_target(), MadeIndex(index))


def _pins(index: Index, *asked: str, **said: object) -> dict[str, str]:
    return pinned(_resolve(index, *asked, **said))


def _with(**options: object) -> ResolutionOptions:
    return ResolutionOptions(**options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("choice", "pins"),
    [
        (VersionChoice.HIGHEST, {"app": "2", "web": "2.0"}),
        (VersionChoice.LOWEST, {"app": "1", "web": "1.0"}),
        (VersionChoice.LOWEST_DIRECT, {"app": "1", "web": "2.0"}),
    ],
)
def test_which_version_is_tried_first(choice: VersionChoice, pins: dict[str, str]) -> None:
    assert _pins(WEB, "app", options=_with(choice=choice)) == pins


@pytest.mark.parametrize(
    ("mode", "asked", "version"),
    [
        (PrereleaseMode.IF_NECESSARY, "web", "2.0"),
        (PrereleaseMode.IF_NECESSARY, "web>2.0", "2.1b1"),
        (PrereleaseMode.ALLOW, "web", "2.1b1"),
        (PrereleaseMode.DISALLOW, "web", "2.0"),
        (PrereleaseMode.DISALLOW, "web>2.0", None),
        (PrereleaseMode.EXPLICIT, "web>2.0", None),
        (PrereleaseMode.EXPLICIT, "web>=2.1b1", "2.1b1"),
    ],
)
def test_when_a_pre_release_is_taken(mode: PrereleaseMode, asked: str, version: str | None) -> None:
    options = _with(prereleases=mode)
    if version is None:
        with pytest.raises(UnsatisfiableError):
            _pins(WEB, asked, options=options)
    else:
        assert _pins(WEB, asked, options=options) == {"web": version}


def test_one_project_may_have_a_mode_of_its_own() -> None:
    options = _with(prereleases_of={"web": PrereleaseMode.ALLOW})
    assert _pins(WEB, "app", options=options) == {"app": "2", "web": "2.1b1"}


def test_a_constraint_bounds_what_is_required_and_requires_nothing() -> None:
    assert _pins(WEB, "app", constraints=asks("web<2", "tool==1")) == {"app": "2", "web": "1.1"}


def test_an_override_takes_the_place_of_what_is_required() -> None:
    index = {**WEB, "tool": {"1": release("web==1.0")}}
    assert _pins(index, "tool", overrides=asks("web==2.0")) == {"tool": "1", "web": "2.0"}


def test_what_is_excluded_nobody_gets() -> None:
    assert _pins(WEB, "app", excludes=frozenset({"web"})) == {"app": "2"}


@pytest.mark.parametrize(
    ("overrides", "excludes", "pins"),
    [
        ({"app": "web<2"}, {}, {"app": "2", "tool": "2", "web": "1.1"}),
        ({"app==2": "web==2.0"}, {}, {"app": "1", "tool": "2", "web": "1.1"}),
        ({"app": "web==2.0", "app==2": "web"}, {}, {"app": "2", "tool": "2", "web": "1.1"}),
        ({"app": "more<2"}, {}, {"app": "2", "more": "1", "tool": "2", "web": "1.1"}),
        ({"app": "more; sys_platform == 'win32'"}, {}, {"app": "2", "tool": "2", "web": "1.1"}),
        ({"tool": "web==2.0"}, {"app": "web"}, {"app": "2", "tool": "2", "web": "2.0"}),
        ({"app": "more"}, {"app": "more", "tool": "web"}, {"app": "2", "tool": "2", "web": "2.0"}),
        ({}, {"app": "web", "tool": "web", "tool==2": "more"}, {"app": "2", "tool": "2", "web": "1.1"}),
    ],
)  # fmt: skip
def test_what_one_distribution_requires_may_be_amended(
    overrides: dict[str, str], excludes: dict[str, str], pins: dict[str, str]
) -> None:
    found = _pins(
        WEB, "app", "tool",
        overrides_of={_requirer(each): asks(text) for each, text in overrides.items()},
        excludes_of={_requirer(each): frozenset({name}) for each, name in excludes.items()},
    )  # fmt: skip
    assert found == pins


def _requirer(text: str) -> Requirer:
    name, _, version = text.partition("==")
    return Requirer(name, Version(version) if version else None)


def test_no_dependencies() -> None:
    assert _pins(WEB, "app", "tool", options=_with(transitive=False)) == {"app": "2", "tool": "2"}


def test_a_pin_of_an_old_output_is_kept_where_it_can_be() -> None:
    kept = {"web": (Version("1.0"),), "app": (Version("7"),)}
    assert _pins(WEB, "app", preferences=kept) == {"app": "2", "web": "1.0"}
    assert _pins(WEB, "app", "web>1.0", preferences=kept) == {"app": "2", "web": "2.0"}


def test_a_yanked_version_that_an_old_output_pins_is_kept() -> None:
    index = {"web": {"1": release(), "2": release(yanked="")}}
    assert _pins(index, "web") == {"web": "1"}
    assert _pins(index, "web==2") == {"web": "2"}
    assert _pins(index, "web", preferences={"web": (Version("2"),)}) == {"web": "2"}


def test_files_that_are_too_new_are_not_there() -> None:
    index = {
        "web": {
            "1": release(upload_time=1.0),
            "2": release(upload_time=2.0),
            "3": release(upload_time=3.0),
            "4": release(upload_time=1.5),
        }
    }

    cutoffs = Cutoffs(everyone=3.0, projects={})

    def outcome(*asked: str) -> dict[str, str]:
        request = ResolutionRequest(requirements=asks(*asked))
        return pinned(resolve(request, make_target(), MadeIndex(index), cutoffs))

    assert outcome("web<4") == {"web": "2"}
    assert outcome("web") == {"web": "4"}
    with pytest.raises(UnsatisfiableError, match="only web 1, 2 and 4 are available"):
        outcome("web>2,<4")
    cutoffs = Cutoffs(everyone=0.5, projects={})
    with pytest.raises(UnsatisfiableError, match="every web is newer than allowed"):
        outcome("web")


@pytest.mark.parametrize(
    ("strategy", "asked", "version"),
    [
        (IndexStrategy.FIRST_INDEX, "web", "1"),
        (IndexStrategy.FIRST_INDEX, "web>1", None),
        (IndexStrategy.UNSAFE_FIRST_MATCH, "web", "1"),
        (IndexStrategy.UNSAFE_FIRST_MATCH, "web>1", "3"),
        (IndexStrategy.UNSAFE_BEST_MATCH, "web", "3"),
    ],
)
def test_which_index_is_asked(strategy: IndexStrategy, asked: str, version: str | None) -> None:
    index = MadeIndex(
        {"web": {"1": release()}}, others={OTHER: {"web": {"2": release(), "3": release()}}}
    )
    request = ResolutionRequest(requirements=asks(asked), options=_with(index_strategy=strategy))
    if version is None:
        with pytest.raises(UnsatisfiableError):
            resolve(request, make_target(), index)
    else:
        assert pinned(resolve(request, make_target(), index)) == {"web": version}


def test_a_project_may_be_bound_to_one_index() -> None:
    index = MadeIndex({"web": {"9": release()}}, others={OTHER: {"web": {"2": release()}}})
    bound = asks("web", web=RegistrySource(OTHER))
    found = resolve(ResolutionRequest(requirements=bound), make_target(), index)
    assert [(str(pin.version), pin.source) for pin in found.pins] == [("2", RegistrySource(OTHER))]


def _metadata(name: str, version: str, *requires: str) -> DistributionMetadata:
    return DistributionMetadata(
        name=name,
        version=Version(version),
        requires_dist=requires,
        requires_python=None,
        provides_extras=(),
        dynamic=frozenset(),
    )


def _from_url(
    metadata: DistributionMetadata, *asked: str, sources: Mapping[Source, DistributionMetadata]
) -> Resolution:
    index = MadeIndex(WEB, sources={_ARCHIVE: metadata, **sources})
    return resolve(ResolutionRequest(requirements=asks(*asked, web=_ARCHIVE)), make_target(), index)


def test_a_project_from_a_url_is_the_only_version_of_it() -> None:
    found = _from_url(_metadata("web", "9", "more>=2"), "app", "web", sources={})
    assert pinned(found) == {"app": "2", "more": "2", "web": "9"}
    assert [pin.source for pin in found.pins if pin.name == "web"] == [_ARCHIVE]


def test_what_comes_from_a_url_may_name_urls() -> None:
    beside = UrlSource(url="https://files.example/beside-1-py3-none-any.whl", subdirectory=None)
    found = _from_url(
        _metadata("web", "9", f"beside @ {beside.url}"),
        "app",
        "web",
        sources={beside: _metadata("beside", "1")},
    )
    assert pinned(found) == {"app": "2", "beside": "1", "web": "9"}


def test_what_an_index_serves_may_not_name_urls() -> None:
    index = {"app": {"1": release("web @ https://files.example/web-9.tar.gz#sha256=00")}}
    with pytest.raises(UndeclaredUrlError) as caught:
        _resolve(index, "app")
    assert str(caught.value) == (
        "https://files.example/web-9.tar.gz: app asks for web from a URL, which what an index serves may not"
    )
    assert caught.value.hints == ("Ask for `web @ URL` directly, or in a constraint, to allow it.",)


def test_two_urls_for_one_project_are_refused() -> None:
    other = UrlSource(url="https://files.example/web-8.tar.gz", subdirectory=None)
    request = ResolutionRequest(
        requirements=(*asks("web", web=_ARCHIVE), *asks("web", origin="more.in", web=other))
    )
    index = MadeIndex(WEB, sources={_ARCHIVE: _metadata("web", "9"), other: _metadata("web", "8")})
    with pytest.raises(
        SourceConflictError, match=r"web is to come from .*web-9.* and from .*web-8"
    ):
        resolve(request, make_target(), index)


def test_another_project_at_the_url_is_refused() -> None:
    with pytest.raises(OtherProjectError, match="web was asked for, and it is wab that is there"):
        _from_url(_metadata("wab", "9"), "web", sources={})


def test_who_requires_whom_is_told() -> None:
    index = {
        "app": {
            "1": release("web[fast]; python_version >= '3.8'", "tool; sys_platform == 'win32'")
        },
        "web": {"1": release(extras={"fast": ["speed"]})},
        "speed": {"1": release()},
    }
    found = _resolve(index, "app")
    assert found.edges == (
        ResolvedEdge(None, None, "app", None, "requirements.in"),
        ResolvedEdge("app", None, "web", "fast", ""),
        ResolvedEdge("web", "fast", "speed", None, ""),
    )
    assert [(pin.name, pin.extras) for pin in found.pins] == [
        ("app", ()),
        ("speed", ()),
        ("web", ("fast",)),
    ]


def test_a_pin_has_all_files_of_its_version_and_the_one_for_the_target() -> None:
    tags = ("cp312-cp312-win_amd64", "py3-none-any", "cp312-cp312-manylinux_2_17_x86_64")
    found = _resolve({"web": {"1": release(wheel_tags=tags)}}, "web")
    (pin,) = found.pins
    assert pin.file is not None
    assert pin.file.filename == "web-1-cp312-cp312-manylinux_2_17_x86_64.whl"
    assert len(pin.files) == 4


def test_an_extra_of_extras_is_followed() -> None:
    extras = {"a": ["one"], "b": ["two"], "all": ["web[a,b]"]}
    index = {"web": {"1": release(extras=extras)}, "one": {"1": release()}, "two": {"1": release()}}
    assert _pins(index, "web[all]") == {"one": "1", "two": "1", "web": "1"}


def test_metadata_of_another_wheel_speak_for_an_sdist() -> None:
    index = MadeIndex({"web": {"1": release(wheel_tags=("cp312-cp312-win_amd64",))}})
    found = resolve(ResolutionRequest(requirements=asks("web")), make_target(), index)
    assert index.asked == ["web-1-cp312-cp312-win_amd64.whl"]
    assert found.pins[0].file is not None
    assert found.pins[0].file.filename == "web-1.tar.gz"


def test_metadata_of_many_versions_are_announced_before_they_are_asked_for() -> None:
    """Each version of lib clashes with what is asked for: forty are read, and few of them come as a surprise."""
    versions = {str(number): release("old>=2") for number in range(2, 42)}
    index = MadeIndex(
        {"lib": {"1": release(), **versions}, "old": {"1": release(), "2": release()}}
    )
    found = resolve(ResolutionRequest(requirements=asks("old<2", "lib")), make_target(), index)
    assert pinned(found) == {"lib": "1", "old": "1"}
    assert len([name for name in index.asked if name.startswith("lib")]) == 41
    assert len(index.surprises) <= 5
    assert [name for name in index.surprises if name.startswith("old")] == []


def test_a_version_with_metadata_that_make_no_sense_is_passed_over() -> None:
    index = {"web": {"1": release(), "2": release(broken=True)}}
    assert _pins(index, "web") == {"web": "1"}
    with pytest.raises(
        UnsatisfiableError, match=r"web==2 has metadata that make no sense \(.*web-2-py3"
    ):
        _pins(index, "web>1")


def test_a_file_with_a_digest_that_is_asked_for_is_preferred() -> None:
    (web,) = asks("web==1")
    for filename in ("web-1-py3-none-any.whl", "web-1.tar.gz"):
        asked = replace(web, digests=(digest_of(filename),))
        found = resolve(
            ResolutionRequest(requirements=(asked,)),
            make_target(),
            MadeIndex({"web": {"1": release()}}),
        )
        assert found.pins[0].file is not None
        assert found.pins[0].file.filename == filename


def test_an_extra_that_a_project_does_not_have_is_noted() -> None:
    found = _resolve({"web": {"1": release(extras={"fast": []})}}, "web[fast,fats]")
    assert found.notes == ("web==1 has no extra `fats`",)


def test_a_direct_requirement_without_a_lower_bound_is_noted_where_the_lowest_is_taken() -> None:
    for choice in (VersionChoice.LOWEST, VersionChoice.LOWEST_DIRECT):
        found = _resolve(WEB, "app", "more>=1", "web>1.0", options=_with(choice=choice))
        assert found.notes == (
            "app is required without a lower bound, so that its oldest version may be taken",
        )
    assert _resolve(WEB, "app").notes == ()


def test_a_version_of_thousands_of_digits_is_none() -> None:
    digits = "9" * 5000
    assert _pins({"web": {"1": release(), "2": release(f"app>={digits}")}}, "web") == {"web": "1"}
    with pytest.raises(AbsurdRequirementError, match="a requirement of web names a version of"):
        _pins({"web": {"1": release()}}, f"web>={digits}")


def test_an_arbitrary_equality_has_to_name_a_version() -> None:
    """`===` takes any text; no index has what is no version."""
    assert _pins({"web": {"1": release(), "2": release("app===next")}}, "web") == {"web": "1"}
    with pytest.raises(
        AbsurdRequirementError, match="a requirement of web names what is no version"
    ):
        _pins({"web": {"1": release()}}, "web===next")


def test_a_marker_that_is_nested_without_end_makes_no_sense() -> None:
    marker = "os_name == 'posix'"
    for _ in range(300):
        marker = f"({marker} or os_name == 'nt') and os_name != 'x'"
    index = {"web": {"1": release(), "2": release(f"web; {marker}")}}
    assert _pins(index, "web") in ({"web": "1"}, {"web": "2"})


def test_an_extra_is_not_sought_in_versions_that_the_project_itself_cannot_have() -> None:
    old = {f"1.{minor}": release() for minor in range(20)}
    index = MadeIndex(
        {
            "queue": {"5": release("bus>=5", extras={"fast": ["bus[fast]"]})},
            "bus": {**old, "5.0": release(extras={"fast": ["store<2"]})},
            "store": {"1": release(), "2": release()},
        }
    )
    request = ResolutionRequest(requirements=asks("store", "queue[fast]"))
    assert pinned(resolve(request, make_target(), index)) == {
        "queue": "5",
        "bus": "5.0",
        "store": "1",
    }
    # to read what an old sdist requires may mean to build it
    assert not [name for name in index.asked if name.startswith("bus-1.")]


def test_what_comes_from_a_url_is_not_offered_for_what_no_index_has() -> None:
    metadata = _metadata("web-app", "9", "web-apps")
    request = ResolutionRequest(requirements=asks("web-app", web_app=_ARCHIVE))
    with pytest.raises(UnsatisfiableError) as caught:
        resolve(request, make_target(), MadeIndex({}, sources={_ARCHIVE: metadata}))
    assert not any("web-app meant" in hint for hint in caught.value.hints)


def test_no_message_shows_a_credential() -> None:
    secret = UrlSource(url="https://me:secret@files.example/web-8.tar.gz", subdirectory=None)
    index = MadeIndex(WEB, sources={_ARCHIVE: _metadata("web", "9"), secret: _metadata("wab", "8")})
    both = (*asks("web", web=_ARCHIVE), *asks("web", web=secret))
    with pytest.raises(SourceConflictError) as conflict:
        resolve(ResolutionRequest(requirements=both), make_target(), index)
    with pytest.raises(OtherProjectError) as other:
        resolve(ResolutionRequest(requirements=asks("web", web=secret)), make_target(), index)
    named = {"app": {"1": release("web @ https://me:secret@files.example/web-8.tar.gz")}}
    with pytest.raises(UndeclaredUrlError) as undeclared:
        _resolve(named, "app")
    for caught in (conflict, other, undeclared):
        assert "files.example/web-8.tar.gz" in str(caught.value)
        assert "secret" not in f"{caught.value}{caught.value.hints}"
