"""ROOT.md 6: siteroot run from the root that it changes. What it needs stays or it refuses; nothing is loaded late."""

import os
import pty
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from support import spy
from support.command import plain_variables
from support.ground import Ground, digest_of, make_ground, strike_with_journal
from support.own_wheels import build_needed, build_siteroot
from support.trees import snapshot
from support.wheels import build_wheel

#: What would end the process, were it imported.
TRAP = "import os\nos._exit(77)\n"
MANY = {f"many/m{number}.py": f"{number}\n" for number in range(700)}  # enough for workers


@dataclass(frozen=True)
class Own:
    """A root with siteroot and two distributions in it; projects that keep siteroot and change the rest, or not."""

    ground: Ground
    kept: Path
    projects: dict[str, Path]

    def command(self, root: Path, project: str, *words: str) -> list[str]:
        """Return the words of a sync by the siteroot in the root."""
        command = self.ground.command(self.projects[project], root, *words)
        command[1] = str(root / "bin" / "siteroot")
        return command

    def sync(
        self,
        root: Path,
        project: str,
        *words: str,
        bytecode: bool = False,
        largest: int = 0,
    ) -> tuple[subprocess.CompletedProcess[str], list[str]]:
        """Run the siteroot in the root; return what it did, and all that it did from its first change on."""
        log = root.with_name(f"{root.name}.log")
        log.unlink(missing_ok=True)
        command = self.command(root, project, *words)
        limit = ["sh", "-c", f'ulimit -f {largest}; exec "$@"', "sh"] if largest else []
        python = [command[0], *(() if bytecode else ("-B",))]
        done = subprocess.run(
            [*limit, *python, spy.__file__, str(log), *command[1:]],
            cwd=self.ground.home,
            env=plain_variables(self.ground.home),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return done, after_the_first_change(log)


def after_the_first_change(log: Path) -> list[str]:
    lines = log.read_text().splitlines()
    return lines[[line.partition(" ")[0] for line in [*lines, "change"]].index("change") :]


def loaded_late(lines: list[str]) -> list[str]:
    """What could have come from a root: all that is not the standard library's."""
    return [
        line
        for line in lines
        if line.startswith("import ")
        and line.split()[1].partition(".")[0] not in sys.stdlib_module_names
    ]


@pytest.fixture(scope="module", name="own")
def _own(tmp_path_factory: pytest.TempPathFactory) -> Own:
    ground = make_ground(tmp_path_factory.mktemp("ground"))
    wheels = ground.home / "wheels"
    wheels.mkdir()
    needed = build_needed(wheels)
    siteroot = build_siteroot(wheels)
    newer = build_siteroot(wheels, "0.1.1")
    other = build_wheel(wheels, "other", "1.0")
    one = build_wheel(wheels, "demo", "1.0", {"demo.py": "V = 1\n", "old.py": ""})
    two = build_wheel(wheels, "demo", "2.0", {"demo.py": "V = 2\n", **MANY})
    traps = {f"{name}.py": TRAP for name in ("enum", "json", "traceback", "ctypes")}
    trap = build_wheel(wheels, "trap", "1.0", {"big.bin": bytes(300_000), **traps})
    chosen = {
        "first": [siteroot, *needed, one, other],
        "next": [siteroot, *needed, two, trap],
        "newer": [newer, *needed, one, other],
        "no siteroot": [*needed, two],
    }
    projects = {name: ground.project(name, *files) for name, files in chosen.items()}
    kept = ground.home / "kept"
    ground.sync(projects["first"], kept)
    return Own(ground, kept, projects)


@pytest.fixture
def root(own: Own, tmp_path: Path) -> Path:
    copy = tmp_path / "root"
    subprocess.run(["cp", "-a", own.kept, copy], check=True)
    return copy


@pytest.mark.parametrize("mode", ["copy", "hardlink", "clone", "symlink"])
def test_6_a_root_is_changed_by_the_siteroot_in_it_and_nothing_is_loaded_late(
    own: Own, root: Path, tmp_path: Path, mode: str
) -> None:
    """Upgraded, added and removed, with workers; what comes is named like modules of the standard library."""
    done, lines = own.sync(root, "next", "--link-mode", mode, "--output-format", "json")
    assert done.returncode == 0, done.stderr
    assert "change" in lines[0]
    assert loaded_late(lines) == []
    assert (root / "enum.py").exists()
    assert not (root / "other.py").exists()
    if mode != "symlink":
        own.ground.sync(own.projects["next"], tmp_path / "fresh")
        assert digest_of(root) == digest_of(tmp_path / "fresh")
    again, lines = own.sync(root, "next", "--link-mode", mode)
    assert (again.returncode, loaded_late(lines)) == (0, []), again.stderr
    back, lines = own.sync(root, "first", "--link-mode", mode)
    assert (back.returncode, loaded_late(lines)) == (0, []), back.stderr


def test_6_with_bytecode_on_and_as_people_start_it(own: Own, root: Path) -> None:
    done, lines = own.sync(root, "next", bytecode=True)
    assert (done.returncode, loaded_late(lines)) == (0, []), done.stderr
    command = own.command(root, "first")
    back = subprocess.run(
        command[1:],  # the launcher itself
        cwd=own.ground.home,
        env=plain_variables(own.ground.home, {"SITEROOT_PYTHON": sys.executable}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert back.returncode == 0, back.stderr
    assert (root / "demo.py").read_text() == "V = 1\n"


def test_6_a_change_that_fails_is_told_and_taken_back_with_what_was_loaded(
    own: Own, root: Path
) -> None:
    own.ground.sync(own.projects["next"], root.with_name("elsewhere"))  # all wheels are stored
    before = snapshot(root)
    done, lines = own.sync(root, "next", "--link-mode", "copy", largest=400)  # of 512 bytes
    assert done.returncode == 1, done.stderr
    assert "the root is as it was before" in done.stderr
    assert loaded_late(lines) == []
    assert snapshot(root) == before


@pytest.mark.fast_calls
def test_6_a_wheel_that_was_edited_is_fetched_anew_in_the_midst_of_it(
    own: Own, root: Path, tmp_path: Path
) -> None:
    """At a terminal, where a display is drawn with a library."""
    sharing = tmp_path / "sharing"
    own.ground.sync(own.projects["next"], sharing, "--link-mode", "hardlink")
    with (sharing / "demo.py").open("r+") as stream:
        stream.write("X")
    log = tmp_path / "log"
    command = own.command(root, "next", "--link-mode", "hardlink")
    command = [command[0], "-B", spy.__file__, str(log), *command[1:]]
    here, there = pty.openpty()
    with subprocess.Popen(
        command,
        cwd=own.ground.home,
        env=plain_variables(own.ground.home, {"TERM": "xterm-256color"}),
        stdin=there,
        stdout=there,
        stderr=there,
    ) as process:
        os.close(there)
        said = b""
        while True:
            try:
                more = os.read(here, 1 << 16)
            except OSError:  # the other end is closed
                break
            if not more:
                break
            said += more
    os.close(here)
    assert process.returncode == 0, said
    assert b"anew" in said
    assert loaded_late(after_the_first_change(log)) == []
    assert (root / "demo.py").read_text() == "V = 2\n"


def test_6_a_half_changed_root_is_recovered_by_the_siteroot_in_it(own: Own, tmp_path: Path) -> None:
    root = tmp_path / "root"
    strike_with_journal(own.ground, own.projects["next"], root, own.kept)
    done, lines = own.sync(root, "next")
    assert done.returncode == 0, done.stderr
    assert "an interrupted change was brought to its end first" in done.stderr
    assert loaded_late(lines) == []
    own.ground.sync(own.projects["next"], tmp_path / "fresh")
    assert digest_of(root) == digest_of(tmp_path / "fresh")


def test_6_what_changes_siteroot_itself_half_way_is_left_to_another_one(
    own: Own, tmp_path: Path
) -> None:
    root = tmp_path / "root"
    strike_with_journal(own.ground, own.projects["newer"], root, own.kept)
    before = snapshot(root, times=False)
    before.pop(".siteroot/lock", None)  # where folders have no locks
    done, _ = own.sync(root, "newer")
    assert done.returncode == 1, done.stderr
    # a strike may come while a module of its own is on its way: then it does not even start
    assert re.search(
        "siteroot itself runs from this root|siteroot is not whole there|No module named 'siteroot",
        done.stderr,
    )
    after = snapshot(root, times=False)
    after.pop(".siteroot/lock", None)
    assert after == before
    own.ground.sync(own.projects["newer"], root)
    assert (root / "siteroot-0.1.1.dist-info").is_dir()


@pytest.mark.parametrize(
    ("project", "words", "named", "mode"),
    [
        ("no siteroot", (), "siteroot 0.1.0", "copy"),
        ("no siteroot", (), "siteroot 0.1.0", "symlink"),
        ("newer", (), "siteroot 0.1.0", "copy"),
        ("next", ("--reinstall-package", "rich"), "rich ", "copy"),
        ("next", ("--reinstall-package", "mdurl"), "mdurl ", "copy"),
    ],
)
def test_6_a_plan_that_takes_away_what_siteroot_depends_on_is_refused(
    own: Own, root: Path, project: str, words: tuple[str, ...], named: str, mode: str
) -> None:
    """Loaded yet or not; also where the root is links into the store."""
    if mode == "symlink":
        shutil.rmtree(root)
        own.ground.sync(own.projects["first"], root, "--link-mode", "symlink")
    before = snapshot(root)
    done, lines = own.sync(root, project, *words, "--link-mode", mode)
    assert done.returncode == 1, done.stderr
    assert f"siteroot itself runs from this root, and {named}" in done.stderr
    assert "siteroot.pyz" in done.stderr
    assert loaded_late(lines) == []
    assert snapshot(root) == before
