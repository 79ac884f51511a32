"""What the words of `siteroot pip` and the requirements files that it reads add to the settings: words first, as uv."""

from collections.abc import Iterable, Iterator

from siteroot.errors import UsageError
from siteroot.formats.reading import Faults
from siteroot.model.pip_request import ResolutionWords
from siteroot.model.requirement import Requirement
from siteroot.model.requirements import Asked, FileOptions, Formats
from siteroot.model.settings import IndexSetting, Settings
from siteroot.model.value import replace

from .file_options import read_formats


class SenselessFormatsError(UsageError):
    """`--no-binary` or `--only-binary` names what can be no distribution."""


def join_settings(
    settings: Settings, words: ResolutionWords, options: FileOptions, asked: Iterable[Asked]
) -> Settings:
    """Return the settings that hold for all that is asked for. Raises SenselessFormatsError."""
    faults = Faults()
    no_binary = read_formats((("--no-binary", word) for word in words.no_binary), faults)
    only_binary = read_formats((("--only-binary", word) for word in words.only_binary), faults)
    faults.raise_any(SenselessFormatsError, "")
    refused = (_either(no_binary, options.no_binary), _either(only_binary, options.only_binary))
    return replace(
        settings,
        indexes=(*settings.indexes, *_indexes(options)),
        find_links=(*settings.find_links, *options.find_links),
        no_index=bool(settings.no_index) or options.no_index,
        require_hashes=bool(settings.require_hashes) or options.require_hashes,
        no_binary=bool(settings.no_binary) or refused[0].every,
        no_binary_package=(*settings.no_binary_package, *sorted(refused[0].names)),
        no_build=bool(settings.no_build) or refused[1].every,
        no_build_package=(*settings.no_build_package, *sorted(refused[1].names)),
        config_settings_package=_config_settings(settings, asked),
    )


def _either(one: Formats, other: Formats) -> Formats:
    return Formats(every=one.every or other.every, names=one.names | other.names)


def _indexes(options: FileOptions) -> Iterator[IndexSetting]:
    for url in options.extra_index_urls:
        yield IndexSetting(url=url)
    if options.index_url is not None:
        yield IndexSetting(url=options.index_url, default=True)


def _config_settings(
    settings: Settings, asked: Iterable[Asked]
) -> dict[str, dict[str, str | tuple[str, ...]]]:
    """Return what backends are told of each distribution: what stands beside its requirement comes last."""
    told = {name: dict(said) for name, said in (settings.config_settings_package or {}).items()}
    for each in asked:
        if each.settings and isinstance(each.requirement, Requirement):
            own = told.setdefault(each.requirement.name, {})
            own |= {
                key: values[0] if len(values) == 1 else values
                for key, values in each.settings.items()
            }
    return told
