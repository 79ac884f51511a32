"""What the deciding floors need of the world, as they need it (owned here, implemented above).

Each port has one real adapter, one public fake in `tests/support`, and one suite that both pass.
"""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Protocol

from siteroot.model.event import Event
from siteroot.model.pin import WheelPin
from siteroot.model.wheel import StoredWheel

if TYPE_CHECKING:  # nouns of resolving and building, which most syncs never load
    from siteroot.model.build import BuildRoot
    from siteroot.model.lock import Source
    from siteroot.model.metadata import DistributionMetadata
    from siteroot.model.release import ListedFile, ProjectPage


class ProjectFiles(Protocol):
    """Reads a project's files. Paths are absolute; nothing is written, nothing is cached."""

    def read(self, path: str) -> bytes | None:
        """Return the file's bytes, None where there is no such file.

        Raises ProjectError where it is there and cannot be read.
        """
        ...

    def names(self, folder: str) -> Sequence[str] | None:
        """Return the sorted names in a folder, None where there is no such folder."""
        ...

    def is_folder(self, path: str) -> bool:
        """Whether the path is a folder (links followed)."""
        ...


class WheelSupply(Protocol):
    """Has wheels, or gets them: checked, unpacked, with their manifests."""

    def find(self, pin: WheelPin) -> StoredWheel | None:
        """Return the stored wheel of the pin, None where it would have to be fetched."""
        ...

    def obtain(self, pins: Sequence[WheelPin]) -> Sequence[StoredWheel]:
        """Return the stored wheel of each pin, in their order, fetching what is lacking.

        Waits for the network. Raises SourceError (unreachable, offline) or IntegrityError; then nothing of the
        failed wheel is in the store.
        """
        ...

    def discard(self, wheel: StoredWheel) -> None:
        """Forget a wheel whose stored bytes turned out to be wrong."""
        ...


class MetadataSource(Protocol):
    """Knows which files there are, and what a distribution says of itself. Its methods wait for the network.

    All raise SourceError where nothing can be reached; an index that does not know a project gives no page.
    """

    def pages(self, name: str, index: str | None) -> "Sequence[ProjectPage]":
        """Return the pages of a project, in the order of the indexes; of one index alone where it is named by URL."""
        ...

    def places(self, index: str | None) -> Sequence[str]:
        """Return where a project's pages are looked for, in words for a person: indexes, and places of links."""
        ...

    def refusal(self, name: str) -> str | None:
        """Return the index, in words for a person, that did not say without other credentials whether it has a project."""
        ...

    def known(self) -> Collection[str]:
        """Return names of projects that the indexes are known to have, without asking anybody."""
        ...

    def read(self, file: "ListedFile") -> "DistributionMetadata":
        """Return the metadata of a listed file. Raises BuildError where it has to be built, and cannot be."""
        ...

    def read_source(self, source: "Source") -> "DistributionMetadata":
        """Return the metadata of what a URL, repository, path or directory holds."""
        ...

    def expect(self, names: Sequence[str]) -> None:
        """Begin to fetch pages that will be asked for, and return at once."""
        ...

    def expect_metadata(self, files: "Sequence[ListedFile]") -> None:
        """Begin to fetch metadata that will be asked for, and return at once."""
        ...


class BuildRoots(Protocol):
    """Makes the environments that backends run in."""

    def provide(self, requires: Sequence[str], why: str, place: str | None = None) -> "BuildRoot":
        """Return a root that holds what `requires` asks for; `why` says for whose build.

        It lies at `place`, in place of what lies there, where one is given: it may have to stay.
        Raises SourceError, SelectionError or BuildError, which say that it was for a build.
        """
        ...

    def extend(self, root: "BuildRoot", requires: Sequence[str], why: str) -> "BuildRoot":
        """Return a root that holds these too (what `get_requires_for_build_wheel` asks for)."""
        ...

    def release(self, root: "BuildRoot") -> None:
        """Remove a root that nobody needs any more."""
        ...


class Reporter(Protocol):
    """Hears what happens. Called from any thread."""

    def report(self, event: Event) -> None:
        """Take one event."""
        ...


class Clock(Protocol):
    """Time that passes."""

    def monotonic(self) -> float:
        """Return seconds since some moment."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait that long."""
        ...


class Interrupts(Protocol):
    """When a signal that asks the command to end may end it: at once, or where it is looked for."""

    def defer(self) -> None:
        """From here on nothing is interrupted but where `check` is called."""
        ...

    def check(self) -> None:
        """Raise KeyboardInterrupt if a signal has come."""
        ...

    def allow(self) -> None:
        """From here on a signal interrupts at once; raise KeyboardInterrupt if one has come."""
        ...


class Uninterrupted:
    """Nobody interrupts."""

    def defer(self) -> None:
        """Change nothing."""

    def check(self) -> None:
        """Change nothing."""

    def allow(self) -> None:
        """Change nothing."""
