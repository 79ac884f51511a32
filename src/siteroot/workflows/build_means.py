"""What every build works with."""

import shlex
from collections.abc import Callable, Mapping

from siteroot.formats.requirement_urls import render_git_url, render_url
from siteroot.index.fetch import Fetcher
from siteroot.index.metadata_cache import MetadataCache
from siteroot.model.build import BuildRoot
from siteroot.model.lock import FlatSource, GitSource, RegistrySource, UrlSource
from siteroot.model.pin import Pin
from siteroot.model.target import Target
from siteroot.model.value import dataclass
from siteroot.model.wheel import Limits
from siteroot.ports import BuildRoots, Reporter
from siteroot.resolve.direct import show_source
from siteroot.store.store import Store

from .build_choices import BuildChoices
from .supply import Locate


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildMeans:
    """What builds work with. `tolerates` says whose RECORD may be wrong.

    `locate` says where a file is to be fetched from. `selected_root` makes a build root of what is selected beside one
    name, at a place. `log_folder` is where logs stay. `root` is the site root that all this is for: no build sees it.
    `again` returns a command that builds a pin once more. `installs` is whether what is described is installed, too;
    `described` keeps what backends said of what is not.
    """

    store: Store
    fetcher: Fetcher
    locate: Locate
    limits: Limits
    offline: bool
    roots: BuildRoots
    target: Target
    environ: Mapping[str, str]
    choices: BuildChoices
    tolerates: Callable[[str], bool]
    selected_root: Callable[[str, str], BuildRoot]
    log_folder: str
    root: str
    again: Callable[[Pin], str]
    installs: bool
    described: MetadataCache
    reporter: Reporter


def label_of(pin: Pin) -> str:
    """Return what messages call a pin: where it is, while only a build can tell its name."""
    if not pin.name:
        return show_source(pin.source)
    return pin.name if pin.version is None else f"{pin.name}=={pin.version}"


def install_again(flags: str) -> Callable[[Pin], str]:
    """Return what makes a command that builds what a command of `siteroot pip`, with these flags, could not."""

    def again(pin: Pin) -> str:
        what = shlex.quote(_asked_as(pin))
        return (
            f"siteroot pip install --dry-run --no-deps --target new-folder {what} {flags}".rstrip()
        )

    return again


def _asked_as(pin: Pin) -> str:
    """Return the requirement that asks for a pin."""
    match pin.source:
        case RegistrySource() | FlatSource():
            return label_of(pin)
        case GitSource() as source:
            return render_git_url(source)
        case UrlSource() as source:
            return render_url(source)
        case source:
            return show_source(source)
