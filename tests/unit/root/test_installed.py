"""Distributions as their metadata describes them, beside what Python itself finds."""

import importlib.metadata
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version

from siteroot.errors import RootError
from siteroot.plan.layout import target_layout
from siteroot.root.installed import describe_installed
from support.installed import furnish, write_egg


def test_they_are_those_that_importlib_finds_with_what_they_need() -> None:
    """All that the tests run with."""
    library = str(Path(pytest.__file__).parents[1])
    theirs = {
        (canonicalize_name(found.name), Version(found.version)): sorted(found.requires or ())
        for found in importlib.metadata.distributions(path=[library])
    }
    ours = {
        (one.name, Version(one.version)): sorted(one.metadata.requires_dist)
        for one in describe_installed(target_layout(library))
        if one.metadata is not None
    }
    assert len(ours) > 5
    assert ours == theirs


def test_forms_that_importlib_knows_are_found_alike(tmp_path: Path) -> None:
    furnish(tmp_path / "library", tmp_path / "sources")
    (tmp_path / "library" / "~eft-1.dist-info").rmdir()
    theirs = {
        (canonicalize_name(found.name), found.version)
        for found in importlib.metadata.distributions(path=[str(tmp_path / "library")])
    }
    ours = {
        (one.name, one.version)
        for one in describe_installed(target_layout(str(tmp_path / "library")))
        if one.editable is None or one.direct_url is not None  # an egg-link needs easy-install.pth
    }
    assert ours == theirs


def test_a_zipped_egg_needs_what_its_requires_txt_says(tmp_path: Path) -> None:
    write_egg(tmp_path / "a-1.0-py3.9.egg", "a", "1.0", "b>1\n[x]\nc\n")
    (found,) = describe_installed(target_layout(str(tmp_path)))
    assert found.metadata is not None
    assert found.metadata.requires_dist == ("b>1", 'c ; extra == "x"')


def test_no_folder_holds_nothing_and_a_file_is_told(tmp_path: Path) -> None:
    assert describe_installed(target_layout(str(tmp_path / "absent"))) == ()
    (tmp_path / "file").write_text("")
    with pytest.raises(RootError, match="cannot be listed"):
        describe_installed(target_layout(str(tmp_path / "file")))
