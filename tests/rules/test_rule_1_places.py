"""ROOT.md 1, through the real command: folders of other users."""

from pathlib import Path

import pytest

from support.ground import Ground, build_versions, make_ground
from support.trees import describe_difference, snapshot
from support.users import as_user


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
