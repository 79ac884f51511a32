"""`ports.BuildRoots`: what the real adapter and the fake both hold."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from siteroot.errors import SiterootError
from siteroot.index.fetch import Fetcher
from siteroot.index.options import FetchOptions
from siteroot.model.settings import Settings
from siteroot.model.wheel import Limits
from siteroot.ports import BuildRoots
from siteroot.workflows.provision import BuildSite, tie_builds
from siteroot.workflows.supply import StoreSupply, Trust
from support.build_roots import WheelRoots, target_of
from support.ports import InstantClock, RecordingReporter
from support.stores import open_store
from support.wheel_folder import WheelFolder
from support.wheels import build_wheel

TARGET = target_of(sys.executable)


def real_roots(folder: Path, wheels: Path) -> BuildRoots:
    reporter, clock = RecordingReporter(), InstantClock()
    store = open_store(folder, reporter=reporter)
    fetcher = Fetcher(FetchOptions(), clock=clock, reporter=reporter)
    trust = Trust(refresh=False, refresh_names=frozenset(), tolerate_record=frozenset())
    site = BuildSite(
        target=TARGET,
        root=str(folder / "pkgs"),
        settings=Settings(),
        environ=os.environ,
        limits=Limits(),
        again=lambda pin: pin.name,
        log_folder=str(folder / "logs"),
    )
    supply = StoreSupply(store, lambda: fetcher, trust, reporter=reporter, clock=clock)
    resolve = WheelFolder(wheels).resolve
    return tie_builds(
        supply, store, fetcher, trust, site, resolve, reporter=reporter, clock=clock
    ).roots


@pytest.fixture(params=["real", "fake"])
def roots(request: pytest.FixtureRequest, tmp_path: Path) -> BuildRoots:
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    build_wheel(wheels, "needed", "1.0", {"needed.py": "N = 1\n"})
    build_wheel(
        wheels,
        "more",
        "1.0",
        {"more.py": "M = 2\n", "more-hook.pth": "import sys; sys.hooked = 1\n"},
    )
    if request.param == "fake":
        return WheelRoots(tmp_path, TARGET, wheels)
    return real_roots(tmp_path, wheels)


def said(executable: str, code: str) -> str:
    ran = subprocess.run(
        [executable, "-c", code], capture_output=True, text=True, check=False, env={}
    )
    return ran.stdout.strip() or ran.stderr


def test_a_root_holds_what_was_asked_for_and_nothing_of_the_interpreters(roots: BuildRoots) -> None:
    root = roots.provide(["needed>=1"], "app")
    assert said(root.executable, "import needed; print(needed.N)") == "1"
    assert "No module named 'pip'" in said(root.executable, "import pip")
    assert "No module named 'more'" in said(root.executable, "import more")
    roots.extend(root, ["more"], "app")
    assert said(root.executable, "import sys, more, needed; print(more.M, sys.hooked)") == "2 1"
    assert os.path.dirname(root.executable) == root.scripts
    assert root.purelib.startswith(f"{root.folder}/")
    roots.release(root)
    assert not os.path.exists(root.folder)


def test_a_place_is_taken_and_what_lay_there_goes(roots: BuildRoots, tmp_path: Path) -> None:
    place = tmp_path / "kept" / "place"
    first = roots.provide(["needed"], "app", str(place))
    assert first.folder == str(place)
    roots.provide([], "app", str(place))
    assert "No module named 'needed'" in said(first.executable, "import needed")
    roots.release(first)
    assert not place.exists()


def test_what_cannot_be_had_leaves_no_root(roots: BuildRoots, tmp_path: Path) -> None:
    place = tmp_path / "kept" / "place"
    with pytest.raises(SiterootError, match="app"):
        roots.provide(["absent"], "app", str(place))
    assert not place.exists()


def test_two_roots_do_not_share_files(roots: BuildRoots) -> None:
    one, other = roots.provide(["needed"], "a"), roots.provide(["needed"], "b")
    Path(one.purelib, "needed.py").write_text("N = 9\n")
    assert said(other.executable, "import needed; print(needed.N)") == "1"
