"""argv, variables and folder -> a command: whose word holds, and what excludes what (ROOT.md 1, SYNC_SEMANTICS 2)."""

from dataclasses import replace
from pathlib import Path

import pytest

from siteroot.cli.option import Farther, Kind, Option
from siteroot.cli.options import CONTRADICTIONS, OPTIONS
from siteroot.cli.parsing import Cache, ContradictionError, Help, ShowVersion, Sync, parse_command
from siteroot.errors import UsageError
from siteroot.model.event import Note, Warned
from siteroot.model.request import (
    CacheAction,
    Freshness,
    InstallFilter,
    PythonRequest,
    RootPlace,
    RootRequest,
    SelectionRequest,
)
from siteroot.model.settings import IndexSetting, LinkMode, Settings

_NOWHERE = RootRequest(
    place=None,
    path=None,
    system=False,
    variable_target=None,
    variable_prefix=None,
    project_environment=None,
    virtual_env=None,
)


def _sync(words: str, **environ: str) -> Sync:
    command = parse_command(["sync", *words.split()], environ, "/")
    assert isinstance(command, Sync)
    return command


def _refused(words: str, command: str = "sync", **environ: str) -> str:
    with pytest.raises(UsageError) as caught:
        parse_command([*command.split(), *words.split()], environ, "/")
    return str(caught.value)


def test_nothing_said() -> None:
    request = _sync("").request
    assert request.freshness is Freshness.JUDGED
    assert request.root == _NOWHERE
    assert request.selection == SelectionRequest()
    assert request.settings == Settings()
    assert request.python == PythonRequest(
        python=None, origin="", python_version=None, python_platform=None
    )
    assert (request.dry_run, request.check, request.no_config) == (False, False, False)


@pytest.mark.parametrize(
    ("words", "environ", "freshness", "warning"),
    [
        ("--frozen", {}, Freshness.FROZEN, None),
        ("--locked", {}, Freshness.LOCKED, None),
        ("", {"UV_FROZEN": "1"}, Freshness.FROZEN, None),
        ("", {"UV_FROZEN": "0", "UV_LOCKED": "1"}, Freshness.LOCKED, None),
        ("--locked", {"UV_FROZEN": "1"}, Freshness.LOCKED, "Ignoring `UV_FROZEN` because `--locked` was said"),
        ("--frozen", {"UV_LOCKED": "1"}, Freshness.FROZEN, "Ignoring `UV_LOCKED` because `--frozen` was said"),
        ("--frozen", {"UV_FROZEN": "1"}, Freshness.FROZEN, None),
        ("", {"SITEROOT_FROZEN": "1", "UV_LOCKED": "1"}, Freshness.FROZEN,
         "Ignoring `UV_LOCKED` because the variable `SITEROOT_FROZEN` was said"),
    ],
)  # fmt: skip
def test_freshness(
    words: str, environ: dict[str, str], freshness: Freshness, warning: str | None
) -> None:
    command = _sync(words, **environ)
    assert command.request.freshness is freshness
    assert command.notices == (() if warning is None else (Warned(warning),))


@pytest.mark.parametrize(
    ("words", "environ", "root"),
    [
        ("--target pkgs", {}, replace(_NOWHERE, place=RootPlace.TARGET, path="pkgs")),
        ("--prefix /opt", {}, replace(_NOWHERE, place=RootPlace.PREFIX, path="/opt")),
        ("--pypackages", {}, replace(_NOWHERE, place=RootPlace.PYPACKAGES)),
        ("--system", {}, replace(_NOWHERE, place=RootPlace.SYSTEM, system=True)),
        ("--active", {"VIRTUAL_ENV": "/v"}, replace(_NOWHERE, place=RootPlace.ACTIVE, virtual_env="/v")),
        ("--system --target pkgs", {}, replace(_NOWHERE, place=RootPlace.TARGET, path="pkgs", system=True)),
        ("--system --prefix p", {}, replace(_NOWHERE, place=RootPlace.PREFIX, path="p", system=True)),
        ("", {"SITEROOT_TARGET": "a"}, replace(_NOWHERE, variable_target="a")),
        ("", {"SITEROOT_PREFIX": "a"}, replace(_NOWHERE, variable_prefix="a")),
        ("--target b", {"SITEROOT_TARGET": "a"}, replace(_NOWHERE, place=RootPlace.TARGET, path="b")),
        ("--target b", {"SITEROOT_PREFIX": "a"}, replace(_NOWHERE, place=RootPlace.TARGET, path="b")),
        ("--pypackages", {"SITEROOT_TARGET": "a"}, replace(_NOWHERE, place=RootPlace.PYPACKAGES)),
        ("", {"UV_PROJECT_ENVIRONMENT": ".v"}, replace(_NOWHERE, project_environment=".v")),
        ("", {"UV_PROJECT_ENVIRONMENT": "", "VIRTUAL_ENV": ""}, _NOWHERE),
        ("--no-active", {"VIRTUAL_ENV": "/v"}, replace(_NOWHERE, virtual_env="/v")),
    ],
)  # fmt: skip
def test_where_the_root_goes(words: str, environ: dict[str, str], root: RootRequest) -> None:
    assert _sync(words, **environ).request.root == root


def test_any_two_other_places_exclude_each_other() -> None:
    places = {"--target t", "--prefix p", "--pypackages", "--active", "--system"}
    fine = ({"--system", "--target t"}, {"--system", "--prefix p"})
    for one in places:
        for other in places - {one}:
            if {one, other} not in fine:
                assert "exclude each other" in _refused(f"{one} {other}")
    assert "exclude each other" in _refused("", SITEROOT_TARGET="a", SITEROOT_PREFIX="b")


@pytest.mark.parametrize(
    ("words", "environ", "selection"),
    [
        ("--extra a,b --extra c", {}, SelectionRequest(extras=("a", "b", "c"))),
        ("--all-extras --no-extra a", {}, SelectionRequest(all_extras=True, no_extras=("a",))),
        ("--group a --no-group b", {"UV_NO_GROUP": "c d"}, SelectionRequest(groups=("a",), no_groups=("b",))),
        ("", {"UV_NO_GROUP": "c d"}, SelectionRequest(no_groups=("c", "d"))),
        ("--dev", {"UV_NO_DEV": "1"}, SelectionRequest(dev=True)),
        ("--group dev", {"UV_NO_DEV": "1"}, SelectionRequest(groups=("dev",), dev=False)),
        ("--dev --no-dev", {}, SelectionRequest(dev=False)),
        ("--no-dev --dev", {}, SelectionRequest(dev=True)),
        ("", {"UV_DEV": "1", "UV_NO_DEV": "1"}, SelectionRequest(dev=False)),
        ("--dev --only-dev", {}, SelectionRequest(dev=True, only_dev=True)),
        ("--only-dev", {"UV_NO_DEV": "1"}, SelectionRequest(only_dev=True)),
        ("--only-group a", {"UV_DEV": "1"}, SelectionRequest(only_groups=("a",))),
        ("--no-all-extras", {}, SelectionRequest()),
        ("--package a --package b", {}, SelectionRequest(packages=("a", "b"))),
        ("--only-install-project", {"UV_NO_INSTALL_PROJECT": "1"},
         SelectionRequest(install=InstallFilter(only_project=True))),
        ("--no-install-local", {"UV_ONLY_INSTALL_LOCAL": "1"},
         SelectionRequest(install=InstallFilter(no_local=True))),
        ("--no-install-project --no-install-package a", {"UV_NO_INSTALL_WORKSPACE": "1"},
         SelectionRequest(install=InstallFilter(no_project=True, no_workspace=True, no_packages=("a",)))),
        ("--editable", {"UV_NO_EDITABLE": "1"}, SelectionRequest()),
        ("--no-editable-package a", {}, SelectionRequest(no_editable_packages=("a",))),
    ],
)  # fmt: skip
def test_what_is_selected(words: str, environ: dict[str, str], selection: SelectionRequest) -> None:
    assert _sync(words, **environ).request.selection == selection


@pytest.mark.parametrize(
    ("words", "environ", "settings"),
    [
        ("--link-mode copy", {"UV_LINK_MODE": "hardlink"}, Settings(link_mode=LinkMode.COPY)),
        ("", {"SITEROOT_LINK_MODE": "copy", "UV_LINK_MODE": "hardlink"}, Settings(link_mode=LinkMode.COPY)),
        ("--exact --inexact", {}, Settings(exact=False)),
        ("--cache-dir c", {}, Settings(cache_dir="/usr/c")),
        ("", {"UV_CACHE_DIR": "/c"}, Settings(cache_dir="/c")),
        ("--no-offline", {"UV_OFFLINE": "1"}, Settings(offline=False)),
        ("", {"UV_OFFLINE": "0"}, Settings()),
        ("--no-build-package a --no-build-package b", {"UV_NO_BUILD_PACKAGE": "c"},
         Settings(no_build_package=("a", "b"))),
        ("-C a=1 -C b=x=y -C b=2 --config-settings-package A_b:c=3", {}, Settings(
            config_settings={"a": "1", "b": ("x=y", "2")}, config_settings_package={"a-b": {"c": "3"}})),
        ("--no-build-isolation-package a --build-network none", {"UV_NO_BUILD_ISOLATION": "1"}, Settings(
            no_build_isolation=True, no_build_isolation_package=("a",), build_network="none")),
        ("", {"UV_MANAGED_PYTHON": "1"}, Settings(python_preference="only-managed")),
        ("--no-managed-python", {"UV_PYTHON_PREFERENCE": "managed"}, Settings(python_preference="only-system")),
        ("", {"UV_PYTHON_PREFERENCE": "managed"}, Settings(python_preference="managed")),
        ("", {"UV_HTTP_TIMEOUT": "7", "UV_HTTP_RETRIES": "0"}, Settings(http_timeout=7.0, http_retries=0)),
        ("--index a=https://a.example/simple --index https://b.example --default-index https://c.example", {},
         Settings(indexes=(
             IndexSetting(url="https://a.example/simple", name="a"),
             IndexSetting(url="https://b.example"),
             IndexSetting(url="https://c.example", default=True),
         ))),
        ("", {"UV_INDEX": "a=https://a.example/?x=1 https://b.example/?y=2"},
         Settings(indexes=(
             IndexSetting(url="https://a.example/?x=1", name="a"),
             IndexSetting(url="https://b.example/?y=2"),
         ))),
        ("--find-links wheels,https://a.example", {}, Settings(find_links=("/usr/wheels", "https://a.example"))),
        ("", {"UV_RESOLUTION": "lowest"}, Settings(resolution="lowest")),
        ("--overwrite --strict --pth off --require-hashes", {},
         Settings(overwrite=True, strict=True, pth="off", require_hashes=True)),
        ("--durable", {}, Settings(durable=True)),
        ("--no-durable", {"SITEROOT_DURABLE": "1"}, Settings(durable=False)),
        ("", {"SITEROOT_OVERWRITE": "1", "SITEROOT_PTH": "off", "UV_REQUIRE_HASHES": "1"},
         Settings(overwrite=True, pth="off", require_hashes=True)),
        ("--tolerate-record a --tolerate-record b", {}, Settings(tolerate_record=("a", "b"))),
        ("--no-cache", {"UV_CACHE_DIR": "/c"}, Settings(no_cache=True, cache_dir="/c")),
    ],
)  # fmt: skip
def test_settings_of_flags_and_variables(
    words: str, environ: dict[str, str], settings: Settings
) -> None:
    command = parse_command(["sync", *words.split()], environ, "/usr")
    assert isinstance(command, Sync)
    assert command.request.settings == settings


def _words(option: Option) -> str:
    value = option.choices[0] if option.choices else "x"
    return option.name if option.kind in (Kind.SWITCH, Kind.COUNT) else f"{option.name} {value}"


def _side(field: str, *, value: bool, command: str) -> Option | None:
    rows = (
        option
        for option in OPTIONS
        if option.field == field
        and option.value is value
        and option.names
        and option.commands[0] == command
    )
    return next(rows, None)


@pytest.mark.parametrize("contradiction", CONTRADICTIONS)
def test_contradictions_are_refused(contradiction: object) -> None:
    from siteroot.cli.option import Contradiction

    assert isinstance(contradiction, Contradiction)
    command = "pip list" if contradiction.one == "only_editable" else "sync"
    one = _side(contradiction.one, value=True, command=command)
    other = _side(contradiction.other, value=contradiction.other_value, command=command)
    assert one is not None
    if other is None:  # no_sources: the variable alone
        assert "exclude each other" in _refused(_words(one), UV_NO_SOURCES="1")
        return
    for words in (f"{_words(one)} {_words(other)}", f"{_words(other)} {_words(one)}"):
        refusal = _refused(words, one.commands[0])
        assert refusal.endswith("exclude each other: say one of them")
    variable = next(iter(other.variables), None)
    if variable is not None and contradiction.farther is not Farther.REFUSED:
        _sync(_words(one), **{variable: "x" if other.kind is Kind.TEXT else "1"})


@pytest.mark.parametrize(
    ("words", "environ", "message"),
    [
        ("--frozen --locked", {}, "`--frozen` and `--locked` exclude each other: say one of them"),
        ("", {"UV_FROZEN": "1", "UV_LOCKED": "1"},
         "the variable `UV_FROZEN` and the variable `UV_LOCKED` exclude each other: say one of them"),
        ("--refresh", {"UV_OFFLINE": "1"},
         "the variable `UV_OFFLINE` and `--refresh` exclude each other: say one of them"),
        ("--link-mode symlink --no-cache", {}, "links into a cache that is removed at the end would lead nowhere:"
         " `--link-mode symlink` and `--no-cache` exclude each other"),
    ],
)  # fmt: skip
def test_contradictions_name_both_sides(words: str, environ: dict[str, str], message: str) -> None:
    with pytest.raises(ContradictionError) as caught:
        parse_command(["sync", *words.split()], environ, "/")
    assert str(caught.value) == message


def test_the_folder_to_work_in(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    command = parse_command(["sync", "--directory", "app", "--cache-dir", "c"], {}, str(tmp_path))
    assert isinstance(command, Sync)
    assert command.folder == str(tmp_path / "app")
    assert command.request.settings.cache_dir == str(tmp_path / "app" / "c")
    with pytest.raises(UsageError, match="there is no such folder"):
        parse_command(["sync"], {"UV_WORKING_DIR": "absent"}, str(tmp_path))


def test_python_and_who_said_it() -> None:
    assert _sync("", UV_PYTHON="3.12").request.python.origin == "UV_PYTHON"
    python = _sync(
        "-p pypy --python-version 3.10 --python-platform linux", UV_PYTHON="3.12"
    ).request.python
    assert python == PythonRequest(
        python="pypy", origin="-p", python_version="3.10", python_platform="linux"
    )


def test_how_to_speak() -> None:
    presentation = _sync("-vv --no-progress --color always --output-format json").presentation
    assert (presentation.verbose, presentation.progress, presentation.color) == (2, False, "always")
    assert presentation.json
    assert _sync("--no-color -qq").presentation.color == "never"
    assert _sync("-q -q").presentation.quiet == 2


def test_what_is_read_over_is_told() -> None:
    notices = _sync("", UV_CONCURRENT_BUILDS="1", SITEROOT_TARGT="x").notices
    assert [type(notice) for notice in notices] == [Note, Warned]
    assert "UV_CONCURRENT_BUILDS" in notices[0].text
    assert (
        notices[1].text
        == "the variable `SITEROOT_TARGT` means nothing: did you mean SITEROOT_TARGET?"
    )


def test_the_other_commands() -> None:
    command = parse_command(["cache", "clean", "numpy", "-q"], {"UV_CACHE_DIR": "c"}, "/")
    assert isinstance(command, Cache)
    assert command.request.action is CacheAction.CLEAN
    assert command.request.names == ("numpy",)
    assert command.request.settings.cache_dir == "/c"
    assert parse_command(["--version", "-q"], {}, "/") == ShowVersion()
    assert parse_command([], {}, "/") == Help(command="", asked=False, color="auto")
    assert parse_command(["cache"], {}, "/") == Help(command="cache", asked=False, color="auto")
    assert parse_command(["help", "cache", "dir"], {}, "/") == Help(
        command="cache dir", asked=True, color="auto"
    )
    for words in (["help", "snyc"], ["help", "cache", "nothing"], ["cache", "clean", "a b"]):
        with pytest.raises(UsageError):
            parse_command(words, {}, "/")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("-C a", "`a` is not KEY=VALUE"),
        ("-C =a", "`=a` is not KEY=VALUE"),
        ("--config-settings-package a=b", "`a=b` is not NAME:KEY=VALUE"),
    ],
)
def test_a_backends_setting_that_is_none_is_refused(words: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        parse_command(["sync", *words.split()], {}, "/usr")
