"""Projects that come from a URL, a repository, a path or a directory: who may say so, and that all say the same.

Only what was asked for directly, a constraint or an override may say where a project comes from, and the metadata of
what comes from there itself (as uv has it): what an index serves may not send anybody elsewhere.
"""

from collections.abc import Callable, Iterable
from contextlib import suppress
from urllib.parse import urlsplit

from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement as ParsedRequirement
from packaging.utils import canonicalize_name

from siteroot.errors import ResolutionError
from siteroot.formats.credentials import without_credentials
from siteroot.formats.requirement_urls import parse_git_url, split_fragment
from siteroot.model.file_url import unquoted_path
from siteroot.model.lock import (
    FlatSource,
    GitSource,
    PathSource,
    RegistrySource,
    Source,
    UrlSource,
)
from siteroot.model.metadata import DistributionMetadata
from siteroot.model.requirement import Requirement

from .requirements import BadRequirement, Declared, Expansion


class SourceConflictError(ResolutionError):
    """A project is to come from two places."""


class UndeclaredUrlError(ResolutionError):
    """What an index serves asks for something from a URL."""


class DirectSources:
    """Where projects come from, if from no index; or from which index alone."""

    def __init__(
        self,
        declared: Iterable[Declared],
        expansion: Expansion,
        read: Callable[[Source], DistributionMetadata],
    ) -> None:
        self.sources: dict[str, Source] = {}
        self.indexes: dict[str, str] = {}
        self.required: set[str] = set()  # what they themselves require
        waiting = list(declared)
        seen: set[tuple[str, tuple[str, ...]]] = set()
        while waiting:
            each = waiting.pop(0)
            source = each.source if each.url is None else read_url(each.url)
            if source is None:
                continue
            self._note(each, source)
            if each.name not in self.sources or (each.name, each.extras) in seen:
                continue
            seen.add((each.name, each.extras))
            metadata = read(source)
            for extra in (None, *each.extras):
                found = expansion.expand_metadata(metadata, each.name, extra)
                if not isinstance(found, BadRequirement):
                    self.required.update(some.name for some in found)
                    waiting += (
                        some._replace(source=metadata.sources.get(some.name, some.source))
                        for some in found
                    )

    def _note(self, declared: Declared, source: Source) -> None:
        name = declared.name
        if isinstance(source, RegistrySource):
            if self.indexes.setdefault(name, source.url) != source.url:
                raise _conflict(
                    declared,
                    without_credentials(self.indexes[name]),
                    without_credentials(source.url),
                )
        elif not isinstance(source, FlatSource) and self.sources.setdefault(name, source) != source:
            raise _conflict(declared, show_source(self.sources[name]), show_source(source))

    def check(self, declared: Declared, requirer: str) -> None:
        """Raise UndeclaredUrlError where a requirement names a URL that nobody who may has named."""
        if declared.url is not None and declared.name not in self.sources:
            raise UndeclaredUrlError(
                f"{requirer} asks for {declared.name} from a URL, which what an index serves may not",
                where=without_credentials(declared.url.partition("#")[0]),
                hints=(
                    f"Ask for `{declared.name} @ URL` directly, or in a constraint, to allow it.",
                ),
            )


def _conflict(declared: Declared, one: str, other: str) -> SourceConflictError:
    return SourceConflictError(
        f"{declared.name} is to come from {one} and from {other}", where=declared.origin or None
    )


def show_source(source: Source) -> str:
    """Return where a source is, without a credential."""
    match source:
        case RegistrySource(url) | GitSource(url) | UrlSource(url):
            return without_credentials(url)
        case _:
            return source.path


def read_requirement(text: str, origin: str) -> Requirement:
    """Return what a text of PEP 508 asks for. Raises packaging's InvalidRequirement."""
    try:
        parsed = ParsedRequirement(text)
    except RecursionError:
        raise InvalidRequirement(text[:200]) from None
    return Requirement(
        name=canonicalize_name(parsed.name),
        extras=tuple(sorted(map(canonicalize_name, parsed.extras))),
        specifier=parsed.specifier,
        marker=parsed.marker,
        source=None if parsed.url is None else read_url(parsed.url),
        origin=origin,
    )


def read_url(url: str) -> Source | None:
    """Return where a URL of a requirement leads, None where it is of a kind that nobody knows."""
    if url.startswith("git+"):
        with suppress(ValueError):
            return parse_git_url(url)
        return None
    address, words = split_fragment(url)
    scheme, _, path, *_ = urlsplit(address)
    if scheme in ("http", "https"):
        return UrlSource(url=address, subdirectory=words.get("subdirectory") or None)
    return PathSource(path=unquoted_path(path)) if scheme == "file" else None
