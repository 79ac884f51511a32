"""What the options of requirements files come to, all files together."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from packaging.utils import InvalidName, canonicalize_name

from siteroot.formats.reading import Faults
from siteroot.model.requirements import FileOption, FileOptions, Formats, OptionLine

#: What uv passes over in a file, and so does siteroot, with what the command itself can be told instead.
_PASSED_OVER = {
    FileOption.PRE: ": say `--prerelease allow` on the command line instead",
    FileOption.TRUSTED_HOST: ": say `--allow-insecure-host` on the command line instead",
    FileOption.PREFER_BINARY: "",
    FileOption.USE_FEATURE: "",
}


class SaidOption(NamedTuple):
    """An option, "FILE:LINE", and the file's place: a URL, an absolute path, or "" for stdin."""

    where: str
    line: OptionLine
    place: str


def combine_options(
    said: Sequence[SaidOption], located: Callable[[str, str], str], faults: Faults
) -> FileOptions:
    """Return what holds; two default indexes that differ are a fault.

    `located` returns the place that a value means, given the file that it is to be looked for beside ("" for none).
    """

    def of(option: FileOption) -> Iterator[SaidOption]:
        return (one for one in said if one.line.option is option)

    index_url: str | None = None
    first = ""
    for one in of(FileOption.INDEX_URL):
        url = located(one.line.value, "")
        if index_url is not None and url != index_url:
            faults.add(one.where, f"`--index-url` is another one than that of {first}")
        elif index_url is None:
            index_url, first = url, one.where
    return FileOptions(
        index_url=index_url,
        extra_index_urls=tuple(
            located(one.line.value, "") for one in of(FileOption.EXTRA_INDEX_URL)
        ),
        find_links=tuple(located(one.line.value, one.place) for one in of(FileOption.FIND_LINKS)),
        no_index=any(of(FileOption.NO_INDEX)),
        no_binary=_formats(of(FileOption.NO_BINARY), faults),
        only_binary=_formats(of(FileOption.ONLY_BINARY), faults),
        require_hashes=any(of(FileOption.REQUIRE_HASHES)),
    )


def passed_over(said: Iterable[SaidOption]) -> Iterator[str]:
    """Yield a warning for each option that is passed over."""
    for one in said:
        if one.line.option in _PASSED_OVER:
            more = _PASSED_OVER[one.line.option]
            yield f"{one.where}: `{one.line.option.value}` is passed over{more}"


def read_formats(words: Iterable[tuple[str, str]], faults: Faults) -> Formats:
    """Return what `:all:`, `:none:` and names come to, in their order; each text comes with where it was said."""
    every, names = False, set[str]()
    for where, text in words:
        for word in filter(None, (part.strip() for part in text.split(","))):
            if word == ":none:":
                every, names = False, set()
            elif word == ":all:":
                every = True
            else:
                try:
                    names.add(canonicalize_name(word, validate=True))
                except InvalidName:
                    faults.add(where, f"`{word}` cannot be the name of a distribution")
    return Formats(every=every, names=frozenset(names))


def _formats(said: Iterable[SaidOption], faults: Faults) -> Formats:
    return read_formats(((one.where, one.line.value) for one in said), faults)
