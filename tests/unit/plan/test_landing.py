"""What may not land where, judged of many paths at once and of each."""

from hypothesis import given, settings
from hypothesis import strategies as st

from siteroot.model.layout import Layout
from siteroot.model.rows import StoredRow
from siteroot.plan.landing import MeetingFilesError, refuse_landings
from siteroot.plan.layout import prefix_layout, target_layout
from support.memory_roots import made_target

NAMES = (
    *("a.py", "bin", "python3", "tool", "include", "lib", "python3.12", "site-packages"),
    *(
        ".siteroot",
        ".siteroot.json",
        "pyvenv.cfg",
        "PyVenv.cfg",
        "x.egg-info",
        "y.egg-link",
        "foo-info",
    ),
    *("demo-1.0.dist-info", "Demo-1.0.DIST-INFO", "other-2.dist-info", "METADATA"),
)
LAYOUTS = (target_layout("/r"), prefix_layout("/r", made_target()))

paths = st.lists(st.sampled_from(NAMES), min_size=1, max_size=2).map("/".join)
schemes = st.sampled_from(["purelib", "platlib", "data", "scripts"])


def row(path: str, scheme: str) -> StoredRow:
    return (path, f"{scheme}/{path}", 0, 0o644, 0, b"")


def is_refused(rows: list[StoredRow], layout: Layout) -> bool:
    folder = layout.folders["purelib"]
    dist_info = f"{folder}/demo-1.0.dist-info" if folder else "demo-1.0.dist-info"
    metadata = [each for each in rows if each[0].startswith(f"{dist_info}/")]
    try:
        refuse_landings("demo==1.0", dist_info, layout, rows, metadata)
    except MeetingFilesError:
        return True
    return False


@settings(max_examples=400)
@given(st.lists(st.tuples(paths, schemes), max_size=2), st.sampled_from(LAYOUTS), st.booleans())
def test_all_paths_together_are_judged_as_each_is(
    brought: list[tuple[str, str]], layout: Layout, inside: bool
) -> None:
    prefix = f"{layout.folders['purelib']}/" if inside and layout.folders["purelib"] else ""
    rows = [row(prefix + path, scheme) for path, scheme in brought]
    closer = row("a/harmless.egg-info.txt", "purelib")  # calls for a look at each path
    assert not is_refused([closer], layout)
    assert is_refused(rows, layout) == is_refused([*rows, closer], layout)
