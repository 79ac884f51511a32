"""Which releases of a page are old enough."""

from hypothesis import given
from hypothesis import strategies as st

from siteroot.formats.releases import list_releases
from siteroot.formats.wheel_tags import WheelTags
from siteroot.model.lock import RegistrySource
from siteroot.model.release import ListedFile, ProjectPage
from siteroot.project.cutoffs import Cutoffs
from siteroot.resolve.releases import FilePolicy

_MOMENTS = st.one_of(st.none(), st.floats(0, 10))


def _file(version: int, number: int, moment: float | None) -> ListedFile:
    filename = f"acme-{version}-{number}-py3-none-any.whl"
    return ListedFile(
        filename=filename,
        location=f"https://x.example/{filename}",
        digests=(),
        size=None,
        upload_time=moment,
        requires_python=None,
        yanked=None,
        metadata=None,
    )


@given(st.lists(st.lists(_MOMENTS, min_size=1), min_size=1), st.floats(0, 10))
def test_a_release_is_judged_as_its_files_are(
    moments: list[list[float | None]], cutoff: float
) -> None:
    files = [
        _file(version, number, moment)
        for version, each in enumerate(moments)
        for number, moment in enumerate(each)
    ]
    page = ProjectPage(name="acme", source=RegistrySource("x"), files=tuple(files))
    ages = Cutoffs(everyone=cutoff, projects={})
    policy = FilePolicy(
        project="acme", wheels=WheelTags(()), ages=ages, no_binary=False, no_build=False, yanked=frozenset()
    )  # fmt: skip
    one_by_one = [
        version
        for version, each in enumerate(moments)
        if any(moment is not None and moment < cutoff for moment in each)
    ]
    assert list(policy.admitted_places(list_releases(page))) == one_by_one
