"""ROOT.md 2, by real runs: whose is what in a root that other people and tools use too."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from support.command import make_place
from support.desk import Desk, Done, make_desk
from support.interpreters import need_pythons, need_uv
from support.launching import minor_of
from support.projects import make_project
from support.trees import describe_difference, snapshot
from support.wheels import Content, build_wheel

HERE = ("--python", sys.executable)


@pytest.fixture
def bench(tmp_path: Path) -> "Bench":
    return Bench(tmp_path)


class Bench:
    """A project whose lock changes, and one root of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.desk: Desk = make_desk(folder / "home")
        self.project = folder / "project"
        self.root = folder / "root"

    def wheel(self, name: str, version: str, files: dict[str, Content] | None = None) -> Path:
        """Build one."""
        where = self.folder / "wheels" / f"{name}-{version}-{len(files or ())}"
        where.mkdir(parents=True, exist_ok=True)
        return build_wheel(where, name, version, files)

    def lock(self, *wheels: Path) -> None:
        """Lock these wheels, and no others."""
        make_project(self.project, wheels)

    def try_sync(self, *words: str | Path, root: Path | None = None) -> Done:
        return self.desk.sync(
            *HERE, "--target", root or self.root, "--link-mode", "copy", *words, cwd=self.project
        )

    def sync(self, *words: str | Path, root: Path | None = None) -> Done:
        done = self.try_sync(*words, root=root)
        assert done.code == 0, done.err
        return done

    def refuses(self, *words: str | Path, said: str) -> None:
        """Assert that a sync is refused with these words and leaves the root as it was."""
        before = snapshot(self.root)
        done = self.try_sync(*words)
        assert done.code == 1, done.err
        assert said in done.err, done.err
        assert describe_difference(before, snapshot(self.root)) == []

    def fresh(self, *words: str | Path) -> Path:
        """Make a root of what is locked that holds nothing else."""
        other = self.folder / "fresh"
        shutil.rmtree(other, ignore_errors=True)
        self.sync(*words, root=other)
        return other

    def is_fresh(self) -> None:
        assert describe_difference(snapshot(self.fresh()), snapshot(self.root)) == []


# -- files that are nobody's


def test_2_foreign_files_stay_and_keep_their_folders(bench: Bench) -> None:
    bench.root.mkdir(mode=0o700)
    (bench.root / "demo").mkdir()
    (bench.root / "demo" / "theirs.txt").write_text("theirs")
    (bench.root / "mine.py").write_text("mine")
    bench.lock(bench.wheel("demo", "1.0", {"demo/__init__.py": ""}))
    bench.sync()
    bench.lock()
    bench.sync()
    left = snapshot(bench.root, times=False)
    assert sorted(left) == [".", ".siteroot.json", "demo", "demo/theirs.txt", "mine.py"]
    assert left["."][1] == 0o700


WAYS: dict[str, Callable[[Path], object]] = {
    "a file": lambda path: path.write_text("theirs"),
    "a link": lambda path: path.symlink_to("elsewhere"),
    "a link to a file outside": lambda path: path.symlink_to(_outside(path)),
}


def _outside(path: Path) -> Path:
    outside = path.parents[2] / "outside.txt"
    outside.write_text("theirs")
    return outside


@pytest.mark.parametrize("kind", WAYS)
def test_2_a_foreign_file_in_the_way_is_refused_by_name_unless_overwritten(
    bench: Bench, kind: str
) -> None:
    bench.lock(bench.wheel("demo", "1.0", {"demo/__init__.py": "V = 1\n", "demo/x.py": ""}))
    (bench.root / "demo").mkdir(parents=True)
    WAYS[kind](bench.root / "demo" / "__init__.py")
    bench.refuses(said="demo/__init__.py")
    bench.refuses("--dry-run", said="demo/__init__.py")
    bench.sync("--overwrite")
    assert (bench.root / "demo" / "__init__.py").read_text() == "V = 1\n"
    assert not (bench.root / "demo" / "__init__.py").is_symlink()
    outside = bench.folder / "outside.txt"
    assert not outside.exists() or outside.read_text() == "theirs"
    assert bench.sync("--check").code == 0


def test_2_a_folder_in_the_way_of_a_file_is_never_given_up(bench: Bench) -> None:
    bench.lock(bench.wheel("demo", "1.0", {"demo.py": ""}))
    (bench.root / "demo.py").mkdir(parents=True)
    (bench.root / "demo.py" / "theirs").write_text("x")
    bench.refuses(said="demo.py (folder)")
    bench.refuses("--overwrite", said="demo.py (folder)")


@pytest.mark.parametrize("overwrite", [False, True])
def test_2_links_inside_a_root_are_not_followed_out_of_it(bench: Bench, *, overwrite: bool) -> None:
    outside = bench.folder / "outside"
    outside.mkdir()
    bench.root.mkdir()
    (bench.root / "demo").symlink_to(outside)
    bench.lock(bench.wheel("demo", "1.0", {"demo/__init__.py": ""}))
    if overwrite:
        bench.sync("--overwrite")
        assert (bench.root / "demo" / "__init__.py").is_file()
        assert not (bench.root / "demo").is_symlink()
    else:
        bench.refuses(said="demo")
    assert list(outside.iterdir()) == []


def test_2_a_link_that_came_to_stand_for_an_owned_folder_is_not_followed(bench: Bench) -> None:
    bench.lock(bench.wheel("demo", "1.0", {"demo/__init__.py": "", "demo/x.py": ""}))
    bench.sync()
    outside = bench.folder / "outside"
    (bench.root / "demo").rename(outside)
    (bench.root / "demo").symlink_to(outside)
    before = snapshot(outside)
    bench.lock()
    bench.try_sync()
    assert describe_difference(before, snapshot(outside)) == []


def test_1_dir_may_be_a_link(bench: Bench) -> None:
    bench.lock(bench.wheel("demo", "1.0"))
    (bench.folder / "real").mkdir()
    bench.root.symlink_to("real")
    bench.sync()
    assert (bench.folder / "real" / "demo.py").is_file()
    assert bench.root.is_symlink()


def test_1_the_projects_own_folder_is_warned_of(bench: Bench) -> None:
    bench.lock(bench.wheel("demo", "1.0"))
    done = bench.sync(root=bench.project)
    assert "the project's own folder" in done.err
    assert {"pyproject.toml", "uv.lock", "demo.py"} <= set(os.listdir(bench.project))


def test_1_a_folder_that_holds_the_project_is_warned_of(bench: Bench) -> None:
    bench.lock(bench.wheel("demo", "1.0"))
    done = bench.sync(root=bench.project.parent)
    assert f"{bench.project.parent} holds the project" in done.err


def test_2_a_foreign_sitecustomize_wins(bench: Bench) -> None:
    bench.root.mkdir()
    (bench.root / "sitecustomize.py").write_text("theirs = 1\n")
    wheel = bench.wheel("late", "1.0", {"late.pth": "inner\n", "inner/late.py": ""})
    bench.lock(wheel)
    done = bench.sync()
    assert "warning:" in done.err
    assert "sitecustomize.py" in done.err
    assert (bench.root / "sitecustomize.py").read_text() == "theirs = 1\n"
    bench.lock()
    bench.sync()
    assert sorted(os.listdir(bench.root)) == [".siteroot.json", "sitecustomize.py"]


def test_2_our_sitecustomize_that_somebody_changed_is_theirs(bench: Bench) -> None:
    bench.lock(bench.wheel("late", "1.0", {"late.pth": "inner\n", "inner/late.py": ""}))
    bench.sync()
    with (bench.root / "sitecustomize.py").open("a") as stream:
        stream.write("theirs = 1\n")
    changed = (bench.root / "sitecustomize.py").read_text()
    bench.lock()
    bench.sync()
    assert (bench.root / "sitecustomize.py").read_text() == changed


# -- other people's distributions


def _pip(root: Path, *wheels: Path) -> None:
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps"]
    command += ["--disable-pip-version-check", "--target", str(root), *map(str, wheels)]
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    subprocess.run(command, check=True, env={**environment, "PIP_ROOT_USER_ACTION": "ignore"})


def _uv(root: Path, *wheels: Path) -> None:
    command = [need_uv(), "pip", "install", "-q", "--offline", "--no-deps", "--no-config"]
    command += ["--python", sys.executable, "--target", str(root), *map(str, wheels)]
    cache = {"UV_CACHE_DIR": str(root.parent / "uv-cache"), "TMPDIR": str(root.parent)}
    subprocess.run(command, check=True, env={"PATH": os.defpath, **cache})


INSTALLERS = [
    pytest.param(_pip, id="pip"),
    pytest.param(_uv, id="uv", marks=pytest.mark.uv),
]


@pytest.mark.parametrize("install", INSTALLERS)
def test_2_foreign_distributions(bench: Bench, install: Callable[..., None]) -> None:
    """Refused by name; `--inexact` keeps them, `--exact` removes them; one that is selected is replaced."""
    demo = bench.wheel("demo", "1.0", {"demo.py": "V = 1\n"})
    install(bench.root, demo, bench.wheel("theirs", "3.0"))
    bench.lock(bench.wheel("demo", "2.0", {"demo.py": "V = 2\n"}))
    bench.refuses(said="theirs==3.0")
    kept = bench.folder / "kept"
    shutil.copytree(bench.root, kept)
    done = bench.sync("--inexact", "--output-format", "json", root=kept)
    assert done.changes == {"demo": "2.0"}
    assert (kept / "theirs.py").is_file()
    assert (kept / "demo.py").read_text() == "V = 2\n"
    assert not (kept / "demo-1.0.dist-info").exists()
    bench.sync("--exact")
    left = {path for path in os.listdir(bench.root) if path != ".lock"}  # uv's own
    assert left == {".siteroot.json", "demo.py", "demo-2.0.dist-info"}


def test_2_a_distribution_that_stays_may_share_equal_bytes(bench: Bench) -> None:
    """With one that comes: as two that come may. Whichever goes later, the file stays with the other."""
    stays = bench.wheel("stays", "1.0", {"shared/x.py": "V = 1\n", "stays.py": ""})
    comes = bench.wheel("comes", "1.0", {"shared/x.py": "V = 1\n", "comes.py": ""})
    bench.lock(stays)
    bench.sync()
    bench.lock(comes)
    assert bench.sync("--inexact", "--dry-run", "--output-format", "json").changes == {
        "comes": "1.0"
    }
    bench.sync("--inexact")
    assert {"stays.py", "comes.py"} <= set(os.listdir(bench.root))
    bench.lock(stays)
    bench.sync()
    bench.is_fresh()
    bench.lock(bench.wheel("clashes", "1.0", {"shared/x.py": "V = 2\n"}))
    bench.refuses("--inexact", said="shared/x.py (file)")
    bench.sync("--inexact", "--overwrite")
    assert (bench.root / "shared" / "x.py").read_text() == "V = 2\n"


def test_2_ownership_does_not_hang_on_installer(bench: Bench) -> None:
    demo, gone = bench.wheel("demo", "1.0"), bench.wheel("gone", "1.0")
    bench.lock(demo, gone)
    bench.sync()
    (bench.root / "gone-1.0.dist-info" / "INSTALLER").unlink()
    bench.lock(demo)
    bench.sync()
    bench.is_fresh()


def test_2_an_interpreters_layout_keeps_others_and_refuses_what_has_no_record(
    bench: Bench,
) -> None:
    python = need_pythons(1)[0]
    venv = bench.folder / "venv"
    subprocess.run([python, "-I", "-m", "venv", "--without-pip", str(venv)], check=True)
    (library,) = (venv / "lib").glob("python*/site-packages")
    bench.lock(bench.wheel("mine", "1.0"), bench.wheel("more", "1.0"))
    into = ("--active", "--link-mode", "copy")
    variables = {"VIRTUAL_ENV": str(venv)}
    assert bench.desk.sync(*into, cwd=bench.project, variables=variables).code == 0
    egg = library / "demo-0.9.egg-info"
    egg.write_text("Metadata-Version: 1.0\nName: demo\nVersion: 0.9\n")
    bench.lock(bench.wheel("mine", "1.0"))
    assert bench.desk.sync(*into, cwd=bench.project, variables=variables).code == 0
    assert (library / "more.py").exists()
    bench.lock(bench.wheel("mine", "1.0"), bench.wheel("demo", "1.0"))
    before = snapshot(library)
    done = bench.desk.sync(*into, cwd=bench.project, variables=variables)
    assert done.code == 1
    assert "demo 0.9" in done.err
    assert describe_difference(before, snapshot(library)) == []
    bench.lock(bench.wheel("mine", "1.0"))
    assert bench.desk.sync(*into, "--exact", cwd=bench.project, variables=variables).code == 0
    assert not (library / "more.py").exists()
    assert egg.exists()


# -- what somebody took out of a root


def test_2_folders_whose_files_were_deleted_go_with_their_distribution(bench: Bench) -> None:
    """An empty folder is a namespace package to whoever imports."""
    one = bench.wheel("one", "1.0", {"one.py": "", "shared/__init__.py": ""})
    two = bench.wheel("two", "1.0", {"shared/deep/x.py": "", "two-1.0.data/scripts/two": "#!/x\n"})
    bench.lock(one, two)
    bench.sync()
    (bench.root / "shared/deep/x.py").unlink()
    (bench.root / "bin/two").unlink()
    bench.lock(one)
    bench.sync()
    bench.is_fresh()


def test_1_a_root_stays_ours_whatever_its_modules_are_called(bench: Bench) -> None:
    own = {"os.py": "", "site.py": ""}
    data = {"odd-1.0.data/data/lib/python3.11/os.py": ""}
    bench.lock(bench.wheel("odd", "1.0", {**own, **data}))
    bench.sync()
    assert "Checked" in bench.sync().err
    prefix = bench.folder / "prefix"
    for _ in range(2):
        done = bench.desk.sync(*HERE, "--prefix", prefix, cwd=bench.project)
        assert done.code == 0, done.err


# -- one path, two distributions


def test_2_equal_bytes_at_one_path_are_fine_and_outlive_one_of_the_two(bench: Bench) -> None:
    one = bench.wheel("one", "1.0", {"one.py": "", "ns/__init__.py": "same\n"})
    two = bench.wheel("two", "1.0", {"two.py": "", "ns/__init__.py": "same\n"})
    bench.lock(one, two)
    assert "warning" not in bench.sync("--strict").err
    for name in ("one", "two"):
        assert "ns/__init__.py," in (bench.root / f"{name}-1.0.dist-info" / "RECORD").read_text()
    bench.lock(one)
    bench.sync()
    bench.is_fresh()


def test_2_different_bytes_are_a_warning_or_with_strict_an_error(bench: Bench) -> None:
    one = bench.wheel("one", "1.0", {"shared.py": "one\n"})
    two = bench.wheel("two", "1.0", {"shared.py": "two\n"})
    bench.lock(one, two)
    done = bench.try_sync("--strict")
    assert done.code == 1
    assert all(word in done.err for word in ("one", "two", "shared.py"))
    assert not bench.root.exists()
    said = bench.sync().err
    assert all(word in said for word in ("warning:", "one", "two", "shared.py"))
    assert (bench.root / "shared.py").read_text() == "two\n"
    state = json.loads((bench.root / ".siteroot.json").read_text())
    assert state["winners"] == {"shared.py": "two"}
    for name in ("one", "two"):
        assert "shared.py," in (bench.root / f"{name}-1.0.dist-info" / "RECORD").read_text()


@pytest.mark.parametrize("had", ["fetched", "stored", "lost"])
def test_2_the_losers_file_comes_back_when_the_winner_goes(bench: Bench, had: str) -> None:
    one = bench.wheel("one", "1.0", {"shared.py": "one\n", "one.py": ""})
    two = bench.wheel("two", "1.0", {"shared.py": "two\n", "two.py": ""})
    bench.lock(one, two)
    bench.sync()
    bench.lock(one)
    if had == "stored":
        one.unlink()
    else:
        shutil.rmtree(bench.desk.home / "cache")
    if had == "lost":
        one.unlink()
        bench.refuses(said="one==1.0")
        return
    bench.sync(*(("--offline",) if had == "stored" else ()))
    assert (bench.root / "shared.py").read_text() == "one\n"
    bench.is_fresh()


def test_2_a_new_loser_and_a_new_winner_beside_a_kept_one(bench: Bench) -> None:
    files = {name: {"shared.py": f"{name}\n"} for name in ("aa", "mm", "zz")}
    aa, mm, zz = (bench.wheel(name, "1.0", dict(files[name])) for name in files)
    for wheels in ((mm,), (aa, mm), (aa, mm, zz), (aa, zz), (aa,)):
        bench.lock(*wheels)
        bench.sync()
        bench.is_fresh()


def test_2_namespace_packages_are_shared_folders(bench: Bench) -> None:
    one = bench.wheel("one", "1.0", {"ns/deep/one.py": ""})
    two = bench.wheel("two", "1.0", {"ns/deep/two.py": "", "ns/two/x.py": ""})
    bench.lock(one, two)
    bench.sync()
    code = "import ns.deep.one, ns.deep.two, ns.two.x"
    run = [sys.executable, "-c", code]
    subprocess.run(run, env={"PYTHONPATH": str(bench.root)}, check=True)
    bench.lock(one)
    bench.sync()
    left = {
        path for path in snapshot(bench.root) if path.startswith("ns") and "__pycache__" not in path
    }
    assert left == {"ns", "ns/deep", "ns/deep/one.py"}


# -- what goes, and what stays the same


DATA: dict[str, Content] = {
    "purelib/pure.py": "",
    "platlib/plat.py": "",
    "scripts/tool": "#!python\nprint('hi')\n",
    "scripts/plain.sh": "#!/bin/sh\n",
    "headers/demo.h": "int x;\n",
    "data/share/demo/x.txt": "x",
    "data/etc/demo.conf": "x",
}


@pytest.mark.parametrize("layout", ["target", "prefix", "pypackages", "interpreter"])
def test_7_data_schemes_in_every_layout_and_nothing_left(bench: Bench, layout: str) -> None:
    wheels = bench.folder / "wheels"
    wheels.mkdir()
    wheel = build_wheel(
        wheels,
        "demo",
        "1.0",
        data=DATA,
        executable=("demo-1.0.data/scripts/plain.sh",),
        entry_points="[console_scripts]\nrun = demo:run\n",
    )
    python = minor_of(sys.executable)
    library = f"lib/python{python}/site-packages"
    area, words, variables = bench.root, ["--prefix", str(bench.root)], {}
    site, headers = library, f"include/site/python{python}/demo"
    match layout:
        case "prefix":
            pass
        case "target":
            words, site, headers = ["--target", str(area)], "", "include/demo"
        case "pypackages":
            words, site, headers = ["--pypackages"], "lib", "include/demo"
            area = bench.project / "__pypackages__" / python
        case _:
            subprocess.run([sys.executable, "-I", "-m", "venv", "--without-pip", area], check=True)
            words, variables = ["--active"], {"VIRTUAL_ENV": str(area)}
    before = snapshot(area, times=False)
    bench.lock(wheel)
    words += [] if layout == "interpreter" else HERE
    done = bench.desk.sync(*words, cwd=bench.project, variables=variables)
    assert done.code == 0, done.err
    site = f"{site}/" if site else ""
    expected = {
        *(f"{site}{name}" for name in ("demo.py", "pure.py", "plat.py")),
        *("bin/tool", "bin/plain.sh", "bin/run"),
        f"{headers}/demo.h",
        *("share/demo/x.txt", "etc/demo.conf"),
    }
    placed = snapshot(area, times=False)
    assert expected - placed.keys() == set()
    assert all(placed[f"bin/{name}"][1] == 0o755 for name in ("tool", "plain.sh", "run"))
    said = subprocess.run([area / "bin" / "tool"], env={"PATH": os.path.dirname(sys.executable)}, capture_output=True, check=True)  # fmt: skip
    assert said.stdout == b"hi\n"
    bench.lock()
    words += ["--exact"]
    done = bench.desk.sync(*words, cwd=bench.project, variables=variables)
    assert done.code == 0, done.err
    left = {path for path in snapshot(area, times=False).keys() - before.keys() if path != "."}
    allowed = {f"{site}.siteroot.json", ".siteroot.json", ".gitignore"}
    files = {path for path in left if not (area / path).is_dir()}
    assert files <= allowed
    folders = {path for path in left if (area / path).is_dir()}
    if layout == "interpreter":  # whose scheme folders are its own
        folders -= _parents({f"{headers}/x"}) - {headers}
    assert folders <= _parents(files)


def _parents(paths: set[str]) -> set[str]:
    return {str(parent) for path in paths for parent in Path(path).parents}


def test_2_bytecode_of_removed_modules_goes_with_them(bench: Bench) -> None:
    keep = bench.wheel("keep", "1.0", {"keep.py": ""})
    wheel = bench.wheel("demo", "1.0", {"demo/__init__.py": "", "demo/a.py": "", "top.py": ""})
    bench.lock(keep, wheel)
    bench.sync()
    run = [sys.executable, "-c", "import demo.a, top, keep"]
    subprocess.run(run, env={"PYTHONPATH": str(bench.root)}, check=True)
    assert len(list(bench.root.rglob("*.pyc"))) == 4
    bench.lock(keep)
    bench.sync()
    left = {path.name.partition(".")[0] for path in bench.root.rglob("*.pyc")}
    assert left == {"keep"}
    assert not (bench.root / "demo").exists()


@pytest.mark.parametrize("cache", [True, False])
def test_a_second_identical_sync_changes_nothing_and_says_so(bench: Bench, *, cache: bool) -> None:
    bench.lock(bench.wheel("demo", "1.0"), bench.wheel("other", "2.0"))
    bench.sync()
    before = snapshot(bench.folder / "root")
    if not cache:
        shutil.rmtree(bench.desk.home / "cache")
    done = bench.sync("--output-format", "json")
    assert done.document["sync"]["action"] == "check"
    assert done.document["sync"]["changes"] == []
    assert done.err.startswith("Checked 2 packages in ")
    assert describe_difference(before, snapshot(bench.root)) == []


def test_two_syncs_at_once_end_as_one(bench: Bench) -> None:
    place = make_place(bench.folder / "place")
    bench.lock(bench.wheel("demo", "1.0", {f"demo/m{n}.py": "" for n in range(300)}))
    words = ("sync", "--frozen", *HERE, "--link-mode", "copy", "--target", str(bench.root))
    cache = ("--cache-dir", str(bench.desk.home / "cache"))
    with ThreadPoolExecutor(3) as pool:
        runs = list(pool.map(lambda _: place.run(*words, *cache, cwd=bench.project), range(3)))
    assert [run.returncode for run in runs] == [0, 0, 0], [run.stderr for run in runs]
    assert sum("+ demo==1.0" in run.stderr for run in runs) == 1
    bench.is_fresh()
    assert not [name for name in os.listdir(bench.folder) if name.startswith(".")]
