"""What was said to `siteroot pip` -> its request."""

from siteroot.errors import UsageError
from siteroot.model.pip_request import (
    CheckRequest,
    FreezeRequest,
    ListFormat,
    ListRequest,
    PipContext,
    PipRequest,
    ShowRequest,
    TreeRequest,
    UninstallRequest,
)
from siteroot.model.request import PythonRequest, RootRequest
from siteroot.model.requirements import RequirementSource, SourceKind
from siteroot.model.settings import Settings

from .answers import Answers
from .arguments import Arguments, is_name

#: How deep a tree is shown where nothing is said, as uv.
_DEPTH = 255


def pip_request(
    arguments: Arguments,
    answers: Answers,
    *,
    root: RootRequest,
    python: PythonRequest,
    settings: Settings,
) -> PipRequest:
    """Return the request of a command of `options.PIP_COMMANDS`. Raises UsageError."""
    context = PipContext(
        root=root,
        python=python,
        project=answers.text("project"),
        config_file=answers.text("config_file"),
        no_config=bool(answers.switch("no_config")),
        settings=settings,
    )
    strict = bool(answers.switch("strict_listing"))
    match arguments.command:
        case "pip list":
            return ListRequest(
                context=context,
                format=ListFormat(answers.text("format") or "columns"),
                editable=_only_editable(answers),
                exclude=answers.many("exclude"),
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
                strict=strict,
            )
        case _:
            return _uninstall(arguments, answers, context)


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


def _only_editable(answers: Answers) -> bool | None:
    if answers.switch("only_editable"):
        return True
    return False if answers.switch("exclude_editable") else None


def _names(words: tuple[str, ...]) -> tuple[str, ...]:
    for word in words:
        if not is_name(word):
            raise UsageError(f"`{word}` cannot be the name of a distribution")
    return words
