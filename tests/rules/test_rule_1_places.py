"""ROOT.md 1, through the real command: mounts at DIR and in it, links to scheme folders, folders of other users."""

import os
import platform
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from support.ground import Ground, build_versions, digest_of, make_ground, strike_with_journal
from support.mounts import mounted_again, mounted_memory
from support.trees import describe_difference, snapshot
from support.users import as_user

Mounting = Callable[[Path], AbstractContextManager[Path]]


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Ground:
    return make_ground(tmp_path_factory.mktemp("ground"))


@pytest.fixture(scope="module")
def versions(ground: Ground) -> dict[str, Path]:
    built = build_versions(ground.home / "wheels")
    return {name: ground.project(f"p-{name}", *wheels) for name, wheels in built.items()}


@pytest.fixture(scope="module")
def fresh(
    ground: Ground, versions: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    """The fresh root of each selection."""
    folder = tmp_path_factory.mktemp("fresh")
    for name, project in versions.items():
        ground.sync(project, folder / name)
    return {name: folder / name for name in versions}


def identity(path: Path) -> tuple[int, ...]:
    status = path.stat()
    return status.st_dev, status.st_ino, status.st_uid, status.st_gid, status.st_mode


def work_left(top: Path) -> list[Path]:
    return [path for path in top.rglob(".siteroot*") if path.name == ".siteroot"]


@pytest.mark.mount
@pytest.mark.parametrize("mode", ["copy", "hardlink"])
def test_1_a_mount_point_is_an_existing_root_and_stays_itself(
    ground: Ground,
    versions: dict[str, Path],
    fresh: dict[str, Path],
    tmp_path: Path,
    mode: str,
) -> None:
    with mounted_memory(tmp_path / "root", "mode=0750,uid=7,gid=8") as root:
        before = identity(root)
        assert before[0] != tmp_path.stat().st_dev
        for name in ("one", "two", "none", "more"):
            ground.sync(versions[name], root, "--link-mode", mode)
            assert digest_of(root) == digest_of(fresh[name])
            assert identity(root) == before
            assert os.listdir(tmp_path) == ["root"]


@pytest.mark.mount
def test_1_a_struck_change_of_a_mount_point_recovers(
    ground: Ground, versions: dict[str, Path], fresh: dict[str, Path], tmp_path: Path
) -> None:
    with mounted_memory(tmp_path / "root") as root:
        strike_with_journal(ground, versions["two"], root, fresh["more"])
        before = identity(root)
        said = ground.sync(versions["two"], root, cache=tmp_path / "cache")
        assert "an interrupted change was brought to its end" in said
        assert digest_of(root) == digest_of(fresh["two"])
        assert identity(root) == before


@pytest.fixture(params=["another file system", "the same, mounted again"])
def mount_at(request: pytest.FixtureRequest, tmp_path: Path) -> Mounting:
    if request.param == "another file system":
        return mounted_memory
    return lambda folder: mounted_again(tmp_path / "source", folder)


@pytest.mark.mount
def test_1_a_mounted_scheme_folder_has_its_own_work_folder(
    ground: Ground,
    versions: dict[str, Path],
    fresh: dict[str, Path],
    tmp_path: Path,
    mount_at: Mounting,
) -> None:
    """`bin` is a volume: files come, change and go in it, and a struck change of it is brought to its end."""
    root = tmp_path / "root"
    with mount_at(root / "bin"):
        before = identity(root / "bin")
        for name in ("one", "two", "more", "two"):
            ground.sync(versions[name], root)
            assert digest_of(root) == digest_of(fresh[name])
            assert work_left(root) == []
        strike_with_journal(ground, versions["two"], root, fresh["more"])
        assert b"area\0bin\0" in (root / ".siteroot" / "journal").read_bytes()
        assert (root / "bin" / ".siteroot").is_dir()
        ground.sync(versions["two"], root, cache=tmp_path / "cache")
        assert digest_of(root) == digest_of(fresh["two"])
        ground.sync(versions["none"], root)
        assert (os.listdir(root / "bin"), identity(root / "bin")) == ([], before)


@pytest.mark.mount
def test_1_a_prefix_whose_libraries_are_a_volume(
    ground: Ground, versions: dict[str, Path], tmp_path: Path
) -> None:
    """What is mounted lies above the scheme folder, and data goes there too."""
    trees = []
    words = ["--python", sys.executable, "--frozen", "--cache-dir", str(ground.home / "cache")]
    with mounted_memory(tmp_path / "mounted" / "lib"):
        for name in ("plain", "mounted"):
            root = tmp_path / name
            for version in ("one", "two", "more"):
                project = str(versions[version])
                done = ground.place.run(
                    *("sync", "--project", project, "--prefix", str(root), *words), cwd=ground.home
                )
                assert done.returncode == 0, done.stderr
            trees.append(snapshot(root))
        plain, mounted = trees
        plain.pop("."), mounted.pop(".")
        assert describe_difference(plain, mounted) == []


@pytest.fixture(params=["same file system", "another"])
def elsewhere(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A folder that scheme folders of an environment are links to."""
    folder = tmp_path / "else" / "where"
    if request.param == "another":
        with mounted_memory(folder):
            yield folder
    else:
        folder.mkdir(parents=True)
        yield folder


@pytest.mark.mount
@pytest.mark.parametrize("linked", ["bin", "lib", "share"])
def test_1_an_environments_scheme_folders_are_resolved_once(
    ground: Ground, versions: dict[str, Path], tmp_path: Path, elsewhere: Path, linked: str
) -> None:
    venv = tmp_path / "venv"
    subprocess.run([sys.executable, "-I", "-m", "venv", "--without-pip", str(venv)], check=True)
    (venv / linked).mkdir(exist_ok=True)
    subprocess.run(["cp", "-a", venv / linked, elsewhere], check=True)
    (venv / linked).rename(tmp_path / "away")
    (venv / linked).symlink_to(elsewhere / linked)
    before = snapshot(venv, times=False), snapshot(elsewhere, times=False)
    words = ("sync", "--frozen", "--active", "--cache-dir", str(ground.home / "cache"), "--exact")

    def sync(name: str) -> subprocess.CompletedProcess[str]:
        variables = {"VIRTUAL_ENV": str(venv)}
        return ground.place.run(*words, cwd=versions[name], variables=variables)

    done = sync("one")
    if linked == "share":  # no scheme folder: a link on the way is not followed
        assert done.returncode == 1
        assert "share" in done.stderr
        assert (snapshot(venv, times=False), snapshot(elsewhere, times=False)) == before
        return
    assert done.returncode == 0, done.stderr
    assert (venv / "bin" / "demo").read_text().startswith(f"#!{venv}/bin/python")
    seen = subprocess.run(
        [venv / "bin" / "python", "-I", "-c", "import demo; print(demo.V)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert seen.stdout == "1\n"
    used, checked = sync("one").stderr.splitlines()
    assert used == f"Using Python {platform.python_version()} environment at: {venv}"
    assert checked.startswith("Checked")
    assert sync("two").returncode == 0
    assert not (venv / "bin" / "gone").exists()
    assert sync("none").returncode == 0
    assert not (venv / "bin" / "demo").exists()
    assert work_left(tmp_path) == []


def test_1_links_in_a_root_are_refused_by_name(
    ground: Ground, versions: dict[str, Path], tmp_path: Path
) -> None:
    """A launcher finds its root from where it stands: `bin` cannot lie elsewhere."""
    root, away = tmp_path / "root", tmp_path / "away"
    root.mkdir()
    away.mkdir()
    (root / "bin").symlink_to(away)
    before = snapshot(tmp_path)
    refused = ground.try_sync(versions["one"], root)
    assert refused.returncode == 1
    assert "bin (symbolic link)" in refused.stderr
    assert snapshot(tmp_path) == before


def test_1_a_folder_of_another_user_is_filled_and_keeps_its_owner(
    ground: Ground, versions: dict[str, Path], fresh: dict[str, Path], tmp_path: Path
) -> None:
    """Who may write in it need not own it; its own time is the owner's to set, and stays what it became."""
    guest = as_user(12345)
    root, cache = tmp_path / "root", tmp_path / "cache"
    for folder in (root, cache):
        folder.mkdir()
        folder.chmod(0o777)
    before = identity(root)
    for name in ("one", "two", "more"):
        ground.sync(versions[name], root, cache=cache, by=guest)
        assert identity(root) == before
        found, expected = snapshot(root), snapshot(fresh[name])
        del found["."], expected["."]
        assert describe_difference(found, expected) == []
        assert (root / "top.py").stat().st_uid == 12345
    said = ground.sync(versions["more"], root, "--check", cache=cache, by=guest)
    assert "Would make no changes" in said
