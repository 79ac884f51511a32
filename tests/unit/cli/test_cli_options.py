"""The one table: whole, without doubles, and in step with the settings files."""

import re
from itertools import combinations

import pytest

from siteroot.cli.arguments import UnclearWordsError, options_of, parse_arguments
from siteroot.cli.guide import render_help
from siteroot.cli.option import Kind, Option, Section
from siteroot.cli.options import COMMANDS, CONTRADICTIONS, OPTIONS
from siteroot.cli.reference import (
    render_exit_codes,
    render_options,
    render_settings,
    render_variables,
)
from siteroot.cli.terminal import Paint
from siteroot.formats.settings_table import OWN_KEYS, SHARED_KEYS

_PLAIN = Paint(on=False)


def test_no_name_and_no_variable_stands_twice() -> None:
    for one, other in combinations(OPTIONS, 2):
        if set(one.commands) & set(other.commands):
            assert set(one.names + one.aliases).isdisjoint(other.names + other.aliases)
        assert set(one.variables).isdisjoint(other.variables)


@pytest.mark.parametrize("option", OPTIONS)
def test_each_row_is_whole(option: Option) -> None:
    assert option.names or option.variables or option.setting
    takes_value = option.kind not in (Kind.SWITCH, Kind.COUNT)
    if option.names and not option.refused:
        assert bool(option.metavar) is takes_value
    if option.help:
        assert option.help.endswith((".", "]"))
    if option.variables and option.variables[0].startswith("SITEROOT_"):
        assert all(name.removeprefix("UV_") for name in option.variables)
    for name in option.variables:
        if name.startswith("UV_") and name not in (
            "UV_PYTHON",
            "UV_NATIVE_TLS",
            "UV_REQUEST_TIMEOUT",
            "UV_WORKING_DIRECTORY",
        ):
            assert name.replace("UV_", "SITEROOT_", 1) in option.variables


def test_contradictions_speak_of_fields_that_are() -> None:
    fields = {option.field for option in OPTIONS}
    for contradiction in CONTRADICTIONS:
        assert {contradiction.one, contradiction.other} <= fields


def test_the_settings_are_those_that_files_may_hold() -> None:
    own = {option.setting for option in OPTIONS if option.own_setting}
    shared = {option.setting for option in OPTIONS if option.setting and not option.own_setting}
    assert own == OWN_KEYS
    assert shared == SHARED_KEYS


@pytest.mark.parametrize("command", ["", "cache", *COMMANDS])
@pytest.mark.parametrize("width", [60, 80, 100])
def test_help_keeps_its_width_and_tells_every_option_with_its_variable(
    command: str, width: int
) -> None:
    page = render_help(command, width, _PLAIN)
    example = False
    for line in page.splitlines():
        example = example or line == "Examples:"  # these are to be copied, and stay whole
        assert len(line) <= (100 if example else width), line
    flat = " ".join(page.split())
    for option in OPTIONS:
        if command not in option.commands or not option.names:
            continue
        shown = bool(option.help) and not option.refused
        if command.startswith("cache") and option.section in (Section.PYTHON, Section.NETWORK):
            shown = False  # taken, as uv takes them, and without a bearing there
        assert (
            f" {option.name} " in flat or f" {option.name}... " in flat
        ) is shown or option.name in option.help, option
        if shown:
            assert " ".join(option.help.split()) in flat
            for name in option.variables[-1:] if len(option.variables) == 2 else ():
                assert f"[env: {name}=]" in flat


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_tells_just_the_words_that_are_taken(command: str) -> None:
    told = set(re.findall(r"(?<![\w-])--?\w[\w-]*", render_help(command, 100, _PLAIN)))
    taken = {word for each in options_of(command) if not each.refused for word in each.words}
    assert taken - told == set()
    assert told - taken - {"-m", "-h", "--help"} == set()


@pytest.mark.parametrize("option", [each for each in OPTIONS if each.refused and each.names])
def test_a_word_that_is_not_honoured_says_why(option: Option) -> None:
    for word in option.words:
        value = () if option.kind is Kind.SWITCH else ("1",)
        with pytest.raises(UnclearWordsError, match=f"`{word}` is not honoured: .{{9}}"):
            parse_arguments([*option.commands[0].split(), word, *value])


def test_help_teaches_by_examples_and_tells_exit_codes() -> None:
    page = render_help("sync", 100, _PLAIN)
    assert page.startswith("Bring a site root to hold exactly what the project's lock says")
    assert (
        page.index("Where the root goes:")
        < page.index("What is installed:")
        < page.index("Examples:")
    )
    assert "siteroot sync --frozen --target pkgs\n" in page
    assert "  130  Interrupted" in page


def test_help_is_coloured_only_when_asked() -> None:
    assert "\x1b[" not in render_help("sync", 100, _PLAIN)
    assert "\x1b[1m\x1b[32mLock" not in render_help("sync", 100, _PLAIN)
    assert "\x1b[1m\x1b[36m--frozen\x1b[0m" in render_help("sync", 100, Paint(on=True))


def test_the_reference_tells_everything() -> None:
    options, variables, settings = render_options(), render_variables(), render_settings()
    for option in OPTIONS:
        for name in option.names if option.help or option.refused else ():
            assert name in options
        for variable in option.variables:
            assert f"`{variable}`" in variables or (
                option.refused and variable.startswith("SITEROOT_")
            )
        assert option.setting is None or f"| `{option.setting}` |" in settings
    assert "| 2 | The words make no sense here" in render_exit_codes()
    for table in (options, variables, settings, render_exit_codes()):
        rows = [line for line in table.splitlines() if line.startswith("|")]
        assert rows
        assert all(row.endswith("|") for row in rows)
