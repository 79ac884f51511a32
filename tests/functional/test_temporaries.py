"""What a sync without a cache puts below TMPDIR goes with it, however it ends."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from support.command import make_place, plain_variables
from support.projects import make_project
from support.wheels import build_wheel


@pytest.mark.parametrize("number", [None, signal.SIGTERM, signal.SIGINT, signal.SIGHUP], ids=str)
def test_no_temporary_folder_stays(tmp_path: Path, number: signal.Signals | None) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    (tmp_path / "wheels").mkdir()
    wheels = [
        build_wheel(
            tmp_path / "wheels",
            f"d{n}",
            "1.0",
            {f"d{n}/m{part}.py": os.urandom(500) for part in range(60)},
        )
        for n in range(20)
    ]
    project = make_project(tmp_path / "project", wheels)
    if number is None:  # it fails by itself
        shutil.copy(wheels[3], wheels[7])
    script = str(make_place(tmp_path / "place").script)
    words = ["sync", "--frozen", "--target", "pkgs", "--python", sys.executable, "--no-cache"]
    with subprocess.Popen(
        [sys.executable, script, *words],
        cwd=project,
        env=plain_variables(tmp_path, {"TMPDIR": str(temporary)}),
        stderr=subprocess.PIPE,
    ) as child:
        end = time.monotonic() + 30
        while child.poll() is None and not any(temporary.iterdir()) and time.monotonic() < end:
            time.sleep(0.001)
        if number is not None:
            assert child.poll() is None
            child.send_signal(number)
        _, told = child.communicate(timeout=30)
    assert child.returncode == (1 if number is None else 128 + number), told
    assert list(temporary.iterdir()) == []
    assert sorted(each.name for each in project.iterdir()) == ["pyproject.toml", "uv.lock"]
