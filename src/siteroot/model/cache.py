"""The folders of siteroot's cache: each holds one kind of thing in one format, whose number is in its name.

A format that changes gets a new number, so that old and new siteroots share a cache without reading each other's.
`cache prune` removes the numbers that are no more, `cache clean` all of them, and neither anything else.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from .digest import Digest

#: The number of each folder's format, by what the folder holds.
BUCKETS = {
    "build-roots": 1,  # what editables are rebuilt with when they are imported
    "built": 1,  # which wheel came of which build
    "bytecode": 1,  # of wheels, compiled
    "git": 1,  # mirrors of repositories
    "interpreters": 1,  # what interpreters answered
    "locks": 1,  # who is fetching which wheel
    "logs": 1,  # what builds wrote
    "memos": 1,  # what syncs looked at and came to
    "metadata": 4,  # what distributions say of themselves
    "names": 1,  # which archive a digest or URL means
    "pages": 2,  # what indexes offer of projects
    "roots": 1,  # the fingerprints of roots
    "sources": 1,  # archives that wheels were built from
    "tmp": 1,  # work that is not finished
    "wheels": 1,  # wheels, checked and unpacked
}


def bucket(kind: str) -> str:
    """Return the name of the folder for that kind of thing, as "wheels-v1"."""
    return f"{kind}-v{BUCKETS[kind]}"


def kept_archive(cache: str, digests: "Iterable[Digest]", filename: str) -> str | None:
    """Return where the cache keeps an archive of sources; None without a strong digest: it may become another one."""
    strong = [digest.hexadecimal for digest in digests if digest.strong]
    longest = max(strong, default="", key=len)
    if not longest.isalnum():
        return None
    return f"{cache}/{bucket('sources')}/{longest[:2]}/{longest}/{filename}"
