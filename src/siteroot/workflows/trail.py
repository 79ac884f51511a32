"""What a sync looks at, noted while it looks: a memo is told from it (`keeping`)."""

import os
import re
from collections.abc import ItemsView, Iterator, Mapping, Sequence
from stat import S_ISREG
from typing import TYPE_CHECKING

from siteroot.interpreter.looks import Looks

from .memo import guard

if TYPE_CHECKING:
    from siteroot.interpreter.looks import Identity
    from siteroot.ports import ProjectFiles

    from .memo import Look

#: A URL with a user in it, with a password that has a "/", or with a query (`?token=`) other than those of VCS sources.
_CREDENTIAL = re.compile(
    rb"""://(?:[^\s"/@]*@|[^\s"/@:]*:[^\s"@]*@|[^\s"?]*\?(?!(?:branch|lfs|rev|subdirectory|tag)=))"""
)


class Trail:
    """All that was looked at. `spoilt` says why it cannot be followed a second time, "" while it can."""

    def __init__(self) -> None:
        self._looks: dict[tuple[str, str], object] = {}
        self.spoilt = ""

    def note(self, question: str, path: str, answer: object) -> None:
        """Note an answer; two different ones to one question spoil the trail."""
        if self._looks.setdefault((question, path), answer) != answer:
            self.spoilt = f"{path} changed meanwhile"

    def looks(self) -> "tuple[Look, ...]":
        """Return what was noted, the cheapest questions first."""
        rows = [(question, path, answer) for (question, path), answer in self._looks.items()]
        return tuple(sorted(rows, key=lambda row: (row[0] != "variable", row[0] == "file")))


class NotedVariables(Mapping[str, str]):
    """Environment variables: who asks for one by its name leaves a trace."""

    def __init__(self, environ: Mapping[str, str], trail: Trail) -> None:
        self._environ = environ
        self.trail = trail

    def __getitem__(self, name: str) -> str:
        value = self._environ.get(name)
        self.trail.note("variable", name, guard(name, value))
        if value is None:
            raise KeyError(name)
        return value

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names. Names with a meaning begin with UV_ or SITEROOT_, and a memo's key has these."""
        return iter(self._environ)

    def __len__(self) -> int:
        return len(self._environ)

    def items(self) -> ItemsView[str, str]:
        """Return all of it, for what is started with the same environment."""
        return self._environ.items()


class NotedFiles:
    """The project's files, noted as they are read."""

    def __init__(self, files: "ProjectFiles", trail: Trail) -> None:
        self._files = files
        self._trail = trail

    def read(self, path: str) -> bytes | None:
        """Return the file's bytes, None where there is no such file."""
        content = self._files.read(path)
        if content is not None and not _is_plain(path):
            self._trail.spoilt = f"{path} is no plain file"
        elif content is not None and _CREDENTIAL.search(content):
            self._trail.spoilt = f"{path} may hold a credential"
        else:
            self._trail.note("file", path, content)
        return content

    def names(self, folder: str) -> Sequence[str] | None:
        """Return the sorted names in a folder, None where there is no such folder."""
        names = self._files.names(folder)
        self._trail.note("names", folder, None if names is None else tuple(names))
        return names

    def is_folder(self, path: str) -> bool:
        """Whether the path is a folder (links followed)."""
        answer = self._files.is_folder(path)
        self._trail.note("folder", path, answer)
        return answer


class NotedLooks(Looks):
    """What a search for a Python asks, noted as it asks."""

    __slots__ = ("_trail",)

    def __init__(self, trail: Trail) -> None:
        self._trail = trail

    def names(self, folder: str) -> tuple[str, ...]:
        """Return the sorted names in a folder."""
        answer = super().names(folder)
        self._trail.note("listing", folder, answer)
        return answer

    def exists(self, path: str) -> bool:
        """Whether something stands there."""
        answer = super().exists(path)
        self._trail.note("exists", path, answer)
        return answer

    def is_folder(self, path: str) -> bool:
        """Whether it is a folder."""
        answer = super().is_folder(path)
        self._trail.note("folder", path, answer)
        return answer

    def is_program(self, path: str) -> bool:
        """Whether a file can be started."""
        answer = super().is_program(path)
        self._trail.note("program", path, answer)
        return answer

    def place(self, folder: str) -> tuple[int, int] | None:
        """Return the folder's device and inode."""
        answer = super().place(folder)
        self._trail.note("place", folder, answer)
        return answer

    def real(self, path: str) -> str:
        """Return the path with its links resolved."""
        answer = super().real(path)
        self._trail.note("real", path, answer)
        return answer

    def identity(self, executable: str) -> "Identity | None":
        """Return all that an interpreter's answer hangs on."""
        answer = super().identity(executable)
        self._trail.note("python", executable, answer)
        if answer is None:
            self._trail.spoilt = f"{executable} answers for something else each time"
        return answer


def _is_plain(path: str) -> bool:
    try:
        return S_ISREG(os.stat(path).st_mode)
    except OSError:
        return False
