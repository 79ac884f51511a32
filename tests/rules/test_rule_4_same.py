"""ROOT.md 4, through the real command: whatever happened to a root, its layer's digest is the fresh one's."""

import contextlib
import csv
import io
import itertools
import json
import os
import random
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from support.command import plain_variables
from support.ground import Ground, build_versions, digest_of, make_ground, strike_with_journal
from support.interpreters import real_pythons
from support.projects import make_project
from support.wheels import build_wheel

MODES = ("copy", "hardlink", "clone")
ZONES = ("UTC", "Asia/Kathmandu", "America/St_Johns")
LOCALES = ("C", "C.UTF-8", "tr_TR.UTF-8")
COMPILE = ("--compile-bytecode",)


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Ground:
    return make_ground(tmp_path_factory.mktemp("ground"))


@pytest.fixture(scope="module")
def versions(ground: Ground) -> dict[str, Path]:
    built = build_versions(ground.home / "wheels")
    return {name: ground.project(f"p-{name}", *wheels) for name, wheels in built.items()}


class FreshRoots:
    """The digests of fresh roots, by selection, with bytecode or without; each is made when it is first asked for."""

    def __init__(self, ground: Ground, versions: dict[str, Path], folder: Path) -> None:
        self._ground = ground
        self._versions = versions
        self._folder = folder
        self._digests: dict[tuple[str, bool], str] = {}

    def digest(self, name: str, *, compiled: bool) -> str:
        """Return the digest."""
        if (name, compiled) not in self._digests:
            root = self._folder / f"{name}-{compiled}"
            self._ground.sync(self._versions[name], root, *COMPILE[:compiled])
            self._digests[name, compiled] = digest_of(root)
        return self._digests[name, compiled]


@pytest.fixture(scope="module")
def fresh(
    ground: Ground, versions: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> FreshRoots:
    return FreshRoots(ground, versions, tmp_path_factory.mktemp("fresh"))


@pytest.fixture(scope="module")
def digests(fresh: FreshRoots, versions: dict[str, Path]) -> dict[str, str]:
    """The digest of each selection's fresh root."""
    return {name: fresh.digest(name, compiled=False) for name in versions}


def stop_somewhere(
    ground: Ground, words: list[str], root: Path, variables: dict[str, str], chance: random.Random
) -> int:
    """Kill or interrupt a sync once it works on the root, or anywhere where it has to recover it; return its exit code."""
    works = (root / ".siteroot", root.parent / f".{root.name}.siteroot")
    longest = 0.4 if any(os.path.lexists(work) for work in works) else 0.006
    with subprocess.Popen(
        words,
        cwd=ground.home,
        env=plain_variables(ground.home, variables),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        while process.poll() is None and not any(os.path.lexists(work) for work in works):
            time.sleep(0.0002)
        time.sleep(chance.uniform(0, longest))
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, chance.choice((signal.SIGKILL, signal.SIGINT)))
        _, said = process.communicate(timeout=60)
    assert (
        "/siteroot/" not in said.partition("Traceback")[2]
    )  # the interpreter's own start may end in one
    return process.returncode


@pytest.mark.parametrize(
    "seed",
    [
        *(pytest.param(seed, marks=pytest.mark.slow if seed else ()) for seed in range(4)),
        *(pytest.param(seed, marks=pytest.mark.endless) for seed in range(4, 24)),
    ],
)
def test_4_any_series_of_syncs_ends_in_the_fresh_root(
    ground: Ground, versions: dict[str, Path], fresh: FreshRoots, tmp_path: Path, seed: int
) -> None:
    """In a folder, under umasks, zones and locales, with a cache of its own, with bytecode and without, stopped ones."""
    chance = random.Random(seed)
    root = tmp_path / chance.choice(("r", "a root with spaces", "x" * 90)) / "root"
    if chance.random() < 0.5:
        root.mkdir(parents=True)
    cache = chance.choice((None, tmp_path / "cache"))
    stops = []
    for _ in range(5):
        name, compiled = chance.choice(sorted(versions)), chance.random() < 0.4
        variables = {
            "TZ": chance.choice(ZONES),
            "LC_ALL": chance.choice(LOCALES),
            "PYTHONHASHSEED": str(chance.randrange(1000)),
        }
        umask = chance.choice((0, 0o022, 0o027, 0o077))
        mode = chance.choice(MODES)
        words = ("--link-mode", mode, *COMPILE[:compiled])
        while chance.random() < 0.5:
            other = versions[chance.choice(sorted(versions))]
            command = ground.command(other, root, *words, cache=cache)
            stops.append(stop_somewhere(ground, command, root, variables, chance))
        ground.sync(versions[name], root, *words, cache=cache, variables=variables, umask=umask)
        if chance.random() < 0.3:  # somebody's own file comes and goes in between
            (root / "mine.txt").write_text("")
            ground.sync(versions[name], root, *words)
            (root / "mine.txt").unlink()
            ground.sync(versions[name], root, "--reinstall", *words)
        assert digest_of(root) == fresh.digest(name, compiled=compiled), (name, compiled, mode)
        assert os.listdir(root.parent) == [root.name]
    print(f"stopped: {stops}")


def test_4_an_interrupted_series_ends_there_too(
    ground: Ground, versions: dict[str, Path], digests: dict[str, str], tmp_path: Path
) -> None:
    root, kept = tmp_path / "root", tmp_path / "kept"
    ground.sync(versions["more"], kept)
    strike_with_journal(ground, versions["two"], root, kept)
    ground.sync(versions["paths"], root)
    assert digest_of(root) == digests["paths"]


def surroundings(every: bool) -> list[tuple[str, int, str, str, str, str, bool]]:
    """Return folder, umask, zone, locale, cache, mode and bytecode: all of them, or so few that each value is there."""
    choices = (("one", "two"), (0, 0o022, 0o077), ZONES[:2], LOCALES[1:], ("a", "b"), MODES[:2])
    rows = [*itertools.product(*choices, (False, True))]
    return rows if every else rows[:: len(rows) // 5]


@pytest.mark.parametrize(
    "every",
    [pytest.param(False, id="few"), pytest.param(True, id="all", marks=pytest.mark.endless)],
)
@pytest.mark.parametrize("version", [(3, 11), (3, 12), (3, 13)], ids=str)
def test_4_one_digest_whatever_the_surroundings(
    ground: Ground,
    versions: dict[str, Path],
    fresh: FreshRoots,
    tmp_path: Path,
    version: tuple[int, int],
    every: bool,
) -> None:
    """Two folders and caches, umasks, zones, locales, link modes, and the CPython that siteroot itself runs with."""
    runner = real_pythons().get(version)
    if runner is None:
        pytest.skip(f"there is no CPython {version[0]}.{version[1]}")
    found = {}
    for row in surroundings(every):
        folder, umask, zone, locale, cache, mode, compiled = row
        root = tmp_path / folder / "root"
        words = ground.command(
            versions["more"],
            root,
            *("--link-mode", mode, *COMPILE[:compiled]),
            cache=tmp_path / f"cache-{cache}",
        )
        done = subprocess.run(
            [runner, *words[1:]],
            cwd=ground.home,
            env=plain_variables(ground.home, {"TZ": zone, "LC_ALL": locale, "LANG": locale}),
            capture_output=True,
            text=True,
            check=False,
            umask=umask,
        )
        assert done.returncode == 0, done.stderr
        found[row] = digest_of(root) == fresh.digest("more", compiled=compiled)
        shutil.rmtree(root)
    assert [row for row, same in found.items() if not same] == []


def test_4_an_empty_folder_becomes_the_fresh_root_and_keeps_itself(
    ground: Ground, versions: dict[str, Path], digests: dict[str, str], tmp_path: Path
) -> None:
    root = tmp_path / "root"
    root.mkdir()
    root.chmod(0o2750)
    inode = root.stat().st_ino
    ground.sync(versions["more"], root)
    assert digest_of(root) == digests["more"]
    assert (root.stat().st_ino, stat.S_IMODE(root.stat().st_mode)) == (inode, 0o2750)


def test_4_modes_whatever_the_umask(
    ground: Ground, versions: dict[str, Path], tmp_path: Path
) -> None:
    root = tmp_path / "root"
    ground.sync(versions["more"], root, umask=0o077)
    for path in [root, *root.rglob("*")]:
        mode = stat.S_IMODE(path.stat().st_mode)
        runs = path.is_dir() or path.parent.name == "bin"
        assert mode == (0o755 if runs else 0o644), path


def test_4_times_are_derived(ground: Ground, versions: dict[str, Path], tmp_path: Path) -> None:
    """Even seconds from 1980 to 1997, and another content has another time."""
    times = {}
    for name in ("one", "two"):
        root = tmp_path / name
        ground.sync(versions[name], root)
        for path in [root, *root.rglob("*")]:
            seconds, rest = divmod(path.stat().st_mtime_ns, 1_000_000_000)
            assert rest == 0
            assert seconds % 2 == 0
            assert 315_532_800 <= seconds < 883_612_800, path
        times[name] = (root / "top.py").stat().st_mtime_ns
        assert (root / "top.py").stat().st_size == 6
    assert times["one"] != times["two"]


@pytest.mark.parametrize(
    "mode",
    ["hardlink", *(pytest.param(mode, marks=pytest.mark.slow) for mode in ("copy", "clone"))],
)
def test_4_an_interpreters_bytecode_of_the_old_source_never_matches(
    ground: Ground, versions: dict[str, Path], digests: dict[str, str], tmp_path: Path, mode: str
) -> None:
    """Sources of equal size; the bytecode of modules at the top and in folders goes with them."""
    root = tmp_path / "root"
    asked = "import demo, top; print(demo.V, top.T)"
    words = [sys.executable, "-S", "-c", asked]
    seen = []
    for name in ("one", "two"):
        ground.sync(versions[name], root, "--link-mode", mode)
        done = subprocess.run(
            words, env={"PYTHONPATH": str(root)}, capture_output=True, text=True, check=True
        )
        seen.append(done.stdout)
        assert (root / "__pycache__").is_dir()
        assert (root / "demo" / "__pycache__").is_dir()
    assert seen == ["1 1\n", "2 2\n"]
    ground.sync(versions["none"], root)
    assert digest_of(root) == digests["none"]


def test_4_bytecode_of_a_module_that_stays_stays(
    ground: Ground, versions: dict[str, Path], tmp_path: Path
) -> None:
    root = tmp_path / "root"
    ground.sync(versions["one"], root)
    subprocess.run(
        [sys.executable, "-S", "-c", "import other"], env={"PYTHONPATH": str(root)}, check=True
    )
    (bytecode,) = (root / "other" / "__pycache__").iterdir()
    before = bytecode.stat()
    ground.sync(versions["two"], root)
    after = bytecode.stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_4_record_lists_every_placed_file_once(
    ground: Ground, versions: dict[str, Path], tmp_path: Path
) -> None:
    root = tmp_path / "root"
    ground.sync(versions["more"], root)
    listed: list[str] = []
    for record in root.glob("*.dist-info/RECORD"):
        raw = record.read_bytes()
        assert b"\r" not in raw
        assert raw.endswith(b"\n")
        paths = [row[0] for row in csv.reader(io.StringIO(raw.decode()))]
        assert paths == sorted(paths)
        listed += paths
        assert (record.parent / "INSTALLER").read_bytes().strip() == b"siteroot"
    assert len(listed) == len(set(listed))
    ours = {".siteroot.json", *json.loads((root / ".siteroot.json").read_text())["files"]}
    found = {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}
    assert found - set(listed) == ours
    assert set(listed) <= found


def test_4_requested_is_for_direct_dependencies_and_no_local_path_is_written(
    ground: Ground, tmp_path: Path
) -> None:
    needed = build_wheel(tmp_path, "needed", "1.0")
    asked = build_wheel(tmp_path, "asked", "1.0", requires=["needed"])
    project = make_project(tmp_path / "project", [needed, asked], dependencies=["asked"])
    lock = project / "uv.lock"
    source = 'source = { registry = "https://index.test/simple" }'
    text = lock.read_text()
    at = text.index('name = "asked"\nversion')
    lock.write_text(text[:at] + text[at:].replace(source, f'source = {{ path = "{asked}" }}', 1))
    root = tmp_path / "root"
    ground.sync(project, root)
    assert (root / "asked-1.0.dist-info" / "REQUESTED").exists()
    assert not (root / "needed-1.0.dist-info" / "REQUESTED").exists()
    assert not list(root.glob("*/direct_url.json"))


def test_4_the_state_file_names_no_path_time_or_host(
    ground: Ground, versions: dict[str, Path], tmp_path: Path
) -> None:
    root = tmp_path / "root"
    ground.sync(versions["more"], root)
    text = (root / ".siteroot.json").read_text()
    for secret in (
        str(tmp_path),
        str(ground.home),
        os.path.dirname(sys.executable),
        socket.gethostname(),
    ):
        assert secret not in text
    assert json.loads(text)["schema"] == 1
