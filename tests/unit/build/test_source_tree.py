"""Whose a source tree is, and how it says that it is built."""

from pathlib import Path

import pytest
from packaging.version import Version

from siteroot.build.source_tree import (
    NoSourceTreeError,
    WrongSourceError,
    check_identity,
    read_build_system,
)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("Name: other\nVersion: 1.0\n", "PKG-INFO is of other 1.0, and app 1.0 was asked for"),
        ("Name: App\nVersion: 1.1\n", "PKG-INFO is of app 1.1, and app 1.0 was asked for"),
        ("Name: app\n", "PKG-INFO has no Version"),
    ],
)
def test_another_distributions_source_is_refused(tmp_path: Path, said: str, words: str) -> None:
    (tmp_path / "PKG-INFO").write_text(said)
    with pytest.raises(WrongSourceError) as caught:
        check_identity(str(tmp_path), "app", Version("1.0"), "app-1.0.tar.gz")
    assert words in str(caught.value)


@pytest.mark.parametrize("said", ["Name: App\nVersion: 1.0.0\n\nlong text", None])
def test_the_right_one_is_taken_and_one_that_does_not_say(tmp_path: Path, said: str | None) -> None:
    if said is not None:
        (tmp_path / "PKG-INFO").write_text(said)
    check_identity(str(tmp_path), "app", Version("1.0"), "app-1.0.tar.gz")


def test_a_folder_that_says_nothing_is_no_source_tree(tmp_path: Path) -> None:
    with pytest.raises(NoSourceTreeError, match=r"neither pyproject.toml nor setup.py"):
        read_build_system(str(tmp_path), "app")
    with pytest.raises(NoSourceTreeError, match="no such folder"):
        read_build_system(str(tmp_path / "x"), "app")
    (tmp_path / "setup.py").touch()
    with pytest.raises(NoSourceTreeError, match="is no folder, and its name is not"):
        read_build_system(str(tmp_path / "setup.py"), "app")
    assert read_build_system(str(tmp_path), "app").backend == "setuptools.build_meta:__legacy__"
