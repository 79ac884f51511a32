"""Brings source trees to this machine: archives and commits, into folders for one build."""

import hashlib
import os

from siteroot import fs
from siteroot.build.source_archive import unpack_source
from siteroot.build.source_tree import NoSourceTreeError, check_identity
from siteroot.index.fetch import FetchRequest
from siteroot.model.cache import bucket, kept_archive
from siteroot.model.lock import GitSource, UrlSource
from siteroot.model.pin import CheckoutArtifact, Pin, PinnedFile, SdistArtifact
from siteroot.store.store import in_words
from siteroot.vcs.git import Git
from siteroot.vcs.repository import Repository

from .build_means import BuildMeans, label_of


class Sources:
    """Fetches what is built from. Archives with a strong digest, and mirrors of repositories, stay in the cache."""

    def __init__(self, means: BuildMeans) -> None:
        self._means = means
        self._store = means.store

    def unpack(self, pin: Pin, artifact: SdistArtifact, scratch: str, mtime: int) -> str:
        """Return the tree of an sdist or another archive, whose PKG-INFO was found right."""
        where = f"{label_of(pin)} ({artifact.file.filename})"
        archive = self._archive(pin, artifact, scratch)
        with in_words(scratch):
            tree = unpack_source(
                archive, f"{scratch}/source", self._means.limits, where=where, mtime=mtime
            )
        subdirectory = pin.source.subdirectory if isinstance(pin.source, UrlSource) else None
        tree = below(tree, subdirectory, where)
        check_identity(tree, pin.name, pin.version, where)
        return tree

    def check_out(self, pin: Pin, artifact: CheckoutArtifact, scratch: str) -> str:
        """Return the tree of a commit."""
        source = pin.source
        lfs = isinstance(source, GitSource) and source.lfs
        requested = source.requested if isinstance(source, GitSource) else None
        git = Git(artifact.url, self._means.environ)
        key = hashlib.sha256(git.url.encode()).hexdigest()
        mirror = f"{self._store.writable_base()}/{bucket('git')}/{key[:2]}/{key}"
        repository = Repository(git, mirror, offline=self._means.offline)
        with self._store.hold(f"git-{key}", git.shown), in_words(mirror):
            repository.bring(artifact.commit, requested)
            repository.check_out(artifact.commit, f"{scratch}/source", lfs=lfs)
        return below(f"{scratch}/source", artifact.subdirectory, f"{label_of(pin)} ({git.shown})")

    def _archive(self, pin: Pin, artifact: SdistArtifact, scratch: str) -> str:
        """Return where the archive lies, its size and digests right."""
        file = artifact.file
        kept = kept_archive(self._store.writable_base(), file.digests, file.filename)
        if kept is not None and os.path.isfile(kept):
            return kept
        fetched = f"{scratch}/{artifact.file.filename}"
        pinned = PinnedFile(
            name=pin.name, source=pin.source, file=artifact.file, location=artifact.location
        )
        (location,) = self._means.locate((pinned,))
        request = FetchRequest(
            name=pin.name,
            version=str(pin.version or ""),
            location=location,
            digests=artifact.file.digests,
            size=artifact.file.size,
        )
        self._means.fetcher.fetch(request, fetched)
        if kept is None:
            return fetched
        with in_words(kept):
            fs.make_folder(os.path.dirname(kept))
            fs.DISK.rename(fetched, kept)
        return kept


def below(tree: str, subdirectory: str | None, where: str) -> str:
    """Return a folder of a tree, which no link may lead out of."""
    if not subdirectory:
        return tree
    path = os.path.realpath(f"{tree}/{subdirectory}")
    if not path.startswith(f"{os.path.realpath(tree)}/") or not os.path.isdir(path):
        raise NoSourceTreeError(f"it has no subdirectory {subdirectory!r}", where=where)
    return path
