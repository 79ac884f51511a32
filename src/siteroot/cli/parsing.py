"""argv, variables and the current folder -> one command, as a value: who says what, whose word holds, what contradicts."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from siteroot.errors import UsageError
from siteroot.model.event import Note, Warned
from siteroot.model.request import (
    CacheAction,
    CacheRequest,
    Freshness,
    InstallFilter,
    PythonRequest,
    RootPlace,
    RootRequest,
    SelectionRequest,
    SyncRequest,
)
from siteroot.model.settings import IndexSetting, LinkMode, MirrorSetting, Settings
from siteroot.model.value import dataclass

from .answers import Answers, nearest
from .arguments import Arguments, Said, is_name, parse_arguments, render_flags
from .backend_words import config_settings, config_settings_package
from .option import Contradiction, Farther
from .options import COMMANDS, CONTRADICTIONS, GROUPS, SYNC
from .pip_options import PIP_COMMANDS, PRERELEASES
from .variables import read_variables, unheeded_variables, unknown_variables

if TYPE_CHECKING:
    from siteroot.model.pip_request import PipRequest
    from siteroot.model.settings import PipWord


class ContradictionError(UsageError):
    """Two words exclude each other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Presentation:
    """How the command shall speak."""

    quiet: int = 0
    verbose: int = 0
    color: str = "auto"  # auto, always, never
    progress: bool = True
    json: bool = False
    human: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sync:
    """`siteroot sync`. `folder` is the one to work in; `notices` are to be told first."""

    request: SyncRequest
    presentation: Presentation
    folder: str
    system_settings: bool
    notices: tuple[Note | Warned, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cache:
    """`siteroot cache`; the rest as in Sync."""

    request: CacheRequest
    presentation: Presentation
    folder: str
    system_settings: bool
    notices: tuple[Note | Warned, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pip:
    """`siteroot pip`; the rest as in Sync."""

    request: "PipRequest"
    presentation: Presentation
    folder: str
    system_settings: bool
    notices: tuple[Note | Warned, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Help:
    """`--help` of a command, or of the program (""). `asked` is False where no command was said."""

    command: str
    asked: bool
    color: str


@dataclass(frozen=True, slots=True)
class ShowVersion:
    """`--version`."""


Command = Sync | Cache | Pip | Help | ShowVersion


def parse_command(
    argv: Sequence[str],
    environ: Mapping[str, str],
    cwd: str,
    settings_words: Sequence["PipWord"] = (),
) -> Command:
    """Return what is to be done; `settings_words` are those of files. Raises UsageError, for variables too."""
    arguments = parse_arguments(argv)
    if arguments.version:
        return ShowVersion()
    if arguments.help or arguments.command in ("", *GROUPS):
        asked = arguments.help
        return Help(command=_topic(arguments), asked=asked, color=_color_of(arguments.said))
    said = nearest((*arguments.said, *read_variables(arguments.command, environ)))
    if settings_words:
        from .pip_settings import said_by_settings  # noqa: PLC0415 - as `pip_words`

        said = nearest((*said.values(), *said_by_settings(arguments.command, settings_words)))
    notices: list[Note | Warned] = []
    for contradiction in CONTRADICTIONS:
        notices.extend(_judge(contradiction, said))
    answers = Answers(said)
    notices.extend(_notices(environ))
    folder = os.path.join(cwd, answers.text("directory") or "")
    if not os.path.isdir(folder):
        raise UsageError("there is no such folder", where=answers.text("directory") or cwd)
    presentation = Presentation(
        quiet=answers.count("quiet"),
        verbose=answers.count("verbose"),
        color="never" if answers.switch("no_color") else answers.text("color") or "auto",
        progress=not answers.switch("no_progress"),
        json=answers.text("output_format") == "json",
        human=bool(answers.switch("human")),
    )
    system_settings = not answers.switch("no_system_config")
    settings = _settings(answers, folder)
    if arguments.command == SYNC:
        request = _sync_request(answers, settings, environ, _sync_again(arguments))
        return Sync(
            request=request,
            presentation=presentation,
            folder=folder,
            system_settings=system_settings,
            notices=tuple(notices),
        )
    if arguments.command in PIP_COMMANDS:
        from .pip_words import pip_request  # noqa: PLC0415 - its nouns load packaging, 20 ms for nothing elsewhere

        root = _root_request(answers, environ)
        return Pip(
            request=pip_request(
                arguments,
                answers,
                root=root,
                python=_python(answers),
                settings=settings,
                argv=argv,
            ),
            presentation=presentation,
            folder=folder,
            system_settings=system_settings,
            notices=tuple(notices),
        )
    return Cache(
        request=_cache_request(arguments, answers, settings),
        presentation=presentation,
        folder=folder,
        system_settings=system_settings,
        notices=tuple(notices),
    )


def _judge(contradiction: Contradiction, said: dict[str, Said]) -> tuple[Warned, ...]:
    """Raise where both sides are meant; where one is farther, drop it as the contradiction says."""
    one, other = said.get(contradiction.one), said.get(contradiction.other)
    if one is None or one.value is False or other is None:
        return ()
    if isinstance(other.value, bool) and other.value is not contradiction.other_value:
        return ()
    if one.layer == other.layer or contradiction.farther is Farther.REFUSED:
        raise ContradictionError(
            f"{one.shown} and {other.shown} exclude each other: say one of them"
        )
    nearer, farther = (one, other) if one.layer < other.layer else (other, one)
    del said[farther.option.field]
    if contradiction.farther is Farther.DROPPED:
        return ()
    return (Warned(f"Ignoring `{farther.word}` because {nearer.shown} was said"),)


def _notices(environ: Mapping[str, str]) -> Iterable[Note | Warned]:
    for name, why in unheeded_variables(environ):
        yield Note(f"the variable `{name}` is not heeded: {why}")
    for name, near in unknown_variables(environ):
        yield Warned(
            f"the variable `{name}` means nothing" + (f": did you mean {near}?" if near else "")
        )


def _topic(arguments: Arguments) -> str:
    command = "" if arguments.command == "help" else arguments.command
    if command in ("", *GROUPS, *COMMANDS):
        return command
    raise UsageError(f"there is no command `{command}`: there are {', '.join(COMMANDS)}")


def _color_of(said: Iterable[Said]) -> str:
    answers = Answers(nearest(said))
    return "never" if answers.switch("no_color") else answers.text("color") or "auto"


def sync_command(arguments: Arguments, but: Callable[[str], bool] = lambda _: False) -> str:
    """Return the command that does what a sync's flags say, and does not only look; `but` names fields to leave out."""
    looks = ("check", "dry_run", "verbose", "quiet", "output_format")
    flags = render_flags(arguments.said, but=lambda field: field in looks or but(field))
    return f"siteroot sync {flags}".rstrip()


def _sync_again(arguments: Arguments) -> str:
    return sync_command(arguments, lambda field: field.startswith(("no_install_", "only_install_")))


def _sync_request(
    answers: Answers, settings: Settings, environ: Mapping[str, str], again: str
) -> SyncRequest:
    freshness = Freshness.JUDGED
    if answers.switch("frozen"):
        freshness = Freshness.FROZEN
    elif answers.switch("locked"):
        freshness = Freshness.LOCKED
    if answers.text("link_mode") == "symlink" and answers.switch("no_cache"):
        raise ContradictionError(
            "links into a cache that is removed at the end would lead nowhere:"
            " `--link-mode symlink` and `--no-cache` exclude each other"
        )
    return SyncRequest(
        directory=answers.text("directory"),
        project=answers.text("project"),
        lock=answers.text("lock"),
        freshness=freshness,
        root=_root_request(answers, environ),
        python=_python(answers),
        selection=_selection_request(answers),
        dry_run=bool(answers.switch("dry_run")),
        check=bool(answers.switch("check")),
        verify=bool(answers.switch("verify")),
        config_file=answers.text("config_file"),
        no_config=bool(answers.switch("no_config")),
        settings=settings,
        again=again,
    )


def _python(answers: Answers) -> PythonRequest:
    return PythonRequest(
        python=answers.text("python"),
        origin=answers.word("python"),
        python_version=answers.text("python_version"),
        python_platform=answers.text("python_platform"),
    )


def _root_request(answers: Answers, environ: Mapping[str, str]) -> RootRequest:
    """Return the place that flags name, and what variables offer after all flags (ROOT.md 1)."""
    place = path = None
    for field, candidate in (
        ("target", RootPlace.TARGET),
        ("prefix", RootPlace.PREFIX),
        ("pypackages", RootPlace.PYPACKAGES),
        ("active", RootPlace.ACTIVE),
        ("system", RootPlace.SYSTEM),
    ):
        if answers.layer(field) == 0 and answers.switch(field) is not False:
            place, path = candidate, answers.text(field)
            break
    return RootRequest(
        place=place,
        path=path,
        system=bool(answers.switch("system")),
        variable_target=answers.text("target") if answers.layer("target") else None,
        variable_prefix=answers.text("prefix") if answers.layer("prefix") else None,
        project_environment=environ.get("UV_PROJECT_ENVIRONMENT") or None,
        virtual_env=environ.get("VIRTUAL_ENV") or None,
    )


def _selection_request(answers: Answers) -> SelectionRequest:
    on = answers.switch
    return SelectionRequest(
        extras=answers.many("extra"),
        all_extras=bool(on("all_extras")),
        no_extras=answers.many("no_extra"),
        groups=answers.many("group"),
        no_groups=answers.many("no_group"),
        only_groups=answers.many("only_group"),
        all_groups=bool(on("all_groups")),
        no_default_groups=bool(on("no_default_groups")),
        dev=on("dev"),
        only_dev=bool(on("only_dev")),
        packages=answers.many("package"),
        all_packages=bool(on("all_packages")),
        install=InstallFilter(
            no_project=bool(on("no_install_project")),
            no_workspace=bool(on("no_install_workspace")),
            no_local=bool(on("no_install_local")),
            no_packages=answers.many("no_install_package"),
            only_project=bool(on("only_install_project")),
            only_workspace=bool(on("only_install_workspace")),
            only_local=bool(on("only_install_local")),
            only_packages=answers.many("only_install_package"),
        ),
        no_editable=bool(on("no_editable")),
        no_editable_packages=answers.many("no_editable_package"),
    )


def _cache_request(arguments: Arguments, answers: Answers, settings: Settings) -> CacheRequest:
    for name in arguments.words:
        if not is_name(name):
            raise UsageError(f"`{name}` cannot be the name of a distribution")
    return CacheRequest(
        action=CacheAction(arguments.command.removeprefix("cache ")),
        names=arguments.words,
        fetched=bool(answers.switch("prune_fetched")),
        project=answers.text("project"),
        config_file=answers.text("config_file"),
        no_config=bool(answers.switch("no_config")),
        settings=settings,
    )


def _settings(answers: Answers, folder: str) -> Settings:
    """Return the settings that flags and variables speak of; paths absolute, as those of settings files are."""
    cache_dir, link_mode = answers.text("cache_dir"), answers.text("link_mode")
    managed = answers.switch("managed_python")
    preference = answers.text("python_preference")
    if managed is not None:
        preference = "only-managed" if managed else "only-system"
    timeout, connect = answers.number("http_timeout"), answers.number("http_connect_timeout")
    return Settings(
        link_mode=LinkMode(link_mode) if link_mode else None,
        compile_bytecode=answers.switch("compile_bytecode"),
        compile_bytecode_timeout=answers.number("compile_bytecode_timeout"),
        exact=answers.switch("exact"),
        overwrite=answers.switch("overwrite"),
        strict=answers.switch("strict"),
        durable=answers.switch("durable"),
        pth=answers.text("pth"),
        break_system_packages=answers.switch("break_system_packages"),
        tolerate_record=answers.many("tolerate_record"),
        require_hashes=answers.switch("require_hashes"),
        limit_members=answers.number("limit_members"),
        limit_size=answers.number("limit_size"),
        cache_dir=os.path.join(folder, cache_dir) if cache_dir else None,
        no_cache=answers.switch("no_cache"),
        offline=answers.switch("offline"),
        refresh=answers.switch("refresh"),
        refresh_package=answers.many("refresh_package"),
        reinstall=answers.switch("reinstall"),
        reinstall_package=answers.many("reinstall_package"),
        allow_insecure_host=answers.many("allow_insecure_host"),
        system_certs=answers.switch("system_certs"),
        cert=_certificates(answers, folder),
        keyring_provider=answers.text("keyring_provider"),
        concurrent_downloads=answers.number("concurrent_downloads"),
        http_retries=answers.number("http_retries"),
        http_timeout=None if timeout is None else float(timeout),
        http_connect_timeout=None if connect is None else float(connect),
        indexes=_indexes(answers, folder),
        no_index=answers.switch("no_index"),
        index_strategy=answers.text("index_strategy"),
        mirrors=tuple(_mirror(text, folder) for text in answers.many("mirror")),
        find_links=tuple(_located(place, folder) for place in answers.many("find_links")),
        no_build=answers.switch("no_build"),
        no_build_package=answers.many("no_build_package"),
        no_binary=answers.switch("no_binary"),
        no_binary_package=answers.many("no_binary_package"),
        config_settings=config_settings(answers.many("config_settings")),
        config_settings_package=config_settings_package(answers.many("config_settings_package")),
        require_build_hashes=answers.switch("require_build_hashes"),
        no_build_isolation=answers.switch("no_build_isolation"),
        no_build_isolation_package=answers.many("no_build_isolation_package"),
        build_network=answers.text("build_network"),
        build_timeout=answers.number("build_timeout"),
        python_preference=preference,
        resolution=answers.text("resolution"),
        prerelease="allow" if answers.switch("pre") else answers.text("prerelease"),
        prerelease_package=answers.named("prerelease_package", PRERELEASES),
        fork_strategy=answers.text("fork_strategy"),
        exclude_newer=answers.text("exclude_newer"),
        exclude_newer_package=answers.named("exclude_newer_package"),
        no_sources=answers.switch("no_sources"),
        no_sources_package=answers.many("no_sources_package"),
    )


def _certificates(answers: Answers, folder: str) -> str | None:
    named = answers.text("cert")
    if named is None:
        return None
    path = os.path.join(folder, named)
    if not os.path.isfile(path):
        raise UsageError("there is no such file of certificates", where=f"--cert {named}")
    return path


def _indexes(answers: Answers, folder: str) -> tuple[IndexSetting, ...]:
    """Return the indexes, nearest first: --index, --extra-index-url, the default one."""
    found = [(text, False) for text in answers.many("index") + answers.many("extra_index_url")]
    default = answers.text("default_index") or answers.text("index_url")
    if default:
        found.append((default, True))
    indexes = []
    for text, is_default in found:
        name, mark, url = text.partition("=")
        if not mark or not name.replace("-", "").replace("_", "").replace(".", "").isalnum():
            name, url = "", text
        indexes.append(
            IndexSetting(url=_located(url, folder), name=name or None, default=is_default)
        )
    return tuple(indexes)


def _mirror(text: str, folder: str) -> MirrorSetting:
    replaced, _, place = text.partition("=")
    if "://" not in replaced or not place:
        shown = text.rpartition("@")[2]  # a URL may hold a password
        raise UsageError(
            f"`{shown}` is no FROM=TO of two indexes",
            where="--mirror",
            hints=("write --mirror https://gone.example/simple=https://there.example/simple",),
        )
    return MirrorSetting(replaced=replaced, url=_located(place, folder))


def _located(place: str, folder: str) -> str:
    return place if "://" in place else os.path.join(folder, place)
