"""One folder, asked for in another layout or for another system, ends as a fresh root does (ROOT.md 4)."""

from pathlib import Path

import pytest

from support.launching import make_lab
from support.projects import make_project
from support.trees import describe_difference, snapshot
from support.wheels import build_wheel


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (["--prefix", "root"], ["--target", "root"]),
        (["--target", "root"], ["--prefix", "root"]),
        (
            ["--target", "root", "--python-platform", "windows"],
            ["--target", "root", "--python-platform", "linux"],
        ),
    ],
)
def test_4_a_root_of_another_form_is_made_anew(
    tmp_path: Path, first: list[str], second: list[str]
) -> None:
    lab = make_lab(tmp_path / "lab")
    words = "[console_scripts]\none = one:main\n"
    wheel = build_wheel(tmp_path, "one", "1.0", {"one.py": "def main(): 0\n"}, entry_points=words)
    project = make_project(tmp_path / "project", [wheel])
    for place in (first, second):
        done = lab.place.run(
            *("sync", "--frozen", "--cache-dir", str(tmp_path / "cache"), *place), cwd=project
        )
        assert done.returncode == 0, done.stderr
    changed = snapshot(project / "root")
    fresh = [word.replace("root", "fresh") for word in second]
    lab.place.run(
        *("sync", "--frozen", "--cache-dir", str(tmp_path / "cache"), *fresh), cwd=project
    )
    made = snapshot(project / "fresh")
    for each in (made, changed):
        each.pop(".", None)
    assert describe_difference(made, changed) == []
