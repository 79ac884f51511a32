"""Wheels out of sources: each built once, and found again by what it was built from."""

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager

from packaging.utils import parse_wheel_filename
from packaging.version import Version

from siteroot.build.state import read_state
from siteroot.errors import BuildError
from siteroot.formats.resolution_metadata import parse_metadata
from siteroot.formats.wheel_tags import Fit, WheelTags, describe_target, screen_wheel
from siteroot.fs import read_plain
from siteroot.model.build import BuildKind
from siteroot.model.digest import Digest
from siteroot.model.event import BuildFinished, BuildStarted
from siteroot.model.lock import DirectorySource, EditableSource, GitSource, LockedFile
from siteroot.model.metadata import DistributionMetadata
from siteroot.model.pin import (
    CheckoutArtifact,
    DirectoryArtifact,
    Pin,
    SdistArtifact,
    WheelArtifact,
    WheelPin,
)
from siteroot.model.value import replace
from siteroot.model.wheel import StoredWheel
from siteroot.select.artifacts import say_platform
from siteroot.store.built import Built, find_built, note_user, write_built

from .build_means import BuildMeans, label_of

_LARGEST_MODULE = 16 << 20
_LARGEST_METADATA = 64 << 20


class NoInterpreterToBuildError(BuildError):
    """Something has to be built for a target, and no Python of that kind is here to build it with."""


class NoFittingWheelError(BuildError):
    """None of a distribution's wheels fits a target which it cannot be built for here."""


class BuiltMisfitError(BuildError):
    """A backend built a wheel that the target cannot use, or whose name is none."""


class CyclicBuildError(BuildError):
    """A distribution would have to be built before it can be built."""


class Builder:
    """Builds what has no wheel, unless it was built before."""

    def __init__(self, means: BuildMeans) -> None:
        self._means = means
        self._tags = WheelTags(means.target.tags)
        self._at_work: tuple[str, ...] = ()
        self._made: set[str] = set()  # by this command, which need not make it anew

    def find(self, pin: Pin) -> StoredWheel | None:
        """Return the wheel that was built from this very source, in this very way; None where there is none."""
        key = self._key(pin)
        return None if key is None else self._find(key, pin)

    def build(self, pin: Pin, *, anew: bool = False) -> StoredWheel:
        """Return the wheel of a pin that is none, building it where that was not done, or shall be done `anew`.

        Raises BuildError, SourceError, IntegrityError or StoreError; then nothing of it is in the store.
        """
        key = self._key(pin)
        anew = anew and key not in self._made
        found = None if anew or key is None else self._find(key, pin)
        if found is not None:
            return found
        if isinstance(pin.artifact, SdistArtifact):
            self._refuse_elsewhere(label_of(pin), pin.name, pin.artifact)
        with self._working(pin, key):
            found = None if anew or key is None else self._find(key, pin)
            if found is not None:  # by another process, meanwhile
                return found
            with self._scratch(pin, key) as scratch:
                return self._build(pin, key, scratch)

    def describe(self, pin: Pin) -> DistributionMetadata:
        """Return what the wheel of a pin says of itself. Raises as `build`.

        What is installed later is built at once; else the backend is asked, and builds only where it cannot tell.
        """
        if self._means.installs:
            return metadata_of(self.build(pin))
        key = self._key(pin)
        found = None if key is None else self._find(key, pin)
        if found is not None:
            return metadata_of(found)
        known = () if key is None else (Digest("sha256", key),)
        metadata = self._means.described.read(known)
        if metadata is None:
            with self._working(pin, key), self._scratch(pin, key) as scratch:
                content = self._prepare_metadata(pin, key, scratch)
            if content is None:
                return metadata_of(self.build(pin))
            metadata = parse_metadata(content)
            for each in self._keys_after(pin, key):
                self._means.described.write((Digest("sha256", each),), metadata)
        return metadata

    @contextmanager
    def _working(self, pin: Pin, key: str | None) -> Iterator[None]:
        """Keep others from the same work, and it from coming to need itself."""
        if pin.name and pin.name in self._at_work:
            chain = " needs ".join((*self._at_work, pin.name))
            raise CyclicBuildError(f"to build {pin.name} takes {pin.name} itself: {chain}")
        with self._means.store.hold(f"build-{key or os.urandom(8).hex()}", label_of(pin)):
            self._at_work += (pin.name,)
            try:
                yield
            finally:
                self._at_work = self._at_work[:-1]

    @contextmanager
    def _scratch(self, pin: Pin, key: str | None) -> Iterator[str]:
        """Return a folder to work in, and tell of the work."""
        report, label, failed = self._means.reporter.report, label_of(pin), True
        report(BuildStarted(name=pin.name, label=label))
        try:
            # compilers write the folder that they work in into what they make: it has one name
            with self._means.store.work(key and f"build-{key[:24]}") as scratch:
                yield scratch
            failed = False
        finally:
            report(BuildFinished(name=pin.name, label=label, failed=failed))

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
            # a wheel of before may have been made with what nobody vouched for
            *(["hashed"] if self._means.choices.hashed else []),
        ]
        text = json.dumps(content, sort_keys=True)
        return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()

    def _keys_after(self, pin: Pin, key: str | None) -> set[str]:
        """Return the keys of what was made: what a backend wrote into its tree (a version, say) makes nothing stale."""
        keys = {key, self._key(pin)} if isinstance(pin.artifact, DirectoryArtifact) else {key}
        return {each for each in keys if each is not None}

    def _source_key(self, pin: Pin) -> list[str] | None:
        match pin.artifact:
            case SdistArtifact(file=file):
                strong = max((d for d in file.digests if d.strong), default=None)
                subdirectory = getattr(pin.source, "subdirectory", None) or ""
                return None if strong is None else ["archive", str(strong), subdirectory]
            case CheckoutArtifact(url=url, commit=commit, subdirectory=subdirectory) as artifact:
                lfs = isinstance(pin.source, GitSource) and pin.source.lfs
                inner = artifact.archive
                archive = () if inner is None else (inner.location, *map(str, inner.digests))
                return ["commit", url, commit, subdirectory or "", str(lfs), *archive]
            case DirectoryArtifact(folder=folder, editable=editable):
                kind = BuildKind.EDITABLE if editable else BuildKind.WHEEL
                means = self._means
                places = (means.store.folder, means.log_folder)
                state = read_state(folder, kind, means.environ, places)
                return ["folder", kind.value, os.path.realpath(folder), state]
            case WheelArtifact():
                return None

    # -- building -----------------------------------------------------------------------------------------------------

    def _build(self, pin: Pin, key: str | None, scratch: str) -> StoredWheel:
        from .making import prepare  # noqa: PLC0415 - 30 ms that a sync need not pay which only finds

        means, label = self._means, label_of(pin)
        self._refuse_absent(label)
        with prepare(pin, key, scratch, means, installs=True) as making:
            path = making.wheel()
            built = _read_built(path)
            self._refuse_misfit(label, built.filename)
            tolerates = means.tolerates(pin.name)
            wheel = means.store.admit(path, _built_pin(pin, built), tolerate_record=tolerates)
            root = making.root
            if root and isinstance(pin.artifact, DirectoryArtifact) and _names(wheel, root.folder):
                making.keep = True
                built = replace(built, root=root.folder)
                note_user(built, means.root)
        for each in self._keys_after(pin, key):
            write_built(means.store, each, built)
            self._made.add(each)
        return wheel

    def _prepare_metadata(self, pin: Pin, key: str | None, scratch: str) -> bytes | None:
        from .making import prepare  # noqa: PLC0415 - as above

        self._refuse_absent(label_of(pin))
        with prepare(pin, key, scratch, self._means, installs=False) as making:
            return making.metadata()

    def _refuse_absent(self, label: str) -> None:
        target = self._means.target
        if target.interpreter is None:
            raise NoInterpreterToBuildError(
                f"{label} has no wheel for Python {target.python_version}, and there is no such Python here to build it"
                " with",
                hints=("--python names one",),
            )

    def _refuse_elsewhere(self, label: str, name: str, artifact: SdistArtifact) -> None:
        """Refuse what has wheels, and so is made for systems, where the target is another one than this machine."""
        target = self._means.target
        if not artifact.unfit or (target.platform is None and target.interpreter is not None):
            return
        platform = () if artifact.platform is None else (say_platform(artifact.platform),)
        raise NoFittingWheelError(
            "\n    ".join((f"{label} has no wheel for {describe_target(target)}", *artifact.unfit))
            + "\nand its source distribution would be built for this machine",
            hints=(*platform, f"`--no-binary-package {name}` builds it here all the same"),
        )

    def _refuse_misfit(self, label: str, filename: str) -> None:
        verdict = screen_wheel(filename, self._tags)
        if not isinstance(verdict, Fit):
            raise BuiltMisfitError(
                f"{label}: what its build backend made, {filename}, does not fit the target: {verdict}",
                hints=("it can be built on a machine like the target",),
            )


def _read_built(path: str) -> Built:
    digest = hashlib.sha256()
    size = 0
    with open(path, "rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
            size += len(piece)
    return Built(
        filename=os.path.basename(path), digest=Digest("sha256", digest.hexdigest()), size=size
    )


def _names(wheel: StoredWheel, folder: str) -> bool:
    """Whether a wheel's modules name a folder: what was made to be run from there."""
    sought = os.fsencode(folder)
    for scheme in wheel.schemes:
        for path, size, *_ in scheme.files:
            if path.endswith((".py", ".pth")) and size < _LARGEST_MODULE:
                with open(f"{wheel.folder}/{scheme.scheme}/{path}", "rb") as file:
                    if sought in file.read():
                        return True
    return False


def metadata_of(wheel: StoredWheel) -> DistributionMetadata:
    """Return what a stored wheel says of itself."""
    scheme = "purelib" if wheel.purelib else "platlib"
    path = f"{wheel.folder}/{scheme}/{wheel.dist_info}/METADATA"
    return parse_metadata(read_plain(path, _LARGEST_METADATA))


def version_of(wheel: StoredWheel) -> Version:
    """Return a stored wheel's version."""
    return Version(wheel.version.replace("_", "-"))


def pin_of_tree(pin: Pin, wheel: StoredWheel) -> WheelPin:
    """Return the pin of a wheel that was built from a source tree: it stands for the tree as it is now."""
    filename = f"{wheel.dist_info.removesuffix('.dist-info')}.whl"
    file = LockedFile(filename=filename, location="", digests=(wheel.digest,), size=None)
    return pin_of_source(pin, pin.version or version_of(wheel), file)


def _built_pin(pin: Pin, built: Built) -> WheelPin:
    """Return the pin of a wheel file that was built for a pin. Raises BuiltMisfitError where its name is of another."""
    try:
        told_name, told_version, *_ = parse_wheel_filename(built.filename)
    except ValueError:
        raise BuiltMisfitError(
            f"{label_of(pin)}: {built.filename!r} is no name of a wheel"
        ) from None
    name, version = pin.name or told_name, pin.version or told_version
    if (told_name, told_version.public) != (name, version.public):
        raise BuiltMisfitError(
            f"{label_of(pin)}: what its build backend made is another distribution's, {built.filename}"
        )
    file = LockedFile(
        filename=built.filename, location="", digests=(built.digest,), size=built.size
    )
    return pin_of_source(replace(pin, name=name), version, file)


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
