"""direct_url.json: where a distribution that comes from no index came from (PyPA "Direct URL Data Structure")."""

import json

from siteroot.model.digest import Digest
from siteroot.model.file_url import file_url
from siteroot.model.lock import EditableSource, GitSource, Source, UrlSource

from .credentials import without_credentials


def render_direct_url(source: Source, digests: tuple[Digest, ...]) -> bytes | None:
    """Return the file's bytes, None for a source that gets no such file.

    A local source has none, because its path is the building machine's (ROOT.md 4), unless it is an editable, whose
    path is then absolute; an index has none by the specification. `digests` are those that the lock names for the archive.
    """
    subdirectory: str | None = None
    content: dict[str, object]
    match source:
        case EditableSource(path=path):
            url = file_url(path)
            content = {"dir_info": {"editable": True}}
        case UrlSource(url=url, subdirectory=subdirectory):
            hashes = {digest.algorithm: digest.hexadecimal for digest in sorted(digests)}
            content = {"archive_info": {"hashes": hashes} if hashes else {}}
        case GitSource(url=url, commit=commit, requested=requested):
            subdirectory = source.subdirectory
            content = {"vcs_info": {"vcs": "git", "commit_id": commit}}
            if source.path is not None:  # uv's own word: the specification has none
                content["path"] = source.path
            if requested is not None:
                content["vcs_info"] = {
                    "vcs": "git",
                    "commit_id": commit,
                    "requested_revision": requested,
                }
        case _:
            return None
    if subdirectory is not None:
        content["subdirectory"] = subdirectory
    document = {"url": without_credentials(url), **content}
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()
