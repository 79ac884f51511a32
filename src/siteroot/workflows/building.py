"""Wheels out of sources: each built once, and found again by what it was built from."""

import hashlib
import json
import os
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from packaging.utils import parse_wheel_filename
from packaging.version import Version

from siteroot import fs
from siteroot.build import hooks
from siteroot.build.beside_roots import keep_from_roots
from siteroot.build.copying import copy_without_roots, find_roots
from siteroot.build.running import begin_log
from siteroot.build.source_tree import read_build_system
from siteroot.build.state import read_state
from siteroot.errors import BuildError
from siteroot.formats.wheel_tags import Fit, WheelTags, screen_wheel
from siteroot.model.build import BuildKind, BuildRoot
from siteroot.model.cache import bucket
from siteroot.model.digest import Digest
from siteroot.model.event import BuildFinished, BuildStarted
from siteroot.model.lock import DirectorySource, EditableSource, GitSource, LockedFile
from siteroot.model.pin import (
    CheckoutArtifact,
    DirectoryArtifact,
    Pin,
    SdistArtifact,
    WheelArtifact,
    WheelPin,
)
from siteroot.model.target import Target
from siteroot.model.value import dataclass, replace
from siteroot.model.wheel import StoredWheel
from siteroot.ports import BuildRoots, Reporter
from siteroot.store.built import Built, find_built, note_user, write_built
from siteroot.store.store import Store, in_words

from .build_choices import BuildChoices
from .sources import Sources, label_of


class NoInterpreterToBuildError(BuildError):
    """Something has to be built for a target, and no Python of that kind is here to build it with."""


class BuiltMisfitError(BuildError):
    """A backend built a wheel that the target cannot use, or whose name is none."""


class CyclicBuildError(BuildError):
    """A distribution would have to be built before it can be built."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildMeans:
    """What builds work with. `tolerates` says whose RECORD may be wrong.

    `selected_root` makes a build root of what is selected beside one name, at a place that may be given. `log_folder` is where logs stay. `root` is the site root that all this is for: no build sees it.
    """

    store: Store
    sources: Sources
    roots: BuildRoots
    target: Target
    environ: Mapping[str, str]
    choices: BuildChoices
    tolerates: Callable[[str], bool]
    selected_root: Callable[[str, str | None], BuildRoot]
    log_folder: str
    root: str
    reporter: Reporter


class Builder:
    """Builds what has no wheel, unless it was built before."""

    def __init__(self, means: BuildMeans) -> None:
        self._means = means
        self._tags = WheelTags(means.target.tags)
        self._at_work: tuple[str, ...] = ()

    def find(self, pin: Pin) -> StoredWheel | None:
        """Return the wheel that was built from this very source, in this very way; None where there is none."""
        key = self._key(pin)
        return None if key is None else self._find(key, pin)

    def build(self, pin: Pin, *, anew: bool = False) -> StoredWheel:
        """Return the wheel of a pin that is none, building it where that was not done, or shall be done `anew`.

        Raises BuildError, SourceError, IntegrityError or StoreError; then nothing of it is in the store.
        """
        means, label = self._means, label_of(pin)
        key = self._key(pin)
        found = None if anew or key is None else self._find(key, pin)
        if found is not None:
            return found
        if pin.name in self._at_work:
            chain = " needs ".join((*self._at_work, pin.name))
            raise CyclicBuildError(f"to build {pin.name} takes {pin.name} itself: {chain}")
        with means.store.hold(f"build-{key or os.urandom(8).hex()}", label):
            found = None if anew or key is None else self._find(key, pin)
            if found is not None:  # by another process, meanwhile
                return found
            self._at_work += (pin.name,)
            means.reporter.report(BuildStarted(name=pin.name, label=label))
            failed = True
            try:
                with means.store.work() as scratch:
                    wheel = self._build(pin, key, scratch)
                failed = False
            finally:
                self._at_work = self._at_work[:-1]
                means.reporter.report(BuildFinished(name=pin.name, label=label, failed=failed))
        return wheel

    # -- what was built before ----------------------------------------------------------------------------------------

    def _find(self, key: str, pin: Pin) -> StoredWheel | None:
        built = find_built(self._means.store, key)
        if built is None or (built.root and not os.path.isdir(built.root)):
            return None
        tolerates = self._means.tolerates(pin.name)
        wheel = self._means.store.find(_built_pin(pin, built), tolerate_record=tolerates)
        if wheel is not None and built.root:
            note_user(built, self._means.root)
        return wheel

    def _key(self, pin: Pin) -> str | None:
        """Return a digest of all that the wheel hangs on; None where what it is built from has no digest."""
        target, options = self._means.target, self._means.choices.options(pin.name)
        source = self._source_key(pin)
        if source is None:
            return None
        interpreter = target.interpreter
        content = [
            source,
            [target.implementation, target.python_version, *target.tags[:1]],
            interpreter and [interpreter.version, interpreter.base_prefix],
            dict(options.config_settings),
            dict(options.variables),
            options.source_date_epoch,
            self._means.choices.extra_requires(pin.name),
            self._means.choices.isolated(pin.name),
        ]
        text = json.dumps(content, sort_keys=True)
        return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()

    def _source_key(self, pin: Pin) -> list[str] | None:
        match pin.artifact:
            case SdistArtifact(file=file):
                strong = max((d for d in file.digests if d.strong), default=None)
                subdirectory = getattr(pin.source, "subdirectory", None) or ""
                return None if strong is None else ["archive", str(strong), subdirectory]
            case CheckoutArtifact(url=url, commit=commit, subdirectory=subdirectory):
                lfs = isinstance(pin.source, GitSource) and pin.source.lfs
                return ["commit", url, commit, subdirectory or "", str(lfs)]
            case DirectoryArtifact(folder=folder, editable=editable):
                kind = BuildKind.EDITABLE if editable else BuildKind.WHEEL
                state = read_state(folder, kind, self._means.environ)
                return ["folder", kind.value, os.path.realpath(folder), state]
            case WheelArtifact():
                return None

    # -- building -----------------------------------------------------------------------------------------------------

    def _build(self, pin: Pin, key: str | None, scratch: str) -> StoredWheel:
        means, label = self._means, label_of(pin)
        if means.target.interpreter is None:
            raise NoInterpreterToBuildError(
                f"{label} has no wheel for Python {means.target.python_version}, and there is no such Python here to"
                " build it with",
                hints=("--python names one",),
            )
        kind = BuildKind.WHEEL
        if isinstance(pin.artifact, DirectoryArtifact) and pin.artifact.editable:
            kind = BuildKind.EDITABLE
        tree = self._tree(pin, kind, scratch)
        system = read_build_system(tree, label)
        with self._log(pin, key) as log:
            job = hooks.Job(
                label=label,
                source=tree,
                system=system,
                options=means.choices.options(pin.name),
                scratch=scratch,
                log=log,
                environ=means.environ,
                again=f"siteroot sync --dry-run --only-install-package {pin.name}",
            )
            path, lasting = self._run(job, kind, pin.name)
        built = self._read_built(path, lasting)
        self._refuse_misfit(label, built.filename)
        tolerates = means.tolerates(pin.name)
        wheel = means.store.admit(path, _built_pin(pin, built), tolerate_record=tolerates)
        if key is not None:
            write_built(means.store, key, built)
        if built.root:
            note_user(built, means.root)
        return wheel

    def _tree(self, pin: Pin, kind: BuildKind, scratch: str) -> str:
        means = self._means
        match pin.artifact:
            case SdistArtifact() as artifact:
                mtime = means.choices.options(pin.name).source_date_epoch
                return means.sources.unpack(pin, artifact, scratch, mtime)
            case CheckoutArtifact() as artifact:
                return means.sources.check_out(pin, artifact, scratch)
            case DirectoryArtifact(folder=folder):
                roots = () if kind is BuildKind.EDITABLE else find_roots(folder, means.root)
                if not roots:
                    return folder
                with in_words(scratch):
                    return copy_without_roots(folder, f"{scratch}/source", roots)
            case WheelArtifact():
                raise AssertionError(pin.name)

    def _run(self, job: hooks.Job, kind: BuildKind, name: str) -> tuple[str, str]:
        """Return the wheel's path, and the folder of its build root where it goes on needing that, else ""."""
        means = self._means
        out = f"{job.scratch}/out"
        fs.make_folder(out)
        place = None
        if kind is BuildKind.EDITABLE:
            folder = hashlib.sha256(os.path.realpath(job.source).encode()).hexdigest()[:16]
            kept = f"{bucket('build-roots')}/{means.target.python_version}-{folder}"
            place = f"{means.store.writable_base()}/{kept}"
        isolated = means.choices.isolated(name)
        if isolated:
            requires = (*job.system.requires, *means.choices.extra_requires(name))
            root = means.roots.provide(requires, job.label, place)
        else:
            root = means.selected_root(name, place)
        lasting = False
        try:
            if kind is BuildKind.EDITABLE:
                roots = find_roots(job.source, means.root)
                job = replace(job, system=keep_from_roots(job.system, root, roots))
            if isolated:
                root = self._complete(job, root, kind)
            path = hooks.build(job, root, kind, out)
            lasting = place is not None and _names(path, root.folder)
        finally:
            if not lasting:
                means.roots.release(root)
        return path, root.folder if lasting else ""

    def _complete(self, job: hooks.Job, root: BuildRoot, kind: BuildKind) -> BuildRoot:
        """Return the root with what the backend asks for besides."""
        more = hooks.ask_requires(job, root, kind)
        return self._means.roots.extend(root, more, job.label) if more else root

    @contextmanager
    def _log(self, pin: Pin, key: str | None) -> Iterator[str]:
        """Give the log of a build; it stays."""
        name = f"{pin.name}-{pin.version or 'tree'}-{(key or os.urandom(8).hex())[:12]}.log"
        path = f"{self._means.log_folder}/{name}"
        with in_words(path):
            begin_log(path, f"building {label_of(pin)}")
        yield path

    def _read_built(self, path: str, root: str) -> Built:
        digest = hashlib.sha256()
        size = 0
        with open(path, "rb") as file:
            while piece := file.read(1 << 20):
                digest.update(piece)
                size += len(piece)
        return Built(
            filename=os.path.basename(path),
            digest=Digest("sha256", digest.hexdigest()),
            size=size,
            root=root,
        )

    def _refuse_misfit(self, label: str, filename: str) -> None:
        verdict = screen_wheel(filename, self._tags)
        if not isinstance(verdict, Fit):
            raise BuiltMisfitError(
                f"{label}: what its build backend made, {filename}, does not fit the target: {verdict}",
                hints=("it can be built on a machine like the target",),
            )


def _names(wheel: str, folder: str) -> bool:
    """Whether a wheel's files name a folder: what was made to be run from there."""
    sought = folder.encode()
    with zipfile.ZipFile(wheel) as archive:
        return any(sought in archive.read(name) for name in archive.namelist())


def version_of(wheel: StoredWheel) -> Version:
    """Return a stored wheel's version."""
    return Version(wheel.version.replace("_", "-"))


def pin_of_tree(pin: Pin, wheel: StoredWheel) -> WheelPin:
    """Return the pin of a wheel that was built from a source tree: it stands for the tree as it is now."""
    filename = f"{wheel.dist_info.removesuffix('.dist-info')}.whl"
    file = LockedFile(filename=filename, location="", digests=(wheel.digest,), size=None)
    return pin_of_source(pin, pin.version or version_of(wheel), file)


def _built_pin(pin: Pin, built: Built) -> WheelPin:
    """Return the pin of a wheel file that was built for a pin."""
    version = pin.version
    if version is None:
        try:
            version = parse_wheel_filename(built.filename)[1]
        except ValueError:
            raise BuiltMisfitError(
                f"{pin.name}: {built.filename!r} is no name of a wheel"
            ) from None
    file = LockedFile(
        filename=built.filename, location="", digests=(built.digest,), size=built.size
    )
    return pin_of_source(pin, version, file)


def pin_of_source(pin: Pin, version: Version, file: LockedFile) -> WheelPin:
    """Return the pin of a wheel that is built when it is needed, known by the digests of a file: its source's, or its own."""
    source = pin.source
    if isinstance(pin.artifact, DirectoryArtifact):
        make = EditableSource if pin.artifact.editable else DirectorySource
        source = make(pin.artifact.folder)
    artifact = WheelArtifact(file=file, location=f"built from {label_of(pin)}")
    return WheelPin(
        name=pin.name, version=version, source=source, artifact=artifact, direct=pin.direct
    )
