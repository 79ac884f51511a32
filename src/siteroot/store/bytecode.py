"""Bytecode of stored wheels, kept beside them (ROOT.md 4).

    CACHE/bytecode-v1/AB/WHEEL/KIND/
        manifest                                   files as in a wheel's manifest, and what does not compile
        purelib/pkg/__pycache__/mod.cpython-312.pyc

WHEEL is the name of the wheel's own entry, KIND says which Pythons the bytecode is for and how it is checked against
its source. An entry is there whole or not at all, and never changed.
"""

import hashlib
import os
import posixpath
from collections.abc import Iterator
from contextlib import contextmanager

from siteroot.formats.manifest import (
    MANIFEST,
    MANIFEST_MOST,
    CompiledScheme,
    parse_bytecode_manifest,
    render_bytecode_manifest,
)
from siteroot.fs import DISK, Writer, make_folder, read_plain, rename_new, write_file
from siteroot.model.cache import bucket
from siteroot.model.times import derive_mtime
from siteroot.model.value import replace
from siteroot.model.wheel import StoredFile, StoredWheel

from .store import WORK, Store, in_words
from .work import work_folder

BYTECODE = bucket("bytecode")


class BytecodeStore:
    """The bytecode in a store."""

    def __init__(self, store: Store, *, writer: Writer = DISK) -> None:
        self._store = store
        self._writer = writer
        self._discarded: set[str] = set()

    def find(self, wheel: StoredWheel, kind: str) -> StoredWheel | None:
        """Return the wheel with its bytecode, None where it has to be compiled."""
        for base in self._store.bases():
            found = self._load(wheel, _entry(base, wheel, kind))
            if found is not None:
                return found
        return None

    @contextmanager
    def draft(self, wheel: StoredWheel, kind: str) -> Iterator["Draft"]:
        """Give a place to bring the wheel's bytecode to; without `Draft.admit` nothing of it is kept."""
        base = self._store.writable_base()
        with (
            in_words(f"{base}/{WORK}"),
            work_folder(f"{base}/{WORK}", writer=self._writer) as work,
        ):
            yield Draft(self, wheel, _entry(base, wheel, kind), work, self._writer)

    def discard(self, wheel: StoredWheel) -> None:
        """Forget bytecode that turned out to be wrong; in a store that cannot be written it is only looked past."""
        base = self._store.writable_base()
        if not wheel.bytecode_folder.startswith(f"{base}/"):
            self._discarded.add(wheel.bytecode_folder)
            return
        with (
            in_words(wheel.bytecode_folder),
            work_folder(f"{base}/{WORK}", writer=self._writer) as work,
        ):
            self._store.move_away(wheel.bytecode_folder, work)

    def _load(self, wheel: StoredWheel, folder: str) -> StoredWheel | None:
        if folder in self._discarded:
            return None
        try:
            kept = parse_bytecode_manifest(
                read_plain(f"{folder}/{MANIFEST}", MANIFEST_MOST, follow=False)
            )
        except OSError:
            return None
        return None if kept is None else _with_bytecode(wheel, kept[1], folder)

    def admit(self, wheel: StoredWheel, new: str, final: str, work: str) -> StoredWheel:
        """Put a finished draft in its place, or take what another process put there meanwhile."""
        make_folder(os.path.dirname(final), writer=self._writer)
        while True:
            try:
                rename_new(new, final, writer=self._writer)
            except FileExistsError:
                found = self._load(wheel, final)
                if found is not None:
                    return found
                self._store.move_away(final, work)
            else:
                break
        made = self._load(wheel, final)
        return wheel if made is None else made


class Draft:
    """The bytecode of one wheel, as it comes."""

    def __init__(
        self, store: BytecodeStore, wheel: StoredWheel, final: str, work: str, writer: Writer
    ) -> None:
        self._store = store
        self._wheel = wheel
        self._final = final
        self._work = work
        self._new = f"{work}/entry"
        self._writer = writer
        self._files: dict[str, list[StoredFile]] = {}
        self._uncompiled: dict[str, list[tuple[str, str]]] = {}
        self._folders: set[str] = set()

    def add(self, scheme: str, path: str, content: bytes) -> None:
        """Take the bytecode that goes to a path in a scheme's folder."""
        digest = hashlib.sha256(content).digest()
        mtime = derive_mtime(digest)
        target = f"{self._new}/{scheme}/{path}"
        folder = posixpath.dirname(target)
        if folder not in self._folders:
            make_folder(folder, writer=self._writer)
            self._folders.add(folder)
        write_file(target, content, mtime=mtime, writer=self._writer)
        self._files.setdefault(scheme, []).append((path, len(content), 0o644, mtime, digest))

    def fail(self, scheme: str, path: str, why: str) -> None:
        """Note that a module does not compile."""
        self._uncompiled.setdefault(scheme, []).append((path, why))

    def admit(self) -> StoredWheel:
        """Keep it, and return the wheel with it."""
        schemes = tuple(
            (
                part.scheme,
                tuple(sorted(self._files.get(part.scheme, ()))),
                tuple(sorted(self._uncompiled.get(part.scheme, ()))),
            )
            for part in self._wheel.schemes
        )
        make_folder(self._new, writer=self._writer)
        manifest = render_bytecode_manifest(self._wheel.label, schemes)
        write_file(f"{self._new}/{MANIFEST}", manifest, writer=self._writer)
        return self._store.admit(self._wheel, self._new, self._final, self._work)


def _entry(base: str, wheel: StoredWheel, kind: str) -> str:
    name = os.path.basename(wheel.folder)
    return f"{base}/{BYTECODE}/{name[:2]}/{name}/{kind}"


def _with_bytecode(
    wheel: StoredWheel, schemes: tuple[CompiledScheme, ...], folder: str
) -> StoredWheel:
    known = {scheme: (files, uncompiled) for scheme, files, uncompiled in schemes}
    parts = []
    for part in wheel.schemes:
        files, uncompiled = known.get(part.scheme, ((), ()))
        parts.append(replace(part, bytecode=files, uncompiled=uncompiled))
    return replace(wheel, schemes=tuple(parts), bytecode_folder=folder)
