import time
from collections.abc import Mapping

import pytest

from siteroot.model.plan import DesiredDistribution
from siteroot.plan.layout import target_layout
from siteroot.plan.meeting import (
    ClobberRefusedError,
    clobber_warnings,
    find_clobbers,
    find_meetings,
    find_merging_names,
    find_unholdable_names,
    judge_names,
    refuse_clobbers,
    refuse_crossings,
    tree_of_placed,
)
from siteroot.plan.paths import folders_of
from siteroot.plan.place import Extras, place_distribution
from support.memory_roots import Brought, made_placing, made_target

LINUX, MACOS, WINDOWS = (made_target(platform=name) for name in ("linux", "darwin", "win32"))


def placed(name: str, *scripts: str, **files: bytes) -> DesiredDistribution:
    """`a__b` stands for a/b."""
    contents = {path.replace("__", "/"): content for path, content in files.items()}
    brought = Brought(name=name, schemes={"purelib": contents}, scripts=scripts)
    extras = Extras(direct=False, direct_url=None, scripts={})
    return place_distribution(brought.wheel, made_placing(target_layout("/r"), LINUX), extras)


def meet(*distributions: DesiredDistribution) -> Mapping[str, tuple[DesiredDistribution, ...]]:
    return find_meetings(distributions, tree_of_placed(distributions).files)


def test_equal_bytes_meet_and_do_not_clobber() -> None:
    one, two = placed("one", x=b"x", y=b"1"), placed("two", x=b"x", y=b"2")
    meetings = meet(two, one)
    assert {path: [each.name for each in by] for path, by in meetings.items()} == {
        "x": ["one", "two"],
        "y": ["one", "two"],
    }
    (clobber,) = find_clobbers(meetings)
    assert (clobber.path, clobber.names, clobber.winner) == ("y", ("one", "two"), "two")
    assert clobber_warnings([clobber]) == (
        "one and two bring different files to y; two's stands there",
    )
    with pytest.raises(ClobberRefusedError, match=r"y \(one, two\)"):
        refuse_clobbers([clobber])
    refuse_clobbers([])


def test_launchers_meet_too() -> None:
    meetings = meet(placed("one", "run"), placed("two", "run"))
    assert list(meetings) == ["bin/run"]
    assert find_clobbers(meetings) == ()  # the same module and attribute


def test_many_meetings_cost_no_product() -> None:
    files = {f"f{number}": b"" for number in range(4000)}
    meetings = meet(placed("one", **files), placed("two", **files))
    began = time.process_time()
    assert find_clobbers(meetings) == ()
    assert time.process_time() - began < 0.5


def test_a_file_that_is_anothers_folder_is_refused_by_name() -> None:
    one, two = placed("one", a=b""), placed("two", a__b=b"")
    with pytest.raises(ClobberRefusedError, match=r"a \(a file of one, a folder of two\)"):
        refuse_crossings({"a"}, [one, two])
    with pytest.raises(ClobberRefusedError, match="a file of a distribution that stays"):
        refuse_crossings({"a"}, [two])
    refuse_crossings(set(), [one])


def test_names_that_a_case_blind_disk_merges() -> None:
    assert find_merging_names(["a/B.py", "a/b.py", "c", "c"]) == (("a/B.py", "a/b.py"),)
    assert find_merging_names(["straße", "STRASSE"]) == (("STRASSE", "straße"),)
    assert find_merging_names(["caf\xe9", "cafe\u0301"]) == (("cafe\u0301", "caf\xe9"),)
    paths = {"Pkg", "Pkg/x.py", "pkg", "pkg/y.py"}
    (warning,) = judge_names(paths, paths, LINUX)
    assert "'Pkg' and 'pkg'" in warning
    for target in (MACOS, WINDOWS):
        with pytest.raises(ClobberRefusedError, match="'Pkg' and 'pkg'"):
            judge_names(paths, paths, target)


def test_what_comes_may_merge_with_what_stays() -> None:
    with pytest.raises(ClobberRefusedError, match=r"'Mod\.py' and 'mod\.py'"):
        judge_names({"mod.py"}, {"mod.py", "Mod.py"}, MACOS)
    # what is there already is not told again
    assert judge_names({"x.py"}, {"x.py", "mod.py", "Mod.py"}, LINUX) == ()
    assert judge_names(set(), {"mod.py", "Mod.py"}, MACOS) == ()


@pytest.mark.parametrize(
    "path",
    [
        "aux.py",
        "a/con",
        "a/NUL.txt",
        "lpt1",
        "com9.x.y",
        "a?",
        "x:y",
        "a|b",
        "dot.",
        "space ",
        "d./x",
    ],
)
def test_names_that_windows_cannot_hold(path: str) -> None:
    assert path in find_unholdable_names(["fine.py", *folders_of([path]), path])
    paths = {path, *folders_of([path])}
    assert "Windows cannot hold" in judge_names(paths, paths, LINUX)[0]
    with pytest.raises(ClobberRefusedError, match="Windows cannot hold"):
        judge_names(paths, paths, WINDOWS)


@pytest.mark.parametrize(
    "path", ["console", "auxiliary.py", "a/con_x", "com10", "../../bin/x", ".hidden", "a b", "lpt"]
)
def test_names_that_windows_holds(path: str) -> None:
    assert find_unholdable_names([path]) == ()
