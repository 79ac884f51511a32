"""Memos: what a sync looked at before it decided, and what it decided, so that the same need not be decided again.

    CACHE/memos-v1/
        NAME            what was looked at, and the root that it led to
        NAME.plan       that root's rows, where it was made from nothing

A memo holds for the same words, folder and variables, and while all that the sync looked at is as it was: the bytes
of every file that it read, what it listed or missed, the interpreters that it asked. Any difference, and the sync
decides anew; a memo that is lost, damaged or another's costs time and nothing else. One whose sync read a credential
is not kept; a variable that may be one is kept as a salted digest.

This module imports no dataclasses, typing, pathlib or re: it is the starter's (DESIGN.md 5).
"""

import binascii
import errno
import marshal
import os
import stat
import sys

from siteroot import __version__
from siteroot.formats.sealed import seal, unseal
from siteroot.interpreter.looks import DISK
from siteroot.model.cache import bucket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import Any

    from siteroot.model.rows import Fresh, Job, PackedFresh, PackedJob

    #: How siteroot shall speak: how often `-q` was said, the choice of colour, whether progress may be shown.
    Speech = tuple[int, str, bool]
    #: A distribution that came: its name, version and, where it is from no index, origin.
    Came = tuple[str, str, str | None]
    #: (question, path, answer): an answer is made of what marshal can hold. The questions are those of `_ANSWERS`.
    Look = tuple[str, str, Any]

_FORM = b"siteroot memo 3"
#: How many rows are packed together: so many as a process that places links takes at once.
_PACK = 200
_PLACE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_SECRET_NAMES = ("PASS", "USERNAME", "TOKEN", "SECRET", "CREDENTIAL", "AUTH")
#: No file that a sync decides from is larger than its memo may be.
_LONGEST = 64 << 20


class Memo:
    """What a memo says. `root` is absolute and resolved, `state` the bytes of its `.siteroot.json`.

    `how` is what of the words bears on a root's fingerprint; `count` how many distributions it holds.
    """

    __slots__ = ("count", "how", "link_mode", "looks", "root", "speech", "state")

    def __init__(
        self,
        *,
        speech: "Speech",
        looks: "tuple[Look, ...]",
        root: str,
        how: str,
        link_mode: str | None,
        state: bytes,
        count: int,
    ) -> None:
        self.speech = speech
        self.looks = looks
        self.root = root
        self.how = how
        self.link_mode = link_mode
        self.state = state
        self.count = count


class MemoPlace:
    """Where the memo of one command lies: the same words in the same surroundings find the same place."""

    __slots__ = ("cache", "key", "path")

    def __init__(self, cache: str, key: bytes) -> None:
        self.cache = cache
        self.key = key
        self.path = f"{cache}/{bucket('memos')}/{binascii.crc32(key):08x}"


def memo_place(argv: "Sequence[str]", environ: "Mapping[str, str]", cwd: str) -> MemoPlace | None:
    """Return where the command's memo would lie, None where it can have none.

    The cache's folder is guessed from words and variables; where a setting names another, nothing is found.
    """
    if "sync" not in argv or not cwd or any(_holds_credential(word) for word in argv):
        return None
    cache = _guess_cache(argv, environ, cwd)
    if cache is None:
        return None
    said = [
        (name, guard(name, environ[name]))
        for name in sorted(environ)
        if name.startswith(("UV_", "SITEROOT_"))
    ]
    return MemoPlace(
        cache, marshal.dumps((_FORM, __version__, _PLACE, tuple(argv), cwd, tuple(said)), 2)
    )


def _guess_cache(argv: "Sequence[str]", environ: "Mapping[str, str]", cwd: str) -> str | None:
    named = environ.get("SITEROOT_CACHE_DIR") or environ.get("UV_CACHE_DIR")
    for at, word in enumerate(argv):
        if word.startswith("--cache-dir="):
            named = word[12:]
        elif word == "--cache-dir" and at + 1 < len(argv):
            named = argv[at + 1]
    if named:
        return os.path.realpath(os.path.join(cwd, named))
    folder = default_cache(environ)
    return None if folder is None else os.path.realpath(folder)


def default_cache(environ: "Mapping[str, str]") -> str | None:
    """Return the cache's folder by the XDG Base Directory Specification, None where another rule holds."""
    if sys.platform in ("darwin", "win32"):
        return None
    shared = environ.get("XDG_CACHE_HOME", "")
    if os.path.isabs(shared):
        return os.path.join(shared, "siteroot")
    home = environ.get("HOME", "")
    return os.path.join(home, ".cache", "siteroot") if os.path.isabs(home) else None


def guard(name: str, value: str | None) -> str | None:
    """Return a variable's value as a memo may hold it: a digest of what may be a credential."""
    if value is None or not _may_be_secret(name.upper(), value):
        return value
    import hashlib  # noqa: PLC0415 - 3 ms, for whoever has such a variable

    salted = f"{_PLACE}\0{name}\0{value}".encode("utf-8", "surrogateescape")
    return f"sha256:{hashlib.sha256(salted).hexdigest()}"


def _may_be_secret(name: str, value: str) -> bool:
    return (
        name.endswith("KEY")  # and no UV_KEYRING_PROVIDER
        or any(word in name for word in _SECRET_NAMES)
        or ("@" in value and "PROXY" in name)
        or _holds_credential(value)
    )


def _holds_credential(text: str) -> bool:
    """Whether there is a user before a host, as in `me:word@host:80` too, or a URL with a query (`?token=`)."""
    before, at, _ = text.partition("@")  # and it is no `cpython@3.12`
    return (at == "@" and ":" in before) or ("://" in text and "?" in text)


# -- looks ------------------------------------------------------------------------------------------------------------


def _file(path: str) -> bytes | None:
    """Return a plain file's bytes; None where there is no file, as `ports.ProjectFiles` has it."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        with open(descriptor, "rb", buffering=0) as file:
            if stat.S_ISREG(os.fstat(descriptor).st_mode):
                return file.readall()
            raise OSError(errno.EINVAL, "no plain file")
    except IsADirectoryError:
        return None


def _names(path: str) -> "tuple[str, ...] | None":
    try:
        return tuple(sorted(os.listdir(path)))
    except (FileNotFoundError, NotADirectoryError):
        return None


#: How each question is asked once more.
_ANSWERS = {
    "file": _file,
    "names": _names,
    "listing": DISK.names,
    "exists": DISK.exists,
    "folder": DISK.is_folder,
    "program": DISK.is_program,
    "place": DISK.place,
    "real": DISK.real,
    "python": DISK.identity,
}


def still_so(looks: "Iterable[Look]", environ: "Mapping[str, str]") -> bool:
    """Whether everything that was looked at would give the same answer now."""
    try:
        for question, path, answer in looks:
            if question == "variable":
                if guard(path, environ.get(path)) != answer:
                    return False
            elif _ANSWERS[question](path) != answer:
                return False
    except (OSError, ValueError):
        return False
    return True


# -- keeping ----------------------------------------------------------------------------------------------------------


def read_memo(place: MemoPlace) -> Memo | None:
    """Return the memo at its place, None where there is none for this command."""
    kept = _load(place.path)
    if len(kept) != 8 or kept[0] != place.key:
        return None
    _, speech, looks, root, how, link_mode, state, count = kept
    return Memo(
        speech=speech,
        looks=looks,
        root=root,
        how=how,
        link_mode=link_mode,
        state=state,
        count=count,
    )


def read_plan(
    place: MemoPlace, memo: Memo
) -> "tuple[PackedFresh, bytes, tuple[Came, ...], int] | None":
    """Return the memo's root as rows, its fingerprint, what comes with it and its size in bytes; None without such."""
    kept = _load(f"{place.path}.plan")
    if len(kept) != 6 or kept[:2] != (memo.state, memo.how):
        return None
    _, _, fresh, fingerprint, came, size = kept
    return fresh, fingerprint, came, size


def _load(path: str) -> "tuple[Any, ...]":
    """Return what a file of this cache holds, nothing where that is not to be had, or is another user's."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, "rb", buffering=0) as file:
            status = os.fstat(descriptor)
            if status.st_uid != os.geteuid() or status.st_size > _LONGEST:
                return ()
            kept = unseal(_FORM, file.readall()) if stat.S_ISREG(status.st_mode) else None
    except OSError:
        return ()
    return kept if isinstance(kept, tuple) else ()


def render_memo(place: MemoPlace, memo: Memo) -> bytes:
    """Return the bytes of a memo."""
    words = (memo.speech, memo.looks, memo.root, memo.how, memo.link_mode, memo.state, memo.count)
    return seal(_FORM, (place.key, *words))


def render_plan(
    memo: Memo, fresh: "Fresh", fingerprint: bytes, came: "tuple[Came, ...]", size: int
) -> bytes:
    """Return the bytes of a memo's plan."""
    (anchors, folders, jobs), times = fresh
    packed = (anchors, folders, tuple(part for job in jobs for part in pack_job(job))), times
    return seal(_FORM, (memo.state, memo.how, packed, fingerprint, came, size))


def pack_job(job: "Job") -> "Iterator[PackedJob]":
    """Give the job packed, a large one in parts."""
    source, label, stored, rendered = job
    for at in range(0, len(stored), _PACK) or (0,):
        rows = stored[at : at + _PACK]
        size = sum(row[2] for row in rows)
        yield source, label, marshal.dumps(rows, 2), len(rows), size, () if at else rendered
