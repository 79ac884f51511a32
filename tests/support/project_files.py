"""A project's files in memory: the public fake of `siteroot.ports.ProjectFiles`."""

import posixpath
from collections.abc import Mapping, Sequence

from siteroot.errors import ProjectError


class MemoryProjectFiles:
    """Files by absolute path. Folders are those that hold a file, and those named in `folders`."""

    def __init__(
        self,
        files: Mapping[str, str | bytes],
        *,
        folders: Sequence[str] = (),
        unreadable: Sequence[str] = (),
    ) -> None:
        self._files = {
            path: content.encode() if isinstance(content, str) else content
            for path, content in files.items()
        }
        self._unreadable = frozenset(unreadable)
        self._folders = {"/": set[str]()}
        for path in folders:
            self._folders.setdefault(path, set())
            self._hang_up(path)
        for path in (*self._files, *unreadable):
            self._hang_up(path)

    def read(self, path: str) -> bytes | None:
        if path in self._unreadable:
            raise ProjectError("cannot be read: Permission denied", where=path)
        return self._files.get(path)

    def names(self, folder: str) -> Sequence[str] | None:
        names = self._folders.get(folder)
        return None if names is None else sorted(names)

    def is_folder(self, path: str) -> bool:
        return path in self._folders

    def _hang_up(self, path: str) -> None:
        while path != "/":
            above, name = posixpath.split(path)
            self._folders.setdefault(above, set()).add(name)
            path = above
