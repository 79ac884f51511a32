"""The words of `siteroot pip` as requests, and the words of `install`, `sync` and `compile` beside uv's own."""

import re

import pytest

from siteroot.cli.answers import Answers, nearest
from siteroot.cli.arguments import UnclearWordsError, parse_arguments
from siteroot.cli.parsing import Pip, parse_command
from siteroot.cli.pip_words import pip_request
from siteroot.cli.variables import read_variables
from siteroot.errors import UsageError
from siteroot.model.pip_request import (
    AnnotationStyle,
    CompiledFile,
    CompileRequest,
    InstallRequest,
    PipContext,
    ResolutionWords,
)
from siteroot.model.request import PythonRequest, RootRequest
from siteroot.model.requirements import RequirementSource, SourceKind
from siteroot.model.settings import Settings
from siteroot.model.value import replace

CONTEXT = PipContext(
    root=RootRequest(
        place=None,
        path=None,
        system=False,
        variable_target=None,
        variable_prefix=None,
        project_environment=None,
        virtual_env=None,
    ),
    python=PythonRequest(python=None, origin="", python_version=None, python_platform=None),
    project=None,
    config_file=None,
    no_config=False,
    settings=Settings(),
)


def request(words: str, **variables: str) -> InstallRequest | CompileRequest:
    """Return what the words after `siteroot pip` ask for."""
    name, _, rest = words.partition(" ")
    argv = ["pip", name, *rest.split()]
    arguments = parse_arguments(argv)
    said = nearest((*arguments.said, *read_variables(arguments.command, variables)))
    found = pip_request(
        arguments,
        Answers(said),
        root=CONTEXT.root,
        python=CONTEXT.python,
        settings=CONTEXT.settings,
        argv=argv,
    )
    assert isinstance(found, InstallRequest | CompileRequest)
    return found


def test_an_install_with_all_that_it_can_be_asked() -> None:
    words = (
        "install a[x]>1 -r r.txt b -r - -e ./dir --group dev --group q/pyproject.toml:docs -c c.txt --constraint d.txt"
        " --overrides o.txt --excludes x.txt -b b.txt --extra e --no-deps -U -P a --no-verify-hashes --no-binary a"
        " --no-binary :none: --only-binary :all: -C a=b -C c=d --config-settings-package n:a=b --no-build-isolation"
        " --no-build-isolation-package z --exact --strict --dry-run --check --no-editable-package dir"
    )
    kinds = SourceKind
    building = (
        "-b b.txt --no-binary a --no-binary :none: --only-binary :all: -C a=b -C c=d"
        " --config-settings-package n:a=b --no-build-isolation --no-build-isolation-package z"
    )
    assert request(words) == InstallRequest(
        context=replace(CONTEXT, building=building),
        sync=False,
        sources=tuple(
            RequirementSource(kind, text)
            for kind, text in (
                (kinds.REQUIREMENT, "a[x]>1"),
                (kinds.REQUIREMENT, "b"),
                (kinds.FILE, "r.txt"),
                (kinds.FILE, "-"),
                (kinds.EDITABLE, "./dir"),
                (kinds.GROUP, "dev"),
                (kinds.GROUP, "q/pyproject.toml:docs"),
            )
        ),
        resolution=ResolutionWords(
            constraints=("c.txt", "d.txt"),
            overrides=("o.txt",),
            excludes=("x.txt",),
            build_constraints=("b.txt",),
            extras=("e",),
            no_deps=True,
            upgrade=True,
            upgrade_packages=("a",),
            no_binary=("a", ":none:"),
            only_binary=(":all:",),
        ),
        exact=True,
        allow_empty=False,
        verify_hashes=False,
        no_editable=False,
        no_editable_packages=("dir",),
        strict=True,
        dry_run=True,
        check=True,
    )


def test_a_group_is_one_of_the_project_that_is_named() -> None:
    found = request("install --project ./sub/ --group dev --group q/pyproject.toml:docs")
    assert [each.text for each in found.sources] == [
        "sub/pyproject.toml:dev",
        "q/pyproject.toml:docs",
    ]


def test_a_sync_takes_files_and_is_exact() -> None:
    found = request("sync r.txt pylock.toml --allow-empty-requirements", UV_CONSTRAINT="c.txt")
    assert isinstance(found, InstallRequest)
    assert found.sources == tuple(
        RequirementSource(SourceKind.FILE, text) for text in ("r.txt", "pylock.toml")
    )
    assert (found.exact, found.allow_empty) == (True, True)
    assert found.sync
    assert found.resolution == ResolutionWords(constraints=("c.txt",), no_deps=True)


def test_a_compile_says_what_it_writes() -> None:
    plain = request("compile r.in")
    assert isinstance(plain, CompileRequest)
    assert plain.file == CompiledFile(command="siteroot pip compile r.in")
    stdout = request("compile r.in -o -")
    assert isinstance(stdout, CompileRequest)
    assert stdout.file == CompiledFile(command="siteroot pip compile r.in -o -")
    full = request(
        "compile r.in -o out.txt --format pylock.toml --generate-hashes --no-strip-extras --no-annotate"
        " --no-header --no-emit-package a --emit-index-url --emit-find-links --emit-build-options --emit-index-annotation"
        " --all-extras",
        UV_CUSTOM_COMPILE_COMMAND="make lock",
    )
    assert isinstance(full, CompileRequest)
    assert full.resolution.extras is None
    assert full.file == CompiledFile(
        path="out.txt",
        form="pylock.toml",
        hashes=True,
        extras=True,
        annotation=AnnotationStyle.NONE,
        header=False,
        command="make lock",
        omitted=("a",),
        index_urls=True,
        find_links=True,
        build_options=True,
        index_annotation=True,
    )


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("r.in -o out.txt -U -qq -P a --upgrade-package=b --no-progress", "r.in -o out.txt -qq"),
        ("-i https://u:p@h/s r.in --index=n=https://h -f links -fmore", "r.in"),
        ("r.in --index-url https://u:p@h/s --emit-index-url", "r.in --index-url https://h/s --emit-index-url"),
        ("r.in -c https://u:p@h/c --find-links=a --emit-find-links", "r.in -c https://h/c --find-links=a --emit-find-links"),
    ],
)  # fmt: skip
def test_the_command_in_the_header_can_be_repeated_and_tells_no_password(
    words: str, told: str
) -> None:
    found = request(f"compile {words}")
    assert isinstance(found, CompileRequest)
    assert found.file.command == f"siteroot pip compile {told}"


@pytest.mark.parametrize("words", ["install", "sync", "compile -o x", "install -U"])
def test_something_has_to_be_asked_for(words: str) -> None:
    with pytest.raises(UsageError, match="say what is asked for"):
        request(words)


def test_what_is_said_of_single_distributions_is_told_by_name() -> None:
    words = (
        "pip install a --prerelease-package My.Lib=allow --prerelease-package b=disallow --exclude-newer-package b=2026-01-01"
        " --exclude-newer-package C_d=false --no-sources-package a --pre"
    )
    command = parse_command(words.split(), {}, "/")
    assert isinstance(command, Pip)
    settings = command.request.context.settings
    assert settings.prerelease_package == {"my-lib": "allow", "b": "disallow"}
    assert settings.exclude_newer_package == {"b": "2026-01-01", "c-d": "false"}
    assert settings.no_sources_package == ("a",)
    assert settings.prerelease == "allow"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--prerelease-package a", "--prerelease-package: `a` is not NAME=VALUE"),
        ("--prerelease-package a=never", "--prerelease-package: `a=never` says none of disallow, allow"),
        ("--exclude-newer-package =2026-01-01", "--exclude-newer-package: `=2026-01-01` is not NAME=VALUE"),
        ("--cert absent.pem", "--cert absent.pem: there is no such file of certificates"),
    ],
)  # fmt: skip
def test_words_that_name_what_cannot_be_are_refused(words: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_command(["pip", "install", "a", *words.split()], {}, "/")
    assert f"{caught.value.where}: {caught.value.message}".startswith(message)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("install a --user", "`--user` is not honoured: say --target DIR"),
        ("install a --resolution newest", "`--resolution` cannot be `newest`"),
        ("sync r.txt --no-deps", "`--no-deps` is not an option of `siteroot pip sync`"),
        ("compile r.in --target pkgs", "`--target` is not an option of `siteroot pip compile`"),
    ],
)
def test_senseless_words_are_refused(words: str, message: str) -> None:
    with pytest.raises(UnclearWordsError, match=re.escape(message)):
        request(words)
