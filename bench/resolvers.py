"""The tools that resolve a list of requirements, each as the command that its users say.

What is a project's tool (pdm, poetry, nab) gets a project that asks for the same; a list with options of pip, such as
constraints, it cannot be asked.
"""

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from timing import Command

#: No tool is waited for longer, in seconds.
PATIENCE = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A list of requirements, the moment from which on files are too new, and the Python that is resolved for."""

    name: str
    path: Path
    date: str
    python: str
    version: str

    @property
    def requirements(self) -> tuple[str, ...]:
        """The lines of the list, without comments."""
        lines = (line.partition(" #")[0].strip() for line in self.path.read_text().splitlines())
        return tuple(line for line in lines if line and not line.startswith("#"))

    @property
    def plain(self) -> bool:
        """Whether the list holds nothing but requirements."""
        return not any(line.startswith("-") for line in self.requirements)

    def write_project(self, folder: Path) -> None:
        """Write a project that asks for the same."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "pyproject.toml").write_text(
            '[project]\nname = "asked"\nversion = "0"\n'
            f'requires-python = "=={self.version}.*"\n'
            f"dependencies = {json.dumps(self.requirements)}\n"
            "[tool.pdm]\ndistribution = false\n"
            "[tool.poetry]\npackage-mode = false\n"
            '[[tool.poetry.source]]\nname = "index"\nurl = "https://pypi.org/simple/"\n',
            "utf-8",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolver:
    """A tool at one list: its folder, whose `cache` it fills; `words` it always gets, `offline` those for a full cache."""

    name: str
    folder: Path
    words: tuple[str, ...]
    offline: tuple[str, ...] = ()
    variables: Mapping[str, str]
    patience: tuple[str, ...] = ("timeout", str(PATIENCE))

    def cold(self) -> Command:
        """Return what begins with an empty cache."""
        return self._command(self.words, self._forget_all)

    def warm(self) -> Command:
        """Return what finds all in the cache, and asks nobody where the tool can be told so."""
        return self._command((*self.words, *self.offline), self._forget_output)

    def _forget_all(self) -> None:
        shutil.rmtree(self.folder / "cache", ignore_errors=True)
        self._forget_output()

    def _forget_output(self) -> None:
        """Remove what an earlier run wrote: its versions would be preferred."""
        for name in ("out.txt", "out.lock", "poetry.lock"):
            (self.folder / name).unlink(missing_ok=True)

    def _command(self, words: tuple[str, ...], prepare: Callable[[], None]) -> Command:
        return Command(
            tool=self.name,
            argv=(*self.patience, *words),
            folder=self.folder,
            variables=self.variables,
            prepare=prepare,
        )


def make_resolvers(
    asked: Asked, place: Path, commands: Mapping[str, Path], peers: Path | None
) -> list[Resolver]:
    """Return the tools that can be asked for a list: `commands` are siteroot and uv, `peers` holds all others."""
    resolvers = [
        _compiler(asked, place / name, name, (str(path), "pip", "compile"))
        for name, path in commands.items()
    ]
    if peers is not None:
        script = str(peers / "bin" / "pip-compile")
        words = ("--quiet", "--strip-extras", "--no-header", "-o", "out.txt")
        compiler = (script, *words, "--uploaded-prior-to", asked.date)
        folder = place / "pip-compile"
        resolvers.append(_resolver(asked, folder, compiler, "--cache-dir", [asked.path]))
        if asked.plain:
            resolvers += _project_tools(asked, place, peers / "bin")
    return resolvers


def _compiler(asked: Asked, folder: Path, name: str, words: tuple[str, ...]) -> Resolver:
    cut = ("--exclude-newer", asked.date, "--python", asked.python, "--no-header")
    resolver = _resolver(asked, folder, (*words, *cut), "--cache-dir", [asked.path])
    return Resolver(
        name=name,
        folder=folder,
        words=resolver.words,
        offline=("--offline",),
        variables=resolver.variables,
        patience=(),
    )


def _resolver(
    asked: Asked, folder: Path, words: tuple[str, ...], cache: str, files: list[Path]
) -> Resolver:
    folder.mkdir(parents=True, exist_ok=True)
    named = (cache, str(folder / "cache")) if cache else ()
    return Resolver(
        name=folder.name,
        folder=folder,
        words=(*words, *named, *map(str, files)),
        variables={
            "HOME": str(folder),
            "PDM_CACHE_DIR": str(folder / "cache"),
            "PDM_CHECK_UPDATE": "0",
            "PDM_IGNORE_SAVED_PYTHON": "1",
            "PDM_PYTHON": asked.python,
            "POETRY_CACHE_DIR": str(folder / "cache"),
        },
    )


def _project_tools(asked: Asked, place: Path, scripts: Path) -> list[Resolver]:
    only = ("--python", f"=={asked.version}.*", "--platform", "linux")
    pdm = (str(scripts / "pdm"), "lock", "--exclude-newer", asked.date, *only, "-L", "out.lock")
    poetry = (str(scripts / "poetry"), "lock", "--regenerate", "--no-interaction")  # no cut-off
    plain = ("--format", "requirements-without-hashes", "--output", "-")
    nab = (str(scripts / "nab"), "lock", "--project-uploaded-prior-to", asked.date, *plain)
    for name in ("pdm", "poetry", "nab"):
        asked.write_project(place / name)
    return [
        _resolver(asked, place / "pdm", pdm, "", []),
        _resolver(asked, place / "poetry", poetry, "", []),
        _resolver(asked, place / "nab", nab, "--cache-dir", [Path("pyproject.toml")]),
    ]
