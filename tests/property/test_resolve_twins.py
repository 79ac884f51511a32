"""Small random indexes: the search finds an answer exactly where trying everything finds one, and it holds."""

from collections.abc import Iterator, Mapping
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.requirements import Requirement
from packaging.version import Version

from siteroot.model.resolution import ResolutionRequest
from siteroot.resolve.explain import UnsatisfiableError
from siteroot.resolve.solving import resolve
from support.made_index import MadeIndex, MadeRelease, asks
from support.resolving import pinned
from support.selection import make_target

_NAMES = ("a", "b", "c", "d")
_VERSIONS = ("1", "2", "3", "4a1")
_TARGET = make_target()

_BOUNDS = ("", "", ">=2", "<2", "<=2", "==1", "==2", "==3", "!=2", ">3", "==4a1", ">=2,<3", "==5")
_REQUIREMENTS = st.builds(
    "{}{}{}".format,
    st.sampled_from(_NAMES),
    st.sampled_from(["", "", "", "[x]"]),
    st.sampled_from(_BOUNDS),
)
_RELEASES = st.builds(
    MadeRelease,
    requires=st.lists(_REQUIREMENTS, max_size=2).map(tuple),
    extras=st.one_of(
        st.just({}), st.fixed_dictionaries({"x": st.lists(_REQUIREMENTS, max_size=2)})
    ),
    requires_python=st.sampled_from([None, None, None, ">=3.13"]),
    yanked=st.sampled_from([None, None, None, "broken"]),
)
_INDEXES = st.dictionaries(
    st.sampled_from(_NAMES),
    st.dictionaries(st.sampled_from(_VERSIONS), _RELEASES, min_size=1),
    min_size=1,
)
Index = Mapping[str, Mapping[str, MadeRelease]]


@settings(max_examples=200, deadline=None)
@given(_INDEXES, st.lists(_REQUIREMENTS, min_size=1, max_size=3))
def test_the_search_and_trying_everything_agree(index: Index, asked: list[str]) -> None:
    request = ResolutionRequest(requirements=asks(*asked))
    pinned_yanked = {
        (name, version)
        for text in asked
        for name in _NAMES
        for version in _VERSIONS
        if text.partition("[")[0].startswith(name) and text.endswith(f"=={version}")
    }
    answers = _answers(index, asked, pinned_yanked)
    why = ""
    try:
        found: dict[str, str] | None = pinned(resolve(request, _TARGET, MadeIndex(index)))
    except UnsatisfiableError as error:
        found, why = None, error.message
    if found is None:
        assert next(answers, None) is None
        assert why.endswith((", what is asked for cannot be had.", "no version can be."))
        assert "another" not in why  # no version that there is not is ever named
    else:
        assert found in list(answers)


def _answers(
    index: Index, asked: list[str], pinned_yanked: set[tuple[str, str]]
) -> Iterator[dict[str, str]]:
    """Return every answer: what is needed for the versions that it names, and nothing else."""
    choices = [
        [
            None,
            *(
                version
                for version, made in index.get(name, {}).items()
                if made.requires_python is None
                and (made.yanked is None or (name, version) in pinned_yanked)
            ),
        ]
        for name in _NAMES
    ]
    for versions in product(*choices):
        selected = {
            name: version for name, version in zip(_NAMES, versions, strict=True) if version
        }
        if _needed(index, asked, selected) == selected.keys():
            yield selected


def _needed(index: Index, asked: list[str], selected: Mapping[str, str]) -> set[str] | None:
    """Return the names that are required, None where one of them is not satisfied."""
    needed: set[str] = set()
    seen: set[str] = set()
    waiting = list(asked)
    while waiting:
        text = waiting.pop()
        if text in seen:
            continue
        seen.add(text)
        requirement = Requirement(text)
        version = selected.get(requirement.name)
        if version is None or not requirement.specifier.contains(
            Version(version), prereleases=True
        ):
            return None
        made = index[requirement.name][version]
        waiting += made.requires
        for extra in requirement.extras:
            waiting += made.extras.get(extra, ())
        needed.add(requirement.name)
    return needed
