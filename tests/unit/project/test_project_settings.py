import dataclasses
from dataclasses import fields

import pytest

from siteroot.errors import ProjectError
from siteroot.formats.uv_toml import UvTomlError
from siteroot.model.settings import IndexSetting, Settings
from siteroot.project.settings import (
    MissingSettingsError,
    SettingsLayers,
    SettingsPlaces,
    combine_settings,
    read_settings_layers,
)
from support.project_files import MemoryProjectFiles

PLACES = SettingsPlaces(user_folder="/home/me/.config", system_folders=("/etc/xdg", "/etc"))


def read(
    files: dict[str, str], places: SettingsPlaces = PLACES, root: str | None = "/w/app"
) -> SettingsLayers:
    return read_settings_layers(MemoryProjectFiles(files), root, places)


def combined(files: dict[str, str], places: SettingsPlaces = PLACES) -> Settings:
    return combine_settings(read(files, places).layers)


def test_the_nearest_scalar_wins_and_lists_are_joined_nearest_first() -> None:
    near = Settings(offline=False, find_links=("a",), prerelease_package={"x": "allow"})
    far = Settings(
        offline=True, no_cache=True, find_links=("b",), prerelease_package={"x": "explicit", "y": "allow"}
    )  # fmt: skip
    assert combine_settings([near, Settings(), far]) == Settings(
        offline=False,
        no_cache=True,
        find_links=("a", "b"),
        prerelease_package={"x": "allow", "y": "allow"},
    )


def test_every_field_is_combined() -> None:
    values: dict[str, object] = {}
    for field in fields(Settings):
        empty = getattr(Settings(), field.name)
        values[field.name] = (
            ("x",)
            if empty == ()
            else {"x": "y"}
            if "package" in field.name and "Mapping" in str(field.type)
            else True
        )
    full = dataclasses.replace(Settings(), **values)  # type: ignore[arg-type]
    assert combine_settings([Settings(), full]) == combine_settings([full, Settings()]) == full


def test_nothing_combined_is_nothing() -> None:
    assert combine_settings([]) == Settings()


def test_siteroot_over_project_over_user_over_the_first_system_file() -> None:
    files = {
        "/w/app/pyproject.toml": '[tool.siteroot]\nlink-mode = "copy"\n[tool.uv]\nfind-links = ["w"]',
        "/home/me/.config/uv/uv.toml": 'offline = true\nfind-links = ["u"]',
        "/etc/xdg/uv/uv.toml": "offline = false\nno-cache = true",
        "/etc/uv/uv.toml": "no-index = true",
    }
    settings = combined(files)
    assert settings.link_mode is not None
    assert (settings.offline, settings.no_cache, settings.no_index) == (True, True, None)
    assert settings.find_links == ("/w/app/w", "/home/me/.config/uv/u")


@pytest.mark.parametrize("where", ["/w/app", "/w", ""])
def test_the_project_file_is_the_first_from_the_root_upward(where: str) -> None:
    files = {f"{where}/uv.toml": "offline = true", "/w/app/pyproject.toml": ""}
    assert combined(files).offline is True
    assert combined({"/w/app/pyproject.toml": "", f"{where}/pyproject.toml": "[tool.uv]\noffline = true"}).offline is True  # fmt: skip


def test_a_nearer_project_file_hides_those_above() -> None:
    files = {
        "/w/app/pyproject.toml": "[tool.uv]",
        "/w/uv.toml": "offline = true",
    }
    assert combined(files).offline is None


def test_a_faulty_pyproject_above_the_project_is_passed_over() -> None:
    files = {"/w/app/pyproject.toml": "", "/w/pyproject.toml": "[", "/uv.toml": "offline = true"}
    assert combined(files).offline is True


def test_a_uv_toml_hides_the_table_beside_it_with_a_warning() -> None:
    files = {
        "/w/app/uv.toml": "no-cache = true",
        "/w/app/pyproject.toml": "[tool.uv]\noffline = true\nindex-url = 'https://x'\npackage = false",
    }
    layers = read(files)
    assert combine_settings(layers.layers) == Settings(no_cache=True)
    assert len(layers.warnings) == 1
    assert "offline, index there are ignored" in layers.warnings[0]
    assert not read({**files, "/w/app/pyproject.toml": "[tool.uv]\npackage = false"}).warnings


def test_unknown_keys_of_uv_come_as_notes() -> None:
    layers = read({"/w/app/pyproject.toml": "[tool.uv]\nofline = true\nno-cache = true"})
    assert combine_settings(layers.layers) == Settings(no_cache=True)
    assert layers.notes[0].startswith("/w/app/pyproject.toml: `ofline` in [tool.uv] is not known")


def test_a_config_file_stands_in_for_all_of_uvs_but_not_for_siteroots() -> None:
    files = {
        "/w/app/pyproject.toml": '[tool.siteroot]\ntarget = "pkgs"\n[tool.uv]\noffline = true',
        "/home/me/.config/uv/uv.toml": "no-cache = true",
        "/x/my.toml": "index = [{ url = 'https://i' }]",
    }
    settings = combined(files, dataclasses.replace(PLACES, config_file="/x/my.toml"))
    assert settings == Settings(target="/w/app/pkgs", indexes=(IndexSetting(url="https://i"),))
    with pytest.raises(MissingSettingsError) as caught:
        combined(files, dataclasses.replace(PLACES, config_file="/x/gone.toml"))
    assert caught.value.where == "/x/gone.toml"


def test_no_config_means_no_settings() -> None:
    files = {"/w/app/pyproject.toml": '[tool.siteroot]\ntarget = "pkgs"', "/etc/uv/uv.toml": "["}
    assert read(files, dataclasses.replace(PLACES, no_config=True)) == SettingsLayers()


def test_without_a_project_user_and_system_files_count() -> None:
    files = {"/home/me/.config/uv/uv.toml": "offline = true", "/uv.toml": "no-cache = true"}
    assert combine_settings(read(files, root=None).layers) == Settings(offline=True)


@pytest.mark.parametrize(
    "path", ["/w/app/uv.toml", "/uv.toml", "/home/me/.config/uv/uv.toml", "/etc/uv/uv.toml"]
)
def test_a_faulty_uv_toml_is_refused_wherever_it_counts(path: str) -> None:
    with pytest.raises(UvTomlError) as caught:
        read({path: "ofline = true", "/w/app/pyproject.toml": ""})
    assert caught.value.where == path


def test_a_users_file_that_may_not_be_read_is_noted() -> None:
    path = "/home/me/.config/uv/uv.toml"
    layers = read_settings_layers(MemoryProjectFiles({}, unreadable=[path]), None, PLACES)
    assert layers.layers == ()
    assert layers.notes == (f"{path} is passed over: cannot be read: Permission denied",)
    with pytest.raises(ProjectError):
        read_settings_layers(MemoryProjectFiles({}, unreadable=["/etc/uv/uv.toml"]), None, PLACES)
