"""What makes a build stale, and what does not."""

from collections.abc import Callable
from pathlib import Path

import pytest

from siteroot.build.state import read_state
from siteroot.formats.cache_keys import CacheKeysError
from siteroot.model.build import BuildKind
from support.repositories import Repo
from support.sdists import write_tree

FILES = {
    "pyproject.toml": "[project]\nname = 'app'\n",
    "src/app/__init__.py": "",
    "src/app/a.py": "A = 1\n",
    "README.md": "x\n",
}


#: A tree that is a site root itself.
SELF = {
    ".siteroot.json": "{}",
    "dep/__init__.py": "",
    "dep-1.0.dist-info/RECORD": "dep/__init__.py,,\ndep-1.0.dist-info/RECORD,,\nbin/dep,,\n",
    "bin/dep": "",
}


def add(folder: Path, path: str, text: str) -> None:
    write_tree(folder, {path: text})


@pytest.mark.parametrize(
    ("change", "copy_stale", "editable_stale"),
    [
        (lambda f: add(f, "src/app/a.py", "A = 2\n"), True, False),
        (lambda f: add(f, "src/app/b.py", ""), True, False),
        (lambda f: (f / "README.md").unlink(), True, False),
        (lambda f: add(f, "pyproject.toml", "[project]\nname = 'other'\n"), True, True),
        (lambda f: add(f, "setup.py", ""), True, True),
        (lambda f: (f / "src").rename(f / "lib"), True, True),
        (lambda f: add(f, "src/app/a.py", "A = 1\n"), False, False),
        (lambda f: add(f, "build/lib/app/old.py", ""), False, False),
        (lambda f: add(f, "src/app.egg-info/PKG-INFO", ""), False, False),
        (lambda f: add(f, "src/app/__pycache__/a.pyc", ""), False, False),
        (lambda f: add(f, ".venv/x.py", ""), False, False),
        (lambda f: write_tree(f / "pkgs", {".siteroot.json": "{}", "a.py": ""}), False, False),
        (lambda f: write_tree(f, SELF), False, False),
        (lambda f: write_tree(f, SELF | {"dep/ours.py": ""}), True, False),
    ],
)  # fmt: skip
def test_a_copy_hangs_on_every_file_and_an_editable_on_what_describes_it(
    tmp_path: Path, change: Callable[[Path], object], *, copy_stale: bool, editable_stale: bool
) -> None:
    write_tree(tmp_path, FILES)
    kinds = (BuildKind.WHEEL, BuildKind.EDITABLE)
    before = [read_state(str(tmp_path), kind, {}) for kind in kinds]
    assert before == [read_state(str(tmp_path), kind, {}) for kind in kinds]
    change(tmp_path)
    after = [read_state(str(tmp_path), kind, {}) for kind in kinds]
    assert [one != other for one, other in zip(before, after, strict=True)] == [
        copy_stale,
        editable_stale,
    ]


@pytest.mark.parametrize(
    ("key", "change", "stale"),
    [
        ('"*.md"', lambda f: add(f, "README.md", "y"), True),
        ('{ file = "src/**/*.py" }', lambda f: add(f, "src/app/deep/n.py", ""), True),
        ('{ file = "src/**/*.py" }', lambda f: add(f, "README.md", "y"), False),
        ('{ dir = "data" }', lambda f: (f / "data").mkdir(), True),
        ('{ dir = "src" }', lambda f: add(f, "src/n.py", ""), False),
    ],
)  # fmt: skip
def test_cache_keys_say_what_a_build_hangs_on(
    tmp_path: Path, key: str, change: Callable[[Path], object], *, stale: bool
) -> None:
    write_tree(tmp_path, FILES | {"pyproject.toml": f"[tool.uv]\ncache-keys = [{key}]\n"})
    for kind in (BuildKind.WHEEL, BuildKind.EDITABLE):
        before = read_state(str(tmp_path), kind, {})
        change(tmp_path) if kind is BuildKind.WHEEL else None
        assert (before != read_state(str(tmp_path), kind, {})) == (
            stale and kind is BuildKind.WHEEL
        )


def test_a_variable_a_commit_and_a_tag_can_be_keys(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "app")
    keys = "[tool.uv]\ncache-keys = [{ env = 'FLAG' }, { git = { commit = true, tags = true } }]\n"
    repo.commit({"pyproject.toml": keys})

    def state(flag: str = "") -> str:
        return read_state(str(repo.folder), BuildKind.EDITABLE, {"FLAG": flag})

    assert state() != state("1")
    states = [state()]
    repo.commit({"a": ""})
    states.append(state())
    repo.git("tag", "v1")
    states.append(state())
    repo.git("pack-refs", "--all")
    repo.commit({"b": ""})
    states.append(state())
    assert len(set(states)) == 4


def test_a_version_that_is_told_from_tags_makes_them_a_key(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "app")
    repo.commit({"pyproject.toml": "[project]\nname = 'app'\ndynamic = ['version']\n"})
    before = read_state(str(repo.folder), BuildKind.WHEEL, {})
    repo.git("tag", "v2")
    assert read_state(str(repo.folder), BuildKind.WHEEL, {}) != before


def test_keys_that_cannot_be_understood_are_named(tmp_path: Path) -> None:
    write_tree(tmp_path, {"pyproject.toml": "[tool.uv]\ncache-keys = [{ fil = 'x' }]\n"})
    with pytest.raises(CacheKeysError, match=r"tool.uv.cache-keys\[0\]: is none of file, dir"):
        read_state(str(tmp_path), BuildKind.WHEEL, {})
