"""What the store remembers of builds, and when it forgets it."""

from dataclasses import replace
from pathlib import Path

import pytest

from siteroot.model.digest import Digest
from siteroot.store.built import Built, find_built, is_used, note_user, write_built
from siteroot.store.collect import clean_cache, prune_cache
from siteroot.store.store import Store
from support.stores import open_store, pin_of
from support.wheels import build_wheel

KEY = "ab" * 32


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(tmp_path)


def built_from(store: Store, tmp_path: Path) -> Built:
    wheel = build_wheel(tmp_path, "app", "1.0", {"app.py": "A = 1\n"})
    stored = store.admit(str(wheel), pin_of(wheel))
    built = Built(filename=wheel.name, digest=stored.digest, size=wheel.stat().st_size)
    write_built(store, KEY, built)
    return built


def test_what_was_built_is_found_by_its_key_alone(tmp_path: Path, store: Store) -> None:
    built = built_from(store, tmp_path)
    assert find_built(store, KEY) == built
    assert find_built(store, "cd" * 32) is None
    prune_cache(store.folder)
    assert find_built(store, KEY) == built


@pytest.mark.parametrize("content", [b"", b"\xff\n1\n2\n3\n", b"ab\nx\ny\nz\n", b"one line"])
def test_a_damaged_name_is_none(tmp_path: Path, store: Store, content: bytes) -> None:
    built_from(store, tmp_path)
    Path(store.folder, "built-v1", KEY[:2], KEY).write_bytes(content)
    assert find_built(store, KEY) is None


def test_the_name_of_a_wheel_that_is_gone_goes_with_it(tmp_path: Path, store: Store) -> None:
    built_from(store, tmp_path)
    clean_cache(store.folder, frozenset(["app"]))
    assert not Path(store.folder, "built-v1", KEY[:2], KEY).exists()


def test_a_build_root_stays_as_long_as_a_site_root_has_what_it_is_for(
    tmp_path: Path, store: Store
) -> None:
    build_root = Path(store.folder, "build-roots-v1", "x")
    build_root.mkdir(parents=True)
    built = replace(built_from(store, tmp_path), root=str(build_root))
    roots = [tmp_path / "one", tmp_path / "other with space"]
    for root in roots:
        root.mkdir()
        (root / ".siteroot.json").write_text(f'{{"digests": ["{built.digest}"]}}')
        note_user(built, str(root))
        note_user(built, str(root))
    assert len((build_root / "users").read_text().splitlines()) == 2
    for root in roots:
        prune_cache(store.folder)
        assert is_used(str(build_root))
        (root / ".siteroot.json").write_text(f'{{"digests": ["{Digest("sha256", "0" * 64)}"]}}')
    prune_cache(store.folder)
    assert not build_root.exists()
