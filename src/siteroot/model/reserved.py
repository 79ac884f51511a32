"""The names that siteroot reserves in a root and beside one (ROOT.md 3). Imports nothing heavy: the starter needs them."""

import posixpath

#: The file of ours that stays in a root, documented in docs/reference/root-file.md.
STATE_FILE = ".siteroot.json"

#: Under this name journal, staging and old files lie while a root is being changed.
WORK_FOLDER = ".siteroot"

_LONGEST_NAME = 255


def staging_folder(root: str) -> str:
    """Return the folder beside an absent DIR in which it is staged."""
    parent, name = posixpath.split(root)
    staged = f".{name}{WORK_FOLDER}"
    if len(staged.encode("utf-8", "surrogateescape")) > _LONGEST_NAME:
        import hashlib  # noqa: PLC0415 - only for names of 240 bytes and more

        digest = hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:32]
        staged = f".{digest}{WORK_FOLDER}"
    return posixpath.join(parent, staged)
