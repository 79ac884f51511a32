"""The tools that are compared, each with what it needs to do its jobs: a folder, a cache and a copy of the project.

Each installs the same distributions, without their dependencies' being looked for, at the same place for a library.
What a tool cannot do (pip knows no hard links, uv and pdm no plain directory in `sync`) it is not asked for.
"""

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from timing import Command, run_once


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What all tools work on: a folder on a tmpfs, an index, an interpreter, and the lock before and after a change."""

    folder: Path
    port: int
    python: Path
    project: str
    locks: tuple[str, str]
    siteroot: Path
    uv: Path
    peers: Path


def _words(*parts: str | Path) -> tuple[str, ...]:
    """Return a command line: texts are split at their spaces, paths are words as they stand."""
    return tuple(
        word for part in parts for word in (part.split() if isinstance(part, str) else [str(part)])
    )


def _export(bench: Bench, project: Path, *words: str | Path) -> None:
    """Let uv tell the lock in another form."""
    subprocess.run(
        _words(bench.uv, "export --frozen --no-emit-project --quiet", *words),
        cwd=project,
        env={**os.environ, "UV_CACHE_DIR": str(bench.folder / "export-cache")},
        check=True,
    )


class Tool:
    """One tool in its folder: `project` with its lock, `cache`, and the `root` that it fills."""

    name = ""
    #: Whether it knows `--compile-bytecode`.
    compiles = False

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.folder = bench.folder / self.name.replace(" ", "-")
        self.project = self.folder / "project"
        self.cache = self.folder / "cache"
        self.root = self.folder / "root"
        self.project.mkdir(parents=True)
        (self.project / "pyproject.toml").write_text(bench.project, "utf-8")
        self.turn = 0
        self.take_lock(0)

    def take_lock(self, which: int) -> None:
        """Write the lock as it is before (0) or after (1) a change."""
        (self.project / "uv.lock").write_text(self.bench.locks[which], "utf-8")

    def command(self, *argv: str | Path, prepare: Callable[[], None]) -> Command:
        """Return the command, run in the project's folder with no settings but these."""
        return Command(
            tool=self.name,
            argv=tuple(map(str, argv)),
            folder=self.project,
            variables=self.variables(),
            prepare=prepare,
        )

    def variables(self) -> dict[str, str]:
        """Return the environment variables that the tool is set up by."""
        return {"HOME": str(self.folder)}

    def install(self, mode: str) -> tuple[str, ...] | None:
        """Return the words that fill the root by `mode` (copy or hardlink), None where the tool has no such mode."""
        raise NotImplementedError

    def install_cold(self) -> tuple[str, ...] | None:
        """Return the words that fill the root by copies where the cache is empty."""
        return self.install("copy")

    def warm(self) -> None:
        """Bring all that both locks name into the cache."""
        for which in (1, 0):
            self.take_lock(which)
            words = self.install_cold() or self.install("hardlink")
            assert words is not None
            run_once(self.command(*words, prepare=self.forget_root))

    def forget_root(self) -> None:
        """Bring the root to where it was never made."""
        shutil.rmtree(self.root, ignore_errors=True)

    def forget_decisions(self) -> None:
        """Bring the root to where it was never made, and the cache to where nothing was decided before."""
        self.forget_root()
        for folder in ("memos-v1", "roots-v1"):
            shutil.rmtree(self.cache / folder, ignore_errors=True)

    def forget_bytecode(self) -> None:
        """Bring the root to where it was never made, and the cache to where nothing was compiled."""
        self.forget_decisions()
        shutil.rmtree(self.cache / "bytecode-v1", ignore_errors=True)

    def forget_all(self) -> None:
        """Bring root and cache to where they were never made."""
        self.forget_root()
        shutil.rmtree(self.cache, ignore_errors=True)

    def change(self) -> None:
        """Take the other lock in turn, so that one distribution has to be exchanged."""
        self.turn = 1 - self.turn
        self.take_lock(self.turn)


class Siteroot(Tool):
    """siteroot itself, as installed."""

    name = "siteroot"
    compiles = True

    def install(self, mode: str) -> tuple[str, ...]:
        """Return the main job's words."""
        return _words(
            self.bench.siteroot,
            f"sync --frozen --no-install-project --link-mode {mode} --target",
            self.root,
            "--cache-dir",
            self.cache,
            "--python",
            self.bench.python,
        )


class UvSync(Tool):
    """`uv sync`, which makes a virtual environment."""

    name = "uv sync"
    compiles = True

    def variables(self) -> dict[str, str]:
        """Name the environment's place, and the lock's index: uv finds cached wheels of those that it knows only."""
        return {
            **super().variables(),
            "UV_DEFAULT_INDEX": f"http://127.0.0.1:{self.bench.port}/simple",
            "UV_PROJECT_ENVIRONMENT": str(self.root),
        }

    def install(self, mode: str) -> tuple[str, ...]:
        """Return the main job's words."""
        return _words(
            self.bench.uv,
            f"sync --frozen --no-install-project --link-mode {mode} --no-python-downloads",
            "--cache-dir",
            self.cache,
            "--python",
            self.bench.python,
        )


class _FromRequirements(Tool):
    """A tool that takes a requirements file with hashes in place of the lock."""

    def take_lock(self, which: int) -> None:
        """Write the lock, and the file that says the same."""
        super().take_lock(which)
        words = ("--output-file requirements.txt", "--python", self.bench.python)
        _export(self.bench, self.project, *words)

    @property
    def index(self) -> str:
        """The Simple API's address."""
        return f"http://127.0.0.1:{self.bench.port}/simple"


class UvPip(_FromRequirements):
    """`uv pip install --target`."""

    name = "uv pip"
    compiles = True

    def install(self, mode: str) -> tuple[str, ...]:
        """Return the main job's words; offline, as it is faster so."""
        return (*self._install(mode), "--offline")

    def install_cold(self) -> tuple[str, ...]:
        """Return the words that ask the index."""
        return self._install("copy")

    def _install(self, mode: str) -> tuple[str, ...]:
        return _words(
            self.bench.uv,
            f"pip install --no-deps --link-mode {mode} --index-url {self.index}",
            "--requirements requirements.txt --target",
            self.root,
            "--cache-dir",
            self.cache,
            "--python",
            self.bench.python,
        )


class Pip(_FromRequirements):
    """`pip install --target`."""

    name = "pip"

    def install(self, mode: str) -> tuple[str, ...] | None:
        """Return the main job's words."""
        if mode != "copy":
            return None
        return _words(
            self.bench.peers / "bin" / "pip",
            f"install --no-deps --no-compile --disable-pip-version-check --index-url {self.index}",
            "--requirement requirements.txt --target",
            self.root,
            "--cache-dir",
            self.cache,
        )


class Pex(_FromRequirements):
    """`pex3 venv create --layout flat`, which makes a plain directory too."""

    name = "pex"

    def install(self, mode: str) -> tuple[str, ...] | None:
        """Return the main job's words."""
        if mode != "copy":
            return None
        return _words(
            self.bench.peers / "bin" / "pex3",
            "venv create --layout flat --site-packages-copies --intransitive --no-pypi",
            f"--index-url {self.index} --requirement requirements.txt --dest-dir",
            self.root,
            "--pex-root",
            self.cache,
            "--python",
            self.bench.python,
        )


class Pdm(Tool):
    """`pdm sync` into `__pypackages__`."""

    name = "pdm"

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self.root = self.project / "__pypackages__"

    def variables(self) -> dict[str, str]:
        """Ask for no virtual environment, and for its cache of installed wheels."""
        return {
            **super().variables(),
            "PDM_CACHE_DIR": str(self.cache),
            "PDM_CHECK_UPDATE": "0",
            "PDM_IGNORE_SAVED_PYTHON": "1",
            "PDM_PYTHON": str(self.bench.python),
            "PDM_USE_VENV": "0",
        }

    def take_lock(self, which: int) -> None:
        """Write the lock as pylock.toml, which pdm reads."""
        super().take_lock(which)
        _export(self.bench, self.project, "--format pylock.toml --output-file pylock.toml")
        settings = (
            '[lock]\nformat = "pylock"\n[python]\nuse_venv = false\n'
            '[install]\ncache = true\ncache_method = "hardlink"\n'
        )
        (self.project / "pdm.toml").write_text(settings, "utf-8")

    def install(self, mode: str) -> tuple[str, ...] | None:
        """Return the main job's words. Its cache of installed wheels cannot copy, only link."""
        if mode != "hardlink":
            return None
        return _words(self.bench.peers / "bin" / "pdm", "sync --no-self --prod")
