"""SIGKILL while the real command places, then the next command: the loop that leaves other tools' roots broken.

ROOT.md 3: a root is the old tree or the new one, whoever was struck and whatever is gone when the next command comes.
Trees are compared by content, mode and mtime, folders too.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.command import make_place
from support.killing import PARTS, Strikes, lock_wheels
from support.once import made_once
from support.wheels import build_wheel

#: Small ones, of three distributions that change in every way: files that stay, come, go, become folders.
FEW = 4

_PINS = {
    "old": (
        *("anyio==4.7.0", "click==8.1.7", "flask==3.0.3", "httpcore==1.0.6", "httpx==0.27.2"),
        *("jinja2==3.1.4", "markdown-it-py==3.0.0", "markupsafe==2.1.5", "pygments==2.18.0"),
        *("rich==13.9.4", "sqlalchemy==2.0.36", "werkzeug==3.0.6"),
    ),
    "new": (
        *("anyio==4.8.0", "click==8.1.8", "flask==3.1.0", "httpcore==1.0.7", "httpx==0.28.1"),
        *("jinja2==3.1.5", "markdown-it-py==3.0.0", "markupsafe==3.0.2", "pygments==2.19.1"),
        *("rich==14.0.0", "sqlalchemy==2.0.38", "werkzeug==3.1.3"),
    ),
}


def download(folder: Path) -> None:
    words = ["download", "--quiet", "--no-deps", "--only-binary", ":all:", "--dest"]
    for name, pins in _PINS.items():
        command = [sys.executable, "-m", "pip", *words, str(folder / name), *pins]
        subprocess.run(command, check=True, capture_output=True)


def build(folder: Path, version: str) -> list[Path]:
    folder.mkdir()
    newer = version == "2.0"
    modules = {f"big/part{n % 9}/m{n}.py": f"{version} {n}\n" * 20 for n in range(180 + 20 * newer)}
    turning = {"turning/x/__init__.py": "new"} if newer else {"turning/x": "old"}
    return [
        build_wheel(folder, "big", version, modules, entry_points="[console_scripts]\nbig=big:m\n"),
        build_wheel(folder, "turning", version, {"turning/same.py": "", **turning}),
        build_wheel(folder, "steady", "1.0", {"steady/a.py": "", "steady/b.py": ""}),
    ]


def strikes_for(job: str, home: Path, wheels: Path, old: list[Path], new: list[Path]) -> Strikes:
    place = make_place(home / "place")
    before = {"fresh": None, "upgrade": old, "removal": new}[job]
    after = new if job != "removal" else new[:1]
    work = home / "work"
    work.mkdir()
    return Strikes(
        place=place,
        home=work,
        wheels=wheels,
        before=None if before is None else lock_wheels(home / "before", before),
        after=lock_wheels(home / "after", after),
    )


JOBS = pytest.mark.parametrize("job", ["fresh", "upgrade", "removal"])


@JOBS
def test_struck_with_wheels_built_here(tmp_path: Path, job: str) -> None:
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    old, new = build(wheels / "old", "1.0"), build(wheels / "new", "2.0")
    strikes = strikes_for(job, tmp_path, wheels, old, new)
    strikes.strike_all(FEW, seed=7)
    assert strikes.found["new tree in the end"] == FEW


@pytest.mark.slow(40)
@pytest.mark.index
@JOBS
@pytest.mark.parametrize(("start", "count"), PARTS)
def test_struck_with_real_wheels(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, job: str, start: int, count: int
) -> None:
    wheels = tmp_path / "wheels"
    shutil.copytree(made_once(tmp_path_factory, "real wheels", download), wheels)
    old, new = (sorted((wheels / name).glob("*.whl")) for name in ("old", "new"))
    strikes = strikes_for(job, tmp_path, wheels, old, new)
    largest = max(strikes.old, strikes.new, key=len)
    assert sum(kind == "file" for kind, *_ in largest.values()) >= 900
    strikes.strike_all(count, seed=11 + start)
    print(f"{job}: {strikes.describe()}")
    found = strikes.found
    assert found["new tree in the end"] == count
    if job == "upgrade":
        for tree in ("old tree", "new tree"):
            assert found[f"{tree}, by recovery alone"] + found[f"{tree}, then the sync"] > 0
    processors = len(os.sched_getaffinity(0))
    if job != "removal" and processors > 1:  # which places too little for workers
        assert found["worker struck, exit 1"] > 0
