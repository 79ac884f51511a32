"""Real wheels of the public index go in without a word, and hold what zipfile and their own RECORD say."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from support.stores import open_store, pin_of

PROJECTS = (
    "click==8.1.8",
    "numpy==2.2.6",
    "setuptools==80.9.0",
    "pyyaml==6.0.2",
    "greenlet==3.2.4",
)


@pytest.mark.index
def test_popular_wheels(tmp_path: Path) -> None:
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "download",
            "-q",
            "--no-deps",
            "--only-binary=:all:",
            *PROJECTS,
        ],
        check=True,
        cwd=tmp_path,
    )
    store = open_store(tmp_path)
    paths = sorted(tmp_path.glob("*.whl"))
    assert len(paths) == len(PROJECTS)
    for path in paths:
        wheel = store.admit(str(path), pin_of(path))
        assert wheel.warnings == (), path.name
        stored = {
            file.read_bytes()
            for part in wheel.schemes
            for file in (Path(wheel.folder, part.scheme, row[0]) for row in part.files)
        }
        with zipfile.ZipFile(path) as oracle:
            expected = {
                oracle.read(info)
                for info in oracle.infolist()
                if not info.is_dir() and info.filename != f"{wheel.dist_info}/RECORD"
            }
        assert stored == expected, path.name
