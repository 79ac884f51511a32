"""Brings source trees to this machine: archives and commits, into folders for one build."""

import hashlib
import os
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from siteroot import fs
from siteroot.build.source_archive import unpack_source
from siteroot.build.source_tree import NoSourceTreeError, check_identity
from siteroot.formats.distribution_names import is_wheel
from siteroot.index.fetch import FetchRequest
from siteroot.index.sink import WrongDigestError
from siteroot.model.cache import bucket, kept_archive
from siteroot.model.digest import Digest
from siteroot.model.lock import GitSource, LockedFile, UrlSource
from siteroot.model.pin import CheckoutArtifact, Pin, PinnedFile, SdistArtifact
from siteroot.model.value import replace
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
        subdirectory = pin.source.subdirectory if isinstance(pin.source, UrlSource) else None
        return self._unpack(
            pin, self._archive(pin, artifact, scratch), subdirectory, scratch, mtime
        )

    def _unpack(
        self, pin: Pin, archive: str, subdirectory: str | None, scratch: str, mtime: int
    ) -> str:
        where = f"{label_of(pin)} ({os.path.basename(archive)})"
        with in_words(scratch):
            tree = unpack_source(
                archive, f"{scratch}/source", self._means.limits, where=where, mtime=mtime
            )
        tree = below(tree, subdirectory, where)
        check_identity(tree, pin.name, pin.version, where)
        return tree

    def check_out(self, pin: Pin, artifact: CheckoutArtifact, scratch: str, mtime: int) -> str:
        """Return the tree of a commit, or of the archive of source in it; the file, where that is a wheel."""
        source = pin.source
        lfs = isinstance(source, GitSource) and source.lfs
        requested = source.requested if isinstance(source, GitSource) else None
        with self._mirrored(artifact.url) as repository:
            repository.bring(artifact.commit, requested)
            repository.check_out(artifact.commit, f"{scratch}/checkout", lfs=lfs)
        tree, where = f"{scratch}/checkout", f"{label_of(pin)} ({repository.shown})"
        if artifact.archive is None:
            return below(tree, artifact.subdirectory, where)
        archive = _file_below(tree, artifact.archive.location, where)
        match_digests(archive, artifact.archive.digests)
        if is_wheel(archive):
            return archive
        return self._unpack(pin, archive, artifact.subdirectory, scratch, mtime)

    def resolve_commit(self, source: GitSource) -> str:
        """Return the commit that a repository's source is now; one that is known is not asked for again."""
        if source.commit:
            return source.commit
        with self._mirrored(source.url) as repository:
            return repository.resolve(source.requested)

    def read_committed(self, source: GitSource, path: str) -> bytes | None:
        """Return a file of a commit, None where it has none."""
        with self._mirrored(source.url) as repository:
            repository.bring(source.commit, source.requested)
            return repository.read(source.commit, path)

    def keep(self, request: FetchRequest, check: Callable[[str], object]) -> LockedFile:
        """Return an archive by its sha256, by which it lies in the cache. `check` raises what it has against it."""
        file = LockedFile(
            filename=request.name, location=request.location, digests=request.digests, size=None
        )
        if any(digest.algorithm == "sha256" for digest in request.digests):
            file = replace(file, digests=tuple(d for d in file.digests if d.algorithm == "sha256"))
            if len(request.digests) == 1 and os.path.isfile(self.place(file)):
                return file
        with self._store.work() as scratch:
            fetched = f"{scratch}/{request.name}"
            sha256 = self._means.fetcher.fetch(request, fetched).sha256
            check(fetched)
            file = replace(file, digests=(Digest("sha256", sha256),))
            self._move(fetched, self.place(file))
        return file

    def place(self, file: LockedFile) -> str:
        """Return where the cache keeps an archive of a strong digest."""
        kept = kept_archive(self._store.writable_base(), file.digests, file.filename)
        assert kept is not None
        return kept

    @contextmanager
    def _mirrored(self, url: str) -> Iterator[Repository]:
        """Give a repository, with the sole right to fetch into its mirror."""
        git = Git(url, self._means.environ)
        key = hashlib.sha256(git.url.encode()).hexdigest()
        mirror = f"{self._store.writable_base()}/{bucket('git')}/{key[:2]}/{key}"
        with self._store.hold(f"git-{key}", git.shown), in_words(mirror):
            yield Repository(git, mirror, offline=self._means.offline)

    def _move(self, path: str, kept: str) -> None:
        with in_words(kept):
            fs.make_folder(os.path.dirname(kept))
            fs.DISK.rename(path, kept)

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
        self._move(fetched, kept)
        return kept


def below(tree: str, subdirectory: str | None, where: str) -> str:
    """Return a folder of a tree, which no link may lead out of."""
    if not subdirectory:
        return tree
    path = os.path.realpath(f"{tree}/{subdirectory}")
    if not path.startswith(f"{os.path.realpath(tree)}/") or not os.path.isdir(path):
        raise NoSourceTreeError(f"it has no subdirectory {subdirectory!r}", where=where)
    return path


def _file_below(tree: str, path: str, where: str) -> str:
    """Return a file of a tree, which no link may lead out of."""
    found = os.path.realpath(f"{tree}/{path}")
    if not found.startswith(f"{os.path.realpath(tree)}/") or not os.path.isfile(found):
        raise NoSourceTreeError(f"it has no file {path!r}", where=where)
    return found


def match_digests(path: str, digests: tuple[Digest, ...]) -> tuple[Digest, ...]:
    """Return which of the digests a file has. Raises WrongDigestError where it has none of an algorithm."""
    by_algorithm: dict[str, set[str]] = defaultdict(set)
    for digest in digests:
        by_algorithm[digest.algorithm].add(digest.hexadecimal)
    matched = []
    for algorithm, allowed in by_algorithm.items():
        with open(path, "rb") as file:
            found = hashlib.file_digest(file, algorithm).hexdigest()
        if found not in allowed:
            raise WrongDigestError(
                f"{os.path.basename(path)} has none of the {algorithm} digests that are allowed: it has {found}",
                hints=("if the new file is meant, write its digest down in place of the old one",),
            )
        matched.append(Digest(algorithm, found))
    return tuple(matched)
