import pytest

from siteroot.model.layout import Layout, LayoutKind
from siteroot.model.plan import Install, Keep, Plan, Remove, Replace
from siteroot.model.reserved import STATE_FILE
from siteroot.plan.diff import FilesInTheWayError
from siteroot.plan.layout import prefix_layout, pypackages_layout, target_layout
from siteroot.plan.meeting import ClobberRefusedError
from support.memory_roots import NOW, Brought, MemoryRoot, made_policy, made_target

TARGET = made_target()
DEMO = Brought(name="demo", schemes={"purelib": {"demo/__init__.py": b"", "demo/x.py": b"x"}})
NEWER = Brought(name="demo", version="2.0", schemes={"purelib": {"demo/__init__.py": b"2"}})
OTHER = Brought(name="other", schemes={"purelib": {"other.py": b""}}, scripts=["run"])
PTH = Brought(name="pth", schemes={"purelib": {"p.pth": b""}})


def made_root(*wanted: Brought, layout: Layout | None = None) -> MemoryRoot:
    root = MemoryRoot(layout or target_layout("/r"), TARGET)
    root.sync(wanted)
    return root


def steps_of(plan: Plan) -> dict[str, type]:
    names: dict[str, type] = {}
    for step in plan.steps:
        match step:
            case Install(new=new) | Replace(new=new):
                names[new.name] = type(step)
            case Keep(old=old) | Remove(old=old):
                names[old.name] = type(step)
    return names


def test_steps_say_what_becomes_of_each() -> None:
    root = made_root(DEMO, OTHER)
    third = Brought(name="third")
    plan, _ = root.plan([NEWER, third])
    assert steps_of(plan) == {"demo": Replace, "third": Install, "other": Remove}
    plan, _ = root.plan([DEMO, OTHER])
    assert steps_of(plan) == {"demo": Keep, "other": Keep}
    assert plan.nothing_to_do


def test_what_is_missing_is_put_back_and_what_was_added_stays() -> None:
    root = made_root(DEMO, OTHER)
    fresh = dict(root.files)
    root.delete("demo/x.py")
    root.write("demo/mine.py", b"mine")
    assert steps_of(root.sync([DEMO, OTHER])) == {"demo": Replace, "other": Keep}
    assert root.files == {**fresh, "demo/mine.py": (b"mine", 0o644, NOW)}


@pytest.mark.parametrize(
    "lost", ["demo-1.0.dist-info/RECORD", "demo-1.0.dist-info", "demo-1.0.dist-info/METADATA"]
)
def test_a_lost_record_is_put_back_from_the_same_wheel(lost: str) -> None:
    """Its other files are known to be its: nobody has to say --overwrite."""
    root = made_root(DEMO, OTHER)
    files, folders = dict(root.files), dict(root.folders)
    root.delete(lost)
    plan = root.sync([DEMO, OTHER])
    assert plan.overwritten == ()
    assert plan.warnings == ()
    assert (root.files, root.folders) == (files, folders)
    assert root.plan([DEMO, OTHER])[0].nothing_to_do


def test_a_lost_record_and_another_wheel_leave_nobodys_files() -> None:
    root = made_root(DEMO, OTHER)
    root.delete("demo-1.0.dist-info/RECORD")
    with pytest.raises(FilesInTheWayError, match=r"demo/__init__\.py"):
        root.plan([NEWER, OTHER])
    plan = root.sync([NEWER, OTHER], made_policy(overwrite=True))
    assert plan.overwritten == ("demo/__init__.py",)
    assert "demo-1.0.dist-info/RECORD was deleted" in plan.warnings[0]
    assert "demo/x.py" in root.files
    assert "demo-1.0.dist-info/METADATA" not in root.files
    assert root.plan([NEWER, OTHER])[0].nothing_to_do


def test_removing_what_lost_its_record_says_what_stays() -> None:
    root = made_root(DEMO, OTHER)
    root.delete("demo-1.0.dist-info")
    plan = root.sync([OTHER])
    assert [warning.partition("/")[0] for warning in plan.warnings] == ["demo-1.0.dist-info"]
    assert "demo/x.py" in root.files
    assert root.sync([OTHER]).warnings == ()


def test_files_in_the_way_are_named_and_overwritten_only_when_said() -> None:
    root = MemoryRoot(target_layout("/r"), TARGET)
    root.write("demo/x.py")
    root.write("other.py/file")
    with pytest.raises(FilesInTheWayError, match=r"demo/x\.py \(file\)") as caught:
        root.plan([DEMO])
    assert "--overwrite gives them up" in caught.value.hints
    assert root.plan([DEMO], made_policy(overwrite=True))[0].overwritten == ("demo/x.py",)
    for overwrite in (False, True):
        with pytest.raises(FilesInTheWayError, match=r"other\.py \(folder\)"):
            root.plan([OTHER], made_policy(overwrite=overwrite))


def test_a_folder_under_the_name_of_our_own_file_is_in_the_way() -> None:
    root = MemoryRoot(target_layout("/r"), TARGET)
    root.write(f"{STATE_FILE}/x")
    with pytest.raises(FilesInTheWayError, match=r"\.siteroot\.json \(folder\)"):
        root.plan([DEMO], made_policy(overwrite=True))


def test_files_and_folders_of_two_distributions_are_refused_whoever_stays() -> None:
    file = Brought(name="file", schemes={"purelib": {"demo": b""}})
    with pytest.raises(ClobberRefusedError, match="a file of file, a folder of demo"):
        made_root(DEMO, file)
    with pytest.raises(ClobberRefusedError, match="a file of file, a folder of"):
        made_root(DEMO).plan([DEMO, file])


def test_case_twins_are_refused_where_the_disk_merges_them() -> None:
    twin = Brought(name="twin", schemes={"purelib": {"Other.py": b""}})
    root = MemoryRoot(target_layout("/r"), made_target(platform="darwin"))
    root.sync([OTHER])
    with pytest.raises(ClobberRefusedError, match=r"'Other\.py' and 'other\.py'"):
        root.plan([OTHER, twin])
    assert any("Other.py" in each for each in made_root(OTHER).plan([OTHER, twin])[0].warnings)


def test_strict_refuses_what_otherwise_warns() -> None:
    twin = Brought(name="twin", schemes={"purelib": {"other.py": b"2"}})
    plan, _ = MemoryRoot(target_layout("/r"), TARGET).plan([OTHER, twin])
    assert plan.state.winners == {"other.py": "twin"}
    with pytest.raises(ClobberRefusedError):
        made_root(OTHER).plan([OTHER, twin], made_policy(strict=True))


def test_the_losers_file_comes_back() -> None:
    twin = Brought(name="twin", schemes={"purelib": {"other.py": b"2"}})
    root, fresh = made_root(OTHER, twin), made_root(OTHER)
    assert root.files["other.py"][0] == b"2"
    root.sync([OTHER])
    assert (root.files, root.folders) == (fresh.files, fresh.folders)


def test_our_sitecustomize_gives_way_and_comes_again() -> None:
    custom = Brought(name="custom", schemes={"purelib": {"sitecustomize.py": b"theirs"}})
    root, fresh = made_root(PTH), made_root(PTH)
    plan = root.sync([PTH, custom])
    assert root.files["sitecustomize.py"][0] == b"theirs"
    assert "a distribution brings one" in plan.warnings[0]
    assert root.sync([PTH]).warnings == ()
    assert (root.files, root.folders) == (fresh.files, fresh.folders)


def test_a_persons_sitecustomize_stays() -> None:
    root = made_root(PTH)
    root.write("sitecustomize.py", b"edited")
    plan = root.sync([PTH])
    assert "there is one that siteroot did not write" in plan.warnings[0]
    assert root.files["sitecustomize.py"][0] == b"edited"
    assert "sitecustomize.py" not in plan.state.files
    root.delete("sitecustomize.py")
    root.sync([PTH])
    assert root.files == made_root(PTH).files


def test_pth_off_takes_it_away_with_its_bytecode() -> None:
    root = made_root(PTH)
    root.write("__pycache__/sitecustomize.cpython-312.pyc")
    root.sync([PTH], made_policy(pth=False))
    expected = MemoryRoot(target_layout("/r"), TARGET)
    expected.sync([PTH], made_policy(pth=False))
    assert (root.files, root.folders) == (expected.files, expected.folders)


def test_a_folder_time_that_alone_is_wrong_is_set() -> None:
    root = made_root(DEMO)
    times = dict(root.folders)
    root.folders[""] = NOW
    plan = root.sync([DEMO])
    assert plan.settled_times == (("", times[""] // 1_000_000_000),)
    assert plan.changes == ()
    assert root.folders == times
    root.write("foreign")
    assert root.plan([DEMO])[0].nothing_to_do  # it moves whenever somebody writes there


def test_an_older_pythons_prefix_folder_goes() -> None:
    later = made_target((3, 13))
    root = made_root(DEMO, PTH, OTHER, layout=prefix_layout("/r", TARGET))
    root.target, root.layout = later, prefix_layout("/r", later)
    root.write("lib/python3.12/site-packages/demo/__pycache__/x.cpython-312.pyc")
    root.sync([DEMO, PTH, OTHER])
    assert not any("python3.12" in path for path in (*root.files, *root.folders))


def test_a_pypackages_root_ignores_itself() -> None:
    root = made_root(DEMO, layout=pypackages_layout("/r", TARGET))
    assert root.files[".gitignore"][0] == b"*\n"


def test_a_library_outside_of_the_root() -> None:
    """Fedora's platlib is no folder of purelib."""
    layout = Layout(
        kind=LayoutKind.INTERPRETER,
        root="/opt/py/lib/python3.12/site-packages",
        folders={
            "purelib": "",
            "platlib": "../../../lib64/python3.12/site-packages",
            "scripts": "../../../bin",
            "headers": "../../../include",
            "data": "../../..",
        },
    )
    fast = Brought(name="fast", purelib=False, schemes={"platlib": {"fast.so": b""}})
    root = MemoryRoot(layout, TARGET)
    root.exists = True
    for folder in ("", *layout.folders.values(), "../../../lib64/python3.12", "../../../lib64"):
        root.folders[folder] = NOW
    root.folders[".."] = root.folders["../.."] = root.folders["../../.."] = NOW
    root.sync([fast, DEMO])
    assert root.plan([fast, DEMO])[0].nothing_to_do
    assert "../../../lib64/python3.12/site-packages/fast.so" in root.files
    root.sync([DEMO], made_policy(exact=True))
    assert not any(path.startswith("..") for path in root.files)


def test_a_name_that_comes_meets_one_that_stays_on_a_case_blind_disk() -> None:
    """Also far below folders that both have, and where a folder alone is spelled otherwise."""
    stays = Brought(name="stays", schemes={"purelib": {"ns/deep/Case/a.py": b""}})
    root = MemoryRoot(target_layout("/r"), made_target(platform="darwin"))
    root.sync([stays])
    for path in ("ns/deep/case/b.py", "NS/x.py", "ns/deep/Case/A.py"):
        comes = Brought(name="comes", schemes={"purelib": {path: b""}})
        with pytest.raises(ClobberRefusedError, match="blind to case"):
            root.plan([stays, comes])
    root.plan([stays, Brought(name="comes", schemes={"purelib": {"ns/deep/Case/b.py": b""}})])
