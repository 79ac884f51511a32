"""What was said to `siteroot pip` -> its request."""

import posixpath
from collections.abc import Collection, Sequence

from siteroot.errors import UsageError
from siteroot.formats.credentials import without_credentials
from siteroot.model.pip_request import (
    AnnotationStyle,
    CheckRequest,
    CompiledFile,
    CompileRequest,
    FreezeRequest,
    InstallRequest,
    ListFormat,
    ListRequest,
    PipContext,
    PipRequest,
    ResolutionWords,
    ShowRequest,
    TreeRequest,
    UninstallRequest,
)
from siteroot.model.request import PythonRequest, RootRequest
from siteroot.model.requirements import RequirementSource, SourceKind
from siteroot.model.settings import Settings
from siteroot.model.value import replace

from .answers import Answers
from .arguments import Arguments, Said, is_name, render_flags
from .option import Section

#: How deep a tree is shown where nothing is said, as uv.
_DEPTH = 255

#: Words of `compile` that make nothing else of its output, and those that say where it looks.
_UNTOLD = ("-U", "--upgrade", "-q", "--quiet", "-v", "--verbose", "--no-progress", "--native-tls")
#: What of the sections of `--help` bears on how one thing is found and built.
_OF_BUILDS = frozenset(
    {
        Section.PYTHON, Section.VERSIONS, Section.BUILD, Section.NETWORK, Section.CACHE, Section.GLOBAL
    }
)  # fmt: skip
_PLACES = {
    "index_url": ("-i", "--index-url", "--extra-index-url", "--index", "--default-index"),
    "find_links": ("-f", "--find-links"),
}


def pip_request(
    arguments: Arguments,
    answers: Answers,
    *,
    root: RootRequest,
    python: PythonRequest,
    settings: Settings,
    argv: Sequence[str] = (),
) -> PipRequest:
    """Return the request of a command of `options.PIP_COMMANDS`, which argv said. Raises UsageError."""
    context = PipContext(
        root=root,
        python=python,
        project=answers.text("project"),
        config_file=answers.text("config_file"),
        no_config=bool(answers.switch("no_config")),
        settings=settings,
        building=render_flags(
            filter(_bears_on_builds, arguments.said), but=lambda field: field == "require_hashes"
        ),
    )
    strict = bool(answers.switch("strict_listing"))
    match arguments.command:
        case "pip list":
            return ListRequest(
                context=context,
                format=_list_format(answers),
                editable=_only_editable(answers),
                exclude=answers.many("exclude"),
                outdated=bool(answers.switch("outdated")),
                strict=strict,
            )
        case "pip freeze":
            return FreezeRequest(
                context=context,
                exclude_editable=bool(answers.switch("exclude_editable")),
                exclude=answers.many("exclude"),
                paths=answers.many("path"),
                strict=strict,
            )
        case "pip show":
            return ShowRequest(
                context=context,
                names=_names(arguments.words),
                files=bool(answers.switch("files")),
                strict=strict,
            )
        case "pip check":
            return CheckRequest(context=context)
        case "pip tree":
            depth = answers.number("depth")
            return TreeRequest(
                context=context,
                depth=_DEPTH if depth is None else min(depth, _DEPTH),
                prune=answers.many("prune"),
                packages=answers.many("only_package"),
                no_dedupe=bool(answers.switch("no_dedupe")),
                invert=bool(answers.switch("invert")),
                specifiers=bool(answers.switch("show_version_specifiers")),
                outdated=bool(answers.switch("outdated")),
                strict=strict,
            )
        case "pip install" | "pip sync":
            return _install(arguments, answers, context)
        case "pip compile":
            return _compile(arguments, answers, context, argv)
        case _:
            return _uninstall(arguments, answers, context)


def _bears_on_builds(said: Said) -> bool:
    """Whether a flag, said for one build alone, would make it the same: not where it goes, nor what else is asked for."""
    option = said.option
    return "pip install" in option.commands and (
        option.section in _OF_BUILDS or option.field in ("system", "build_constraints")
    )


def _compile(
    arguments: Arguments, answers: Answers, context: PipContext, argv: Sequence[str]
) -> CompileRequest:
    return CompileRequest(
        context=context,
        sources=_sources(arguments, answers, files_alone=True),
        resolution=_resolution(answers),
        file=_compiled_file(answers, argv),
    )


def _install(arguments: Arguments, answers: Answers, context: PipContext) -> InstallRequest:
    sync = arguments.command == "pip sync"
    return InstallRequest(
        context=context,
        sync=sync,
        sources=_sources(arguments, answers, files_alone=sync),
        resolution=replace(_resolution(answers), no_deps=sync or bool(answers.switch("no_deps"))),
        exact=sync or bool(answers.switch("exact")),
        allow_empty=bool(answers.switch("allow_empty_requirements")),
        verify_hashes=answers.switch("verify_hashes") is not False,
        no_editable=bool(answers.switch("no_editable")),
        no_editable_packages=answers.many("no_editable_package"),
        strict=bool(answers.switch("strict_listing")),
        dry_run=bool(answers.switch("dry_run")),
        check=bool(answers.switch("check")),
    )


def _sources(
    arguments: Arguments, answers: Answers, *, files_alone: bool
) -> tuple[RequirementSource, ...]:
    """Return what is asked for; the words of `sync` and `compile` are files. Raises UsageError where it is nothing."""
    kind = SourceKind.FILE if files_alone else SourceKind.REQUIREMENT
    said = (
        (kind, arguments.words),
        (SourceKind.FILE, answers.many("requirement_files")),
        (SourceKind.EDITABLE, answers.many("editables")),
        (SourceKind.GROUP, _groups(answers)),
    )
    sources = tuple(RequirementSource(kind, word) for kind, words in said for word in words)
    if not sources:
        wanted = "files, or --group" if files_alone else "names, -r FILE, -e DIR or --group"
        raise UsageError(f"say what is asked for: {wanted}")
    return sources


def _resolution(answers: Answers) -> ResolutionWords:
    on, many = answers.switch, answers.many
    return ResolutionWords(
        constraints=many("constraints"),
        overrides=many("overrides"),
        excludes=many("excludes"),
        build_constraints=many("build_constraints"),
        extras=None if on("all_extras") else many("extra"),
        no_deps=bool(on("no_deps")),
        upgrade=bool(on("upgrade")),
        upgrade_packages=many("upgrade_package"),
        no_binary=many("no_binary_words"),
        only_binary=many("only_binary_words"),
    )


def _groups(answers: Answers) -> tuple[str, ...]:
    """Return the groups, those that name no pyproject.toml as groups of the one that `--project` names."""
    project, groups = answers.text("project"), answers.many("file_group")
    if project is None:
        return groups
    own = posixpath.normpath(posixpath.join(project, "pyproject.toml"))
    return tuple(group if ":" in group else f"{own}:{group}" for group in groups)


def _compiled_file(answers: Answers, argv: Sequence[str]) -> CompiledFile:
    on = answers.switch
    style = AnnotationStyle(answers.text("annotation_style") or "split")
    kept = {name for name in _PLACES if on(f"emit_{name}")}
    path = answers.text("output_file")
    return CompiledFile(
        path=None if path == "-" else path,  # stdout, which gets the text in any case
        form=answers.text("lock_format"),
        hashes=bool(on("generate_hashes")),
        extras=bool(on("no_strip_extras")),
        annotation=AnnotationStyle.NONE if on("no_annotate") else style,
        header=not on("no_header"),
        command=answers.text("custom_compile_command") or _command(argv, kept),
        omitted=answers.many("no_emit_package"),
        index_urls=bool(on("emit_index_url")),
        find_links=bool(on("emit_find_links")),
        build_options=bool(on("emit_build_options")),
        index_annotation=bool(on("emit_index_annotation")),
    )


def _command(argv: Sequence[str], kept: Collection[str]) -> str:
    """Return the command that a compiled file names: without words that make nothing else of it, or that say which index."""
    valued = {"-P", "--upgrade-package", "--mirror"}
    valued.update(word for name, words in _PLACES.items() if name not in kept for word in words)
    words = ["siteroot"]
    waiting = iter(argv)
    for word in waiting:
        name = word.partition("=")[0]
        if word in valued:
            next(waiting, None)
        elif word not in _UNTOLD and name not in valued and word[:2] not in valued:
            words.append(without_credentials(word))
    return " ".join(words)


def _uninstall(arguments: Arguments, answers: Answers, context: PipContext) -> UninstallRequest:
    files = answers.many("requirement_files")
    if not arguments.words and not files:
        raise UsageError("say what is to be uninstalled: names, or -r FILE")
    return UninstallRequest(
        context=context,
        sources=(
            *(RequirementSource(SourceKind.REQUIREMENT, word) for word in arguments.words),
            *(RequirementSource(SourceKind.FILE, file) for file in files),
        ),
        dry_run=bool(answers.switch("dry_run")),
    )


def _list_format(answers: Answers) -> ListFormat:
    form = ListFormat(answers.text("format") or "columns")
    if form is ListFormat.FREEZE and answers.switch("outdated"):
        raise UsageError("`--outdated` and `--format freeze` exclude each other: say one of them")
    return form


def _only_editable(answers: Answers) -> bool | None:
    if answers.switch("only_editable"):
        return True
    return False if answers.switch("exclude_editable") else None


def _names(words: tuple[str, ...]) -> tuple[str, ...]:
    for word in words:
        if not is_name(word):
            raise UsageError(f"`{word}` cannot be the name of a distribution")
    return words
