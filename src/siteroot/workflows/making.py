"""One build: the tree is brought, its backend gets a root and is called. Loaded where that is done, and only there."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager

from siteroot import fs
from siteroot.build import hooks
from siteroot.build.beside_roots import keep_from_roots
from siteroot.build.copying import copy_without_roots, leans_on_repository
from siteroot.build.running import begin_log
from siteroot.build.source_tree import read_build_system
from siteroot.build.tree_roots import find_roots
from siteroot.formats.distribution_names import is_wheel
from siteroot.model.build import BuildKind, BuildRoot
from siteroot.model.cache import bucket
from siteroot.model.pin import (
    CheckoutArtifact,
    DirectoryArtifact,
    Pin,
    SdistArtifact,
    WheelArtifact,
)
from siteroot.model.value import replace
from siteroot.store.store import in_words

from .build_means import BuildMeans, label_of
from .sources import Sources


class Making:
    """A job whose build root stands; `keep` it and the root stays. What comes of it goes to `out`."""

    def __init__(self, job: hooks.Job, root: BuildRoot, kind: BuildKind) -> None:
        self.job = job
        self.root = root
        self.kind = kind
        self.keep = False

    @property
    def out(self) -> str:
        """Where what is made goes."""
        return f"{self.job.scratch}/out"

    def wheel(self) -> str:
        """Build the wheel and return its path. Raises BuildError."""
        return hooks.build(self.job, self.root, self.kind, self.out)

    def metadata(self) -> bytes | None:
        """Return what the wheel's METADATA would be, None where only a wheel can tell. Raises BuildError."""
        return hooks.read_metadata(self.job, self.root, self.kind, self.out)


class ReadyWheel:
    """A wheel that lay in a repository: it was made by nobody here, and has no root."""

    root = None
    keep = False

    def __init__(self, path: str) -> None:
        self._path = path

    def wheel(self) -> str:
        """Return its path."""
        return self._path

    def metadata(self) -> None:
        """Return None: the wheel tells."""
        return


@contextmanager
def prepare(
    pin: Pin, key: str | None, scratch: str, means: BuildMeans, *, installs: bool
) -> Iterator[Making | ReadyWheel]:
    """Bring a pin's tree and what its backend needs. Raises BuildError, SourceError, IntegrityError, StoreError.

    An editable that somebody `installs` may go on needing its build root, which lies where it can stay.
    """
    label = label_of(pin)
    artifact = pin.artifact
    editable = isinstance(artifact, DirectoryArtifact) and artifact.editable
    kind = BuildKind.EDITABLE if editable else BuildKind.WHEEL
    tree = _bring(pin, scratch, means, kind)
    if is_wheel(tree):
        yield ReadyWheel(tree)
        return
    job = hooks.Job(
        label=label,
        name=pin.name,
        source=tree,
        system=read_build_system(tree, label),
        options=means.choices.options(pin.name),
        scratch=scratch,
        log=_begin_log(pin, key, means),
        environ=means.environ,
        again=means.again(pin),
    )
    root = _provide(
        job, pin.name, _place(job, means) if editable and installs else f"{scratch}/root", means
    )
    making = Making(job, root, kind)
    fs.make_folder(making.out)
    try:
        if isinstance(artifact, DirectoryArtifact) and tree == artifact.folder:
            roots = _roots_in(tree, means)
            making.job = job = replace(job, system=keep_from_roots(job.system, root, roots))
        if means.choices.isolated(pin.name):
            more = hooks.ask_requires(job, root, kind)
            making.root = means.roots.extend(root, more, label) if more else root
        yield making
    finally:
        if not making.keep:
            means.roots.release(making.root)


def _bring(pin: Pin, scratch: str, means: BuildMeans, kind: BuildKind) -> str:
    """Return the folder of the tree that is built; the wheel, where that is what lies in a repository."""
    mtime = means.choices.options(pin.name).source_date_epoch
    match pin.artifact:
        case SdistArtifact() as artifact:
            return Sources(means).unpack(pin, artifact, scratch, mtime)
        case CheckoutArtifact() as artifact:
            return Sources(means).check_out(pin, artifact, scratch, mtime)
        case DirectoryArtifact(folder=folder):
            stays = kind is BuildKind.EDITABLE or leans_on_repository(folder)
            roots = () if stays else _roots_in(folder, means)
            if not roots:
                return folder
            with in_words(scratch):
                return copy_without_roots(folder, f"{scratch}/source", roots)
        case WheelArtifact():
            raise AssertionError(pin.name)


def _roots_in(tree: str, means: BuildMeans) -> tuple[str, ...]:
    """Return what in a tree is none of its sources: site roots, the cache that all this is done in, and logs."""
    return find_roots(tree, means.root, means.store.folder, means.log_folder)


def _begin_log(pin: Pin, key: str | None, means: BuildMeans) -> str:
    """Return the path of a new log; it stays."""
    name = f"{pin.name or 'source'}-{pin.version or 'tree'}-{(key or os.urandom(8).hex())[:12]}.log"
    path = f"{means.log_folder}/{name}"
    with in_words(path):
        begin_log(path, f"building {label_of(pin)}")
    return path


def _place(job: hooks.Job, means: BuildMeans) -> str:
    """Return where an editable's build root lies: the same place each time, for it may have to stay."""
    folder = hashlib.sha256(os.fsencode(os.path.realpath(job.source))).hexdigest()[:16]
    name = f"{bucket('build-roots')}/{means.target.python_version}-{folder}"
    return f"{means.store.writable_base()}/{name}"


def _provide(job: hooks.Job, name: str, place: str, means: BuildMeans) -> BuildRoot:
    if not means.choices.isolated(name):
        return means.selected_root(name, place)
    requires = (*job.system.requires, *means.choices.extra_requires(name))
    return means.roots.provide(requires, job.label, place)
