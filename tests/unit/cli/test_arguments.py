"""argv -> what was said; every fault is one clear line."""

import pytest

from siteroot.cli.arguments import UnclearWordsError, is_name, parse_arguments
from siteroot.cli.option import Kind
from siteroot.cli.options import COMMANDS, OPTIONS


def _said(words: str) -> list[tuple[str, object]]:
    return [(one.option.field, one.value) for one in parse_arguments(words.split()).said]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("sync --frozen --target pkgs", [("frozen", True), ("target", "pkgs")]),
        ("sync --target=pkgs", [("target", "pkgs")]),
        ("sync --extra a,b --extra c", [("extra", ("a", "b")), ("extra", ("c",))]),
        ("sync --no-dev", [("dev", False)]),
        ("sync --dev", [("dev", True)]),
        ("sync --inexact", [("exact", False)]),
        ("sync --no-exact", [("exact", False)]),
        ("sync -p3.12 -n", [("python", "3.12"), ("no_cache", True)]),
        ("sync -vv", [("verbose", 1), ("verbose", 1)]),
        ("sync --force-reinstall", [("reinstall", True)]),
        ("sync --trusted-host example.org", [("allow_insecure_host", ("example.org",))]),
        ("--offline -q sync --frozen", [("offline", True), ("quiet", 1), ("frozen", True)]),
        ("sync --no-build-package", None),
    ],
)
def test_options_say_what_the_table_says(words: str, said: list[tuple[str, object]] | None) -> None:
    if said is None:
        with pytest.raises(UnclearWordsError):
            parse_arguments(words.split())
    else:
        assert _said(words) == said


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("sync --no-instal-project", "`siteroot sync` has no option `--no-instal-project`: did you mean `--no-install-project`?"),
        ("sync --froz", "`siteroot sync` has no option `--froz`: did you mean `--frozen`?"),
        ("sync --hlep", "`siteroot sync` has no option `--hlep`: did you mean `--help`?"),
        ("sync --bogus", "`siteroot sync` has no option `--bogus`"),
        ("sync -x", "`siteroot sync` has no option `-x`"),
        ("sync --frozen=1", "`--frozen` takes no value"),
        ("sync --extra", "`--extra` needs a value"),
        ("sync --target=", "`--target` needs a value"),
        ("sync --link-mode", "`--link-mode` needs a value (clone, copy, hardlink, symlink)"),
        ("sync --link-mode ln", "`--link-mode` cannot be `ln` (clone, copy, hardlink, symlink)"),
        ("sync --frozen --frozen", "`--frozen` is said twice"),
        ("sync --target a --target b", "`--target` is said twice"),
        ("sync pkgs", "`siteroot sync` takes no word `pkgs`"),
        ("sync -- --frozen", "`--frozen` is not an option of `siteroot sync`"),
        ("cache dir --frozen", "`--frozen` is not an option of `siteroot cache dir`"),
        ("cache dir numpy", "`siteroot cache dir` takes no word `numpy`"),
        ("cache dri", "there is no command `cache dri`: did you mean `dir`?"),
        ("snyc", "there is no command `snyc`: did you mean `sync`?"),
        ("lock", "there is no command `lock`: siteroot does not lock: run `uv lock`, then `siteroot sync --frozen`"),
        ("frobnicate", "there is no command `frobnicate`: there are sync, cache, pip, help"),
        ("--cache-dir somewhere snyc", "there is no command `snyc`: did you mean `sync`?"),
        ("--target pkgs sync", "`siteroot` alone has no option `--target`: say it after the command, as in `siteroot sync --target ...`"),
        ("sync --indx https://me:secret@example.org/simple", "`siteroot sync` has no option `--indx`: did you mean `--index`?"),
        ("sync --indx=https://me:secret@example.org/simple", "`siteroot sync` has no option `--indx`: did you mean `--index`?"),
        ("sync https://me:secret@example.org/simple", "`siteroot sync` takes no word `https://example.org/simple`"),
    ],
)  # fmt: skip
def test_a_fault_is_one_clear_line(words: str, message: str) -> None:
    with pytest.raises(UnclearWordsError) as caught:
        parse_arguments(words.split())
    assert str(caught.value) == message


@pytest.mark.parametrize("option", [row for row in OPTIONS if row.refused and row.names])
def test_what_uv_has_and_siteroot_has_not_is_refused_with_a_way_out(option: object) -> None:
    from siteroot.cli.option import Option

    assert isinstance(option, Option)
    for name in (*option.names, *option.aliases):
        words = [name] if option.kind is Kind.SWITCH else [name, "x"]
        with pytest.raises(UnclearWordsError) as caught:
            parse_arguments([*option.commands[0].split(), *words])
        assert str(caught.value) == f"`{name}` is not honoured: {option.refused}"


@pytest.mark.parametrize(
    "words", ["sync -h", "sync --frozen --help", "help sync", "sync --bogus -h"]
)
def test_help_is_asked_for(words: str) -> None:
    arguments = parse_arguments(words.split())
    assert (arguments.command, arguments.help) == ("sync", True)


def test_a_cache_is_cleaned_of_the_named() -> None:
    arguments = parse_arguments(["cache", "clean", "numpy", "-q", "rich"])
    assert (arguments.command, arguments.words) == ("cache clean", ("numpy", "rich"))


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_that_a_command_has_can_be_said(command: str) -> None:
    for option in OPTIONS:
        if command not in option.commands or option.refused:
            continue
        value = option.choices[0] if option.choices else "7"
        for name in (*option.names, *option.aliases):
            words = [name] if option.kind in (Kind.SWITCH, Kind.COUNT) else [name, value]
            said = parse_arguments([*command.split(), *words]).said
            assert [one.option for one in said] == [option], name


@pytest.mark.parametrize(
    ("text", "good"),
    [("a", True), ("a-b_c.d1", True), ("", False), ("-a", False), ("a.", False), ("a b", False), ("a,b", False), ("é", False), ("-", False)],
)  # fmt: skip
def test_names_are_told_from_other_words(text: str, good: bool) -> None:
    assert is_name(text) is good
