"""Environment variables, read by the same table as the flags."""

import pytest

from siteroot.cli.option import Kind
from siteroot.cli.options import COMMANDS, OPTIONS
from siteroot.cli.variables import (
    SenselessVariableError,
    read_variables,
    unheeded_variables,
    unknown_variables,
)


def _read(**environ: str) -> list[tuple[str, object, int]]:
    return [(one.option.field, one.value, one.layer) for one in read_variables("sync", environ)]


@pytest.mark.parametrize("word", ["1", "true", "T", "yes", "Y", "on", "TRUE"])
def test_uvs_words_for_yes(word: str) -> None:
    assert _read(UV_FROZEN=word) == [("frozen", True, 2)]


@pytest.mark.parametrize("word", ["0", "false", "F", "no", "N", "off"])
def test_uvs_words_for_no_say_nothing(word: str) -> None:
    assert _read(UV_FROZEN=word) == []


@pytest.mark.parametrize("word", ["", "2", "maybe", " 1"])
def test_other_words_are_refused_with_variable_and_value(word: str) -> None:
    with pytest.raises(SenselessVariableError) as caught:
        _read(UV_FROZEN=word)
    assert str(caught.value) == f"the variable `UV_FROZEN` cannot be `{word}`: it is a switch"
    assert caught.value.hints == ("set UV_FROZEN to 1 or 0, or unset it",)


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"UV_NO_DEV": "1"}, [("dev", False, 2)]),
        ({"UV_NO_GROUP": "a b"}, [("no_group", ("a", "b"), 2)]),
        ({"UV_NO_GROUP": ""}, []),
        ({"UV_FIND_LINKS": "a,b c"}, [("find_links", ("a", "b c"), 2)]),
        ({"UV_LINK_MODE": "copy"}, [("link_mode", "copy", 2)]),
        ({"UV_PYTHON": ""}, []),
        ({"UV_PYTHON": "3.12"}, [("python", "3.12", 2)]),
        ({"UV_HTTP_TIMEOUT": "7"}, [("http_timeout", 7, 2)]),
        ({"UV_REQUEST_TIMEOUT": "7"}, [("http_timeout", 7, 2)]),
        ({"UV_HTTP_TIMEOUT": ""}, []),
        ({"UV_NATIVE_TLS": "1"}, [("system_certs", True, 2)]),
        ({"SITEROOT_TARGET": "pkgs"}, [("target", "pkgs", 1)]),
        ({"SITEROOT_LINK_MODE": "copy", "UV_LINK_MODE": "hardlink"}, [("link_mode", "copy", 1)]),
        ({"SITEROOT_OFFLINE": "0", "UV_OFFLINE": "1"}, []),
        ({"SITEROOT_TOLERATE_RECORD": "a b"}, [("tolerate_record", ("a", "b"), 1)]),
    ],
)
def test_values_and_nearness(environ: dict[str, str], said: list[tuple[str, object, int]]) -> None:
    assert _read(**environ) == said


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({"UV_LINK_MODE": ""}, "the variable `UV_LINK_MODE` needs a value (clone, copy, hardlink, symlink)"),
        ({"UV_LINK_MODE": "x"}, "the variable `UV_LINK_MODE` cannot be `x` (clone, copy, hardlink, symlink)"),
        ({"UV_CACHE_DIR": ""}, "the variable `UV_CACHE_DIR` needs a value"),
        ({"SITEROOT_TARGET": ""}, "the variable `SITEROOT_TARGET` needs a value"),
        ({"UV_HTTP_TIMEOUT": "a"}, "the variable `UV_HTTP_TIMEOUT` has to be a whole number, not `a`"),
        ({"UV_CONCURRENT_DOWNLOADS": "0"}, "the variable `UV_CONCURRENT_DOWNLOADS` has to be a whole number from 1 on, not `0`"),
        ({"UV_OFFLINE": "x", "SITEROOT_OFFLINE": "1"}, "the variable `UV_OFFLINE` cannot be `x`: it is a switch"),
        ({"UV_NO_GROUP": "a,b"}, "the variable `UV_NO_GROUP` cannot be `a,b`: a name holds letters, digits, `-`, `_` and `.`, and begins and ends with a letter or digit"),
    ],
)  # fmt: skip
def test_senseless_values_are_refused(environ: dict[str, str], message: str) -> None:
    with pytest.raises(SenselessVariableError) as caught:
        _read(**environ)
    assert str(caught.value) == message


def test_every_variable_of_the_table_is_heard() -> None:
    samples = {
        Kind.SWITCH: "1",
        Kind.COUNT: "1",
        Kind.NUMBER: "5",
        Kind.TEXT: "x",
        Kind.LIST: "x",
        Kind.NAMES: "x",
    }
    heard = 0
    for option in OPTIONS:
        for name in () if option.refused else option.variables:
            value = option.choices[0] if option.choices else samples[option.kind]
            said = read_variables(option.commands[0], {name: value})
            assert [one.option for one in said] == [option], name
            heard += 1
    assert heard > 80


def test_a_variable_of_uv_that_is_not_honoured_is_no_error_but_can_be_told() -> None:
    assert _read(UV_CONCURRENT_BUILDS="junk", UV_PUBLISH_URL="x", UV_TOOL_DIR="y") == []
    ((name, why),) = unheeded_variables({"UV_CONCURRENT_BUILDS": "1", "UV_TOOL_DIR": "y"})
    assert name == "UV_CONCURRENT_BUILDS"
    assert "one after another" in why


def test_a_variable_of_ours_that_means_nothing_is_told_with_the_near_name() -> None:
    environ = {
        "SITEROOT_TARGE": "x",
        "SITEROOT_PYTHON": "x",
        "SITEROOT_STARTED": "x",
        "SITEROOT_INDEX_A_PASSWORD": "x",
        "SITEROOT_LOCK": "x",
    }
    assert unknown_variables(environ) == (("SITEROOT_TARGE", "SITEROOT_TARGET"),)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_reads_only_its_own_variables(command: str) -> None:
    said = read_variables(command, {"UV_FROZEN": "1", "UV_CACHE_DIR": "x"})
    fields = {one.option.field for one in said}
    assert fields == ({"frozen", "cache_dir"} if command == "sync" else {"cache_dir"})
