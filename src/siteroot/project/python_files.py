"""The Python that `.python-version` or `.python-versions` asks for."""

import posixpath

from siteroot.errors import ProjectError
from siteroot.model.value import dataclass
from siteroot.ports import ProjectFiles

#: In the order that they are looked for within one folder.
NAMES = (".python-version", ".python-versions")


class PythonFileError(ProjectError):
    """A `.python-version` file is no text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PythonFile:
    """The first request in a file that pins Pythons, as written; None where it holds nothing but comments."""

    request: str | None
    path: str


def find_python_file(
    files: ProjectFiles, start: str, workspace_root: str, user_folder: str | None = None
) -> PythonFile | None:
    """Return the nearest file's request, looking from `start` up to the workspace's root and not above.

    Then in uv's folder in `user_folder`, where `uv python pin --global` writes. The nearest file decides, even if
    it holds no request.
    """
    folder = start
    while True:
        found = _find_in(files, folder)
        above = posixpath.dirname(folder)
        if found is not None:
            return found
        if folder in (workspace_root, above):
            break
        folder = above
    return None if user_folder is None else _find_in(files, posixpath.join(user_folder, "uv"))


def _find_in(files: ProjectFiles, folder: str) -> PythonFile | None:
    for name in NAMES:
        path = posixpath.join(folder, name)
        content = files.read(path)
        if content is None:
            continue
        try:
            text = content.decode()
        except UnicodeDecodeError:
            raise PythonFileError("the file is not UTF-8 text", where=path) from None
        lines = (line.strip() for line in text.splitlines())
        request = next((line for line in lines if line and not line.startswith("#")), None)
        return PythonFile(request=request, path=path)
    return None
