"""What a person has under the names that siteroot works under is never lost, and what stops a sync is named."""

from collections.abc import Callable
from pathlib import Path

import pytest

from support.desk import Done, make_desk
from support.interpreters import need_pythons
from support.projects import make_project
from support.trees import snapshot
from support.wheels import build_wheel


class Table:
    """Two projects and one root, which holds the first."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root = folder / "root"
        self.desk = make_desk(folder / "home")
        wheels = folder / "wheels"
        wheels.mkdir()
        self.one, self.two = (
            make_project(
                folder / version, [build_wheel(wheels, "demo", version, {"demo.py": version})]
            )
            for version in ("1.0", "2.0")
        )

    def sync(self, project: Path, *words: str) -> Done:
        python = need_pythons(1)[0]
        return self.desk.sync("--python", python, "--target", self.root, *words, cwd=project)


@pytest.fixture
def table(tmp_path: Path) -> Table:
    return Table(tmp_path)


def write(path: Path, content: str = "mine") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)


def link(path: Path) -> None:
    write(path.parent.parent / "foreign/begin")
    path.symlink_to(path.parent.parent / "foreign")


#: What a person made in the root, and whether a sync goes on beside it.
IN_THE_ROOT: dict[str, tuple[Callable[[Path], None], bool]] = {
    "a file": (lambda root: write(root / ".siteroot"), False),
    "a link": (lambda root: link(root / ".siteroot"), False),
    "a link to nothing": (lambda root: (root / ".siteroot").symlink_to("nothing"), False),
    "a name like staging": (lambda root: write(root / ".siteroot/new/mine"), False),
    "a name like a marker": (lambda root: write(root / ".siteroot/begin"), False),
    "a folder like a marker": (lambda root: write(root / ".siteroot/begin/mine"), False),
    "a diary": (lambda root: write(root / ".siteroot-20240101/journal"), True),
    "a beginning": (lambda root: write(root / ".siteroot-20240101/begin"), True),
    "a dated link": (lambda root: link(root / ".siteroot-5"), True),
}


@pytest.mark.parametrize("what", IN_THE_ROOT)
def test_3_what_is_not_ours_under_a_reserved_name_stays(table: Table, what: str) -> None:
    make, goes_on = IN_THE_ROOT[what]
    assert table.sync(table.one).code == 0
    make(table.root)
    before = snapshot(table.folder, times=False)
    done = table.sync(table.two)
    after = snapshot(table.folder, times=False)
    assert done.code == (0 if goes_on else 1), done.err
    if not goes_on:
        assert ".siteroot" in done.err
        assert table.sync(table.two, "--dry-run").code in (0, 1)
        assert {p: s for p, s in after.items() if p.startswith("root")} == {
            p: s for p, s in before.items() if p.startswith("root")
        }
    mine = {path: seen for path, seen in before.items() if ".siteroot" in path or "foreign" in path}
    mine.pop("root/.siteroot.json", None)
    assert mine.items() <= after.items()


#: What stands beside an absent DIR under the name of its staging folder, and what is said.
BESIDE: dict[str, tuple[Callable[[Path], None], str]] = {
    "notes": (lambda path: write(path / "notes"), "it holds notes"),
    "a root of theirs": (lambda path: write(path / "root/mine"), "it holds root"),
    "a holder of theirs": (lambda path: write(path / "holder", "me"), "it holds holder"),
    "a file": (write, "it is a file or a link"),
    "a link": (link, "it is a file or a link"),
}


@pytest.mark.parametrize("what", BESIDE)
def test_3_what_is_not_ours_in_the_place_of_the_staging_stays(table: Table, what: str) -> None:
    make, words = BESIDE[what]
    staging = table.folder / ".root.siteroot"
    make(staging)
    before = snapshot(staging)
    done = table.sync(table.one)
    assert done.code == 1, done.err
    assert words in done.err
    assert not table.root.exists()
    assert snapshot(staging) == before
    table.root.mkdir()
    assert table.sync(table.one).code == 0  # it is not needed now, and stays
    assert snapshot(staging) == before
